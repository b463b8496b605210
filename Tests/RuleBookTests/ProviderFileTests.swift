// Provider files: what they say, and every mistake one can make in them.

import Model
import RuleBook
import Testing

private let head = """
  name = "Acme"
  homepage = "https://docs.acme.example/api"

  """

private let pattern = """
  [[rule]]
  id = "acme-api-key"
  name = "Acme API key"
  severity = "high"
  literals = ["acme_"]
  pattern = 'acme_[0-9a-f]{32}'
  width = 39
  matches = ["K=acme_{hex:32}", "acme_{hex:32}"]
  rejects = ["acme_{hex:31}"]

  """

private func parse(_ text: String) throws(RuleFileErrors) -> Provider {
  try ProviderFile.parse(Array(text.utf8), name: "Rules/acme.toml")
}

/// The mistakes of a text, as `line: reason`.
private func mistakes(_ text: String) -> [String] {
  do {
    _ = try parse(text)
    return []
  } catch {
    return error.mistakes.map { "\($0.line): \($0.reason)" }
  }
}

@Suite struct ProviderFileTests {
  @Test func aPatternRule() throws {
    let provider = try parse(head + pattern)
    #expect(provider.id == "acme")
    let rule = try #require(provider.rules.first)
    #expect(rule.kind == .pattern && rule.confidence == .structure && rule.width == 39)
    #expect(rule.source == "https://docs.acme.example/api")
    #expect(rule.pairs.isEmpty && rule.paths.isEmpty && rule.verify == nil && !rule.checksumIsOptional)
  }

  @Test func aKeywordRule() throws {
    let rule = try #require(
      try parse(
        head + """
          [[rule]]
          kind = "keyword"
          id = "acme-token"
          name = "Acme token"
          severity = "medium"
          keywords = ["acme", "acme_corp"]
          value = '[0-9a-f]{32}'
          example = "{hex:32}"
          """
      ).rules.first)
    #expect(rule.kind == .keyword && rule.confidence == .context && rule.literalsIgnoreCase && rule.secretGroup == 1)
    let provider = Provider(id: "acme", name: "Acme", homepage: "https://docs.acme.example/api", rules: [rule])
    #expect(try #require(PackedProvider(packing: provider)).unpack(examples: true) == provider)
    #expect(rule.literals == ["acme", "acme_corp", "acme-corp", "acmecorp", "acme.corp", "acme corp"])
    #expect(rule.minimumEntropy == 3)
    #expect(rule.matches.count == 9 && rule.rejects.count == 2)
  }

  @Test func aDetectorNeedsNoPattern() throws {
    let text = """
      [[rule]]
      detector = "generic"
      id = "generic-secret"
      name = "Secret in an assignment"
      severity = "medium"
      """
    let rule = try #require(try parse(head + text).rules.first)
    #expect(rule.kind == .detector && rule.detector == "generic" && rule.pattern.isEmpty && rule.literals.isEmpty)
  }

  @Test func pairsPathsAndCalls() throws {
    let provider = try parse(
      head + pattern + """
        pair = ["acme-id"]
        within_lines = 3
        paths = [".acmerc"]
        checksum = "crc32-base62"
        checksum_optional = true

        [rule.verify]
        request = "GET https://api.acme.example/me"
        headers = { Authorization = "Basic {basic:api}" }

        [manage]
        class = "B2"
        kinds = ["acme-other"]

        [manage.verify]
        request = "GET https://api.acme.example/other"
        """)
    let rule = try #require(provider.rules.first)
    #expect(
      rule.pairs == [RuleID("acme-id")] && rule.pairLines == 3 && rule.paths == [".acmerc"] && rule.checksumIsOptional)
    #expect(provider.verifyCall(for: RuleID("acme-api-key"))?.url == "https://api.acme.example/me")
    #expect(provider.management(for: RuleID("acme-api-key")) == nil)
    #expect(provider.verifyCall(for: RuleID("acme-other"))?.url == "https://api.acme.example/other")
    #expect(provider.verifyCall(for: RuleID("acme-third")) == nil)
  }

  /// What is packed into the program comes out as it went in.
  @Test func packingKeepsEverything() throws {
    let provider = try parse(
      head + pattern + """
        pair = ["acme-id"]
        paths = [".acmerc", "acme.json"]
        entropy = 3.5
        stop_words = ["Sample"]
        aliases = ["acme"]
        public = true

        [rule.verify]
        request = "POST https://api.acme.example/me"
        body = ""
        success = [200, 403]
        """)
    let packed = try #require(PackedProvider(packing: provider))
    #expect(packed.unpack(examples: true) == provider)
    let plain = try #require(packed.unpack())
    #expect(plain.rules.first?.matches == [])
    #expect(plain.rules.first?.verify == provider.rules.first?.verify)

    let managed = try parse(
      head + pattern + """
        [manage]
        class = "A"
        kinds = ["acme-api-key"]
        base = "https://api.acme.example"
        [manage.requests_per_minute]
        default = 60
        [manage.revoke]
        request = "DELETE {base}/keys/{key_id}"
        success = [204]
        """)
    #expect(try #require(PackedProvider(packing: managed)).unpack(examples: true) == managed)
  }

  /// All at once, each with its line.
  @Test func everyMistakeAtOnce() {
    let found = mistakes(
      """
      name = 3
      [[rule]]
      id = "Acme_Key"
      name = "x"
      severity = "awful"
      literals = ["ac"]
      pattern = 'ac'
      width = 0
      patern = "x"
      checksum_optional = true
      within_lines = 4
      paths = ["/"]
      secret_group = 12
      """)
    for expected in [
      "1: name must be text", "3: a rule's id is lower-case words", "5: severity must be one of",
      "6: the literal 'ac' is shorter", "8: width must be", "9: unknown field 'patern'; did you mean 'pattern'?",
      "10: checksum_optional without", "11: within_lines is about", "12: the ending '/' is too short",
      "13: secret_group must be",
    ] {
      #expect(found.contains { $0.hasPrefix(expected) }, "\(expected) is not among \(found)")
    }
    #expect(found.contains { $0.hasSuffix("homepage is missing") })
  }

  @Test(arguments: ["ac", "ac me", "acme_", "_acme", "acme__corp", "acme|x", "a(b)c", "äcme"])
  func badKeywords(_ keyword: String) {
    let found = mistakes(
      head + """
        [[rule]]
        kind = "keyword"
        id = "acme-token"
        name = "Acme token"
        severity = "medium"
        keywords = ["\(keyword)"]
        value = '[0-9a-f]{32}'
        example = "{hex:32}"
        """)
    #expect(found.count == 1 && found[0].contains("a keyword is"), "\(found)")
  }

  @Test func fieldsOfAnotherKindAreUnknown() {
    #expect(mistakes(head + pattern + "keywords = [\"acme\"]\n").contains { $0.contains("unknown field 'keywords'") })
    #expect(mistakes(head + pattern + "kind = \"keyword\"\n").contains { $0.contains("unknown field 'pattern'") })
    #expect(mistakes(head + pattern + "kind = \"magic\"\n").contains { $0.contains("kind must be one of") })
  }

  @Test(arguments: [
    ("GET http://api.acme.example/", "must begin with https://"),
    ("FETCH https://a.example/", "a method and an address"),
    ("GET https://a.example/{host}", "'{host}' is no placeholder"),
    ("GET https://a.example/{secret", "a { without a }"),
  ])
  func badRequests(_ request: String, _ reason: String) {
    let text = "[manage]\nclass = \"F\"\n[manage.verify]\nrequest = \"\(request)\"\n"
    #expect(mistakes(head + pattern + text).contains { $0.contains(reason) })
  }

  /// A hostile file may be anything; it never traps.
  @Test func rubbish() {
    var generator = SeededGenerator(seed: 7)
    let pieces = [
      "[[rule]]", "\n", "id", " = ", "\"", "'''", "{", "}", "[", "]", "kind", "\"keyword\"", "pair", "1", "\u{0}", "=",
    ]
    for _ in 0..<500 {
      let text = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
        pieces[Int.random(in: 0..<pieces.count, using: &generator)]
      }.joined()
      _ = mistakes(text)
    }
  }
}

@Suite struct ExampleTemplateTests {
  @Test func oneSeedOneText() throws {
    let template = "{base62:10-40} {hex:8} {uuid} {{x}}"
    #expect(try ExampleTemplate.expand(template, seed: 4) == ExampleTemplate.expand(template, seed: 4))
    #expect(try ExampleTemplate.expand(template, seed: 4) != ExampleTemplate.expand(template, seed: 5))
    #expect(String(decoding: try ExampleTemplate.expand("{{a}}", seed: 1), as: UTF8.self) == "{a}")
  }

  @Test(arguments: [
    "{hex}", "{hex:}", "{hex:9-3}", "{hex:99999}", "{what:3}", "{", "}", "{hex:3", "{base58check:8:3}",
    "{base58check:80:0}", "{base58check:80}", "{bech32:a:999}", "{crc16-base32:zz:3}", "{}",
  ])
  func mistakesAreErrors(_ template: String) {
    #expect(throws: TemplateError.self) { try ExampleTemplate.expand(template, seed: 1) }
  }
}

@Suite struct RuleBookTests {
  @Test func findsByIDAndAlias() throws {
    let book = RuleBook([try parse(head + pattern + "aliases = [\"acme-key-of-others\"]\n")])
    #expect(book[RuleID("acme-api-key")]?.name == "Acme API key")
    #expect(book[RuleID("acme-key-of-others")]?.id == RuleID("acme-api-key"))
    #expect(book[RuleID("nothing")] == nil)
    #expect(book.provider("acme")?.name == "Acme")
  }

  @Test func duplicatesAreNamed() throws {
    let provider = try parse(head + pattern)
    #expect(RuleBook.duplicates(in: [provider, provider]) == [RuleID("acme-api-key")])
  }
}
