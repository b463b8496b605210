// Reading everything a store holds, each object once: packs one after the other, each by all threads, then what lies
// loose, then a second attempt at what failed, from wherever else there is a copy.

public import Model
internal import Posix

extension ObjectStore {
  /// Failed objects that are tried again, one by one.
  private static let maximumRetries = 10_000
  /// A pack with fewer entries is not worth more than one thread.
  private static let minimumThreadedEntries = 2_000

  /// Unpacks every object that `selection` asks for, once, and shows it to a visitor.
  ///
  /// Deltas come after the object they rest on, on the same thread. Objects that can't be read are told to a visitor as
  /// failures, as are packs and directories that could not be opened; nothing stops the walk.
  ///
  /// - Parameters:
  ///   - selection: which objects.
  ///   - threads: how many threads walk, at least one.
  ///   - makeVisitor: called once for each thread, with its number, before the walk begins.
  /// - Returns: the visitors, by thread number.
  public func forEachObject<Visitor: ObjectVisitor>(
    _ selection: ObjectSelection = ObjectSelection(), threads: Int = 1, _ makeVisitor: (Int) -> Visitor
  ) -> [Visitor] {
    let budget = ExpansionBudget(expansionLimit)
    let boxes = (0..<max(1, threads)).map { VisitorBox(makeVisitor($0)) }
    let walkers = boxes.map { PackWalker($0, selection, limits, budget) }
    let duplicates = DuplicateObjects(self, skips: selection.skips)
    var failures = problems + duplicates.problems
    for number in packs.indices {
      do throws(ObjectFailure) {
        if let skips = selection.skips, try isKnown(packs[number], skips) { continue }
        let forest = try PackForest(packs[number], idCount: idCount)
        let job = WalkJob(forest, selection) { duplicates.isElsewhere(number, $0) }
        failures += forest.failures(except: { duplicates.isElsewhere(number, $0) }).filter {
          !($0.id.flatMap { selection.skips?($0) } ?? false)
        }
        run(walkers, job)
      } catch { failures.append(error) }
    }
    for walker in walkers {
      failures += walker.failures
      walker.failures = []
    }
    let visitors = boxes.map(\.visitor)
    return finish(visitors, selection, duplicates.loose, failures, budget)
  }

  /// Whether every object of a pack is known to the caller.
  private func isKnown(_ pack: Pack, _ skips: (ObjectID) -> Bool) throws(ObjectFailure) -> Bool {
    let names = try pack.index.names(0..<pack.index.count)
    return (0..<pack.index.count).allSatisfy { skips(ObjectID.load(names.span, at: $0 * idCount, count: idCount)) }
  }

  /// Tells of the id of every object that a pack or a file of its own holds; those that lie in several places more than once.
  /// What can't be listed is left out: a walk tells of it.
  public func forEachID(_ body: (ObjectID) -> Void) {
    for pack in packs {
      guard let names = try? pack.index.names(0..<pack.index.count) else { continue }
      for position in 0..<pack.index.count { body(ObjectID.load(names.span, at: position * idCount, count: idCount)) }
    }
    for directory in directories {
      for byte in UInt8.min...UInt8.max {
        for id in (try? LooseObjects.names(directory, firstByte: byte, idCount: idCount)) ?? [] { body(id) }
      }
    }
  }

  private var expansionLimit: Int {
    let stored = packs.reduce(0) { $0 + min($1.file.size, 1 << 44) }
    let (product, overflow) = stored.multipliedReportingOverflow(by: limits.maximumExpansionFactor)
    let limit = overflow ? Int.max / 2 : product
    return min(limit, Int.max / 2) + limits.maximumExpansionBytes
  }

  private func run(_ walkers: [PackWalker], _ job: WalkJob) {
    guard job.forest.count >= ObjectStore.minimumThreadedEntries else {
      walkers[0].run(job)
      return
    }
    let shared = Unshared(walkers)
    WorkerThreads.run(walkers.count) { number in shared.value[number].run(job) }
  }

  /// Reads loose objects and tries failed ones again, on the calling thread.
  private func finish<Visitor: ObjectVisitor>(
    _ visitors: [Visitor], _ selection: ObjectSelection, _ loose: [ObjectID], _ failures: [ObjectFailure],
    _ budget: ExpansionBudget
  ) -> [Visitor] {
    var visitors = visitors
    let reader = makeReader()
    reader.budget = budget
    for id in loose { attempt(id, reader, selection, budget, nil, &visitors[0]) }
    let hasOtherCopies = packs.count > 1 || !loose.isEmpty
    var retries = 0
    for failure in failures {
      let isRetried = hasOtherCopies && retries < ObjectStore.maximumRetries && failure.isWorthRetrying
      guard isRetried, let id = failure.id else {
        visitors[0].failed(failure)
        continue
      }
      retries += 1
      attempt(id, reader, selection, budget, failure, &visitors[0])
    }
    return visitors
  }

  /// Reads one object by its id. If `earlier` is given and this attempt fails, too, that failure is told.
  private func attempt<Visitor: ObjectVisitor>(
    _ id: ObjectID, _ reader: StoreReader, _ selection: ObjectSelection, _ budget: ExpansionBudget,
    _ earlier: ObjectFailure?, _ visitor: inout Visitor
  ) {
    do throws(ObjectFailure) {
      let (kind, size) = try reader.header(id)
      guard selection.kinds.contains(kind), selection.includes?(id, kind) ?? true else { return }
      try budget.spend(min(size, limits.maximumObjectBytes))
      let object = StoredObject(id: id, kind: kind, isCruft: false)
      let isSound = try reader.read(id) { kind, bytes in
        if selection.verifies, ObjectDigest.id(kind, bytes, idCount: idCount) != id { return false }
        _ = visitor.visit(object, bytes, delta: nil, parent: nil)
        return true
      }
      if !isSound { throw .mismatch(id) }
    } catch { visitor.failed(earlier ?? error.of(id)) }
  }
}

extension ObjectFailure {
  fileprivate var isWorthRetrying: Bool { reason != .tooLarge && reason != .expansion }

  /// The failure of an object whose content does not hash to its id.
  static func mismatch(_ id: ObjectID) -> ObjectFailure {
    ObjectFailure(id: id, reason: .corrupt, detail: "its content does not match its id")
  }
}

/// A value that several threads reach, each its own part of it, until they are joined.
private struct Unshared<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
