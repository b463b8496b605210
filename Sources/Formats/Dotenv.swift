// Reads environment files as each of their readers does, keeping spans. A line whose meaning is not certain is not
// guessed at: its setting carries a doubt instead of a value.

/// Reads environment files.
public enum Dotenv {
  /// The assignments in `bytes`, in the file's order; where a name repeats, the last one counts.
  ///
  /// Throws where the reader would refuse the file as a whole, or where nothing behind a place is certain.
  public static func parse(_ bytes: [UInt8], name: String, dialect: DotenvDialect) throws(FormatError) -> [Setting] {
    let source = SourceText(bytes, name: name)
    if let place = bytes.firstIndex(of: 0) {
      let isWide = bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff])
      throw source.error(at: place, isWide ? "UTF-16; save the file as UTF-8" : "a NUL byte")
    }
    if dialect == .docker || dialect == .python, String(validating: bytes, as: UTF8.self) == nil {
      throw source.error(at: 0, "not UTF-8, which \(dialect.rawValue) insists on")
    }
    return try source.withBytes { (span) throws(FormatError) in
      var parser = DotenvParser(source: source, bytes: span, dialect: dialect)
      try parser.document()
      return parser.settings
    }
  }
}

/// What is common to all dialects: lines, names, and the list of what was found.
struct DotenvParser: ~Escapable {
  let source: SourceText
  let bytes: Span<UInt8>
  let dialect: DotenvDialect
  var at = 0
  var settings: [Setting] = []
  /// Set where a reader may have swallowed what follows: every later setting is then in doubt.
  var cloud: String?

  /// A name, and how it is written.
  struct Header {
    var key: Range<Int>
    var isExported = false
  }

  /// A value as a dialect's reader finds it.
  struct Found {
    var span: Range<Int>
    var inner: Range<Int>
    var quoting = SettingQuoting.none
    var decoding = SettingDecoding.verbatim
    var doubt: String?

    init(_ span: Range<Int>) {
      self.span = span
      inner = span
    }

    init(quoted span: Range<Int>, _ quoting: SettingQuoting, _ decoding: SettingDecoding) {
      self.span = span
      inner = span.lowerBound + 1..<span.upperBound - 1
      self.quoting = quoting
      self.decoding = decoding
    }
  }

  @_lifetime(copy bytes)
  init(source: SourceText, bytes: Span<UInt8>, dialect: DotenvDialect) {
    self.source = source
    self.bytes = bytes
    self.dialect = dialect
  }

  mutating func document() throws(FormatError) {
    if bytes.count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf {
      if dialect == .systemd || dialect == .shell {
        throw source.error(
          at: 0, "begins with a byte order mark, which \(dialect.rawValue) takes for a part of the first line")
      }
      if dialect != .node { at = 3 }
    }
    while at < bytes.count {
      skipSpace()
      guard let byte = peek() else { return }
      if byte == 0x0a || byte == 0x0d {
        at += 1
      } else if byte == 0x23 || (dialect == .systemd && byte == 0x3b) {
        comment()
      } else {
        try statement()
      }
    }
  }

  private mutating func comment() {
    let end = endOfLine(at)
    if dialect == .systemd, end > at, bytes[end - 1] == 0x5c {
      cloud = "versions of systemd differ on whether the comment in line \(line(at)) goes on in the next"
    }
    at = end
  }

  private mutating func statement() throws(FormatError) {
    if dialect == .shell { return try shellStatement() }
    guard let header = try header() else {
      at = endOfLine(at)
      return
    }
    let found: Found
    switch dialect {
    case .docker: found = dockerValue()
    case .systemd: found = systemdValue()
    case .compose: found = try composeValue()
    default: found = familyValue()
    }
    add(header, found)
  }

  /// The name and the sign behind it; nil where the line assigns nothing.
  private mutating func header() throws(FormatError) -> Header? {
    let start = at
    var header = Header(key: at..<at)
    if dialect != .docker && dialect != .systemd, let next = word("export"), next < bytes.count, isSpace(bytes[next]) {
      header.isExported = true
      at = next
      skipSpace()
    }
    let first = at
    while let byte = peek(), byte != 0x3d, byte != 0x0a, !isSpace(byte), byte != 0x0d {
      if dialect == .compose && byte == 0x3a { break }
      at += 1
    }
    header.key = first..<at
    skipSpace()
    let sign = peek()
    guard sign == 0x3d || (dialect == .compose && sign == 0x3a) else {
      if dialect == .docker, let byte = sign, byte != 0x0a, byte != 0x0d {
        throw source.error(at: start, "white space in a name, which docker refuses")
      }
      return nil
    }
    if dialect == .docker {
      if header.key.isEmpty { throw source.error(at: start, "a line without a name, which docker refuses") }
      if header.key.upperBound != at { throw source.error(at: start, "white space in a name, which docker refuses") }
    }
    at += 1
    return header.key.isEmpty ? nil : header
  }

  mutating func add(_ header: Header, _ found: Found) {
    var doubt = cloud ?? found.doubt
    if doubt == nil, dialect != .docker, !isUTF8(found.inner) { doubt = "the value is not UTF-8" }
    if settings.count >= Setting.maximumCount { return }
    settings.append(
      Setting(
        source: source, decoding: found.decoding, key: text(header.key), keySpan: header.key, span: found.span,
        inner: found.inner, quoting: found.quoting, line: line(header.key.lowerBound),
        isExported: header.isExported, doubt: doubt))
  }

  // MARK: Bytes

  func peek() -> UInt8? { at < bytes.count ? bytes[at] : nil }

  func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  mutating func skipSpace() {
    while at < bytes.count, isSpace(bytes[at]) { at += 1 }
  }

  /// The offset behind `word` if it stands here.
  func word(_ word: StaticString) -> Int? {
    var next = at
    for byte in word.description.utf8 {
      guard next < bytes.count, bytes[next] == byte else { return nil }
      next += 1
    }
    return next
  }

  /// The offset of the line feed that ends the line of `offset`, or of the end.
  func endOfLine(_ offset: Int) -> Int {
    var end = offset
    while end < bytes.count, bytes[end] != 0x0a { end += 1 }
    return end
  }

  /// The same, without a carriage return before the line feed.
  func endOfText(_ offset: Int) -> Int {
    let end = endOfLine(offset)
    return end > offset && bytes[end - 1] == 0x0d ? end - 1 : end
  }

  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high, isSpace(bytes[low]) { low += 1 }
    while high > low, isSpace(bytes[high - 1]) { high -= 1 }
    return low..<high
  }

  func first(_ byte: UInt8, in range: Range<Int>) -> Int? {
    for offset in range where bytes[offset] == byte { return offset }
    return nil
  }

  func contains(_ byte: UInt8, _ next: UInt8, in range: Range<Int>) -> Bool {
    for offset in range where bytes[offset] == byte && offset + 1 < range.upperBound && bytes[offset + 1] == next {
      return true
    }
    return false
  }

  func hasControl(_ range: Range<Int>) -> Bool {
    for offset in range where bytes[offset] < 0x20 && bytes[offset] != 0x09 || bytes[offset] == 0x7f { return true }
    return false
  }

  func line(_ offset: Int) -> Int { source.position(of: offset).line }

  func text(_ range: Range<Int>) -> String {
    var copy: [UInt8] = []
    for offset in range { copy.append(bytes[offset]) }
    return String(decoding: copy, as: UTF8.self)
  }

  private func isUTF8(_ range: Range<Int>) -> Bool {
    var isASCII = true
    for offset in range where bytes[offset] >= 0x80 { isASCII = false }
    if isASCII { return true }
    var copy: [UInt8] = []
    copy.reserveCapacity(range.count)
    for offset in range { copy.append(bytes[offset]) }
    return String(validating: copy, as: UTF8.self) != nil
  }
}
