// Values as python-dotenv, Node and dotenv of npm read them, and what they agree on.

extension DotenvParser {
  mutating func familyValue() -> Found {
    let sign = at
    skipSpace()
    let end = endOfText(at)
    if at == end {
      var empty = Found(at..<at)
      if at > sign && dialect != .python { empty.doubt = "Node takes the next line for the value" }
      return empty
    }
    let hasTab = first(0x09, in: sign..<at) != nil
    var found = familyToken(end)
    if hasTab && dialect != .python && found.doubt == nil { found.doubt = DotenvParser.tabDoubt }
    return found
  }

  private static let tabDoubt = "Node takes the tab beside the value for a part of it"

  private mutating func familyToken(_ end: Int) -> Found {
    let mark = bytes[at]
    switch mark {
    case 0x22: return quotedValue(.double)
    case 0x27: return quotedValue(.single)
    case 0x60 where dialect != .python: return quotedValue(.backtick)
    default: return bareValue(end)
    }
  }

  private mutating func bareValue(_ end: Int) -> Found {
    let start = at
    at = endOfLine(start)
    var found = Found(trimmed(start..<bareEnd(start..<end)))
    if let sign = first(0x23, in: start..<end), dialect == .dotenv {
      if sign == start || !isSpace(bytes[sign - 1]) { found.doubt = "readers differ on where the comment begins" }
    }
    let gap = found.span.upperBound..<max(bareEnd(start..<end), found.span.upperBound)
    if dialect != .python, first(0x09, in: gap) != nil { found.doubt = DotenvParser.tabDoubt }
    if hasControl(found.span) { found.doubt = "a control character in the value" }
    if dialect != .node && contains(0x24, 0x7b, in: found.span) {
      found.doubt = "python-dotenv puts another value in place of ${…}"
    }
    return found
  }

  /// Where a comment begins: for python-dotenv at `#` behind white space, for Node at any `#`.
  private func bareEnd(_ range: Range<Int>) -> Int {
    for offset in range where bytes[offset] == 0x23 {
      if dialect != .python || (offset > range.lowerBound && isSpace(bytes[offset - 1])) { return offset }
    }
    return range.upperBound
  }

  private mutating func quotedValue(_ quoting: SettingQuoting) -> Found {
    let start = at
    let (first, unescaped, last) = closings(bytes[start], from: start + 1)
    guard let first, let last else {
      at = endOfLine(start)
      var found = Found(start..<endOfText(start))
      found.doubt = "the quote is not closed"
      return found
    }
    // python-dotenv passes over an escaped quote, but takes the last one rather than none.
    let pythonClose = unescaped ?? last
    let close = dialect == .node ? first : pythonClose
    var found = Found(quoted: start..<close + 1, quoting, decoding(quoting))
    found.doubt = doubt(found, quoting)
    if dialect == .dotenv && first != pythonClose || dialect == .dotenv && quoting == .backtick {
      found.doubt = "readers differ on where the value ends"
      if endOfLine(first) != endOfLine(pythonClose) || quoting == .backtick && endOfLine(start) != endOfLine(close) {
        cloud = "readers differ on where the value in line \(line(start)) ends"
        at = endOfLine(min(first, pythonClose))
        return found
      }
    }
    at = close + 1
    let rest = trimmed(at..<endOfText(at))
    if dialect != .node, !rest.isEmpty, bytes[rest.lowerBound] != 0x23 {
      found.doubt = "something follows the closing quote"
    }
    at = endOfLine(at)
    return found
  }

  private func decoding(_ quoting: SettingQuoting) -> SettingDecoding {
    switch (dialect, quoting) {
    case (.python, .double): .pythonDouble
    case (.python, .single): .pythonSingle
    case (_, .double): .lineFeed
    default: .verbatim
    }
  }

  private func doubt(_ found: Found, _ quoting: SettingQuoting) -> String? {
    if first(0x0d, in: found.inner) != nil { return "a carriage return in the value" }
    if dialect != .node && contains(0x24, 0x7b, in: found.inner) {
      return "python-dotenv puts another value in place of ${…}"
    }
    guard dialect == .dotenv else { return nil }
    for offset in found.inner where bytes[offset] == 0x5c {
      let next = offset + 1 < found.inner.upperBound ? bytes[offset + 1] : 0x5c
      let isCommon = quoting == .double ? next == 0x6e : next != 0x5c && next != 0x27
      if !isCommon { return "readers differ on what the backslash means" }
    }
    return nil
  }

  /// The first such quote, the first without a backslash before it, and the last one.
  private func closings(_ quote: UInt8, from start: Int) -> (first: Int?, unescaped: Int?, last: Int?) {
    var first: Int?
    var last: Int?
    for offset in start..<bytes.count where bytes[offset] == quote {
      if first == nil { first = offset }
      last = offset
      if offset == start || bytes[offset - 1] != 0x5c { return (first, offset, last) }
    }
    return (first, nil, last)
  }
}
