// Repositories that the scanning tests make with git at run time, and what git itself says of them.

import Foundation
import Matching
import Model
import RuleBook
import Secrets
@_exported import TestSupport

@testable import Scanning

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

  init(_ options: String...) throws {
    path = GitCommand.freshPath("scan")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try git(["init", "-q", "-b", "main"] + options + ["."])
  }

  /// Takes over a directory that already is, or will be, a repository.
  init(existing path: String) { self.path = path }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Runs git in the repository, with nobody's configuration.
  @discardableResult
  func git(_ arguments: [String], input: Data? = nil, extra: [String: String] = [:]) throws -> Data {
    try GitCommand.run(arguments, in: path, input: input, extra: extra)
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
