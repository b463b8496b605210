// Files that a shell sources. They are programs, so only plain assignments are read; every other place that assigns a
// name becomes a setting in doubt, and what this reader can't follow at all ends the reading.

extension DotenvParser {
  mutating func shellStatement() throws(FormatError) {
    let start = at
    if let next = word("export"), next < bytes.count, isSpace(bytes[next]) {
      at = next
      skipSpace()
      if let header = shellHeader(isExported: true), try shellAssignment(header) { return }
    } else if let header = shellHeader(isExported: false), try shellAssignment(header) {
      return
    }
    at = start
    try shellCode()
  }

  /// `NAME=`, without space.
  private mutating func shellHeader(isExported: Bool) -> Header? {
    let first = at
    while let byte = peek(), isName(byte, first: at == first) { at += 1 }
    guard at > first, peek() == 0x3d else { return nil }
    at += 1
    return Header(key: first..<at - 1, isExported: isExported)
  }

  private func isName(_ byte: UInt8, first: Bool) -> Bool {
    switch byte {
    case 0x41...0x5a, 0x61...0x7a, 0x5f: true
    case 0x30...0x39: !first
    default: false
    }
  }

  /// Takes the assignment if it is plain and stands alone on its line.
  private mutating func shellAssignment(_ header: Header) throws(FormatError) -> Bool {
    let start = at
    var found: Found
    switch peek() {
    case 0x27:
      guard let close = first(0x27, in: start + 1..<bytes.count) else {
        throw source.error(at: start, "the quote is not closed")
      }
      found = Found(quoted: start..<close + 1, .single, .verbatim)
    case 0x22:
      guard let close = closing(0x22, from: start + 1) else { throw source.error(at: start, "the quote is not closed") }
      found = Found(quoted: start..<close + 1, .double, .shellDouble)
      if expands(found.inner) { return false }
    default:
      var end = start
      while end < bytes.count, isPlain(bytes[end]) || (bytes[end] == 0x23 && end > start) { end += 1 }
      found = Found(start..<end)
    }
    at = found.span.upperBound
    let rest = trimmed(at..<endOfLine(at))
    // A carriage return at the end would be a part of a bare value, and of nothing that a shell understands otherwise.
    let isComment = !rest.isEmpty && bytes[rest.lowerBound] == 0x23 && rest.lowerBound > at
    guard rest.isEmpty || isComment else { return false }
    if first(0x0d, in: found.inner) != nil { found.doubt = "a carriage return in the value" }
    at = endOfLine(at)
    add(header, found)
    return true
  }

  /// Whether the shell would put something else in place of a part of it.
  private func expands(_ range: Range<Int>) -> Bool {
    var offset = range.lowerBound
    while offset < range.upperBound {
      if bytes[offset] == 0x5c {
        offset += 1
      } else if bytes[offset] == 0x24 || bytes[offset] == 0x60 {
        return true
      }
      offset += 1
    }
    return false
  }

  private func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: [0x5f, 0x2e, 0x2f, 0x2b, 0x3d, 0x3a, 0x40, 0x25, 0x2c, 0x2d].contains(byte)
    }
  }

  /// Passes over a line of code, with its quotes, and notes what it assigns.
  private mutating func shellCode() throws(FormatError) {
    var isWordStart = true
    while let byte = peek(), byte != 0x0a {
      let start = at
      if isWordStart, let assigned = codeAssignment() { add(assigned.header, assigned.found) }
      switch byte {
      case 0x5c: at = min(start + 2, bytes.count)
      case 0x27:
        guard let close = first(0x27, in: start + 1..<bytes.count) else {
          throw source.error(at: start, "the quote is not closed")
        }
        at = close + 1
      case 0x22:
        guard let close = closing(0x22, from: start + 1) else {
          throw source.error(at: start, "the quote is not closed")
        }
        at = close + 1
      case 0x23 where isWordStart:
        at = endOfLine(start)
      case 0x3c where start + 1 < bytes.count && bytes[start + 1] == 0x3c:
        throw source.error(at: start, "a here-document, which this reader does not follow")
      default: at = start + 1
      }
      isWordStart = isSpace(byte) || [0x3b, 0x26, 0x7c, 0x28, 0x7b].contains(byte)
    }
  }

  /// `NAME=` or `NAME+=` inside code.
  private func codeAssignment() -> (header: Header, found: Found)? {
    var end = at
    while end < bytes.count, isName(bytes[end], first: end == at) { end += 1 }
    guard end > at, end < bytes.count else { return nil }
    let key = at..<end
    if bytes[end] == 0x2b { end += 1 }
    guard end < bytes.count, bytes[end] == 0x3d else { return nil }
    var found = Found(end + 1..<endOfText(end + 1))
    found.doubt = "not a plain assignment on a line of its own"
    return (Header(key: key), found)
  }
}
