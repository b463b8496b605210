// Everything that an object database can hold besides files on branches, and repositories of every form.

import Foundation
import Model
import Secrets
import Testing

@testable import Scanning

@Suite struct PlacesTests {
  private var random = Seeded(state: 11)

  private func only(_ report: ScanReport, _ value: String) throws -> Occurrence {
    let finding = try #require(report.finding(value))
    #expect(finding.occurrences.count == 1)
    return try #require(finding.occurrences.first)
  }

  @Test mutating func messagesAndNames() throws {
    let (message, tagged, author) = (TestRule.value(&random), TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    let commit = try history.commit("a\n", to: "a", message: "Subject\n\nuse \(message) here")
    try history.git(["tag", "-a", "-m", "release \(tagged)", "v1"])
    try history.git(
      ["commit", "-q", "--allow-empty", "-m", "x"], extra: ["GIT_AUTHOR_NAME": "Bot \(author)"])
    let report = try history.scan()
    let inMessage = try only(report, message)
    #expect(inMessage.place == .commit && inMessage.commitID == commit && inMessage.path.bytes.isEmpty)
    #expect(try Locator.read(inMessage, in: history.path).copyBytes() == Array(message.utf8))
    let inTag = try only(report, tagged)
    let tag = try history.id("v1")
    #expect(inTag.place == .tag && inTag.reachability == .tag && inTag.object == tag)
    #expect(try only(report, author).place == .author)
    #expect(report.coverage.tags == 1)
  }

  @Test mutating func whatEachRefHolds() throws {
    let values = (0..<6).map { _ in TestRule.value(&random) }
    let history = try TestHistory()
    try history.commit("base\n", to: "base")
    try history.git(["checkout", "-q", "-b", "side"])
    try history.commit("\(values[0])\n", to: "tagged")
    try history.git(["tag", "light"])
    try history.commit("\(values[1])\n", to: "hidden")
    try history.git(["update-ref", "refs/pull/1/head", "HEAD"])
    try history.commit("\(values[2])\n", to: "reflog")
    try history.git(["checkout", "-q", "main"])
    try history.git(["branch", "-q", "-D", "side"])
    try history.git(["notes", "add", "-m", "note \(values[3])"])
    try history.write("stash \(values[4])\n", to: "base")
    try history.git(["stash", "-q"])
    let dangling = try history.git(["hash-object", "-w", "--stdin"], input: Data(values[5].utf8))
    let report = try history.scan()
    #expect(try only(report, values[0]).reachability == .tag)
    #expect(try only(report, values[1]).reachability == .ref)
    #expect(try only(report, values[2]).reachability == .reflog)
    #expect(try only(report, values[3]).reachability == .notes)
    #expect(try only(report, values[4]).reachability == .stashIndex)
    let loose = try only(report, values[5])
    #expect(loose.reachability == .dangling && loose.path.bytes.isEmpty)
    #expect(loose.object?.description == String(decoding: dangling, as: UTF8.self).trimmingCharacters(in: .newlines))
    #expect(!report.coverage.isIncomplete)
  }

  @Test mutating func tagsOfBlobsAndTrees() throws {
    let (blob, tree) = (TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try history.commit("x\n", to: "x")
    let id = try history.git(["hash-object", "-w", "--stdin"], input: Data(blob.utf8))
    try history.git(["tag", "-a", "-m", "key", "key", String(decoding: id.dropLast(), as: UTF8.self)])
    try history.write("\(tree)\n", to: "d/y")
    try history.git(["tag", "snapshot", history.text("write-tree")])
    try history.git(["reset", "-q", "--hard"])
    let report = try history.scan()
    #expect(try only(report, blob).reachability == .tag)
    let inTree = try only(report, tree)
    #expect(inTree.reachability == .tag && inTree.path == BytePath("d/y") && inTree.introduced == nil)
  }

  @Test mutating func everyFormOfRepository() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit("\(value)\n", to: "a")
    let bare = TestHistory(existing: history.path + "-bare")
    let linked = TestHistory(existing: history.path + "-linked")
    try history.git(["clone", "-q", "--bare", ".", bare.path])
    try history.git(["worktree", "add", "-q", linked.path])
    try FileManager.default.createDirectory(atPath: history.path + "/below/it", withIntermediateDirectories: true)
    for path in [bare.path, linked.path, history.path + "/.git", history.path + "/below/it"] {
      let report = try Scanner.history(path, program: TestRule.program)
      #expect(report.finding(value)?.occurrences.first?.atHead == true, "\(path)")
    }
    try history.git(["pack-refs", "--all"])
    #expect(try history.scan().finding(value)?.atHead == true)
  }

  @Test func aRepositoryWithoutCommitsIsClean() throws {
    let report = try TestHistory().scan()
    #expect(report.findings.isEmpty && !report.coverage.isIncomplete)
  }

  @Test mutating func longIDs() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory("--object-format=sha256")
    let added = try history.commit("\(value)\n", to: "d/a")
    try history.commit("\(TestRule.value(&random))\n", to: "d/b")
    let removed = try history.commit(nil, to: "d/a")
    try history.git(["repack", "-adfq"])
    let report = try history.scan()
    #expect(report.findings.count == 2)
    let place = try only(report, value)
    #expect(place.commitID == added && place.removedID == removed && added.count == 64)
    #expect(try Locator.read(place, in: history.path).copyBytes() == Array(value.utf8))
  }

  @Test mutating func symbolicLinksAndOddNames() throws {
    let (link, odd) = (TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try FileManager.default.createSymbolicLink(atPath: history.path + "/link", withDestinationPath: "/\(link)")
    try history.git(["add", "link"])
    let blob = try history.git(["hash-object", "-w", "--stdin"], input: Data("\(odd)\n".utf8)).dropLast()
    var entry = Data("100644 \(String(decoding: blob, as: UTF8.self))\ta\n".utf8)
    entry += [0xff, 0x1b, 0]
    try history.git(["update-index", "-z", "--index-info"], input: entry)
    try history.git(["commit", "-q", "-m", "odd"])
    let report = try history.scan()
    #expect(try only(report, link).path == BytePath("link"))
    #expect(try only(report, odd).path == BytePath([0x61, 0x0a, 0xff, 0x1b]))
  }
}
