// What is told before the costly question is asked, against the answer to that question: runs that a pattern must hold,
// digits that may be text, the rank of a score.

import Model
import Testing

@testable import Matching

@Suite struct PatternRunTests {
  @Test(arguments: [
    (#"acme[^\n]{0,40}?([0-9a-f]{32})(?![0-9a-f])"#, 32), (#"https?://[0-9a-f]{32}:([0-9a-f]{12})@x"#, 32),
    (#"(?:[A-Z]{8}-){2,3}x"#, 8), (#"(?i:acme)[a-z]{9,12}"#, 9), (#"\d{17,20}/\w{68,}"#, 68), (#"a{8}"#, 8),
    (#"([0-9a-f]{32})?x"#, nil), (#"[0-9a-f]{32}|x"#, nil), (#"(?:[0-9a-f]{32}|x)y"#, nil), (#"[0-9]*x"#, nil),
    (#"(?=[0-9]{20})x"#, nil), (#"(?<n>[0-9]{20})"#, nil), (#"(?i)[a-f]{20}"#, nil), (#"\x41{20}"#, nil),
    (#"[0-9]{20"#, nil), (#"([0-9]{20}"#, nil), (#"[0-9]{20})"#, nil), ("", nil),
  ]) func isReadOff(pattern: String, count: Int?) {
    #expect(PatternRun(pattern)?.count == count, "\(pattern)")
  }

  @Test func caseIsMinded() {
    #expect(PatternRun(#"(?i:[a-f]{20})"#)?.set == ByteSet("abcdefABCDEF".utf8))
    #expect(PatternRun(#"(?i:x)[a-f]{20}"#)?.set == ByteSet("abcdef".utf8))
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func standsWhereASlowSearchFindsIt(seed: UInt64) throws {
    var dice = DecodingDice(state: seed)
    let run = try #require(PatternRun("[ab]{8}"))
    for _ in 0..<500 {
      let bytes = Array(dice.text(Int(dice.next() % 60), "abababx").utf8)
      let low = Int(dice.next() % UInt64(bytes.count + 1))
      let slow = bytes[low...].split(separator: UInt8(ascii: "x")).contains { $0.count >= 8 }
      #expect(run.stands(in: bytes.span, low..<bytes.count) == slow, "seed \(seed): \(bytes) from \(low)")
    }
  }
}

@Suite struct DigitSieveTests {
  @Test(arguments: 1...6 as ClosedRange<UInt64>) func whatIsLeftOutIsNoText(seed: UInt64) {
    var dice = DecodingDice(state: seed)
    var passed = 0
    for _ in 0..<3_000 {
      let secret = dice.text(Int(dice.next() % 40))
      var text = ""
      switch dice.next() % 6 {
      case 0: text = Encoded.base64(secret)
      case 1: text = "path/to-" + Encoded.base64(secret)
      case 2: text = dice.text(20 + Int(dice.next() % 90), "ABCDEFabcdefghijklmnop0123456789+/")
      case 3: text = Encoded.hex(secret)
      case 4: text = Encoded.base64(String(decoding: secret.utf8.flatMap { [$0, 0] }, as: UTF8.self))
      default: text = dice.text(40, "0123456789abcdef") + dice.text(8, "xyz/") + Encoded.hex(secret)
      }
      let bytes = Array(text.utf8.filter { Octet.isDigit($0) })
      guard bytes.count >= DigitRuns.minimumBase64 else { continue }
      let (run, span) = (0..<bytes.count, bytes.span)
      let isText = DigitRuns.base64(run, in: span).run != nil
      #expect(DigitRuns.mayBeBase64(run, in: span) || !isText, "seed \(seed): \(text)")
      passed += isText ? 1 : 0
      DigitRuns.forEachHex(run, in: span) { range in
        var isText = false
        DigitRuns.hex(range, in: span) { _ in isText = true }
        #expect(DigitRuns.mayBeHex(range, in: span) || !isText, "seed \(seed): \(text)")
      }
    }
    #expect(passed > 100)
  }

  @Test func stretchesOfHexAreMaximal() {
    let digits = String(repeating: "0123456789abcdef", count: 2)
    for text in ["xx\(digits)yy\(digits)00", "\(digits)", "\(digits.dropLast())z\(digits)z", "z\(digits)0z\(digits)"] {
      let bytes = Array(text.utf8)
      var found: [String] = []
      DigitRuns.forEachHex(0..<bytes.count, in: bytes.span) {
        found.append(String(decoding: bytes[$0], as: UTF8.self))
      }
      let slow = text.split { !$0.isHexDigit }.map(String.init).filter { $0.count >= DigitRuns.minimumHex }
      #expect(found == slow, "\(text)")
    }
  }
}

@Suite struct RankTests {
  /// The rank that few trees settle is that of all.
  @Test(arguments: 1...4 as ClosedRange<UInt64>) func aRankIsThatOfTheScore(seed: UInt64) {
    var dice = DecodingDice(state: seed)
    let names = ["password", "API_KEY", "token", "user.secret", "authToken", "key", "passwd"]
    let values = ["changeme", "true", "os.environ['X']", "hunter2", "xxxxxx", "\(dice.text(32))", "a b c d"]
    var ranks: Set<Int> = []
    for _ in 0..<300 {
      let value = dice.next() % 2 == 0 ? values[Int(dice.next() % 7)] : dice.text(Int(dice.next() % 30) + 4)
      let quote = ["", "\"", "'"][Int(dice.next() % 3)]
      let name = names[Int(dice.next() % 7)]
      let text = Array("host = example\n  \(name) = \(quote)\(value)\(quote);\nport: 5432 # \(dice.text(9))\n".utf8)
      for sample in GenericSample.all(in: text.span) {
        let full = GenericRank(sample.score)
        ranks.insert(full.rawValue)
        for least in [GenericRank.nothing, .guess, .context] {
          var vector = GenericVector()
          for (feature, value) in sample.features { vector.values[feature] = Int16(value) }
          let whole = vector
          for feature in vector.values.indices where GenericLayout.isNear(feature) { vector.values[feature] = 0 }
          let rank = GenericModel.shared.rank(&vector, within: least...GenericRank.context) { $0 = whole }
          #expect(rank == max(full, least), "seed \(seed)")
        }
      }
    }
    #expect(ranks.count > 1)
  }
}
