// Object ids computed from content, to check what a store says. A checksum against damage, not a defence against
// forgery; for that SHA-1 is not fit, whoever computes it.

internal import Model

enum ObjectDigest {
  /// The id of an object with this content.
  static func id(_ kind: ObjectKind, _ content: Span<UInt8>, idCount: Int) -> ObjectID {
    let header = Array("\(kind) \(content.count)".utf8) + [0]
    let digest = idCount == 20 ? SHA1.hash(header, content) : SHA2.hash(header, content)
    return ObjectID(digest.span, at: 0, count: idCount)
  }

  /// Hands `prefix`, `content` and the padding that both hashes share to `block`, 64 bytes at a time as big-endian words.
  fileprivate static func forEachBlock(
    _ prefix: [UInt8], _ content: Span<UInt8>, _ block: (borrowing [16 of UInt32]) -> Void
  ) {
    let count = prefix.count + content.count
    let padded = (count + 9 + 63) / 64 * 64
    var words = [16 of UInt32](repeating: 0)
    for start in stride(from: 0, to: padded, by: 64) {
      for index in 0..<16 {
        let at = start + 4 * index
        if at >= prefix.count, at + 4 <= count {
          words[index] = content.bigEndian32(at: at - prefix.count)
          continue
        }
        var word: UInt32 = 0
        for place in at..<(at + 4) {
          let byte: UInt8 =
            if place < prefix.count { prefix[place] } else if place < count {
              content[place - prefix.count]
            } else if place == count { 0x80 } else if place >= padded - 8 {
              UInt8(truncatingIfNeeded: (UInt64(count) * 8) >> UInt64(8 * (padded - 1 - place)))
            } else { 0 }
          word = word << 8 | UInt32(byte)
        }
        words[index] = word
      }
      block(words)
    }
  }

  fileprivate static func bytes(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
  }
}

/// SHA-1 (FIPS 180-4).
private enum SHA1 {
  static func hash(_ prefix: [UInt8], _ content: Span<UInt8>) -> [UInt8] {
    var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
    ObjectDigest.forEachBlock(prefix, content) { block in
      var words = [80 of UInt32](repeating: 0)
      for index in 0..<16 { words[index] = block[index] }
      for index in 16..<80 {
        words[index] = rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1)
      }
      var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
      for index in 0..<80 {
        let (mixed, constant): (UInt32, UInt32) =
          if index < 20 { (b & c | ~b & d, 0x5a82_7999) } else if index < 40 {
            (b ^ c ^ d, 0x6ed9_eba1)
          } else if index < 60 { (b & c | b & d | c & d, 0x8f1b_bcdc) } else { (b ^ c ^ d, 0xca62_c1d6) }
        (a, b, c, d, e) = (rotate(a, 5) &+ mixed &+ e &+ constant &+ words[index], a, rotate(b, 30), c, d)
      }
      state[0] &+= a
      state[1] &+= b
      state[2] &+= c
      state[3] &+= d
      state[4] &+= e
    }
    return ObjectDigest.bytes(state)
  }

  private static func rotate(_ word: UInt32, _ by: UInt32) -> UInt32 { word << by | word >> (32 - by) }
}

/// SHA-256 (FIPS 180-4).
private enum SHA2 {
  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = primes(64).map { fraction(root: 3, of: $0) }
  /// Those of the square roots of the first eight.
  private static let start: [UInt32] = primes(8).map { fraction(root: 2, of: $0) }

  private static func primes(_ count: Int) -> [UInt64] {
    var found: [UInt64] = []
    var next: UInt64 = 2
    while found.count < count {
      if found.allSatisfy({ next % $0 != 0 }) { found.append(next) }
      next += 1
    }
    return found
  }

  /// The root of `prime` times 2 to the power of 32, rounded down; its low word is the fraction.
  private static func fraction(root: Int, of prime: UInt64) -> UInt32 {
    var value: UInt128 = 0
    for bit in (0..<37).reversed() {
      let next = value | 1 << UInt128(bit)
      let power = root == 2 ? next * next : next * next * next
      if power <= UInt128(prime) << UInt128(32 * root) { value = next }
    }
    return UInt32(truncatingIfNeeded: value)
  }

  static func hash(_ prefix: [UInt8], _ content: Span<UInt8>) -> [UInt8] {
    var state = start
    ObjectDigest.forEachBlock(prefix, content) { block in
      var words = [64 of UInt32](repeating: 0)
      for index in 0..<16 { words[index] = block[index] }
      for index in 16..<64 {
        let (low, high) = (words[index - 15], words[index - 2])
        words[index] =
          words[index - 16] &+ (rotate(low, 7) ^ rotate(low, 18) ^ low >> 3) &+ words[index - 7]
          &+ (rotate(high, 17) ^ rotate(high, 19) ^ high >> 10)
      }
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      var (e, f, g, h) = (state[4], state[5], state[6], state[7])
      for index in 0..<64 {
        let first =
          h &+ (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) &+ (e & f ^ ~e & g) &+ constants[index] &+ words[index]
        let second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ (a & b ^ a & c ^ b & c)
        (a, b, c, d, e, f, g, h) = (first &+ second, a, b, c, d &+ first, e, f, g)
      }
      for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= word }
    }
    return ObjectDigest.bytes(state)
  }

  private static func rotate(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }
}
