// Refs as git writes them in files, against `git for-each-ref`, and files that only look like refs.

import Foundation
import Model
import Testing

@testable import Git

@Suite struct RefTests {
  private func repository(_ made: TestRepository) throws -> Repository { try Repository.open(made.path) }

  private func put(_ text: String, _ path: String) throws {
    let url = URL(filePath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  @Test func looseOnesOverridePackedOnesAndLinksAreFollowed() throws {
    let made = try TestRepository()
    try made.grow(1, commits: 60)
    try made.git(["update-ref", "refs/heads/moved", "main~3"])
    try made.git(["pack-refs", "--all"])
    try made.git(["update-ref", "refs/heads/moved", "main~1"])
    try made.git(["symbolic-ref", "refs/heads/other", "refs/heads/main"])
    try made.git(["symbolic-ref", "refs/heads/unborn", "refs/heads/nowhere"])
    try FileManager.default.createSymbolicLink(
      atPath: made.path + "/refs/heads/linked", withDestinationPath: "refs/heads/moved")
    let listing = try repository(made).refListing()
    #expect(listing.problems.isEmpty)
    var wanted: [String: String] = [:]
    for line in String(decoding: try made.git(["for-each-ref", "--format=%(refname) %(objectname)"]), as: UTF8.self)
      .split(separator: "\n")
    {
      let words = line.split(separator: " ").map(String.init)
      wanted[words[0]] = words[1]
    }
    let found = Dictionary(
      listing.references.map { ($0.name, $0.target.description) }, uniquingKeysWith: { first, _ in first })
    // Git follows such a link where it is named, and does not list it.
    wanted["refs/heads/linked"] = wanted["refs/heads/moved"]
    #expect(found == wanted && found.count == listing.references.count)
    #expect(found["refs/heads/moved"] != found["refs/heads/main"] && found["refs/heads/unborn"] == nil)
    #expect(listing.references.map(\.name) == listing.references.map(\.name).sorted())
  }

  @Test func namesNeedNotBeText() throws {
    let made = try TestRepository()
    try made.grow(2, commits: 3)
    let id = String(decoding: try made.git(["rev-parse", "refs/heads/main"]), as: UTF8.self)
    // Two names that read alike once what is no UTF-8 has been replaced.
    for byte: UInt8 in [0xfe, 0xff] {
      let path = Array((made.path + "/refs/heads/x").utf8) + [byte, 0x0a, 0x79]
      let file = unsafe open(path.map { CChar(bitPattern: $0) } + [0], O_WRONLY | O_CREAT, 0o644)
      try #require(file >= 0)
      _ = unsafe id.withCString { unsafe write(file, $0, 41) }
      close(file)
    }
    let listing = try repository(made).refListing()
    #expect(listing.references.count == 3 && listing.problems.isEmpty)
  }

  @Test func whatHoldsNoRefIsTold() throws {
    let made = try TestRepository()
    try made.grow(3, commits: 3)
    let id = String(decoding: try made.git(["rev-parse", "refs/heads/main"]), as: UTF8.self)
    try put("", made.path + "/refs/heads/empty")
    try put(String(id.prefix(39)) + "\n", made.path + "/refs/heads/short")
    try put(String(repeating: "a", count: 5_000), made.path + "/refs/heads/long")
    try put(id, made.path + "/refs/heads/main.lock")
    try put("view", made.path + "/refs/heads/.store")
    try put(id.replacingOccurrences(of: "\n", with: "\r\n"), made.path + "/refs/heads/returned")
    try put("\(id.dropLast()) refs/tags/packed\n\(id.prefix(9)) refs/tags/cut\n", made.path + "/packed-refs")
    let listing = try repository(made).refListing()
    #expect(
      listing.references.map(\.name).filter { !$0.hasPrefix("refs/tags/t") } == [
        "refs/heads/main", "refs/heads/returned", "refs/tags/packed",
      ])
    let told = listing.problems.map { ($0.detail as NSString).lastPathComponent }.sorted()
    #expect(
      told == [
        "empty holds no object id", "long is longer than 4096 bytes", "packed-refs: 1 lines hold no ref",
        "short holds no object id",
      ], "\(told)")
  }

  @Test func otherWorktreesHaveRefsOfTheirOwn() throws {
    let made = try TestRepository()
    try made.grow(4, commits: 5)
    let id = String(decoding: try made.git(["rev-parse", "main~2"]), as: UTF8.self)
    try made.git(["worktree", "add", "-q", "--detach", made.path + "/tree", "main"])
    try put(id, made.path + "/worktrees/tree/refs/bisect/bad")
    #expect(try repository(made).references().contains { $0.name == "worktrees/tree/refs/bisect/bad" })
    let own = try Repository.open(made.path + "/tree").references()
    #expect(own.contains { $0.name == "refs/bisect/bad" } && own.contains { $0.name == "refs/heads/main" })
  }

  @Test func linesOfAnyLength() throws {
    let path = GitCommand.freshPath("lines")
    defer { try? FileManager.default.removeItem(atPath: path) }
    var random = Seeded(state: 5)
    for _ in 0..<40 {
      let lines = (0..<Int.random(in: 0...60, using: &random)).map { _ in
        let count =
          Bool.random(using: &random)
          ? Int.random(in: 0...90, using: &random) : Int.random(in: 0...60_000, using: &random)
        return String(repeating: "abcdefg".randomElement(using: &random) ?? "x", count: count)
      }
      try put(lines.joined(separator: "\n"), path)
      var found: [String] = []
      try SmallFile.forEachLine(Array(path.utf8)) { found.append(String(decoding: $0, as: UTF8.self)) }
      #expect(found == lines.filter { !$0.isEmpty })
    }
    // A line without end is handed on as far as it counts, and what follows it is read.
    try put(String(repeating: "x", count: 3 << 20) + "\nafter\n", path)
    let found = SmallFile.lines(path)
    #expect(found.count == 2 && found[0].count <= SmallFile.maximumLineBytes && found[1].elementsEqual("after".utf8))
  }
}
