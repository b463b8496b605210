// A repository's history, stage by stage: content, trees, commits, findings.

internal import Git
internal import Matching
internal import Model
internal import RuleBook
internal import Secrets
internal import Synchronization

/// One scan of a repository.
struct HistoryScan {
  let repository: Repository
  let program: MatcherProgram
  let options: ScanOptions
  let store: ObjectStore
  let roots: [Root]
  var coverage = Coverage()
  private var meter = StageMeter()

  init(_ repository: Repository, _ program: MatcherProgram, _ options: ScanOptions) throws(ScanError) {
    self.repository = repository
    self.program = program
    self.options = options
    do {
      roots = try repository.roots()
      coverage.refs = try repository.references().count
    } catch { throw ScanError(error) }
    do { store = try HistoryScan.store(repository, maximumBlobBytes: options.maximumBlobBytes) } catch {
      throw ScanError(error)
    }
  }

  static func store(_ repository: Repository, maximumBlobBytes: Int) throws(ObjectFailure) -> ObjectStore {
    var limits = ObjectStoreLimits()
    limits.maximumObjectBytes = max(limits.maximumObjectBytes, maximumBlobBytes)
    return try ObjectStore(
      objects: repository.objectsDirectory, idCount: repository.objectIDCount, limits: limits)
  }

  /// The report.
  consuming func run(target: String) throws(ScanError) -> ScanReport {
    let values = ValueTable(program.rules)
    meter.lap("opening")
    let content = readContent(values)
    meter.lap("content", bytes: coverage.bytes)
    meter.finish(contentBytes: coverage.bytes, ruleNames: program.rules.map(\.id.rawValue))
    let (found, sets) = values.contents()
    var blobValues = [ValueSetNumber](repeating: 0, count: content.objects.count + 1)
    for blob in content.blobs { blobValues[Int(content.objects.find(blob.id))] = blob.values }

    let trees = readTrees(content.objects, blobValues)
    meter.lap("trees")
    var commits = CommitGraph(content.commits, content.objects)
    let peeled = PeeledRoots(roots, commits, content.tags, content.objects)
    commits.label(peeled.commits)
    let graph = TreeGraph(trees, objectCount: content.objects.count)
    noteAbsent(AbsentObjects(trees), graph, commits, peeled, content.objects)

    meter.lap("graph")
    let leads = graph.leadsToValues(blobValues)
    var attribution = Attribution(graph.pruned(leads: leads), commits, blobValues, sets)
    attribution.run(ProgressCounter("attributing commits", total: commits.count, options.progress))
    for tree in peeled.trees { attribution.noteTree(tree.number, tree.reachability) }
    attribution.noteHeads(peeled.heads.map { commits.trees[$0] })
    for commit in attribution.unfinished {
      coverage.add(
        Skip(reason: .matchLimit, object: commits.id(commit), detail: "its trees have more paths than can be followed")
      )
    }

    meter.lap("attribution")
    let boundary = commits.boundary
    let key = options.fingerprintKey ?? WeakKey.derive(commits.rootIDs(boundary))
    var assembly = FindingAssembly(store, program, options, key, found, content.objects, attribution, boundary)
    assembly.addPlaces()
    assembly.addUnplaced(content.blobs, peeled.blobs)
    assembly.addTexts(content.texts, peeled.tagReachability)
    let findings = assembly.findings()
    for skip in assembly.skips { coverage.add(skip) }
    coverage.sort()
    meter.lap("findings")
    options.statistics?(meter.statistics)
    var report = ScanReport(
      target: target, mode: "history", fingerprintKey: key.id, fingerprintKeyIsWeak: options.fingerprintKey == nil,
      findings: findings,
      coverage: coverage)
    report.maskCommits()
    return report
  }

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

/// What the first walk found, of all threads.
struct HistoryContent {
  var objects: ObjectTable
  var blobs: [Holder] = []
  var texts: [Holder] = []
  var commits: CommitLinks
  var tags: [ObjectID: ObjectID] = [:]
}

extension HistoryScan {
  /// The first walk.
  private mutating func readContent(_ values: ValueTable) -> HistoryContent {
    let listed = ListedObjects(idCount: store.idCount, expected: store.packedCount)
    let progress = ProgressCounter("reading objects", total: store.packedCount, options.progress)
    let selection = ObjectSelection(wantsRuns: !options.isFull) { id, kind in
      listed.add(id, kind)
      // Trees come later; for whoever watches they are done with.
      if kind == .tree { progress.advance() }
      return kind != .tree
    }
    let visitors = store.forEachObject(selection, threads: options.threads) { _ in
      ContentVisitor(ContentMatcher(program, values, options), options, idCount: store.idCount, progress)
    }
    var content = HistoryContent(objects: listed.take(), commits: CommitLinks(idCount: store.idCount))
    for visitor in visitors {
      content.blobs += visitor.blobs
      content.texts += visitor.texts
      content.commits.append(visitor.commits)
      for tag in visitor.tags { content.tags[tag.id] = tag.target }
      meter.add(visitor.statistics)
      coverage.merge(visitor.coverage)
      for failure in visitor.failures {
        if let id = failure.id { content.objects.insert(id, nil) }
        coverage.add(Skip(failure))
      }
    }
    content.blobs.sort { $0.id < $1.id }
    content.texts.sort { $0.id < $1.id }
    return content
  }

  /// The second walk.
  private mutating func readTrees(_ objects: ObjectTable, _ blobValues: [ValueSetNumber]) -> [TreeVisitor] {
    let progress = ProgressCounter("reading trees", options.progress)
    let context = TreeContext(objects, blobValues, idCount: repository.objectIDCount, progress)
    let selection = ObjectSelection(kinds: [.tree], wantsRuns: !options.isFull)
    let visitors = store.forEachObject(selection, threads: options.threads) { _ in TreeVisitor(context) }
    for visitor in visitors {
      coverage.merge(visitor.coverage)
      // What has no id was told by the first walk already.
      for failure in visitor.failures {
        if let id = failure.id, objects.kind(objects.find(id), or: .blob) == .tree { coverage.add(Skip(failure)) }
      }
    }
    return visitors
  }

  /// Tells of objects that something reachable names and that are not there.
  private mutating func noteAbsent(
    _ absent: AbsentObjects, _ graph: TreeGraph, _ commits: CommitGraph, _ roots: PeeledRoots, _ objects: ObjectTable
  ) {
    let reason = repository.isPartialClone ? "left out of this partial clone" : "named, but not in the object database"
    for link in commits.absentParents where commits.reachability[link.commit] != .dangling {
      let isShallow = repository.shallowCommits.contains(commits.id(link.commit))
      if objects.find(link.parent) != 0 && !isShallow { continue }
      coverage.add(
        Skip(
          reason: isShallow ? .shallow : .missing, object: link.parent,
          detail: isShallow ? "a commit beyond the boundary of this shallow clone" : "a commit that is \(reason)"))
    }
    for (commit, tree) in commits.absentTrees where commits.reachability[commit] != .dangling {
      coverage.add(Skip(reason: .missing, object: tree, detail: "a tree that is \(reason)"))
    }
    for id in roots.absent { coverage.add(Skip(reason: .missing, object: id, detail: "an object that is \(reason)")) }
    if absent.isEmpty { return }
    let live = (0..<commits.count).filter { commits.reachability[$0] != .dangling && commits.trees[$0] != 0 }
    let isReached = graph.reached(from: live.map { commits.trees[$0] } + roots.trees.map(\.number))
    for id in absent.ids(reachedFrom: isReached) {
      coverage.add(Skip(reason: .missing, object: id, detail: "an object that is \(reason)"))
    }
  }
}

extension ObjectTable {
  /// The kind of a number that may be none.
  func kind(_ number: UInt32, or other: ObjectKind) -> ObjectKind? { number == 0 ? other : kind(number) }
}

extension Skip {
  init(_ failure: ObjectFailure) {
    let reason: SkipReason =
      switch failure.reason {
      case .missing: .missing
      case .tooLarge: .tooLarge
      case .unreadable: .unreadable
      case .corrupt, .base, .expansion: .corrupt
      }
    self.init(reason: reason, object: failure.id, detail: failure.detail)
  }
}

/// The objects of a store, listed while they are read.
private final class ListedObjects: Sendable {
  private let table: Mutex<ObjectTable>

  init(idCount: Int, expected: Int) {
    var empty = ObjectTable(idCount: idCount)
    empty.reserve(expected)
    table = Mutex(empty)
  }

  func add(_ id: ObjectID, _ kind: ObjectKind) { table.withLock { _ = $0.insert(id, kind) } }

  func take() -> ObjectTable {
    table.withLock { table in
      let all = table
      table = ObjectTable(idCount: 20)
      return all
    }
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
