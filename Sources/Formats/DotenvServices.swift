// Values as Docker, Docker Compose and systemd read them.

extension DotenvParser {
  // MARK: docker --env-file

  mutating func dockerValue() -> Found {
    let start = at
    at = endOfLine(start)
    var found = Found(start..<endOfText(start))
    if at - start >= 65_536 { found.doubt = "the line is longer than the 64 KiB that docker takes" }
    return found
  }

  // MARK: compose

  mutating func composeValue() throws(FormatError) -> Found {
    skipSpace()
    let start = at
    switch peek() {
    case 0x22: return try composeQuoted(.double)
    case 0x27: return try composeQuoted(.single)
    default: break
    }
    at = endOfLine(start)
    var end = endOfText(start)
    var doubt: String?
    for offset in start..<end where bytes[offset] == 0x23 {
      if offset > start && bytes[offset - 1] == 0x20 {
        end = offset
        break
      }
      if offset == start || bytes[offset - 1] == 0x09 { doubt = "versions differ on whether a comment begins here" }
    }
    var found = Found(trimmed(start..<end))
    found.doubt = doubt
    if first(0x24, in: found.span) != nil { found.doubt = "compose puts another value in place of $" }
    if first(0x5c, in: found.span) != nil { found.doubt = "versions differ on what the backslash means" }
    if hasControl(found.span) { found.doubt = "a control character in the value" }
    return found
  }

  private mutating func composeQuoted(_ quoting: SettingQuoting) throws(FormatError) -> Found {
    let start = at
    guard let close = closing(bytes[start], from: start + 1) else {
      throw source.error(at: start, "the quote is not closed, so compose refuses the file")
    }
    var found = Found(quoted: start..<close + 1, quoting, quoting == .double ? .composeDouble : .verbatim)
    if first(0x0d, in: found.inner) != nil { found.doubt = "a carriage return in the value" }
    var offset = found.inner.lowerBound
    while offset < found.inner.upperBound {
      if bytes[offset] == 0x5c {
        let letter = bytes[offset + 1]
        let isKnown = quoting == .double && [0x6e, 0x72, 0x74, 0x22, 0x5c, 0x24].contains(letter)
        if !isKnown && !(quoting == .single && letter != 0x27) {
          found.doubt = "versions differ on what the backslash means"
        }
        offset += 1
      } else if quoting == .double && bytes[offset] == 0x24 {
        found.doubt = "compose puts another value in place of $"
      }
      offset += 1
    }
    at = close + 1
    let rest = trimmed(at..<endOfText(at))
    if !rest.isEmpty, bytes[rest.lowerBound] != 0x23 { found.doubt = "something follows the closing quote" }
    at = endOfLine(at)
    return found
  }

  /// The first such quote that no backslash precedes.
  func closing(_ quote: UInt8, from start: Int) -> Int? {
    var offset = start
    while offset < bytes.count {
      if bytes[offset] == 0x5c {
        offset += 1
      } else if bytes[offset] == quote {
        return offset
      }
      offset += 1
    }
    return nil
  }

  // MARK: systemd

  mutating func systemdValue() -> Found {
    while let byte = peek(), isSpace(byte) || byte == 0x0d { at += 1 }
    switch peek() {
    case 0x22: return systemdQuoted(closing(0x22, from: at + 1), .double, .shellDouble)
    case 0x27: return systemdQuoted(first(0x27, in: at + 1..<bytes.count), .single, .verbatim)
    default: return systemdBare()
    }
  }

  private mutating func systemdQuoted(_ close: Int?, _ quoting: SettingQuoting, _ decoding: SettingDecoding) -> Found {
    let start = at
    guard let close else {
      at = bytes.count
      var found = Found(start..<at)
      found.doubt = "the quote is not closed"
      return found
    }
    var found = Found(quoted: start..<close + 1, quoting, decoding)
    at = close + 1
    let end = endOfText(at)
    if !trimmed(at..<end).isEmpty {
      found.doubt = "systemd takes what follows the closing quote for a part of the value"
      // Quotes and backslashes there may reach beyond the line.
      for offset in at..<end where [0x22, 0x27, 0x5c].contains(bytes[offset]) {
        cloud = "where the value in line \(line(start)) ends is not certain"
      }
    }
    at = endOfLine(at)
    return found
  }

  private mutating func systemdBare() -> Found {
    let start = at
    var hasEscape = false
    var doubt: String?
    while let byte = peek(), byte != 0x0a {
      if byte == 0x5c {
        hasEscape = true
        at += 1
        if let next = peek(), isSpace(next) || next == 0x0d { doubt = "an escaped space" }
      }
      if at < bytes.count { at += 1 }
    }
    var end = at
    while end > start, isSpace(bytes[end - 1]) || bytes[end - 1] == 0x0d { end -= 1 }
    var found = Found(start..<end)
    found.decoding = hasEscape ? .systemdBare : .verbatim
    found.doubt = doubt
    if !hasEscape, first(0x0d, in: found.span) != nil { found.doubt = "a carriage return in the value" }
    return found
  }
}
