// What a scan must say of a history, worked out the slow way: every tree of every commit is listed by git and every
// value looked for in every blob.

import Foundation
import Model

/// A history as git tells it.
struct AttributionOracle {
  struct Place: Hashable {
    var value: String
    var path: String
  }
  private(set) var introductions: [String: Set<String>] = [:]
  private(set) var removals: [String: Set<String>] = [:]
  private(set) var places: Set<Place> = []
  private(set) var atHead: Set<Place> = []
  private(set) var blobs: [String: Data] = [:]

  init(_ history: TestHistory) throws {
    let lines = try history.text("rev-list", "--parents", "--all", "--reflog").split(separator: "\n")
    var held: [String: Set<Place>] = [:]
    var listings: [String: Set<Place>] = [:]
    for line in lines {
      let commit = String(line.prefix { $0 != " " })
      let tree = try history.text("rev-parse", commit + "^{tree}")
      if listings[tree] == nil { listings[tree] = try list(tree, history) }
      held[commit] = listings[tree]
    }
    for line in lines {
      let ids = line.split(separator: " ").map(String.init)
      let own = Set(held[ids[0], default: []].map(\.value))
      let others = ids.dropFirst().map { Set(held[$0, default: []].map(\.value)) }
      for value in own where !others.contains(where: { $0.contains(value) }) {
        introductions[value, default: []].insert(ids[0])
      }
      for value in others.first ?? [] where !own.contains(value) && others.allSatisfy({ $0.contains(value) }) {
        removals[value, default: []].insert(ids[0])
      }
      places.formUnion(held[ids[0], default: []])
    }
    for head in try history.text("for-each-ref", "--format=%(objectname)", "refs/heads", "refs/remotes").split(
      separator: "\n")
    {
      atHead.formUnion(held[String(head), default: []])
    }
  }

  private mutating func list(_ tree: String, _ history: TestHistory) throws -> Set<Place> {
    var found: Set<Place> = []
    for entry in try history.git(["ls-tree", "-r", "-z", tree]).split(separator: 0) {
      let text = String(decoding: entry, as: UTF8.self)
      guard let tab = text.firstIndex(of: "\t") else { continue }
      let blob = String(text[..<tab].split(separator: " ")[2])
      if blobs[blob] == nil { blobs[blob] = try history.git(["cat-file", "blob", blob]) }
      for value in TestRule.values(in: blobs[blob] ?? Data()) {
        found.insert(Place(value: value, path: String(text[text.index(after: tab)...])))
      }
    }
    return found
  }
}

/// A random history: edits, renames, copies, deletions, branches and merges, some of them evil.
struct RandomHistory {
  private var random: Seeded
  private var stream = ""
  private var mark = 0
  /// By branch: its tip's mark and its files.
  private var branches: [(mark: Int, files: [String: String])] = []
  private var values: [String] = []

  init(_ seed: UInt64) { random = Seeded(state: seed) }

  /// Makes `commits` commits and leaves them as branches `b0`, `b1`...
  mutating func fill(_ history: TestHistory, commits: Int) throws {
    values = (0..<8).map { _ in TestRule.value(&random) }
    commit(on: 0, parents: [], files: ["README": "nothing"])
    branches = [(mark, ["README": "nothing"])]
    for _ in 1..<commits {
      let branch = Int.random(in: 0..<branches.count, using: &random)
      if branches.count < 4, Int.random(in: 0..<6, using: &random) == 0 {
        branches.append(branches[branch])
      } else if branches.count > 1, Int.random(in: 0..<5, using: &random) == 0 {
        merge(branch, (branch + 1) % branches.count)
      } else {
        var files = branches[branch].files
        for _ in 0..<Int.random(in: 1...2, using: &random) { change(&files) }
        commit(on: branch, parents: [branches[branch].mark], files: files)
        branches[branch] = (mark, files)
      }
    }
    try history.git(["fast-import", "--quiet", "--force"], input: Data(stream.utf8))
    for (number, branch) in branches.enumerated() {
      // Dropped, so that some commits are only a reflog's, are the branches beyond these.
      try history.git(["update-ref", "refs/heads/b\(number)", history.text("rev-parse", "refs/marks/\(branch.mark)")])
    }
    for name in try history.text("for-each-ref", "--format=%(refname)", "refs/marks").split(separator: "\n") {
      try history.git(["update-ref", "-d", String(name)])
    }
  }

  private mutating func change(_ files: inout [String: String]) {
    let names = files.keys.sorted()
    let path = names.randomElement(using: &random) ?? "README"
    let target =
      "d\(Int.random(in: 0..<3, using: &random))/e\(Int.random(in: 0..<2, using: &random))/f\(Int.random(in: 0..<4, using: &random))"
    let value = values.randomElement(using: &random) ?? ""
    switch Int.random(in: 0..<8, using: &random) {
    case 0, 1: files[target, default: ""] += "key = \(value)\n"
    case 2: files[path] = files[path, default: ""].replacingOccurrences(of: value, with: "gone")
    case 3: files[path, default: ""] += "more \(Int.random(in: 0..<1_000, using: &random))\n"
    case 4: files[target] = files.removeValue(forKey: path)
    case 5: files[target] = files[path]
    case 6 where names.count > 2: files[path] = nil
    default: files[path] = "line\n" + files[path, default: ""]
    }
  }

  private mutating func merge(_ one: Int, _ other: Int) {
    var files = branches[one].files
    for (path, content) in branches[other].files.sorted(by: { $0.key < $1.key }) where Bool.random(using: &random) {
      files[path] = content
    }
    if Int.random(in: 0..<3, using: &random) == 0 { change(&files) }
    commit(on: one, parents: [branches[one].mark, branches[other].mark], files: files)
    branches[one] = (mark, files)
  }

  private mutating func commit(on branch: Int, parents: [Int], files: [String: String]) {
    mark += 1
    stream +=
      "commit refs/marks/\(mark)\nmark :\(mark)\ncommitter A <a@example.org> \(1_000_000 + mark) +0000\ndata 1\nm\n"
    for (index, parent) in parents.enumerated() { stream += "\(index == 0 ? "from" : "merge") :\(parent)\n" }
    stream += "deleteall\n"
    for (path, content) in files.sorted(by: { $0.key < $1.key }) where !content.isEmpty {
      stream += "M 100644 inline \(path)\ndata \(content.utf8.count)\n\(content)\n"
    }
  }
}
