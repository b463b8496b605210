// Whether a run of letters is a word or was thrown by dice: trigrams of letters, and a set of common words.

/// Statistics of words and identifiers, unpacked once.
struct GenericText: Sendable {
  static let shared = GenericText()

  /// How surprising a letter is behind two others, in 2/5 bits; index 729a + 27b + c, 0 for the edge of a word.
  private let surprise: [UInt8]
  /// A Bloom filter of 65,536 bits.
  private let words: [UInt64]

  private init() {
    let table = GenericTables.trigrams
    surprise = (0..<27 * 27 * 27).map { table.byte($0) &- 48 }
    let packed = GenericTables.words
    var words = [UInt64](repeating: 0, count: 1024)
    for index in 0..<packed.utf8CodeUnitCount {
      let six = UInt64(packed.byte(index) &- 48)
      for bit in 0..<6 where six >> UInt64(bit) & 1 == 1 {
        let at = index * 6 + bit
        if at >> 6 < words.count { words[at >> 6] |= 1 << UInt64(at & 63) }
      }
    }
    self.words = words
  }

  private static func letter(_ byte: UInt8) -> Int { Bytes.isLetter(byte) ? Int((byte | 0x20) - 0x60) : 0 }

  /// The mean surprise of the letters in `range`, in hundredths of a bit; 0 without letters. A change from lower to upper
  /// case, and whatever is no letter, is the edge of a word.
  func surprise(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
    var (a, b) = (0, 0)
    var sum = 0
    var count = 0
    var wasLower = false
    for at in range {
      let byte = bytes[at]
      let c = GenericText.letter(byte)
      if wasLower, Bytes.isUpper(byte) { (a, b) = (0, 0) }
      wasLower = Bytes.isLower(byte)
      if c != 0 {
        sum += Int(surprise[a * 729 + b * 27 + c])
        count += 1
      }
      (a, b) = c == 0 ? (0, 0) : (b, c)
    }
    return count == 0 ? 0 : sum * 40 / count
  }

  /// How many letters of `range` belong to common words of four letters and more, taking the longest first, and the
  /// longest such word.
  func cover(_ bytes: Span<UInt8>, _ range: Range<Int>) -> (covered: Int, longest: Int, words: Int) {
    var covered = 0
    var longest = 0
    var count = 0
    var at = range.lowerBound
    while at + 3 < range.upperBound {
      var hash = GenericHash()
      var best = 0
      var place = at
      while place < range.upperBound, place < at + 12, Bytes.isLetter(bytes[place]) {
        hash.add(bytes[place])
        place += 1
        if place - at >= 4, contains(hash.value) { best = place - at }
      }
      covered += best
      longest = max(longest, best)
      count += best > 0 ? 1 : 0
      at += max(1, best)
    }
    return (covered, longest, count)
  }

  func contains(_ hash: UInt32) -> Bool {
    let other = hash &* 0x9e37_79b1 | 1
    for step in 0..<UInt32(6) {
      let bit = Int((hash &+ step &* other) >> 16)
      if words[bit >> 6] >> UInt64(bit & 63) & 1 == 0 { return false }
    }
    return true
  }
}
