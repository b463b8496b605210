// What can't be a credential, seen at little cost, before anything is measured: names that name something else, values
// that are a variable, a placeholder's stars, a word of a sentence.

enum GenericSieve {
  /// Whether the claim is worth measuring.
  static func passes(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    switch claim.form {
    case .url, .basic, .bearer, .login, .hash, .webToken, .armour: return passesValue(claim, bytes)
    default: break
    }
    let roles = GenericRoles(claim.name, of: bytes)
    guard !roles.isPublic, roles.best != .none || roles.last == .digest || isPlace(claim, bytes) else { return false }
    return passesValue(claim, bytes)
  }

  /// `:5432:`, `provider :name`: names that are no names.
  private static func isPlace(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let first = bytes[claim.name.lowerBound]
    return Bytes.isDigit(first) || first >= 0x80
  }

  private static func passesValue(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let value = bytes.extracting(claim.value)
    guard value.count >= GenericLimits.leastBytes else { return false }
    var (letters, others, stars) = (0, 0, 0)
    for at in 0..<min(value.count, 128) {
      let byte = value[at]
      if Bytes.isAlphanumeric(byte) || byte >= 0x80 { letters += 1 } else { others += 1 }
      stars = byte == 0x2a ? stars + 1 : 0
      if stars >= 3 { return false }
    }
    if letters < 2 && others < 4 { return false }
    if isDigestOfFile(claim, bytes) { return false }
    return claim.quote != .none || passesBare(claim, bytes, value)
  }

  /// Whether a value without quotes can be a literal: elsewhere it is a variable, a call, a word.
  private static func passesBare(_ claim: GenericClaim, _ bytes: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
    let first = value[0]
    let second = value.count > 1 ? value[1] : 0
    let next = claim.value.upperBound < bytes.count ? bytes[claim.value.upperBound] : 0
    switch claim.form {
    case .url, .armour: return true
    case .call, .argument, .comparison: return false
    case .words:
      var (digits, brackets) = (0, 0)
      for at in 0..<value.count {
        if Bytes.isDigit(value[at]) { digits += 1 }
        if [0x28, 0x29, 0x3b, 0x2c, 0x2a].contains(value[at]) { brackets += 1 }
      }
      if next == 0x3b || next == 0x28 || brackets > 0 && digits < 2 { return false }
      if digits == 0, GenericRoles(claim.name, of: bytes).best != .password,
        bytes[claim.name.upperBound - 1] | 0x20 != 0x79
      {
        return false
      }
      return !isMacro(claim, bytes)
    default: break
    }
    if first == 0x28 || first == 0x5b || next == 0x28 { return false }
    if first == 0x24, second == 0x7b || second == 0x28 { return false }
    if first == 0x7b, second == 0x7b || second == 0x25 { return false }
    if first == 0x3c || first == 0x2d { return value.count > 20 }
    return true
  }

  /// `#define NAME OTHER`.
  private static func isMacro(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let start = max(0, claim.name.lowerBound - 8)
    let word: [UInt8] = [0x64, 0x65, 0x66, 0x69, 0x6e, 0x65]
    guard claim.name.lowerBound - start == 8 else { return false }
    return word.indices.allSatisfy { bytes[start + 1 + $0] == word[$0] }
  }

  /// `h1:…`, `sha512-…`: what package managers write behind a name.
  private static func isDigestOfFile(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let at = claim.value.lowerBound
    if at >= 3, bytes[at - 1] == 0x3a, bytes[at - 2] == 0x31, bytes[at - 3] == 0x68 { return true }
    let value = bytes.extracting(claim.value)
    guard value.count > 20, Bytes.lowered(value[0]) == 0x73, Bytes.lowered(value[1]) == 0x68,
      Bytes.lowered(value[2]) == 0x61
    else { return false }
    return [0x2d, 0x3a].contains(value[4]) || [0x2d, 0x3a].contains(value[6])
  }
}
