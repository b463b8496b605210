// Ranges and tree comparisons against git itself, on random histories with merges and with clocks that lie.

import Foundation
import Model
import Testing

@testable import Git

/// A history of `count` commits by fast-import; each changes one of a few files, some are merges.
private func history(_ repository: TestRepository, count: Int, seed: UInt64, clocksLie: Bool) throws {
  var random = Seeded(state: seed)
  var stream = ""
  for number in 1...count {
    let time = clocksLie ? Int.random(in: 1...2_000_000_000, using: &random) : 1_600_000_000 + number * 10
    let content = "content \(number) \(Int.random(in: 0..<9, using: &random))\n"
    stream += "commit refs/heads/b\(number)\nmark :\(number)\ncommitter A <a@example.org> \(time) +0000\ndata 1\nm\n"
    if number > 1 {
      stream += "from :\(Int.random(in: max(1, number - 4)...number - 1, using: &random))\n"
      if number > 4, Int.random(in: 0..<4, using: &random) == 0 {
        stream += "merge :\(Int.random(in: 1...number - 2, using: &random))\n"
      }
    }
    let path = "d\(Int.random(in: 0..<3, using: &random))/f\(Int.random(in: 0..<4, using: &random))"
    stream += "M 100644 inline \(path)\ndata \(content.utf8.count)\n\(content)\n"
  }
  try repository.git(["fast-import", "--quiet", "--force"], input: Data(stream.utf8))
}

@Suite struct RangeTests {
  private func ids(_ data: Data) -> [ObjectID] {
    String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { ObjectID(hex: String($0)) }
  }

  @Test(arguments: 0..<UInt64(12), [false, true])
  func aRangeHasTheCommitsThatTheGraphHas(_ seed: UInt64, clocksLie: Bool) throws {
    let repository = try TestRepository()
    try history(repository, count: 60, seed: seed, clocksLie: clocksLie)
    let reader = try ObjectStore(objects: repository.objects).makeReader()
    var random = Seeded(state: seed &+ 1_000)
    // `git rev-list A ^B` itself trusts the clocks, so the oracle is the graph.
    var parents: [ObjectID: [ObjectID]] = [:]
    for line in String(decoding: try repository.git(["rev-list", "--parents", "--all"]), as: UTF8.self).split(
      separator: "\n")
    {
      let all = line.split(separator: " ").compactMap { ObjectID(hex: String($0)) }
      parents[all[0]] = Array(all.dropFirst())
    }
    func ancestors(_ id: ObjectID) -> Set<ObjectID> {
      var seen: Set<ObjectID> = []
      var stack = [id]
      while let next = stack.popLast() {
        if seen.insert(next).inserted { stack += parents[next] ?? [] }
      }
      return seen
    }
    for _ in 0..<6 {
      let head = "b\(Int.random(in: 1...60, using: &random))"
      let base = "b\(Int.random(in: 1...60, using: &random))"
      let headID = try #require(ids(try repository.git(["rev-parse", head])).first)
      let baseID = try #require(ids(try repository.git(["rev-parse", base])).first)
      let range = RevisionRange(heads: [headID], excluding: [baseID], reader: reader)
      let wanted = ancestors(headID).subtracting(ancestors(baseID))
      // With clocks that lie a commit may be listed that the base reaches, but none is ever left out.
      let found = Set(range.commits.map(\.id))
      if clocksLie {
        #expect(found.isSuperset(of: wanted), "seed \(seed): \(base)..\(head)")
      } else {
        #expect(found == wanted, "seed \(seed): \(base)..\(head)")
      }
      #expect(range.failures.isEmpty && !range.isCutOff)
      for commit in range.commits {
        #expect(commit.parentTrees.count == commit.parents.count)
      }
    }
  }

  /// Twenty levels of trees, each of which names the next one sixteen times, and nowhere a file.
  @Test func aTreeBombIsNotCountedOut() throws {
    let repository = try TestRepository()
    var tree = String(decoding: try repository.git(["mktree"], input: Data()), as: UTF8.self)
    for _ in 0..<20 {
      let line = "040000 tree \(tree.trimmingCharacters(in: .whitespacesAndNewlines))\t"
      let listing = (0..<16).map { "\(line)d\($0)\n" }.joined()
      tree = String(decoding: try repository.git(["mktree"], input: Data(listing.utf8)), as: UTF8.self)
    }
    let id = try #require(ObjectID(hex: tree.trimmingCharacters(in: .whitespacesAndNewlines)))
    let reader = try ObjectStore(objects: repository.objects).makeReader()
    let changes = TreeChanges(of: id, against: [], reader: reader, idCount: 20, maximumTrees: 1_000)
    #expect(changes.changed.isEmpty)
    #expect(changes.failures.map(\.reason) == [.tooLarge])
  }

  /// Else a tag on a commit that the other side has would bring that commit's changes once more.
  @Test func aTagIsTheCommitThatItNames() throws {
    let repository = try TestRepository()
    try history(repository, count: 9, seed: 3, clocksLie: false)
    try repository.git(["-c", "user.name=A", "-c", "user.email=a@example.org", "tag", "-a", "-m", "m", "t", "b5"])
    let reader = try ObjectStore(objects: repository.objects).makeReader()
    let tag = try #require(ids(try repository.git(["rev-parse", "t"])).first)
    let commit = try #require(ids(try repository.git(["rev-parse", "b5"])).first)
    let parents = ids(try repository.git(["rev-parse", "b5^@"]))
    #expect(tag != commit)
    #expect(RevisionRange(heads: [tag], excluding: [commit], reader: reader).commits.isEmpty)
    #expect(RevisionRange(heads: [commit], excluding: [tag], reader: reader).commits.isEmpty)
    #expect(RevisionRange(heads: [tag, commit], excluding: parents, reader: reader).commits.map(\.id) == [commit])
  }

  @Test(arguments: 0..<UInt64(4))
  func aCommitsChangesAreThoseOfGitsDiff(_ seed: UInt64) throws {
    let repository = try TestRepository()
    try history(repository, count: 40, seed: seed, clocksLie: false)
    let reader = try ObjectStore(objects: repository.objects).makeReader()
    for number in 2...40 {
      let name = "b\(number)"
      let parents = String(decoding: try repository.git(["rev-list", "--parents", "-n1", name]), as: UTF8.self)
        .split { $0 == " " || $0 == "\n" }.dropFirst().map(String.init)
      var wanted: Set<String>?
      for parent in parents {
        let paths = String(
          decoding: try repository.git(["diff", "--name-only", "--no-renames", "--diff-filter=AM", parent, name]),
          as: UTF8.self
        ).split(separator: "\n").map(String.init)
        wanted = wanted.map { $0.intersection(paths) } ?? Set(paths)
      }
      let trees = try ([name] + parents).map {
        try #require(ids(try repository.git(["rev-parse", $0 + "^{tree}"])).first)
      }
      let changes = TreeChanges(of: trees[0], against: Array(trees.dropFirst()), reader: reader, idCount: 20)
      #expect(Set(changes.changed.map(\.path.description)) == wanted, "seed \(seed), \(name)")
      #expect(changes.failures.isEmpty)
    }
  }

  @Test func whatCannotBeReadIsSaid() throws {
    let repository = try TestRepository()
    try history(repository, count: 5, seed: 1, clocksLie: false)
    let reader = try ObjectStore(objects: repository.objects).makeReader()
    let absent = try #require(ObjectID(hex: String(repeating: "12", count: 20)))
    let range = RevisionRange(heads: [absent], excluding: [], reader: reader)
    #expect(range.commits.isEmpty)
    #expect(range.failures.count == 1)
    #expect(TreeChanges(of: absent, against: [], reader: reader, idCount: 20).failures.count == 1)
  }
}
