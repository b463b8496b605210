// A buffer that is made of pieces of another one: what is taken over and what is decoded anew give the same as decoding
// all of it.

import Foundation
import Model
import RuleBook
import Testing

@testable import Matching

@Suite struct DecodedCopiesTests {
  private static let rules = [
    Rule(
      id: RuleID("test-token"), provider: "test", name: "Test token", severity: .high, confidence: .structure,
      literals: ["kwt_"], pattern: "(?<![A-Za-z0-9_])kwt_[a-z0-9]{24}(?![A-Za-z0-9_])", width: 32, source: "made up")
  ]

  /// A piece of a file: encoded values, what nearly is one, plain text.
  private func piece(_ dice: inout DecodingDice, _ tokens: [String]) -> String {
    let token = tokens[Int(dice.next() % UInt64(tokens.count))]
    let filler = dice.text(Int(dice.next() % 60))
    switch dice.next() % 14 {
    case 0: return "key: \(Encoded.base64(filler + " " + token))\n"
    case 1: return Encoded.wrapped(filler + " " + token + " " + dice.text(90), indent: "  ") + "\n"
    case 2: return "x \(Encoded.hex(token)) "
    case 3: return "?a=\(token.utf8.map { String(format: "%%%02X", $0) }.joined())&\(filler)"
    case 4: return "\"\(token.prefix(12))\" + \"\(token.dropFirst(12))\""
    case 5: return "{\"t\": \"\\u006b\(token.dropFirst())\"}\n"
    case 6: return token + "\n"
    case 7: return Encoded.base64(token.utf8.map { String(format: "&#%d;", $0) }.joined()) + " "
    case 8: return String(repeating: "\(filler) \(filler)\n", count: Int(dice.next() % 12))
    case 9: return "%2F\(filler)%2F"
    case 10: return dice.text(80) + "\n"
    case 11: return "\n"
    case 12: return Encoded.base64(dice.text(600)) + "\n"
    default: return "the quick brown fox \(filler.prefix(3)) jumps over = \"the\" \\lazy\\ dog & more\n"
    }
  }

  private func compare(_ left: DecodedMatches, _ right: DecodedMatches, _ note: String) {
    #expect(left.candidates == right.candidates, "\(note)")
    #expect(left.isCut == right.isCut, "\(note)")
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>) func takesOverWhatIsCopied(seed: UInt64) {
    var dice = DecodingDice(state: seed)
    let tokens = (0..<4).map { _ in dice.token() }
    let known = KnownValues([("A in x", Array(tokens[0].utf8)), ("B in x", Array("pass/word+9Xk".utf8))])
    let pass = DecodingPass(Matcher(known.program(with: DecodedCopiesTests.rules)), known: seed % 2 == 0 ? known : nil)
    var parent = Array((0..<24).map { _ in piece(&dice, tokens) }.joined().utf8)
    var matches = pass.scan(parent.span)
    for step in 0..<12 {
      // Copies of the parent in ascending order, with some bytes new, some left out, some twice.
      var child: [UInt8] = []
      var copies: [CopyRun] = []
      var at = 0
      while at < parent.count {
        let count = min(parent.count - at, Int(dice.next() % 2_500) + 1)
        copies.append(CopyRun(baseOffset: at, offset: child.count, count: count))
        child += parent[at..<at + count]
        switch dice.next() % 5 {
        case 0: child += Array(piece(&dice, tokens).utf8)
        case 1: at += Int(dice.next() % 40)
        case 2: child += parent[max(0, at - 30)..<at]
        case 3: child.append(UInt8(truncatingIfNeeded: dice.next()))
        default: break
        }
        at += count
      }
      let joined = copies.reduce(into: [CopyRun]()) { runs, run in
        if let last = runs.last, last.baseOffset + last.count == run.baseOffset, last.offset + last.count == run.offset
        {
          runs[runs.count - 1].count += run.count
        } else {
          runs.append(run)
        }
      }
      let taken = pass.scan(child.span, copies: joined, parent: matches)
      compare(taken, pass.scan(child.span), "seed \(seed), step \(step)")
      if seed % 2 == 0 || step % 3 != 0 {
        parent = child
        matches = taken
      }
      if parent.count > 30_000 { break }
    }
  }

  @Test func unsoundCopiesAreNotBelieved() {
    var dice = DecodingDice(state: 3)
    let parent = Array("key \(Encoded.base64("x " + dice.token()))\n".utf8)
    let pass = DecodingPass(Matcher(MatcherProgram(DecodedCopiesTests.rules)))
    let matches = pass.scan(parent.span)
    let child = Array("nothing at all here\n".utf8)
    for copy in [
      CopyRun(baseOffset: 0, offset: 0, count: 1_000), CopyRun(baseOffset: -1, offset: 0, count: 5),
      CopyRun(baseOffset: 0, offset: -2, count: 5), CopyRun(baseOffset: Int.max, offset: 0, count: 5),
      CopyRun(baseOffset: 0, offset: 0, count: Int.max), CopyRun(baseOffset: 0, offset: 0, count: 0),
    ] {
      #expect(pass.scan(child.span, copies: [copy], parent: matches).candidates.isEmpty)
    }
  }
}
