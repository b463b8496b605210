// Random access: one object by its id, from whichever pack or file has a sound copy. Chains of deltas are followed in a
// loop, to a limited depth, so that neither a long chain nor a cycle of them can exhaust the stack or the time.

public import Model

/// Reads single objects of a store; for one thread at a time. Make one for each thread.
public final class StoreReader {
  private let store: ObjectStore
  private let inflater = Inflater()
  private var window = PackWindow(count: 1 << 14)
  private var cache: BaseCache
  private let delta = ByteBuffer()
  private let loose = ByteBuffer()
  /// Places in the store's packs that a multi-pack index covers.
  private let covered: Set<Int>

  /// What a walk that reads through this may still unpack.
  var budget: ExpansionBudget?

  /// Bytes that the bases of one object may unpack to, in units of the largest object.
  private static let maximumChainFactor = 64

  init(_ store: ObjectStore) {
    self.store = store
    cache = BaseCache(maximumBytes: store.limits.maximumCachedBytes)
    covered = Set(store.multiIndexes.flatMap { $0.packs.compactMap { $0 } })
  }

  private enum Location {
    case packed(Int, offset: Int)
    case loose(StoredFile)
  }

  /// Whether the store holds the object; whether it is sound shows only when it is read.
  public func contains(_ id: ObjectID) -> Bool {
    do throws(ObjectFailure) {
      return try attempt(id) { (_) throws(ObjectFailure) in true }
    } catch { return false }
  }

  /// Whether cruft packs alone hold the object.
  public func isCruft(_ id: ObjectID) -> Bool {
    var isInCruft = false
    for pack in store.packs {
      guard ((try? pack.index.offset(of: id)) ?? nil) != nil else { continue }
      if !pack.isCruft { return false }
      isInCruft = true
    }
    return isInCruft && ((try? LooseObjects.open(store.directories, id)) ?? nil) == nil
  }

  /// The object's kind and its size in bytes. Of a delta only the beginning is unpacked.
  public func header(_ id: ObjectID) throws(ObjectFailure) -> (kind: ObjectKind, size: Int) {
    try attempt(id) { (location) throws(ObjectFailure) -> (kind: ObjectKind, size: Int) in
      switch location {
      case .loose(let file):
        let header = try LooseObjects.header(file)
        return (header.kind, header.size)
      case .packed(let pack, let offset): return try packedHeader(pack, offset)
      }
    }
  }

  /// Unpacks the object and lends its bytes to `body`.
  ///
  /// - Parameter maximumBytes: the largest object that is unpacked; the store's own limit holds, too.
  /// - Throws: what is wrong with the object, when no copy of it can be read.
  public func read<R>(
    _ id: ObjectID, maximumBytes: Int = .max, _ body: (ObjectKind, Span<UInt8>) -> R
  ) throws(ObjectFailure) -> R {
    let maximum = min(maximumBytes, store.limits.maximumObjectBytes)
    return try attempt(id) { (location) throws(ObjectFailure) -> R in
      switch location {
      case .loose(let file):
        let header = try LooseObjects.read(file, maximumBytes: maximum, into: loose, by: inflater)
        return loose.withSpan { body(header.kind, $0.extracting(header.headerCount..<$0.count)) }
      case .packed(let pack, let offset):
        let entry = try unpack(pack, offset, maximumBytes: maximum)
        if store.packs[pack].doubt != nil,
          entry.bytes.withSpan({ ObjectDigest.id(entry.kind, $0, idCount: store.idCount) }) != id
        {
          throw .mismatch(id)
        }
        return entry.bytes.withSpan { body(entry.kind, $0) }
      }
    }
  }

  /// Tries each place where the object may lie until one of them works. The first failure is the one that is told.
  private func attempt<R>(
    _ id: ObjectID, _ body: (Location) throws(ObjectFailure) -> R
  ) throws(ObjectFailure) -> R {
    var first: ObjectFailure?
    var tried: Set<Int> = []
    for multiIndex in store.multiIndexes {
      do throws(ObjectFailure) {
        guard let place = try multiIndex.index.location(of: id), let pack = multiIndex.packs[place.pack] else {
          continue
        }
        tried.insert(pack)
        return try body(.packed(pack, offset: place.offset))
      } catch { first = first ?? error }
    }
    // What a sound multi-pack index does not list is not in its packs.
    for pack in store.packs.indices where !tried.contains(pack) && (first != nil || !covered.contains(pack)) {
      do throws(ObjectFailure) {
        guard let offset = try store.packs[pack].index.offset(of: id) else { continue }
        return try body(.packed(pack, offset: offset))
      } catch { first = first ?? error }
    }
    do throws(ObjectFailure) {
      if let file = try LooseObjects.open(store.directories, id) { return try body(.loose(file)) }
    } catch { first = first ?? error }
    throw (first ?? ObjectFailure(id: id, reason: .missing, detail: "it is not in the object database")).of(id)
  }

  /// The place of a delta's base, in the same pack.
  private func base(of entry: PackEntry, in pack: Int) throws(ObjectFailure) -> Int? {
    switch entry.content {
    case .whole: return nil
    case .offsetDelta(let base): return base
    case .referenceDelta(let id):
      guard let offset = try store.packs[pack].index.offset(of: id) else {
        throw ObjectFailure(id: nil, reason: .base, detail: "the base of its delta, \(id), is not in the same pack")
      }
      return offset
    }
  }

  private func packedHeader(_ pack: Int, _ offset: Int) throws(ObjectFailure) -> (kind: ObjectKind, size: Int) {
    var size: Int?
    var at = offset
    for _ in 0...store.limits.maximumDeltaDepth {
      let entry = try window.entry(store.packs[pack], at: at, idCount: store.idCount)
      if case .whole(let kind) = entry.content { return (kind, size ?? entry.size) }
      if size == nil { size = try resultCount(pack, entry, at) }
      guard let base = try base(of: entry, in: pack) else { break }
      at = base
    }
    throw StoreReader.tooDeep
  }

  private static let tooDeep = ObjectFailure(
    id: nil, reason: .corrupt, detail: "its chain of deltas is longer than the limit, or a cycle")

  /// Compressed bytes that hold the two sizes at a delta's beginning.
  private static let probeCount = 1_024

  private func resultCount(_ pack: Int, _ entry: PackEntry, _ offset: Int) throws(ObjectFailure) -> Int {
    let probe = try window.withBytes(
      store.packs[pack], at: offset + entry.headerCount, count: StoreReader.probeCount
    ) { bytes in bytes.indices.map { bytes[$0] } }
    let start = InflatePrefix.unpack(probe, maximum: Delta.maximumHeaderCount)
    guard let header = start.flatMap({ Delta.header($0.span) }) else { throw DeltaFailure.damaged }
    return header.resultCount
  }

  private func unpack(_ pack: Int, _ offset: Int, maximumBytes: Int) throws(ObjectFailure) -> BaseCache.Entry {
    var chain: [(offset: Int, entry: PackEntry)] = []
    var at = offset
    var current: BaseCache.Entry
    while true {
      if let cached = cache.find(BaseCache.Key(pack: pack, offset: at)) {
        current = cached
        break
      }
      let entry = try window.entry(store.packs[pack], at: at, idCount: store.idCount)
      if case .whole(let kind) = entry.content {
        let limit = chain.isEmpty ? maximumBytes : store.limits.maximumObjectBytes
        guard entry.size <= limit else { throw chain.isEmpty ? .tooLarge(entry.size) : DeltaFailure.largeBase }
        current = BaseCache.Entry(kind: kind, bytes: ByteBuffer())
        try inflate(pack, entry, at, into: current.bytes)
        if !chain.isEmpty { cache.keep(BaseCache.Key(pack: pack, offset: at), current) }
        break
      }
      chain.append((at, entry))
      guard chain.count <= store.limits.maximumDeltaDepth, let base = try base(of: entry, in: pack) else {
        throw StoreReader.tooDeep
      }
      at = base
    }
    var chainBytes = 0
    while let link = chain.popLast() {
      let limit = chain.isEmpty ? maximumBytes : store.limits.maximumObjectBytes
      current = try apply(pack, link.entry, link.offset, to: current, maximumBytes: limit, isLast: chain.isEmpty)
      try budget?.spend(current.bytes.count)
      chainBytes += current.bytes.count
      guard chainBytes / StoreReader.maximumChainFactor <= store.limits.maximumObjectBytes else {
        throw ObjectFailure(id: nil, reason: .expansion, detail: "its chain of deltas unpacks to too much")
      }
      if !chain.isEmpty { cache.keep(BaseCache.Key(pack: pack, offset: link.offset), current) }
    }
    guard current.bytes.count <= maximumBytes else { throw .tooLarge(current.bytes.count) }
    return current
  }

  private func inflate(_ pack: Int, _ entry: PackEntry, _ offset: Int, into buffer: ByteBuffer) throws(ObjectFailure) {
    let pack = store.packs[pack]
    try window.inflate(pack, entry, at: offset, extent: pack.entriesEnd - offset, into: buffer, by: inflater)
  }

  private func apply(
    _ pack: Int, _ entry: PackEntry, _ offset: Int, to base: BaseCache.Entry, maximumBytes: Int, isLast: Bool
  ) throws(ObjectFailure) -> BaseCache.Entry {
    guard entry.size <= DeltaFailure.maximumDeltaBytes(store.limits) else { throw DeltaFailure.damaged }
    try inflate(pack, entry, offset, into: delta)
    guard let header = delta.withSpan({ Delta.header($0) }), header.baseCount == base.bytes.count else {
      throw DeltaFailure.damaged
    }
    guard header.resultCount <= maximumBytes else {
      throw isLast ? .tooLarge(header.resultCount) : DeltaFailure.largeBase
    }
    let result = ByteBuffer()
    result.reset(count: header.resultCount)
    var runs: [CopyRun] = []
    let isSound = unsafe Delta.apply(
      delta.readable, from: header.instructions, base: base.bytes.readable, into: result.writable, recordsRuns: false,
      runs: &runs)
    guard isSound else { throw DeltaFailure.damaged }
    return BaseCache.Entry(kind: base.kind, bytes: result)
  }
}

/// What can be wrong with a delta, in words.
enum DeltaFailure {
  static let damaged = ObjectFailure(id: nil, reason: .corrupt, detail: "its delta makes no sense")
  static let largeBase = ObjectFailure(
    id: nil, reason: .base, detail: "the base of its delta is larger than the limit")

  /// The longest delta that is unpacked: one that inserts the largest object byte by byte costs a byte in 127 more.
  static func maximumDeltaBytes(_ limits: ObjectStoreLimits) -> Int {
    limits.maximumObjectBytes + limits.maximumObjectBytes / 64 + 4_096
  }
}
