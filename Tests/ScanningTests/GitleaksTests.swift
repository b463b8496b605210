// Configurations of gitleaks at work: whole-content rules, allowlists, ignore files and baselines.

import Foundation
import Git
import Matching
import Model
import RuleBook
import Secrets
import Testing

@testable import Scanning

/// A value that no literal in this file is.
private func value(_ random: inout Seeded, _ count: Int = 20) -> String {
  let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
  return String((0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] })
}

private struct Scanned {
  var report: ScanReport
  let reader: OccurrenceReader
  let configuration: GitleaksConfiguration

  init(_ toml: String, _ content: String, name: String = "src/app.conf") throws {
    configuration = try GitleaksConfiguration.parse(Array(toml.utf8), name: "c.toml", builtin: []) { _ in nil }
    let bytes = Array(content.utf8)
    let program = MatcherProgram(configuration.rules)
    report = try Scanner.stream(name: name, bytes: bytes, program: program)
    reader = OccurrenceReader(
      target: "-", rules: configuration.rules, environment: GitEnvironment(), stream: bytes)
    try AllowlistFilter(configuration).apply(to: &report, reader)
  }

  var open: [String] {
    report.findings.filter(\.isOpen).compactMap { $0.secret.map { String(decoding: $0.copyBytes(), as: UTF8.self) } }
      .sorted()
  }
}

private let rule = """
  [[rules]]
  id = "shop-key"
  description = "Shop key"
  regex = '''key\\s*=\\s*"([a-z0-9]{20})"'''
  keywords = ["SHOP"]

  """

@Suite struct GitleaksTests {
  private var random = Seeded(state: 4_711)

  @Test mutating func aKeywordAnywhereInTheContent() throws {
    let secret = value(&random)
    let line = "key = \"\(secret)\"\n"
    let filler = String(repeating: "nothing of interest\n", count: 5_000)
    #expect(try Scanned(rule, line).open.isEmpty)
    #expect(try Scanned(rule, "# Shop\n" + filler + line).open == [secret])
    #expect(try Scanned(rule.replacingOccurrences(of: "keywords = [\"SHOP\"]", with: ""), line).open == [secret])
    let place = try #require(try Scanned(rule, "shop\n \(line)").report.findings.first?.occurrences.first)
    #expect(place.line == 2 && place.column == 9 && place.length == 20)
  }

  @Test mutating func theSecretIsTheGroupAndEntropyCounts() throws {
    let secret = value(&random)
    let text = "\n\nkey: \(secret);"
    func rule(_ more: String) -> String { "[[rules]]\nid = 'r'\nregex = '(key): ([a-z0-9]+);'\n\(more)\n" }
    #expect(try Scanned(rule(""), text).open == ["key"])
    #expect(try Scanned(rule("secretGroup = 2"), text).open == [secret])
    #expect(try Scanned(rule("secretGroup = 2\nentropy = 6.1"), text).open.isEmpty)
    #expect(try Scanned("[[rules]]\nid = 'r'\nregex = '\\n+key: [a-z0-9]+'\n", text).open == ["key: \(secret)"])
    // A character is a character, however many bytes it has.
    #expect(try Scanned("[[rules]]\nid = 'r'\nregex = '^.{3}k(.)$'\n", "äöük€").open == ["€"])
    #expect(try Scanned("[[rules]]\nid = 'r'\nregex = 'x\\sy'\n", "x\u{b}y x y").open == ["x y"])
  }

  @Test mutating func requiredCompany() throws {
    let secret = value(&random)
    let toml = """
      [[rules]]
      id = "pair"
      regex = 'secret=([a-z0-9]{20})'
      [[rules.required]]
      id = "half"
      withinLines = 2
      [[rules]]
      id = "half"
      regex = 'id=[0-9]{4}'
      skipReport = true

      """
    #expect(try Scanned(toml, "secret=\(secret)\n").open.isEmpty)
    #expect(try Scanned(toml, "id=1234\n\nsecret=\(secret)\n").open == [secret])
    #expect(try Scanned(toml, "id=1234\n\n\nsecret=\(secret)\n").open.isEmpty)
  }

  @Test mutating func allowlists() throws {
    let secret = value(&random)
    let text = "shop\nkey = \"\(secret)\" # fixture\n"
    func open(_ list: String) throws -> Int {
      let global = try Scanned(rule + "[[allowlists]]\n" + list, text).open.count
      let own = try Scanned(rule + "[[rules.allowlists]]\n" + list, text).open.count
      #expect(global == own, "\(list)")
      return global
    }
    let (start, end) = (secret.prefix(4), secret.suffix(4))
    for covering in [
      "paths = ['^src/']", "regexes = ['^\(start)']", "regexTarget = 'match'\nregexes = ['^key.*\"$']",
      "regexTarget = 'line'\nregexes = ['# fixture$']", "stopwords = ['\(end.uppercased())']",
      "condition = 'AND'\npaths = ['conf$']\nregexes = ['\(end)$']", "paths = ['nowhere']\nstopwords = ['\(start)']",
    ] { #expect(try open(covering) == 0, "\(covering)") }
    for other in [
      "paths = ['^app']", "regexes = ['fixture']", "regexTarget = 'match'\nregexes = ['fixture']",
      "regexTarget = 'line'\nregexes = ['^shop']", "stopwords = ['fixture']",
      "condition = 'AND'\npaths = ['conf$']\nregexes = ['!']", "commits = ['0123']",
    ] { #expect(try open(other) == 1, "\(other)") }
    let marked = try Scanned(rule + "[allowlist]\ndescription = 'why'\npaths = ['src']\n", text).report.findings
    #expect(marked.count == 1 && marked[0].suppression?.reason == "the allowlist at c.toml:6: why")
    #expect(try Scanned(rule + "path = '^lib/'\n", text).report.findings.isEmpty)
    #expect(try Scanned(rule + "path = '^src/'\n", text).open == [secret])
  }

  @Test mutating func commitsAndPlaces() throws {
    let secret = value(&random)
    var scanned = try Scanned(rule, "shop\nkey = \"\(secret)\"\nkey = \"\(secret)\"\n")
    let id = try #require(ObjectID(hex: String(repeating: "ab", count: 20)))
    let commit = CommitInfo(id: id, author: "a", email: "b", time: 0, zone: 0, subject: "c")
    scanned.report.findings[0].occurrences[0].introduced = commit
    let toml = rule + "[allowlist]\ncommits = ['\(id.description.uppercased())']\n"
    let configuration = try GitleaksConfiguration.parse(Array(toml.utf8), name: "c", builtin: []) { _ in nil }
    try AllowlistFilter(configuration).apply(to: &scanned.report, scanned.reader)
    // One place is covered, the other is not.
    #expect(scanned.report.findings[0].isOpen && scanned.report.findings[0].occurrences.map(\.line) == [3])
  }

  @Test mutating func anIgnoreFile() throws {
    let secret = value(&random)
    let scanned = try Scanned(rule, "shop\nkey = \"\(secret)\"\n", name: "a:b.conf")
    func open(_ line: String) -> (Int, Int) {
      var report = scanned.report
      var ignored = GitleaksIgnore()
      ignored.add(ignoreFile: Array("# comment\n\n\(line)  \r\n".utf8), name: "i")
      ignored.apply(to: &report, rules: scanned.configuration.rules, scanned.reader)
      return (report.findings.count(where: \.isOpen), ignored.notes.count)
    }
    #expect(open("a:b.conf:shop-key:2") == (0, 0))
    #expect(open("a:b.conf:shop-key:1") == (1, 0) && open("a:b.conf:other:2") == (1, 0))
    #expect(open("b.conf:shop-key:2") == (1, 0) && open("nonsense") == (1, 1) && open("a:b:c") == (1, 1))
    #expect(open(String(repeating: "a", count: 40) + ":a:b.conf:shop-key:2") == (1, 0))
  }

  @Test mutating func aBaseline() throws {
    let secret = value(&random)
    let scanned = try Scanned(rule, "shop\nkey = \"\(secret)\"\n")
    func open(_ entries: String) throws -> Int {
      var report = scanned.report
      var ignored = GitleaksIgnore()
      try ignored.add(report: Array("[\(entries)]".utf8), name: "b.json")
      ignored.apply(to: &report, rules: scanned.configuration.rules, scanned.reader)
      return report.findings.count(where: \.isOpen)
    }
    func entry(_ line: Int, _ value: String, _ file: String = "src/app.conf") -> String {
      "{\"RuleID\": \"shop-key\", \"File\": \"\(file)\", \"StartLine\": \(line), \"Commit\": \"\", \"Secret\": \"\(value)\"}"
    }
    #expect(try open("") == 1 && open(entry(99, secret)) == 0 && open(entry(2, secret + "x")) == 1)
    #expect(try open(entry(2, "REDACTED")) == 0 && open(entry(3, "REDACTED")) == 1)
    #expect(try open(entry(2, secret, "other")) == 1 && open("{}") == 1)
    #expect(throws: RuleFileErrors.self) { try GitleaksIgnore().with(report: "{}") }
    #expect(throws: RuleFileErrors.self) { try GitleaksIgnore().with(report: "[") }
  }

  @Test func aPatternThatGoesBackForeverIsStoppedAndTold() throws {
    let toml = "[[rules]]\nid = 'r'\nregex = '(a|a)*(a|a)*[bc]'\n"
    let scanned = try Scanned(toml, String(repeating: "a", count: 3_000))
    #expect(scanned.report.findings.isEmpty && scanned.report.coverage.skips.contains { $0.reason == .matchLimit })
  }
}

extension GitleaksIgnore {
  fileprivate func with(report: String) throws -> GitleaksIgnore {
    var copy = self
    try copy.add(report: Array(report.utf8), name: "r")
    return copy
  }
}
