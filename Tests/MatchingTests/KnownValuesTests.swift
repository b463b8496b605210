// Known values in every way of writing them, at every place, and nothing else.

import Foundation
import Model
import RuleBook
import Testing

@testable import Matching

@Suite struct KnownValuesTests {
  private let value = "Tr0ub4dor&3/zeta+\"k'9=="

  private func find(_ bytes: [UInt8], _ values: [String]) -> [Candidate] {
    let known = KnownValues(values.map { ("K in .env", Array($0.utf8)) })
    let pass = DecodingPass(Matcher(known.program(with: [])), known: known)
    return pass.scan(bytes.span).candidates.filter { candidate in
      let decoded = Decoders.decode(bytes.span.extracting(candidate.secret), candidate.decoders) ?? []
      return values.contains { Array($0.utf8) == decoded }
    }
  }

  private func find(_ text: String) -> [Candidate] { find(Array(text.utf8), [value]) }

  @Test func plain() {
    let found = find("a = '\(value)' and xx\(value)1\n")
    #expect(found.map(\.secret.lowerBound) == [5, 5 + 23 + 8])
    #expect(found.allSatisfy { $0.decoders.isEmpty } && found.first?.confidence == .checksum)
  }

  @Test func base64AnywhereInALongerText() {
    for before in 0..<7 {
      for behind in 0..<4 {
        let plain = String(repeating: "~", count: before) + value + String(repeating: "!", count: behind)
        for text in [Encoded.base64(plain), Encoded.urlSafe(plain)] {
          let found = find("x \(text)\n")
          #expect(found.contains { $0.decoders == [.base64] && $0.confidence == .checksum }, "\(before) \(behind)")
        }
        let wide = find("powershell -enc \(Encoded.base64(Encoded.utf16(plain)))\n")
        #expect(wide.contains { $0.decoders == [.base64, .utf16] }, "\(before) \(behind)")
      }
    }
    // A short one, whose base64 is too short for a decoder to look at.
    #expect(find(Array("p: \(Encoded.base64("hunter2!"))\n".utf8), ["hunter2!"]).map(\.decoders) == [[.base64]])
  }

  @Test func everyOtherForm() {
    let percent = { (allowed: String) in
      value.addingPercentEncoding(withAllowedCharacters: CharacterSet(charactersIn: allowed).union(.alphanumerics))
        ?? ""
    }
    let json = String(decoding: (try? JSONEncoder().encode(value)) ?? Data(), as: UTF8.self)
    let forms: [(String, Decoder)] = [
      (Encoded.hex(value), .hex), (Encoded.hex(value, "%02X"), .hex), (percent("-._~"), .percent),
      (percent("-._~!*'()"), .percent), (percent("-._~").lowercasingEscapes, .percent), (json, .escape),
      (value.replacing("\"", with: "\\\""), .escape), (value.replacing("'", with: "\\'"), .escape),
      (
        value.replacing("+", with: "\\u002B").replacing("&", with: "\\u0026").replacing("\"", with: "\\u0022")
          .replacing("'", with: "\\u0027"), .escape
      ),
      (value.replacing("&", with: "&amp;").replacing("\"", with: "&quot;"), .html),
      (value.replacing("&", with: "&amp;").replacing("\"", with: "&quot;").replacing("'", with: "&#39;"), .html),
    ]
    for (text, decoder) in forms {
      let found = find("k: \(text)\n")
      #expect(found.contains { $0.decoders == [decoder] }, "\(text): \(found.map(\.decoders))")
    }
    for bigEndian in [false, true] {
      let bytes = Array("binary ".utf8) + Encoded.utf16(value, bigEndian: bigEndian) + [1, 2, 3]
      #expect(find(bytes, [value]).contains { $0.decoders == [.utf16] })
    }
  }

  @Test func nothingElse() {
    for text in ["Tr0ub4dor&3/zeta+\"k'9=", "tr0ub4dor&3/zeta+\"k'9==", "", Encoded.base64("Tr0ub4dor&3/zeta")] {
      #expect(find(text).isEmpty)
    }
    var dice = DecodingDice(state: 5)
    let noise = (0..<200_000).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    #expect(find(noise, [value, "12345678", "aaaaaaaa"]).isEmpty)
  }

  @Test func manyValuesAndHostileOnes() {
    var dice = DecodingDice(state: 6)
    var values = (0..<500).map { _ in dice.text(20) }
    values += [
      "\0\0\0\0\0\0\0\0", String(repeating: "a", count: 5_000), "ünïcödé pässwörd", "\u{1f600}\u{1f600}\u{1f600}",
    ]
    let text = values.map { "x \($0) \(Encoded.base64($0))\n" }.joined()
    let found = find(Array(text.utf8), values)
    #expect(Set(found.map(\.rule)).count == values.count)
    #expect(
      KnownValues([("n", [1, 2, 3])]).isEmpty && KnownValues([("n", [UInt8](repeating: 65, count: 20_000))]).isEmpty)
    let invalid: [UInt8] = [0xff, 0xfe, 0x80, 0x41, 0xc0, 0xaf, 0x42, 0x43]
    let known = KnownValues([("n", invalid)])
    let pass = DecodingPass(Matcher(known.program(with: [])), known: known)
    #expect(pass.scan(([1] + invalid + [2]).span).candidates.count == 1)
  }
}

extension String {
  fileprivate var lowercasingEscapes: String {
    replacing(/%[0-9A-F]{2}/) { $0.output.lowercased() }
  }
}
