// Repositories that the scanning tests make with git at run time, and what git itself says of them.

import Foundation
import Matching
import Model
import RuleBook
import Secrets

@testable import Scanning

/// A repeatable generator (SplitMix64).
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}

struct CommandFailed: Error {
  var command: [String]
  var status: Int32
}

/// The one rule of most tests: tokens that nothing else looks like.
enum TestRule {
  static let token = Rule(
    id: RuleID("test-token"), provider: "test", name: "Test token", severity: .high, confidence: .structure,
    literals: ["kwt_"], pattern: "(?<![a-z0-9_])kwt_[a-z0-9]{24}(?![a-z0-9_])", width: 32, source: "made up")
  static let program = MatcherProgram([token])

  /// A value of the rule's shape.
  static func value(_ random: inout Seeded) -> String {
    "kwt_"
      + String((0..<24).map { _ in Array("abcdefghjkmnpqrstuvwxyz23456789")[Int.random(in: 0..<31, using: &random)] })
  }

  /// Every value in the bytes, found without anything of ours.
  static func values(in bytes: Data) -> [String] {
    let text = String(decoding: bytes, as: Unicode.ASCII.self)
    return text.matches(of: /kwt_[a-z0-9]{24}/).map { String($0.output) }
  }
}

/// A repository in a directory of its own, removed with the value.
final class TestHistory {
  let path: String
  static let git = "/usr/bin/env"

  init(_ options: String...) throws {
    path = NSTemporaryDirectory() + "keywright-scan-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try git(["init", "-q", "-b", "main"] + options + ["."])
  }

  /// Takes over a directory that already is, or will be, a repository.
  init(existing path: String) { self.path = path }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Runs git in the repository, with nobody's configuration.
  @discardableResult
  func git(_ arguments: [String], input: Data? = nil, extra: [String: String] = [:]) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: TestHistory.git)
    process.arguments = ["git"] + arguments
    process.currentDirectoryURL = URL(filePath: path)
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin", "HOME": path, "GIT_CONFIG_NOSYSTEM": "1",
      "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada",
      "GIT_COMMITTER_EMAIL": "ada@example.org", "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+01:00",
      "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+01:00", "GIT_ALLOW_PROTOCOL": "file",
    ].merging(extra) { $1 }
    let stem = NSTemporaryDirectory() + "keywright-scan-io-" + UUID().uuidString
    defer { for end in [".in", ".out"] { try? FileManager.default.removeItem(atPath: stem + end) } }
    for end in [".in", ".out"] {
      _ = FileManager.default.createFile(atPath: stem + end, contents: end == ".in" ? input : nil)
    }
    process.standardInput = FileHandle(forReadingAtPath: stem + ".in")
    process.standardOutput = FileHandle(forWritingAtPath: stem + ".out")
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CommandFailed(command: arguments, status: process.terminationStatus)
    }
    return FileManager.default.contents(atPath: stem + ".out") ?? Data()
  }

  func text(_ arguments: String...) throws -> String {
    String(decoding: try git(arguments), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func id(_ revision: String) throws -> ObjectID? { ObjectID(hex: try text("rev-parse", revision)) }

  /// Writes (or removes) a file and commits it; returns the commit.
  @discardableResult
  func commit(_ content: String?, to file: String, message: String = "Change") throws -> String {
    try write(content, to: file)
    try git(["commit", "-q", "--allow-empty", "-m", message])
    return try text("rev-parse", "HEAD")
  }

  /// Writes (or removes) a file and stages it.
  func write(_ content: String?, to file: String) throws {
    let url = URL(filePath: path + "/" + file)
    if let content {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(content.utf8).write(to: url)
      try git(["add", "--", file])
    } else {
      try git(["rm", "-q", "--", file])
    }
  }

  func scan(threads: Int = 2, program: MatcherProgram = TestRule.program) throws -> ScanReport {
    var options = ScanOptions()
    options.threads = threads
    return try Scanner.history(path, program: program, options: options)
  }
}

extension ScanReport {
  /// The finding of a value.
  func finding(_ value: String) -> Finding? {
    findings.first { $0.secret?.matches(Array(value.utf8).span) ?? false }
  }

  func skips(_ reason: SkipReason) -> Int { coverage.skipCounts[reason] ?? 0 }
}

extension Occurrence {
  var commitID: String? { introduced?.id.description }
  var removedID: String? { removed?.id.description }
}
