// From what a scan has read to what the next one need not read.

internal import Git
internal import Matching
internal import Model
internal import Secrets

/// Puts a memory together.
struct MemoryLearning {
  private let content: HistoryContent
  private let restored: RestoredHistory?
  private let store: ObjectStore
  private var memory: HistoryMemory
  /// By object number: the place in the memory; 0 for none, else one more than the place.
  private var places: [UInt32]

  init(_ content: HistoryContent, _ restored: RestoredHistory?, _ store: ObjectStore) {
    self.content = content
    self.restored = restored
    self.store = store
    memory = HistoryMemory(idCount: store.idCount, key: SystemRandom().bytes(32))
    places = Array(repeating: 0, count: content.objects.count + 1)
  }

  /// The memory.
  ///
  /// - Parameters:
  ///   - graph: the trees that lead to values; nil where the next scan has to read them all again.
  ///   - claims: of each value, the best claim that content makes.
  ///   - found: places of values that are known already.
  mutating func memory(
    graph: TreeGraph?, _ claims: [Claim?], _ values: ValueTable, _ found: [ValueNumber: Occurrence],
    _ matcher: ContentMatcher
  ) -> HistoryMemory {
    let sets = values.contents().sets
    var locations = found
    // Of those that are no findings, one object each is matched again.
    let wanted = Set((content.blobs + content.texts).flatMap { sets[Int($0.values)] }).subtracting(found.keys)
    locate(wanted, sets, values, matcher, into: &locations)
    addObjects(without: forgotten(sets, &locations, claims.count))
    for index in 0..<content.commits.count where place(content.commits.id(index)) != nil {
      let parents = (0..<content.commits.parentCount(index)).map { content.commits.parent(index, $0) }
      memory.commits.append(content.commits.id(index), tree: content.commits.tree(index), parents: parents)
    }
    memory.tags = content.tags.filter { place($0.key) != nil }.map { ($0.key, $0.value) }.sorted { $0.id < $1.id }
    let skips = content.records.flatMap(\.skips) + (restored?.skips ?? [])
    memory.skips = skips.filter { $0.object.flatMap { place($0) } != nil }
    addValues(claims, values, sets, locations)
    if let graph { addTrees(graph) }
    return memory
  }

  private func place(_ id: ObjectID) -> UInt32? {
    let place = places[Int(content.objects.find(id))]
    return place == 0 ? nil : place - 1
  }

  /// The objects with a value that can't be found again: they are not kept, so that they are read again the next time. Places
  /// in them go, too.
  private func forgotten(
    _ sets: [[ValueNumber]], _ locations: inout [ValueNumber: Occurrence], _ valueCount: Int
  ) -> Set<ObjectID> {
    locations = locations.filter { Int($0.key) < valueCount }
    var forgotten: Set<ObjectID> = []
    while true {
      let lost = (content.blobs + content.texts).filter { holder in
        !forgotten.contains(holder.id) && sets[Int(holder.values)].contains { locations[$0] == nil }
      }
      if lost.isEmpty { return forgotten }
      forgotten.formUnion(lost.map(\.id))
      locations = locations.filter { place in place.value.object.map { !forgotten.contains($0) } ?? false }
    }
  }

  private mutating func addObjects(without forgotten: Set<ObjectID>) {
    var sizes: [UInt32: UInt32] = [:]
    sizes.reserveCapacity(content.objects.count)
    if let restored {
      for index in restored.isKnown.indices where restored.isKnown[index] {
        sizes[content.objects.find(restored.memory.ids[index])] = restored.memory.sizes[index]
      }
    }
    for record in content.records {
      for index in record.sizes.indices { sizes[content.objects.find(record.ids[index])] = record.sizes[index] }
    }
    let numbers =
      content.objects.count == 0
      ? []
      : (1...UInt32(content.objects.count)).filter { number in
        guard let kind = content.objects.kind(number) else { return false }
        return kind == .tree || sizes[number] != nil
      }
    let failed = Set(content.failed.union(forgotten).map { content.objects.find($0) })
    let order = numbers.filter { !failed.contains($0) }.map { ($0, content.objects.id($0)) }.sorted { $0.1 < $1.1 }
    memory.ids.reserve(order.count)
    for (number, id) in order {
      memory.ids.append(id)
      memory.kinds.append(content.objects.kind(number)?.rawValue ?? 0)
      memory.sizes.append(sizes[number] ?? 0)
      places[Int(number)] = UInt32(memory.ids.count)
    }
  }

  private mutating func addValues(
    _ claims: [Claim?], _ values: ValueTable, _ sets: [[ValueNumber]], _ locations: [ValueNumber: Occurrence]
  ) {
    let raw = memory.key
    let key = FingerprintKey(deriving: raw.span)
    let table = values.contents().values
    var numbers: [ValueNumber: UInt32] = [:]
    for (value, place) in locations.sorted(by: { $0.key < $1.key }) {
      guard let object = place.object.flatMap({ self.place($0) }) else { continue }
      numbers[value] = UInt32(memory.values.count)
      memory.values.append(
        HistoryMemory.Value(
          claim: claims[Int(value)], code: HistoryMemory.code(table[Int(value)].secret, key),
          object: object, offset: place.offset, length: place.length, decoders: place.decoders))
    }
    var setNumbers: [ValueSetNumber: UInt32] = [:]
    func held(_ holder: Holder) -> HistoryMemory.Held? {
      guard let object = place(holder.id) else { return nil }
      if let known = setNumbers[holder.values] { return HistoryMemory.Held(object: object, set: known) }
      let number = UInt32(memory.sets.count)
      setNumbers[holder.values] = number
      memory.sets.append(sets[Int(holder.values)].compactMap { numbers[$0] })
      return HistoryMemory.Held(object: object, set: number)
    }
    memory.blobs = content.blobs.compactMap(held)
    memory.texts = content.texts.compactMap(held)
  }

  /// Finds values again by matching one object that holds each.
  private func locate(
    _ values: Set<ValueNumber>, _ sets: [[ValueNumber]], _ table: ValueTable, _ matcher: ContentMatcher,
    into found: inout [ValueNumber: Occurrence]
  ) {
    var wanted = values
    let reader = store.makeReader()
    for holder in content.blobs + content.texts where sets[Int(holder.values)].contains(where: wanted.contains) {
      try? reader.read(holder.id) { kind, bytes in
        let start = kind == .blob ? 0 : ObjectText.start(bytes)
        for hit in matcher.match(bytes.extracting(start..<bytes.count)).hits where wanted.remove(hit.value) != nil {
          found[hit.value] = Occurrence(
            place: .blob, path: BytePath([]), line: 1, endLine: 1, column: 1, endColumn: 1, object: holder.id,
            offset: hit.candidate.secret.lowerBound + start, length: hit.candidate.secret.count,
            decoders: hit.candidate.decoders)
        }
      }
      if wanted.isEmpty { return }
    }
  }

  private mutating func addTrees(_ graph: TreeGraph) {
    var trees = TreeEdges()
    trees.names = graph.names
    let order = (0..<content.objects.count).map { UInt32($0 + 1) }.filter {
      !graph.isEmpty($0) && places[Int($0)] != 0
    }.sorted { places[Int($0)] < places[Int($1)] }
    for number in order {
      let edges = graph.edges(number)
      trees.trees.append(
        TreeVisitor.Tree(number: places[Int(number)], count: UInt32(edges.count), start: trees.edges.count))
      for edge in edges {
        // What could not be read leads to no value that is known.
        guard places[Int(edge.child)] != 0 else { return }
        trees.edges.append(TreeEdge(child: places[Int(edge.child)], name: edge.name))
      }
    }
    memory.trees = trees
  }
}
