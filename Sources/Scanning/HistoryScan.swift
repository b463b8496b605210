// A repository's history, stage by stage: content, trees, commits, findings.

internal import Git
internal import Matching
internal import Model
internal import Posix
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
  let references: [Reference]
  var coverage = Coverage()
  var meter = StageMeter()
  /// What an earlier scan learnt, where there is something that can be used.
  var restored: RestoredHistory?

  init(_ repository: Repository, _ program: MatcherProgram, _ options: ScanOptions) throws(ScanError) {
    self.repository = repository
    self.program = program
    self.options = options
    do {
      let listing = repository.refListing()
      references = listing.references
      roots = try repository.roots(references)
      coverage.refs = references.count
      for problem in listing.problems { coverage.add(Skip(problem)) }
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
    recall(values)
    let content = readContent(values)
    // What names claim is not the content's: they are searched each time.
    let claims = values.contents().values.map(\.claim)
    meter.lap("content", bytes: coverage.bytes)
    ProcessUsage.giveBack()
    let refs = searchRefNames(values)
    var walk = walkTrees(content, values)
    meter.lap("trees")
    ProcessUsage.giveBack()
    meter.finish(contentBytes: coverage.bytes, ruleNames: program.rules.map(\.id.rawValue))
    let (found, sets) = values.contents()
    var commits = CommitGraph(content.commits, content.objects)
    let peeled = PeeledRoots(roots, commits, content.tags, content.objects)
    commits.label(peeled.commits)
    noteAbsent(walk.absent, walk.graph, commits, peeled, content.objects)

    meter.lap("graph")
    let leads = walk.graph.leadsToValues(walk.blobValues)
    let graph = walk.graph.pruned(leads: leads)
    // The whole graph is the largest thing of a scan, and of no use any more.
    walk.graph = TreeGraph([], objectCount: 0)
    ProcessUsage.giveBack()
    var attribution = Attribution(graph, commits, walk.blobValues, sets)
    attribution.run(ProgressCounter("attributing commits", total: commits.count, options.progress))
    for tree in peeled.trees { attribution.noteTree(tree.number, tree.reachability) }
    attribution.noteHeads(peeled.heads.map { commits.trees[$0] })
    for commit in attribution.unfinished {
      coverage.add(
        Skip(reason: .matchLimit, object: commits.id(commit), detail: "its trees have more paths than can be followed")
      )
    }
    if attribution.isCut {
      coverage.add(
        Skip(reason: .matchLimit, detail: "secrets lie at more paths than can be followed: not all of them are listed"))
    }
    meter.lap("attribution")
    let heads = searchHeads(attribution, peeled, content.objects, found)
    meter.lap("heads")

    let boundary = commits.boundary
    let key = options.fingerprintKey ?? WeakKey.derive(commits.rootIDs(boundary))
    var assembly = FindingAssembly(
      store, program, options, key, found, content.objects, attribution, boundary, walk.named)
    assembly.addHeads(heads)
    assembly.addPlaces()
    assembly.addUnplaced(content.blobs, peeled.blobs, StagedBlobs(repository))
    assembly.addTexts(content.texts, peeled.tagReachability)
    assembly.addRefs(refs)
    var findings = assembly.findings()
    remember(content, walk, attribution.graph, claims, values, assembly)
    Concealment.apply(to: &findings)
    for skip in assembly.skips { coverage.add(skip) }
    coverage.sort()
    meter.lap("findings")
    options.statistics?(meter.statistics)
    return ScanReport(
      target: target, mode: "history", fingerprintKey: key.id, fingerprintKeyIsWeak: options.fingerprintKey == nil,
      findings: findings,
      coverage: coverage)
  }
}

/// What the second walk found.
struct WalkedTrees {
  var graph: TreeGraph
  /// By object number, those of names that hold values behind those of the store's objects.
  var blobValues: [ValueSetNumber]
  var named: NamedObjects
  var absent: AbsentObjects
  /// Whether every tree was read to its end, and nothing was amiss.
  var isWhole: Bool
}

/// A ref whose name holds values.
struct NamedRef {
  var reference: Reference
  var values: [ValueNumber]
}

/// What the first walk found, of all threads.
struct HistoryContent {
  var objects: ObjectTable
  var blobs: [Holder] = []
  var texts: [Holder] = []
  var commits: CommitLinks
  var tags: [ObjectID: ObjectID] = [:]
  /// What was read, where somebody wants to know.
  var records: [ScanRecord] = []
  /// What could not be read.
  var failed: Set<ObjectID> = []
}

extension HistoryScan {
  /// The first walk.
  private mutating func readContent(_ values: ValueTable) -> HistoryContent {
    let listed = ListedObjects(restored?.objects ?? ObjectTable(idCount: store.idCount), expected: store.packedCount)
    let progress = ProgressCounter("reading objects", total: store.packedCount, options.progress)
    let selection = ObjectSelection(wantsRuns: !options.isFull, skips: restored?.known.test) { id, kind in
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
      if let record = visitor.record { content.records.append(record) }
      meter.add(visitor.statistics)
      coverage.merge(visitor.coverage)
      for failure in visitor.failures {
        if let id = failure.id {
          content.objects.insert(id, nil)
          content.failed.insert(id)
        }
        coverage.add(Skip(failure))
      }
    }
    if let restored {
      content.blobs += restored.blobs
      content.texts += restored.texts
      content.commits.append(restored.commits)
      for tag in restored.tags { content.tags[tag.id] = tag.target }
      coverage.merge(restored.coverage)
      for skip in restored.skips { coverage.add(skip) }
    }
    content.blobs.sort { $0.id < $1.id }
    content.texts.sort { $0.id < $1.id }
    return content
  }

  /// The second walk; once more where names of files hold values, which nobody can know before.
  private mutating func walkTrees(_ content: HistoryContent, _ values: ValueTable) -> WalkedTrees {
    let objects = content.objects
    var blobValues = [ValueSetNumber](repeating: 0, count: objects.count + 1)
    for blob in content.blobs { blobValues[Int(objects.find(blob.id))] = blob.values }
    var kept = restored?.trees(objects)
    var visitors = readTrees(objects, blobValues, NamedObjects(), isPartial: kept != nil)
    var search = NameSearch(program, values, options)
    for visitor in visitors {
      for number in 0..<UInt32(visitor.longNames.count) { search.add(visitor.longNames[number]) }
    }
    search.flush()
    noteCut(search, "file names")
    let named = NamedObjects(search.hits, values)
    if !named.isEmpty {
      blobValues += named.values.map(\.set)
      kept = nil
      visitors = readTrees(objects, blobValues, named, isPartial: false)
    }
    var isSound = true
    for visitor in visitors {
      coverage.merge(visitor.coverage)
      // What has no id was told by the first walk already.
      for failure in visitor.failures {
        if let id = failure.id, objects.kind(objects.find(id), or: .blob) == .tree { coverage.add(Skip(failure)) }
      }
      isSound = isSound && visitor.failures.isEmpty && visitor.coverage.skipCounts.isEmpty
    }
    let absent = AbsentObjects(visitors)
    var parts = visitors.map { TreePart($0) }
    // The edges are many, and are not to be there twice.
    visitors = []
    if let kept {
      parts.append(TreePart(kept))
      coverage.trees += restored?.treeCount ?? 0
    }
    let graph = TreeGraph(consume parts, objectCount: blobValues.count - 1)
    return WalkedTrees(
      graph: graph, blobValues: blobValues, named: named, absent: absent,
      isWhole: isSound && absent.isEmpty && named.isEmpty && !search.isCut)
  }

  private func readTrees(
    _ objects: ObjectTable, _ blobValues: [ValueSetNumber], _ named: NamedObjects, isPartial: Bool
  ) -> [TreeVisitor] {
    let skips = isPartial ? restored?.known.test : nil

    let progress = ProgressCounter("reading trees", options.progress)
    let context = TreeContext(objects, blobValues, idCount: repository.objectIDCount, progress, named: named)
    let selection = ObjectSelection(kinds: [.tree], wantsRuns: !options.isFull, skips: skips)
    return store.forEachObject(selection, threads: options.threads) { _ in TreeVisitor(context) }
  }

  private mutating func noteCut(_ search: NameSearch, _ what: String) {
    if search.isCut {
      coverage.add(Skip(reason: .matchLimit, detail: "\(what) hold more that looks like a secret than is followed"))
    }
  }

  /// Values in the names of refs.
  private mutating func searchRefNames(_ values: ValueTable) -> [NamedRef] {
    var search = NameSearch(program, values, options)
    for reference in references { search.add(Array(reference.name.utf8)) }
    search.flush()
    noteCut(search, "names of refs")
    if search.hits.isEmpty { return [] }
    return references.compactMap { reference in
      search.hits[Array(reference.name.utf8)].map { NamedRef(reference: reference, values: $0) }
    }
  }

  /// Values that the rules see at no head, and that stand at one all the same.
  private func searchHeads(
    _ attribution: Attribution, _ peeled: PeeledRoots, _ objects: ObjectTable, _ values: [ValueTable.Value]
  ) -> [HeadHit] {
    let known = Set(attribution.atHead.map(\.value))
    let gone = values.enumerated().filter { $1.claim != nil && !known.contains(ValueNumber($0)) }
    if gone.isEmpty { return [] }
    let trees = Set(peeled.heads.map { attribution.commits.trees[$0] }).subtracting([0]).map { objects.id($0) }
    var search = HeadSearch(store, options)
    return search.run(trees.sorted(), gone.map { (ValueNumber($0), $1.secret) })
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

  init(_ known: ObjectTable, expected: Int) {
    var known = known
    known.reserve(expected)
    table = Mutex(known)
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
