// Where the source of a program joins two string literals: `"AB" + "CD"`, `"AB" . 'CD'`, `"AB" "CD"`, `"AB\` at the end of a
// line.

extension EscapeKind {
  /// The longest joint, in bytes: quotes, blanks, an operator, one line break.
  static let longestJoint = 120

  /// Whether a byte may stand in a joint.
  static func isOfJoint(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x09, 0x0a, 0x0d, 0x22, 0x27, 0x60, 0x5c, 0x2b, 0x2e, 0x26, 0x7e, 0x7c, 0x3c, 0x3e: true
    default: isPrefix(byte)
    }
  }

  /// The length of the joint that begins with the closing quote (or the backslash) at `place`; nil if none does.
  static func joint(at place: Int, in bytes: Span<UInt8>) -> Int? {
    switch bytes[place] {
    case 0x5c: return continuation(at: place, in: bytes)
    case 0x22, 0x27, 0x60: break
    default: return nil
    }
    var at = place + 1
    var breaks = 0
    skipBlanks(&at, &breaks, bytes, place)
    let hasOperator = skipOperator(&at, bytes)
    if hasOperator { skipBlanks(&at, &breaks, bytes, place) }
    // `"AB" \` and the next line: C's macros, Python.
    if !hasOperator, at + 1 < bytes.count, bytes[at] == 0x5c, bytes[at + 1] == 0x0a || bytes[at + 1] == 0x0d {
      at += 1
      skipBlanks(&at, &breaks, bytes, place)
    }
    let prefix = at
    while at < prefix + 2, at < bytes.count, isPrefix(bytes[at]) { at += 1 }
    guard at < bytes.count, breaks < 2, at - place < longestJoint else { return nil }
    let quote = bytes[at]
    guard quote == bytes[place] || hasOperator && (quote == 0x22 || quote == 0x27 || quote == 0x60) else { return nil }
    // Two quotes side by side are a quote inside a literal (SQL, CSV, YAML), or an empty literal.
    guard hasOperator || at > place + 1 else { return nil }
    return at + 1 - place
  }

  private static func continuation(at place: Int, in bytes: Span<UInt8>) -> Int? {
    var at = place + 1
    if at < bytes.count, bytes[at] == 0x0d { at += 1 }
    guard at < bytes.count, bytes[at] == 0x0a else { return nil }
    return at + 1 - place
  }

  private static func skipBlanks(_ at: inout Int, _ breaks: inout Int, _ bytes: Span<UInt8>, _ place: Int) {
    while at < bytes.count, at - place < longestJoint {
      switch bytes[at] {
      case 0x20, 0x09, 0x0d: break
      case 0x0a: breaks += 1
      default: return
      }
      at += 1
    }
  }

  /// `+`, `.`, `..`, `&`, `||`, `<>`, `++`, `~`.
  private static func skipOperator(_ at: inout Int, _ bytes: Span<UInt8>) -> Bool {
    guard at < bytes.count else { return false }
    let next = at + 1 < bytes.count ? bytes[at + 1] : 0
    switch bytes[at] {
    case 0x2b, 0x2e: at += next == bytes[at] ? 2 : 1
    case 0x26, 0x7e: at += 1
    case 0x7c where next == 0x7c: at += 2
    case 0x3c where next == 0x3e: at += 2
    default: return false
    }
    return true
  }

  /// Letters that may stand before a literal's opening quote.
  private static func isPrefix(_ byte: UInt8) -> Bool {
    switch byte | 0x20 {
    case 0x62, 0x66, 0x6c, 0x72, 0x75: byte & 0x40 != 0
    default: byte == 0x40
    }
  }
}
