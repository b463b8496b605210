// What the tests of the generic case share: its rules, what a content leads to, and texts that are the same in every run.

import Model
import RuleBook

@testable import Matching

/// The generic case alone.
enum GenericCase {
  /// One rule for each of its kinds.
  static let rules = GenericKind.allCases.map { kind in
    Rule(
      id: RuleID(kind.rawValue), kind: .detector, detector: kind.rawValue, provider: "generic", name: kind.rawValue,
      severity: .high, confidence: .context, literals: [], pattern: "", width: 1, source: "")
  }

  static let program = MatcherProgram(rules)

  /// What a whole content leads to: the kind, the value, the confidence.
  static func find(_ text: String) -> [(kind: String, value: String, confidence: Confidence)] {
    let bytes = Array(text.utf8)
    let matcher = Matcher(program)
    let matches = ContentDetector(program).add(to: matcher.scan(bytes.span), bytes.span, matcher)
    let kept = Matcher.distinct(matches.candidates, rules: program.rules).map { matches.candidates[$0] }
    return Matcher.resolveOverlaps(kept, rules: program.rules).map { candidate in
      let value = candidate.decoders.isEmpty ? Array(bytes[candidate.secret]) : candidate.decoded
      return (rules[candidate.rule].id.rawValue, String(decoding: value, as: UTF8.self), candidate.confidence)
    }
  }

  /// Text by number, the same in every run.
  static func text(
    _ count: Int, _ number: UInt64 = 3, of alphabet: String = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
  ) -> String {
    var state = number &* 977
    let letters = Array(alphabet)
    return String(
      (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return letters[Int(state >> 33) % letters.count]
      })
  }

  static func hex(_ count: Int, _ number: UInt64 = 5) -> String { text(count, number, of: "0123456789abcdef") }
}
