// Writes JSON that is the same each time: members in the order given, two spaces of indent, everything escaped that needs it.

/// Appends JSON to a buffer. Begin and end calls must pair; commas and indents are its own business.
public struct JSONWriter {
  /// The document so far.
  public private(set) var bytes: [UInt8] = []
  private let indent: Int
  private var isEmpty: [Bool] = []
  private var afterKey = false

  /// A writer; an `indent` of 0 puts the whole document on one line.
  public init(indent: Int = 2) { self.indent = indent }

  /// Writes `{`, what `body` writes, and `}`.
  public mutating func object(_ body: (inout JSONWriter) -> Void) { nested(0x7b, 0x7d, body) }

  /// Writes `[`, what `body` writes, and `]`.
  public mutating func array(_ body: (inout JSONWriter) -> Void) { nested(0x5b, 0x5d, body) }

  /// Writes a member's name; its value must follow.
  public mutating func key(_ name: String) {
    separate()
    quote(name.utf8)
    bytes.append(0x3a)
    if indent > 0 { bytes.append(0x20) }
    afterKey = true
  }

  /// Writes a member: its name, and what `value` writes, which must be one value.
  public mutating func member(_ name: String, _ value: (inout JSONWriter) -> Void) {
    key(name)
    value(&self)
  }

  /// A string, or null.
  public mutating func string(_ value: String?) {
    separate()
    if let value { quote(value.utf8) } else { bytes.append(contentsOf: "null".utf8) }
  }

  /// A string of bytes that ought to be UTF-8; what is not becomes U+FFFD.
  public mutating func string(utf8 value: [UInt8]) { string(String(decoding: value, as: UTF8.self)) }

  /// A whole number, or null.
  public mutating func integer(_ value: Int?) {
    separate()
    bytes.append(contentsOf: (value.map { "\($0)" } ?? "null").utf8)
  }

  /// A number; what is not finite becomes null.
  public mutating func double(_ value: Double) {
    separate()
    bytes.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
  }

  /// True or false.
  public mutating func boolean(_ value: Bool) {
    separate()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  /// Null.
  public mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  /// Ends a document that is a file: a line feed.
  public mutating func endLine() { bytes.append(0x0a) }

  private mutating func nested(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
    separate()
    bytes.append(open)
    isEmpty.append(true)
    body(&self)
    let wasEmpty = isEmpty.removeLast()
    if !wasEmpty { newLine() }
    bytes.append(close)
  }

  private mutating func separate() {
    if afterKey {
      afterKey = false
      return
    }
    guard let last = isEmpty.indices.last else { return }
    if !isEmpty[last] { bytes.append(0x2c) }
    isEmpty[last] = false
    newLine()
  }

  private mutating func newLine() {
    guard indent > 0 else { return }
    bytes.append(0x0a)
    bytes.append(contentsOf: repeatElement(0x20, count: indent * isEmpty.count))
  }

  private mutating func quote(_ text: String.UTF8View) {
    let digits = Array("0123456789abcdef".utf8)
    bytes.append(0x22)
    for byte in text {
      switch byte {
      case 0x22, 0x5c: bytes.append(contentsOf: [0x5c, byte])
      case 0x0a: bytes.append(contentsOf: "\\n".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0x0d: bytes.append(contentsOf: "\\r".utf8)
      case 0..<0x20, 0x7f:
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(contentsOf: [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
  }
}
