// The scalars of YAML's block mappings and sequences, as settings. What is written in another way (flow collections,
// block scalars, anchors, tags, scalars over several lines) is passed over and in doubt; what can't be followed is
// refused.

extension LineReader {
  /// A mapping or sequence that lines may still add to.
  private struct Level {
    var column: Int
    var isSequence: Bool
    var pointer: String
    var count = 0
  }

  /// Everything that has been read so far of one document.
  private struct Document {
    var levels: [Level] = []
    /// Where the value that is awaited belongs, and the column that it must exceed.
    var pointer = ""
    var column = -1
    var first = 0
    var number = 0
  }

  mutating func yaml(isSecret: Bool) throws(FormatError) {
    var document = Document()
    while at < bytes.count {
      let start = at
      let line = nextLine()
      var column = line.lowerBound
      while column < line.upperBound, bytes[column] == 0x20 { column += 1 }
      guard column < line.upperBound, bytes[column] != 0x23 else { continue }
      if isMarker(line, "---") || isMarker(line, "...") {
        if trimmed(line).count > 3 && bytes[line.lowerBound] == 0x2d {
          throw source.error(at: start, "content beside ---, which this reader does not follow")
        }
        finish(&document, isSecret)
        document = Document(
          first: settings.count, number: document.number + (settings.isEmpty && document.levels.isEmpty ? 0 : 1))
        continue
      }
      if bytes[column] == 0x25 && column == line.lowerBound { continue }
      if bytes[column] == 0x09 { throw source.error(at: column, "a tab in the indentation") }
      try node(column..<line.upperBound, column - line.lowerBound, &document)
    }
    finish(&document, isSecret)
  }

  private func isMarker(_ line: Range<Int>, _ marker: StaticString) -> Bool {
    let wanted = Array(marker.description.utf8)
    guard line.count >= 3 else { return false }
    for (index, byte) in wanted.enumerated() where bytes[line.lowerBound + index] != byte { return false }
    return line.count == 3 || isSpace(bytes[line.lowerBound + 3])
  }

  /// A sequence's item, a mapping's key, or a scalar that begins at `column`.
  private mutating func node(_ range: Range<Int>, _ column: Int, _ document: inout Document) throws(FormatError) {
    let first = range.lowerBound
    // An item may begin another on the same line, and each pointer is a copy of those above it.
    guard document.levels.count <= 64, document.pointer.utf8.count <= Setting.maximumKeyBytes else {
      throw source.error(at: first, "nested deeper than 64 levels, or under longer keys than this reader follows")
    }
    if bytes[first] == 0x2d, range.count == 1 || isSpace(bytes[first + 1]) {
      enter(column, isSequence: true, &document)
      guard let level = document.levels.last else { return }
      document.levels[document.levels.count - 1].count += 1
      document.pointer = "\(level.pointer)/\(level.count)"
      document.column = column
      let rest = trimmedStart(first + 1..<range.upperBound)
      if rest.isEmpty || bytes[rest.lowerBound] == 0x23 { return }
      return try node(rest, column + rest.lowerBound - first, &document)
    }
    guard let key = try key(range) else { return try scalar(range, first, document.column, document) }
    enter(column, isSequence: false, &document)
    guard let level = document.levels.last else { return }
    document.pointer = level.pointer + "/" + SettingTree.escaped(key.name)
    document.column = column
    let rest = trimmedStart(key.end..<range.upperBound)
    if rest.isEmpty || bytes[rest.lowerBound] == 0x23 { return }
    try scalar(rest, first, column, document)
  }

  /// Goes back to the collection at this column, or begins one there.
  private func enter(_ column: Int, isSequence: Bool, _ document: inout Document) {
    while let last = document.levels.last,
      last.column > column || (last.column == column && last.isSequence && !isSequence)
    {
      document.levels.removeLast()
    }
    if let last = document.levels.last, last.column == column, last.isSequence == isSequence { return }
    document.levels.append(Level(column: column, isSequence: isSequence, pointer: document.pointer))
  }

  private func key(_ range: Range<Int>) throws(FormatError) -> (name: String, end: Int)? {
    let first = range.lowerBound
    if bytes[first] == 0x22 || bytes[first] == 0x27 {
      guard let close = quoteEnd(first, limit: range.upperBound) else { return nil }
      var end = close + 1
      while end < range.upperBound, isSpace(bytes[end]) { end += 1 }
      guard end < range.upperBound, bytes[end] == 0x3a else { return nil }
      return (text(first + 1..<close), end + 1)
    }
    if [0x5b, 0x7b, 0x7c, 0x3e].contains(bytes[first]) { return nil }
    if bytes[first] == 0x3f, range.count == 1 || isSpace(bytes[first + 1]) {
      throw source.error(at: first, "a complex key, which this reader does not follow")
    }
    for offset in range where bytes[offset] == 0x3a && (offset + 1 == range.upperBound || isSpace(bytes[offset + 1])) {
      return (text(trimmed(first..<offset)), offset + 1)
    }
    return nil
  }

  /// The closing quote, on the same line or beyond.
  private func quoteEnd(_ first: Int, limit: Int) -> Int? {
    let quote = bytes[first]
    var offset = first + 1
    while offset < limit {
      if quote == 0x22 && bytes[offset] == 0x5c {
        offset += 1
      } else if bytes[offset] == quote {
        guard quote == 0x27, offset + 1 < limit, bytes[offset + 1] == quote else { return offset }
        offset += 1
      }
      offset += 1
    }
    return nil
  }

  private mutating func scalar(
    _ range: Range<Int>, _ key: Int, _ column: Int, _ document: Document
  ) throws(FormatError) {
    let first = range.lowerBound
    let mark = bytes[first]
    let name = document.number == 0 ? document.pointer : "#\(document.number)\(document.pointer)"
    let place = key..<first
    if mark == 0x22 || mark == 0x27 {
      guard let close = quoteEnd(first, limit: range.upperBound) else {
        guard let close = quoteEnd(first, limit: bytes.count) else {
          throw source.error(at: first, "the quote is not closed")
        }
        at = close + 1
        _ = nextLine()
        return add(name, place, range, doubt: "a scalar over several lines")
      }
      let rest = trimmed(close + 1..<range.upperBound)
      guard rest.isEmpty || (bytes[rest.lowerBound] == 0x23 && rest.lowerBound > close + 1) else {
        throw source.error(at: rest.lowerBound, "something follows the closing quote")
      }
      let doubt = mark == 0x22 ? escapeDoubt(first + 1..<close) : nil
      return add(
        name, place, first..<close + 1, decoding: mark == 0x22 ? .escapes(.json) : .yamlSingle,
        doubt: doubt ?? composeDoubt(range), quoting: mark == 0x22 ? .double : .single)
    }
    if mark == 0x7c || mark == 0x3e {
      skip(deeperThan: column)
      return add(name, place, range, doubt: "a block scalar")
    }
    if mark == 0x5b || mark == 0x7b { return try flow(range, name, place) }
    let plain = trimmed(first..<commentStart(range))
    let isContinued = skip(deeperThan: column)
    add(
      name, place, plain, doubt: isContinued ? "a scalar over several lines" : plainDoubt(plain) ?? composeDoubt(plain))
  }

  private func plainDoubt(_ range: Range<Int>) -> String? {
    // A form feed counts as space here, and not to YAML.
    if range.isEmpty { return YAMLScalar.notText }
    if [0x26, 0x2a, 0x21].contains(bytes[range.lowerBound]) { return "an anchor, an alias or a tag" }
    return YAMLScalar.isText(bytes.extracting(range)) ? nil : YAMLScalar.notText
  }

  private func composeDoubt(_ range: Range<Int>) -> String? {
    guard source.name.contains("compose") else { return nil }
    for offset in range where bytes[offset] == 0x24 { return "compose puts another value in place of $" }
    return nil
  }

  private func escapeDoubt(_ range: Range<Int>) -> String? {
    let known = Array("\"\\/bfnrtu".utf8)
    var offset = range.lowerBound
    while offset < range.upperBound {
      if bytes[offset] == 0x5c {
        guard offset + 1 < range.upperBound, known.contains(bytes[offset + 1]) else { return "an escape of YAML's own" }
        if bytes[offset + 1] == 0x75 {
          let digits = offset + 2..<offset + 6
          guard digits.upperBound <= range.upperBound, digits.allSatisfy({ isHex(bytes[$0]) }) else {
            return "a bad escape"
          }
        }
        offset += 1
      }
      offset += 1
    }
    return nil
  }

  private func isHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
  }

  private func commentStart(_ range: Range<Int>) -> Int {
    for offset in range where bytes[offset] == 0x23 && offset > range.lowerBound && isSpace(bytes[offset - 1]) {
      return offset
    }
    return range.upperBound
  }

  /// Passes over lines that are indented deeper than `column`; true if any of them holds anything.
  @discardableResult
  private mutating func skip(deeperThan column: Int) -> Bool {
    var isFilled = false
    while at < bytes.count {
      let start = at
      let line = nextLine()
      var indent = line.lowerBound
      while indent < line.upperBound, bytes[indent] == 0x20 { indent += 1 }
      if indent == line.upperBound { continue }
      guard indent - line.lowerBound > column else {
        at = start
        return isFilled
      }
      if bytes[indent] != 0x23 { isFilled = true }
    }
    return isFilled
  }

  /// Passes over a flow collection, which may go over lines.
  private mutating func flow(_ range: Range<Int>, _ name: String, _ place: Range<Int>) throws(FormatError) {
    var depth = 0
    var offset = range.lowerBound
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x5b, 0x7b: depth += 1
      case 0x5d, 0x7d: depth -= 1
      case 0x22, 0x27:
        // An apostrophe inside a word is no quote.
        let before = offset == 0 ? 0x20 : bytes[offset - 1]
        if isSpace(before) || [0x5b, 0x7b, 0x2c, 0x3a, 0x0a].contains(before) {
          guard let close = quoteEnd(offset, limit: bytes.count) else {
            throw source.error(at: offset, "the quote is not closed")
          }
          offset = close
        }
      default: break
      }
      offset += 1
      if depth == 0 {
        at = offset
        _ = nextLine()
        return add(name, place, range.lowerBound..<offset, doubt: "a collection in brackets")
      }
    }
    throw source.error(at: range.lowerBound, "the bracket is not closed")
  }

  // MARK: Kubernetes

  /// Of a Secret's document, keeps what `data` and `stringData` hold, under the names there; of others, nothing.
  private mutating func finish(_ document: inout Document, _ isSecret: Bool) {
    guard isSecret else { return }
    let prefix = document.number == 0 ? "" : "#\(document.number)"
    let all = Array(settings[document.first...])
    settings.removeSubrange(document.first...)
    func value(_ pointer: String) -> String? {
      all.last { $0.key == prefix + pointer }.map { text($0.inner) }
    }
    guard value("/kind") == "Secret" else { return }
    let isFixed = value("/immutable") == "true"
    for setting in all {
      for section in ["/data/", "/stringData/"] where setting.key.hasPrefix(prefix + section) {
        var kept = setting.renamed(String(setting.key.dropFirst((prefix + section).count)))
        if section == "/data/" { kept = base64(kept) }
        if isFixed { kept = kept.doubted("the Secret is immutable") }
        settings.append(kept)
      }
    }
  }

  private func base64(_ setting: Setting) -> Setting {
    var inner: [UInt8] = []
    for offset in setting.inner { inner.append(bytes[offset]) }
    let isVerbatim = setting.quoting != .double || !inner.contains(0x5c)
    guard isVerbatim, Base64.decode(inner) != nil else { return setting.doubted("not base64") }
    return setting.encodedInBase64()
  }
}
