// Finds which of a thousand literals stand where, in one pass over the bytes. Built from the literals in well under a
// millisecond, so that a hook pays nothing for it at its start.
//
// Every position's three bytes, folded to one case, are hashed into a table that fits the first-level cache; each entry
// has eight bits, one for each class of the byte that comes next. A literal is entered under its rarest three bytes only,
// so that a thousand literals leave the table nearly empty and the loop's only branch is almost never taken. What passes
// is compared in full.

/// One literal of one rule.
struct Literal: Hashable {
  var bytes: [UInt8]
  var ignoresCase: Bool
  var rule: Int
  /// What the bytes behind it must be: a literal that others follow is none.
  var tail: [ByteSet] = []
}

@safe struct LiteralFinder: Sendable {
  private static let hashBits = 14
  /// The shortest literal that can be found.
  static let minimumBytes = 3
  /// What is compared of a literal, in bytes; a longer one is found by its beginning. Round every place where a delta
  /// joins two pieces, twice as many bytes are searched: most pieces of new text are shorter than that.
  static let maximumBytes = 16
  /// The same with the bytes behind it.
  static let maximumReach = 16

  struct Slot: Equatable, Sendable {
    var start: Int
    var count: Int
    var anchor: Int
    var rule: Int
    var ignoresCase: Bool
    var tailStart: Int
    var tailCount: Int
  }

  /// A slot, ready to be compared: eight bytes of the literal, or all, as one word.
  private struct Probe: Sendable {
    /// What the text's word, its letters folded to one case by `fold`, must be where `mask` says.
    var word: UInt64 = 0
    var mask: UInt64 = 0
    var fold: UInt64 = 0
    /// Where the anchor is in the literal, and where the word begins.
    var anchor: Int16
    var wordStart: Int16
    /// Whether the word is all of it.
    var isWord: Bool

    init(_ slot: Slot, _ pool: [UInt8]) {
      let start = max(0, min(slot.anchor, slot.count - 8))
      for offset in start..<min(slot.count, start + 8) {
        let shift = UInt64(offset - start) * 8
        let byte = pool[slot.start + offset]
        word |= UInt64(byte) << shift
        mask |= 0xff << shift
        if slot.ignoresCase, byte &- 0x61 < 26 { fold |= 0x20 << shift }
      }
      anchor = Int16(truncatingIfNeeded: slot.anchor)
      wordStart = Int16(truncatingIfNeeded: start)
      isWord = slot.count <= 8
    }
  }

  private var probes: [Probe] = []
  // What LiteralFinder+Packed.swift writes and reads.
  var tails: [ByteSet] = []
  var filter = [UInt8](repeating: 0, count: 1 << LiteralFinder.hashBits)
  /// By hash, where its slots begin.
  var bucketStarts = [Int32](repeating: 0, count: 1 << LiteralFinder.hashBits + 1)
  var slots: [Slot] = []
  var pool: [UInt8] = []
  /// The longest stretch that is compared, with what must follow, in bytes; 0 without literals.
  private(set) var longest = 0

  /// Literals shorter than ``minimumBytes`` are left out: the rule checker refuses them.
  init(_ literals: [Literal]) {
    var placed: [(hash: Int, anchor: Int, literal: Literal)] = []
    var taken = Set<Int>()
    // The short ones first: they have the least choice.
    for literal in LiteralFinder.usable(literals).sorted(by: { $0.bytes.count < $1.bytes.count }) {
      let anchor = LiteralFinder.anchor(of: literal, &taken)
      placed.append((LiteralFinder.hash(literal.bytes, at: anchor), anchor, literal))
    }
    placed.sort {
      ($0.hash, $0.literal.rule, $0.literal.bytes.count) < ($1.hash, $1.literal.rule, $1.literal.bytes.count)
    }
    var known: [[ByteSet]: Int] = [:]
    for (_, anchor, literal) in placed {
      let start = pool.count
      pool.append(contentsOf: literal.ignoresCase ? literal.bytes.map(LiteralFinder.lowered) : literal.bytes)
      let tailStart = known[literal.tail] ?? tails.count
      if tailStart == tails.count {
        tails += literal.tail
        known[literal.tail] = tailStart
      }
      slots.append(
        Slot(
          start: start, count: literal.bytes.count, anchor: anchor, rule: literal.rule,
          ignoresCase: literal.ignoresCase, tailStart: tailStart, tailCount: literal.tail.count))
    }
    enter()
  }

  /// Whether the slots stand in the order of their hashes, as they must.
  var isOrdered: Bool {
    var last = 0
    for slot in slots {
      let at = slot.start + slot.anchor
      let hash = LiteralFinder.hash(pool[at], pool[at + 1], pool[at + 2])
      if hash < last { return false }
      last = hash
    }
    return true
  }

  /// Enters the slots, which stand in the order of their hashes, into the tables.
  mutating func enter() {
    var known: [Int: UInt8] = [:]
    for slot in slots {
      let end = slot.start + slot.count
      let at = slot.start + slot.anchor
      let hash = LiteralFinder.hash(pool[at], pool[at + 1], pool[at + 2])
      if at + 3 < end {
        filter[hash] |= LiteralFinder.nextBit(pool[at + 3])
      } else {
        filter[hash] |= slot.tailCount > 0 ? nextBits(slot.tailStart, &known) : 0xff
      }
      bucketStarts[hash + 1] += 1
      longest = max(longest, slot.count + slot.tailCount)
    }
    var sum: Int32 = 0
    for index in bucketStarts.indices {
      sum += bucketStarts[index]
      bucketStarts[index] = sum
    }
    probes = slots.map { Probe($0, pool) }
  }

  /// Each literal once, cut to what is compared, in an order that does not depend on the run.
  private static func usable(_ literals: [Literal]) -> [Literal] {
    let cut = literals.filter { $0.bytes.count >= minimumBytes }.map { literal in
      let bytes = Array(literal.bytes.prefix(maximumBytes))
      let tail = bytes.count < literal.bytes.count ? [] : literal.tail.prefix(maximumReach - bytes.count)
      return Literal(bytes: bytes, ignoresCase: literal.ignoresCase, rule: literal.rule, tail: Array(tail))
    }
    var seen: Set<Literal> = []
    return cut.filter { seen.insert($0).inserted }
  }

  /// Calls `found` with the rule, the offset and the length of every literal that lies wholly within `range` of
  /// `bytes`, in the order of the anchors.
  func forEachHit(
    in bytes: Span<UInt8>, _ range: Range<Int>, _ found: (_ rule: Int, _ offset: Int, _ count: Int) -> Void
  ) {
    let lower = max(0, range.lowerBound)
    let upper = min(bytes.count, range.upperBound)
    guard upper - lower >= LiteralFinder.minimumBytes, !slots.isEmpty else { return }
    unsafe bytes.withUnsafeBytes { raw in
      unsafe filter.withUnsafeBufferPointer { filter in
        guard let base = raw.baseAddress, let table = filter.baseAddress else { return }
        // One past the last place where three bytes begin, and where eight can still be read.
        let end = upper - 2
        let fastEnd = min(end, bytes.count - 7)
        var at = lower
        while at < fastEnd {
          let word = unsafe UInt64(littleEndian: (base + at).loadUnaligned(as: UInt64.self)) | 0x2020_2020_2020_2020
          let a = unsafe LiteralFinder.test(UInt32(truncatingIfNeeded: word), table)
          let b = unsafe LiteralFinder.test(UInt32(truncatingIfNeeded: word &>> 8), table)
          let c = unsafe LiteralFinder.test(UInt32(truncatingIfNeeded: word &>> 16), table)
          let d = unsafe LiteralFinder.test(UInt32(truncatingIfNeeded: word &>> 24), table)
          if (a | b | c | d) & 1 != 0 {
            // What passes behind the last place is told from a literal by where it would end.
            if a & 1 != 0 { unsafe compare(at, base, lower..<upper, bytes.count, found) }
            if b & 1 != 0 { unsafe compare(at &+ 1, base, lower..<upper, bytes.count, found) }
            if c & 1 != 0 { unsafe compare(at &+ 2, base, lower..<upper, bytes.count, found) }
            if d & 1 != 0 { unsafe compare(at &+ 3, base, lower..<upper, bytes.count, found) }
          }
          at &+= 4
        }
        while at < end {
          unsafe compare(at, base, lower..<upper, bytes.count, found)
          at &+= 1
        }
      }
    }
  }

  /// Bit 0 tells whether a literal may have these four folded bytes at its anchor.
  @inline(__always)
  private static func test(_ window: UInt32, _ table: UnsafePointer<UInt8>) -> UInt32 {
    let hash = Int(truncatingIfNeeded: (window &<< 8 &* 0x9e37_79b1) &>> UInt32(32 - hashBits))
    let next = window &>> 24
    return unsafe UInt32(table[hash]) &>> ((next ^ next &>> 3) & 7)
  }

  /// Tells of the literals that have their anchor at a place where three bytes can be read.
  @inline(never)
  private func compare(
    _ at: Int, _ base: UnsafeRawPointer, _ range: Range<Int>, _ readable: Int, _ found: (Int, Int, Int) -> Void
  ) {
    let bytes = unsafe (base + at).assumingMemoryBound(to: UInt8.self)
    let hash = unsafe LiteralFinder.hash(bytes[0], bytes[1], bytes[2])
    unsafe bucketStarts.withUnsafeBufferPointer { starts in
      unsafe probes.withUnsafeBufferPointer { probes in
        guard let starts = starts.baseAddress, let probes = probes.baseAddress else { return }
        var index = unsafe Int(starts[hash])
        let last = unsafe Int(starts[hash &+ 1])
        while index < last {
          let probe = unsafe probes[index]
          let start = at &- Int(probe.anchor)
          let place = start &+ Int(probe.wordStart)
          let isReadable = place <= readable &- 8
          index &+= 1
          guard start >= range.lowerBound else { continue }
          if isReadable {
            let word = unsafe UInt64(littleEndian: (base + place).loadUnaligned(as: UInt64.self))
            if (word | probe.fold) & probe.mask != probe.word { continue }
          }
          unsafe compare(index &- 1, at: start, base, range, isTold: isReadable && probe.isWord, found)
        }
      }
    }
  }

  /// Tells of a literal if it stands at `start`, which `isTold` says already.
  private func compare(
    _ index: Int, at start: Int, _ base: UnsafeRawPointer, _ range: Range<Int>, isTold: Bool,
    _ found: (Int, Int, Int) -> Void
  ) {
    let slot = slots[index]
    let end = slot.count + slot.tailCount
    guard end <= range.upperBound - start else { return }
    let text = unsafe (base + start).assumingMemoryBound(to: UInt8.self)
    var offset = isTold ? slot.count : 0
    while offset < slot.count {
      let byte = unsafe text[offset]
      guard pool[slot.start + offset] == (slot.ignoresCase ? LiteralFinder.lowered(byte) : byte) else { return }
      offset += 1
    }
    while offset < end, unsafe tails[slot.tailStart + offset - slot.count].contains(text[offset]) { offset += 1 }
    if offset == end { found(slot.rule, start, end) }
  }

  /// Both cases of a letter, and some other pairs, have one hash; the comparison tells them apart.
  private static func hash(_ a: UInt8, _ b: UInt8, _ c: UInt8) -> Int {
    let window = (UInt32(a) | UInt32(b) << 8 | UInt32(c) << 16) | 0x20_2020
    return Int(((window << 8) &* 0x9e37_79b1) >> UInt32(32 - hashBits))
  }

  private static func hash(_ bytes: [UInt8], at offset: Int) -> Int {
    hash(bytes[offset], bytes[offset + 1], bytes[offset + 2])
  }

  /// The bit under which the byte behind an anchor is entered.
  private static func nextBit(_ byte: UInt8) -> UInt8 {
    let next = byte | 0x20
    return 1 << ((next ^ next >> 3) & 7)
  }

  /// The bits of the bytes that may follow a literal.
  private func nextBits(_ tail: Int, _ known: inout [Int: UInt8]) -> UInt8 {
    if let bits = known[tail] { return bits }
    let bits = (UInt8.min...UInt8.max).reduce(UInt8(0)) {
      tails[tail].contains($1) ? $0 | LiteralFinder.nextBit($1) : $0
    }
    known[tail] = bits
    return bits
  }

  private static func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

  /// Where the three bytes of a literal begin at which it is looked for: where they, with the one behind them, are rarest. What
  /// other literals are looked for at, which is `taken`, costs no more than another comparison.
  private static func anchor(of literal: Literal, _ taken: inout Set<Int>) -> Int {
    var best = (cost: Double.infinity, start: 0, key: 0)
    let bytes = literal.bytes
    for start in 0...bytes.count - minimumBytes {
      let end = min(start + minimumBytes + 1, bytes.count)
      let key = hash(bytes, at: start) << 8 | (end - start > minimumBytes ? Int(nextBit(bytes[end - 1])) : 0)
      let bits = LetterPairs.rarity(bytes[start..<end])
      let cost = Double(sign: .plus, exponent: -(bits >> 2), significand: quarters[bits & 3])
      let total = taken.contains(key) ? cost : cost * 2
      if total < best.cost { best = (total, start, key) }
    }
    taken.insert(best.key)
    return best.start
  }

  /// Quarters of a bit, as factors.
  private static let quarters = [1, 0.8409, 0.7071, 0.5946]
}
