// The baseline file and allow comments: round trips, every mistake at once, merging with real git, expiry.

import Foundation
import Model
import Secrets
import Testing

@testable import Scanning

private func finding(_ number: Int, liveness: Liveness? = nil) -> Finding {
  let digits = Hex.encode(SHA256.hash(Array("\(number)".utf8)).prefix(16))
  return Finding(
    rule: RuleID("acme-key"), title: "Acme key", provider: "acme", severity: .high, confidence: .structure,
    fingerprint: digits,
    redacted: "…(40)", secret: nil,
    occurrences: [
      Occurrence(place: .file, path: BytePath("a"), line: 1, endLine: 1, column: 1, endColumn: 2, offset: 0, length: 1)
    ],
    verification: liveness.map { Verification(liveness: $0, evidence: "asked", time: 0) })
}

private func report(_ findings: [Finding]) -> ScanReport {
  ScanReport(
    target: "/x", mode: "directory", fingerprintKey: "", fingerprintKeyIsWeak: false, findings: findings,
    coverage: Coverage())
}

@Suite struct BaselineTests {
  @Test func entriesSurviveARoundTripWhateverTheirWords() throws {
    var baseline = Baseline()
    _ = baseline.add(
      [finding(1)], reason: "a \"quoted\" \\ reason\nwith lines", owner: "ada@example.org", expires: "2027-01-31")
    _ = baseline.add([finding(2), finding(1)], reason: nil, owner: nil, expires: nil)
    let again = try Baseline(baseline.render(), name: "b")
    #expect(again.entries.count == 2)
    #expect(again.render() == baseline.render())
    #expect(again.entries.first { $0.owner != nil }?.reason == "a \"quoted\" \\ reason with lines")
    #expect(again.key.id == baseline.key.id)
    #expect(Baseline().key.id != baseline.key.id)
  }

  @Test func everyMistakeIsNamedWithItsLine() throws {
    let text = """
      keywright-baseline 2
      key 00ff
      nonsense
      \(String(repeating: "a", count: 32))
      \(String(repeating: "a", count: 32)) acme-key reason="open
      \(String(repeating: "a", count: 32)) acme-key expires=2027-13-01
      \(String(repeating: "a", count: 32)) acme-key colour=red
      """
    #expect(throws: BaselineErrors.self) { try Baseline(Array(text.utf8), name: "b") }
    do { _ = try Baseline(Array(text.utf8), name: "b") } catch {
      #expect(error.mistakes.map { String($0.prefix(4)) } == ["b:1:", "b:2:", "b:3:", "b:4:", "b:5:", "b:6:", "b:7:"])
    }
    #expect(throws: BaselineErrors.self) { try Baseline([], name: "b") }
  }

  @Test func whatIsKnownIsSuppressedUntilItExpires() throws {
    var baseline = Baseline()
    _ = baseline.add([finding(1), finding(2)], reason: "known", owner: nil, expires: nil)
    _ = baseline.add([finding(3)], reason: "soon", owner: nil, expires: "2026-06-30")
    _ = baseline.add([finding(9)], reason: "gone", owner: nil, expires: nil)
    var scanned = report([finding(1), finding(2, liveness: .live), finding(3), finding(4)])
    let use = baseline.apply(to: &scanned, today: "2026-07-01")
    #expect(scanned.findings.map(\.isOpen) == [false, false, true, true])
    #expect(use.suppressed == 2)
    #expect(use.expired.count == 1)
    #expect(use.unused.map(\.reason) == ["gone"])
    #expect(use.hidingLive.count == 1)
    var earlier = report([finding(3)])
    #expect(baseline.apply(to: &earlier, today: "2026-06-30").suppressed == 1)
  }

  @Test func twoBranchesThatEachAddAnEntryMerge() throws {
    let folder = NSTemporaryDirectory() + "keywright-baseline-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let base = Baseline()
    var ours = base
    var theirs = base
    _ = ours.add([finding(1)], reason: "ours", owner: nil, expires: nil)
    _ = theirs.add([finding(2)], reason: "theirs", owner: nil, expires: nil)
    for (name, baseline) in [("base", base), ("ours", ours), ("theirs", theirs)] {
      try Data(baseline.render()).write(to: URL(filePath: folder + "/" + name))
    }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["git", "merge-file", "ours", "base", "theirs"]
    process.currentDirectoryURL = URL(filePath: folder)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let merged = try Baseline(Array(Data(contentsOf: URL(filePath: folder + "/ours"))), name: "merged")
    #expect(merged.entries.count == 2)
  }
}

@Suite struct AllowCommentTests {
  private func find(_ text: String, _ secret: String) -> AllowComment? {
    let bytes = Array(text.utf8)
    guard let range = text.firstRange(of: secret) else { return nil }
    let start = text[..<range.lowerBound].utf8.count
    return AllowComment.find(in: bytes.span, at: start..<start + secret.utf8.count)
  }

  @Test(arguments: [
    ("key = VALUE # keywright:allow a test key", "a test key"),
    ("key = VALUE /* keywright:allow: sample */ more", "sample"),
    ("<a k=\"VALUE\"/> <!-- keywright:allow shown in the docs -->", "shown in the docs"),
  ])
  func theReasonIsTaken(_ text: String, _ reason: String) {
    #expect(find("first\n\(text)\nlast", "VALUE") == AllowComment(marker: "keywright:allow", reason: reason))
  }

  @Test(arguments: [
    "gitleaks:allow", "betterleaks:allow", "trufflehog:ignore", "kingfisher:ignore", "ggignore",
    "pragma: allowlist secret",
  ])
  func otherToolsCommentsGoOnWorking(_ marker: String) {
    #expect(find("x = VALUE  # \(marker)", "VALUE")?.marker == marker)
    #expect(find("x = VALUE\n# \(marker)\n", "VALUE") == nil)
  }

  @Test func theLineBeforeCountsWhereItsToolSaysSo() {
    #expect(find("# pragma: allowlist nextline secret\nVALUE", "VALUE") != nil)
    #expect(find("VALUE # pragma: allowlist nextline secret", "VALUE") == nil)
    #expect(find("// kingfisher:ignore\nVALUE", "VALUE") != nil)
    #expect(find("# keywright:allow\nVALUE", "VALUE") == nil)
  }

  @Test func spansOutsideTheContentAreNoTrap() {
    #expect(AllowComment.find(in: [UInt8]().span, at: 0..<0) == nil)
    #expect(AllowComment.find(in: [1, 2].span, at: 1..<9) == nil)
    let long = Array(repeating: UInt8(0x61), count: 100_000)
    #expect(AllowComment.find(in: long.span, at: 50_000..<50_010) == nil)
  }
}
