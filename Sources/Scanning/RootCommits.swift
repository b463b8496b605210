// The commits that a history begins with: a repository is known by them.

internal import Git
internal import Model

extension HistoryScan {
  /// The root commits that branches reach, sorted.
  static func rootCommits(_ repository: Repository) throws -> [ObjectID] {
    let store = try store(repository, maximumBlobBytes: 0)
    let links = CommitReader.read(store)
    var objects = ObjectTable(idCount: store.idCount)
    for index in 0..<links.count { objects.insert(links.id(index), .commit) }
    var commits = CommitGraph(links, objects)
    commits.label(
      try repository.roots().compactMap { root in commits.find(root.target).map { ($0, root.reachability) } })
    return commits.rootIDs(commits.boundary)
  }
}

/// Reads the links of all commits and nothing else.
private struct CommitReader: ObjectVisitor {
  typealias State = NoState
  private var links: CommitLinks

  static func read(_ store: ObjectStore) -> CommitLinks {
    let selection = ObjectSelection(kinds: [.commit], wantsRuns: false)
    var links = CommitLinks(idCount: store.idCount)
    for reader in store.forEachObject(selection, { _ in CommitReader(links: links) }) { links.append(reader.links) }
    return links
  }

  mutating func visit(_ object: StoredObject, _ bytes: Span<UInt8>, delta: DeltaRuns?, parent: NoState?) -> NoState? {
    if let header = CommitHeader(bytes) {
      links.append(object.id, tree: header.tree, parents: header.parents)
    }
    return nil
  }

  mutating func failed(_ failure: ObjectFailure) {}
}
