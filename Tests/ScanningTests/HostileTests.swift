// Repositories that nobody means well with: each ends in a word for what could not be read, in bounded time, and the rest is
// scanned all the same.

import Foundation
import Git
import Model
import Secrets
import Testing

@testable import Scanning

extension TestHistory {
  /// Adds a crafted pack, whose objects have made-up ids, and lets a branch name one of them.
  func add(_ pack: CraftedPack, head: Int) throws {
    let files = pack.files()
    let stem = path + "/.git/objects/pack/pack-crafted"
    try Data(files.pack).write(to: URL(filePath: stem + ".pack"))
    try Data(files.index).write(to: URL(filePath: stem + ".idx"))
    try Data((Hex.encode(CraftedPack.id(head)) + "\n").utf8).write(to: URL(filePath: path + "/.git/refs/heads/crafted"))
  }
}

@Suite struct HostileTests {
  private var random = Seeded(state: 51)

  private func commit(_ tree: Int) -> [UInt8] {
    Array("tree \(Hex.encode(CraftedPack.id(tree)))\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm\n".utf8)
  }

  private func entry(_ mode: String, _ name: String, _ number: Int) -> [UInt8] {
    Array("\(mode) \(name)".utf8) + [0] + CraftedPack.id(number)
  }

  @Test mutating func directoriesTenThousandDeep() throws {
    let value = TestRule.value(&random)
    let depth = 10_000
    var pack = CraftedPack()
    pack.add(0, type: 3, Array("\(value)\n".utf8))
    for level in 1...depth { pack.add(level, type: 2, entry(level == 1 ? "100644" : "40000", "d", level - 1)) }
    pack.add(depth + 1, type: 1, commit(depth))
    let history = try TestHistory()
    try history.add(pack, head: depth + 1)
    let report = try history.scan()
    let place = try #require(report.finding(value)?.occurrences.first)
    #expect(place.path.bytes.count == 2 * depth - 1 && place.atHead && place.introduced != nil)
    #expect(!report.coverage.isIncomplete && report.coverage.trees == depth)
  }

  @Test mutating func treesThatRepeatThemselvesWithoutEnd() throws {
    // Forty levels of two names each are a million million paths to one blob.
    let value = TestRule.value(&random)
    var pack = CraftedPack()
    pack.add(0, type: 3, Array("\(value)\n".utf8))
    for level in 1...40 {
      let mode = level == 1 ? "100644" : "40000"
      pack.add(level, type: 2, entry(mode, "a", level - 1) + entry(mode, "b", level - 1))
    }
    pack.add(41, type: 1, commit(40))
    let history = try TestHistory()
    try history.add(pack, head: 41)
    let began = Date()
    let report = try history.scan()
    #expect(report.finding(value) != nil && report.skips(.matchLimit) >= 1)
    #expect(Date().timeIntervalSince(began) < 120)
  }

  @Test mutating func treesInACircle() throws {
    let value = TestRule.value(&random)
    var pack = CraftedPack()
    pack.add(0, type: 3, Array("\(value)\n".utf8))
    pack.add(1, type: 2, entry("100644", "file", 0) + entry("40000", "loop", 2))
    pack.add(2, type: 2, entry("40000", "back", 1))
    pack.add(3, type: 1, commit(1))
    let history = try TestHistory()
    try history.add(pack, head: 3)
    #expect(try history.scan().finding(value)?.atHead == true)
  }

  /// KEYWRIGHT_TEST_REFS=1000000 makes it a million; a few thousand have files of their own, or a tenth of what was asked for.
  @Test mutating func hundredThousandRefs() throws {
    let value = TestRule.value(&random)
    let asked = ProcessInfo.processInfo.environment["KEYWRIGHT_TEST_REFS"].flatMap { Int($0) }
    let (count, looseCount) = (asked ?? 100_000, (asked ?? 30_000) / 10)
    let history = try TestHistory()
    let commit = try history.commit("\(value)\n", to: "a")
    let top = history.path + "/.git/"
    var text = "# pack-refs with: peeled fully-peeled sorted \n"
    for number in 1_000_000..<1_000_000 + count { text += "\(commit) refs/pull/\(number)/head\n" }
    try Data(text.utf8).write(to: URL(filePath: top + "packed-refs"))
    for number in 0..<looseCount {
      if number % 1_000 == 0 {
        try FileManager.default.createDirectory(
          atPath: top + "refs/heads/d\(number / 1_000)", withIntermediateDirectories: true)
      }
      let file = top + "refs/heads/d\(number / 1_000)/b\(number)"
      try #require(FileManager.default.createFile(atPath: file, contents: Data((commit + "\n").utf8)))
    }
    let began = Date()
    let report = try history.scan()
    #expect(report.coverage.refs == count + looseCount + 1 && report.finding(value)?.atHead == true)
    #expect(!report.coverage.isIncomplete && Date().timeIntervalSince(began) < 60)
  }

  @Test(arguments: [
    ("-86400", "1969-12-31"), ("4133980800", "2101-01-01"), ("99999999999999999", ""), ("x", "1970-01-01"),
  ])
  mutating func datesOfAnyTime(time: String, day: String) throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.write("\(value)\n", to: "a")
    let tree = try history.text("write-tree")
    let text = "tree \(tree)\nauthor A <a@example.org> \(time) +0000\ncommitter A <a@example.org> \(time) +0000\n\nm\n"
    let id = try history.git(["hash-object", "-w", "-t", "commit", "--literally", "--stdin"], input: Data(text.utf8))
    let name = String(decoding: id.dropLast(), as: UTF8.self)
    try Data((name + "\n").utf8).write(to: URL(filePath: history.path + "/.git/refs/heads/main"))
    let report = try history.scan()
    let info = try #require(report.finding(value)?.occurrences.first?.introduced)
    #expect(info.id.description == name && Timestamp.iso8601(info.time, zone: info.zone).hasPrefix(day))
    #expect(!report.coverage.isIncomplete)
  }

  @Test mutating func replacementsAndGraftsChangeNothing() throws {
    let (stored, other) = (TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    let first = try history.commit("\(stored)\n", to: "a")
    let second = try history.commit("x\n", to: "b")
    let blob = try history.text("rev-parse", "HEAD:a")
    let substitute = try history.git(["hash-object", "-w", "--stdin"], input: Data("\(other)\n".utf8))
    try history.git(["replace", blob, String(decoding: substitute.dropLast(), as: UTF8.self)])
    try Data("\(second)\n".utf8).write(to: URL(filePath: history.path + "/.git/info/grafts"))
    let report = try history.scan()
    let place = try #require(report.finding(stored)?.occurrences.first)
    #expect(place.commitID == first && place.atHead && place.object?.description == blob)
    #expect(report.finding(other)?.occurrences.map(\.reachability) == [.ref])
    #expect(!report.coverage.isIncomplete)
  }

  @Test mutating func oneTokenAgainAndAgain() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit(String(repeating: "\(value)\n", count: 120_000), to: "many")
    let report = try history.scan()
    let finding = try #require(report.finding(value))
    #expect(finding.occurrences.count == 20_000)
    // Both the matcher and the list have their limits, and both say so.
    #expect(report.skips(.matchLimit) == 2 && report.coverage.isIncomplete)
  }

  @Test func whatTheUserMayNotRead() throws {
    var random = Seeded(state: 52)
    let (kept, hidden) = (TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try history.commit("\(hidden)\n", to: "a")
    try history.git(["repack", "-adq"])
    try history.commit("\(kept)\n", to: "b")
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: history.path + "/.git/objects/pack").first {
        $0.hasSuffix(".pack")
      })
    let pack = history.path + "/.git/objects/pack/" + name
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: pack)
    // The user's own configuration is read before, since it is root's.
    let repository = try Repository.open(history.path)
    var options = ScanOptions()
    options.threads = 1
    let report = try unprivileged {
      try HistoryScan(repository, TestRule.program, options).run(target: history.path)
    }
    #expect(report.finding(kept) != nil && report.finding(hidden) == nil)
    #expect(report.skips(.unreadable) == 1 && report.coverage.isIncomplete)
    #expect(report.coverage.skips.contains { $0.detail.contains("Permission denied") })
  }

  /// Runs `body` as nobody where this process is root's, who may read everything: for file access the thread alone counts.
  private func unprivileged<R>(_ body: () throws -> R) throws -> R {
    guard geteuid() == 0 else { return try body() }
    typealias Change = @convention(c) (UInt32) -> Int32
    let symbol = unsafe dlsym(nil, "setfsuid")
    let change = try #require(unsafe symbol.map { unsafe unsafeBitCast($0, to: Change.self) })
    _ = change(65_534)
    defer { _ = change(0) }
    return try body()
  }

  @Test mutating func collectedWhileItIsScanned() throws {
    let values = (0..<30).map { _ in TestRule.value(&random) }
    let history = try TestHistory()
    for (number, value) in values.enumerated() {
      try history.commit("\(value)\n", to: "f\(number)")
      if number % 10 == 9 { try history.git(["repack", "-dq"]) }
    }
    var stream = "commit refs/heads/many\ncommitter A <a@example.org> 1 +0000\ndata 1\nm\n"
    for number in 0..<1_200 { stream += "M 100644 inline m\(number)\ndata 5\n\(10_000 + number)\n" }
    try history.git(["fast-import", "--quiet"], input: Data(stream.utf8))
    let calls = Calls(history)
    var options = ScanOptions()
    options.threads = 1
    // At the first sign of progress git packs everything anew and takes away what was open.
    options.progress = { _ in calls.collectOnce() }
    let report = try Scanner.history(history.path, program: TestRule.program, options: options)
    #expect(calls.isDone)
    for value in values { #expect(report.finding(value) != nil) }
    let after = try history.scan()
    #expect(after.findings.map(\.fingerprint) == report.findings.map(\.fingerprint))
  }

  /// Collects garbage once.
  private final class Calls: @unchecked Sendable {
    private let history: TestHistory
    private let lock = NSLock()
    private(set) var isDone = false
    init(_ history: TestHistory) { self.history = history }

    func collectOnce() {
      lock.lock()
      defer { lock.unlock() }
      if isDone { return }
      isDone = true
      _ = try? history.git(["gc", "-q", "--prune=now"])
    }
  }

  @Test mutating func packsAndIndexesCutShort() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    for number in 0..<20 { try history.commit("\(TestRule.value(&random)) \(number)\n", to: "f\(number)") }
    try history.git(["repack", "-adq"])
    try history.commit("\(value)\n", to: "kept")
    let directory = history.path + "/.git/objects/pack/"
    for name in try FileManager.default.contentsOfDirectory(atPath: directory)
    where name.hasSuffix(".pack") || name.hasSuffix(".idx") {
      let whole = try #require(FileManager.default.contents(atPath: directory + name))
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: directory + name)
      for count in [0, 3, 11, 100, whole.count / 2, whole.count - 21, whole.count - 1] {
        try whole.prefix(count).write(to: URL(filePath: directory + name))
        let report = try history.scan()
        #expect(report.finding(value) != nil && report.coverage.isIncomplete, "\(name.suffix(5)) of \(count)")
      }
      // An index of another pack, or a pack of another index.
      try (whole.dropLast(40) + Data(repeating: 7, count: 40)).write(to: URL(filePath: directory + name))
      #expect(try history.scan().finding(value) != nil)
      try whole.write(to: URL(filePath: directory + name))
    }
    #expect(try history.scan().findings.count == 21)
  }
}
