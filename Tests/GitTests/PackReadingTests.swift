// The readers against git itself: the same ids, kinds and bytes, however the repository is packed.

import Foundation
import Model
import Testing

@testable import Git

/// Walks with one and three threads, reads every id at random, and compares all of it with git.
private func expectSame(
  _ repository: TestRepository, _ limits: ObjectStoreLimits = ObjectStoreLimits(), minimumDeltas: Int = 0,
  _ location: SourceLocation = #_sourceLocation
) throws {
  let oracle = try repository.oracle()
  #expect(oracle.count > 10, sourceLocation: location)
  let store = try repository.store(limits)
  #expect(store.problems.isEmpty, "\(store.problems)", sourceLocation: location)
  for threads in [1, 3] {
    let walk = collect(store, threads: threads, ObjectSelection(verifies: threads == 3))
    #expect(walk.failures.isEmpty, "\(walk.failures.prefix(3))", sourceLocation: location)
    #expect(walk.visits == oracle.count, sourceLocation: location)
    #expect(walk.found == oracle, sourceLocation: location)
    #expect(walk.wrongRuns.isEmpty, sourceLocation: location)
    #expect(walk.deltas >= minimumDeltas, sourceLocation: location)
  }
  let reader = store.makeReader()
  for (id, content) in oracle {
    let read = try reader.read(id) { kind, bytes in StoredContent(kind: "\(kind)", bytes: array(bytes)) }
    #expect(read == content, sourceLocation: location)
    let header = try reader.header(id)
    #expect("\(header.kind)" == content.kind && header.size == content.bytes.count, sourceLocation: location)
  }
}

@Suite struct PackReadingTests {
  @Test(arguments: [(1, 2), (5, 10), (50, 10), (250, 60), (4095, 20)])
  func repacked(depth: Int, window: Int) throws {
    let repository = try TestRepository()
    try repository.grow(UInt64(depth), commits: 700)
    try repository.git(["repack", "-adfq", "--depth=\(depth)", "--window=\(window)"])
    try expectSame(repository, minimumDeltas: 300)
  }

  @Test func sha256() throws {
    let repository = try TestRepository(sha256: true)
    try repository.grow(11, commits: 200)
    try repository.git(["repack", "-adfq"])
    try expectSame(repository, minimumDeltas: 50)
  }

  @Test func referenceDeltasAndOldIndex() throws {
    let repository = try TestRepository()
    try repository.grow(12, commits: 200)
    try repository.git(["-c", "repack.useDeltaBaseOffset=false", "-c", "pack.indexVersion=1", "repack", "-adfq"])
    try expectSame(repository, minimumDeltas: 50)
  }

  @Test func largeOffsets() throws {
    let repository = try TestRepository()
    try repository.grow(13, commits: 100)
    try repository.git(["repack", "-adfq"])
    let pack = try #require(try repository.packFiles(".pack").first)
    let index = repository.objects + "/pack/" + pack.dropLast(5) + ".idx"
    try FileManager.default.removeItem(atPath: index)
    // Everything beyond byte 64 gets an entry in the table of 64-bit offsets.
    try repository.git(["index-pack", "--index-version=2,0x40", "-o", index, repository.objects + "/pack/" + pack])
    try expectSame(repository, minimumDeltas: 30)
  }

  @Test func severalPacksLooseAndMultiIndex() throws {
    let repository = try TestRepository()
    for part in 0..<4 { try repository.grow(UInt64(20 + part), commits: 120, branch: "b\(part)") }
    // A second copy of everything in one more pack, and of one pack's objects loose.
    let pack = try #require(try repository.packFiles(".pack").first)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: repository.objects + "/pack/" + pack))
    try repository.git(["repack", "-afq"])
    let other = try TestRepository()
    try other.git(["unpack-objects", "-q"], input: bytes)
    for directory in try FileManager.default.contentsOfDirectory(atPath: other.objects) where directory.count == 2 {
      try FileManager.default.moveItem(
        atPath: other.objects + "/" + directory, toPath: repository.objects + "/" + directory)
    }
    try repository.git(["hash-object", "-w", "--stdin"], input: Data("only loose".utf8))
    #expect(try repository.packFiles(".pack").count > 2)
    try expectSame(repository)
    try repository.git(["multi-pack-index", "write"])
    try expectSame(repository)
  }

  @Test(arguments: [false, true]) func looseOnly(sha256: Bool) throws {
    let source = try TestRepository(sha256: sha256)
    try source.grow(30, commits: 60)
    try source.git(["repack", "-adfq"])
    let pack = try #require(try source.packFiles(".pack").first)
    let repository = try TestRepository(sha256: sha256)
    try repository.git(
      ["unpack-objects", "-q"], input: try Data(contentsOf: URL(fileURLWithPath: source.objects + "/pack/" + pack)))
    // Content that does not shrink, nothing at all, and something long.
    for content in [Data(), Data((0..<5_000).map { _ in UInt8.random(in: 0...255) }), Data(count: 3_000_000)] {
      try repository.git(["hash-object", "-w", "--stdin"], input: content)
    }
    try expectSame(repository)
  }

  @Test func alternates() throws {
    let base = try TestRepository()
    try base.grow(40, commits: 60)
    let middle = try TestRepository()
    try middle.grow(41, commits: 60)
    try "../../\((base.path as NSString).lastPathComponent)/objects\n".write(
      toFile: middle.objects + "/info/alternates", atomically: true, encoding: .utf8)
    let top = try TestRepository()
    try "# a comment\n\"\(middle.objects)\"\n/nowhere/at/all\n".write(
      toFile: top.objects + "/info/alternates", atomically: true, encoding: .utf8)
    // A circle does no harm.
    try "\(top.objects)\n".write(toFile: base.objects + "/info/alternates", atomically: true, encoding: .utf8)
    let store = try top.store()
    #expect(store.problems.map(\.reason) == [.unreadable])
    let walk = collect(store)
    #expect(walk.found == (try base.oracle()).merging(try middle.oracle()) { first, _ in first })
  }

  @Test func cruftIsLabelled() throws {
    let repository = try TestRepository()
    try repository.grow(50, commits: 60)
    try repository.grow(51, commits: 60, branch: "gone")
    try repository.git(["update-ref", "-d", "refs/heads/gone"])
    for tag in String(decoding: try repository.git(["tag", "-l", "tgone*"]), as: UTF8.self).split(separator: "\n") {
      try repository.git(["update-ref", "-d", "refs/tags/\(tag)"])
    }
    try repository.git(["gc", "-q", "--cruft", "--prune=1.year.ago"])
    #expect(try repository.packFiles(".mtimes").count == 1)
    try expectSame(repository)
    let reached = Set(
      String(decoding: try repository.git(["rev-list", "--objects", "--all"]), as: UTF8.self).split(separator: "\n")
        .compactMap { ObjectID(hex: String($0.prefix(40))) })
    let walk = collect(try repository.store())
    #expect(!walk.cruft.isEmpty)
    #expect(walk.cruft == Set(walk.found.keys).subtracting(reached))
  }

  @Test func tightMemoryChangesNothing() throws {
    let repository = try TestRepository()
    try repository.grow(60, commits: 500)
    try repository.git(["repack", "-adfq", "--depth=200", "--window=50"])
    var limits = ObjectStoreLimits()
    limits.maximumHeldBytes = 3_000
    limits.maximumCachedBytes = 3_000
    try expectSame(repository, limits, minimumDeltas: 200)
  }

  @Test func onlyWhatIsAskedFor() throws {
    let repository = try TestRepository()
    try repository.grow(70, commits: 300)
    try repository.git(["repack", "-adfq"])
    let oracle = try repository.oracle()
    let store = try repository.store()
    let blobs = collect(store, ObjectSelection(kinds: [.blob]))
    #expect(blobs.found == oracle.filter { $0.value.kind == "blob" })
    let some = Set(oracle.keys.filter { $0.bytes[1] < 20 })
    let few = collect(store, ObjectSelection(includes: { id, _ in some.contains(id) }))
    #expect(few.found == oracle.filter { some.contains($0.key) })
    #expect(few.visits == some.count && !some.isEmpty)
    #expect(few.wrongRuns.isEmpty)
  }

  @Test func missingAndTooLarge() throws {
    let repository = try TestRepository()
    try repository.grow(80, commits: 100)
    let loose = try repository.git(["hash-object", "-w", "--stdin"], input: Data(count: 500_000))
    let large = try #require(ObjectID(hex: String(decoding: loose.prefix(40), as: UTF8.self)))
    var limits = ObjectStoreLimits()
    limits.maximumObjectBytes = 2_000
    let walk = collect(try repository.store(limits))
    let oracle = try repository.oracle()
    #expect(walk.found.count + walk.failures.count == oracle.count)
    #expect(walk.failures.contains { $0.id == large && $0.reason == .tooLarge })
    #expect(walk.found.allSatisfy { oracle[$0.key] == $0.value })
    #expect(Set(oracle.filter { $0.value.bytes.count > 2_000 }.keys).isSubset(of: walk.failures.compactMap(\.id)))

    let reader = try repository.store().makeReader()
    #expect(try reader.header(large).size == 500_000)
    #expect(reader.contains(large))
    let absent = try #require(ObjectID(hex: String(repeating: "5", count: 40)))
    #expect(!reader.contains(absent))
    #expect { try reader.read(absent) { _, _ in } } throws: { ($0 as? ObjectFailure)?.reason == .missing }
    #expect { try reader.read(large, maximumBytes: 1_000) { _, _ in } } throws: {
      ($0 as? ObjectFailure)?.reason == .tooLarge
    }
  }

  @Test func survivesGarbageCollection() throws {
    let repository = try TestRepository()
    try repository.grow(90, commits: 100)
    let oracle = try repository.oracle()
    let store = try repository.store()
    for file in try FileManager.default.contentsOfDirectory(atPath: repository.objects + "/pack") {
      try FileManager.default.removeItem(atPath: repository.objects + "/pack/" + file)
    }
    #expect(collect(store).found == oracle)
  }

  @Test func aSecondCopyReplacesADamagedOne() throws {
    let repository = try TestRepository()
    try repository.grow(91, commits: 100)
    let oracle = try repository.oracle()
    let first = try #require(try repository.packFiles(".pack").first)
    try repository.git(["repack", "-afq"])
    let path = repository.objects + "/pack/" + first
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    for offset in stride(from: UInt64(200), to: 6_000, by: 300) {
      try handle.seek(toOffset: offset)
      try handle.write(contentsOf: Data([0xff, 0xff, 0xff, 0xff]))
    }
    try handle.close()
    let walk = collect(try repository.store(), ObjectSelection(verifies: true))
    #expect(walk.failures.isEmpty, "\(walk.failures.prefix(3))")
    #expect(walk.found == oracle)
  }
}
