// The delta forest of one pack: which entry rests on which, found by parsing every entry's header once. Entries are
// known by their rank in the order of their offsets.

internal import Model

/// A pack's entries as trees. About 50 bytes an entry.
struct PackForest {
  typealias Rank = UInt32
  static let none: Rank = .max

  let pack: Pack
  let idCount: Int
  /// Ascending; one more than there are entries, the last being the end.
  let offsets: [Int]
  /// The ids, in the index's order.
  fileprivate let names: [UInt8]
  /// For each rank its position in the index.
  private let positions: [UInt32]
  /// For each rank the entry it is a delta against, or `none`.
  private(set) var bases: [Rank]
  private(set) var firstChildren: [Rank]
  private(set) var nextSiblings: [Rank]
  /// For each rank the kind's number; 0 where the entry rests on nothing sound.
  private(set) var kinds: [UInt8]
  /// Whether the index lists any id twice.
  private let hasRepeats: Bool
  /// Entries that no walk can reach, and why.
  private(set) var failures: [ObjectFailure] = []

  var count: Int { positions.count }

  func id(_ rank: Rank) -> ObjectID {
    ObjectID.load(names.span, at: Int(positions[Int(rank)]) * idCount, count: idCount)
  }

  func position(_ rank: Rank) -> Int { Int(positions[Int(rank)]) }

  func kind(_ rank: Rank) -> ObjectKind? { ObjectKind(rawValue: kinds[Int(rank)]) }

  /// Reads the pack's index and every entry's header.
  init(_ pack: Pack, idCount: Int) throws(ObjectFailure) {
    self.pack = pack
    self.idCount = idCount
    let names = try pack.index.names(0..<pack.index.count)
    self.names = names
    hasRepeats = (0..<pack.index.count).contains { PackForest.repeats(names, $0, idCount) }
    var sorted = try pack.index.offsets()
    positions = OffsetSort.order(&sorted)
    sorted.append(pack.entriesEnd)
    offsets = sorted
    let count = positions.count
    bases = Array(repeating: PackForest.none, count: count)
    firstChildren = Array(repeating: PackForest.none, count: count)
    nextSiblings = Array(repeating: PackForest.none, count: count)
    kinds = Array(repeating: 0, count: count)
    readHeaders()
    resolveKinds()
    for rank in stride(from: count - 1, through: 0, by: -1) where bases[rank] != PackForest.none {
      let base = Int(bases[rank])
      nextSiblings[rank] = firstChildren[base]
      firstChildren[base] = Rank(rank)
    }
  }

  /// What stands in `kinds` while the kind is not known yet.
  private static let unresolved: UInt8 = 0x80
  private static let underway: UInt8 = 0x81

  private mutating func fail(_ rank: Int, _ reason: ObjectFailure.Reason, _ detail: String) {
    kinds[rank] = 0
    failures.append(ObjectFailure(id: id(Rank(rank)), reason: reason, detail: detail))
  }

  private mutating func readHeaders() {
    var window = PackWindow()
    var ranks: [UInt32] = []
    for rank in 0..<count {
      do throws(ObjectFailure) {
        // Two ids at one offset: one of them is wrong, or both are; the entry is read for the first only.
        if rank > 0, offsets[rank] == offsets[rank - 1] {
          throw ObjectFailure(id: nil, reason: .corrupt, detail: "the index of \(pack.name) gives it another's offset")
        }
        let entry = try window.entry(pack, at: offsets[rank], idCount: idCount)
        switch entry.content {
        case .whole(let kind): kinds[rank] = kind.rawValue
        case .offsetDelta(let offset):
          guard let base = lastRank(before: rank, offset: offset) else {
            throw ObjectFailure(id: nil, reason: .base, detail: "its delta's base is no entry of \(pack.name)")
          }
          bases[rank] = Rank(base)
          kinds[rank] = PackForest.unresolved
        case .referenceDelta(let id):
          if ranks.isEmpty { ranks = ranksByPosition() }
          guard let position = position(of: id) else {
            throw ObjectFailure(id: nil, reason: .base, detail: "its delta's base, \(id), is not in \(pack.name)")
          }
          bases[rank] = ranks[position]
          kinds[rank] = PackForest.unresolved
        }
      } catch { fail(rank, error.reason, error.detail) }
    }
  }

  private func ranksByPosition() -> [UInt32] {
    var ranks = [UInt32](repeating: 0, count: count)
    for (rank, position) in positions.enumerated() { ranks[Int(position)] = UInt32(rank) }
    return ranks
  }

  /// The rank of the entry at `offset`, which lies before that of `rank` and most often not far before.
  private func lastRank(before rank: Int, offset: Int) -> Int? {
    var step = 1
    var high = rank
    while high - step > 0, offsets[high - step] > offset {
      high -= step
      step *= 2
    }
    var low = max(0, high - step)
    while low < high {
      let middle = low + (high - low) / 2
      if offsets[middle] < offset { low = middle + 1 } else { high = middle }
    }
    return low < rank && offsets[low] == offset ? low : nil
  }

  fileprivate func position(of id: ObjectID) -> Int? {
    var low = pack.index.fanout[Int(id.firstByte)]
    var high = pack.index.fanout[Int(id.firstByte) + 1]
    while low < high {
      let middle = low + (high - low) / 2
      let name = ObjectID.load(names.span, at: middle * idCount, count: idCount)
      if name == id { return middle }
      if name < id { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// Gives every delta the kind of its root. What leads to a broken entry, or round in a circle, is broken itself.
  private mutating func resolveKinds() {
    var path: [Int] = []
    for start in 0..<count where kinds[start] == PackForest.unresolved {
      var rank = start
      while kinds[rank] == PackForest.unresolved {
        kinds[rank] = PackForest.underway
        path.append(rank)
        rank = Int(bases[rank])
      }
      let found = kinds[rank]
      while let rank = path.popLast() {
        if found == PackForest.underway {
          fail(rank, .corrupt, "its chain of deltas is a cycle, or rests on one")
        } else if found == 0 {
          fail(rank, .base, "the base of its delta can't be read")
        } else {
          kinds[rank] = found
        }
        if kinds[rank] == 0 { bases[rank] = PackForest.none }
      }
    }
  }
}

/// Sorting offsets.
enum OffsetSort {
  /// Sorts `offsets` and returns where each one was: a radix sort, eleven bits at a time.
  static func order(_ offsets: inout [Int]) -> [UInt32] {
    var order = (0..<offsets.count).map { UInt32($0) }
    let highest = offsets.max() ?? 0
    var nextOffsets = offsets
    var nextOrder = order
    var shift = 0
    while shift < 63, highest >> shift > 0 {
      var starts = [Int](repeating: 0, count: 2_049)
      for offset in offsets { starts[(offset >> shift & 2_047) + 1] += 1 }
      for bucket in 1...2_048 { starts[bucket] += starts[bucket - 1] }
      for index in offsets.indices {
        let bucket = offsets[index] >> shift & 2_047
        let place = starts[bucket]
        starts[bucket] = place + 1
        nextOffsets[place] = offsets[index]
        nextOrder[place] = order[index]
      }
      swap(&offsets, &nextOffsets)
      swap(&order, &nextOrder)
      shift += 11
    }
    return order
  }
}

extension PackForest {
  /// Whether the index lists the entry's id just before, too: then this is a second copy.
  func repeatsName(_ rank: Rank) -> Bool { hasRepeats && PackForest.repeats(names, position(rank), idCount) }

  fileprivate static func repeats(_ names: [UInt8], _ position: Int, _ idCount: Int) -> Bool {
    position > 0
      && ObjectID.load(names.span, at: position * idCount, count: idCount)
        == ObjectID.load(names.span, at: (position - 1) * idCount, count: idCount)
  }
}

extension PackForest {
  /// The entries that no walk can reach, without those whose position `isElsewhere` says is read from another pack.
  func failures(except isElsewhere: (Int) -> Bool) -> [ObjectFailure] {
    failures.filter { failure in
      guard let id = failure.id, let position = position(of: id) else { return true }
      return !isElsewhere(position)
    }
  }
}
