// Sets of bytes.

/// Some of the 256 bytes.
struct ByteSet: Hashable, Sendable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  init() {}

  /// The words folded into one: enough to tell sets apart in a table, and far cheaper than hashing all of them.
  var digest: UInt64 {
    let low = words.0 &* 0x9e37_79b9_7f4a_7c15 ^ words.1
    return (low &* 0xbf58_476d_1ce4_e5b9 ^ words.2) &* 0x94d0_49bb_1331_11eb ^ words.3
  }

  init(_ bytes: some Sequence<UInt8>) { for byte in bytes { insert(byte) } }

  /// The whole of a range.
  init(_ range: ClosedRange<UInt8>) { self.init(Array(range)) }

  /// The set of these bits, byte 0 first.
  init(packedWords: (UInt64, UInt64, UInt64, UInt64)) { words = packedWords }

  /// The bits, byte 0 first.
  var packedWords: [UInt64] { [words.0, words.1, words.2, words.3] }

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool {
    let word = byte < 128 ? (byte < 64 ? words.0 : words.1) : (byte < 192 ? words.2 : words.3)
    return word &>> UInt64(byte & 63) & 1 == 1
  }

  mutating func insert(_ byte: UInt8) {
    let bit = UInt64(1) << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: words.0 |= bit
    case 1: words.1 |= bit
    case 2: words.2 |= bit
    default: words.3 |= bit
    }
  }

  mutating func formUnion(_ other: ByteSet) {
    words.0 |= other.words.0
    words.1 |= other.words.1
    words.2 |= other.words.2
    words.3 |= other.words.3
  }

  /// All bytes but these.
  var complement: ByteSet {
    var result = ByteSet()
    result.words = (~words.0, ~words.1, ~words.2, ~words.3)
    return result
  }

  /// These, and letters of theirs in the other case.
  var anyCase: ByteSet {
    var result = self
    for letter in UInt8(0x61)...0x7a where contains(letter) || contains(letter - 0x20) {
      result.insert(letter)
      result.insert(letter - 0x20)
    }
    return result
  }

  func isSubset(of other: ByteSet) -> Bool {
    words.0 & ~other.words.0 | words.1 & ~other.words.1 | words.2 & ~other.words.2 | words.3 & ~other.words.3 == 0
  }

  static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }

  func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }

  static let digits = ByteSet(0x30...0x39)
  static let word = ByteSet(Array(0x30...0x39) + Array(0x41...0x5a) + Array(0x61...0x7a) + [0x5f])
  static let space = ByteSet([9, 10, 11, 12, 13, 32])
}
