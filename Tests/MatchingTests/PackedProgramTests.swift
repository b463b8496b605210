// The matcher's tables as they lie in the program, against those made of the same rules at a start.

import BuiltinRules
import Model
import RuleBook
import Testing

@testable import Matching

extension LiteralFinder {
  /// Whether the tables hold the same bytes.
  fileprivate func isSame(as other: LiteralFinder) -> Bool {
    filter == other.filter && bucketStarts == other.bucketStarts && slots == other.slots && pool == other.pool
      && tails == other.tails && longest == other.longest
  }
}

private func rule(_ id: String, _ literals: [String], _ pattern: String, ignoresCase: Bool = false) -> Rule {
  Rule(
    id: RuleID(id), provider: "test", name: id, severity: .high, confidence: .structure, literals: literals,
    literalsIgnoreCase: ignoresCase, pattern: pattern, width: 80, source: "")
}

private let rules = [
  rule("a", ["acme_", "acme-"], "acme[_-][0-9a-f]{8}"),
  rule("b", ["ключ", "Longer_than_what_is_compared_of_a_literal_"], "(?i:ключ)\\s=\\s\\w{6}", ignoresCase: true),
  rule("c", ["tok"], "(?<=x)tok[A-Z]{4}"),
  Rule(
    id: RuleID("d"), kind: .detector, detector: "generic-password", provider: "test", name: "d", severity: .low,
    confidence: .context, literals: [], pattern: "", width: 1, source: ""),
]

private func packed() throws -> (PackedBook, String) {
  let book = try #require(
    PackedBook(packing: [Provider(id: "test", name: "Test", homepage: "", rules: rules)]))
  return (book, MatcherProgram(rules).packedTables(digest: book.digest))
}

@Suite struct PackedProgramTests {
  /// The very tables that are in the program.
  @Test func theBuiltInTablesAreThoseOfTheRules() throws {
    let program = try MatcherProgram(packed: BuiltinRules.packed, tables: BuiltinRules.tables)
    #expect(BuiltinRules.packed.digest == PackedBook.digest(of: BuiltinRules.packed.rules))
    let book = BuiltinRules.ruleBook
    #expect(program.rules.count == book.rules.count && program.rules.count > 1_000)
    for (packed, rule) in zip(program.rules, book.rules) {
      var rule = rule
      rule.verify = nil
      #expect(packed == rule)
    }
    let made = MatcherProgram(book.rules)
    #expect(program.finder.isSame(as: made.finder))
    #expect(program.approaches == made.approaches && program.widths == made.widths)
    #expect(program.generic.isEmpty == made.generic.isEmpty)
    #expect(made.packedTables(digest: BuiltinRules.packed.digest) == BuiltinRules.tables)
  }

  @Test func findsTheSame() throws {
    let (book, tables) = try packed()
    let text = Array(
      "acme_0123abcd acme-99 Ключ = sesame\nxtokABCD tokABCD\npassword = \"Tr0ub4dor&3-horse\"\nacme-fedcba98".utf8)
    let made = Matcher(MatcherProgram(rules)).scan(text.span)
    let read = Matcher(try MatcherProgram(packed: book, tables: tables)).scan(text.span)
    #expect(made.candidates == read.candidates && made.candidates.count >= 4)
  }

  @Test func tablesOfOtherRulesAreRefused() throws {
    let (book, tables) = try packed()
    let others = MatcherProgram(Array(rules.dropLast())).packedTables(digest: String(repeating: "0", count: 64))
    #expect(throws: PackedBookError("the matcher's tables belong to other rules")) {
      try MatcherProgram(packed: book, tables: others)
    }
    #expect(throws: PackedBookError.self) { try MatcherProgram(packed: book, tables: "") }
    #expect(throws: PackedBookError("the matcher's tables are damaged")) {
      try MatcherProgram(packed: book, tables: tables + "0")
    }
    // Right by name, but of fewer rules.
    let fewer = MatcherProgram(Array(rules.prefix(2))).packedTables(digest: book.digest)
    #expect(throws: PackedBookError("the matcher's tables are damaged")) {
      try MatcherProgram(packed: book, tables: fewer)
    }
  }

  /// However the tables are cut or changed, they are refused, or lead to a finder that stays within its bounds.
  @Test func spoiltTablesEndInAnError() throws {
    let (book, tables) = try packed()
    let bytes = Array(tables.utf8)
    let text = Array("acme_0123abcd ключ = sesame xtokABCD password = \"Tr0ub4dor&3-horse\"".utf8)
    var refused = 0
    for place in stride(from: 60, to: bytes.count, by: 3) {
      for byte in [UInt8(0x30), 0x3f, 0x6f] where bytes[place] != byte {
        var changed = bytes
        changed[place] = byte
        do {
          let program = try MatcherProgram(packed: book, tables: String(decoding: changed, as: UTF8.self))
          program.finder.forEachHit(in: text.span, 0..<text.count) { rule, offset, count in
            #expect(rule < rules.count + GenericAnchor.allCases.count && offset + count <= text.count)
          }
        } catch {
          refused += 1
        }
      }
    }
    #expect(refused > 100)
  }
}
