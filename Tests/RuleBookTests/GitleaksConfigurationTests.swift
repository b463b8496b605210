// Configurations of gitleaks: what they become, every mistake at once, and what is told because it can't be honoured.

import Model
import RuleBook
import Testing

private let builtin = [
  Rule(
    id: RuleID("acme-key"), provider: "acme", name: "Acme key", aliases: ["acme-api-key", "acme-token"],
    severity: .high,
    confidence: .structure, literals: ["acme_"], pattern: "acme_[0-9a-f]{32}", width: 40, source: "https://acme.example"
  ),
  Rule(
    id: RuleID("other-key"), provider: "other", name: "Other key", aliases: ["other"], severity: .high,
    confidence: .structure,
    literals: ["othr"], pattern: "othr[0-9]{9}", width: 40,
    source: "https://other.example"),
]

private func parse(
  _ text: String, _ files: [String: String] = [:]
) throws(RuleFileErrors) -> GitleaksConfiguration {
  try GitleaksConfiguration.parse(Array(text.utf8), name: "c.toml", builtin: builtin) { path in
    files[path].map { Array($0.utf8) }
  }
}

private func mistakes(_ text: String, _ files: [String: String] = [:]) -> [String] {
  do {
    _ = try parse(text, files)
    return []
  } catch { return error.mistakes.map(\.description) }
}

@Suite struct GitleaksConfigurationTests {
  @Test func aRule() throws {
    let configuration = try parse(
      """
      title = "ours"
      [[rules]]
      id = "shop-key"
      description = "Shop key"
      regex = '''(?i)shop\\s*=\\s*([a-z]{8,12})'''
      secretGroup = 1
      entropy = 3.5
      keywords = ["Shop"]
      tags = ["a", "b"]
      path = '''\\.conf$'''
      """)
    let rule = try #require(configuration.rules.first)
    #expect(configuration.rules.count == 1 && configuration.notes.isEmpty && configuration.allowlists.isEmpty)
    #expect(rule.id == RuleID("shop-key") && rule.name == "Shop key" && rule.secretGroup == 1)
    #expect(rule.minimumEntropy == 3.5 && rule.literals.isEmpty && rule.content?.keywords == ["shop"])
    #expect(rule.pattern.hasPrefix("(?i)shop[") && configuration.tags[rule.id] == ["a", "b"])
    #expect(configuration.paths[rule.id] == #"\x2econf(?:\z)"#)
  }

  @Test func keysInAnyCaseAndOneTextForAList() throws {
    let configuration = try parse(
      """
      [[Rules]]
      ID = "x"
      Regex = "x(y)"
      SECRETGROUP = 1
      Keywords = "a,b"
      """)
    #expect(configuration.rules.first?.content?.keywords == ["a", "b"] && configuration.rules.first?.secretGroup == 1)
  }

  @Test func theDefaultIsOurs() throws {
    #expect(try parse("[[rules]]\nid = 'x'\nregex = 'y'\n").rules.map(\.id.rawValue) == ["x"])
    let all = try parse("[extend]\nuseDefault = true\n")
    #expect(all.rules == builtin)
    let fewer = try parse("[extend]\nuseDefault = true\ndisabledRules = ['acme-token', 'nobody']\n")
    #expect(fewer.rules.map(\.id.rawValue) == ["other-key"])
    #expect(fewer.notes.count == 1 && fewer.notes[0].reason.contains("'nobody'") && fewer.notes[0].line == 3)
  }

  @Test func aDefaultRuleIsChangedOrReplaced() throws {
    let changed = try parse(
      """
      [extend]
      useDefault = true
      [[rules]]
      id = "acme-api-key"
      description = "Ours"
      entropy = 4
      path = "src/"
      keywords = ["zzz"]
      [[rules.allowlists]]
      regexes = ["^acme_0"]
      [[rules]]
      id = "other"
      regex = "Othr[0-9]{5}"
      """)
    let acme = try #require(changed.rules.first { $0.id == RuleID("acme-key") })
    #expect(acme.name == "Ours" && acme.minimumEntropy == 4 && acme.pattern == builtin[0].pattern)
    #expect(changed.paths[acme.id] != nil && changed.allowlists.first?.rules == [acme.id])
    #expect(changed.notes.map(\.line) == [3])
    let other = try #require(changed.rules.first { $0.id == RuleID("other") })
    #expect(!changed.rules.contains { $0.id == RuleID("other-key") } && other.content?.keywords == ["othr"])
  }

  @Test func allowlists() throws {
    let configuration = try parse(
      """
      [[rules]]
      id = "x"
      regex = "x"
      [rules.allowlist]
      stopwords = ["Dummy"]
      [[rules]]
      id = "y"
      regex = "y"
      [[allowlists]]
      description = "fixtures"
      condition = "and"
      targetRules = ["y"]
      commits = ["ABCDEF"]
      paths = ['^tests/']
      regexTarget = "Line"
      regexes = ["z$"]
      """)
    let lists = configuration.allowlists
    #expect(lists.count == 2 && lists[0].rules == [RuleID("x")] && lists[0].stopWords == ["dummy"])
    #expect(!lists[0].requiresAll && lists[0].target == .secret)
    #expect(lists[1].rules == [RuleID("y")] && lists[1].requiresAll && lists[1].target == .line)
    #expect(lists[1].commits == ["abcdef"] && lists[1].expressions == [#"z(?:\z)"#] && lists[1].purpose == "fixtures")
  }

  @Test func extendingAFile() throws {
    let base = """
      [[rules]]
      id = "x"
      description = "base"
      regex = "x(a)"
      keywords = ["k"]
      entropy = 2
      [[rules]]
      id = "gone"
      regex = "g"
      [allowlist]
      paths = ["vendor"]
      """
    let child = """
      [extend]
      path = "base.toml"
      disabledRules = ["gone"]
      [[rules]]
      id = "x"
      entropy = 3
      keywords = ["l"]
      """
    let merged = try parse(child, ["base.toml": base])
    let rule = try #require(merged.rules.first)
    #expect(merged.rules.count == 1 && rule.name == "base" && rule.minimumEntropy == 3 && rule.pattern == "x(a)")
    #expect(rule.content?.keywords == ["k", "l"] && merged.allowlists.count == 1)
    #expect(mistakes(child).first == "c.toml:2: extend.path: 'base.toml' can't be read")
    // A file that extends itself comes to an end.
    #expect(try parse("[extend]\npath = 'c'\n", ["c": "[extend]\npath = 'c'\n"]).notes.count == 1)
    #expect(mistakes("[extend]\npath = 'b'\n", ["b": "[[rules]]\nregex = '('\n"]).first?.hasPrefix("b:1:") == true)
  }

  @Test func requiredRules() throws {
    let configuration = try parse(
      """
      [[rules]]
      id = "pair"
      regex = "p"
      [[rules.required]]
      id = "half"
      withinLines = 5
      withinColumns = 40
      [[rules]]
      id = "half"
      regex = "h"
      skipReport = true
      """)
    let pair = configuration.rules[0].content?.required
    #expect(pair == [ContentScope.Required(rules: [RuleID("half")], withinLines: 5, withinColumns: 40)])
    #expect(configuration.rules[1].content?.isReported == false)
  }

  @Test func everyMistakeAtOnce() {
    let found = mistakes(
      """
      [[rules]]
      description = "no id"
      regex = "a"
      [[rules]]
      id = "b"
      [[rules]]
      id = "c"
      regex = "c(?=d)"
      [[rules]]
      id = "e"
      regex = "(e)"
      secretGroup = 2
      [[rules]]
      id = "e"
      regex = "f"
      entropy = "high"
      [[rules.required]]
      id = "nobody"
      [[allowlists]]
      description = "empty"
      [[allowlists]]
      targetRules = ["nobody"]
      stopwords = ["x"]
      [[allowlists]]
      condition = "XOR"
      paths = ["("]
      """)
    let lines = Set(found.map { $0.split(separator: ":")[1] })
    #expect(lines.isSuperset(of: ["1", "4", "8", "16", "17", "19", "21", "24", "26"]), "\(found)")
    #expect(
      mistakes("[[rules]]\nid = 'x'\nregex = 'y'\n[allowlist]\npaths=['a']\n[[allowlists]]\npaths=['b']\n").count == 1)
    #expect(mistakes("[extend]\nuseDefault = true\npath = 'b'\n", ["b": ""]).count == 1)
    #expect(mistakes("title = [").count == 1)
  }

  @Test func whatIsNotHonouredIsTold() throws {
    let notes = try parse(
      """
      surprise = 1
      [extend]
      url = "https://example.invalid/"
      [[rules]]
      id = "path-only"
      path = '\\.pem$'
      [[rules]]
      id = "letters"
      regex = '\\pL+'
      validate = "x"
      """
    ).notes
    #expect(notes.map(\.line) == [1, 3, 9, 10], "\(notes)")
  }
}
