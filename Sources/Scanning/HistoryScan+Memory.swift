// What a history scan takes over from the last one, and what it leaves to the next.

internal import Git
internal import Matching
internal import Model
internal import Posix

extension HistoryScan {
  /// Takes up what an earlier scan learnt, if there is a cache and it can be used.
  mutating func recall(_ values: ValueTable) {
    guard let file = options.objectCache, let digest = memoryDigest else { return }
    let memory = HistoryMemoryFile.load(
      file.path, digest, idCount: store.idCount, ruleCount: program.rules.count, options.notice)
    guard let memory else { return }
    restored = RestoredHistory(memory, store, values)
    meter.lap("recalling")
  }

  /// Values that are looked for besides the rules' are the user's own: nothing is kept of them.
  private var memoryDigest: [UInt8]? {
    guard let file = options.objectCache, options.known == nil else { return nil }
    return HistoryMemory.digest(
      file, HistoryMemoryFile.digest(of: program.rules), options, idCount: store.idCount)
  }

  /// Keeps what was learnt, if anything was.
  mutating func remember(
    _ content: HistoryContent, _ walk: WalkedTrees, _ graph: TreeGraph, _ claims: [Claim?], _ values: ValueTable,
    _ assembly: FindingAssembly
  ) {
    guard let file = options.objectCache, let digest = memoryDigest else { return }
    let isNew = content.records.contains { !$0.sizes.isEmpty } || restored?.hasVanished ?? true
    guard isNew || (restored?.memory.trees == nil && walk.isWhole) else { return }
    var learning = MemoryLearning(content, restored, store)
    let memory = learning.memory(
      graph: walk.isWhole ? graph : nil, claims, values, assembly.places, ContentMatcher(program, values, options))
    // A cache that can't be written costs time, nothing else.
    do throws(SystemError) { try HistoryMemoryFile.store(memory, file.path, digest) } catch {
      options.notice?("the cache \(file.path) can't be written: \(error.description)")
    }
    meter.lap("remembering")
  }
}
