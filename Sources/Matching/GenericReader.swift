// From a word that names secrets to the value that it names: the name is widened to the whole identifier, then comes the
// operator, then the value. Nothing here judges; it only refuses what can't be a name and a value at all.

/// Reads the claims round one literal.
struct GenericReader: ~Escapable {
  let window: GenericWindow

  @_lifetime(copy window)
  init(_ window: consuming GenericWindow) { self.window = window }

  /// The identifier, or the dotted or hyphened path, round a literal.
  func name(around start: Int, _ end: Int) -> Range<Int> {
    var low = start
    while low > start - GenericLimits.nameBytes, joins(low - 1, outward: low - 2) { low -= 1 }
    var high = end
    while high < end + GenericLimits.nameBytes, joins(high, outward: high + 1) { high += 1 }
    // A trailing literal such as `key:` may hold punctuation of its own.
    while high > low, !Bytes.isWord(window[high - 1]) { high -= 1 }
    while low < high, !Bytes.isWord(window[low]) { low += 1 }
    // `\tpassword` inside a string: the letter belongs to the escape.
    if low > 0, window[low - 1] == 0x5c, high - low > 3, isEscapeLetter(window[low]) { low += 1 }
    return low..<high
  }

  private func isEscapeLetter(_ byte: UInt8) -> Bool { byte == 0x6e || byte == 0x72 || byte == 0x74 }

  /// Whether the byte at `at` belongs to a name whose next byte, going outward, is at `outward`.
  private func joins(_ at: Int, outward: Int) -> Bool {
    let byte = window[at]
    if Bytes.isWord(byte) { return true }
    guard byte == 0x2d || byte == 0x2e else { return false }
    return Bytes.isWord(window[outward])
  }

  /// What `name` names; several where a call has several literals.
  func claims(_ name: Range<Int>, into claims: inout [GenericClaim]) {
    var cursor = GenericCursor(name: name, at: name.upperBound)
    cursor.readClosers(window)
    guard cursor.readOperator(window) else { return }
    // Where the password stands among the arguments of some calls is known; the others are users and hosts.
    if cursor.form == .call, GenericCommand.knows(callee: name, window) { return }
    cursor.readWrappers(window)
    guard let claim = GenericValue.claim(cursor, window) else { return }
    claims.append(claim)
    guard cursor.form == .call || cursor.form == .argument else { return }
    // `login("user", "password")`: the arguments that follow, as long as they are literals.
    var end = claim.value.upperBound
    for _ in 0..<3 {
      guard let next = laterArgument(end) else { return }
      cursor.at = next
      cursor.traits.insert(.laterArgument)
      guard let claim = GenericValue.claim(cursor, window), claim.quote != .none else { return }
      claims.append(claim)
      end = claim.value.upperBound
    }
  }

  /// Where the next argument begins, if a quote and a comma follow.
  private func laterArgument(_ end: Int) -> Int? {
    var at = end
    if window[at] == 0x5c { at += 1 }
    guard Bytes.isQuote(window[at]) else { return nil }
    at = window.skipBlanks(at + 1)
    guard window[at] == 0x2c else { return nil }
    at = window.skipBlanksAndBreak(at + 1)
    return Bytes.isQuote(window[at]) ? at : nil
  }
}
