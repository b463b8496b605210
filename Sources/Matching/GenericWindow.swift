// The bytes round one literal, read without a bound to mind: outside the window every byte is 0.

/// A window of a buffer. Offsets are those of the buffer.
struct GenericWindow: ~Escapable {
  let bytes: Span<UInt8>
  let low: Int
  let high: Int

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, around offset: Int, _ count: Int) {
    self.bytes = bytes
    low = max(0, offset - GenericLimits.bytesBefore)
    high = min(bytes.count, offset + count + GenericLimits.bytesBehind)
  }

  /// The byte there; 0 outside the window.
  subscript(_ at: Int) -> UInt8 {
    at >= low && at < high ? bytes[at] : 0
  }

  /// The first place at or behind `at` that is no space or tab.
  func skipBlanks(_ at: Int, most: Int = 256) -> Int {
    var place = at
    while place < at + most, self[place] == 0x20 || self[place] == 0x09 { place += 1 }
    return place
  }

  /// The same, over at most one end of line.
  func skipBlanksAndBreak(_ at: Int) -> Int {
    var place = skipBlanks(at)
    if self[place] == 0x0d { place += 1 }
    if self[place] == 0x0a { place = skipBlanks(place + 1) }
    return place
  }

  /// Whether `text` (lower case) stands at `at`, in any case.
  func holds(_ text: StaticString, at: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    for offset in 0..<count where Bytes.lowered(self[at + offset]) != text.byte(offset) { return false }
    return true
  }

  /// Where the line of `at` begins, within the window.
  func lineStart(_ at: Int) -> Int {
    var place = min(at, high)
    while place > low, bytes[place - 1] != 0x0a { place -= 1 }
    return place
  }

  /// Where the line of `at` ends, within the window and at most `most` bytes on.
  func lineEnd(_ at: Int, most: Int) -> Int {
    var place = at
    let limit = min(high, at + most)
    while place < limit, bytes[place] != 0x0a { place += 1 }
    return max(place, min(at, high))
  }
}

/// Classes of bytes.
enum Bytes {
  static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
  static func isUpper(_ byte: UInt8) -> Bool { byte &- 0x41 < 26 }
  static func isLower(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 }
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
  static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 0x61 < 6 }
  static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
  /// What a name may be made of: letters, digits, `_`, and any byte of a longer UTF-8 sequence.
  static func isWord(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == 0x5f || byte >= 0x80 }
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
  static func isBreak(_ byte: UInt8) -> Bool { byte == 0x0a || byte == 0x0d || byte == 0 }
  static func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 || byte == 0x60 }
  static func isBase64(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == 0x2b || byte == 0x2f || byte == 0x2d || byte == 0x5f
  }
}

extension StaticString {
  /// The byte there; 0 outside the string.
  func byte(_ at: Int) -> UInt8 {
    guard hasPointerRepresentation, at >= 0, at < utf8CodeUnitCount else { return 0 }
    return unsafe utf8Start[at]
  }
}
