// Text in units of two or four bytes: recognised by its mark or by its zeroes, and read as UTF-8.

internal import Model

/// A form of wide text.
struct WideText: Equatable {
  /// Bytes in a unit: 2 or 4.
  var width: Int
  var isBigEndian: Bool
  /// Bytes of the mark at the beginning.
  var mark = 0

  var decoder: Decoder { width == 2 ? .utf16 : .utf32 }

  /// How much of a buffer is looked at to tell its form.
  private static let sampleBytes = 4_096
  /// Shorter buffers are not taken for wide text without a mark.
  private static let minimumBytes = 16

  /// The form of a whole buffer; nil for bytes.
  static func form(of bytes: Span<UInt8>) -> WideText? {
    guard bytes.count >= 4 else { return nil }
    switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
    case (0xff, 0xfe, 0, 0): return WideText(width: 4, isBigEndian: false, mark: 4)
    case (0, 0, 0xfe, 0xff): return WideText(width: 4, isBigEndian: true, mark: 4)
    case (0xff, 0xfe, _, _): return WideText(width: 2, isBigEndian: false, mark: 2)
    case (0xfe, 0xff, _, _): return WideText(width: 2, isBigEndian: true, mark: 2)
    default: break
    }
    // One of the first two units of wide text without a mark is ASCII, nearly always; bytes without a zero end here.
    guard bytes.count >= minimumBytes, (0..<8).contains(where: { bytes[$0] == 0 }) else { return nil }
    return guess(bytes)
  }

  private static func guess(_ bytes: Span<UInt8>) -> WideText? {
    var zeroes = [0, 0, 0, 0]
    let count = min(bytes.count, sampleBytes) & ~3
    for index in 0..<count where bytes[index] == 0 { zeroes[index & 3] += 1 }
    let units = count / 4
    func are(_ places: [Int], _ share: Int) -> Bool { places.allSatisfy { zeroes[$0] * 10 >= units * share } }
    func areNot(_ places: [Int]) -> Bool { places.allSatisfy { zeroes[$0] * 20 <= units } }
    if are([1, 2, 3], 7) && areNot([0]) { return WideText(width: 4, isBigEndian: false) }
    if are([0, 1, 2], 7) && areNot([3]) { return WideText(width: 4, isBigEndian: true) }
    if are([1, 3], 6) && areNot([0, 2]) { return WideText(width: 2, isBigEndian: false) }
    if are([0, 2], 6) && areNot([1, 3]) { return WideText(width: 2, isBigEndian: true) }
    return nil
  }

  /// The text of the bytes in a range, which begins with a unit. Halves of characters become U+FFFD; bytes that make no
  /// whole unit at the end are left out.
  func decode(_ range: Range<Int>, in bytes: Span<UInt8>, into text: inout DecodedText) {
    var at = range.lowerBound
    while at + width <= range.upperBound {
      let unit = unit(at, bytes)
      if width == 2, unit & 0xfc00 == 0xd800, at + 4 <= range.upperBound {
        let low = self.unit(at + 2, bytes)
        if low & 0xfc00 == 0xdc00 {
          text.append(scalar: 0x10000 + (unit & 0x3ff) << 10 + (low & 0x3ff), origin: at, width: 4)
          at += 4
          continue
        }
      }
      text.append(scalar: unit, origin: at, width: width)
      at += width
    }
  }

  private func unit(_ at: Int, _ bytes: Span<UInt8>) -> UInt32 {
    var value: UInt32 = 0
    for offset in 0..<width {
      value = value << 8 | UInt32(bytes[at + (isBigEndian ? offset : width - 1 - offset)])
    }
    return value
  }
}
