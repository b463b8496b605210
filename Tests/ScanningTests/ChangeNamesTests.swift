// What a range's names lead to besides commits' changes: messages, annotated tags, and tags of blobs and trees.

import Foundation
import Git
import Matching
import Model
import Testing

@testable import Scanning

@Suite struct ChangeNamesTests {
  private let history: TestHistory
  private let value: String
  private let base: String

  init() throws {
    var random = Seeded(state: 7)
    value = TestRule.value(&random)
    history = try TestHistory()
    base = try history.commit("one\n", to: "a")
  }

  private func scan(_ heads: String..., excluding: [String]) throws -> ScanReport {
    try Scanner.range(
      history.path, CommitRange(heads: heads, excluding: excluding), environment: GitEnvironment(),
      program: TestRule.program)
  }

  private func hash(_ content: String) throws -> String {
    String(decoding: try history.git(["hash-object", "-w", "--stdin"], input: Data(content.utf8)), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func aCommitsMessage() throws {
    try history.commit("two\n", to: "a", message: "Use \(value)")
    let report = try scan("HEAD", excluding: [base])
    let place = try #require(report.finding(value)?.occurrences.first)
    let head = try history.text("rev-parse", "HEAD")
    #expect(place.place == .commit && place.commitID == head)
  }

  @Test func anAnnotatedTagsMessage() throws {
    try history.git(["tag", "-a", "-m", "Release\n\nkey \(value)", "v1"])
    let tag = try history.text("rev-parse", "v1")
    // The commit is known to the other side; the tag is not.
    let report = try scan(tag, excluding: [base])
    let place = try #require(report.finding(value)?.occurrences.first)
    #expect(place.place == .tag && place.object?.description == tag && place.line == 8 && place.column == 5)
    #expect(report.coverage.tags == 1 && report.coverage.commits == 0)
    // Once it is, it is not asked about again.
    #expect(try scan(tag, excluding: [tag]).findings.isEmpty)
    #expect(try scan("HEAD", tag, excluding: [base, tag]).coverage.tags == 0)
  }

  @Test func aTagOfATagOfABlob() throws {
    let blob = try hash("key = \(value)\n")
    try history.git(["tag", "-a", "-m", "inner", "inner", blob])
    try history.git(["tag", "-a", "-m", "outer", "outer", "inner"])
    let report = try scan(try history.text("rev-parse", "outer"), excluding: [base])
    let place = try #require(report.finding(value)?.occurrences.first)
    #expect(place.place == .blob && place.object?.description == blob && place.reachability == .tag)
    #expect(report.coverage.tags == 2 && report.coverage.skips.isEmpty)
  }

  @Test func aRefThatNamesABlobOrATree() throws {
    let blob = try hash("key = \(value)\n")
    #expect(try scan(blob, excluding: [base]).finding(value) != nil)
    let tree = String(
      decoding: try history.git(["mktree"], input: Data("100644 blob \(blob)\tdeep.txt\n".utf8)), as: UTF8.self
    ).trimmingCharacters(in: .whitespacesAndNewlines)
    let report = try scan(tree, excluding: [base])
    #expect(report.finding(value)?.occurrences.first?.path == BytePath("deep.txt"))
  }

  /// A tag that stands for itself is that one commit, not all behind it.
  @Test func aTagAsARevision() throws {
    try history.commit("\(value)\n", to: "b")
    try history.commit("three\n", to: "a")
    try history.git(["tag", "-a", "-m", "m", "v2"])
    let range = try #require(CommitRange("v2"))
    let report = try Scanner.range(history.path, range, environment: GitEnvironment(), program: TestRule.program)
    #expect(report.coverage.commits == 1 && report.findings.isEmpty)
  }

  @Test func aTagOfNothingIsSaid() throws {
    let absent = String(repeating: "12", count: 20)
    let text = "object \(absent)\ntype blob\ntag t\ntagger A <a@example.org> 1 +0000\n\nm\n"
    let tag = String(
      decoding: try history.git(["hash-object", "-t", "tag", "--literally", "-w", "--stdin"], input: Data(text.utf8)),
      as: UTF8.self
    ).trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(try scan(tag, excluding: [base]).coverage.isIncomplete)
  }

  /// One content at many paths is matched once, and found at each.
  @Test func aContentAtManyPaths() throws {
    for number in 0..<20 { try history.write("key = \(value)\n", to: "d\(number)/f") }
    try history.git(["commit", "-q", "-m", "many"])
    let report = try scan("HEAD", excluding: [base])
    #expect(report.finding(value)?.occurrences.count == 20 && report.coverage.blobs == 1)
    #expect(Set(report.finding(value)?.occurrences.map(\.path.description) ?? []).count == 20)
  }

  private func staged() throws -> ScanReport {
    try Scanner.staged(history.path, environment: GitEnvironment(), program: TestRule.program)
  }

  @Test func namesOfAddedFilesAndDirectories() throws {
    try history.write("x\n", to: "d/\(value).txt")
    let place = try #require(try staged().finding(value)?.occurrences.first)
    #expect(place.place == .fileName && place.object == nil && place.column == 1 && place.length == value.utf8.count)
    #expect(!place.path.description.contains(value))
    let commit = try history.commit("y\n", to: "d/other")
    let made = try #require(try scan("HEAD", excluding: [base]).finding(value))
    #expect(made.occurrences.map(\.commitID) == [commit] && made.occurrences.first?.place == .fileName)
    // The report names the tree and the place in it, so that the value can be read again.
    let again = try Locator.read(try #require(made.occurrences.first), in: history.path)
    #expect(again == made.secret)
  }

  @Test func aNameThatWasThereIsNotNew() throws {
    let old = try history.commit("x\n", to: "\(value)/first")
    try history.write("y\n", to: "\(value)/second")
    #expect(try staged().findings.isEmpty)
    try history.commit("z\n", to: "\(value)/first")
    #expect(try scan("HEAD", excluding: [old]).findings.isEmpty)
    // Another file of that name, moved or not, is.
    try history.git(["mv", "\(value)/second", "moved-\(value)"])
    try history.git(["mv", "a", "\(value)-b"])
    #expect(try staged().finding(value)?.occurrences.count == 2)
    try history.write("w\n", to: "e/\(value)")
    #expect(try staged().finding(value)?.occurrences.count == 3)
  }
}
