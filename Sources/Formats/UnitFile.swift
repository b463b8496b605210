// systemd units (`Environment=` in a unit or a drop-in) and Terraform's `.tfvars`.

extension LineReader {
  // MARK: Units

  mutating func unit() {
    while at < bytes.count {
      let line = nextLine()
      let content = trimmed(line)
      guard let first = content.first, bytes[first] != 0x23, bytes[first] != 0x3b else { continue }
      let isOver = bytes[content.upperBound - 1] == 0x5c
      let sign = content.first { bytes[$0] == 0x3d }
      let isWanted = sign.map { text(trimmed(first..<$0)) == "Environment" } ?? false
      // What goes on over lines is not followed; what it assigns is not certain.
      let doubt = isOver ? "an assignment over several lines" : nil
      if let sign, isWanted { assignments(sign + 1..<content.upperBound, doubt: doubt) }
      var isContinued = isOver
      while isContinued && at < bytes.count {
        let more = trimmed(nextLine())
        isContinued = !more.isEmpty && bytes[more.upperBound - 1] == 0x5c
        if isWanted { assignments(more, doubt: doubt) }
      }
    }
  }

  /// `K=V "K=V with spaces" 'K=V'`.
  private mutating func assignments(_ range: Range<Int>, doubt: String?) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      if isSpace(bytes[offset]) {
        offset += 1
        continue
      }
      let quote: UInt8? = bytes[offset] == 0x22 || bytes[offset] == 0x27 ? bytes[offset] : nil
      let start = quote == nil ? offset : offset + 1
      var end = start
      while end < range.upperBound, quote == nil ? !isSpace(bytes[end]) : bytes[end] != quote { end += 1 }
      let isClosed = quote == nil || end < range.upperBound
      offset = quote == nil ? end : end + 1
      let isAlone = offset >= range.upperBound || isSpace(bytes[offset])
      guard let sign = (start..<end).first(where: { bytes[$0] == 0x3d }) else { continue }
      let value = sign + 1..<end
      let quoting: SettingQuoting = quote == nil ? .none : quote == 0x22 ? .double : .single
      append(
        text(start..<sign), start..<sign, value, quoting, .unit,
        doubt ?? (isClosed && isAlone ? unitDoubt(value, quoting) : "quotes that do not enclose one assignment"))
    }
  }

  private func unitDoubt(_ value: Range<Int>, _ quoting: SettingQuoting) -> String? {
    var offset = value.lowerBound
    while offset < value.upperBound {
      switch bytes[offset] {
      case 0x5c: return "an escape"
      case 0x22 where quoting == .none, 0x27 where quoting == .none: return "a quote inside the value"
      case 0x25:
        guard offset + 1 < value.upperBound, bytes[offset + 1] == 0x25 else {
          return "systemd puts something else in place of %"
        }
        offset += 1
      default: break
      }
      offset += 1
    }
    return nil
  }

  // MARK: tfvars

  mutating func variables() throws(FormatError) {
    while at < bytes.count {
      let start = at
      let content = trimmed(nextLine())
      guard let first = content.first, bytes[first] != 0x23 else { continue }
      if bytes[first] == 0x2f, content.count > 1, bytes[first + 1] == 0x2f { continue }
      if bytes[first] == 0x2f { throw source.error(at: first, "a block comment, which this reader does not follow") }
      guard let sign = content.first(where: { bytes[$0] == 0x3d }) else { continue }
      let key = trimmed(first..<sign)
      let value = trimmed(sign + 1..<content.upperBound)
      guard let mark = value.first else { continue }
      if bytes[mark] == 0x22 {
        try variable(key, value)
      } else {
        append(text(key), key, value, .none, .verbatim, "not text in quotes")
        at = start
        try skipExpression()
      }
    }
  }

  private mutating func variable(_ key: Range<Int>, _ value: Range<Int>) throws(FormatError) {
    guard let close = templateEnd(value.lowerBound, value.upperBound) else {
      throw source.error(at: value.lowerBound, "the quote is not closed")
    }
    let rest = trimmed(close + 1..<value.upperBound)
    let isComment = !rest.isEmpty && (bytes[rest.lowerBound] == 0x23 || bytes[rest.lowerBound] == 0x2f)
    let doubt =
      rest.isEmpty || isComment ? templateDoubt(value.lowerBound + 1..<close) : "something follows the closing quote"
    keep(
      Setting(
        source: source, decoding: .template, key: text(key), keySpan: key, span: value.lowerBound..<close + 1,
        inner: value.lowerBound + 1..<close, quoting: .double, line: source.position(of: key.lowerBound).line,
        isExported: false, doubt: doubt))
  }

  private func templateEnd(_ first: Int, _ limit: Int) -> Int? {
    var offset = first + 1
    while offset < limit {
      if bytes[offset] == 0x22 { return offset }
      offset += bytes[offset] == 0x5c ? 2 : 1
    }
    return nil
  }

  private func templateDoubt(_ range: Range<Int>) -> String? {
    let known = Array("nrt\"\\".utf8)
    var offset = range.lowerBound
    while offset < range.upperBound {
      let next = offset + 1 < range.upperBound ? bytes[offset + 1] : 0
      if bytes[offset] == 0x5c {
        guard known.contains(next) else { return "an escape" }
        offset += 1
      } else if [0x24, 0x25].contains(bytes[offset]) {
        if next == 0x7b { return "Terraform puts something else in place of ${…}" }
        if next == bytes[offset], offset + 2 < range.upperBound, bytes[offset + 2] == 0x7b { offset += 2 }
      }
      offset += 1
    }
    return nil
  }

  /// Passes over lists and maps; what is in them is no variable of the file.
  private mutating func skipExpression() throws(FormatError) {
    var depth = 0
    while at < bytes.count {
      let byte = bytes[at]
      if byte == 0x0a && depth <= 0 { return }
      if byte == 0x22 {
        guard let close = templateEnd(at, bytes.count) else { throw source.error(at: at, "the quote is not closed") }
        at = close
      }
      if byte == 0x3c, at + 1 < bytes.count, bytes[at + 1] == 0x3c {
        throw source.error(at: at, "a here-document, which this reader does not follow")
      }
      if byte == 0x5b || byte == 0x7b { depth += 1 }
      if byte == 0x5d || byte == 0x7d { depth -= 1 }
      at += 1
    }
  }

  private mutating func append(
    _ name: String, _ key: Range<Int>, _ value: Range<Int>, _ quoting: SettingQuoting, _ decoding: SettingDecoding,
    _ doubt: String?
  ) {
    keep(
      Setting(
        source: source, decoding: decoding, key: name, keySpan: key, span: value, inner: value, quoting: quoting,
        line: source.position(of: key.lowerBound).line, isExported: false, doubt: doubt))
  }
}
