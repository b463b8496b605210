// The one pattern behind every rule of the kind "the provider's name beside a value of some class": a name, what may
// stand between a name and its value in the usual languages and formats, and the value.

/// Writes out the short form of keyword rules.
enum KeywordPattern {
  /// The longest value where the rule names no width, in bytes.
  static let defaultValueBytes = 128
  /// The least entropy where the rule names none, in bits per byte: below it, a value of that length is no random one.
  /// Short values have less, because they can't have more than the logarithm of their length.
  static func defaultEntropy(example: String) -> Double {
    let lengths = (UInt64(0)..<4).compactMap { try? ExampleTemplate.expand(example, seed: $0).count }
    switch lengths.min() ?? 32 {
    case ...12: return 2
    case ...16: return 2.4
    case ...24: return 2.7
    default: return 3
    }
  }

  /// Letters and digits, with single `_` between words; `_` stands for any of the usual ways to join words.
  static func isKeyword(_ text: String) -> Bool {
    guard (3...40).contains(text.utf8.count) else { return false }
    return text.split(separator: "_", omittingEmptySubsequences: false).allSatisfy { word in
      !word.isEmpty
        && word.utf8.allSatisfy {
          (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
        }
    }
  }

  /// Gives a keyword rule what the matcher needs.
  static func expand(_ rule: inout Rule, keywords: [String], value: String) {
    rule.keywords = keywords
    rule.value = value
    rule.literals = literals(keywords)
    rule.literalsIgnoreCase = true
    rule.pattern = pattern(keywords, value: value)
    rule.secretGroup = 1
  }

  /// Every spelling that the prefilter must look for; case is ignored there.
  static func literals(_ keywords: [String]) -> [String] {
    var result: [String] = []
    for keyword in keywords {
      let words = keyword.lowercased().split(separator: "_").map(String.init)
      for joint in words.count > 1 ? ["_", "-", "", ".", " "] : [""] {
        let literal = words.joined(separator: joint)
        if !result.contains(literal) { result.append(literal) }
      }
    }
    return result
  }

  /// The pattern; group 1 is the value.
  static func pattern(_ keywords: [String], value: String) -> String {
    let names = keywords.map { keyword in
      let words = keyword.split(separator: "_").joined(separator: "[-_. ]?")
      // A short name is too easily the end of another word.
      return keyword.utf8.count < 5 ? "(?<![A-Za-z])\(words)" : words
    }
    return "(?i:\(names.joined(separator: "|")))\(section)\(rest)\(assignment)\(opening)\(noName)(\(value))\(end)"
  }

  /// `datadog:`, `[datadog]` or `provider "datadog" {` with a line of its own below it that sets a key or token.
  private static let section =
    #"(?:["'\]]{0,2}\s{0,3}(?:=>|[:=>])?\s{0,3}(?:[{\[(]\s{0,24}|\s{1,24})["'<]?(?=[\w.-]{0,30}(?i:key|token|secret|pass|auth)))?"#

  /// The rest of the name, and what closes it: `_API_KEY`, `['token']`, ` API key (production)`, `.key" value`.
  private static let rest = #"[\w .\-\[\]"'`()\/?&<>$@\\]{0,40}?"#

  /// What stands between a name and its value, a type perhaps (`key: String = "…"`). A bare space is an assignment only
  /// behind a word for a secret (`--api-key VALUE`).
  private static let assignment =
    #"(?:[:?+.|&!]{0,3}={1,3}>?|[:,(>|]|:\s?[A-Za-z][\w.<>\[\]?]{0,30}\s{1,3}="#
    + #"|["']?[,;]?\s{1,24}["']?(?i:value)["']?\s{0,3}[:=]|</key>\s{0,24}<string>"#
    + #"|(?<=(?i)key|token|cret|pass|word|auth|pat)["']?[ \t])"#

  /// A call or cast (`[]byte("…")`), quotes and brackets, a language's mark on its quotes, the scheme of an `Authorization` header.
  private static let opening =
    #"\s{0,8}(?:(?:new )?[A-Za-z_\[][\w.\]]{0,24}\()?(?:[bBuUrRfL@]?[("'`\[{\\]{1,3})?"#
    + #"(?:(?i:bearer|basic|token|apikey)[ =:]{1,2})?"#

  /// `gitlab_access_token` is the name of a value and not one.
  private static let noName =
    #"(?!(?:[a-z]{1,20}(?:[_-][a-z]{1,20}){1,4}|[A-Z]{1,20}(?:[_-][A-Z]{1,20}){1,4})(?![\w-]))"#

  /// A value ends where nothing of its kind goes on.
  private static let end = #"(?![\w+-]|[=/][0-9A-Za-z])"#

  /// The widest that the pattern can be, with what it looks at, where the value has at most `value` bytes. In front of
  /// the value the parts above add up to less than 190 bytes; what tells a name looks 105 ahead.
  static func width(_ keywords: [String], value: Int) -> Int {
    190 + (keywords.map(\.utf8.count).max() ?? 0) * 2 + max(value + 2, 105)
  }

  /// Texts of the usual formats, in which the rule must find the example.
  static func matches(_ keyword: String, example: String) -> [String] {
    let upper = keyword.uppercased()
    // A short name must not follow a letter.
    let call =
      keyword.utf8.count < 5
      ? "set(\"\(keyword)_key\", \"\(example)\")" : "set\(keyword.capitalized)Key(\"\(example)\")"
    return [
      "\(upper)_API_KEY=\(example)", "\(keyword)_token: \"\(example)\"", "{tab}\"\(keyword)\": \"\(example)\",",
      "curl -H 'X-\(keyword)-Key: \(example)' https://host.invalid/",
      "<add key=\"\(keyword).key\" value=\"\(example)\"/>",
      "- name: \(upper)_TOKEN{newline}  value: \(example)", "\(keyword):{newline}  api_token: \(example)",
      "config['\(keyword)_secret'] = '\(example)'", call,
    ]
  }

  /// Texts in which it must find nothing: a placeholder, and the value with nothing beside it.
  static func rejects(_ keyword: String, example: String) -> [String] {
    ["\(keyword.uppercased())_API_KEY=your_api_key_here", "value = \"\(example)\""]
  }
}

extension String {
  fileprivate var capitalized: String { prefix(1).uppercased() + dropFirst() }
}
