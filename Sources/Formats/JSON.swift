// A reader of JSON (RFC 8259) that keeps spans. It refuses what the RFC does not allow, and nesting beyond a limit.

/// Reads JSON.
public enum JSON {
  /// The document in `bytes`.
  ///
  /// - Parameters:
  ///   - bytes: the whole document, UTF-8; a byte order mark is passed over.
  ///   - name: what errors call it.
  ///   - maximumDepth: how deep lists and objects may nest; at most 512 are ever allowed, as the parser recurses.
  public static func parse(_ bytes: [UInt8], name: String, maximumDepth: Int = 512) throws(FormatError) -> Node {
    let source = SourceText(bytes, name: name)
    return try source.withBytes { (span) throws(FormatError) in
      var parser = JSONParser(source: source, bytes: span, maximumDepth: min(maximumDepth, 512))
      return try parser.document()
    }
  }
}

private struct JSONParser: ~Escapable {
  let source: SourceText
  let bytes: Span<UInt8>
  let maximumDepth: Int
  var at = 0

  @_lifetime(copy bytes)
  init(source: SourceText, bytes: Span<UInt8>, maximumDepth: Int) {
    self.source = source
    self.bytes = bytes
    self.maximumDepth = maximumDepth
  }

  mutating func document() throws(FormatError) -> Node {
    if bytes.count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf { at = 3 }
    skipSpace()
    let node = try value(depth: 0)
    skipSpace()
    guard at == bytes.count else { throw source.error(at: at, "something follows the end of the document") }
    return node
  }

  private mutating func value(depth: Int) throws(FormatError) -> Node {
    guard depth < maximumDepth else { throw source.error(at: at, "nested deeper than \(maximumDepth) levels") }
    guard at < bytes.count else { throw source.error(at: at, "the document ends where a value should be") }
    switch bytes[at] {
    case 0x7b: return try object(depth: depth)
    case 0x5b: return try list(depth: depth)
    case 0x22: return try string()
    case 0x74: return try word("true", .boolean(true))
    case 0x66: return try word("false", .boolean(false))
    case 0x6e: return try word("null", .null)
    case 0x2d, 0x30...0x39: return try number()
    default: throw source.error(at: at, "a value should begin here")
    }
  }

  private mutating func object(depth: Int) throws(FormatError) -> Node {
    let start = at
    at += 1
    var entries: [Entry] = []
    skipSpace()
    if accept(0x7d) { return node(.table(entries), from: start) }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == 0x22 else { throw source.error(at: at, "a key in quotes should begin here") }
      let keyLine = source.position(of: at).line
      let key = try string().string ?? ""
      skipSpace()
      guard accept(0x3a) else { throw source.error(at: at, "a colon should follow the key") }
      skipSpace()
      entries.append(Entry(key: key, keyLine: keyLine, value: try value(depth: depth + 1)))
      skipSpace()
      if accept(0x7d) { return node(.table(entries), from: start) }
      guard accept(0x2c) else { throw source.error(at: at, "a comma or } should follow") }
    }
  }

  private mutating func list(depth: Int) throws(FormatError) -> Node {
    let start = at
    at += 1
    var values: [Node] = []
    skipSpace()
    if accept(0x5d) { return node(.array(values), from: start) }
    while true {
      skipSpace()
      values.append(try value(depth: depth + 1))
      skipSpace()
      if accept(0x5d) { return node(.array(values), from: start) }
      guard accept(0x2c) else { throw source.error(at: at, "a comma or ] should follow") }
    }
  }

  private mutating func string() throws(FormatError) -> Node {
    let start = at
    at += 1
    var escaped = false
    while at < bytes.count {
      switch bytes[at] {
      case 0x22:
        at += 1
        return node(.text(start + 1..<at - 1, escaping: escaped ? .json : .none), from: start)
      case 0x5c:
        escaped = true
        try escape()
      case 0..<0x20: throw source.error(at: at, "a control character in a string must be escaped")
      default: at += 1
      }
    }
    throw source.error(at: start, "a string is not closed")
  }

  private mutating func escape() throws(FormatError) {
    guard at + 1 < bytes.count else { throw source.error(at: at, "a string is not closed") }
    switch bytes[at + 1] {
    case 0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74: at += 2
    case 0x75:
      guard Escapes.number(bytes, at: at + 2, digits: 4, end: bytes.count) != nil else {
        throw source.error(at: at, "\\u must be followed by four hex digits")
      }
      at += 6
    default: throw source.error(at: at, "an unknown escape")
    }
  }

  private mutating func word(_ text: StaticString, _ content: Node.Content) throws(FormatError) -> Node {
    let start = at
    for expected in "\(text)".utf8 {
      guard at < bytes.count, bytes[at] == expected else { throw source.error(at: start, "a value should begin here") }
      at += 1
    }
    return node(content, from: start)
  }

  private mutating func number() throws(FormatError) -> Node {
    let start = at
    _ = accept(0x2d)
    let digits = at
    skipDigits()
    guard at > digits, bytes[digits] != 0x30 || at == digits + 1 else {
      throw source.error(at: start, "a malformed number")
    }
    var isWhole = true
    if accept(0x2e) {
      isWhole = false
      let fraction = at
      skipDigits()
      guard at > fraction else { throw source.error(at: start, "a malformed number") }
    }
    if at < bytes.count, bytes[at] | 0x20 == 0x65 {
      isWhole = false
      at += 1
      if !accept(0x2b) { _ = accept(0x2d) }
      let exponent = at
      skipDigits()
      guard at > exponent else { throw source.error(at: start, "a malformed number") }
    }
    var text = ""
    for offset in start..<at { text.unicodeScalars.append(Unicode.Scalar(bytes[offset])) }
    if isWhole, let value = Int(text) { return node(.integer(value), from: start) }
    guard let value = Double(text), value.isFinite else { throw source.error(at: start, "a number too large to hold") }
    return node(.float(value), from: start)
  }

  private mutating func skipDigits() {
    while at < bytes.count, (0x30...0x39).contains(bytes[at]) { at += 1 }
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0a || bytes[at] == 0x0d || bytes[at] == 0x09 { at += 1 }
  }

  private mutating func accept(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private func node(_ content: Node.Content, from start: Int) -> Node {
    Node(source: source, content: content, span: start..<at)
  }
}
