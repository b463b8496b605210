// Base64 with padding (RFC 4648, section 4), as Kubernetes and most services write it.

/// Base64 with padding.
public enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The bytes; nil for anything but whole groups of the standard alphabet, padded at the end.
  public static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 4 * 3)
    var at = 0
    while at < text.count {
      var group = 0
      var padding = 0
      for offset in 0..<4 {
        let byte = text[at + offset]
        if byte == 0x3d && at + 4 == text.count && offset >= 2 {
          padding += 1
          group <<= 6
        } else {
          guard padding == 0, let digit = value(byte) else { return nil }
          group = group << 6 | digit
        }
      }
      for shift in [16, 8, 0].prefix(3 - padding) { result.append(UInt8(truncatingIfNeeded: group >> shift)) }
      at += 4
    }
    return result
  }

  /// The text of some bytes.
  public static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 3 * 4 + 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var group = 0
      for offset in 0..<3 { group = group << 8 | (offset < count ? Int(bytes[start + offset]) : 0) }
      for place in 0..<4 { text.append(place <= count ? alphabet[group >> (18 - 6 * place) & 63] : 0x3d) }
    }
    return text
  }

  private static func value(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x41...0x5a: Int(byte) - 0x41
    case 0x61...0x7a: Int(byte) - 0x61 + 26
    case 0x30...0x39: Int(byte) - 0x30 + 52
    case 0x2b: 62
    case 0x2f: 63
    default: nil
    }
  }
}
