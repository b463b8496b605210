// TOML's texts: basic and literal, of one line and of several, and their escapes.

extension TOMLParser {
  func isTriple(_ quote: UInt8) -> Bool {
    at + 2 < bytes.count && bytes[at + 1] == quote && bytes[at + 2] == quote
  }

  mutating func string() throws(FormatError) -> Node {
    let start = at
    let quote = bytes[at]
    let isMultiLine = isTriple(quote)
    at += isMultiLine ? 3 : 1
    if isMultiLine {
      // A line feed right behind the opening quotes is not part of the text.
      if at < bytes.count, bytes[at] == 0x0d, at + 1 < bytes.count, bytes[at + 1] == 0x0a { at += 1 }
      if at < bytes.count, bytes[at] == 0x0a { at += 1 }
    }
    let inner = at
    var escaped = false
    while at < bytes.count {
      let byte = bytes[at]
      if byte == quote {
        guard let end = closing(quote, isMultiLine) else { continue }
        let content = Node.Content.text(inner..<end, escaping: escaped ? .toml : .none)
        return Node(source: source, content: content, span: start..<at)
      }
      if byte == 0x5c && quote == 0x22 {
        escaped = true
        try escape(isMultiLine)
      } else if byte < 0x20 && byte != 0x09 || byte == 0x7f {
        guard isMultiLine, byte == 0x0a || byte == 0x0d && at + 1 < bytes.count && bytes[at + 1] == 0x0a else {
          throw source.error(
            at: at,
            byte == 0x0a || byte == 0x0d ? "a string is not closed on its line" : "a control character in a string")
        }
        at += 1
      } else {
        at += 1
      }
    }
    throw source.error(at: start, "a string is not closed")
  }

  /// Moves behind the closing quotes, if they are here, and returns where the text ends. Up to two quotes may stand
  /// just before the closing three.
  private mutating func closing(_ quote: UInt8, _ isMultiLine: Bool) -> Int? {
    guard isMultiLine else {
      at += 1
      return at - 1
    }
    var count = 0
    while count < 5, at + count < bytes.count, bytes[at + count] == quote { count += 1 }
    guard count >= 3 else {
      at += count
      return nil
    }
    at += count
    return at - 3
  }

  private mutating func escape(_ isMultiLine: Bool) throws(FormatError) {
    guard at + 1 < bytes.count else { throw source.error(at: at, "a string is not closed") }
    switch bytes[at + 1] {
    case 0x22, 0x5c, 0x62, 0x66, 0x6e, 0x72, 0x74: at += 2
    case 0x75, 0x55:
      let digits = bytes[at + 1] == 0x75 ? 4 : 8
      guard let value = Escapes.number(bytes, at: at + 2, digits: digits, end: bytes.count),
        Unicode.Scalar(value) != nil
      else {
        throw source.error(at: at, "an escape that names no character")
      }
      at += 2 + digits
    case 0x20, 0x09, 0x0a, 0x0d:
      guard isMultiLine else { throw source.error(at: at, "an unknown escape") }
      var next = at + 1
      while next < bytes.count, bytes[next] == 0x20 || bytes[next] == 0x09 { next += 1 }
      guard next < bytes.count, bytes[next] == 0x0a || bytes[next] == 0x0d else {
        throw source.error(at: at, "an unknown escape")
      }
      at = next
    default: throw source.error(at: at, "an unknown escape")
    }
  }
}
