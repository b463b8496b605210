// The file that a memory is kept in. Little-endian numbers, most of them of variable length; a digest over all of it. Whatever
// the file says is checked before it is used: a damaged or a forged one is not read, or at worst makes a scan read less.

internal import Git
internal import Model
internal import Posix
internal import RuleBook
internal import Secrets

/// Reading and writing memories.
enum HistoryMemoryFile {
  private static let mark = Array("keywright object cache 1\n".utf8)
  /// A longer file is not read.
  private static let maximumBytes = 4 << 30
  private static let digestCount = 32

  /// What the file holds, if it was written under the same digest; `notice` is told where it is there and can't be used.
  static func load(
    _ path: String, _ digest: [UInt8], idCount: Int, ruleCount: Int, _ notice: ((String) -> Void)?
  ) -> HistoryMemory? {
    guard let status = try? Files.status(path), status.kind == .regular else { return nil }
    func refuse(_ reason: String) -> HistoryMemory? {
      notice?("the cache \(path) is not used: \(reason)")
      return nil
    }
    guard status.owner == Identity.user, status.mode & 0o022 == 0 else {
      return refuse("others may write to it")
    }
    guard let bytes = try? Files.read(path, maximumBytes: maximumBytes) else { return refuse("it can't be read") }
    let start = mark.count + 2 * digestCount
    guard bytes.count >= start, bytes.starts(with: mark) else { return refuse("it is damaged, or of another version") }
    // Other rules or options: nothing to speak of.
    guard bytes[mark.count..<mark.count + digestCount].elementsEqual(digest) else { return nil }
    let body = bytes.span.extracting(start..<bytes.count)
    guard SHA256.hash(body).elementsEqual(bytes[(start - digestCount)..<start]) else { return refuse("it is damaged") }
    var reader = MemoryReader(body, idCount: idCount, ruleCount: ruleCount)
    guard let memory = reader.memory() else { return refuse("it is damaged") }
    return memory
  }

  /// Replaces the file as a whole: a killed writer leaves the old one, and of two writers the last one wins.
  static func store(_ memory: HistoryMemory, _ path: String, _ digest: [UInt8]) throws(SystemError) {
    var writer = MemoryWriter()
    writer.write(memory)
    let bytes = mark + digest + SHA256.hash(writer.bytes) + writer.bytes
    try Files.makeDirectory(Files.parent(path), mode: 0o700)
    try Files.replaceAtomically(path, bytes, mode: 0o600)
  }

  /// The digest of everything in rules that decides what a scan finds.
  static func digest(of rules: [Rule]) -> [UInt8] {
    var text = ""
    for rule in rules {
      text += "\(rule.id)\u{0}\(rule.kind)\u{0}\(rule.detector ?? "")\u{0}\(rule.keywords)\u{0}\(rule.value)\u{0}"
      text += "\(rule.pattern)\u{0}\(rule.literals)\u{0}\(rule.literalsIgnoreCase) \(rule.secretGroup) \(rule.width) "
      text += "\(rule.minimumEntropy ?? 0)\u{0}\(rule.stopWords)\u{0}\(rule.severity) \(rule.confidence) "
      text += "\(rule.checksum?.rawValue ?? "") \(rule.checksumIsOptional) \(rule.isPublic)\u{0}\(rule.paths)\u{0}"
      text += "\(rule.pairs) \(rule.pairLines)\u{0}"
      if let content = rule.content { text += "\(content)" }
      text += "\n"
    }
    return SHA256.hash(Array(text.utf8))
  }
}

/// Writes the body.
private struct MemoryWriter {
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

/// Reads the body; whatever makes no sense ends it.
private struct MemoryReader: ~Escapable {
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
