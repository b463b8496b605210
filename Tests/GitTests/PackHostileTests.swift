// Packs that lie. Whatever they say, the readers must end with an error for the object, not with the process.

import Foundation
import Model
import Testing

@testable import Git

/// Walks and reads everything; both must say the same of every number: nil for readable, or why not.
private func outcomes(
  _ pack: CraftedPack, _ limits: ObjectStoreLimits = ObjectStoreLimits()
) throws -> (walk: [ObjectID: ObjectFailure.Reason?], read: [ObjectID: ObjectFailure.Reason?]) {
  let repository = try TestRepository(pack)
  let store = try repository.store(limits)
  try #require(store.problems.isEmpty, "\(store.problems)")
  let walk = collect(store)
  var walked: [ObjectID: ObjectFailure.Reason?] = [:]
  for id in walk.found.keys { walked.updateValue(nil, forKey: id) }
  for failure in walk.failures {
    let id = try #require(failure.id)
    #expect(walked[id] == nil, "told twice")
    walked.updateValue(failure.reason, forKey: id)
  }
  #expect(walk.wrongRuns.isEmpty)
  var read: [ObjectID: ObjectFailure.Reason?] = [:]
  let reader = store.makeReader()
  for (raw, _) in pack.entries {
    let id = ObjectID(raw.span, at: 0, count: 20)
    do throws(ObjectFailure) {
      let content = try reader.read(id) { _, bytes in array(bytes) }
      #expect(walk.found[id].map { $0.bytes == content } ?? true)
      read.updateValue(nil, forKey: id)
    } catch { read.updateValue(error.reason, forKey: id) }
    _ = try? reader.header(id)
  }
  return (walked, read)
}

@Suite struct PackHostileTests {
  private static let text = Array("some text that a delta can copy from".utf8)
  private static var copyAll: [UInt8] { [0x90, UInt8(text.count)] }

  @Test func cyclesOfReferenceDeltas() throws {
    var pack = CraftedPack()
    let delta = CraftedPack.delta(base: 36, result: 36, PackHostileTests.copyAll)
    for (number, base) in [(1, 2), (2, 3), (3, 1), (4, 4), (5, 1)] {
      pack.add(number, type: 7, link: CraftedPack.id(base), delta)
    }
    pack.add(6, type: 7, link: CraftedPack.id(99), delta)
    pack.add(7, type: 3, PackHostileTests.text)
    pack.add(8, type: 7, link: CraftedPack.id(7), delta)
    let (walk, read) = try outcomes(pack)
    for number in 1...4 {
      #expect(walk[CraftedPack.objectID(number)] == .some(.corrupt))
      #expect(read[CraftedPack.objectID(number)] == .some(.corrupt))
    }
    #expect(walk[CraftedPack.objectID(5)] == .some(.base))
    #expect(read[CraftedPack.objectID(5)] == .some(.corrupt))
    #expect(walk[CraftedPack.objectID(6)] == .some(.base))
    for number in 6...8 { #expect(walk[CraftedPack.objectID(number)] == read[CraftedPack.objectID(number)]) }
    #expect(walk[CraftedPack.objectID(7)] == .some(nil) && walk[CraftedPack.objectID(8)] == .some(nil))
  }

  @Test func liesInDeltas() throws {
    var pack = CraftedPack()
    let base = pack.add(1, type: 3, PackHostileTests.text)
    let lies: [[UInt8]] = [
      CraftedPack.delta(base: 35, result: 36, PackHostileTests.copyAll),
      CraftedPack.delta(base: 36, result: 37, PackHostileTests.copyAll),
      CraftedPack.delta(base: 36, result: 35, PackHostileTests.copyAll),
      CraftedPack.delta(base: 36, result: 36, [0x91, 1, 36]),
      CraftedPack.delta(base: 36, result: 36, [0x98, 0xff, 36]),
      CraftedPack.delta(base: 36, result: 36, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      CraftedPack.delta(base: 36, result: 36, [0x91]),
      CraftedPack.delta(base: 36, result: 36, [0]),
      CraftedPack.delta(base: 36, result: 5, [9, 1, 2, 3, 4]),
      CraftedPack.delta(base: 36, result: 65_536, [0x80]),
      [36], [], Array(repeating: 0xff, count: 30),
    ]
    for (number, lie) in lies.enumerated() { pack.addOffsetDelta(10 + number, base: base, lie) }
    let huge = pack.addOffsetDelta(
      50, base: base, CraftedPack.delta(base: 36, result: 1 << 40, PackHostileTests.copyAll))
    pack.addOffsetDelta(51, base: huge, CraftedPack.delta(base: 1 << 40, result: 36, PackHostileTests.copyAll))
    // Inserting and copying in one, and an empty object, are no lies.
    pack.addOffsetDelta(
      60, base: base, CraftedPack.delta(base: 36, result: 39, PackHostileTests.copyAll + [3, 1, 2, 3]))
    pack.addOffsetDelta(61, base: base, CraftedPack.delta(base: 36, result: 0, []))
    let (walk, read) = try outcomes(pack)
    for number in lies.indices { #expect(walk[CraftedPack.objectID(10 + number)] == .some(.corrupt), "lie \(number)") }
    #expect(walk[CraftedPack.objectID(50)] == .some(.tooLarge))
    #expect(walk[CraftedPack.objectID(51)] == .some(.base))
    #expect(walk[CraftedPack.objectID(60)] == .some(nil) && walk[CraftedPack.objectID(61)] == .some(nil))
    #expect(walk == read)
  }

  @Test func liesInHeadersAndOffsets() throws {
    var pack = CraftedPack()
    let whole = pack.add(1, type: 3, PackHostileTests.text)
    pack.add(2, type: 3, PackHostileTests.text, size: 35)
    pack.add(3, type: 3, PackHostileTests.text, size: 37)
    pack.add(4, type: 3, PackHostileTests.text, size: Int.max >> 4)
    pack.add(5, type: 5, PackHostileTests.text)
    pack.add(6, type: 0, PackHostileTests.text)
    pack.add(7, type: 6, link: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], PackHostileTests.text)
    pack.add(8, type: 6, link: [0], PackHostileTests.text)
    pack.add(9, type: 6, link: [1], PackHostileTests.text)
    for (number, offset) in [(20, 0), (21, 1 << 30), (22, 1 << 40), (23, Int.max), (24, whole)] {
      pack.list(number, at: offset)
    }
    let (walk, read) = try outcomes(pack)
    #expect(walk[CraftedPack.objectID(1)] == .some(nil))
    #expect(walk[CraftedPack.objectID(4)] == .some(.tooLarge))
    for number in [2, 3, 5, 6, 7, 8, 20, 21, 22, 23, 24] {
      #expect(walk[CraftedPack.objectID(number)] == .some(.corrupt), "\(number)")
      if number != 24 { #expect(read[CraftedPack.objectID(number)] == .some(.corrupt), "\(number)") }
    }
    #expect(walk[CraftedPack.objectID(9)] == .some(.base))
  }

  @Test func deltaBombRunsIntoTheLimit() throws {
    var pack = CraftedPack()
    let base = pack.add(1, type: 3, Array(repeating: 0x61, count: 65_536))
    // 900 bytes that unpack to 56 MiB each, two thousand times: 110 GiB in two megabytes.
    let bomb = CraftedPack.delta(base: 65_536, result: 900 * 65_536, Array(repeating: 0x80, count: 900))
    for number in 2..<2_000 { pack.addOffsetDelta(number, base: base, bomb) }
    let repository = try TestRepository(pack)
    var limits = ObjectStoreLimits()
    limits.maximumExpansionBytes = 1 << 28
    limits.maximumExpansionFactor = 10
    let counts = try repository.store(limits).forEachObject { _ in Counter() }
    #expect(counts[0].bytes < 1 << 29)
    #expect(counts[0].objects > 1)
    #expect(counts[0].failures.count == 1_999 - counts[0].objects)
    #expect(counts[0].failures.allSatisfy { $0.reason == .expansion })
  }

  @Test func deepChainsNeedNoStack() throws {
    var pack = CraftedPack()
    var base = pack.add(1, type: 3, PackHostileTests.text)
    let first = base
    let delta = CraftedPack.delta(base: 36, result: 36, PackHostileTests.copyAll)
    for number in 2...6_000 {
      base = pack.addOffsetDelta(number, base: base, delta)
      // A second delta on each keeps every object of the chain waiting.
      if number % 2 == 0 { pack.addOffsetDelta(100_000 + number, base: base, delta) }
    }
    pack.addOffsetDelta(90_000, base: first, delta)
    let repository = try TestRepository(pack)
    var limits = ObjectStoreLimits()
    limits.maximumHeldBytes = 36 * 2_000
    let walk = try repository.store(limits).forEachObject { _ in Counter() }
    #expect(walk[0].objects == pack.entries.count)
    #expect(walk[0].failures.isEmpty)
    let reader = try repository.store().makeReader()
    #expect { try reader.read(CraftedPack.objectID(6_000)) { _, _ in } } throws: {
      ($0 as? ObjectFailure)?.reason == .corrupt
    }
    #expect(try reader.read(CraftedPack.objectID(4_000)) { _, bytes in bytes.count } == 36)
  }

  @Test func shortenedWhileOpen() throws {
    let repository = try TestRepository()
    try repository.grow(5, commits: 200)
    try repository.git(["repack", "-adfq"])
    let oracle = try repository.oracle()
    let store = try repository.store()
    let pack = repository.objects + "/pack/" + (try #require(try repository.packFiles(".pack").first))
    let size = try #require(try FileManager.default.attributesOfItem(atPath: pack)[.size] as? Int)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: pack)
    try #require(FileHandle(forWritingAtPath: pack)).truncate(atOffset: UInt64(size / 2))
    let walk = collect(store)
    #expect(!walk.found.isEmpty && !walk.failures.isEmpty)
    #expect(walk.found.count + walk.failures.count == oracle.count)
    #expect(walk.found.allSatisfy { oracle[$0.key] == $0.value })
  }

  @Test func takenAwayWhileOpen() throws {
    let repository = try TestRepository()
    try repository.grow(6, commits: 120)
    try repository.git(["repack", "-adfq"])
    let oracle = try repository.oracle()
    let store = try repository.store()
    let directory = repository.objects + "/pack/"
    for name in try repository.packFiles("") { try FileManager.default.removeItem(atPath: directory + name) }
    // What is open stays readable, and so a scan goes on with what was there when it began.
    #expect(collect(store).found == oracle)
    #expect(try repository.store().packCount == 0)
  }

  @Test func anotherFileInItsPlace() throws {
    let repository = try TestRepository()
    try repository.grow(7, commits: 60)
    try repository.git(["repack", "-adfq"])
    let oracle = try repository.oracle()
    let directory = repository.objects + "/pack/"
    let pack = directory + (try #require(try repository.packFiles(".pack").first))
    // Opened for each read, as where there are many packs: what has been replaced must not be taken for what was there.
    let file = try StoredFile(pack, staysOpen: false)
    let first = try file.bytes(at: 0, count: 64)
    let store = try repository.store()
    let other = try TestRepository()
    try other.grow(8, commits: 80)
    try other.git(["repack", "-adfq"])
    let foreign = other.objects + "/pack/" + (try #require(try other.packFiles(".pack").first))
    try FileManager.default.removeItem(atPath: pack)
    try FileManager.default.copyItem(atPath: foreign, toPath: pack)
    #expect(first.count == 64 && (try? file.bytes(at: 0, count: 64)) == nil)
    #expect(collect(store).found == oracle)
    // An index beside another's pack is told of, and nothing is taken for what it is not.
    let mixed = try repository.store()
    #expect(mixed.problems.count == 1 && mixed.problems.first?.detail.contains("index is of another") == true)
    #expect(collect(mixed).found.allSatisfy { oracle[$0.key] == $0.value })
    let reader = mixed.makeReader()
    for id in oracle.keys {
      let content = try? reader.read(id) { _, bytes in array(bytes) }
      #expect(content == nil || content == oracle[id]?.bytes)
    }
  }

  /// Changes bytes of packs, indexes and loose objects at random: whatever is still shown must be true, and nothing may
  /// trap or hang. The argument is the seed.
  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func mutations(seed: UInt64) throws {
    let repository = try TestRepository()
    try repository.grow(seed, commits: 36)
    try repository.git(
      seed % 2 == 0 ? ["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq"] : ["repack", "-adfq"])
    try repository.git(["hash-object", "-w", "--stdin"], input: Data("loose one".utf8))
    try repository.git(["multi-pack-index", "write"])
    let oracle = try repository.oracle()
    var random = Seeded(state: seed)
    var limits = ObjectStoreLimits()
    limits.maximumObjectBytes = 1 << 20
    limits.maximumHeldBytes = 1 << 14
    limits.maximumExpansionBytes = 1 << 26
    let files = try FileManager.default.subpathsOfDirectory(atPath: repository.objects).filter {
      $0.hasSuffix(".pack") || $0.hasSuffix(".idx") || $0.hasSuffix("multi-pack-index")
        || $0.dropFirst(2).hasPrefix("/")
    }.sorted()
    let originals = try files.map { try Data(contentsOf: URL(fileURLWithPath: repository.objects + "/" + $0)) }
    for file in files {
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: repository.objects + "/" + file)
    }
    var (failed, shown) = (0, 0)
    // KEYWRIGHT_TEST_ROUNDS=300 takes minutes; a few rounds of each seed find what a change breaks.
    let rounds = ProcessInfo.processInfo.environment["KEYWRIGHT_TEST_ROUNDS"].flatMap { Int($0) } ?? 30
    for round in 0..<rounds {
      let victim = Int.random(in: 0..<files.count, using: &random)
      let url = URL(fileURLWithPath: repository.objects + "/" + files[victim])
      try mutate(originals[victim], &random).write(to: url)
      if let store = try? repository.store(limits) {
        let walk = collect(store, ObjectSelection(verifies: true))
        let isTrue = walk.found.allSatisfy { oracle[$0.key] == $0.value }
        #expect(isTrue, "round \(round) of seed \(seed)")
        failed += walk.failures.count
        shown += walk.found.count
        let reader = store.makeReader()
        for id in oracle.keys.prefix(20) {
          _ = try? reader.header(id)
          _ = try? reader.read(id) { _, bytes in bytes.count }
        }
      }
      try originals[victim].write(to: url)
    }
    #expect(failed > 0 && shown > 0)
    #expect(collect(try repository.store()).found == oracle)
  }

  private func mutate(_ original: Data, _ random: inout Seeded) -> Data {
    var bytes = original
    if Int.random(in: 0..<8, using: &random) == 0 {
      return bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))
    }
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let at = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      default: for place in at..<min(at + 8, bytes.count) { bytes[place] = 0xff }
      }
    }
    return bytes
  }
}

/// Counts, and keeps nothing.
private final class Counter: ObjectVisitor {
  var objects = 0
  var bytes = 0
  var failures: [ObjectFailure] = []

  func visit(_ object: StoredObject, _ content: Span<UInt8>, delta: DeltaRuns?, parent: NoState?) -> NoState? {
    objects += 1
    bytes += content.count
    return nil
  }

  func failed(_ failure: ObjectFailure) { failures.append(failure) }
}
