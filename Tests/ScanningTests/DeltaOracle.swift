// What a scan must find in blobs, worked out without anything of ours: git unpacks every blob, and rules simple enough to be
// written out by hand are matched over all of it.

import Foundation
import Matching
import Model
import RuleBook

@testable import Scanning

/// Rules of every kind of pattern, each with a matcher of a few lines that knows nothing of literals and windows.
enum OracleRules {
  static let rules = [
    rule("at-literal", ["tok_"], #"(?<![a-z0-9_])tok_[a-z0-9]{12}(?![a-z0-9_])"#, width: 18),
    rule("two-literals", ["zza-", "zzb-"], #"(?:zza|zzb)-[0-9]{6}"#, width: 10),
    rule("round-literal", ["_mmk"], #"(?<![A-Z0-9])[A-Z0-9]{6}_mmk(?![a-z])"#, width: 12),
    rule("beside-name", ["acme", "ACME"], #"(?i:acme)[ =:]{1,3}([0-9a-f]{16})(?![0-9a-f])"#, width: 24, group: 1),
  ]
  static let program = MatcherProgram(rules)

  private static func rule(
    _ id: String, _ literals: [String], _ pattern: String, width: Int, group: Int = 0
  ) -> Rule {
    Rule(
      id: RuleID(id), provider: "test", name: id, severity: .high, confidence: .structure, literals: literals,
      pattern: pattern, secretGroup: group, width: width, source: "made up")
  }

  private struct Text {
    let bytes: [UInt8]
    func at(_ index: Int) -> UInt8? { bytes.indices.contains(index) ? bytes[index] : nil }
    func isRun(_ start: Int, _ count: Int, _ test: (UInt8) -> Bool) -> Bool {
      start >= 0 && start + count <= bytes.count && bytes[start..<start + count].allSatisfy(test)
    }
    func has(_ text: String, at start: Int) -> Bool {
      start >= 0 && start + text.utf8.count <= bytes.count
        && Array(bytes[start..<start + text.utf8.count]) == Array(text.utf8)
    }
  }

  private static func isLower(_ byte: UInt8?) -> Bool { byte.map { (0x61...0x7a).contains($0) } ?? false }
  private static func isUpper(_ byte: UInt8?) -> Bool { byte.map { (0x41...0x5a).contains($0) } ?? false }
  private static func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
  private static func isHex(_ byte: UInt8?) -> Bool {
    isDigit(byte) || (byte.map { (0x61...0x66).contains($0) } ?? false)
  }

  /// For each value the rules' places in the blob: rule, offset, length.
  static func places(_ blob: Data) -> Set<[Int]> {
    let text = Text(bytes: Array(blob))
    var found: Set<[Int]> = []
    func isTokenByte(_ byte: UInt8?) -> Bool { isLower(byte) || isDigit(byte) || byte == 0x5f }
    for at in text.bytes.indices {
      if text.has("tok_", at: at), !isTokenByte(text.at(at - 1)),
        text.isRun(at + 4, 12, { isLower($0) || isDigit($0) }),
        !isTokenByte(text.at(at + 16))
      {
        found.insert([0, at, 16])
      }
      if text.has("zza-", at: at) || text.has("zzb-", at: at), text.isRun(at + 4, 6, { isDigit($0) }) {
        found.insert([1, at, 10])
      }
      if text.has("_mmk", at: at), text.isRun(at - 6, 6, { isUpper($0) || isDigit($0) }),
        !isUpper(text.at(at - 7)), !isDigit(text.at(at - 7)), !isLower(text.at(at + 4))
      {
        found.insert([2, at - 6, 10])
      }
      if text.has("acme", at: at) || text.has("ACME", at: at) {
        var value = at + 4
        while value < at + 7, let byte = text.at(value), byte == 0x20 || byte == 0x3d || byte == 0x3a { value += 1 }
        if value > at + 4, text.isRun(value, 16, { isHex($0) }), !isHex(text.at(value + 16)) {
          found.insert([3, value, 16])
        }
      }
    }
    return found
  }
}

/// Content of fragments that make up, nearly make up, and break values of the rules.
struct RandomContent {
  var random: Seeded

  mutating func text(_ digits: String, _ count: Int) -> String {
    let all = Array(digits)
    return String((0..<count).map { _ in all[Int.random(in: 0..<all.count, using: &random)] })
  }

  mutating func fragment() -> String {
    switch Int.random(in: 0..<14, using: &random) {
    case 0: return "tok_" + text("abcdefgh23456789", 12)
    case 1: return "tok_" + text("abcdefgh23456789", Int.random(in: 10...13, using: &random))
    case 2: return ["zza-", "zzb-"][Int.random(in: 0...1, using: &random)] + text("0123456789", 6)
    case 3: return text("ABCDEFG012345", Int.random(in: 5...7, using: &random)) + "_mmk"
    case 4: return ["acme", "ACME", "Acme"][Int.random(in: 0...2, using: &random)]
    case 5: return [" = ", "=", ": ", "::::"][Int.random(in: 0...3, using: &random)]
    case 6: return text("0123456789abcdef", 16)
    case 7: return "acme=" + text("0123456789abcdef", 16)
    case 8: return "tok_tok_tok_"
    case 9: return String(repeating: "acme", count: Int.random(in: 1...40, using: &random))
    default: return text("abc ()=;xyz_", Int.random(in: 1...60, using: &random))
    }
  }

  mutating func fresh(_ count: Int) -> String {
    (0..<count).map { _ in fragment() + ["\n", " ", "", "\n"][Int.random(in: 0...3, using: &random)] }.joined()
  }

  /// Cut, copied, moved and spoilt at places that have nothing to do with the fragments.
  mutating func edited(_ content: String) -> String {
    var bytes = Array(content.utf8)
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let at = Int.random(in: 0...bytes.count, using: &random)
      let end = min(bytes.count, at + Int.random(in: 0...200, using: &random))
      switch Int.random(in: 0..<7, using: &random) {
      case 0: bytes.insert(contentsOf: Array(fragment().utf8), at: at)
      case 1: bytes.removeSubrange(at..<end)
      case 2: bytes.insert(contentsOf: Array(bytes[at..<end]), at: Int.random(in: 0...bytes.count, using: &random))
      case 3 where at < bytes.count: bytes[at] = UInt8.random(in: 0x20...0x7e, using: &random)
      case 4: bytes.append(contentsOf: Array(fragment().utf8))
      case 5: bytes = Array(bytes[at...]) + Array(bytes[..<at])
      default: bytes.insert(contentsOf: Array(fresh(3).utf8), at: 0)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
