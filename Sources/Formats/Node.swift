// A parsed document: every value with its kind, its span of bytes and its line. Strings stay spans until they are asked
// for, so that parsing a response that holds a new key makes no copy of the key.

public import Secrets

/// The bytes of a document and its name. Wiped when dropped, because a document may hold values.
public final class SourceText: Sendable {
  /// The file's name, or whatever tells people where the bytes came from.
  public let name: String
  private let storage: Secret
  private let lineStarts: [Int]

  /// Copies `bytes`.
  public init(_ bytes: [UInt8], name: String) {
    self.name = name
    storage = Secret(bytes)
    var starts = [0]
    for (offset, byte) in bytes.enumerated() where byte == 0x0a { starts.append(offset + 1) }
    lineStarts = starts
  }

  /// The number of bytes.
  public var count: Int { storage.count }

  /// Lends the bytes.
  public func withBytes<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try storage.withBytes(body)
  }

  /// Line and column (in bytes) of an offset, both counted from 1.
  public func position(of offset: Int) -> (line: Int, column: Int) {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return (low + 1, offset - lineStarts[low] + 1)
  }

  /// An error at an offset.
  public func error(at offset: Int, _ reason: String) -> FormatError {
    let place = position(of: offset)
    return FormatError(file: name, line: place.line, column: place.column, reason: reason)
  }
}

/// What is wrong with a document, and where.
public struct FormatError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The document's name.
  public var file: String
  /// Counted from 1.
  public var line: Int
  /// In bytes, counted from 1.
  public var column: Int
  /// What is wrong.
  public var reason: String

  /// An error as given.
  public init(file: String, line: Int, column: Int, reason: String) {
    self.file = file
    self.line = line
    self.column = column
    self.reason = reason
  }
  /// `file:line:column: reason`.
  public var description: String { "\(file):\(line):\(column): \(reason)" }
}

/// A value in a document.
public struct Node: Sendable {
  /// What kind of value.
  public enum Kind: String, Sendable {
    /// Text.
    case string
    /// A whole number.
    case integer
    /// A number with a fraction or an exponent.
    case float
    /// True or false.
    case boolean
    /// JSON's null.
    case null
    /// A list.
    case array
    /// Keys with values.
    case table
    /// TOML's dates and times, kept as text.
    case dateTime
  }

  enum Content: Sendable {
    /// The bytes between the quotes, and whether they need decoding.
    case text(Range<Int>, escaping: Escaping)
    case integer(Int)
    case float(Double)
    case boolean(Bool)
    case null
    case array([Node])
    case table([Entry])
    case dateTime
  }

  enum Escaping: Sendable {
    case none
    case json
    case toml
  }

  let source: SourceText
  let content: Content
  /// The whole token, quotes and brackets included; for a table of TOML's own headers, its header.
  public let span: Range<Int>

  /// What kind of value.
  public var kind: Kind {
    switch content {
    case .text: .string
    case .integer: .integer
    case .float: .float
    case .boolean: .boolean
    case .null: .null
    case .array: .array
    case .table: .table
    case .dateTime: .dateTime
    }
  }

  /// The line on which the value begins, counted from 1.
  public var line: Int { source.position(of: span.lowerBound).line }

  /// The text; nil for other kinds.
  public var string: String? {
    guard case .text = content else { return nil }
    var bytes = decodedBytes
    defer { wipe(&bytes) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The text as a secret, without a `String` in between; nil for other kinds.
  public var secret: Secret? {
    guard case .text = content else { return nil }
    var bytes = decodedBytes
    defer { wipe(&bytes) }
    return Secret(bytes)
  }

  /// The whole number; nil for other kinds.
  public var integer: Int? {
    if case .integer(let value) = content { value } else { nil }
  }

  /// The number, whole or not; nil for other kinds.
  public var double: Double? {
    switch content {
    case .integer(let value): Double(value)
    case .float(let value): value
    default: nil
    }
  }

  /// True or false; nil for other kinds.
  public var boolean: Bool? {
    if case .boolean(let value) = content { value } else { nil }
  }

  /// The list's values; nil for other kinds.
  public var array: [Node]? {
    if case .array(let values) = content { values } else { nil }
  }

  /// The table's entries in the document's order; nil for other kinds.
  public var entries: [Entry]? {
    if case .table(let entries) = content { entries } else { nil }
  }

  /// The value of a key; the last one where a JSON object repeats it.
  public subscript(_ key: String) -> Node? { entries?.last { $0.key == key }?.value }

  /// The value at a JSON pointer (RFC 6901); the empty pointer is this value.
  public func pointer(_ pointer: String) -> Node? {
    if pointer.isEmpty { return self }
    guard pointer.hasPrefix("/") else { return nil }
    var node = self
    for part in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      let key = part.replacing("~1", with: "/").replacing("~0", with: "~")
      if let list = node.array {
        guard let index = Int(key), list.indices.contains(index) else { return nil }
        node = list[index]
      } else {
        guard let next = node[String(key)] else { return nil }
        node = next
      }
    }
    return node
  }

  /// An error at this value.
  public func error(_ reason: String) -> FormatError { source.error(at: span.lowerBound, reason) }

  private var decodedBytes: [UInt8] {
    guard case .text(let range, let escaping) = content else { return [] }
    return source.withBytes { bytes in
      Escapes.decode(bytes, range, escaping)
    }
  }
}

/// A key with its value.
public struct Entry: Sendable {
  /// The key, decoded.
  public let key: String
  /// The line of the key, counted from 1.
  public let keyLine: Int
  /// The value.
  public let value: Node
}
