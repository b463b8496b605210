// The names of things: objects, rules, paths.

internal import Secrets

/// The id of an object in a git repository: 20 bytes (SHA-1) or 32 (SHA-256).
public struct ObjectID: Hashable, Comparable, Sendable, CustomStringConvertible {
  // Big-endian words, so that comparing words compares bytes; unused words are zero.
  private let a: UInt64
  private let b: UInt64
  private let c: UInt64
  private let d: UInt64
  /// The number of bytes: 20 or 32.
  public let count: Int

  /// The id held by exactly 20 or 32 bytes; nil for any other number.
  public init?(_ bytes: Span<UInt8>) {
    guard bytes.count == 20 || bytes.count == 32 else { return nil }
    self.init(bytes, at: 0, count: bytes.count)
  }

  /// The id held by the `count` (20 or 32) bytes at `offset`; traps if they are not there, so check first.
  public init(_ bytes: Span<UInt8>, at offset: Int, count: Int) {
    precondition((count == 20 || count == 32) && offset >= 0 && offset <= bytes.count - count)
    func word(_ at: Int, _ width: Int) -> UInt64 {
      var value: UInt64 = 0
      for index in 0..<width { value |= UInt64(bytes[offset + at + index]) << UInt64(56 - 8 * index) }
      return value
    }
    a = word(0, 8)
    b = word(8, 8)
    c = word(16, count == 20 ? 4 : 8)
    d = count == 20 ? 0 : word(24, 8)
    self.count = count
  }

  /// The id written as 40 or 64 hex digits of either case.
  public init?(hex: some Collection<UInt8>) {
    guard let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes.span)
  }

  /// The id written as 40 or 64 hex digits of either case.
  public init?(hex: String) { self.init(hex: hex.utf8) }

  /// The id's bytes.
  public var bytes: [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(32)
    for word in [a, b, c, d] {
      for shift in stride(from: 56, through: 0, by: -8) { all.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
    }
    return Array(all.prefix(count))
  }

  /// Lower-case hex.
  public var description: String { Hex.encode(bytes) }
  /// The first ten hex digits, for people.
  public var short: String { String(description.prefix(10)) }
  /// The bytes as big-endian words, filled up with zeros. As good as random where nobody chose the id.
  public var words: (UInt64, UInt64, UInt64, UInt64) { (a, b, c, d) }

  /// The id of these words; `count` is 20 or 32, and what lies beyond that many bytes must be zero.
  public init(words: (UInt64, UInt64, UInt64, UInt64), count: Int) {
    (a, b, c, d) = words
    self.count = count
  }
  /// Whether every byte is zero: git's "no object".
  public var isZero: Bool { a | b | c | d == 0 }

  /// Byte order.
  public static func < (left: ObjectID, right: ObjectID) -> Bool {
    (left.a, left.b, left.c, left.d) < (right.a, right.b, right.c, right.d)
  }

  /// The first word is as good as random already.
  public func hash(into hasher: inout Hasher) { hasher.combine(a) }
}

/// The name of a detection rule, such as `github-pat`: lower-case words joined by hyphens.
public struct RuleID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The name as written in the rule file.
  public let rawValue: String
  /// Takes any text; `keywright rules check` insists on the form.
  public init(rawValue: String) { self.rawValue = rawValue }
  /// Takes any text.
  public init(_ text: String) { rawValue = text }
  /// The name.
  public var description: String { rawValue }
  /// Alphabetical.
  public static func < (left: RuleID, right: RuleID) -> Bool { left.rawValue < right.rawValue }
}

/// A path as git stores it: bytes, usually but not always UTF-8, with `/` between parts.
public struct BytePath: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The bytes as stored.
  public let bytes: [UInt8]
  /// Takes any bytes.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }
  /// The text's UTF-8.
  public init(_ text: String) { bytes = Array(text.utf8) }
  /// The path as text; ill-formed UTF-8 is replaced, so this is for showing, not for opening.
  public var description: String { String(decoding: bytes, as: UTF8.self) }
  /// Whether ``description`` loses nothing.
  public var isUTF8: Bool { String(validating: bytes, as: UTF8.self) != nil }
  /// This path, a slash, and one more part.
  public func appending(_ part: some Sequence<UInt8>) -> BytePath {
    BytePath(bytes.isEmpty ? Array(part) : bytes + [0x2f] + part)
  }
  /// Byte order.
  public static func < (left: BytePath, right: BytePath) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}
