// Configurations of gitleaks case by case: what each means, and for what is refused the line and the reason. The files are
// our own, made here; gitleaks' own test files have the same cases.

import Model
import RuleBook
import Testing

private let builtin = [
  Rule(
    id: RuleID("acme-key"), provider: "acme", name: "Acme key", aliases: ["acme-api-key"], severity: .high,
    confidence: .structure, literals: ["acme_"], pattern: "acme_[0-9a-f]{32}", width: 40, source: "https://acme.example"
  )
]

private let base = """
  title = "base"
  [[rules]]
  id = "shop"
  description = "Shop"
  regex = 'shop_(.{0,20})?=?.[0-9a-zA-Z/+]{40}'
  tags = ["key", "shop"]
  keywords = ["SHOP"]
  [[rules.allowlists]]
  stopwords = ["fake"]
  [[rules]]
  id = "till"
  regex = '(?:T1|T2)[A-Z0-9]{16}'
  """

private func parse(
  _ text: String, _ files: [String: String] = ["base.toml": base], keepsBuiltin: Bool = false
) throws(RuleFileErrors) -> GitleaksConfiguration {
  try GitleaksConfiguration.parse(
    Array(text.utf8), name: "c.toml", builtin: builtin, keepsBuiltin: keepsBuiltin
  ) { path in files[path].map { Array($0.utf8) } }
}

@Suite struct GitleaksCasesTests {
  private static let refused: [(name: String, text: String, mistake: String)] = [
    ("an empty global allowlist", "\n[[allowlists]]\n", "c.toml:2: an allowlist needs at least one of"),
    (
      "both spellings of global allowlists", "[allowlist]\nregexes = ['1']\n[[allowlists]]\nregexes = ['2']\n",
      "c.toml:1: [allowlist] can't be used beside [[allowlists]]"
    ),
    (
      "a target that is none", "[[allowlists]]\nregexTarget = 'sceret'\nregexes = ['4']\n",
      "c.toml:1: allowlist: regexTarget must be secret, match or line, not 'sceret'"
    ),
    (
      "a target rule that is not there",
      "[[rules]]\nid = 'a'\nregex = 'a'\n[[allowlists]]\ntargetRules = ['a', 'b']\nregexes = ['.*f.*']\n",
      "c.toml:4: targetRules names the rule 'b'"
    ),
    (
      "an empty allowlist of a rule", "[[rules]]\nid = 'a'\nregex = 'a\\d+'\n  [[rules.allowlists]]\n",
      "c.toml:4: an allowlist needs at least one of"
    ),
    (
      "both spellings of a rule's allowlists",
      "[[rules]]\nid = 'a'\nregex = 'a'\n[rules.allowlist]\nregexes = ['1']\n[[rules.allowlists]]\nregexes = ['2']\n",
      "c.toml:4: [allowlist] can't be used beside [[allowlists]]"
    ),
    (
      "a rule's target that is none",
      "[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.allowlists]]\nregexTarget = 'lien'\nregexes = ['4']\n",
      "c.toml:4: allowlist: regexTarget must be"
    ),
    (
      "a base that is not there", "title = 'x'\n\n[extend]\npath = 'gone.toml'\n",
      "c.toml:4: extend.path: 'gone.toml' can't be read"
    ),
    (
      "a rule without an id over the default",
      "[extend]\nuseDefault = true\n\n[[rules]]\n[[rules.allowlists]]\npaths = ['x']\n",
      "c.toml:4: rule: id is missing"
    ),
    (
      "a group that the regex lacks",
      "[[rules]]\nid = 'a'\nregex = '(a)(=|>|:=|\\|\\|:)(b)'\nsecretGroup = 5\nentropy = 3.5\n",
      "c.toml:4: a: secretGroup is 5, but the regex has 3 groups"
    ),
    ("a rule without an id", "[[rules]]\ndescription = 'x'\nregex = 'x'\n", "c.toml:1: rule: id is missing"),
    (
      "neither regex nor path", "\n[[rules]]\nid = 'a'\ndescription = 'b'\n",
      "c.toml:2: a: regex and path are both empty"
    ),
    ("the default and a path", "[extend]\nuseDefault = true\npath = 'base.toml'\n", "c.toml:3: extend.path and"),
    ("what RE2 does not know", "[[rules]]\nid = 'a'\nregex = '''\n(a)\\1'''\n", "c.toml:3: a: regex: at character"),
  ]

  @Test(arguments: refused.map(\.name))
  func whatIsRefused(_ name: String) throws {
    let wanted = try #require(GitleaksCasesTests.refused.first { $0.name == name })
    do {
      _ = try parse(wanted.text)
      Issue.record("\(name) was accepted")
    } catch {
      #expect(error.mistakes.contains { $0.description.hasPrefix(wanted.mistake) }, "\(error.mistakes)")
    }
  }

  /// A file over the base that says something of its rule `shop`, and what the rule is then.
  private func over(_ text: String) throws -> (rule: Rule, configuration: GitleaksConfiguration) {
    let configuration = try parse("[extend]\npath = 'base.toml'\n[[rules]]\nid = 'shop'\n\(text)\n")
    let rule = try #require(configuration.rules.first { $0.id == RuleID("shop") })
    #expect(configuration.rules.count == 2)
    return (rule, configuration)
  }

  @Test func whatIsSaidOfARuleOfTheBaseCounts() throws {
    #expect(try over("description = 'Ours'").rule.name == "Ours")
    #expect(try over("description = 'Ours'").rule.content?.keywords == ["shop"])
    let entropy = try over("entropy = 999").rule
    #expect(entropy.minimumEntropy == 999 && entropy.name == "Shop")
    #expect(try over("keywords = ['Till']").rule.content?.keywords == ["shop", "till"])
    #expect(try over("path = '(?:till)'").configuration.paths[RuleID("shop")]?.contains("till") == true)
    #expect(try over("regex = '(?:abc)'").rule.pattern.contains("abc"))
    let group = try over("regex = '(a)(a)'\nsecretGroup = 2").rule
    #expect(group.secretGroup == 2 && group.pattern == "(a)(a)")
    #expect(try over("tags = ['more']").configuration.tags[RuleID("shop")] == ["key", "shop", "more"])
    let lists = try over("[[rules.allowlists]]\npaths = ['x.py']").configuration.allowlists
    #expect(lists.map(\.stopWords) == [["fake"], []] && lists.allSatisfy { $0.rules == [RuleID("shop")] })
  }

  @Test func allowlistsWithAndAndOr() throws {
    let text =
      "[[rules.allowlists]]\n%commits = ['abcdefg1']\nregexes = ['foo.+bar']\nregexTarget = 'line'\npaths = ['i\\.xaml']\nstopwords = ['Example']"
    for (condition, all) in [("condition = 'AND'\n", true), ("condition = 'OR'\n", false), ("", false)] {
      let configuration = try over(text.replacing("%", with: condition)).configuration
      let list = try #require(configuration.allowlists.last)
      #expect(configuration.allowlists.count == 2 && list.requiresAll == all && list.target == .line)
      #expect(list.commits == ["abcdefg1"] && list.stopWords == ["example"] && list.paths == [#"i\x2examl"#])
    }
  }

  @Test func basesOfBasesAreFollowedTwoDeep() throws {
    func file(_ next: String, _ id: String) -> String {
      "[extend]\npath = '\(next)'\n[[rules]]\nid = '\(id)'\nregex = 'x'\n"
    }
    let files = ["1": file("2", "b"), "2": file("3", "c"), "3": "[[rules]]\nid = 'd'\nregex = 'x'\n"]
    let configuration = try parse(file("1", "a"), files)
    #expect(Set(configuration.rules.map(\.id.rawValue)) == ["a", "b", "c"])
    #expect(configuration.notes.map(\.description).contains { $0.hasPrefix("2:2: extend.path is followed") })
  }

  @Test func rulesOfTheBaseAreDisabled() throws {
    let configuration = try parse("[extend]\npath = 'base.toml'\ndisabledRules = [\n'till',\n'gone'\n]\n")
    #expect(configuration.rules.map(\.id.rawValue) == ["shop"])
    #expect(configuration.notes.map(\.description) == ["c.toml:5: disabledRules: there is no rule 'gone' to disable"])
  }

  @Test func ofTwoRulesOfOneIdTheLastCounts() throws {
    let configuration = try parse(
      "[[rules]]\nid = 'a'\nregex = 'x'\nkeywords = ['k']\n[[rules]]\nid = 'b'\nregex = 'y'\n[[rules]]\nid = 'a'\nregex = 'z'\n"
    )
    #expect(configuration.rules.map(\.id.rawValue) == ["b", "a"] && configuration.rules[1].pattern == "z")
    #expect(configuration.rules[1].content?.keywords == [])
    #expect(
      configuration.notes.map(\.description) == ["c.toml:1: a: the rule of the same id in line 8 takes its place"])
  }

  @Test func aRuleThatIsMeantForNoneIsTold() throws {
    for extend in ["path = 'base.toml'", "useDefault = true"] {
      let configuration = try parse("[extend]\n\(extend)\n[[rules]]\nid = 'nobody'\nkeywords = ['CMS']\n")
      #expect(!configuration.rules.contains { $0.id.rawValue == "nobody" })
      #expect(
        configuration.notes.map(\.description).contains { $0.hasPrefix("c.toml:3: nobody: there is no such rule") })
    }
  }

  @Test func aRuleOfAPathAlone() throws {
    let configuration = try parse(
      """
      [[rules]]
      id = "python"
      description = "Python files"
      path = '''.py'''
      tags = ["t"]
      [[allowlists]]
      targetRules = ["python"]
      paths = ["^vendor/"]
      """)
    let rule = try #require(configuration.pathRules.first)
    #expect(
      rule.id == RuleID("python") && rule.name == "Python files" && rule.line == 1 && rule.pattern.hasSuffix("py"))
    #expect(configuration.rules.isEmpty && configuration.notes.isEmpty)
    #expect(configuration.tags[RuleID("python")] == ["t"] && configuration.allowlists[0].rules == [RuleID("python")])
  }

  @Test func severalGlobalAllowlistsAndTargets() throws {
    let configuration = try parse(
      """
      [[rules]]
      id = "a"
      regex = 'token = "(.+)"'
      [[rules]]
      id = "b"
      regex = 'b'
      [[allowlists]]
      regexes = ["^changeit$"]
      [[allowlists]]
      condition = "AND"
      paths = ["^node_modules/.*"]
      stopwords = ["mock"]
      [[allowlists]]
      targetRules = ["a", "b"]
      commits = ["anything"]
      """)
    #expect(configuration.allowlists.map(\.rules) == [nil, nil, [RuleID("a"), RuleID("b")]])
    #expect(configuration.allowlists.map(\.requiresAll) == [false, true, false])
    let old = try parse("[allowlist]\nstopwords = ['0989C462']\nregexes = ['AKIAL.L3']\n")
    #expect(old.allowlists.count == 1 && old.allowlists[0].stopWords == ["0989c462"] && old.rules.isEmpty)
  }

  @Test func betterleaksWritesDistancesItsOwnWay() throws {
    let configuration = try parse(
      """
      betterleaksMinVersion = "1.7.4"
      [[rules]]
      id = "pair"
      regex = "p"
      components = [{id = "half", within = "5L"}, {id = "half", within = "40C"}]
      filter = "x"
      tokenEfficiency = true
      [[rules]]
      id = "half"
      regex = "h"
      """)
    let half = [RuleID("half")]
    #expect(
      configuration.rules[0].content?.required == [
        ContentScope.Required(rules: half, withinLines: 5), ContentScope.Required(rules: half, withinColumns: 40),
      ])
    #expect(
      configuration.notes.map(\.line) == [6, 7] && configuration.notes.allSatisfy { $0.reason.contains("betterleaks") })
    #expect(throws: RuleFileErrors.self) {
      _ = try parse("[[rules]]\nid = 'a'\nregex = 'a'\ncomponents = [{id = 'a', within = '5X'}]\n")
    }
  }

  @Test func whereOurRulesStayAFileOnlySpeaksAgainstThem() throws {
    let configuration = try parse(
      """
      [extend]
      useDefault = true
      disabledRules = ["acme-api-key"]
      [[rules]]
      id = "acme-key"
      entropy = 9
      path = "^src/"
      """, keepsBuiltin: true)
    #expect(configuration.rules == builtin && configuration.paths.isEmpty)
    #expect(configuration.restraints.map(\.line) == [3, 4, 7])
    #expect(configuration.restraints.map(\.limit).prefix(2) == [.disabled, .entropy(9)])
    #expect(configuration.restraints.allSatisfy { $0.rules == [RuleID("acme-key")] && $0.file == "c.toml" })
    // One of its own of the same name stands beside ours.
    let beside = try parse("[[rules]]\nid = 'acme-api-key'\nregex = 'z'\n", keepsBuiltin: true)
    #expect(beside.rules.map(\.id.rawValue) == ["acme-key", "acme-api-key"])
    let replaced = try parse("[[rules]]\nid = 'acme-key'\nregex = 'z'\n", keepsBuiltin: true)
    #expect(replaced.rules.map(\.id.rawValue) == ["acme-key", "gitleaks-acme-key"])
    #expect(replaced.notes.map(\.line) == [0, 1])
  }
}
