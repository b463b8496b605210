// What a commit of the index would change: the index against the trees of HEAD (and of what is being merged), directory
// by directory. A directory whose tree the index knows to be the same is passed over without reading anything.

public import Model

/// A file that a commit would add or change.
public struct StagedChange: Sendable {
  /// Its path.
  public var path: BytePath
  /// Its new content.
  public var blob: ObjectID
  /// Its content at this path in the commits before; empty for a new path.
  public var before: [ObjectID]
}

/// All that a commit would change.
public struct StagedChanges: Sendable {
  /// Added and changed files, in the order of the index.
  public var changed: [StagedChange] = []
  /// Contents that a commit before has at a path where the index has none: a renamed file's are among them.
  public var removed: [ObjectID] = []
  /// Objects that were needed and could not be read.
  public var failures: [ObjectFailure] = []

  /// Compares an index with commits' root trees; of a path only what none of them has counts as changed.
  ///
  /// - Parameters:
  ///   - index: the index.
  ///   - trees: the root trees of HEAD and of the commits being merged; empty before the first commit.
  public init(_ index: IndexFile, against trees: [ObjectID], reader: StoreReader, idCount: Int) {
    var comparison = IndexComparison(index: index, reader: reader, idCount: idCount)
    comparison.directory([], trees, 0..<index.entries.count, index.cachedTree)
    changed = comparison.changed
    removed = comparison.removed
    failures = comparison.failures
  }
}

private struct IndexComparison {
  /// Git itself refuses deeper paths long before.
  private static let maximumDepth = 2_048

  let index: IndexFile
  let reader: StoreReader
  let idCount: Int
  var changed: [StagedChange] = []
  var removed: [ObjectID] = []
  var failures: [ObjectFailure] = []
  /// Trees may name each other many times over: each is looked at once.
  private var goneObjects: Set<ObjectID> = []
  /// A tree bomb's files and directories are not all listed.
  private static let maximumChanges = 1_000_000
  private static let maximumTrees = 1_000_000
  private var listed = 0
  private var isCutOff = false

  init(index: IndexFile, reader: StoreReader, idCount: Int) {
    self.index = index
    self.reader = reader
    self.idCount = idCount
  }

  private typealias Named = TreeListing.Entry

  /// Compares what lies below a directory. Every entry of `range` has a path that begins with `prefix`.
  mutating func directory(
    _ prefix: [UInt8], _ trees: [ObjectID], _ range: Range<Int>, _ cached: CachedTree?, depth: Int = 0
  ) {
    if let id = cached?.id, trees.contains(id), cached?.entryCount == range.count { return }
    guard depth < IndexComparison.maximumDepth else {
      failures.append(ObjectFailure(id: nil, reason: .tooLarge, detail: "directories are nested too deep"))
      return
    }
    var listings: [[[UInt8]: Named]] = []
    for tree in trees { listings.append(TreeListing(tree, reader, idCount, &failures).entries) }
    var seen = Set<[UInt8]>()
    var at = range.lowerBound
    while at < range.upperBound {
      let rest = index.entries[at].path[min(prefix.count, index.entries[at].path.count)...]
      let name = Array(rest.prefix { $0 != 0x2f })
      seen.insert(name)
      let before = listings.compactMap { $0[name] }
      if name.count == rest.count {
        file(index.entries[at], before)
        at += 1
        continue
      }
      let below = end(ofDirectory: prefix.count + name.count, from: at, in: range)
      let child = cached?.children.first { $0.name == name }
      let subtrees: [ObjectID] = before.filter { $0.kind == TreeEntry.Kind.tree }.map { $0.id }
      if !(index.entries[at].isSparseDirectory && subtrees.contains(index.entries[at].id)) {
        if index.entries[at].isSparseDirectory {
          wholeTree(prefix + name + [0x2f], index.entries[at].id, depth: depth)
        } else {
          directory(prefix + name + [0x2f], subtrees, at..<below, child, depth: depth + 1)
        }
      }
      at = below
    }
    for listing in listings {
      for (name, entry) in listing where !seen.contains(name) { gone(entry, depth: depth) }
    }
  }

  private mutating func file(_ entry: IndexEntry, _ before: [Named]) {
    // While a conflict lasts no commit can be made; what is only announced has no content; a submodule's is elsewhere.
    guard entry.stage == 0, !entry.isIntentToAdd, entry.hasContent else { return }
    if before.contains(where: { $0.kind == .blob && $0.id == entry.id }) { return }
    changed.append(
      StagedChange(path: BytePath(entry.path), blob: entry.id, before: before.filter { $0.kind == .blob }.map(\.id)))
  }

  /// A sparse directory that differs from HEAD's: its files, out of its tree.
  private mutating func wholeTree(_ prefix: [UInt8], _ tree: ObjectID, depth: Int) {
    listed += 1
    guard depth < IndexComparison.maximumDepth, changed.count < IndexComparison.maximumChanges,
      listed <= IndexComparison.maximumTrees
    else {
      if !isCutOff {
        failures.append(
          ObjectFailure(id: tree, reason: .tooLarge, detail: "the tree has too many files to list them all"))
      }
      isCutOff = true
      return
    }
    let listing = TreeListing(tree, reader, idCount, &failures)
    for name in listing.order {
      guard let entry = listing.entries[name] else { continue }
      switch entry.kind {
      case .blob: changed.append(StagedChange(path: BytePath(prefix + name), blob: entry.id, before: []))
      case .tree: wholeTree(prefix + name + [0x2f], entry.id, depth: depth + 1)
      case .submodule: break
      }
    }
  }

  private mutating func gone(_ entry: Named, depth: Int) {
    switch entry.kind {
    case .blob: if goneObjects.insert(entry.id).inserted { removed.append(entry.id) }
    case .tree where depth < IndexComparison.maximumDepth && goneObjects.insert(entry.id).inserted:
      for (_, child) in TreeListing(entry.id, reader, idCount, &failures).entries { gone(child, depth: depth + 1) }
    case .tree, .submodule: break
    }
  }

  /// The first index behind `from` whose path does not go on below the directory of that length.
  private func end(ofDirectory count: Int, from: Int, in range: Range<Int>) -> Int {
    let prefix = index.entries[from].path[0...count]
    var low = from
    var high = range.upperBound
    while low < high {
      let middle = (low + high) / 2
      if index.entries[middle].path.prefix(count + 1) == prefix { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
