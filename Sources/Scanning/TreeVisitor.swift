// The second walk: every tree, once. Keeps which tree names which tree, and which names a blob that holds values; notes
// what is named and not there.

internal import Git
internal import Model

/// One entry of a tree that may lead to a value.
struct TreeEdge: Sendable {
  /// The tree or blob that it names.
  var child: UInt32
  /// Its name's number.
  var name: UInt32
}

/// The edges of many trees, in pieces that are never moved: one array of all of them would at times be there twice.
struct EdgeList: Sendable {
  private(set) var pieces: [[TreeEdge]] = []
  private static let pieceCount = 1 << 16

  /// Where the edges of the next tree will begin: the piece above the place in it. All of a tree's lie in one piece.
  mutating func begin() -> Int {
    if (pieces.last?.count ?? .max) >= EdgeList.pieceCount {
      pieces.append([])
      pieces[pieces.count - 1].reserveCapacity(EdgeList.pieceCount + 1_024)
    }
    return (pieces.count - 1) << 32 | pieces[pieces.count - 1].count
  }

  /// Adds an edge to the tree that was begun last.
  mutating func append(_ edge: TreeEdge) { pieces[pieces.count - 1].append(edge) }

  /// Edges of the tree that was begun at `start`.
  func count(from start: Int) -> Int { pieces[pieces.count - 1].count - start & 0xffff_ffff }

  /// The edge so many places behind where a tree begins.
  subscript(_ start: Int, _ index: Int) -> TreeEdge { pieces[start >> 32][start & 0xffff_ffff + index] }
}

/// Names by number, their bytes in one pool.
struct NameTable: Sendable {
  private var pool: [UInt8] = []
  private var ends: [Int] = []
  private var slots: [UInt32] = Array(repeating: .max, count: 256)

  var count: Int { ends.count }

  /// The bytes of a name.
  subscript(_ number: UInt32) -> ArraySlice<UInt8> {
    pool[(number == 0 ? 0 : ends[Int(number) - 1])..<ends[Int(number)]]
  }

  /// The name's number, from 0; a new one for a name not met before.
  mutating func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt32 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in range { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
    if (ends.count + 1) * 2 > slots.count { grow() }
    let mask = slots.count - 1
    var slot = NameTable.slot(hash) & mask
    while slots[slot] != .max {
      if isEqual(slots[slot], bytes, range) { return slots[slot] }
      slot = (slot + 1) & mask
    }
    for index in range { pool.append(bytes[index]) }
    ends.append(pool.count)
    slots[slot] = UInt32(ends.count - 1)
    return UInt32(ends.count - 1)
  }

  private static func slot(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: (hash &* 0x9e37_79b9_7f4a_7c15) >> 32) }

  private func isEqual(_ number: UInt32, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let own = self[number]
    guard own.count == range.count else { return false }
    let shift = range.lowerBound - own.startIndex
    for index in own.indices where own[index] != bytes[index + shift] { return false }
    return true
  }

  private mutating func grow() {
    slots = Array(repeating: .max, count: slots.count * 2)
    let mask = slots.count - 1
    for number in ends.indices {
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in self[UInt32(number)] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      var slot = NameTable.slot(hash) & mask
      while slots[slot] != .max { slot = (slot + 1) & mask }
      slots[slot] = UInt32(number)
    }
  }
}

/// What all threads of the second walk read.
final class TreeContext: Sendable {
  let objects: ObjectTable
  /// By object number: the values that the blob holds.
  let blobValues: [ValueSetNumber]
  let idCount: Int
  let progress: ProgressCounter
  /// Names that hold values, once that is known.
  let named: NamedObjects

  init(
    _ objects: ObjectTable, _ blobValues: [ValueSetNumber], idCount: Int, _ progress: ProgressCounter,
    named: NamedObjects = NamedObjects()
  ) {
    self.objects = objects
    self.blobValues = blobValues
    self.idCount = idCount
    self.progress = progress
    self.named = named
  }
}

/// What is kept of a tree for the deltas that rest on it.
final class InheritedTree {
  /// Where each entry begins, and where the last one ends.
  let starts: [UInt32]
  /// Where the entries begin that have edges.
  let edgeStarts: [UInt32]
  /// Where their edges begin among those of the visitor.
  let firstEdge: Int
  private let budget: StateBudget

  init?(_ starts: [UInt32], _ edgeStarts: [UInt32], firstEdge: Int, _ budget: StateBudget) {
    guard budget.take(InheritedTree.cost(starts, edgeStarts)) else { return nil }
    self.starts = starts
    self.edgeStarts = edgeStarts
    self.firstEdge = firstEdge
    self.budget = budget
  }

  deinit { budget.give(InheritedTree.cost(starts, edgeStarts)) }

  private static func cost(_ starts: [UInt32], _ edgeStarts: [UInt32]) -> Int {
    128 + 4 * (starts.count + edgeStarts.count)
  }
}

/// One thread's part of the second walk. A tree that is made of pieces of another one takes over the entries that lie
/// wholly in the pieces: what an entry says depends on nothing but its own bytes.
struct TreeVisitor: ObjectVisitor {
  typealias State = InheritedTree

  /// A tree and where its edges lie, as ``EdgeList/begin()`` says it.
  struct Tree {
    var number: UInt32
    var count: UInt32
    var start: Int
  }

  private let context: TreeContext
  private(set) var names = NameTable()
  /// Names long enough to hold a secret, of entries of any kind.
  private(set) var longNames = NameTable()
  private(set) var trees: [Tree] = []
  private(set) var edges = EdgeList()
  /// Objects that the store does not have, with the first few of the trees that name them.
  private(set) var absent: [ObjectID: [UInt32]] = [:]
  private(set) var coverage = Coverage()
  private(set) var failures: [ObjectFailure] = []
  private let budget = StateBudget()
  private static let treesForEachAbsent = 8

  init(_ context: TreeContext) { self.context = context }

  mutating func visit(
    _ object: StoredObject, _ bytes: Span<UInt8>, delta: DeltaRuns?, parent: InheritedTree?
  ) -> InheritedTree? {
    context.progress.advance(bytes.count)
    coverage.trees += 1
    let number = context.objects.find(object.id)
    guard number != 0 else { return nil }
    let first = edges.begin()
    var starts: [UInt32] = []
    var edgeStarts: [UInt32] = []
    if let parent { starts.reserveCapacity(parent.starts.count + 8) }
    var reader = TreeReader(bytes, idCount: context.idCount)
    var isSure = true
    var copy = 0
    while true {
      if let delta, let parent {
        reader.offset = takeOver(reader.offset, delta.copies, &copy, parent, &starts, &edgeStarts)
      }
      let start = UInt32(truncatingIfNeeded: reader.offset)
      guard let entry = reader.next() else { break }
      starts.append(start)
      if entry.name.count >= NameSearch.minimumBytes { noteName(bytes, entry.name, start, &edgeStarts) }
      guard entry.kind != .submodule else { continue }
      let child = context.objects.find(entry.id)
      if child == 0 {
        note(entry.id, in: number)
        isSure = false
      } else if context.objects.isTree(child) || context.blobValues[Int(child)] != 0 {
        edges.append(TreeEdge(child: child, name: names.number(bytes, entry.name)))
        edgeStarts.append(start)
      }
    }
    if reader.isMalformed {
      coverage.add(Skip(reason: .corrupt, object: object.id, detail: "a tree whose entries make no sense"))
      isSure = false
    }
    let count = edges.count(from: first)
    if count > 0 { trees.append(Tree(number: number, count: UInt32(truncatingIfNeeded: count), start: first)) }
    guard isSure, bytes.count < Int(UInt32.max) else { return nil }
    starts.append(UInt32(truncatingIfNeeded: bytes.count))
    return InheritedTree(starts, edgeStarts, firstEdge: first, budget)
  }

  /// Takes over entries from `offset` on, as far as they lie in copied pieces; returns where the first one begins that
  /// does not.
  private mutating func takeOver(
    _ offset: Int, _ copies: [CopyRun], _ next: inout Int, _ parent: InheritedTree, _ starts: inout [UInt32],
    _ edgeStarts: inout [UInt32]
  ) -> Int {
    var offset = offset
    while true {
      while next < copies.count, copies[next].offset + copies[next].count <= offset { next += 1 }
      guard next < copies.count, copies[next].offset <= offset else { return offset }
      let copy = copies[next]
      let from = offset - copy.offset + copy.baseOffset
      let first = parent.starts.place(of: from)
      // Entries begin in the parent where they do here, once one does.
      guard first < parent.starts.count, Int(parent.starts[first]) == from else { return offset }
      let end = copy.baseOffset + copy.count
      var last = parent.starts.place(of: end)
      if last == parent.starts.count || Int(parent.starts[last]) > end { last -= 1 }
      guard last > first else { return offset }
      let shift = UInt32(truncatingIfNeeded: offset - from)
      for index in first..<last { starts.append(parent.starts[index] &+ shift) }
      let until = Int(parent.starts[last])
      var edge = parent.edgeStarts.place(of: from)
      while edge < parent.edgeStarts.count, Int(parent.edgeStarts[edge]) < until {
        edges.append(edges[parent.firstEdge, edge])
        edgeStarts.append(parent.edgeStarts[edge] &+ shift)
        edge += 1
      }
      offset += until - from
    }
  }

  /// Keeps a long name, or where the names that hold values are known, an edge to what stands for it.
  private mutating func noteName(
    _ bytes: Span<UInt8>, _ name: Range<Int>, _ start: UInt32, _ edgeStarts: inout [UInt32]
  ) {
    if context.named.isEmpty {
      _ = longNames.number(bytes, name)
    } else if let place = context.named.find(bytes, name) {
      let marked = context.named.values[Int(place)].marked
      let child = UInt32(context.objects.count + 1) + place
      edges.append(TreeEdge(child: child, name: names.number(marked.span, 0..<marked.count)))
      edgeStarts.append(start)
    }
  }

  private mutating func note(_ id: ObjectID, in tree: UInt32) {
    if absent[id, default: []].count < TreeVisitor.treesForEachAbsent { absent[id, default: []].append(tree) }
  }

  mutating func failed(_ failure: ObjectFailure) { failures.append(failure) }
}

extension [UInt32] {
  /// The first index whose element is not below `value`, in a sorted array.
  fileprivate func place(of value: Int) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if Int(self[middle]) < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
