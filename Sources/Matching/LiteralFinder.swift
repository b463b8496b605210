// Finds which of a thousand literals stand where, in one pass over the bytes. Built from the literals in well under a
// millisecond, so that a hook pays nothing for it at its start.
//
// Every position's three bytes, folded to one case, are hashed into a bitmap that fits the first-level cache. A literal is
// entered under its rarest three bytes only. What passes is compared in full. Reads stay inside the span: the loop ends
// three bytes before its end.

/// One literal of one rule.
struct Literal: Hashable {
  var bytes: [UInt8]
  var ignoresCase: Bool
  var rule: Int
}

@safe struct LiteralFinder: Sendable {
  private static let hashBits = 16
  /// The shortest literal that can be found.
  static let minimumBytes = 3

  private struct Slot: Sendable {
    var start: Int
    var count: Int
    var anchor: Int
    var rule: Int
    var ignoresCase: Bool
  }

  private var filter = [UInt64](repeating: 0, count: 1 << (LiteralFinder.hashBits - 6))
  private var bucketStarts = [Int32](repeating: 0, count: 1 << LiteralFinder.hashBits + 1)
  private var slots: [Slot] = []
  private var pool: [UInt8] = []

  /// Literals shorter than ``minimumBytes`` are left out: the rule checker refuses them.
  init(_ literals: [Literal]) {
    var byHash: [(hash: Int, slot: Slot)] = []
    for literal in Set(literals) where literal.bytes.count >= LiteralFinder.minimumBytes {
      let anchor = LiteralFinder.rarest(literal.bytes)
      let hash = LiteralFinder.hash(literal.bytes[anchor], literal.bytes[anchor + 1], literal.bytes[anchor + 2])
      let slot = Slot(
        start: pool.count, count: literal.bytes.count, anchor: anchor, rule: literal.rule,
        ignoresCase: literal.ignoresCase)
      pool.append(contentsOf: literal.ignoresCase ? literal.bytes.map(LiteralFinder.lowered) : literal.bytes)
      byHash.append((hash, slot))
    }
    byHash.sort { ($0.hash, $0.slot.rule, $0.slot.count) < ($1.hash, $1.slot.rule, $1.slot.count) }
    for (hash, slot) in byHash {
      filter[hash >> 6] |= 1 << UInt64(hash & 63)
      bucketStarts[hash + 1] += 1
      slots.append(slot)
    }
    for index in 1..<bucketStarts.count { bucketStarts[index] += bucketStarts[index - 1] }
  }

  /// Calls `found` with the rule, the offset and the length of every literal in `bytes`, in the order of the anchors.
  func forEachHit(in bytes: Span<UInt8>, _ found: (_ rule: Int, _ offset: Int, _ count: Int) -> Void) {
    guard bytes.count >= LiteralFinder.minimumBytes, !slots.isEmpty else { return }
    unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe filter.withUnsafeBufferPointer { filter in
        guard let base = buffer.baseAddress, let bits = filter.baseAddress else { return }
        let end = buffer.count - 2
        var window = UInt32(unsafe base[0]) << 8 | UInt32(unsafe base[1]) << 16
        for at in 0..<end {
          window = window >> 8 | UInt32(unsafe base[at + 2]) << 16
          let hash = Int(truncatingIfNeeded: ((window | 0x20_2020) &* 0x9e37_79b1) >> 16)
          if unsafe bits[hash &>> 6] &>> UInt64(hash & 63) & 1 == 1 {
            compare(hash, at, bytes, found)
          }
        }
      }
    }
  }

  private func compare(_ hash: Int, _ at: Int, _ bytes: Span<UInt8>, _ found: (Int, Int, Int) -> Void) {
    for index in Int(bucketStarts[hash])..<Int(bucketStarts[hash + 1]) {
      let slot = slots[index]
      let start = at - slot.anchor
      guard start >= 0, start + slot.count <= bytes.count else { continue }
      var same = true
      for offset in 0..<slot.count {
        let byte = bytes[start + offset]
        if pool[slot.start + offset] != (slot.ignoresCase ? LiteralFinder.lowered(byte) : byte) {
          same = false
          break
        }
      }
      if same { found(slot.rule, start, slot.count) }
    }
  }

  /// Both cases of a letter, and some other pairs, have one hash; the comparison tells them apart.
  private static func hash(_ a: UInt8, _ b: UInt8, _ c: UInt8) -> Int {
    let window = UInt32(a) | UInt32(b) << 8 | UInt32(c) << 16
    return Int(((window | 0x20_2020) &* 0x9e37_79b1) >> 16)
  }

  private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

  /// Where the three bytes begin that are least common in text and code.
  private static func rarest(_ bytes: [UInt8]) -> Int {
    func commonness(_ byte: UInt8) -> Int {
      switch lowered(byte) {
      case 0x20: 12
      case 0x65, 0x74, 0x61, 0x6f, 0x69, 0x6e, 0x73, 0x72: 9
      case 0x6c, 0x63, 0x64, 0x75, 0x70, 0x6d, 0x66, 0x68, 0x67: 7
      case 0x61...0x7a: 4
      case 0x2d, 0x2e, 0x2f, 0x3a, 0x22, 0x3d, 0x5f: 5
      case 0x30...0x39: 3
      default: 2
      }
    }
    return (0...bytes.count - 3).min { left, right in
      (left..<left + 3).reduce(0) { $0 + commonness(bytes[$1]) }
        < (right..<right + 3).reduce(0) { $0 + commonness(bytes[$1]) }
    } ?? 0
  }
}
