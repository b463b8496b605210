// An id and its secret are one leak where they stand side by side, and two where they do not.

import Foundation
import Matching
import Model
import RuleBook
import Secrets
import Testing

@testable import Scanning

private func rule(_ id: String, _ prefix: String, _ severity: Severity, pairs: [RuleID] = []) -> Rule {
  Rule(
    id: RuleID(id), provider: "acme", name: id, severity: severity, confidence: .structure, literals: [prefix],
    pattern: "(?<![0-9A-Za-z_])\(prefix)[0-9a-f]{24}(?![0-9A-Za-z_])", width: 40, source: "", pairs: pairs,
    pairLines: 3)
}

private let rules = [
  rule("acme-id", "acid_", .low), rule("acme-secret", "acsk_", .critical, pairs: [RuleID("acme-id")]),
  rule("other-key", "otky_", .high),
]

private func value(_ prefix: String) -> String {
  prefix + String(UUID().uuidString.lowercased().replacing("-", with: "").prefix(24))
}

@Suite struct FindingPairsTests {
  private func scan(_ text: String) throws -> [String: [FindingPartner]] {
    let report = try Scanner.stream(name: "x", bytes: Array(text.utf8), program: MatcherProgram(rules))
    return Dictionary(
      report.findings.map { ($0.rule.rawValue, $0.partners) }, uniquingKeysWith: { $0 + $1 })
  }

  @Test func neighboursKnowEachOther() throws {
    let found = try scan("id = \(value("acid_"))\n\nsecret = \(value("acsk_"))\nkey = \(value("otky_"))\n")
    #expect(found.count == 3)
    #expect(found["acme-id"]?.map(\.rule.rawValue) == ["acme-secret"])
    #expect(found["acme-secret"]?.map(\.rule.rawValue) == ["acme-id"])
    #expect(found["acme-secret"]?.first?.lines == 2)
    #expect(found["other-key"]?.isEmpty == true)
  }

  @Test func strangersDoNot() throws {
    let apart = try scan("id = \(value("acid_"))\n" + String(repeating: "\n", count: 5) + "s = \(value("acsk_"))\n")
    #expect(apart.values.allSatisfy { $0.isEmpty })
    let alone = try scan("id = \(value("acid_"))\n")
    #expect(alone["acme-id"]?.isEmpty == true)
  }

  @Test func theNearestOfManyComeFirst() throws {
    let secret = value("acsk_")
    let text = (0..<9).map { _ in value("acid_") }.joined(separator: " ") + "\nnear \(value("acid_")) \(secret)\n"
    let partners = try #require(try scan(text)["acme-secret"])
    #expect(partners.count == 4)
    #expect(partners.first?.lines == 0)
    #expect(partners.map(\.lines) == partners.map(\.lines).sorted())
  }

  @Test func manyPlacesStayQuick() throws {
    let text = (0..<3_000).map { _ in "\(value("acid_")) " }.joined() + "\n" + value("acsk_") + "\n"
    #expect(try scan(text).count == 2)
  }

  @Test func valuesThatAreHeldElsewhereAreLookedFor() throws {
    let held = Secret(Array(value("held-").utf8))
    let files = try KnownFiles([], held: [("the old key of app in the ledger", held)])
    #expect(files.values.count == 1)
    #expect(throws: ScanError.self) { try KnownFiles([], held: [("a", Secret(Array("short".utf8)))]) }
  }
}
