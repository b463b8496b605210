// The cheap proofs that come after the pattern: entropy, stop words, the shapes of placeholders. Pure functions of bytes.

/// What can be said of a value by looking at it.
public enum Proofs {
  /// Shannon entropy in bits per byte (0 to 8) of the bytes' own distribution.
  public static func entropy(_ bytes: Span<UInt8>) -> Double {
    var counts = [Int](repeating: 0, count: 256)
    for index in 0..<bytes.count { counts[Int(bytes[index])] += 1 }
    return entropy(of: counts.span, total: bytes.count)
  }

  /// The same, of bytes of which so many are there of each value.
  static func entropy(of counts: Span<Int>, total: Int) -> Double {
    guard total > 0 else { return 0 }
    // Most bytes of a value stand in it once or twice: their terms are worked out once.
    var terms = InlineArray<8, Double>(repeating: -1)
    var sum = 0.0
    for byte in 0..<counts.count where counts[byte] > 0 {
      let count = counts[byte]
      if count < 8, terms[count] >= 0 {
        sum += terms[count]
        continue
      }
      let share = Double(count) / Double(total)
      let term = -(share * logarithm2(share))
      if count < 8 { terms[count] = term }
      sum += term
    }
    return sum
  }

  /// Whether one of the (lower-case) words stands in the bytes, whatever their case.
  public static func holds(anyOf words: [[UInt8]], _ bytes: Span<UInt8>) -> Bool {
    words.contains { word in
      guard !word.isEmpty, word.count <= bytes.count else { return false }
      return (0...bytes.count - word.count).contains { start in
        word.indices.allSatisfy { lowered(bytes[start + $0]) == word[$0] }
      }
    }
  }

  /// Whether the value is one that stands for a value: a word that says so, a template, one character over and over, or
  /// an alphabet in its order.
  public static func isPlaceholder(_ bytes: Span<UInt8>) -> Bool {
    if bytes.count == 0 { return true }
    if holds(anyOf: placeholderWords, bytes) || isTemplate(bytes) { return true }
    var steps = 0
    var repeats = 0
    for index in 1..<max(1, bytes.count) {
      let step = Int(bytes[index]) - Int(bytes[index - 1])
      if step == 0 { repeats += 1 }
      if step == 1 || step == -1 { steps += 1 }
    }
    let most = (bytes.count - 1) * 3 / 5
    return bytes.count >= 8 && (repeats > most || steps > most)
  }

  private static let placeholderWords: [[UInt8]] = [
    "example", "xxxxx", "your_", "your-", "changeme", "change_me", "placeholder", "redacted", "insert_", "insert-",
    "dummy", "replace_", "replaceme", "notreal", "not_a_real", "abcdefgh", "12345678", "01234567", "deadbeef",
    "todo_", "undefined",
  ].map { Array($0.utf8) }

  /// `${X}`, `{{x}}`, `<x>`, `%(x)s`, `$(x)`.
  private static func isTemplate(_ bytes: Span<UInt8>) -> Bool {
    for index in 0..<bytes.count {
      let next = index + 1 < bytes.count ? bytes[index + 1] : 0
      switch bytes[index] {
      case 0x24 where next == 0x7b || next == 0x28: return true
      case 0x7b where next == 0x7b: return true
      case 0x25 where next == 0x28: return true
      default: break
      }
    }
    return bytes.count > 2 && bytes[0] == 0x3c && bytes[bytes.count - 1] == 0x3e
  }

  private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

  /// The binary logarithm by its series: no maths library on this path, and the same bits on every machine.
  private static func logarithm2(_ value: Double) -> Double {
    let exponent = value.exponent
    let m = value.significand
    // ln(m) = 2 artanh((m-1)/(m+1)), with m in 1..<2; nine terms leave an error below 1e-10.
    let z = (m - 1) / (m + 1)
    let square = z * z
    var term = z
    var sum = 0.0
    for odd in stride(from: 1.0, through: 17.0, by: 2.0) {
      sum += term / odd
      term *= square
    }
    return Double(exponent) + 2 * sum * 1.442_695_040_888_963_4
  }
}
