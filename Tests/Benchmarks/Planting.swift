// Plants generated secrets in known places of a generated repository, and counts how many of them a scan finds: a scan that is
// quick because it overlooks things is not quick.

import Foundation
import Git
import Matching
import Model
import RuleBook
import Scanning

/// A history of random words: the same for the same seed.
struct GeneratedHistory {
  private var random: SeededGenerator
  private var stream = ""
  private var mark = 0
  private var files: [[String]] = []

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  private mutating func word() -> String {
    String(UInt64.random(in: 0..<60_000_000, using: &random), radix: 36)
  }

  private mutating func line() -> String {
    (0..<Int.random(in: 3...10, using: &random)).map { _ in word() }.joined(separator: " ")
  }

  /// Adds a commit of files by path; an empty one is removed.
  mutating func commit(_ changes: [(path: String, content: [UInt8])], message: String = "change") {
    mark += 1
    stream += "commit refs/heads/main\nmark :\(mark)\ncommitter A <a@example.org> \(1_700_000_000 + mark) +0000\n"
    stream += "data \(message.utf8.count)\n\(message)\n"
    for (path, content) in changes {
      stream +=
        content.isEmpty
        ? "D \(path)\n"
        : "M 100644 inline \(path)\ndata \(content.count)\n\(String(decoding: content, as: UTF8.self))\n"
    }
  }

  /// Adds commits that edit files of words.
  mutating func grow(commits: Int, files count: Int = 24) {
    for _ in files.count..<max(files.count, count) { files.append((0..<150).map { _ in line() }) }
    for _ in 0..<commits {
      let file = Int.random(in: 0..<files.count, using: &random)
      let at = Int.random(in: 0..<files[file].count, using: &random)
      files[file][at] = line()
      files[file].insert(line(), at: at)
      commit([("d\(file % 5)/f\(file)", Array(files[file].joined(separator: "\n").utf8))])
    }
  }

  /// Makes the repository, packed; the directory must not exist.
  consuming func write(to directory: String) throws {
    if mark == 0 { grow(commits: 240) }
    try git(["init", "-q", "--bare", directory], nil)
    try git(["-C", directory, "fast-import", "--quiet"], stream)
    try git(["-C", directory, "-c", "pack.threads=1", "repack", "-adfq", "--depth=50", "--window=10"], nil)
  }

  private func git(_ arguments: [String], _ input: String?) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["git"] + arguments
    let file = NSTemporaryDirectory() + "keywright-stream-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: file) }
    try Data((input ?? "").utf8).write(to: URL(filePath: file))
    process.standardInput = FileHandle(forReadingAtPath: file)
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
  }
}

/// Planting and counting.
enum Planting {
  static func run(_ count: Int, _ seed: UInt64, _ program: MatcherProgram, _ options: ScanOptions) throws {
    var history = GeneratedHistory(seed: seed)
    let rules = program.rules.filter { !$0.matches.isEmpty && !$0.isPublic }
    guard !rules.isEmpty else { return print("no rule has an example to plant") }
    history.grow(commits: 20)
    var planted: [(path: String, rule: RuleID)] = []
    for number in 0..<count {
      let rule = rules[number % rules.count]
      let template = rule.matches[number / rules.count % rule.matches.count]
      guard let text = try? ExampleTemplate.expand(template, seed: seed &+ UInt64(number)) else { continue }
      let path = "planted/p\(number)"
      planted.append((path, rule.id))
      history.commit([(path, Array("first line\n".utf8) + text + [0x0a])])
      // Of every third nothing but the history is left.
      if number % 3 == 0 { history.commit([(path, [])]) }
      if number % 10 == 0 { history.grow(commits: 1) }
    }
    let directory = NSTemporaryDirectory() + "keywright-planted-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try history.write(to: directory)
    let scan = try measure { try Scanner.history(directory, program: program, options: options) }
    let found = Set(scan.result.findings.flatMap { $0.occurrences.map(\.path.description) })
    let missed = planted.filter { !found.contains($0.path) }
    let share = String(format: "%.2f", Double(planted.count - missed.count) * 100 / Double(max(1, planted.count)))
    print(
      "planted \(planted.count), found \(planted.count - missed.count) (\(share)%), seed \(seed), \(scan.cpu) s cpu")
    for (rule, paths) in Dictionary(grouping: missed, by: \.rule).sorted(by: { $0.key < $1.key }).prefix(20) {
      print("  missed \(paths.count) of \(rule)")
    }
  }
}

/// One thing done once.
enum Workload {
  static func run(_ name: String, _ path: String, _ program: MatcherProgram) throws {
    var options = ScanOptions()
    options.threads = 1
    switch name {
    case "nothing": break
    case "scan", "full-scan":
      options.isFull = name == "full-scan"
      print(try Scanner.history(path, program: program, options: options).findings.count)
    case "unpack", "trees":
      let repository = try Repository.open(path)
      let store = try ObjectStore(objects: repository.objectsDirectory, idCount: repository.objectIDCount)
      let selection = ObjectSelection(kinds: name == "trees" ? [.tree] : [.blob], wantsRuns: false)
      print(store.forEachObject(selection) { _ in Floor() }[0].bytes)
    default: throw CocoaError(.featureUnsupported)
    }
  }
}
