// What stands behind a word that names secrets where people write to people: commit messages, comments, trailers, what
// GnuPG says of a signature, translations.

enum GenericProse {
  /// Whether the claim is a part of a sentence, or of what a program tells of keys that are public.
  static func isNone(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    if isTrailer(claim, bytes) || isDirectory(claim, bytes) || isLogin(claim, bytes) { return true }
    let value = bytes.extracting(claim.value)
    switch claim.form {
    case .words: return isFingerprint(claim, value, bytes) || isSentence(claim, value, bytes)
    case .colon: return isFingerprint(claim, value, bytes) && claim.traits.contains(.spacedName)
    case .assignment: return claim.quote == .none && isTranslation(claim, value, bytes)
    default: return false
    }
  }

  /// `Co-authored-by: name`.
  private static func isTrailer(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let end = claim.name.upperBound
    guard claim.form == .colon, claim.name.count > 4, bytes[end - 3] == 0x2d else { return false }
    return Bytes.lowered(bytes[end - 2]) == 0x62 && Bytes.lowered(bytes[end - 1]) == 0x79
  }

  /// `CURLOPT_USERPWD, "user:value"`: the command's own reading parts the user from the password.
  private static func isLogin(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    guard claim.form == .argument, claim.name.count >= 15 else { return false }
    let (head, tail): (StaticString, StaticString) = ("CURLOPT_", "USERPWD")
    let (low, high) = (claim.name.lowerBound, claim.name.upperBound - 7)
    return (0..<8).allSatisfy { bytes[low + $0] == head.byte($0) }
      && (0..<7).allSatisfy { bytes[high + $0] == tail.byte($0) }
  }

  /// `$(PWD):/mnt`: the directory, not a password.
  private static func isDirectory(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let (start, value) = (claim.name.lowerBound, claim.value.lowerBound)
    guard claim.name.count == 3, Bytes.lowered(bytes[start]) == 0x70, start > 0, bytes[value] == 0x2f else {
      return false
    }
    return [0x24, 0x28, 0x7b].contains(bytes[start - 1])
  }

  /// The fingerprint or the id of a public key, as GnuPG writes it: 8, 16 or 40 digits in capitals.
  private static func isFingerprint(_ claim: GenericClaim, _ value: Span<UInt8>, _ bytes: Span<UInt8>) -> Bool {
    guard value.count == 8 || value.count == 16 || value.count == 40,
      GenericRoles(claim.name, of: bytes).best == .key
    else { return false }
    return value.indices.allSatisfy { Bytes.isDigit(value[$0]) || Bytes.isUpper(value[$0]) && Bytes.isHex(value[$0]) }
  }

  /// `to pass them on`, `some more password talk`: words without a digit, with words before or behind them, and nothing
  /// that a login has.
  private static func isSentence(_ claim: GenericClaim, _ value: Span<UInt8>, _ bytes: Span<UInt8>) -> Bool {
    if value.indices.contains(where: { Bytes.isDigit(value[$0]) }) { return false }
    let window = GenericWindow(bytes, around: claim.name.lowerBound, claim.name.count)
    let start = max(window.lineStart(claim.name.lowerBound), claim.name.lowerBound - 120)
    let head = window.skipBlanks(start)
    let isVerb = claim.name.count == 4 && window.holds("pass", at: claim.name.lowerBound)
    // `identified by`, `with password`: statements of SQL.
    if isStatement(start..<claim.value.lowerBound, window) { return false }
    if claim.quote != .none { return isVerb && claim.name.lowerBound > head }
    let end = window.lineEnd(claim.value.upperBound, most: 120)
    let rest = window.skipBlanks(claim.value.upperBound)
    let goesOn = rest > claim.value.upperBound && rest < end && Bytes.isLetter(window[rest])
    let isNetrc = goesOn && isLoginWord(rest, window)
    return goesOn && !isNetrc || !goesOn && claim.name.lowerBound > head && Bytes.isLetter(window[head])
  }

  private static func isStatement(_ range: Range<Int>, _ window: borrowing GenericWindow) -> Bool {
    let words: [StaticString] = [
      "login", "user", "machine", "identified", "create", "alter", "role", "encrypted", "account", "default", "-p",
    ]
    return range.contains { at in words.contains { window.holds($0, at: at) } }
  }

  private static func isLoginWord(_ at: Int, _ window: borrowing GenericWindow) -> Bool {
    let words: [StaticString] = [
      "login", "account", "port", "machine", "macdef", "default", "container", "user", "encrypted",
    ]
    return words.contains { window.holds($0, at: at) }
  }

  /// `emptyPassword=Bad credentials`: the value is the first word of several, none of which has a digit.
  private static func isTranslation(_ claim: GenericClaim, _ value: Span<UInt8>, _ bytes: Span<UInt8>) -> Bool {
    guard value.indices.allSatisfy({ Bytes.isLetter(value[$0]) || value[$0] >= 0x80 || value[$0] == 0x5c }) else {
      return false
    }
    let window = GenericWindow(bytes, around: claim.name.lowerBound, claim.whole.count)
    guard window.skipBlanks(window.lineStart(claim.name.lowerBound)) == claim.name.lowerBound else { return false }
    let end = window.lineEnd(claim.value.upperBound, most: 200)
    var (at, words) = (claim.value.upperBound, 0)
    while at < end, Bytes.isBlank(window[at]) {
      at += 1
      let start = at
      while at < end,
        Bytes.isLetter(window[at]) || window[at] >= 0x80 || window[at] == 0x5c || window[at] == 0x2c
          || window[at] == 0x2e || Bytes.isDigit(window[at]) && window[start] != window[at]
      { at += 1 }
      if at > start { words += 1 }
    }
    return words >= 2 && at >= end - 1
  }
}
