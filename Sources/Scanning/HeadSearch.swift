// Whether a value is still at a head is settled by the value itself: what the rules did not see at any head is looked for,
// byte by byte, in every blob of the heads' trees. A comment that allows a line, or a context that no rule knows, hides nothing.

internal import Git
internal import Model
internal import Secrets

/// A value in a blob of a head, where no rule found it.
struct HeadHit: Sendable {
  var value: ValueNumber
  var blob: ObjectID
  var path: BytePath
  var range: Range<Int>
}

/// Searches the trees of heads.
struct HeadSearch {
  private let store: ObjectStore
  private let options: ScanOptions
  /// By blob: the node of the first path that leads to it.
  private var places: [ObjectID: Int] = [:]
  private var parents: [Int] = [-1]
  private var names: [[UInt8]] = [[]]

  /// Places of one value that are told.
  private static let maximumPlaces = 100
  /// Trees nested deeper than this are left alone: no checkout could hold them.
  private static let maximumDepth = 4_096

  init(_ store: ObjectStore, _ options: ScanOptions) {
    self.store = store
    self.options = options
  }

  /// Where the values stand in what the given root trees hold, sorted by value, then path.
  mutating func run(_ trees: [ObjectID], _ values: [(number: ValueNumber, secret: Secret)]) -> [HeadHit] {
    let finder = NeedleFinder(values)
    if finder.isEmpty || trees.isEmpty { return [] }
    list(trees)
    let progress = ProgressCounter("searching heads", total: places.count, options.progress)
    // Reading along the deltas unpacks each base once.
    let selection = ObjectSelection(
      kinds: [.blob], wantsRuns: false, skips: { [places] id in places[id] == nil })
    let visitors = store.forEachObject(selection, threads: options.threads) { _ in
      HeadVisitor(finder, maximumBytes: options.maximumBlobBytes, places: HeadSearch.maximumPlaces, progress)
    }
    let found = visitors.flatMap { $0.found }.map { (hit: $0, path: places[$0.blob] ?? 0) }
    let paths = Dictionary(uniqueKeysWithValues: Set(found.map { $0.path }).map { ($0, path($0)) })
    var ranks: [BytePath: Int] = [:]
    for (rank, path) in Set(paths.values).sorted().enumerated() { ranks[path] = rank }
    let hits = found.map { hit, node in
      let path = paths[node] ?? BytePath([])
      return (rank: ranks[path] ?? 0, hit: HeadHit(value: hit.value, blob: hit.blob, path: path, range: hit.range))
    }
    let sorted = hits.sorted { left, right in
      (left.hit.value, left.rank, left.hit.range.lowerBound, left.hit.blob)
        < (right.hit.value, right.rank, right.hit.range.lowerBound, right.hit.blob)
    }
    var told: [ValueNumber: Int] = [:]
    return sorted.map { $0.hit }.filter { hit in
      told[hit.value, default: 0] += 1
      return told[hit.value, default: 0] <= HeadSearch.maximumPlaces
    }
  }

  private func path(_ node: Int) -> BytePath {
    var parts: [[UInt8]] = []
    var node = node
    while node > 0 {
      parts.append(names[node])
      node = parents[node]
    }
    return BytePath(Array(parts.reversed().joined(separator: [0x2f])))
  }

  /// Lists every blob of the trees once, each with the first path that leads to it.
  private mutating func list(_ trees: [ObjectID]) {
    let reader = store.makeReader()
    var seen: Set<ObjectID> = []
    for root in trees {
      var stack = [(tree: root, node: 0, depth: 0)]
      while let (tree, node, depth) = stack.popLast() {
        guard depth < HeadSearch.maximumDepth, seen.insert(tree).inserted else { continue }
        var entries: [(name: [UInt8], entry: TreeEntry)] = []
        try? reader.read(tree) { _, bytes in
          var parser = TreeReader(bytes, idCount: store.idCount)
          while let entry = parser.next() {
            if entry.kind != .submodule { entries.append((entry.name.map { bytes[$0] }, entry)) }
          }
        }
        for (name, entry) in entries {
          guard entry.kind == .tree || seen.insert(entry.id).inserted else { continue }
          parents.append(node)
          names.append(name)
          if entry.kind == .tree {
            stack.append((entry.id, names.count - 1, depth + 1))
          } else {
            places[entry.id] = names.count - 1
          }
        }
      }
    }
  }
}

/// One thread's part of the search.
private struct HeadVisitor: ObjectVisitor {
  typealias State = NoState

  private let finder: NeedleFinder
  private let maximumBytes: Int
  private let maximumPlaces: Int
  private let progress: ProgressCounter
  private(set) var found: [(value: ValueNumber, blob: ObjectID, range: Range<Int>)] = []

  init(_ finder: NeedleFinder, maximumBytes: Int, places: Int, _ progress: ProgressCounter) {
    self.finder = finder
    self.maximumBytes = maximumBytes
    maximumPlaces = places
    self.progress = progress
  }

  mutating func visit(_ object: StoredObject, _ bytes: Span<UInt8>, delta: DeltaRuns?, parent: NoState?) -> NoState? {
    progress.advance()
    if bytes.count > maximumBytes { return nil }
    // No more of one value than would be told if this were the only blob.
    var told: [ValueNumber: Int] = [:]
    finder.forEach(in: bytes) { value, range in
      told[value, default: 0] += 1
      if told[value, default: 0] <= maximumPlaces { found.append((value, object.id, range)) }
    }
    return nil
  }

  // What can't be read the first walk has told of already.
  mutating func failed(_ failure: ObjectFailure) {}
}
