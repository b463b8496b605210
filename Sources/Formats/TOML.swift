// A reader of TOML 1.0 that keeps spans: whatever is wrong in a configuration or a rule file has a line.

/// Reads TOML.
public enum TOML {
  /// The document in `bytes`: a table whose values know their lines.
  public static func parse(_ bytes: [UInt8], name: String) throws(FormatError) -> Node {
    let source = SourceText(bytes, name: name)
    if let bad = firstIllFormedByte(bytes) { throw source.error(at: bad, "not UTF-8") }
    return try source.withBytes { (span) throws(FormatError) in
      var parser = TOMLParser(source: source, bytes: span)
      return try parser.document()
    }
  }

  private static func firstIllFormedByte(_ bytes: [UInt8]) -> Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): offset += UTF8.width(scalar)
      case .emptyInput: return nil
      case .error: return min(offset, bytes.count)
      }
    }
  }
}

/// A table while the document is being read.
final class TableBuilder {
  enum Value {
    case node(Node)
    case table(TableBuilder)
    case tables([TableBuilder], at: Range<Int>)
  }

  /// How the table came to be, which decides who may still add to it.
  enum Origin {
    case header
    case implicit
    case dotted
  }

  var origin: Origin
  let span: Range<Int>
  private(set) var keys: [(name: String, line: Int)] = []
  var values: [String: Value] = [:]

  init(_ origin: Origin, at span: Range<Int>) {
    self.origin = origin
    self.span = span
  }

  func set(_ name: String, _ value: Value, line: Int) {
    if values[name] == nil { keys.append((name, line)) }
    values[name] = value
  }

  func node(_ source: SourceText) -> Node {
    let entries = keys.compactMap { key -> Entry? in
      switch values[key.name] {
      case .node(let node): Entry(key: key.name, keyLine: key.line, value: node)
      case .table(let table): Entry(key: key.name, keyLine: key.line, value: table.node(source))
      case .tables(let tables, let span):
        Entry(
          key: key.name, keyLine: key.line,
          value: Node(source: source, content: .array(tables.map { $0.node(source) }), span: span))
      case nil: nil
      }
    }
    return Node(source: source, content: .table(entries), span: span)
  }
}

struct TOMLParser: ~Escapable {
  /// The deepest nesting of values, and the most parts of a dotted key: the parser recurses.
  static let maximumDepth = 64

  let source: SourceText
  let bytes: Span<UInt8>
  var at = 0

  struct Key {
    var name: String
    var span: Range<Int>
  }

  @_lifetime(copy bytes)
  init(source: SourceText, bytes: Span<UInt8>) {
    self.source = source
    self.bytes = bytes
  }

  mutating func document() throws(FormatError) -> Node {
    if bytes.count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf { at = 3 }
    let root = TableBuilder(.header, at: 0..<0)
    var current = root
    while true {
      skipSpaceAndLines()
      guard at < bytes.count else { return root.node(source) }
      if bytes[at] == 0x23 {
        try comment()
      } else if bytes[at] == 0x5b {
        current = try header(root)
        try endOfLine()
      } else {
        try assignment(into: current)
        try endOfLine()
      }
    }
  }

  // MARK: Headers and keys

  private mutating func header(_ root: TableBuilder) throws(FormatError) -> TableBuilder {
    let start = at
    at += 1
    let isList = accept(0x5b)
    skipSpace()
    let path = try keyPath()
    skipSpace()
    guard accept(0x5d), !isList || accept(0x5d) else {
      throw source.error(at: at, "the header is not closed by \(isList ? "]]" : "]")")
    }
    let parent = try descend(root, path.dropLast(), origin: .implicit)
    guard let last = path.last else { throw source.error(at: start, "an empty header") }
    let line = source.position(of: last.span.lowerBound).line
    let table = TableBuilder(.header, at: start..<at)
    if isList {
      switch parent.values[last.name] {
      case nil: parent.set(last.name, .tables([table], at: start..<at), line: line)
      case .tables(let tables, let span): parent.set(last.name, .tables(tables + [table], at: span), line: line)
      default: throw source.error(at: last.span.lowerBound, "\(last.name) is not a list of tables")
      }
      return table
    }
    switch parent.values[last.name] {
    case nil: parent.set(last.name, .table(table), line: line)
    case .table(let existing) where existing.origin == .implicit:
      existing.origin = .header
      return existing
    default: throw source.error(at: last.span.lowerBound, "\(last.name) is defined twice")
    }
    return table
  }

  private func descend(
    _ root: TableBuilder, _ path: ArraySlice<Key>, origin: TableBuilder.Origin
  ) throws(FormatError) -> TableBuilder {
    var table = root
    for key in path {
      switch table.values[key.name] {
      case nil:
        let next = TableBuilder(origin, at: key.span)
        table.set(key.name, .table(next), line: source.position(of: key.span.lowerBound).line)
        table = next
      case .table(let next):
        guard origin == .implicit || next.origin == .dotted else {
          throw source.error(
            at: key.span.lowerBound, "\(key.name) is a table of its own, which a dotted key can't add to")
        }
        table = next
      case .tables(let tables, _):
        guard origin == .implicit, let next = tables.last else {
          throw source.error(at: key.span.lowerBound, "\(key.name) is a list of tables")
        }
        table = next
      case .node: throw source.error(at: key.span.lowerBound, "\(key.name) is a value, not a table")
      }
    }
    return table
  }

  private mutating func assignment(into table: TableBuilder, depth: Int = 0) throws(FormatError) {
    let path = try keyPath()
    skipSpace()
    guard accept(0x3d) else { throw source.error(at: at, "= should follow the key") }
    skipSpace()
    let value = try value(depth: depth)
    guard let last = path.last else { return }
    let target = try descend(table, path.dropLast(), origin: .dotted)
    guard target.values[last.name] == nil else {
      throw source.error(at: last.span.lowerBound, "\(last.name) is defined twice")
    }
    target.set(last.name, .node(value), line: source.position(of: last.span.lowerBound).line)
  }

  private mutating func keyPath() throws(FormatError) -> [Key] {
    var path = [try key()]
    while true {
      let before = at
      skipSpace()
      guard accept(0x2e) else {
        at = before
        return path
      }
      guard path.count < TOMLParser.maximumDepth else { throw source.error(at: at, "a key of too many parts") }
      skipSpace()
      path.append(try key())
    }
  }

  private mutating func key() throws(FormatError) -> Key {
    let start = at
    guard at < bytes.count else { throw source.error(at: at, "a key should begin here") }
    if bytes[at] == 0x22 || bytes[at] == 0x27 {
      if isTriple(bytes[at]) { throw source.error(at: at, "a key can't be a multi-line string") }
      let node = try string()
      return Key(name: node.string ?? "", span: start..<at)
    }
    while at < bytes.count, isBare(bytes[at]) { at += 1 }
    guard at > start else { throw source.error(at: at, "a key should begin here") }
    return Key(name: text(start..<at), span: start..<at)
  }

  // MARK: Values

  private mutating func value(depth: Int) throws(FormatError) -> Node {
    guard depth < TOMLParser.maximumDepth else {
      throw source.error(at: at, "nested deeper than \(TOMLParser.maximumDepth) levels")
    }
    guard at < bytes.count else { throw source.error(at: at, "a value should begin here") }
    switch bytes[at] {
    case 0x22, 0x27: return try string()
    case 0x5b: return try list(depth: depth)
    case 0x7b: return try inlineTable(depth: depth)
    default: return try scalar()
    }
  }

  private mutating func list(depth: Int) throws(FormatError) -> Node {
    let start = at
    at += 1
    var values: [Node] = []
    while true {
      try skipSpaceLinesAndComments()
      if accept(0x5d) { break }
      values.append(try value(depth: depth + 1))
      try skipSpaceLinesAndComments()
      if accept(0x5d) { break }
      guard accept(0x2c) else { throw source.error(at: at, "a comma or ] should follow") }
    }
    return Node(source: source, content: .array(values), span: start..<at)
  }

  private mutating func inlineTable(depth: Int) throws(FormatError) -> Node {
    let start = at
    at += 1
    let table = TableBuilder(.header, at: start..<start)
    skipSpace()
    if !accept(0x7d) {
      while true {
        skipSpace()
        try assignment(into: table, depth: depth + 1)
        skipSpace()
        if accept(0x7d) { break }
        guard accept(0x2c) else { throw source.error(at: at, "a comma or } should follow") }
      }
    }
    guard case .table(let entries) = table.node(source).content else { throw source.error(at: start, "no table") }
    return Node(source: source, content: .table(entries), span: start..<at)
  }

  // MARK: Small things

  func text(_ range: Range<Int>) -> String {
    var scalars = String.UnicodeScalarView()
    for offset in range { scalars.append(Unicode.Scalar(bytes[offset])) }
    return String(scalars)
  }

  private func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f, 0x2d: true
    default: false
    }
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
  }

  private mutating func skipSpaceAndLines() {
    while at < bytes.count {
      let byte = bytes[at]
      let isLineEnd = byte == 0x0a || byte == 0x0d && at + 1 < bytes.count && bytes[at + 1] == 0x0a
      guard byte == 0x20 || byte == 0x09 || isLineEnd else { return }
      at += 1
    }
  }

  private mutating func skipSpaceLinesAndComments() throws(FormatError) {
    while true {
      skipSpaceAndLines()
      guard at < bytes.count, bytes[at] == 0x23 else { return }
      try comment()
    }
  }

  private mutating func comment() throws(FormatError) {
    while at < bytes.count, bytes[at] != 0x0a {
      let byte = bytes[at]
      if byte == 0x0d && at + 1 < bytes.count && bytes[at + 1] == 0x0a { return }
      guard byte >= 0x20 && byte != 0x7f || byte == 0x09 else {
        throw source.error(at: at, "a control character in a comment")
      }
      at += 1
    }
  }

  private mutating func endOfLine() throws(FormatError) {
    skipSpace()
    if at < bytes.count, bytes[at] == 0x23 { try comment() }
    let atLineEnd =
      at >= bytes.count || bytes[at] == 0x0a || bytes[at] == 0x0d && at + 1 < bytes.count && bytes[at + 1] == 0x0a
    guard atLineEnd else { throw source.error(at: at, "something follows the value on its line") }
  }

  private mutating func accept(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }
}
