// The literal finder against a search of a few lines, and what is read off patterns.

import Testing

@testable import Matching

/// A repeatable generator (SplitMix64).
private struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}

@Suite struct LiteralFinderTests {
  private func naive(_ literals: [Literal], _ bytes: [UInt8], _ range: Range<Int>) -> Set<[Int]> {
    func folded(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte + 0x20 : byte }
    var found: Set<[Int]> = []
    for literal in literals {
      let count = literal.bytes.count + literal.tail.count
      for at in range where at + count <= range.upperBound {
        let own = bytes[at..<at + literal.bytes.count]
        let isSame =
          literal.ignoresCase
          ? own.map(folded).elementsEqual(literal.bytes.map(folded)) : own.elementsEqual(literal.bytes)
        let tail = bytes[at + literal.bytes.count..<at + count]
        if isSame && zip(tail, literal.tail).allSatisfy({ $1.contains($0) }) {
          found.insert([literal.rule, at, count])
        }
      }
    }
    return found
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func findsWhatASlowSearchFinds(seed: UInt64) {
    var random = Seeded(state: seed)
    func text(_ alphabet: String, _ count: Int) -> [UInt8] {
      let all = Array(alphabet.utf8)
      return (0..<count).map { _ in all[Int.random(in: 0..<all.count, using: &random)] }
    }
    let literals = (0..<60).map { rule in
      Literal(
        bytes: text("abAB_-1", Int.random(in: 3...6, using: &random)), ignoresCase: rule % 3 == 0, rule: rule,
        tail: rule % 4 == 0 ? [.digits, .word] : [])
    }
    let finder = LiteralFinder(literals)
    for _ in 0..<200 {
      let bytes = text("abAB_-1", Int.random(in: 0...90, using: &random))
      let low = Int.random(in: 0...bytes.count, using: &random)
      let range = low..<Int.random(in: low...bytes.count, using: &random)
      var found: Set<[Int]> = []
      finder.forEachHit(in: bytes.span, range) { rule, offset, count in
        #expect(found.insert([rule, offset, count]).inserted, "seed \(seed): twice")
      }
      #expect(found == naive(literals, bytes, range), "seed \(seed)")
    }
  }

  @Test func aLongLiteralIsFoundByItsBeginning() {
    let literal = Array("bedrock-api-key-and-much-more-than-that".utf8)
    let finder = LiteralFinder([Literal(bytes: literal, ignoresCase: false, rule: 0, tail: [.digits])])
    var hits: [Int] = []
    let bytes = Array("xx".utf8) + literal
    finder.forEachHit(in: bytes.span, 0..<bytes.count) { _, offset, _ in hits.append(offset) }
    #expect(hits == [2] && finder.longest == LiteralFinder.maximumBytes)
  }

  @Test(arguments: [
    (#"(?<![a-z])tok_[0-9a-f]{8}(?!x)"#, ["tok_"], true), (#"(?:tok|key)_x"#, ["tok_", "key_"], true),
    (#"(?:tok|key)_x"#, ["tok_"], false), (#"(?i:acme)[ =]{1,3}x"#, ["acme"], true),
    (#"acme[-_]?key"#, ["acme"], true), (#"a?tok_x"#, ["tok_"], false), (#"[a-z]{3}tok_"#, ["tok_"], false),
    (#"(?:(?<!a)|(?<=\\n))tok_x"#, ["tok_"], true), (#"tok\.x"#, ["tok.x"], true), (#"tok_x|other"#, ["tok_"], false),
    (#"tok_{2}x"#, ["tok__"], true), (#"(?i)tok_x"#, ["tok_"], false), (#"tok[_]"#, ["tok_"], true),
    ("", ["tok"], false),
  ]) func headsAreReadOff(pattern: String, literals: [String], isHead: Bool) {
    let head = PatternHead(pattern)
    let own = head?.beginsWith(oneOf: literals.map { Array($0.utf8) }, ignoresCase: false) ?? false
    #expect(own == isHead, "\(pattern)")
  }

  @Test func tailsAreReadOff() {
    func tail(_ pattern: String, _ literal: String) -> [ByteSet] {
      PatternHead(pattern)?.sets(behind: Array(literal.utf8), limit: 20) ?? []
    }
    #expect(tail(#"tok_[0-9]{3}"#, "tok_") == [.digits, .digits, .digits])
    #expect(tail(#"tok_[0-9]{2,3}x"#, "tok_") == [.digits, .digits])
    #expect(tail(#"tok_\d[^0-9]"#, "tok_") == [.digits, ByteSet.digits.complement])
    #expect(tail(#"(?:tok_a|tok_b)c"#, "tok_") == [ByteSet("ab".utf8), ByteSet("c".utf8)])
    #expect(tail(#"(?:tok_a|key_b)c"#, "tok_") == [ByteSet("a".utf8), ByteSet("c".utf8)])
    #expect(tail(#"tok_(?i:a)"#, "tok_") == [ByteSet("aA".utf8)])
    #expect(tail(#"tok_a?b"#, "tok_") == [ByteSet("ab".utf8)])
    #expect(tail(#"tok_.*"#, "tok_").isEmpty)
    #expect(tail(#"tok_"#, "tok_").isEmpty)
    // More beginnings than are kept apart: what may be left out ends them all, and what stands before it holds.
    let many = (0..<80).map { "tok_\($0 + 10)" }.joined(separator: "|")
    #expect(tail("(?:\(many))[0-9](?:a(?:b)?)?c", "tok_42") == [.digits])
  }

  /// What is rare in text is looked for, whatever letters it is made of.
  @Test func pairsTellWhatIsRare() {
    func rarity(_ text: String) -> Int { LetterPairs.rarity(Array(text.utf8)[...]) }
    #expect(rarity("ion") < rarity("qvz"))
    #expect(rarity("THE ") == rarity("the "))
    #expect(rarity("key_") > rarity("key"))
    #expect(LetterPairs.rarity([0xff, 0x00, 0x80]) > 0)
  }
}
