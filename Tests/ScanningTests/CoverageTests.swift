// What can't be read is said, and the rest is scanned.

import Foundation
import Model
import Secrets
import Testing

@testable import Scanning

@Suite struct CoverageTests {
  private var random = Seeded(state: 13)

  private func remove(_ id: String, _ history: TestHistory) throws {
    let path = history.path + "/.git/objects/\(id.prefix(2))/\(id.dropFirst(2))"
    try FileManager.default.removeItem(atPath: path)
  }

  @Test mutating func aMissingBlob() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit("lost\n", to: "d/lost")
    try history.commit("\(value)\n", to: "kept")
    let lost = try history.text("rev-parse", "HEAD:d/lost")
    try remove(lost, history)
    let report = try history.scan()
    #expect(report.finding(value) != nil)
    #expect(report.coverage.isIncomplete && report.skips(.missing) == 1)
    #expect(report.coverage.skips.first?.object?.description == lost)
  }

  @Test mutating func missingTreesAndCommits() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit("1\n", to: "d/a")
    let middle = try history.commit("2\n", to: "d/a")
    let added = try history.commit("\(value)\n", to: "kept")
    try remove(middle, history)
    try remove(try history.text("rev-parse", "HEAD:d"), history)
    let report = try history.scan()
    #expect(report.skips(.missing) == 2)
    let place = try #require(report.finding(value)?.occurrences.first)
    // Its parent is not there, so it may be older than this.
    #expect(place.commitID == added && place.introduced?.isBoundary == true)
  }

  @Test mutating func corruptObjects() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit("good\n", to: "bad")
    try history.commit("\(value)\n", to: "kept")
    let bad = try history.text("rev-parse", "HEAD:bad")
    let path = history.path + "/.git/objects/\(bad.prefix(2))/\(bad.dropFirst(2))"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    try Data("garbage".utf8).write(to: URL(filePath: path))
    let report = try history.scan()
    #expect(report.finding(value) != nil)
    #expect(report.skips(.corrupt) == 1 && report.skips(.missing) == 0 && report.coverage.isIncomplete)
  }

  @Test mutating func aShallowClone() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit("\(value)\n", to: "a")
    let boundary = try history.commit("b\n", to: "b")
    try history.commit("c\n", to: "c")
    let clone = TestHistory(existing: history.path + "-shallow")
    try history.git(["clone", "-q", "--depth=2", "file://" + history.path, clone.path])
    let report = try clone.scan()
    #expect(report.coverage.isIncomplete && report.skips(.shallow) == 1 && report.skips(.missing) == 0)
    let place = try #require(report.finding(value)?.occurrences.first)
    #expect(place.commitID == boundary && place.introduced?.isBoundary == true && place.atHead)
  }

  @Test mutating func aPartialClone() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.git(["config", "uploadpack.allowFilter", "true"])
    try history.commit("old\n", to: "a")
    try history.commit("\(value)\n", to: "a")
    let clone = TestHistory(existing: history.path + "-partial")
    try history.git(["clone", "-q", "--filter=blob:none", "file://" + history.path, clone.path])
    let report = try clone.scan()
    #expect(report.finding(value)?.atHead == true)
    #expect(report.skips(.missing) == 1)
    #expect(report.coverage.skips.first?.detail.contains("partial clone") == true)
  }

  @Test mutating func largeContentAndPointers() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit(String(repeating: "0123456789\n", count: 100) + value, to: "large")
    let id = String(repeating: "ab", count: 32)
    try history.commit("version https://git-lfs.github.com/spec/v1\noid sha256:\(id)\nsize 12345\n", to: "lfs")
    var options = ScanOptions()
    options.maximumBlobBytes = 1_000
    let report = try Scanner.history(history.path, program: TestRule.program, options: options)
    #expect(report.findings.isEmpty && report.skips(.tooLarge) == 1 && report.coverage.isIncomplete)
    let pointer = try #require(report.coverage.skips.first { $0.reason == .lfsPointer })
    #expect(pointer.detail.contains("sha256:\(id), 12345 bytes"))
    #expect(try !history.scan().coverage.isIncomplete)
  }

  @Test mutating func damageOfAnyKindStopsNothing() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    var maker = RandomHistory(99)
    try maker.fill(history, commits: 12)
    try history.git(["update-ref", "refs/heads/main", "refs/heads/b0"])
    try history.git(["reset", "-q", "--hard"])
    try history.commit("\(value)\n", to: "kept")
    let files = try FileManager.default.subpathsOfDirectory(atPath: history.path + "/.git").filter {
      $0.hasPrefix("objects/") && !$0.hasSuffix("/") || $0 == "packed-refs" || $0.hasPrefix("logs/")
    }.sorted()
    for round in 0..<60 {
      let file = history.path + "/.git/" + (files.randomElement(using: &random) ?? "")
      guard let original = FileManager.default.contents(atPath: file), !original.isEmpty else { continue }
      var damaged = original
      for _ in 0..<3 {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      if round % 4 == 0 { damaged = damaged.prefix(damaged.count / 2) }
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
      try damaged.write(to: URL(filePath: file))
      // A damaged head may make it no repository; nothing may trap.
      _ = try? history.scan()
      try original.write(to: URL(filePath: file))
    }
    #expect(try history.scan().finding(value) != nil)
  }

  @Test func whatIsNoRepositoryIsSaid() throws {
    let path = NSTemporaryDirectory() + "keywright-none-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect { try Scanner.history(path, program: TestRule.program) } throws: {
      ($0 as? ScanError)?.hint?.contains("--dir") == true
    }
  }
}
