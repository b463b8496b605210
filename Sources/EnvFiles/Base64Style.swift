// Base64 as it stands inside values: either alphabet, with or without padding, written back in the style it was found in.

internal import Secrets

/// How a stretch of base64 is written.
struct Base64Style: Equatable {
  /// `-` and `_` instead of `+` and `/`.
  var isURLSafe: Bool
  /// Whether `=` fills the last group.
  var isPadded: Bool

  private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let urlSafe = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// The digits of `value` when `lead` other bytes stand before it in its first group, without those that depend on
  /// what stands before and behind it.
  static func core(of value: Secret, lead: Int, isURLSafe: Bool) -> Secret {
    var padded = [UInt8](repeating: 0, count: lead)
    padded.reserveCapacity(lead + value.count)
    value.withBytes { bytes in
      for index in bytes.indices { padded.append(bytes[index]) }
    }
    defer { wipe(&padded) }
    var digits = digits(padded.span, isURLSafe ? urlSafe : standard)
    defer { wipe(&digits) }
    // Eight bits a byte, six a digit: the first whole digit, and the last.
    let first = (lead * 8 + 5) / 6
    let last = padded.count * 8 / 6
    return Secret(copying: digits.span.extracting(min(first, last)..<last))
  }

  /// The bytes of digits without padding; nil where they are none.
  func decode(_ text: Span<UInt8>) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 4 * 3 + 3)
    var group = 0
    var bits = 0
    for index in text.indices {
      guard let digit = Base64Style.digit(text[index]) else { return nil }
      group = (group << 6 | digit) & 0xffff
      bits += 6
      if bits >= 8 {
        bits -= 8
        result.append(UInt8(truncatingIfNeeded: group >> bits))
      }
    }
    // Bits that stand for nothing must be nothing, or writing it again would change more than the key.
    return group & ((1 << bits) - 1) == 0 ? result : nil
  }

  func encode(_ value: Secret) -> Secret {
    value.withBytes { bytes in
      var text = Base64Style.digits(bytes, isURLSafe ? Base64Style.urlSafe : Base64Style.standard)
      defer { wipe(&text) }
      if isPadded { while text.count % 4 != 0 { text.append(0x3d) } }
      return Secret(text)
    }
  }

  private static func digits(_ bytes: Span<UInt8>, _ alphabet: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 3 * 4 + 8)
    var group = 0
    var bits = 0
    for index in bytes.indices {
      group = (group << 8 | Int(bytes[index])) & 0xffff
      bits += 8
      while bits >= 6 {
        bits -= 6
        text.append(alphabet[group >> bits & 63])
      }
    }
    if bits > 0 { text.append(alphabet[group << (6 - bits) & 63]) }
    return text
  }

  static func digit(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x41...0x5a: Int(byte) - 0x41
    case 0x61...0x7a: Int(byte) - 0x61 + 26
    case 0x30...0x39: Int(byte) - 0x30 + 52
    case 0x2b, 0x2d: 62
    case 0x2f, 0x5f: 63
    default: nil
    }
  }
}

/// A stretch of base64 digits in a longer text.
struct Base64Run {
  let digits: Range<Int>
  /// Behind the padding.
  let upperBound: Int
  private let isURLSafe: Bool
  /// Where it may begin: at its first digit, or behind a slash.
  let starts: [Int]

  private static let maximumDigits = 1 << 20

  /// The longest stretch round `hit`; nil where it mixes the alphabets.
  init?(around hit: Range<Int>, in bytes: Span<UInt8>) {
    var low = hit.lowerBound
    while low > 0, Base64Style.digit(bytes[low - 1]) != nil { low -= 1 }
    var high = hit.upperBound
    while high < bytes.count, Base64Style.digit(bytes[high]) != nil { high += 1 }
    guard high - low <= Base64Run.maximumDigits else { return nil }
    var end = high
    while end < bytes.count, end < high + 2, bytes[end] == 0x3d { end += 1 }
    var starts = [low]
    var (hasStandard, hasURLSafe) = (false, false)
    for index in low..<high {
      // A slash before the hit may be the end of a URL's part.
      if bytes[index] == 0x2f, index < hit.lowerBound { starts.append(index + 1) }
      if bytes[index] == 0x2b || (bytes[index] == 0x2f && index >= hit.lowerBound) { hasStandard = true }
      if bytes[index] == 0x2d || bytes[index] == 0x5f { hasURLSafe = true }
    }
    guard !(hasStandard && hasURLSafe) else { return nil }
    digits = low..<high
    upperBound = end
    isURLSafe = hasURLSafe
    self.starts = starts.suffix(8)
  }

  /// How it is written if it begins at `start`; nil where the padding does not fit.
  func style(from start: Int) -> Base64Style? {
    let count = digits.upperBound - start
    let padding = upperBound - digits.upperBound
    if padding > 0 { return (count + padding) % 4 == 0 ? Base64Style(isURLSafe: isURLSafe, isPadded: true) : nil }
    // Where the length does not tell: the standard alphabet is padded nearly everywhere, the other one seldom.
    return Base64Style(isURLSafe: isURLSafe, isPadded: count % 4 == 0 && !isURLSafe)
  }
}
