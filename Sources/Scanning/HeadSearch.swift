// Whether a value is still at a head is settled by the value itself: what the rules did not see at any head is looked for,
// byte by byte, in every blob of the heads' trees. A comment that allows a line, or a context that no rule knows, hides nothing.

internal import Git
internal import Model
internal import Posix
internal import Secrets
internal import Synchronization

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
  private var blobs: [ObjectID] = []
  /// By blob: the path's node.
  private var places: [Int] = []
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
    let (blobs, places) = (blobs, places)
    let found = Mutex<[(value: ValueNumber, blob: Int, range: Range<Int>)]>([])
    let next = Atomic<Int>(0)
    let progress = ProgressCounter("searching heads", total: blobs.count, options.progress)
    WorkerThreads.run(min(options.threads, 1 + blobs.count / 500)) { [store, options] _ in
      let reader = store.makeReader()
      while true {
        let start = next.add(64, ordering: .relaxed).oldValue
        if start >= blobs.count { return }
        for index in start..<min(start + 64, blobs.count) {
          progress.advance()
          var own: [(value: ValueNumber, blob: Int, range: Range<Int>)] = []
          // What can't be read the first walk has told of already.
          try? reader.read(blobs[index], maximumBytes: options.maximumBlobBytes) { _, bytes in
            finder.forEach(in: bytes) { own.append(($0, index, $1)) }
          }
          if !own.isEmpty { found.withLock { $0 += own } }
        }
      }
    }
    let sorted = found.withLock { $0 }.map { hit in
      HeadHit(value: hit.value, blob: blobs[hit.blob], path: path(places[hit.blob]), range: hit.range)
    }.sorted { ($0.value, $0.path, $0.range.lowerBound) < ($1.value, $1.path, $1.range.lowerBound) }
    var told: [ValueNumber: Int] = [:]
    return sorted.filter { hit in
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
            blobs.append(entry.id)
            places.append(names.count - 1)
          }
        }
      }
    }
  }
}
