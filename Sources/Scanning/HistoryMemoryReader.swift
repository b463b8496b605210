// A memory out of bytes, none of which is trusted: see HistoryMemoryFormat.

internal import Git
internal import Model

/// Reads the body; whatever makes no sense ends it.
struct MemoryReader: ~Escapable {
  private let bytes: Span<UInt8>
  private let idCount: Int
  private let ruleCount: Int
  private var at = 0

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, idCount: Int, ruleCount: Int) {
    self.bytes = bytes
    self.idCount = idCount
    self.ruleCount = ruleCount
  }

  /// A number below `limit`.
  private mutating func number(below limit: Int = 1 << 48) -> Int? {
    var value = 0
    var shift = 0
    while at < bytes.count, shift < 49 {
      let byte = bytes[at]
      at += 1
      value |= Int(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return value < limit ? value : nil }
      shift += 7
    }
    return nil
  }

  /// How many of something follow, each of at least so many bytes.
  private mutating func count(_ bytesOfEach: Int = 1) -> Int? {
    number(below: (bytes.count - at) / bytesOfEach + 1)
  }

  private mutating func text() -> [UInt8]? {
    guard let count = count(), count <= bytes.count - at else { return nil }
    let start = at
    at += count
    return (start..<at).map { bytes[$0] }
  }

  mutating func memory() -> HistoryMemory? {
    guard let key = text(), key.count >= 16 else { return nil }
    var memory = HistoryMemory(idCount: idCount, key: key)
    guard objects(&memory), commits(&memory), values(&memory), skips(&memory), trees(&memory), at == bytes.count else {
      return nil
    }
    return memory
  }

  private mutating func objects(_ memory: inout HistoryMemory) -> Bool {
    guard let count = count(idCount + 2), count < Int(UInt32.max) - 1 else { return false }
    memory.ids.reserve(count)
    for _ in 0..<count * idCount / 4 {
      let word =
        UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
      memory.ids.append(word: word)
      at += 4
    }
    for index in 1..<max(1, count) {
      let (last, own) = (memory.ids.firstWord(index - 1), memory.ids.firstWord(index))
      guard last < own || last == own && memory.ids[index - 1] < memory.ids[index] else { return false }
    }
    guard bytes.count - at >= count else { return false }
    memory.kinds.reserveCapacity(count)
    for _ in 0..<count {
      guard ObjectKind(rawValue: bytes[at]) != nil else { return false }
      memory.kinds.append(bytes[at])
      at += 1
    }
    memory.sizes.reserveCapacity(count)
    for _ in 0..<count {
      guard let size = number(below: Int(UInt32.max)) else { return false }
      memory.sizes.append(size == 0 ? ScanRecord.uncounted : UInt32(size - 1))
    }
    return true
  }

  private mutating func reference(_ memory: HistoryMemory) -> ObjectID? {
    guard let place = number(below: memory.ids.count + 1) else { return nil }
    if place > 0 { return memory.ids[place - 1] }
    guard bytes.count - at >= idCount else { return nil }
    at += idCount
    return ObjectID(bytes, at: at - idCount, count: idCount)
  }

  private mutating func commits(_ memory: inout HistoryMemory) -> Bool {
    guard let count = count(3) else { return false }
    for _ in 0..<count {
      guard let id = reference(memory), let tree = reference(memory), let parentCount = self.count() else {
        return false
      }
      var parents: [ObjectID] = []
      for _ in 0..<parentCount {
        guard let parent = reference(memory) else { return false }
        parents.append(parent)
      }
      memory.commits.append(id, tree: tree, parents: parents)
    }
    guard let tagCount = self.count(2) else { return false }
    for _ in 0..<tagCount {
      guard let id = reference(memory), let target = reference(memory) else { return false }
      memory.tags.append((id, target))
    }
    return true
  }

  private mutating func values(_ memory: inout HistoryMemory) -> Bool {
    guard let count = count(7), count < ValueTable.maximumCount else { return false }
    for _ in 0..<count {
      guard let claim = number(below: ruleCount + 1), let confidence = number(below: Confidence.allCases.count),
        let code = text(), let object = number(below: memory.ids.count), let offset = number(),
        let length = number(), let decoders = text(),
        decoders.allSatisfy({ Int($0) < Decoder.allCases.count })
      else { return false }
      memory.values.append(
        HistoryMemory.Value(
          claim: claim == 0 ? nil : Claim(rule: claim - 1, confidence: Confidence.allCases[confidence]), code: code,
          object: UInt32(object), offset: offset, length: length, decoders: decoders.map { Decoder.allCases[Int($0)] }))
    }
    guard let setCount = self.count(), setCount > 0 else { return false }
    memory.sets = []
    for _ in 0..<setCount {
      guard let size = self.count() else { return false }
      var set: [UInt32] = []
      for _ in 0..<size {
        guard let value = number(below: count) else { return false }
        set.append(UInt32(value))
      }
      memory.sets.append(set)
    }
    guard let blobs = held(memory, setCount), let texts = held(memory, setCount) else { return false }
    memory.blobs = blobs
    memory.texts = texts
    return memory.sets[0].isEmpty
  }

  private mutating func held(_ memory: HistoryMemory, _ setCount: Int) -> [HistoryMemory.Held]? {
    guard let count = count(2) else { return nil }
    var list: [HistoryMemory.Held] = []
    for _ in 0..<count {
      // What is read again because of its values must not be a tree, whose edges are kept.
      guard let object = number(below: memory.ids.count), let set = number(below: setCount),
        memory.kinds[object] != ObjectKind.tree.rawValue
      else { return nil }
      list.append(HistoryMemory.Held(object: UInt32(object), set: UInt32(set)))
    }
    return list
  }

  private mutating func skips(_ memory: inout HistoryMemory) -> Bool {
    guard let count = count(3) else { return false }
    for _ in 0..<count {
      guard let reason = text().flatMap({ SkipReason(rawValue: String(decoding: $0, as: UTF8.self)) }),
        let place = number(below: memory.ids.count + 1), let detail = text()
      else { return false }
      memory.skips.append(
        Skip(
          reason: reason, object: place == 0 ? nil : memory.ids[place - 1],
          detail: String(decoding: detail, as: UTF8.self)))
    }
    return true
  }

  private mutating func trees(_ memory: inout HistoryMemory) -> Bool {
    guard let has = number(below: 2) else { return false }
    if has == 0 { return true }
    var trees = TreeEdges()
    guard let nameCount = count() else { return false }
    for index in 0..<nameCount {
      guard let name = text(), Int(trees.names.number(name.span, 0..<name.count)) == index else { return false }
    }
    guard let treeCount = count(2) else { return false }
    var last = 0
    for _ in 0..<treeCount {
      guard let number = number(below: memory.ids.count + 1), number > last, let size = count(2),
        memory.kinds[number - 1] == ObjectKind.tree.rawValue
      else { return false }
      last = number
      trees.trees.append(TreeVisitor.Tree(number: UInt32(number), count: UInt32(size), start: trees.edges.count))
      for _ in 0..<size {
        guard let child = self.number(below: memory.ids.count + 1), child > 0, let name = self.number(below: nameCount)
        else { return false }
        trees.edges.append(TreeEdge(child: UInt32(child), name: UInt32(name)))
      }
    }
    memory.trees = trees
    return true
  }
}
