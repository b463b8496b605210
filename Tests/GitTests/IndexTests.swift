// The index reader against `git ls-files`, in every form git writes, and against indexes that lie.

import Foundation
import Model
import Testing

@testable import Git

/// A repository with a work tree.
private final class WorkTree {
  let path: String
  let idCount: Int

  init(sha256: Bool = false) throws {
    path = NSTemporaryDirectory() + "keywright-index-" + UUID().uuidString
    idCount = sha256 ? 32 : 20
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try git("init", "-q", "-b", "main", "--object-format=" + (sha256 ? "sha256" : "sha1"), ".")
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func git(_ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"] + arguments
    process.currentDirectoryURL = URL(filePath: path)
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin", "HOME": path, "GIT_CONFIG_NOSYSTEM": "1",
    ]
    let output = NSTemporaryDirectory() + "keywright-git-" + UUID().uuidString
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    defer { try? FileManager.default.removeItem(atPath: output) }
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CommandFailed(command: arguments, status: process.terminationStatus)
    }
    return String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
  }

  func write(_ text: String, to name: String) throws {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: file, atomically: false, encoding: .utf8)
  }

  /// Forty files in nested directories, committed.
  func fill() throws {
    for number in 0..<40 { try write("content \(number)\n", to: "d\(number % 5)/e\(number % 3)/file-\(number).txt") }
    try write("top\n", to: "README")
    try git("add", ".")
    try git("commit", "-q", "-m", "start")
  }

  func index() throws -> IndexFile {
    try IndexFile(path: path + "/.git/index", sharedDirectory: path + "/.git", idCount: idCount)
  }

  /// What git says is in the index.
  func listed() throws -> [String] {
    try git("ls-files", "--stage", "-z", "--sparse").split(separator: "\0").map(String.init)
  }

  /// The same from our reader.
  func ours() throws -> [String] {
    try index().entries.map { entry in
      let mode = String(entry.mode, radix: 8)
      let padded = String(repeating: "0", count: 6 - mode.count) + mode
      return "\(padded) \(entry.id) \(entry.stage)\t\(String(decoding: entry.path, as: UTF8.self))"
    }
  }

  func changes() throws -> StagedChanges {
    let store = try ObjectStore(objects: path + "/.git/objects", idCount: idCount)
    let head = (try? git("rev-parse", "HEAD^{tree}")).flatMap {
      ObjectID(hex: $0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    return StagedChanges(try index(), against: head.map { [$0] } ?? [], reader: store.makeReader(), idCount: idCount)
  }

  /// The paths that `git diff --cached` calls added, copied, modified or of another type.
  func diffed() throws -> [String] {
    var arguments = ["diff", "--cached", "--name-only", "--no-renames", "--diff-filter=AMT", "-z"]
    if (try? git("rev-parse", "HEAD")) == nil { arguments.append("4b825dc642cb6eb9a060e54bf8d69288fbee4904") }
    let output = try run(arguments)
    return output.split(separator: "\0").map(String.init).sorted()
  }

  private func run(_ arguments: [String]) throws -> String {
    switch arguments.count {
    case 6: try git(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5])
    default: try git(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5], arguments[6])
    }
  }
}

@Suite struct IndexTests {
  @Test(arguments: [2, 3, 4], [false, true])
  func everyVersionReadsAsGitReadsIt(_ version: Int, sha256: Bool) throws {
    let tree = try WorkTree(sha256: sha256)
    try tree.fill()
    try tree.git("update-index", "--index-version", "\(version)")
    if version == 3 { try tree.git("update-index", "--skip-worktree", "README") }
    try tree.write("changed\n", to: "d1/e1/file-1.txt")
    try tree.git("add", ".")
    #expect(try tree.ours() == tree.listed())
    #expect(try tree.changes().changed.map(\.path.description) == ["d1/e1/file-1.txt"])
  }

  @Test func aSplitIndexIsPutTogether() throws {
    let tree = try WorkTree()
    try tree.fill()
    try tree.git("-c", "splitIndex.maxPercentChange=100", "update-index", "--split-index")
    try tree.write("changed\n", to: "d2/e2/file-2.txt")
    try tree.write("new\n", to: "a-new-file")
    try tree.git("-c", "splitIndex.maxPercentChange=100", "add", ".")
    try tree.git("-c", "splitIndex.maxPercentChange=100", "rm", "-q", "--cached", "d3/e0/file-3.txt")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: tree.path + "/.git").contains { $0.hasPrefix("sharedindex.") }
    )
    #expect(try tree.ours() == tree.listed())
    #expect(try tree.changes().changed.map(\.path.description).sorted() == tree.diffed())
  }

  @Test func aSparseIndexHoldsDirectories() throws {
    let tree = try WorkTree()
    try tree.fill()
    try tree.git("sparse-checkout", "init", "--cone", "--sparse-index")
    try tree.git("sparse-checkout", "set", "d1")
    #expect(try tree.index().entries.contains { $0.isSparseDirectory })
    #expect(try tree.ours() == tree.listed())
    try tree.write("changed\n", to: "d1/e1/file-1.txt")
    try tree.git("add", ".")
    let changes = try tree.changes()
    #expect(changes.changed.map(\.path.description) == ["d1/e1/file-1.txt"])
    #expect(changes.failures.isEmpty)
  }

  @Test func renamesDeletionsAndIntentToAddAreToldApart() throws {
    let tree = try WorkTree()
    try tree.fill()
    try tree.git("mv", "README", "docs.md")
    try tree.write("later\n", to: "announced")
    try tree.git("add", "--intent-to-add", "announced")
    try tree.git("rm", "-q", "-r", "d4")
    let changes = try tree.changes()
    #expect(changes.changed.map(\.path.description) == ["docs.md"])
    #expect(changes.changed.first?.before.isEmpty == true)
    #expect(changes.removed.contains(try #require(changes.changed.first).blob))
    #expect(changes.removed.count == 9)
  }

  @Test func beforeTheFirstCommitEverythingIsNew() throws {
    let tree = try WorkTree()
    try tree.write("x\n", to: "a/b")
    try tree.git("add", ".")
    #expect(try tree.changes().changed.map(\.path.description) == ["a/b"])
    #expect(try WorkTree().changes().changed.isEmpty)
  }

  @Test(arguments: 0..<UInt64(300))
  func damagedIndexesEndInAnError(_ seed: UInt64) throws {
    struct Sample { static let bytes = Result { try makeSample() } }
    var bytes = try Sample.bytes.get()
    var random = Seeded(state: seed)
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
    }
    if seed % 3 == 0 { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))) }
    // Whatever it says, reading it ends, with entries or with a reason.
    _ = try? IndexFile(bytes.span, idCount: 20) { (_) throws(IndexError) in throw IndexError(reason: "none") }
  }
}

private func makeSample() throws -> [UInt8] {
  let tree = try WorkTree()
  try tree.fill()
  try tree.git("update-index", "--index-version", "4")
  return Array(try #require(FileManager.default.contents(atPath: tree.path + "/.git/index")))
}
