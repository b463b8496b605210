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

  init(_ objects: ObjectTable, _ blobValues: [ValueSetNumber], idCount: Int, _ progress: ProgressCounter) {
    self.objects = objects
    self.blobValues = blobValues
    self.idCount = idCount
    self.progress = progress
  }
}

/// One thread's part of the second walk.
struct TreeVisitor: ObjectVisitor {
  typealias State = Never

  /// A tree and where its edges lie.
  struct Tree {
    var number: UInt32
    var start: Int
    var count: Int
  }

  private let context: TreeContext
  private(set) var names = NameTable()
  private(set) var trees: [Tree] = []
  private(set) var edges: [TreeEdge] = []
  /// Objects that the store does not have, with the first few of the trees that name them.
  private(set) var absent: [ObjectID: [UInt32]] = [:]
  private(set) var coverage = Coverage()
  private(set) var failures: [ObjectFailure] = []
  private static let treesForEachAbsent = 8

  init(_ context: TreeContext) { self.context = context }

  mutating func visit(_ object: StoredObject, _ bytes: Span<UInt8>, delta: DeltaRuns?, parent: Never?) -> Never? {
    context.progress.advance()
    coverage.trees += 1
    let number = context.objects.find(object.id)
    guard number != 0 else { return nil }
    let start = edges.count
    var reader = TreeReader(bytes, idCount: context.idCount)
    while let entry = reader.next() {
      guard entry.kind != .submodule else { continue }
      let child = context.objects.find(entry.id)
      if child == 0 {
        note(entry.id, in: number)
      } else if context.objects.kind(child) == .tree || context.blobValues[Int(child)] != 0 {
        edges.append(TreeEdge(child: child, name: names.number(bytes, entry.name)))
      }
    }
    if reader.isMalformed {
      coverage.add(Skip(reason: .corrupt, object: object.id, detail: "a tree whose entries make no sense"))
    }
    if edges.count > start { trees.append(Tree(number: number, start: start, count: edges.count - start)) }
    return nil
  }

  private mutating func note(_ id: ObjectID, in tree: UInt32) {
    if absent[id, default: []].count < TreeVisitor.treesForEachAbsent { absent[id, default: []].append(tree) }
  }

  mutating func failed(_ failure: ObjectFailure) { failures.append(failure) }
}
