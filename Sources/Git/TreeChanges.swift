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
    guard let now = bytes(of: tree) else { return }
    var differences: [TreeDifference] = []
    for id in before {
      guard let other = bytes(of: id) else { continue }
      differences.append(TreeDifference(now.span, other.span, idCount: idCount))
      if differences.last?.isMalformed.before == true { malformed(id) }
    }
    let nothing: [UInt8] = []
    if differences.isEmpty { differences.append(TreeDifference(now.span, nothing.span, idCount: idCount)) }
    if differences.contains(where: { $0.isMalformed.now }) { malformed(tree) }
    for (entry, known) in TreeChanges.common(differences) {
      let path = prefix + now[entry.name]
      switch entry.kind {
      case .blob:
        changed.append(
          StagedChange(path: BytePath(path), blob: entry.id, before: known.filter { $0.kind == .blob }.map(\.id)))
      case .tree:
        compare(entry.id, known.filter { $0.kind == .tree }.map(\.id), path + [0x2f], depth: depth + 1)
      case .submodule: break
      }
    }
    for difference in differences { for entry in difference.gone { remove(entry.kind, entry.id, depth: depth) } }
  }

  /// The entries that differ from all of the trees before, each with what those have of the same name.
  private static func common(_ differences: [TreeDifference]) -> [(entry: TreeEntry, known: [TreeEntry])] {
    guard let first = differences.first else { return [] }
    var common = first.changed.map { (entry: $0.entry, known: $0.before.map { [$0] } ?? []) }
    for other in differences.dropFirst() where !common.isEmpty {
      let changes = Dictionary(other.changed.map { ($0.entry.name.lowerBound, $0) }, uniquingKeysWith: { $1 })
      common = common.compactMap { entry, known in
        changes[entry.name.lowerBound].map { (entry, known + ($0.before.map { [$0] } ?? [])) }
      }
    }
    return common
  }

  /// A tree's bytes; nil where it can't be read, which is noted.
  private mutating func bytes(of tree: ObjectID) -> [UInt8]? {
    do throws(ObjectFailure) {
      let bytes: [UInt8]? = try reader.read(tree) { kind, bytes in
        kind == .tree ? unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) } : nil
      }
      if bytes == nil { malformed(tree) }
      return bytes
    } catch {
      failures.append(error)
      return nil
    }
  }

  private mutating func malformed(_ tree: ObjectID) {
    failures.append(ObjectFailure(id: tree, reason: .corrupt, detail: "the tree is malformed"))
  }

  private mutating func remove(_ kind: TreeEntry.Kind, _ id: ObjectID, depth: Int) {
    guard depth < TreeChanges.maximumDepth, gone.insert(id).inserted else { return }
    switch kind {
    case .blob: removed.append(id)
    case .tree:
      let listing = TreeListing(id, reader, idCount, &failures)
      for (_, child) in listing.entries { remove(child.kind, child.id, depth: depth + 1) }
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

extension StagedChange {
  /// A content that something names without a path, as a tag may.
  public init(unnamed blob: ObjectID) { self.init(path: BytePath([]), blob: blob, before: []) }
}
