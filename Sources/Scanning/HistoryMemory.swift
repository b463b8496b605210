// What is kept of a history's objects from one scan to the next: which have been read, what they led to, and where values lie.
// A value itself is never kept: it is read again from its object and held against its keyed code.

internal import Git
internal import Model
internal import Secrets

/// Where a history scan keeps what it has learnt of objects.
public struct ObjectCacheFile: Sendable {
  /// The file; its directory is made when it is written.
  public var path: String
  /// What besides rules and options decides whether it may be used, such as the program's version.
  public var salt: [UInt8]

  /// A place as given.
  public init(path: String, salt: [UInt8]) {
    self.path = path
    self.salt = salt
  }
}

/// Trees and their edges, by object numbers of whatever table they belong to.
struct TreeEdges: Sendable {
  var names = NameTable()
  var trees: [TreeVisitor.Tree] = []
  var edges: [TreeEdge] = []
}

/// Everything that is kept. Objects are known by their place in `ids`.
struct HistoryMemory: Sendable {
  /// A value, without its bytes.
  struct Value: Sendable {
    var claim: Claim?
    /// The first 16 bytes of the value's HMAC under ``HistoryMemory/key``.
    var code: [UInt8]
    var object: UInt32
    var offset: Int
    var length: Int
    var decoders: [Decoder]
  }

  /// An object and the set of the values it holds.
  struct Held: Sendable {
    var object: UInt32
    var set: UInt32
  }

  /// Random; made for this file alone.
  var key: [UInt8]
  /// Ascending.
  var ids: PackedIDs
  var kinds: [UInt8] = []
  /// Bytes that count as covered, or ``ScanRecord/uncounted``.
  var sizes: [UInt32] = []
  var commits: CommitLinks
  var tags: [(id: ObjectID, target: ObjectID)] = []
  var values: [Value] = []
  var sets: [[UInt32]] = [[]]
  var blobs: [Held] = []
  var texts: [Held] = []
  var skips: [Skip] = []
  /// The trees that lead to values, by place in `ids` and 1; nil where trees have to be read again.
  var trees: TreeEdges?

  init(idCount: Int, key: [UInt8]) {
    self.key = key
    ids = PackedIDs(idCount: idCount)
    commits = CommitLinks(idCount: idCount)
  }

  /// The code by which a value is known again.
  static func code(_ value: Span<UInt8>, _ key: FingerprintKey) -> [UInt8] { Array(key.authenticate(value).prefix(16)) }

  /// The same, of a value that is kept.
  static func code(_ value: Secret, _ key: FingerprintKey) -> [UInt8] {
    value.withBytes { bytes -> [UInt8] in code(bytes, key) }
  }

  /// The digest of all that the content of a memory depends on besides the objects.
  static func digest(_ file: ObjectCacheFile, _ rules: [UInt8], _ options: ScanOptions, idCount: Int) -> [UInt8] {
    let text = "\(options.maximumBlobBytes) \(options.reportsPublic) \(idCount)\n"
    return SHA256.hash(SHA256.hash(file.salt) + rules + Array(text.utf8))
  }
}

/// Which objects a memory knows, for looking up; shared by all threads.
final class KnownObjects: Sendable {
  private let ids: PackedIDs
  private let fanout: [UInt32]
  /// By place: whether the object need not be read again.
  private let isKnown: [Bool]

  init(_ ids: PackedIDs, isKnown: [Bool]) {
    self.ids = ids
    self.isKnown = isKnown
    fanout = KnownObjects.fanout(ids)
  }

  /// By first sixteen bits: how many ids begin with less.
  static func fanout(_ ids: PackedIDs) -> [UInt32] {
    var fanout = [UInt32](repeating: 0, count: 65_537)
    for index in 0..<ids.count { fanout[Int(ids.firstWord(index) >> 16) + 1] += 1 }
    for index in 1..<fanout.count { fanout[index] += fanout[index - 1] }
    return fanout
  }

  /// The place of an id among ascending ones.
  static func place(_ id: ObjectID, _ ids: PackedIDs, _ fanout: [UInt32]) -> Int? {
    let bucket = Int(id.words.0 >> 48)
    var low = Int(fanout[bucket])
    var high = Int(fanout[bucket + 1])
    let word = UInt32(truncatingIfNeeded: id.words.0 >> 32)
    while low < high {
      let middle = (low + high) / 2
      let own = ids.firstWord(middle)
      if own == word {
        let found = ids[middle]
        if found == id { return middle }
        if found < id { low = middle + 1 } else { high = middle }
      } else if own < word {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return nil
  }

  /// ``contains(_:)`` as a function.
  var test: @Sendable (ObjectID) -> Bool { { [self] id in contains(id) } }

  /// Whether the object need not be read again.
  func contains(_ id: ObjectID) -> Bool {
    KnownObjects.place(id, ids, fanout).map { isKnown[$0] } ?? false
  }
}

/// What a memory says of the objects that a store still holds.
struct RestoredHistory {
  let memory: HistoryMemory
  let known: KnownObjects
  /// The known objects with their numbers.
  private(set) var objects: ObjectTable
  private(set) var blobs: [Holder] = []
  private(set) var texts: [Holder] = []
  private(set) var commits: CommitLinks
  private(set) var tags: [(id: ObjectID, target: ObjectID)] = []
  private(set) var skips: [Skip] = []
  private(set) var coverage = Coverage()
  /// By place in the memory: whether it is known.
  let isKnown: [Bool]
  /// Whether objects are gone that the memory names: then what names them has to be looked at again.
  let hasVanished: Bool
  /// Reads the values again and enters them in the table. What can't be had any more leads to the objects that hold it being
  /// read again.
  init(_ memory: HistoryMemory, _ store: ObjectStore, _ values: ValueTable) {
    self.memory = memory
    let present = RestoredHistory.present(memory, store)
    hasVanished = present.contains(false)
    let numbers = RestoredHistory.values(memory, present, store, values)
    var isKnown = present
    for held in memory.blobs + memory.texts
    where memory.sets[Int(held.set)].contains(where: { numbers[Int($0)] == nil }) {
      isKnown[Int(held.object)] = false
    }
    self.isKnown = isKnown
    known = KnownObjects(memory.ids, isKnown: isKnown)
    objects = ObjectTable(idCount: store.idCount)
    commits = CommitLinks(idCount: store.idCount)
    objects.reserve(memory.ids.count)
    for index in isKnown.indices where isKnown[index] {
      objects.insert(memory.ids[index], ObjectKind(rawValue: memory.kinds[index]))
      count(ObjectKind(rawValue: memory.kinds[index]), memory.sizes[index])
    }
    var sets: [UInt32: ValueSetNumber] = [:]
    func holder(_ held: HistoryMemory.Held) -> Holder? {
      guard isKnown[Int(held.object)] else { return nil }
      let own = sets[held.set] ?? values.set(memory.sets[Int(held.set)].compactMap { numbers[Int($0)] })
      sets[held.set] = own
      return Holder(id: memory.ids[Int(held.object)], values: own)
    }
    blobs = memory.blobs.compactMap(holder)
    texts = memory.texts.compactMap(holder)
    for index in 0..<memory.commits.count where known.contains(memory.commits.id(index)) {
      let parents = (0..<memory.commits.parentCount(index)).lazy.map { memory.commits.parent(index, $0) }
      commits.append(memory.commits.id(index), tree: memory.commits.tree(index), parents: parents)
    }
    tags = memory.tags.filter { known.contains($0.id) }
    skips = memory.skips.filter { $0.object.map { known.contains($0) } ?? false }
  }

  /// Trees that are known.
  var treeCount: Int { isKnown.indices.count { isKnown[$0] && memory.kinds[$0] == ObjectKind.tree.rawValue } }

  private mutating func count(_ kind: ObjectKind?, _ size: UInt32) {
    if size != ScanRecord.uncounted { coverage.bytes += Int64(size) }
    switch kind {
    case .blob: if size != ScanRecord.uncounted { coverage.blobs += 1 }
    case .commit: coverage.commits += 1
    case .tag: coverage.tags += 1
    case .tree, nil: break
    }
  }

  /// The kept edges by the numbers of a table that has all objects of the store; nil where trees have to be read again.
  func trees(_ objects: ObjectTable) -> TreeEdges? {
    guard !hasVanished, var edges = memory.trees else { return nil }
    let numbers = (0..<memory.ids.count).map { objects.find(memory.ids[$0]) }
    if numbers.contains(0) { return nil }
    for index in edges.trees.indices { edges.trees[index].number = numbers[Int(edges.trees[index].number) - 1] }
    for index in edges.edges.indices { edges.edges[index].child = numbers[Int(edges.edges[index].child) - 1] }
    return edges
  }

  private static func present(_ memory: HistoryMemory, _ store: ObjectStore) -> [Bool] {
    let fanout = KnownObjects.fanout(memory.ids)
    var present = [Bool](repeating: false, count: memory.ids.count)
    store.forEachID { id in
      if let place = KnownObjects.place(id, memory.ids, fanout) { present[place] = true }
    }
    return present
  }

  /// The values' numbers in the table; nil for one whose bytes can't be had as they were, and for one that an object held
  /// which is gone: nobody knows whether that one's claim was the best.
  private static func values(
    _ memory: HistoryMemory, _ present: [Bool], _ store: ObjectStore, _ table: ValueTable
  ) -> [ValueNumber?] {
    var numbers = [ValueNumber?](repeating: nil, count: memory.values.count)
    var isDoubtful = [Bool](repeating: false, count: memory.values.count)
    for held in memory.blobs + memory.texts where !present[Int(held.object)] {
      for value in memory.sets[Int(held.set)] { isDoubtful[Int(value)] = true }
    }
    let key = FingerprintKey(deriving: memory.key.span)
    let reader = store.makeReader()
    let order = memory.values.indices.filter { present[Int(memory.values[$0].object)] && !isDoubtful[$0] }
      .sorted { memory.values[$0].object < memory.values[$1].object }
    var next = 0
    while next < order.count {
      let object = memory.values[order[next]].object
      var end = next
      while end < order.count, memory.values[order[end]].object == object { end += 1 }
      let group = order[next..<end]
      try? reader.read(memory.ids[Int(object)]) { _, bytes in
        for index in group {
          let value = memory.values[index]
          let place = Occurrence(
            place: .blob, path: BytePath([]), line: 1, endLine: 1, column: 1, endColumn: 1, offset: value.offset,
            length: value.length, decoders: value.decoders)
          guard let secret = Locator.take(place, bytes) else { continue }
          secret.withBytes { raw in
            guard HistoryMemory.code(raw, key) == value.code, let number = table.number(raw) else { return }
            numbers[index] = number
            if let claim = value.claim { table.claim(number, claim) }
          }
        }
      }
      next = end
    }
    return numbers
  }
}
