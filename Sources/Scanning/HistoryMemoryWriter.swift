// A memory as bytes: see HistoryMemoryFormat.

internal import Model

/// Writes the body.
struct MemoryWriter {
  private(set) var bytes: [UInt8] = []

  private mutating func number(_ value: Int) {
    var rest = UInt64(max(0, value))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  private mutating func text(_ text: some Collection<UInt8>) {
    number(text.count)
    bytes.append(contentsOf: text)
  }

  mutating func write(_ memory: HistoryMemory) {
    bytes.reserveCapacity(memory.ids.count * 26 + (memory.trees?.edges.count ?? 0) * 5)
    text(memory.key)
    number(memory.ids.count)
    for word in memory.ids.words {
      for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    bytes.append(contentsOf: memory.kinds)
    for size in memory.sizes { number(size == ScanRecord.uncounted ? 0 : Int(size) + 1) }
    let fanout = KnownObjects.fanout(memory.ids)
    func place(_ id: ObjectID) -> Int? { KnownObjects.place(id, memory.ids, fanout) }
    number(memory.commits.count)
    for index in 0..<memory.commits.count {
      reference(memory.commits.id(index), place)
      reference(memory.commits.tree(index), place)
      number(memory.commits.parentCount(index))
      for parent in 0..<memory.commits.parentCount(index) { reference(memory.commits.parent(index, parent), place) }
    }
    number(memory.tags.count)
    for tag in memory.tags {
      reference(tag.id, place)
      reference(tag.target, place)
    }
    values(memory)
    number(memory.skips.count)
    for skip in memory.skips {
      text(Array(skip.reason.rawValue.utf8))
      number(skip.object.flatMap(place).map { $0 + 1 } ?? 0)
      text(Array(skip.detail.utf8))
    }
    trees(memory.trees)
  }

  /// An object by its place and 1; 0, and the id itself, for one that is not among them.
  private mutating func reference(_ id: ObjectID, _ place: (ObjectID) -> Int?) {
    if let place = place(id) {
      number(place + 1)
    } else {
      number(0)
      bytes.append(contentsOf: id.bytes)
    }
  }

  private mutating func values(_ memory: HistoryMemory) {
    number(memory.values.count)
    for value in memory.values {
      number(value.claim.map { $0.rule + 1 } ?? 0)
      number(value.claim.flatMap { Confidence.allCases.firstIndex(of: $0.confidence) } ?? 0)
      text(value.code)
      number(Int(value.object))
      number(value.offset)
      number(value.length)
      text(value.decoders.compactMap { Decoder.allCases.firstIndex(of: $0).map { UInt8(truncatingIfNeeded: $0) } })
    }
    number(memory.sets.count)
    for set in memory.sets {
      number(set.count)
      for value in set { number(Int(value)) }
    }
    for list in [memory.blobs, memory.texts] {
      number(list.count)
      for held in list {
        number(Int(held.object))
        number(Int(held.set))
      }
    }
  }

  private mutating func trees(_ trees: TreeEdges?) {
    number(trees == nil ? 0 : 1)
    guard let trees else { return }
    number(trees.names.count)
    for name in 0..<UInt32(trees.names.count) { text(trees.names[name]) }
    number(trees.trees.count)
    for tree in trees.trees {
      number(Int(tree.number))
      number(Int(tree.count))
      for edge in trees.edges[tree.start..<tree.start + Int(tree.count)] {
        number(Int(edge.child))
        number(Int(edge.name))
      }
    }
  }
}
