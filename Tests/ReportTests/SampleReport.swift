// A report with something of everything in it: hostile names, several places, every state. Values are made up at run time.

import Foundation
import Model
import Secrets

@testable import Report

enum Sample {
  /// A value that must appear in no format that was not asked for it.
  static let value = "sample-" + UUID().uuidString

  static func object(_ byte: UInt8) -> ObjectID { ObjectID([UInt8](repeating: byte, count: 20).span, at: 0, count: 20) }

  static func commit(_ byte: UInt8, time: Int64) -> CommitInfo {
    CommitInfo(
      id: object(byte), author: "Ada <script>alert(1)</script>", email: "ada@example.org", time: time, zone: 60,
      subject: "=HYPERLINK(\"x\") | `y` ]]> & more")
  }

  static func place(_ path: String, line: Int = 3, head: Bool = true) -> Occurrence {
    Occurrence(
      place: .blob, path: BytePath(path), line: line, endLine: line, column: 5, endColumn: 45, object: object(7),
      offset: 40,
      length: 40, introduced: commit(1, time: 1_700_000_000), removed: head ? nil : commit(2, time: 1_710_000_000),
      atHead: head, reachability: .branch)
  }

  static func finding(
    _ rule: String, _ severity: Severity, _ places: [Occurrence], _ liveness: Liveness? = nil, number: Int = 0
  ) -> Finding {
    Finding(
      rule: RuleID(rule), title: "A key of \(rule)", provider: "acme", severity: severity, confidence: .structure,
      fingerprint: String(repeating: "\(number)", count: 32), redacted: "samp…(43)", secret: Secret(value),
      occurrences: places,
      verification: liveness.map {
        Verification(
          liveness: $0, evidence: "GET /v1/whoami answered 401", host: "api.example.org", status: 401,
          time: 1_720_000_000)
      })
  }

  static func report() -> ScanReport {
    var coverage = Coverage()
    coverage.blobs = 12
    coverage.bytes = 3_456
    coverage.commits = 4
    coverage.add(Skip(reason: .missing, object: object(9), detail: "it is not in the object database"))
    let hostile = "dir/a b#c?\u{1b}[2J<img src=x onerror=alert(1)>.env"
    return ScanReport(
      target: "/srv/repository", mode: "history", fingerprintKey: "0011223344556677", fingerprintKeyIsWeak: true,
      findings: [
        finding(
          "acme-key", .critical,
          [place("conf/prod.env"), place("conf/prod.env", line: 9, head: false), place("other.env")], .live),
        finding("acme-token", .medium, [place(hostile, head: false)], .dead, number: 1),
        finding("acme-other", .low, [place("=cmd|' /C calc'!A0")], nil, number: 2),
      ], coverage: coverage)
  }

  static func empty() -> ScanReport {
    ScanReport(
      target: "/srv/repository", mode: "history", fingerprintKey: "0011223344556677", fingerprintKeyIsWeak: true,
      findings: [], coverage: Coverage())
  }

  /// Runs a Python script on bytes; what it prints.
  static func python(_ script: String, _ input: [UInt8], _ arguments: [String] = []) throws -> (
    status: Int32, output: String
  ) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = ["-c", script] + arguments
    let stem = FileManager.default.temporaryDirectory.appending(path: "keywright-report-\(UUID().uuidString)").path
    defer { for end in [".in", ".out"] { try? FileManager.default.removeItem(atPath: stem + end) } }
    _ = FileManager.default.createFile(atPath: stem + ".in", contents: Data(input))
    _ = FileManager.default.createFile(atPath: stem + ".out", contents: nil)
    process.standardInput = FileHandle(forReadingAtPath: stem + ".in")
    let output = FileHandle(forWritingAtPath: stem + ".out")
    process.standardOutput = output
    process.standardError = output
    try process.run()
    process.waitUntilExit()
    return (
      process.terminationStatus,
      String(decoding: FileManager.default.contents(atPath: stem + ".out") ?? Data(), as: UTF8.self)
    )
  }
}
