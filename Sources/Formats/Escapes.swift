// Decodes the inside of JSON and TOML strings, whose escapes the parsers have checked already.

/// Escape sequences of JSON and TOML.
public enum Escapes {
  static func decode(_ bytes: Span<UInt8>, _ range: Range<Int>, _ escaping: Node.Escaping) -> [UInt8] {
    var result: [UInt8] = []
    // One reservation: growing would leave unwiped copies of a value behind.
    result.reserveCapacity(range.count)
    var at = range.lowerBound
    while at < range.upperBound {
      let byte = bytes[at]
      guard byte == 0x5c, escaping != .none, at + 1 < range.upperBound else {
        result.append(byte)
        at += 1
        continue
      }
      at = appendEscape(bytes, at: at + 1, end: range.upperBound, to: &result)
    }
    return result
  }

  /// Appends what the escape whose letter stands at `at` means; returns the offset behind it.
  private static func appendEscape(_ bytes: Span<UInt8>, at: Int, end: Int, to result: inout [UInt8]) -> Int {
    switch bytes[at] {
    case 0x62: result.append(0x08)
    case 0x74: result.append(0x09)
    case 0x6e: result.append(0x0a)
    case 0x66: result.append(0x0c)
    case 0x72: result.append(0x0d)
    case 0x65: result.append(0x1b)
    case 0x75: return appendScalar(bytes, at: at + 1, digits: 4, end: end, to: &result)
    case 0x55: return appendScalar(bytes, at: at + 1, digits: 8, end: end, to: &result)
    case 0x20, 0x09, 0x0a, 0x0d:
      // TOML's line-ending backslash: white space up to the next character is not part of the text.
      var next = at
      while next < end, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[next]) { next += 1 }
      return next
    case let other: result.append(other)
    }
    return at + 1
  }

  private static func appendScalar(
    _ bytes: Span<UInt8>, at: Int, digits: Int, end: Int, to result: inout [UInt8]
  ) -> Int {
    guard let first = number(bytes, at: at, digits: digits, end: end) else { return end }
    var value = first
    var next = at + digits
    if (0xd800..<0xdc00).contains(value), next + 2 <= end, bytes[next] == 0x5c, bytes[next + 1] == 0x75,
      let low = number(bytes, at: next + 2, digits: 4, end: end), (0xdc00..<0xe000).contains(low)
    {
      value = 0x10000 + (value - 0xd800) << 10 + (low - 0xdc00)
      next += 6
    }
    // A surrogate without its other half is no character.
    result.append(contentsOf: Array(String(Unicode.Scalar(value) ?? "\u{fffd}").utf8))
    return next
  }

  /// The hex number of `digits` digits at `at`; nil where they are not all there.
  public static func number(_ bytes: Span<UInt8>, at: Int, digits: Int, end: Int) -> UInt32? {
    guard at + digits <= end else { return nil }
    var value: UInt32 = 0
    for offset in at..<at + digits {
      let digit: UInt8
      switch bytes[offset] {
      case let byte where (0x30...0x39).contains(byte): digit = byte - 0x30
      case let byte where (0x41...0x46).contains(byte): digit = byte - 0x41 + 10
      case let byte where (0x61...0x66).contains(byte): digit = byte - 0x61 + 10
      default: return nil
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
