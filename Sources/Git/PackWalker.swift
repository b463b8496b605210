// Walks the trees of a pack's delta forest depth first, so that each object is unpacked once and each delta finds its
// base still in hand. Loops, never recursion: a hostile chain may be a million deltas deep.

internal import Model
internal import Synchronization

/// What all threads of one pack's walk share.
final class WalkJob: Sendable {
  let forest: PackForest
  /// For each rank whether it is visited (``visited``) and whether it must be unpacked (``needed``).
  let marks: [UInt8]
  /// The full objects whose trees hold something to visit.
  let roots: [PackForest.Rank]
  private let next = Atomic<Int>(0)

  static let visited: UInt8 = 1
  static let needed: UInt8 = 2
  /// Roots that a thread takes at once.
  private static let batchCount = 8

  /// Marks what `selection` asks for, except what `isElsewhere` says is visited in another place.
  init(_ forest: PackForest, _ selection: ObjectSelection, isElsewhere: (Int) -> Bool) {
    var marks = [UInt8](repeating: 0, count: forest.count)
    var roots: [PackForest.Rank] = []
    for index in 0..<forest.count {
      var rank = PackForest.Rank(index)
      guard let kind = forest.kind(rank), selection.kinds.contains(kind), !isElsewhere(forest.position(rank)),
        !forest.repeatsName(rank), !(selection.skips?(forest.id(rank)) ?? false),
        selection.includes?(forest.id(rank), kind) ?? true
      else { continue }
      marks[index] |= WalkJob.visited
      while marks[Int(rank)] & WalkJob.needed == 0 {
        marks[Int(rank)] |= WalkJob.needed
        guard forest.bases[Int(rank)] != PackForest.none else {
          roots.append(rank)
          break
        }
        rank = forest.bases[Int(rank)]
      }
    }
    self.forest = forest
    self.marks = marks
    self.roots = roots
  }

  /// The next few roots that no thread has taken.
  func take() -> ArraySlice<PackForest.Rank> {
    let start = next.add(WalkJob.batchCount, ordering: .relaxed).oldValue
    return roots[min(start, roots.count)..<min(start + WalkJob.batchCount, roots.count)]
  }

  /// The first of `rank` and its later siblings that must be unpacked.
  func firstNeeded(_ rank: PackForest.Rank) -> PackForest.Rank {
    var rank = rank
    while rank != PackForest.none, marks[Int(rank)] & WalkJob.needed == 0 { rank = forest.nextSiblings[Int(rank)] }
    return rank
  }
}

/// The bytes that a walk may still unpack, shared by its threads.
final class ExpansionBudget: Sendable {
  private let remaining: Atomic<Int>

  init(_ bytes: Int) { remaining = Atomic(bytes) }

  /// What the smallest object costs: its time is not that of its bytes.
  private static let minimumBytes = 1_024

  /// Takes the cost of `bytes` off; throws when there are not so many left.
  func spend(_ bytes: Int) throws(ObjectFailure) {
    let bytes = max(bytes, ExpansionBudget.minimumBytes)
    // Never below zero, so that no number of attempts can wrap it round.
    guard remaining.load(ordering: .relaxed) >= bytes, remaining.subtract(bytes, ordering: .relaxed).newValue >= 0
    else {
      throw ObjectFailure(id: nil, reason: .expansion, detail: "the objects unpack to more than the limit for a walk")
    }
  }
}

/// A visitor, whatever its type: generic code in the walk's loops would look types up at run time.
class ErasedVisitor {
  func visit(_ object: StoredObject, _ bytes: Span<UInt8>, delta: DeltaRuns?, parent: AnyObject?) -> AnyObject? { nil }
}

/// A visitor of one type.
final class VisitorBox<Visitor: ObjectVisitor>: ErasedVisitor {
  var visitor: Visitor

  init(_ visitor: Visitor) { self.visitor = visitor }

  override func visit(
    _ object: StoredObject, _ bytes: Span<UInt8>, delta: DeltaRuns?, parent: AnyObject?
  ) -> AnyObject? {
    // A walker hands on nothing but what its own visitor gave it.
    let state = parent.map { unsafe unsafeDowncast($0, to: Visitor.State.self) }
    return visitor.visit(object, bytes, delta: delta, parent: state)
  }
}

/// One thread's part of the walk over all packs.
final class PackWalker {
  /// Depth first means to and fro in the pack: what is read beyond an entry is mostly of no use.
  private static let windowBytes = 1 << 11

  /// An object whose deltas are being walked.
  private struct Frame {
    var rank: PackForest.Rank
    /// The next delta on it, or `none`.
    var next: PackForest.Rank
    /// The object; nil after it was dropped to keep within the limit.
    var bytes: ByteBuffer?
    var state: AnyObject?
  }

  private let visitor: ErasedVisitor
  /// Objects that could not be read in this walk.
  var failures: [ObjectFailure] = []

  private let selection: ObjectSelection
  private let limits: ObjectStoreLimits
  private let budget: ExpansionBudget
  private let inflater = Inflater()
  private var window = PackWindow(count: PackWalker.windowBytes)
  private var pool = BufferPool()
  private let delta = ByteBuffer()
  private var runs: DeltaRuns
  private var frames: [Frame] = []
  private var heldBytes = 0

  init(_ visitor: ErasedVisitor, _ selection: ObjectSelection, _ limits: ObjectStoreLimits, _ budget: ExpansionBudget) {
    self.visitor = visitor
    self.selection = selection
    self.limits = limits
    self.budget = budget
    runs = DeltaRuns(parent: ObjectID(Array(repeating: 0, count: 20).span, at: 0, count: 20))
  }

  /// Walks trees of `job` until none is left.
  func run(_ job: WalkJob) {
    while true {
      let roots = job.take()
      if roots.isEmpty { return }
      for root in roots { walk(job, from: root) }
    }
  }

  private func walk(_ job: WalkJob, from root: PackForest.Rank) {
    step(job, root, hasParent: false)
    while let top = frames.last {
      guard top.next != PackForest.none else {
        pop()
        continue
      }
      frames[frames.count - 1].next = job.firstNeeded(job.forest.nextSiblings[Int(top.next)])
      step(job, top.next, hasParent: true)
    }
  }

  /// Unpacks and visits one object, whose parent is the last frame, and makes it a frame if deltas rest on it.
  private func step(_ job: WalkJob, _ rank: PackForest.Rank, hasParent: Bool) {
    do throws(ObjectFailure) {
      let base = hasParent ? try topBytes(job) : nil
      let isVisited = job.marks[Int(rank)] & WalkJob.visited != 0
      let bytes = try unpack(job.forest, rank, base: base, recordsRuns: isVisited && selection.wantsRuns)
      let state = isVisited ? visit(job.forest, rank, bytes, hasParent: hasParent) : nil
      // The last delta on an object sets it free, so that a plain chain holds two objects, however long it is.
      if hasParent, frames.last?.next == PackForest.none { pop() }
      let child = job.firstNeeded(job.forest.firstChildren[Int(rank)])
      if child == PackForest.none {
        pool.give(bytes)
      } else {
        frames.append(Frame(rank: rank, next: child, bytes: bytes, state: state))
        heldBytes += bytes.count
        shed()
      }
    } catch { fail(job, rank, error) }
  }

  private func visit(
    _ forest: PackForest, _ rank: PackForest.Rank, _ bytes: ByteBuffer, hasParent: Bool
  ) -> AnyObject? {
    let id = forest.id(rank)
    guard let kind = forest.kind(rank) else { return nil }
    if selection.verifies || forest.pack.doubt != nil,
      bytes.withSpan({ ObjectDigest.id(kind, $0, idCount: forest.idCount) }) != id
    {
      failures.append(.mismatch(id))
      return nil
    }
    let object = StoredObject(id: id, kind: kind, isCruft: forest.pack.isCruft)
    guard hasParent, let parent = frames.last else {
      return bytes.withSpan { visitor.visit(object, $0, delta: nil, parent: nil) }
    }
    guard selection.wantsRuns else {
      return bytes.withSpan { visitor.visit(object, $0, delta: nil, parent: parent.state) }
    }
    runs.parent = forest.id(parent.rank)
    runs.count = bytes.count
    return bytes.withSpan { visitor.visit(object, $0, delta: runs, parent: parent.state) }
  }

  private func unpack(
    _ forest: PackForest, _ rank: PackForest.Rank, base: ByteBuffer?, recordsRuns: Bool
  ) throws(ObjectFailure) -> ByteBuffer {
    let offset = forest.offsets[Int(rank)]
    let entry = try window.entry(forest.pack, at: offset, idCount: forest.idCount)
    guard let base else {
      guard entry.size <= limits.maximumObjectBytes else { throw .tooLarge(entry.size) }
      try budget.spend(entry.size)
      let result = pool.take(count: entry.size)
      try inflate(forest, entry, rank, into: result)
      return result
    }
    guard entry.size <= DeltaFailure.maximumDeltaBytes(limits) else { throw DeltaFailure.damaged }
    try budget.spend(entry.size)
    try inflate(forest, entry, rank, into: delta)
    guard let header = delta.withSpan({ Delta.header($0) }), header.baseCount == base.count else {
      throw DeltaFailure.damaged
    }
    guard header.resultCount <= limits.maximumObjectBytes else { throw .tooLarge(header.resultCount) }
    try budget.spend(header.resultCount)
    let result = pool.take(count: header.resultCount)
    runs.copies.removeAll(keepingCapacity: true)
    let isSound = unsafe Delta.apply(
      delta.readable, from: header.instructions, base: base.readable, into: result.writable, recordsRuns: recordsRuns,
      runs: &runs.copies)
    guard isSound else { throw DeltaFailure.damaged }
    return result
  }

  private func inflate(
    _ forest: PackForest, _ entry: PackEntry, _ rank: PackForest.Rank, into buffer: ByteBuffer
  ) throws(ObjectFailure) {
    let offset = forest.offsets[Int(rank)]
    let extent = forest.offsets[Int(rank) + 1] - offset
    let rest = forest.pack.entriesEnd - offset
    do throws(ObjectFailure) {
      try window.inflate(forest.pack, entry, at: offset, extent: extent, into: buffer, by: inflater)
    } catch {
      // The index may name an offset in the middle of this entry; that is the other object's fault.
      guard extent < rest else { throw error }
      try window.inflate(forest.pack, entry, at: offset, extent: rest, into: buffer, by: inflater)
    }
  }

  /// The last frame's object, unpacked again if it was dropped.
  private func topBytes(_ job: WalkJob) throws(ObjectFailure) -> ByteBuffer? {
    guard let top = frames.last else { return nil }
    if let bytes = top.bytes { return bytes }
    var chain = [top.rank]
    var base: ByteBuffer?
    var rank = job.forest.bases[Int(top.rank)]
    var below = frames.count - 2
    while rank != PackForest.none {
      if below >= 0, frames[below].rank == rank {
        base = frames[below].bytes
        if base != nil { break }
        below -= 1
      }
      chain.append(rank)
      rank = job.forest.bases[Int(rank)]
    }
    while let rank = chain.popLast() { base = try unpack(job.forest, rank, base: base, recordsRuns: false) }
    frames[frames.count - 1].bytes = base
    heldBytes += base?.count ?? 0
    shed()
    return base
  }

  /// Drops objects, those needed last first, until what is held is within the limit; the top frame's stays.
  private func shed() {
    var index = 0
    while heldBytes > limits.maximumHeldBytes, index < frames.count - 1 {
      if let bytes = frames[index].bytes {
        heldBytes -= bytes.count
        frames[index].bytes = nil
      }
      index += 1
    }
  }

  private func pop() {
    guard let bytes = frames.removeLast().bytes else { return }
    heldBytes -= bytes.count
    pool.give(bytes)
  }

  /// Notes that an object can't be had, and with it none of those that rest on it.
  private func fail(_ job: WalkJob, _ rank: PackForest.Rank, _ failure: ObjectFailure) {
    let forest = job.forest
    if job.marks[Int(rank)] & WalkJob.visited != 0 { failures.append(failure.of(forest.id(rank))) }
    let reason: ObjectFailure.Reason = failure.reason == .expansion ? .expansion : .base
    let detail = "an object that its deltas rest on can't be had: \(failure.detail)"
    var pending = [job.firstNeeded(forest.firstChildren[Int(rank)])]
    while let next = pending.popLast() {
      if next == PackForest.none { continue }
      if job.marks[Int(next)] & WalkJob.visited != 0 {
        failures.append(ObjectFailure(id: forest.id(next), reason: reason, detail: detail))
      }
      pending.append(job.firstNeeded(forest.nextSiblings[Int(next)]))
      pending.append(job.firstNeeded(forest.firstChildren[Int(next)]))
    }
  }
}
