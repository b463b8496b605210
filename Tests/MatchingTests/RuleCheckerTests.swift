// What the rule checker finds wrong, what it advises against, and that the rules in the repository bear it.

import Foundation
import Matching
import Model
import RuleBook
import Testing

private func provider(_ rules: String, name: String = "acme") throws -> Provider {
  let head = "name = \"Acme\"\nhomepage = \"https://docs.acme.example/api\"\n"
  return try ProviderFile.parse(Array((head + rules).utf8), name: "\(name).toml")
}

private func rule(
  id: String = "acme-key", literals: String = "acme_", pattern: String = "(?<![a-z])acme_[0-9a-f]{32}(?![0-9a-z])",
  width: Int = 60, matches: [String] = ["k=acme_{hex:32}", "acme_{hex:32}"], rejects: [String] = ["acme_{hex:31}"],
  more: String = ""
) -> String {
  func list(_ texts: [String]) -> String { "[" + texts.map { "'''\($0)'''" }.joined(separator: ", ") + "]" }
  return """
    [[rule]]
    id = "\(id)"
    name = "Acme"
    severity = "high"
    literals = ["\(literals)"]
    pattern = '''\(pattern)'''
    width = \(width)
    matches = \(list(matches))
    rejects = \(list(rejects))
    \(more)

    """
}

private func mistakes(_ rules: String) throws -> [String] {
  RuleChecker.check(RuleBook([try provider(rules)]), seeds: 4).map(\.reason)
}

private func advice(_ rules: String) throws -> [String] {
  RuleAdvice.check(RuleBook([try provider(rules)])).map(\.reason)
}

@Suite struct RuleCheckerTests {
  @Test func aGoodRule() throws {
    #expect(try mistakes(rule()).isEmpty)
    #expect(try advice(rule()).isEmpty)
  }

  @Test(arguments: [
    (rule(pattern: "acme_[0-9a-f"), "the pattern does not compile"),
    (rule(pattern: "acme_[0-9a-f]+"), "no upper bound: '+'"),
    (rule(pattern: "acme_[0-9a-f]{32,}"), "no upper bound: '{32,}'"),
    (rule(more: "secret_group = 1"), "secret_group 1 is not in the pattern"),
    (rule(matches: ["acme_{hex:32}"]), "two examples that must match"), (rule(rejects: []), "must not match is wanted"),
    (rule(matches: ["acme_{hex:31}", "acme_{hex:32}"]), "'acme_{hex:31}' (seed 0) is not found"),
    (rule(matches: ["acme_{hex:32} acme_{hex:32}", "acme_{hex:32}"]), "is found 2 times"),
    (rule(rejects: ["acme_{hex:32}"]), "must not be found, but is"),
    (rule(matches: ["{what}", "acme_{hex:32}"]), "no known field"),
    (rule(more: "pair = [\"acme-id\"]"), "its pair 'acme-id' is no rule"),
    (rule(width: 20), "is not found"),
    (rule() + "[manage]\nclass = \"F\"\nkinds = [\"acme-other\"]\n", "its kind 'acme-other' is no rule of this file"),
  ])
  func eachMistakeIsNamed(_ rules: String, _ reason: String) throws {
    let found = try mistakes(rules)
    #expect(found.contains { $0.contains(reason) }, "\(found)")
  }

  @Test func anExampleThatANeighbourClaims() throws {
    let wider = rule(id: "acme-wide", pattern: "k=acme_[0-9a-f]{32}", matches: ["k=acme_{hex:32}", "k=acme_{hex:32} "])
    let found = try mistakes(rule(matches: ["k=acme_{hex:32}", "acme_{hex:32}"]) + wider)
    #expect(found.contains("'k=acme_{hex:32}' (seed 0) is claimed by acme-wide"), "\(found)")
  }

  @Test(arguments: [
    (
      rule(literals: "key", pattern: "key[0-9]{8}", matches: ["key{digits:8}", " key{digits:8}"]),
      "stands in almost every file"
    ),
    (rule(pattern: "acme_(?:[a-f0-9]{1,32}){1,32}", rejects: ["acme-"]), "a quantifier over a quantifier"),
    (
      rule() + rule(id: "acme-twin"),
      "'acme-key' finds the same in every example"
    ),
  ])
  func advicePoints(_ rules: String, _ reason: String) throws {
    let found = try advice(rules)
    #expect(found.contains { $0.contains(reason) }, "\(found)")
  }

  /// The classical catastrophe, hidden from the eye that looks for nested quantifiers.
  @Test func aPatternThatRunsAwayIsStopped() throws {
    let text = rule(
      pattern: "acme_(?:a|a|ab|b){1,60}(?:a|a|ab|b){1,60}!", width: 400, matches: ["acme_ab!", "acme_aab!"],
      rejects: ["acme_"])
    let found = try advice(text)
    #expect(found.contains { $0.contains("stopped by its limit") }, "\(found)")
  }

  @Test func tooManyNamesBesideValues() throws {
    let keyword = """
      [[rule]]
      kind = "keyword"
      id = "acme-token"
      name = "Acme token"
      severity = "high"
      keywords = ["acmeco"]
      value = '[0-9a-f]{32}'
      example = "{hex:32}"

      """
    #expect(try mistakes(rule() + keyword).isEmpty)
    #expect(try advice(rule() + keyword).contains { $0.contains("a third is the most") })
  }

  @Test func aFailedOptionalChecksumIsAGuess() throws {
    func confidences(_ more: String) throws -> [Confidence] {
      let book = RuleBook([
        try provider(rule(pattern: "acme_[0-9A-Za-z]{36}", more: "checksum = \"crc32-base62\"\n" + more))
      ])
      let matcher = Matcher(MatcherProgram(book.rules))
      return try ["acme_{base62:30}{crc32-base62}", "acme_{base62:36}", "acme_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]
        .flatMap {
          var candidates: [Candidate] = []
          let text = try ExampleTemplate.expand($0, seed: 3)
          _ = matcher.scan(text.span, into: &candidates)
          return candidates.map(\.confidence)
        }
    }
    #expect(try confidences("") == [.checksum])
    #expect(try confidences("checksum_optional = true") == [.checksum, .guess])
  }
}

@Suite struct KeywordRuleTests {
  private static let program: MatcherProgram? = {
    let text = """
      [[rule]]
      kind = "keyword"
      id = "acme-token"
      name = "Acme token"
      severity = "high"
      keywords = ["acmeco", "acme_corp"]
      value = '[0-9a-f]{32}'
      example = "{hex:32}"

      """
    return (try? provider(text)).map { MatcherProgram($0.rules) }
  }()

  private func found(_ template: String) throws -> [String] {
    let matcher = Matcher(try #require(Self.program))
    let text = try ExampleTemplate.expand(template, seed: 11)
    var candidates: [Candidate] = []
    #expect(matcher.scan(text.span, into: &candidates).stopped.isEmpty)
    return candidates.map { String(decoding: text[$0.secret], as: UTF8.self) }
  }

  @Test(arguments: [
    "ACMECO_KEY={hex:32}", "acmeco_key: '{hex:32}'", "\"acmeco\": \"{hex:32}\"", "acmeco => '{hex:32}'",
    "acmeco_token(\"{hex:32}\")",
    "acmeco['key'] = '{hex:32}'", "--acmeco-token {hex:32}", "X-Acmeco-Key: {hex:32}",
    "https://acmeco.invalid/v1?key={hex:32}&a=b",
    "acmeco_auth: Bearer {hex:32}", "<add key=\"acmeco.key\" value=\"{hex:32}\"/>", "<acmecoKey>{hex:32}</acmecoKey>",
    "<key>AcmecoKey</key>{newline}  <string>{hex:32}</string>", "- name: ACMECO_KEY{newline}  value: {hex:32}",
    "[acmeco]{newline}api_key = {hex:32}", "provider \"acmeco\" {{{newline}  api_key = \"{hex:32}\"",
    "acmeco:{newline}  token: {hex:32}",
    "\"acmeco\": {{\"api_key\": \"{hex:32}\"}}", "{{\\\"acmeco_key\\\": \\\"{hex:32}\\\"}}",
    "NSString *acmecoKey = @\"{hex:32}\";",
    "# Acme Corp API key (production): {hex:32}", "getenv(\"ACMECO_KEY\", \"{hex:32}\")", "ENV ACMECO_TOKEN {hex:32}",
    "acme.corp.key={hex:32}",
    "$acmeco->setKey(\"{hex:32}\")", "let acmecoKey: String = \"{hex:32}\"", "acmeco_key := `{hex:32}`",
    "ACMECO_KEY ?= {hex:32}", "ACMECO_KEY :::= {hex:32}", "acmecoKey := []byte(\"{hex:32}\")",
    "$acmecoKey .= '{hex:32}';",
    "ENV['ACMECO_KEY'] ||= '{hex:32}'", ":acmeco_key => '{hex:32}'", "String acmecoKey = new String(\"{hex:32}\");",
    "| acmeco key | {hex:32} |", "<acmeco_token>{newline}    {hex:32}{newline}</acmeco_token>",
    "System.setProperty(\"ACMECO_TOKEN\", \"{hex:32}\")", "acmeco_key = base64.b64decode(\"{hex:32}\")",
  ])
  func everyUsualForm(_ template: String) throws { #expect(try found(template).count == 1, "\(template)") }

  @Test(arguments: [
    "key = {hex:32}", "acmeco_key={hex:31}", "acmeco_key={hex:33}", "acmeco_key=0x{hex:32}x", "acmeco at {hex:32}",
    "acmeco_key=00000000000000000000000000000000", "acmeco_key=${{ACMECO_KEY_0123456789abcdef}}",
    "acmeco_key = none{newline}{newline}other_sum = {hex:32}", "acmeco-1.0.tgz sha256={hex:64}",
  ])
  func andNothingElse(_ template: String) throws { #expect(try found(template).isEmpty, "\(template)") }

  /// A file of one keyword over and over, and one of all that may stand between a name and its value.
  @Test func hostileFilesAreReadOnce() throws {
    let matcher = Matcher(try #require(Self.program))
    for piece in ["acmeco", "acmeco_key ", "acmeco: {\n", "acmeco_key\"]='", "acmeco           ", "acmeco_token=\"'(["]
    {
      let text = Array(String(repeating: piece, count: 400_000 / piece.utf8.count).utf8)
      var candidates: [Candidate] = []
      _ = matcher.scan(text.span, into: &candidates)
      #expect(candidates.isEmpty)
    }
  }
}

/// The files in `Rules/` as a whole. That each rule holds was proven when they were packed.
@Suite struct RuleFilesTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Rules")

  private static let book: RuleBook? = {
    let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "toml" }
    return (try? files?.map { try ProviderFile.parse(Array(Data(contentsOf: $0)), name: $0.lastPathComponent) }).flatMap
    { $0 }
    .map(RuleBook.init)
  }()

  @Test func theyAreManyAndMostHaveAShapeOfTheirOwn() throws {
    let book = try #require(Self.book)
    let keywords = book.rules.count { $0.kind == .keyword }
    #expect(book.providers.count >= 300 && book.rules.count >= 500)
    #expect(
      Double(keywords) <= Double(book.rules.count) * RuleAdvice.keywordShare, "\(keywords) of \(book.rules.count)")
  }

  @Test func everySourceIsAPageAndEveryCallIsEncrypted() throws {
    let book = try #require(Self.book)
    for rule in book.rules { #expect(rule.source.hasPrefix("https://"), "\(rule.id)") }
    for provider in book.providers {
      let calls = provider.rules.compactMap(\.verify) + (provider.management?.verify.map { [$0] } ?? [])
      // What only asks must not be able to change anything.
      for call in calls { #expect(["GET", "HEAD", "POST"].contains(call.method), "\(provider.id)") }
    }
  }

  /// A scanner's own rule files, scanned, hold nothing: examples are templates.
  @Test func theFilesThemselvesHoldNoKey() throws {
    let book = try #require(Self.book)
    // A template looks random to the detectors of what no format tells.
    let rules = book.rules.filter { $0.kind != .detector }
    let matcher = Matcher(MatcherProgram(rules))
    for file in try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil) {
      var candidates: [Candidate] = []
      let bytes = try Array(Data(contentsOf: file))
      _ = matcher.scan(bytes.span, into: &candidates)
      for candidate in candidates {
        Issue.record(
          "\(file.lastPathComponent): \(rules[candidate.rule].id) at byte \(candidate.secret.lowerBound)")
      }
    }
  }
}
