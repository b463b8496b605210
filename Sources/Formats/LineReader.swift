// Formats that are read line by line: sections and keys, npm's configuration, Java properties, `.netrc`.

struct LineReader: ~Escapable {
  let source: SourceText
  let bytes: Span<UInt8>
  var at = 0
  var settings: [Setting] = []

  @_lifetime(copy bytes)
  init(source: SourceText, bytes: Span<UInt8>) {
    self.source = source
    self.bytes = bytes
    if bytes.count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf { at = 3 }
  }

  // MARK: Sections

  mutating func sections(isNPM: Bool) {
    var section = ""
    while at < bytes.count {
      let line = nextLine()
      let content = trimmed(line)
      guard let first = content.first else { continue }
      if bytes[first] == 0x23 || bytes[first] == 0x3b { continue }
      if !isNPM && first > line.lowerBound, let last = settings.last {
        // configparser takes an indented line for more of the value above.
        settings[settings.count - 1] = last.doubted("the value goes on in the next line")
        continue
      }
      if bytes[first] == 0x5b, bytes[content.upperBound - 1] == 0x5d, content.count > 2 {
        section = text(content.lowerBound + 1..<content.upperBound - 1)
        continue
      }
      guard let sign = content.first(where: { bytes[$0] == 0x3d || (!isNPM && bytes[$0] == 0x3a) }) else { continue }
      let key = trimmed(content.lowerBound..<sign)
      let value = trimmed(sign + 1..<content.upperBound)
      let name = section.isEmpty ? text(key) : section + "/" + text(key)
      add(name, key, value, doubt: sectionDoubt(value, isNPM), quoting: isNPM ? npmQuoting(value) : .none)
    }
  }

  private func npmQuoting(_ value: Range<Int>) -> SettingQuoting {
    guard value.count >= 2, bytes[value.lowerBound] == 0x22, bytes[value.upperBound - 1] == 0x22 else { return .none }
    return .double
  }

  private func sectionDoubt(_ value: Range<Int>, _ isNPM: Bool) -> String? {
    let isQuoted = npmQuoting(value) == .double
    for offset in value {
      let byte = bytes[offset]
      let isInside = isQuoted && offset > value.lowerBound && offset < value.upperBound - 1
      if isNPM && byte == 0x24 { return "npm puts another value in place of ${…}" }
      if isNPM && (byte == 0x5c || (isInside && byte == 0x22)) { return "readers differ on what the backslash means" }
      if (byte == 0x23 || byte == 0x3b) && !isInside
        && (isNPM || offset == value.lowerBound || isSpace(bytes[offset - 1]))
      {
        return "readers differ on whether a comment begins here"
      }
      if byte < 0x20 && byte != 0x09 { return "a control character in the value" }
    }
    guard let first = value.first else { return nil }
    let quotes: [UInt8] = [0x22, 0x27]
    if quotes.contains(bytes[first]) && !(isNPM && isQuoted) {
      return "readers differ on whether quotes belong to the value"
    }
    return nil
  }

  // MARK: Java properties

  mutating func properties() {
    while at < bytes.count {
      let line = nextLine()
      let content = trimmedStart(line)
      guard let first = content.first else { continue }
      if bytes[first] == 0x23 || bytes[first] == 0x21 { continue }
      var end = first
      while end < content.upperBound, !isSpace(bytes[end]), bytes[end] != 0x3d, bytes[end] != 0x3a {
        end += bytes[end] == 0x5c && end + 1 < content.upperBound ? 2 : 1
      }
      var start = trimmedStart(end..<content.upperBound).lowerBound
      if start < content.upperBound, bytes[start] == 0x3d || bytes[start] == 0x3a {
        start = trimmedStart(start + 1..<content.upperBound).lowerBound
      }
      let value = start..<content.upperBound
      var doubt: String?
      for offset in value {
        if bytes[offset] >= 0x80 { doubt = "readers differ on the encoding" }
        let isEscape = bytes[offset] == 0x5c && offset + 1 < value.upperBound && bytes[offset + 1] == 0x75
        if isEscape && Escapes.number(bytes, at: offset + 2, digits: 4, end: value.upperBound) == nil {
          doubt = "\\u without four hex digits"
        }
      }
      if goesOn(content) {
        doubt = "the value goes on in the next line"
        while at < bytes.count, goesOn(nextLine()) {}
      }
      add(text(first..<end), first..<end, value, decoding: .properties, doubt: doubt)
    }
  }

  /// Whether an odd number of backslashes ends the line.
  private func goesOn(_ line: Range<Int>) -> Bool {
    var count = 0
    while count < line.count, bytes[line.upperBound - 1 - count] == 0x5c { count += 1 }
    return count % 2 == 1
  }

  // MARK: .netrc

  mutating func machines() {
    var machine: String?
    while let word = nextWord() {
      switch text(word) {
      case "machine": machine = nextWord().map { text($0) }
      case "default": machine = "default"
      case "macdef":
        // A macro goes up to an empty line.
        while at < bytes.count, !trimmed(nextLine()).isEmpty {}
      case let name where ["login", "password", "account"].contains(name):
        guard let value = nextWord(), let machine else { continue }
        let special: [UInt8] = [0x22, 0x27, 0x5c, 0x23]
        let isPlain = value.allSatisfy { !special.contains(bytes[$0]) }
        add("\(machine)/\(name)", word, value, doubt: isPlain ? nil : "readers differ on quotes, backslashes and #")
      case let name where name.hasPrefix("#"): _ = nextLine()
      default: continue
      }
    }
  }

  private mutating func nextWord() -> Range<Int>? {
    while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
    let start = at
    while at < bytes.count, bytes[at] > 0x20 { at += 1 }
    return at > start ? start..<at : nil
  }

  // MARK: Bytes

  mutating func add(
    _ name: String, _ key: Range<Int>, _ value: Range<Int>, decoding: SettingDecoding = .verbatim, doubt: String? = nil,
    quoting: SettingQuoting = .none
  ) {
    let isQuoted = quoting != .none && value.count >= 2
    keep(
      Setting(
        source: source, decoding: decoding, key: name, keySpan: key, span: value,
        inner: isQuoted ? value.lowerBound + 1..<value.upperBound - 1 : value, quoting: quoting,
        line: source.position(of: key.lowerBound).line, isExported: false, doubt: doubt))
  }

  /// Adds a setting, unless there are too many already: ``SettingFormat`` then refuses the file.
  mutating func keep(_ setting: Setting) {
    if settings.count < Setting.maximumCount { settings.append(setting) }
  }

  /// The next line without its end.
  mutating func nextLine() -> Range<Int> {
    let start = at
    while at < bytes.count, bytes[at] != 0x0a { at += 1 }
    var end = at
    if at < bytes.count { at += 1 }
    if end > start, bytes[end - 1] == 0x0d { end -= 1 }
    return start..<end
  }

  func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0c }

  func trimmedStart(_ range: Range<Int>) -> Range<Int> {
    var low = range.lowerBound
    while low < range.upperBound, isSpace(bytes[low]) { low += 1 }
    return low..<range.upperBound
  }

  func trimmed(_ range: Range<Int>) -> Range<Int> {
    let start = trimmedStart(range)
    var high = start.upperBound
    while high > start.lowerBound, isSpace(bytes[high - 1]) { high -= 1 }
    return start.lowerBound..<high
  }

  func text(_ range: Range<Int>) -> String {
    var copy: [UInt8] = []
    for offset in range { copy.append(bytes[offset]) }
    return String(decoding: copy, as: UTF8.self)
  }
}
