// What is found in encoded text: every decoder at odd places and within others, exact ranges, limits, and no trap.

import Foundation
import Model
import RuleBook
import Testing

@testable import Matching

/// A repeatable generator (SplitMix64).
struct DecodingDice: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  mutating func text(_ count: Int, _ alphabet: String = "abcdefghjkmnpqrstuvwxyz23456789") -> String {
    let letters = Array(alphabet)
    return String((0..<count).map { _ in letters[Int(next() % UInt64(letters.count))] })
  }

  /// A value of the test rule's shape.
  mutating func token() -> String { "kwt_" + text(24) }
}

private let rules = [
  Rule(
    id: RuleID("test-token"), provider: "test", name: "Test token", severity: .high, confidence: .structure,
    literals: ["kwt_"], pattern: "(?<![A-Za-z0-9_])kwt_[a-z0-9]{24}(?![A-Za-z0-9_])", width: 32, source: "made up"),
  Rule(
    id: RuleID("test-context"), provider: "test", name: "Test context", severity: .high, confidence: .context,
    literals: ["sesame"], pattern: "sesame[\"']?\\s?[:=]\\s?[\"']?([A-Za-z0-9+/]{16,40})", secretGroup: 1, width: 80,
    source: "made up"),
]

private func pass() -> DecodingPass { DecodingPass(Matcher(MatcherProgram(rules))) }

/// What is found: the value, its decoders, and where it stands. Checks that the stored bytes lead back to the value.
@discardableResult
private func find(_ bytes: [UInt8]) -> [(value: String, decoders: [Decoder], range: Range<Int>)] {
  pass().scan(bytes.span).candidates.map { candidate in
    let value =
      candidate.decoders.isEmpty
      ? Array(bytes[candidate.secret])
      : Decoders.decode(bytes.span.extracting(candidate.secret), candidate.decoders) ?? []
    #expect(candidate.decoders.isEmpty || value == candidate.decoded)
    #expect(candidate.match.lowerBound <= candidate.secret.lowerBound)
    #expect(candidate.match.upperBound >= candidate.secret.upperBound && candidate.match.upperBound <= bytes.count)
    return (String(decoding: value, as: UTF8.self), candidate.decoders, candidate.secret)
  }
}

private func find(_ text: String) -> [(value: String, decoders: [Decoder], range: Range<Int>)] {
  find(Array(text.utf8))
}

/// Encoders that share nothing with the decoders.
enum Encoded {
  static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
  static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
  static func urlSafe(_ text: String) -> String {
    base64(text).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }
  static func wrapped(_ text: String, indent: String = "", lineBreak: String = "\n", width: Int = 64) -> String {
    let digits = Array(base64(text))
    return stride(from: 0, to: digits.count, by: width).map {
      indent + String(digits[$0..<min(digits.count, $0 + width)])
    }
    .joined(separator: lineBreak)
  }
  static func hex(_ text: String, _ format: String = "%02x") -> String {
    text.utf8.map { String(format: format, $0) }.joined()
  }
  static func utf16(_ text: String, bigEndian: Bool = false, mark: Bool = false) -> [UInt8] {
    ((mark ? [0xfeff] : []) + Array(text.utf16)).flatMap { unit -> [UInt8] in
      let bytes = [UInt8(unit >> 8), UInt8(unit & 255)]
      return bigEndian ? bytes : bytes.reversed()
    }
  }
  static func utf32(_ text: String, bigEndian: Bool = false, mark: Bool = false) -> [UInt8] {
    ((mark ? [0xfeff] : []) + text.unicodeScalars.map(\.value)).flatMap { unit -> [UInt8] in
      let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: unit >> $0) }
      return bigEndian ? bytes : bytes.reversed()
    }
  }
}

@Suite struct DecodingTests {
  private var dice = DecodingDice(state: 20_261)

  @Test mutating func base64AtEveryPlaceOfAGroup() throws {
    for before in 0..<9 {
      for behind in [0, 1, 2, 3, 40] {
        let token = dice.token()
        let plain =
          dice.text(max(0, before - 1)) + (before > 0 ? " " : "") + token + String(repeating: ".", count: behind)
        for encoded in [Encoded.base64(plain), Encoded.urlSafe(plain)] {
          let found = find("key: \"\(encoded)\"\n")
          #expect(found.count == 1 && found.first?.value == token && found.first?.decoders == [.base64], "\(plain)")
          let range = try #require(found.first?.range)
          // Exactly the digits that hold bits of the token.
          #expect(range == 6 + before * 8 / 6..<6 + ((before + 28) * 8 + 5) / 6, "\(before)")
        }
      }
    }
  }

  @Test mutating func base64BehindAPathOrAName() {
    for before in ["https://host/path/", "v1-", "name_", "a/b/c/d/e-", "x+y/"] {
      let token = dice.token()
      let found = find("get \(before)\(Encoded.base64("id " + token)) now")
      #expect(found.map(\.value) == [token], "\(before)")
    }
  }

  @Test(arguments: [("", "\n", 64), ("    ", "\n", 76), ("\t", "\r\n", 60), ("", "\r\n", 76)])
  func wrappedBase64(indent: String, lineBreak: String, width: Int) throws {
    var dice = DecodingDice(state: UInt64(width))
    for before in [0, 30, 44, 46, 47, 100, 131] {
      let token = dice.token()
      let plain = dice.text(before) + " " + token + " " + dice.text(before)
      let text = "data: |\(lineBreak)" + Encoded.wrapped(plain, indent: indent, lineBreak: lineBreak, width: width)
      for end in ["", "\n", "\nnext: x\n", "\n-----END\n"] {
        let found = find(text + end)
        #expect(found.map(\.value) == [token] && found.first?.decoders == [.base64], "\(before) \(end)")
      }
    }
  }

  @Test mutating func hexOfBothCases() throws {
    let token = dice.token()
    for (format, prefix) in [("%02x", ""), ("%02X", "0x"), ("%02x", "\\x"), ("%02x", "z")] {
      let found = find("v = \(prefix == "\\x" ? "" : prefix)\(Encoded.hex(" " + token + "!", format));")
      #expect(found.map(\.value) == [token] && found.first?.decoders == [.hex])
      #expect(found.first?.range.count == 56)
    }
    // One digit too many before it: nobody could read that.
    #expect(find("f" + Encoded.hex(token)).isEmpty)
  }

  @Test mutating func unitByUnit() throws {
    for style in [
      "%%%02X", "%%%02x", "\\u%04x", "\\u%04X", "\\x%02x", "\\%03o", "&#%d;", "&#x%x;", "=%02X", "\\u{%x}", "\\U%08x",
    ] {
      let token = dice.token()
      let decoder: Decoder =
        style.hasPrefix("%%")
        ? .percent : style.hasPrefix("&") ? .html : style.hasPrefix("=") ? .quotedPrintable : .escape
      let whole = token.utf8.map { String(format: style, $0) }.joined()
      var found = find("a \"\(whole)\" b\n")
      #expect(found.map(\.value) == [token] && found.first?.decoders == [decoder], "\(style)")
      #expect(found.first?.range == 3..<3 + whole.utf8.count, "\(style)")
      // Only one of its characters.
      let part = token.prefix(9) + String(format: style, Array(token.utf8)[9]) + token.dropFirst(10)
      found = find("token=\(part)\n")
      #expect(found.map(\.value) == [token] && found.first?.decoders == [decoder], "\(part)")
      // Only what stands before it: the value itself is plain.
      found = find("token\(String(format: style, 0x3d))\(token)\n")
      #expect(found.allSatisfy { $0.value == token && $0.decoders.isEmpty && $0.range.count == 28 }, "\(style)")
      #expect(found.count == 1)
    }
  }

  @Test mutating func valuesWithEscapedCharacters() {
    let value = "q7Xw/m2Kp+v9Rt41"
    for (text, decoder) in [
      ("{\"sesame\": \"q7Xw\\/m2Kp\\u002Bv9Rt41\"}", Decoder.escape), ("sesame=q7Xw%2Fm2Kp%2Bv9Rt41&x=1", .percent),
      ("<a>sesame: q7Xw&#47;m2Kp&plus;v9Rt41</a>", .html), ("sesame = q7Xw=2Fm2Kp=2Bv9Rt41", .quotedPrintable),
    ] {
      let found = find(text + "\n")
      #expect(found.map(\.value) == [value] && found.first?.decoders == [decoder], "\(text)")
    }
  }

  @Test mutating func quotedPrintableLines() {
    let token = dice.token()
    let line = dice.text(47) + " key " + token
    let broken = line.prefix(75) + "=\r\n" + line.dropFirst(75)
    let found = find("Subject: x\r\n\r\n\(broken) end\r\n")
    #expect(found.map(\.value) == [token] && found.first?.decoders == [.quotedPrintable])
  }

  @Test(arguments: [
    "\" + \"", "\"+\"", "\" +\n      \"", "\"\n    \"", "' . '", "\" .. \"", "\" & \"", "' || '", "\" <> \"",
    "\" \\\n  \"", "\\\n",
    "\" + '", "\"\n  + \"", "\" f\"", "' 'x",
  ])
  func joinedLiterals(joint: String) {
    var dice = DecodingDice(state: UInt64(joint.utf8.count))
    let token = dice.token()
    let quote = joint.first == "'" ? "'" : "\""
    let found = find("let key = \(quote)\(token.prefix(15))\(joint)\(token.dropFirst(15))\(quote);\n")
    if joint == "' 'x" {
      #expect(found.isEmpty)
    } else {
      #expect(found.map(\.value) == [token] && found.first?.decoders == [.concat], "\(joint)")
      #expect(found.first?.range.count == 28 + joint.utf8.count)
    }
  }

  @Test mutating func wideText() {
    for bigEndian in [false, true] {
      for mark in [false, true] {
        let token = dice.token()
        let text = "Größe 😀 key\r\n\(token)\r\n" + dice.text(60)
        let two = find(Encoded.utf16(text, bigEndian: bigEndian, mark: mark))
        #expect(two.map(\.value) == [token] && two.first?.decoders == [.utf16] && two.first?.range.count == 56)
        let four = find(Encoded.utf32(text, bigEndian: bigEndian, mark: mark))
        #expect(four.map(\.value) == [token] && four.first?.decoders == [.utf32] && four.first?.range.count == 112)
      }
    }
    // In wide text guesses count as they do in plain text.
    #expect(find(Encoded.utf16("sesame = q7Xwm2Kpv9Rt41Zc8b\n")).map(\.value) == ["q7Xwm2Kpv9Rt41Zc8b"])
  }

  @Test mutating func encodingsWithinEncodings() {
    let token = dice.token()
    let chains: [(String, [Decoder])] = [
      (Encoded.base64(Encoded.base64("x " + token)), [.base64, .base64]),
      (Encoded.base64("k=" + Encoded.hex(token)), [.base64, .hex]),
      (Encoded.hex(Encoded.base64("ab " + token)), [.hex, .base64]),
      (Encoded.base64(Encoded.utf16("$key = '\(token)'")), [.base64, .utf16]),
      (Encoded.base64("x=" + token).replacing("=", with: "%3D") + "%3D", [.base64]),
      (token.utf8.map { String(format: "%%25%02X", $0) }.joined(), [.percent, .percent]),
      (
        Encoded.base64("{\"a\":\"" + token.utf8.map { String(format: "\\u%04x", $0) }.joined() + "\"}"),
        [.base64, .escape]
      ),
      (
        Encoded.base64(Encoded.base64(Encoded.base64(Encoded.base64(Encoded.base64(" " + token))))),
        Array(repeating: .base64, count: 5)
      ),
    ]
    for (text, decoders) in chains {
      let found = find("value: '\(text)'\n")
      #expect(found.contains { $0.value == token && $0.decoders == decoders }, "\(decoders): \(found)")
    }
  }

  @Test mutating func aHundredDeepIsCutAndSaid() {
    var text = " " + dice.token()
    for _ in 0..<100 {
      text = Encoded.base64(text)
      // Keep it from growing beyond measure: only its beginning goes on.
      if text.utf8.count > 20_000 { text = String(text.prefix(20_000)) }
    }
    let matches = pass().scan(Array(text.utf8).span)
    #expect(matches.isCut && matches.candidates.isEmpty)
  }

  @Test mutating func ordinaryTextYieldsNothing() {
    for text in [
      "integrity sha512-\(Encoded.base64((0..<64).map { _ in UInt8(truncatingIfNeeded: dice.next()) }))\n",
      "commit \(dice.text(40, "0123456789abcdef"))\n",
      "let aVeryLongIdentifierNameThatGoesOnAndOn = otherQuiteLongName\n",
      "/usr/local/share/applications/some/deep/path/that/goes/on\n", "printf(\"%d%%\\n\\t%s\", count_of_everything);\n",
      "<p>Tom &amp; Jerry &lt;tom@example.org&gt; &copy; 2026</p>\n", "a = b + \"c\" + \"d\"\n",
      Encoded.base64((0..<3_000).map { _ in UInt8(truncatingIfNeeded: dice.next()) }),
    ] {
      let matches = pass().scan(Array(text.utf8).span)
      #expect(matches.isEmpty && !matches.isCut, "\(text)")
    }
  }

  @Test func weakClaimsNeedAText() {
    // A name beside a value counts in base64 of a whole text, not in a scrap of bytes.
    #expect(find(Encoded.base64("user: app\nsesame: q7Xwm2Kpv9Rt41Zc\n")).map(\.value) == ["q7Xwm2Kpv9Rt41Zc"])
    #expect(find(Encoded.base64([0, 1, 2] + Array("sesame: q7Xwm2Kpv9Rt41Zc".utf8) + [0, 9])).isEmpty)
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>) func randomBytesNeverTrap(seed: UInt64) {
    var dice = DecodingDice(state: seed)
    let alphabets = [
      "\\u0041x&#;%=\"' +\n", "ABCDabcd0123+/=-_\n\r ", "&#x41;amp", "%41%4", "\0a\0b", "=\r\n=3D", "\"+\"'.'\\\n",
    ]
    var bytes: [UInt8] = []
    for _ in 0..<40 {
      if Bool.random(using: &dice) {
        let alphabet = alphabets[Int(dice.next() % UInt64(alphabets.count))]
        bytes += Array(dice.text(Int(dice.next() % 200), alphabet).utf8)
      } else {
        bytes += (0..<dice.next() % 100).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
      }
      if dice.next() % 5 == 0 { bytes += Array(dice.token().utf8) }
    }
    find(bytes)
    for decoder in Decoder.allCases { _ = Decoders.decode(bytes.span, [decoder, .base64, .escape]) }
    for cut in 0..<12 { find(Array(bytes.dropFirst(cut).prefix(cut * 3))) }
  }

  @Test func hostileFilesAreBounded() {
    let clock = ContinuousClock()
    for unit in ["%41", "\\u0041", "&#65;", "\"+\"", "=\n", "A", "QUFB", "41", "\\", "\" \"", "aaaaaaaa\"\n\"", "%25"] {
      let bytes = Array(String(repeating: unit, count: 100_000 / unit.utf8.count).utf8)
      let time = clock.measure { _ = pass().scan(bytes.span) }
      #expect(time < .seconds(30), "\(unit): \(time)")
    }
  }
}
