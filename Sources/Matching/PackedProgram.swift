// A program's tables as they lie in the binary: made at build time, so that nothing is left to do at a start but to fill
// the finder's tables. A program that was packed finds what one made of the same rules finds.

public import RuleBook

extension MatcherProgram {
  /// The form of the tables; whoever changes them, or what the finder makes of its slots, counts it up.
  private static let version = "3"

  /// The tables, for ``init(packed:tables:)``.
  ///
  /// - Parameter digest: that of the book that the rules come from.
  public func packedTables(digest: String) -> String {
    var writer = PackedWriter()
    writer.plain(MatcherProgram.version + digest)
    writer.number(approaches.count)
    for approach in approaches { writer.number(approach.rawValue) }
    finder.pack(into: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// A program of a packed book's rules.
  ///
  /// - Throws: if the tables belong to other rules or are damaged.
  public convenience init(packed book: PackedBook, tables: String) throws(PackedBookError) {
    let rules = try RuleList(book)
    var reader = PackedReader(tables.utf8.span)
    reader.expect(MatcherProgram.version + book.digest)
    guard !reader.isSpoilt else { throw PackedBookError("the matcher's tables belong to other rules") }
    var approaches: [Approach] = []
    approaches.reserveCapacity(rules.count)
    for _ in 0..<reader.number(below: rules.count + 1) {
      approaches.append(Approach(rawValue: reader.number(below: Approach.allCases.count)) ?? .inWindow)
    }
    // Behind the rules come the numbers of the generic literals.
    let finder = LiteralFinder(unpacking: &reader, rules: rules.count + GenericAnchor.allCases.count)
    guard let finder, reader.isAtEnd, approaches.count == rules.count else {
      throw PackedBookError("the matcher's tables are damaged")
    }
    self.init(rules, approaches, finder)
  }
}

extension LiteralFinder {
  /// Writes what ``init(unpacking:rules:)`` reads: the sets of bytes once, the runs of sets that tails are, the slots.
  func pack(into writer: inout PackedWriter) {
    var numbers: [ByteSet: Int] = [:]
    var sets: [ByteSet] = []
    for set in tails where numbers[set] == nil {
      numbers[set] = sets.count
      sets.append(set)
    }
    writer.number(sets.count)
    for set in sets { for word in set.packedWords { writer.word(word) } }
    writer.number(tails.count)
    for set in tails { writer.number(numbers[set] ?? 0) }
    writer.number(slots.count)
    for slot in slots {
      writer.number(slot.rule << 1 | (slot.ignoresCase ? 1 : 0))
      writer.number(slot.anchor)
      writer.number(slot.tailCount)
      if slot.tailCount > 0 { writer.number(slot.tailStart) }
      writer.text(Array(pool[slot.start..<slot.start + slot.count]))
    }
  }

  /// Reads a finder; nil where the numbers are none of a finder's.
  init?(unpacking reader: inout PackedReader, rules: Int) {
    var sets: [ByteSet] = []
    for _ in 0..<reader.number(below: 1 << 20) {
      sets.append(ByteSet(packedWords: (reader.word(), reader.word(), reader.word(), reader.word())))
      if reader.isSpoilt { return nil }
    }
    self.init([])
    for _ in 0..<reader.number(below: 1 << 24) {
      let number = reader.number(below: sets.count)
      if reader.isSpoilt { return nil }
      tails.append(sets[number])
    }
    let count = reader.number(below: 1 << 24)
    slots.reserveCapacity(count)
    for _ in 0..<count {
      let rule = reader.number(below: rules << 1)
      let anchor = reader.number()
      let tailCount = reader.number(below: LiteralFinder.maximumReach + 1)
      let tailStart = tailCount > 0 ? reader.number(below: tails.count - tailCount + 1) : 0
      let start = pool.count
      let length = reader.text(into: &pool)
      guard !reader.isSpoilt, length >= LiteralFinder.minimumBytes, length <= LiteralFinder.maximumBytes,
        anchor <= length - LiteralFinder.minimumBytes
      else { return nil }
      slots.append(
        Slot(
          start: start, count: length, anchor: anchor, rule: rule >> 1, ignoresCase: rule & 1 == 1,
          tailStart: tailStart, tailCount: tailCount))
    }
    guard isOrdered else { return nil }
    enter()
  }
}
