// A scan that remembers must say the same, to the byte, as one that reads everything, whatever has happened in between.

import Foundation
import Matching
import Model
import Report
import RuleBook
import Secrets
import Synchronization
import Testing

@testable import Scanning

@Suite struct MemoryTests {
  private var random = Seeded(state: 41)

  /// What the last scan of a repository is kept in, and what was said of it.
  private final class Cache: Sendable {
    let path = GitCommand.freshPath("cache") + "/objects"
    let notices = Mutex<[String]>([])
    let searched = Mutex<Int>(0)
    deinit { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }

    func options(_ change: (inout ScanOptions) -> Void = { _ in }) -> ScanOptions {
      var options = ScanOptions()
      options.threads = 2
      options.objectCache = ObjectCacheFile(path: path, salt: [1])
      options.notice = { notice in self.notices.withLock { $0.append(notice) } }
      options.statistics = { cost in self.searched.withLock { $0 = cost.matching?.searchedBytes ?? 0 } }
      change(&options)
      return options
    }

    var bytes: Data { FileManager.default.contents(atPath: path) ?? Data() }
  }

  private func json(_ report: ScanReport) -> String {
    String(decoding: JSONReport.write(report, version: "test"), as: UTF8.self)
  }

  /// Scans with the cache and without and compares; returns how many bytes the scan with it searched.
  @discardableResult
  private func compare(
    _ history: TestHistory, _ cache: Cache, program: MatcherProgram = TestRule.program,
    _ what: String = "", line: Int = #line, _ change: (inout ScanOptions) -> Void = { _ in }
  ) throws -> Int {
    let with = try Scanner.history(history.path, program: program, options: cache.options(change))
    let searched = cache.searched.withLock { $0 }
    let without = try Scanner.history(
      history.path, program: program,
      options: cache.options {
        $0.objectCache = nil
        change(&$0)
        $0.objectCache = nil
      })
    #expect(json(with) == json(without), "\(what) line \(line)")
    #expect(cache.notices.withLock { $0 }.isEmpty)
    return searched
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func sameAfterWhateverHappens(seed: UInt64) throws {
    let history = try TestHistory()
    var maker = RandomHistory(seed)
    try maker.fill(history, commits: 30)
    try history.git(["reset", "-q", "--hard", "b0"])
    let cache = Cache()
    var random = Seeded(state: seed)
    let all = try compare(history, cache, "first")
    #expect(all > 0)
    #expect(try compare(history, cache, "nothing new") == 0)
    let value = TestRule.value(&random)
    try history.commit("\(value)\n", to: "fresh/a")
    let few = try compare(history, cache, "a commit")
    #expect(few > 0 && few < all / 4)
    try history.git(["repack", "-adfq"])
    #expect(try compare(history, cache, "a repack") == 0)
    try history.commit("x\n\(value)\n", to: "fresh/a", message: "say \(TestRule.value(&random))")
    try history.git(["tag", "-a", "-m", "tag \(TestRule.value(&random))", "v1"])
    try compare(history, cache, "a message and a tag")
    try history.git(["branch", "keep"])
    try history.commit("\(TestRule.value(&random))\n", to: "rebased/file")
    try history.git(["rebase", "-q", "--onto", "b1", "HEAD~1"])
    try compare(history, cache, "a rebase")
    try history.git(["branch", "-q", "-D", "keep", "b1"])
    try history.git(["tag", "-d", "v1"])
    try compare(history, cache, "deleted refs")
    try history.git(["reflog", "expire", "--expire=now", "--all"])
    try history.git(["gc", "-q", "--prune=now"])
    try compare(history, cache, "a prune")
    #expect(try compare(history, cache, "nothing new after that") == 0)
    try history.commit(nil, to: "rebased/file")
    try compare(history, cache, "a removal")
  }

  @Test mutating func rulesAndOptionsThatChange() throws {
    let (value, name) = (TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try history.commit("\(value)\n", to: "a")
    try history.commit(String(repeating: "0123456789\n", count: 100), to: "large")
    try history.commit("x\n", to: "d/\(name)")
    let cache = Cache()
    let all = try compare(history, cache)
    #expect(try compare(history, cache) { $0.maximumBlobBytes = 500 } > 0)
    #expect(try compare(history, cache) { $0.maximumBlobBytes = 500 } == 0)
    #expect(try compare(history, cache) == all)
    var other = TestRule.token
    other.severity = .low
    #expect(try compare(history, cache, program: MatcherProgram([other])) == all)
    #expect(try compare(history, cache, program: MatcherProgram([other])) == 0)
    // The key of the fingerprints and allow comments are not the content's.
    #expect(try compare(history, cache, program: MatcherProgram([other])) { $0.honoursComments = false } == 0)
    let keyed = try compare(history, cache, program: MatcherProgram([other])) {
      $0.fingerprintKey = FingerprintKey(deriving: [7].span)
    }
    #expect(keyed == 0)
  }

  @Test mutating func aClaimGoesWithTheContentThatMadeIt() throws {
    // The second rule claims the value only where the first one's context is missing.
    let strong = Rule(
      id: RuleID("strong"), provider: "test", name: "Strong", severity: .critical, confidence: .checksum,
      literals: ["key=kwt_"], pattern: "key=(kwt_[a-z0-9]{24})(?![a-z0-9_])", secretGroup: 1, width: 40,
      source: "made up")
    let program = MatcherProgram([TestRule.token, strong])
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit("plain \(value)\n", to: "a")
    let cache = Cache()
    try compare(history, cache, program: program)
    try history.git(["checkout", "-q", "-b", "side"])
    try history.commit("key=\(value)\n", to: "b")
    try compare(history, cache, program: program)
    try history.git(["checkout", "-q", "main"])
    try history.git(["branch", "-q", "-D", "side"])
    try history.git(["reflog", "expire", "--expire=now", "--all"])
    try history.git(["gc", "-q", "--prune=now"])
    try compare(history, cache, program: program)
  }

  @Test mutating func noValueIsKept() throws {
    let values = (0..<4).map { _ in TestRule.value(&random) }
    let history = try TestHistory()
    try history.commit("\(values[0])\n", to: "a", message: "say \(values[1])")
    try history.commit("x\n", to: "d/\(values[2])/\(values[0])")
    try history.git(["branch", "b/\(values[3])"])
    let cache = Cache()
    try compare(history, cache)
    #expect(!cache.bytes.isEmpty)
    for value in values { #expect(cache.bytes.range(of: Data(value.utf8)) == nil) }
    let mode = try FileManager.default.attributesOfItem(atPath: cache.path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test mutating func brokenAndForeignFilesAreNotUsed() throws {
    let history = try TestHistory()
    var maker = RandomHistory(5)
    try maker.fill(history, commits: 12)
    try history.git(["reset", "-q", "--hard", "b0"])
    let cache = Cache()
    try compare(history, cache)
    let sound = cache.bytes
    let wanted = json(try history.scan())
    for round in 0..<60 {
      var bytes = sound
      switch round % 4 {
      case 0: bytes = bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))
      case 1: bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 0x10
      case 2: bytes = Data((0..<200).map { _ in UInt8.random(in: 0...255, using: &random) })
      default:
        // One that was made to look sound: behind mark and digests the body is the file's own.
        let start = HistoryMemoryFile.mark.count + 64
        for _ in 0..<3 {
          bytes[Int.random(in: start..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
        }
        bytes.replaceSubrange(start - 32..<start, with: SHA256.hash(Array(bytes[start...])))
      }
      try bytes.write(to: URL(filePath: cache.path))
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: cache.path)
      let report = try Scanner.history(history.path, program: TestRule.program, options: cache.options())
      // A forged one may say that something has been read; it must not trap, and what is found must be true.
      if round % 4 != 3 { #expect(json(report) == wanted, "round \(round)") }
    }
    try sound.write(to: URL(filePath: cache.path))
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: cache.path)
    cache.notices.withLock { $0 = [] }
    let report = try Scanner.history(history.path, program: TestRule.program, options: cache.options())
    #expect(json(report) == wanted && cache.notices.withLock { $0.first?.contains("others may write") } == true)
  }

  @Test mutating func noByteMayChange() throws {
    let history = try TestHistory()
    try history.commit("\(TestRule.value(&random))\n", to: "a")
    let cache = Cache()
    try compare(history, cache)
    let sound = Array(cache.bytes)
    let digest = Array(sound[HistoryMemoryFile.mark.count..<HistoryMemoryFile.mark.count + 32])
    func loaded(_ bytes: [UInt8]) throws -> Bool {
      try Data(bytes).write(to: URL(filePath: cache.path))
      return HistoryMemoryFile.load(cache.path, digest, idCount: 20, ruleCount: 1, nil) != nil
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: cache.path)
    #expect(try loaded(sound))
    for place in sound.indices {
      var bytes = sound
      bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      #expect(try !loaded(bytes), "byte \(place)")
      #expect(try !loaded(Array(sound[..<place])), "\(place) bytes")
    }
    #expect(try !loaded(sound + [0]))
  }

  @Test mutating func writersThatMeetOrDie() throws {
    let history = try TestHistory()
    try history.commit("\(TestRule.value(&random))\n", to: "a")
    let cache = Cache()
    let wanted = json(try history.scan())
    let wrong = Mutex<Int>(0)
    let path = history.path
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      let report = try? Scanner.history(path, program: TestRule.program, options: cache.options())
      let text = report.map { String(decoding: JSONReport.write($0, version: "test"), as: UTF8.self) }
      if text != wanted { wrong.withLock { $0 += 1 } }
    }
    #expect(wrong.withLock { $0 } == 0)
    #expect(try compare(history, cache) == 0)
    let directory = (cache.path as NSString).deletingLastPathComponent
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["objects"])
    // What a killed writer leaves behind is a file of another name. The next one that writes takes it away, once nobody can
    // be at work on it any more.
    let names = [".keywright-1.tmp", ".keywright-2.tmp", "other.tmp"]
    for name in names { try Data("half".utf8).write(to: URL(filePath: directory + "/" + name)) }
    for name in names where name != ".keywright-2.tmp" {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -7_200)], ofItemAtPath: directory + "/" + name)
    }
    #expect(try compare(history, cache) == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 4)
    try history.commit("\(TestRule.value(&random))\n", to: "b")
    try compare(history, cache)
    let left = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    #expect(left == [".keywright-2.tmp", "objects", "other.tmp"])
    try history.git(["reset", "-q", "--hard", "HEAD~1"])
    try history.git(["reflog", "expire", "--expire=now", "--all"])
    try history.git(["gc", "-q", "--prune=now"])
    // Where nothing can be written the scan goes on.
    try FileManager.default.removeItem(atPath: directory)
    try Data().write(to: URL(filePath: directory))
    #expect(json(try Scanner.history(history.path, program: TestRule.program, options: cache.options())) == wanted)
    #expect(cache.notices.withLock { $0.last?.contains("can't be written") } == true)
  }

  @Test mutating func aPartialCloneAndDamage() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.git(["config", "uploadpack.allowFilter", "true"])
    try history.commit("old\n", to: "a")
    try history.commit("\(value)\n", to: "a")
    let clone = TestHistory(existing: history.path + "-partial")
    defer { withExtendedLifetime(clone) {} }
    try history.git(["clone", "-q", "--filter=blob:none", "file://" + history.path, clone.path])
    let cache = Cache()
    try compare(clone, cache)
    try compare(clone, cache)
    try clone.commit("more \(TestRule.value(&random))\n", to: "b")
    let id = try clone.text("rev-parse", "HEAD:b")
    try compare(clone, cache)
    let path = clone.path + "/.git/objects/\(id.prefix(2))/\(id.dropFirst(2))"
    try FileManager.default.removeItem(atPath: path)
    try compare(clone, cache)
  }
}
