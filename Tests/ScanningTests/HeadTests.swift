// Whether a value is still at a head is for the value to say, whatever stands round it there.

import Foundation
import Model
import Secrets
import Testing

@testable import Scanning

@Suite struct HeadTests {
  private var random = Seeded(state: 31)

  @Test mutating func aContextThatNoRuleKnowsHidesNothing() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    let added = try history.commit("\(value)\n", to: "a")
    // The rule wants no letter before the token.
    try history.commit("line\nx\(value)\n", to: "a")
    let report = try history.scan()
    let finding = try #require(report.finding(value))
    #expect(finding.atHead && finding.occurrences.allSatisfy { $0.removed == nil })
    let place = try #require(finding.occurrences.first { $0.atHead })
    #expect(place.path == BytePath("a") && place.line == 2 && place.column == 2 && place.commitID == added)
    #expect(try Locator.read(place, in: history.path).copyBytes() == Array(value.utf8))
  }

  @Test mutating func anotherPathAndARewrittenFile() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit("\(value)\n", to: "old")
    try history.commit(nil, to: "old")
    try history.commit("all new: \(value) and more\n", to: "d/new")
    let finding = try #require(try history.scan().finding(value))
    #expect(finding.atHead && finding.occurrences.map(\.removed) == [nil, nil])
    #expect(finding.occurrences.first { $0.path == BytePath("d/new") }?.atHead == true)
  }

  @Test mutating func anotherBranchHoldsIt() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit("\(value)\n", to: "a")
    try history.git(["branch", "old"])
    try history.commit("gone\n", to: "a")
    #expect(try history.scan().finding(value)?.atHead == true)
    try history.commit("_\(value)\n", to: "b")
    try history.git(["branch", "-f", "old", "HEAD"])
    try history.git(["checkout", "-q", "-b", "third"])
    try history.commit(nil, to: "b")
    #expect(try history.scan().finding(value)?.occurrences.contains { $0.atHead && $0.path == BytePath("b") } == true)
    try history.git(["branch", "-D", "-q", "old", "main"])
    let gone = try #require(try history.scan().finding(value))
    #expect(!gone.atHead && gone.occurrences.contains { $0.removed != nil })
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func findsWhatANaiveSearchFinds(seed: UInt64) {
    var random = Seeded(state: seed)
    let letters = Array("abcXYZ09_-=".utf8)
    func text(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] }
    }
    for _ in 0..<40 {
      let values = (0..<Int.random(in: 1...30, using: &random)).map { _ in text(Int.random(in: 12...40, using: &random))
      }
      var bytes = text(300)
      for _ in 0..<20 {
        let value = values[Int.random(in: 0..<values.count, using: &random)]
        bytes.insert(contentsOf: value, at: Int.random(in: 0...bytes.count, using: &random))
      }
      var found: Set<[Int]> = []
      NeedleFinder(values.enumerated().map { (UInt32($0), Secret($1)) }).forEach(in: bytes.span) {
        found.insert([Int($0), $1.lowerBound])
      }
      var wanted: Set<[Int]> = []
      for (number, value) in values.enumerated() {
        for start in 0...bytes.count - value.count where bytes[start..<start + value.count].elementsEqual(value) {
          wanted.insert([number, start])
        }
      }
      #expect(found == wanted, "seed \(seed)")
    }
  }

  @Test func shortValuesMustStandAlone() {
    let finder = NeedleFinder([(0, Secret("hunter22")), (1, Secret("short"))])
    func hits(_ text: String) -> Int {
      var count = 0
      finder.forEach(in: Array(text.utf8).span) { _, _ in count += 1 }
      return count
    }
    #expect(hits("a hunter22 b") == 1 && hits("hunter22") == 1 && hits("xhunter22") == 0 && hits("hunter223") == 0)
    #expect(hits("short") == 0 && hits("") == 0)
    #expect(NeedleFinder([]).isEmpty)
  }
}
