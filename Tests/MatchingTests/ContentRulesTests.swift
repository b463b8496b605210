// Rules over whole contents: the sieve of keywords, and patterns without a bound.

import RuleBook
import Testing

@testable import Matching

private func owners(_ words: [[String]], _ text: String) -> [Int] {
  KeywordSieve(words.enumerated().map { ($0, $1) }).owners(in: Array(text.utf8).span)
}

@Suite struct ContentRulesTests {
  @Test func keywords() {
    let words = [["he", "hers"], ["she"], ["his"], [], ["ers x"]]
    #expect(owners(words, "") == [3] && owners(words, "h e") == [3])
    #expect(owners(words, "uSHErs") == [0, 1, 3] && owners(words, "hHis") == [2, 3])
    #expect(owners(words, "hers x") == [0, 3, 4] && owners(words, "shis") == [2, 3])
    #expect(owners([["é"]], "a\u{e9}") == [0] && owners([["é"]], "e") == [])
    #expect(owners([], "x").isEmpty && KeywordSieve([]).isEmpty)
  }

  /// The automaton against a plain search, on texts of few letters, where words overlap a lot.
  @Test func keywordsAgainstAPlainSearch() {
    var state: UInt64 = 99
    func text(_ count: Int) -> String {
      String(
        (0..<count).map { _ in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return Array("abc")[Int(state >> 40) % 3]
        })
    }
    for _ in 0..<200 {
      let words = (0..<6).map { _ in [text(1 + Int(state >> 50) % 5)] }
      let content = text(20)
      let plain = words.indices.filter { content.utf8.contains(words[$0][0].utf8) }
      #expect(owners(words, content) == plain, "\(words) in \(content)")
    }
  }

  @Test func everyMatch() throws {
    func matches(_ pattern: String, _ text: String) throws -> [Range<Int>] {
      var found: [Range<Int>] = []
      _ = try TextPattern(pattern).forEachMatch(in: Array(text.utf8).span) { groups in
        if let whole = groups[0] { found.append(whole) }
        return true
      }
      return found
    }
    #expect(try matches("a+", "aabaa") == [0..<2, 3..<5] && matches("a", "").isEmpty)
    #expect(try matches("a*", "ba") == [0..<0, 1..<2, 2..<2])
    #expect(try TextPattern("(a)(b)?(c)").groupCount == 3)
    #expect(throws: PatternError.self) { try TextPattern("(") }
    let none: [UInt8] = []
    #expect(try TextPattern("^$").matches(none.span) && !TextPattern("x").matches(none.span))
  }
}
