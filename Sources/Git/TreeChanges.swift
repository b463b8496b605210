// What a commit adds or changes: its tree against its parents', down only where they differ from all of them.

public import Model

/// The files of a tree that none of the trees before it has in the same place with the same content.
public struct TreeChanges {
  private static let maximumDepth = 2_048
  /// A tree bomb's files and directories are not all listed.
  private static let maximumChanges = 1_000_000

  /// Added and changed files.
  public private(set) var changed: [StagedChange] = []
  /// Contents that a tree before has at a path where this one has none.
  public private(set) var removed: [ObjectID] = []
  /// Trees that could not be read.
  public private(set) var failures: [ObjectFailure] = []

  private let reader: StoreReader
  private let idCount: Int
  private var gone: Set<ObjectID> = []
  /// Comparisons of directories so far: trees may name each other many times over, and hold no file at all.
  private var compared = 0
  private let maximumTrees: Int
  private var isCutOff = false

  /// Compares `tree` with the trees of a commit's parents; with none, all of it is new.
  public init(of tree: ObjectID, against before: [ObjectID], reader: StoreReader, idCount: Int) {
    self.init(of: tree, against: before, reader: reader, idCount: idCount, maximumTrees: 1_000_000)
  }

  /// The same, with a bound of one's own.
  init(of tree: ObjectID, against before: [ObjectID], reader: StoreReader, idCount: Int, maximumTrees: Int) {
    self.reader = reader
    self.idCount = idCount
    self.maximumTrees = maximumTrees
    compare(tree, before, [], depth: 0)
  }

  private mutating func compare(_ tree: ObjectID, _ before: [ObjectID], _ prefix: [UInt8], depth: Int) {
    guard !before.contains(tree) else { return }
    compared += 1
    guard depth < TreeChanges.maximumDepth, changed.count < TreeChanges.maximumChanges,
      compared <= maximumTrees
    else {
      if !isCutOff {
        failures.append(
          ObjectFailure(id: tree, reason: .tooLarge, detail: "the tree has too many files to compare them all"))
      }
      isCutOff = true
      return
    }
    let now = TreeListing(tree, reader, idCount, &failures)
    var listings: [TreeListing] = []
    for id in before { listings.append(TreeListing(id, reader, idCount, &failures)) }
    for name in now.order {
      guard let entry = now.entries[name] else { continue }
      let known = listings.compactMap { $0.entries[name] }
      if known.contains(where: { $0.id == entry.id }) { continue }
      switch entry.kind {
      case .blob:
        let blobs = known.filter { $0.kind == .blob }.map(\.id)
        changed.append(StagedChange(path: BytePath(prefix + name), blob: entry.id, before: blobs))
      case .tree:
        let trees = known.filter { $0.kind == .tree }.map(\.id)
        compare(entry.id, trees, prefix + name + [0x2f], depth: depth + 1)
      case .submodule: break
      }
    }
    for listing in listings {
      for (name, entry) in listing.entries where now.entries[name] == nil { remove(entry, depth: depth) }
    }
  }

  private mutating func remove(_ entry: TreeListing.Entry, depth: Int) {
    guard depth < TreeChanges.maximumDepth, gone.insert(entry.id).inserted else { return }
    switch entry.kind {
    case .blob: removed.append(entry.id)
    case .tree:
      let listing = TreeListing(entry.id, reader, idCount, &failures)
      for (_, child) in listing.entries { remove(child, depth: depth + 1) }
    case .submodule: break
    }
  }
}

/// One tree's entries by name.
struct TreeListing {
  struct Entry {
    var kind: TreeEntry.Kind
    var id: ObjectID
  }

  private(set) var entries: [[UInt8]: Entry] = [:]
  /// The names in the tree's order.
  private(set) var order: [[UInt8]] = []

  /// Reads a tree; what can't be read is noted, and the listing is empty (or ends there).
  init(_ tree: ObjectID, _ reader: StoreReader, _ idCount: Int, _ failures: inout [ObjectFailure]) {
    var entries: [[UInt8]: Entry] = [:]
    var order: [[UInt8]] = []
    var isMalformed = false
    do throws(ObjectFailure) {
      try reader.read(tree) { kind, bytes in
        guard kind == .tree else {
          isMalformed = true
          return
        }
        var tree = TreeReader(bytes, idCount: idCount)
        while let entry = tree.next() {
          let name = entry.name.map { bytes[$0] }
          order.append(name)
          entries[name] = Entry(kind: entry.kind, id: entry.id)
        }
        isMalformed = tree.isMalformed
      }
    } catch { failures.append(error) }
    if isMalformed { failures.append(ObjectFailure(id: tree, reason: .corrupt, detail: "the tree is malformed")) }
    self.entries = entries
    self.order = order
  }
}
