// RE2's syntax in PCRE2's words: a table of what each thing becomes, and what is refused where.

import Testing

@testable import RuleBook

private func translate(_ text: String) -> String {
  do { return try RE2Translation(text).pattern } catch { return "refused \(error)" }
}

private let dot = #"(?>[\x00-\x09\x0b-\x7f]|[\x80-\xff][\x80-\xbf]{0,3})"#
private let any = #"(?>[\x00-\x7f]|[\x80-\xff][\x80-\xbf]{0,3})"#

@Suite struct RE2TranslationTests {
  @Test(arguments: [
    ("abc", "abc"), ("a-b_c", #"a\x2db\x5fc"#), ("(a|b)", "(a|b)"), ("(?:a)", "(?-i:a)"), ("a|", "a|"),
    (".", dot), ("(?s).", "(?-i)" + any), ("(?s:.)", "(?-i:\(any))"), ("(?s:.).", "(?-i:\(any))\(dot)"),
    (#"\s"#, #"[\x09-\x0a\x0c-\x0d\x20]"#), (#"\d\w"#, #"[0-9][0-9A-Z\x5fa-z]"#),
    (#"\S"#, #"(?>[\x00-\x08\x0b\x0e-\x1f\x21-\x7f]|[\x80-\xff][\x80-\xbf]{0,3})"#),
    ("^a$", #"(?:\A)a(?:\z)"#), ("(?m)^a$", #"(?-i)(?:(?<![^\n]))a(?:(?![^\n]))"#),
    (#"\Aa\z"#, #"(?:\A)a(?:\z)"#), (#"\ba\B"#, #"(?:\b)a(?:\B)"#), (#"\C"#, #"[\x00-\xff]"#),
    ("a*", "a*"), ("a*?", "a*?"), ("(?U)a*", "(?-i)a*?"), ("(?U)a*?", "(?-i)a*"), ("(?U:a+)b+", "(?-i:a+?)b+"),
    ("a{3}", "a{3}"), ("a{3,}?", "a{3,}?"), ("a{3,5}", "a{3,5}"), ("(?U)a{2}", "(?-i)a{2}?"),
    ("a{,3}", #"a\x7b\x2c3\x7d"#), ("a{", #"a\x7b"#), ("{2}x}", "refused at character 1: nothing to repeat"),
    ("(?P<name>a)", "(a)"), ("(?<name>a)", "(a)"), ("(?i)a(?-i)b", "(?i)a(?-i)b"), ("(?i:a)b", "(?i:a)b"),
    ("(?is)x", "(?i)x"), (#"\Qa.b\E+"#, #"a\x2eb+"#), (#"\x41\x{42}\101\0"#, #"ABA\x00"#),
    (#"\.\-\_"#, #"\x2e\x2d\x5f"#),
    (#"\a\f\n\r\t\v"#, #"\x07\x0c\x0a\x0d\x09\x0b"#), ("#", #"\x23"#), ("é+", #"(?:\xc3\xa9)+"#),
  ])
  func becomes(_ row: (String, String)) { #expect(translate(row.0) == row.1) }

  @Test(arguments: [
    ("[abc]", "[a-c]"), ("[a-z0-9]", "[0-9a-z]"), ("[]a]", #"[\x5da]"#), ("[a-]", #"[\x2da]"#), ("[-a]", #"[\x2da]"#),
    (#"[\w.]"#, #"[\x2e0-9A-Z\x5fa-z]"#), (#"[\]\\]"#, #"[\x5c-\x5d]"#), ("[[:alpha:]_]", #"[A-Z\x5fa-z]"#),
    ("[[:^digit:]a]", #"(?>[\x00-\x2f\x3a-\x7f]|[\x80-\xff][\x80-\xbf]{0,3})"#), ("[[a]", #"[\x5ba]"#),
    ("[^a]", #"(?>[\x00-\x60b-\x7f]|[\x80-\xff][\x80-\xbf]{0,3})"#),
    ("[^^]", #"(?>[\x00-\x5d\x5f-\x7f]|[\x80-\xff][\x80-\xbf]{0,3})"#),
    (#"[^\x00-\x{10FFFF}]"#, "(?!)"), ("[é]", #"(?>\xc3\xa9)"#), ("[à-ÿ]", #"(?>\xc3[\xa0-\xbf])"#),
    (#"[\x00-\xff]"#, #"(?>[\x00-\x7f]|[\xc2-\xc3][\x80-\xbf])"#), (#"\pL"#, "[A-Za-z]"), (#"\p{Lu}"#, "[A-Z]"),
    (#"[\pN]"#, "[0-9]"), ("(?i)[^a]", #"(?i)(?>[\x00-\x40B-\x60b-\x7f]|[\x80-\xff][\x80-\xbf]{0,3})"#),
  ])
  func classes(_ row: (String, String)) { #expect(translate(row.0) == row.1) }

  @Test(arguments: [
    ("a**", 3), ("a*+", 3), ("a??+", 4), ("a{2}{3}", 5), ("*a", 1), ("a|*", 3), ("(?=a)", 1), ("(?!a)", 1),
    ("(?<=a)b", 1),
    ("(?>a)", 1), ("(?#c)", 1), ("a(?x)b", 2), ("(a", 3), ("a)", 2), ("[a", 1), ("[b-a]", 2), (#"\1"#, 1), (#"\h"#, 1),
    (#"\Z"#, 1), (#"\K"#, 1), (#"a\"#, 2), (#"\x4"#, 1), (#"\x{110000}"#, 1), (#"\p{Greek}"#, 1), ("[[:nope:]]", 2),
    ("a{1001}", 2), ("a{3,2}", 2), ("(?P<>a)", 1), ("(?P<n", 1), ("(*UTF)a", 2), (#"[\b]"#, 2),
  ])
  func refused(_ row: (String, Int)) {
    #expect { try RE2Translation(row.0) } throws: { ($0 as? RE2Error)?.position == row.1 }
  }

  @Test func countsGroupsAndTellsWhatDiffers() throws {
    let one = try RE2Translation("(a)(?:b)(?P<c>d(e))")
    #expect(one.groupCount == 3 && one.notes.isEmpty)
    #expect(try RE2Translation(#"\pL\pL"#).notes.count == 1)
    #expect(try RE2Translation("(?i)é").notes.count == 1)
    #expect(throws: RE2Error.self) { try RE2Translation(String(repeating: "(", count: 300)) }
    #expect(throws: RE2Error.self) { try RE2Translation(String(repeating: "a", count: 40_000)) }
  }

  /// Whatever the text, the answer is a pattern or a mistake.
  @Test func survivesAnything() {
    var state: UInt64 = 7
    let alphabet = Array(#"ab(){}[]\|?*+^$.-:,<>PpQEix19é"#)
    for _ in 0..<5_000 {
      var text = ""
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text.append(alphabet[Int(state >> 33) % alphabet.count])
      }
      _ = translate(text)
    }
  }
}
