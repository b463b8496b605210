// Other scanners' files in a repository, as keywright's own commands hear them: rules are added, what is not wanted is marked
// and counted, and at the gate the target branch's files count alone.

import Foundation
import Testing

@Suite struct ForeignFilesTests {
  let sandbox: Sandbox
  let shopKey: String
  let ourKey: String
  let repository: String

  init() throws {
    sandbox = try Sandbox()
    shopKey = sandbox.keep(
      (0..<24).map { $0 % 2 == 0 ? "\(Int.random(in: 0...9))" : String("abcdef".randomElement() ?? "a") }.joined())
    ourKey = sandbox.keep(SampleKey.aitbc())
    repository = try sandbox.repository()
  }

  private let rule = "[[rules]]\nid = 'shop-key'\nregex = 'shop[a-z]*\\s*=\\s*\"?([0-9a-f]{24})'\n"

  private func write(_ text: String, _ name: String) throws {
    try text.write(toFile: repository + "/" + name, atomically: false, encoding: .utf8)
  }

  private func rules(_ outcome: Outcome, open: Bool = true) throws -> [String] {
    let findings = try #require(try outcome.json()["findings"] as? [[String: Any]])
    return findings.filter { !($0["suppression"] is [String: Any]) == open }.compactMap { $0["rule"] as? String }
  }

  private func scan(_ arguments: String...) throws -> Outcome {
    try sandbox.keywright(["scan", "--format", "json"] + arguments, in: repository)
  }

  @Test func aLinkLeadsToNoFileOutside() throws {
    try sandbox.commit("key=\(ourKey)\n", to: "a", in: repository)
    let outside = sandbox.root + "/outside"
    try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
    try "of-somebody-else = 'private text'\n".write(toFile: outside + "/x.toml", atomically: false, encoding: .utf8)
    try FileManager.default.createSymbolicLink(atPath: repository + "/link", withDestinationPath: outside)
    for path in ["link/x.toml", "../outside/x.toml", outside + "/x.toml"] {
      try write("[extend]\npath = '\(path)'\n", ".gitleaks.toml")
      let outcome = try scan()
      #expect(outcome.status == 2)
      #expect(
        !outcome.errors.contains("of-somebody-else") && !outcome.errors.contains("private text"), "\(outcome.errors)")
    }
    // The same file within the repository is read.
    try write(rule, "more.toml")
    try write("[extend]\npath = './more.toml'\n", ".gitleaks.toml")
    #expect(try scan().status == 1)
  }

  @Test func rulesAreAddedAndOursStay() throws {
    try sandbox.commit("shop=\(shopKey)\nkey=\(ourKey)\n", to: "a", in: repository)
    let before = try scan()
    #expect(before.status == 1)
    #expect(try rules(before) == ["aitbc-api-key"])
    for name in [".gitleaks.toml", ".betterleaks.toml"] {
      try write(rule, name)
      let outcome = try scan()
      #expect(try rules(outcome) == ["aitbc-api-key", "shop-key"], "\(outcome.errors)")
      #expect(outcome.errors.contains("\(name): the program's own rules count beside its rules"))
      try FileManager.default.removeItem(atPath: repository + "/" + name)
    }
    // Named by the environment, and from below the top.
    let config = sandbox.root + "/c.toml"
    try rule.write(toFile: config, atomically: false, encoding: .utf8)
    let named = try sandbox.keywright(
      ["scan", "--format", "json"], in: repository, extra: ["GITLEAKS_CONFIG": config])
    #expect(try rules(named) == ["aitbc-api-key", "shop-key"])
    let stream = try sandbox.keywright(
      ["scan", "--stdin", "--format", "json"], input: Array("shop=\(shopKey)\n".utf8),
      extra: ["GITLEAKS_CONFIG_TOML": rule])
    #expect(try rules(stream) == ["shop-key"])
  }

  @Test func whatIsNotWantedIsMarkedAndCounted() throws {
    let commit = try sandbox.commit("key=\(ourKey)\n", to: "docs/a", in: repository)
    for text in [
      "[extend]\nuseDefault = true\n[allowlist]\npaths = ['^docs/']\n",
      "[extend]\nuseDefault = true\ndisabledRules = ['aitbc-api-key']\n",
      "[extend]\nuseDefault = true\n[[rules]]\nid = 'aitbc-api-key'\npath = '^src/'\n",
      "[extend]\nuseDefault = true\n[[rules]]\nid = 'aitbc-api-key'\nentropy = 99\n",
      "[extend]\nuseDefault = true\n[[rules]]\nid = 'aitbc-api-key'\n[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['^key=']\n",
    ] {
      try write(text, ".gitleaks.toml")
      let outcome = try scan()
      #expect(outcome.status == 0, "\(text): \(outcome.errors)")
      #expect(outcome.errors.contains(".gitleaks.toml excuses 1 place"), "\(outcome.errors)")
      #expect(try rules(outcome, open: false) == ["aitbc-api-key"])
    }
    try FileManager.default.removeItem(atPath: repository + "/.gitleaks.toml")
    for entry in ["docs/a:aitbc-api-key:1", "\(commit):docs/a:aitbc-api-key:1"] {
      try write("# known\n\(entry)\nnonsense\n", ".gitleaksignore")
      let outcome = try scan()
      #expect(outcome.status == 0 && outcome.errors.contains("excuses 1 place"), "\(outcome.errors)")
      #expect(outcome.errors.contains(".gitleaksignore:3: neither commit:file:rule:line"))
    }
    try write("docs/a:aitbc-api-key:2\n", ".gitleaksignore")
    #expect(try scan().status == 1)
    #expect(try sandbox.keywright("scan", "--dir", "docs", in: repository).status == 1)
  }

  @Test func aHostileFileHidesNothingUnseen() throws {
    try sandbox.commit("key=\(ourKey)\n", to: "a", in: repository)
    // A rule that claims everything and belongs nowhere, one that is never reported, one that takes our rule's name.
    for text in [
      "[[rules]]\nid = 'all'\nregex = '.+'\npath = '^nowhere$'\n",
      "[[rules]]\nid = 'all'\nregex = '.+'\nskipReport = true\n",
      "[extend]\nuseDefault = true\n[[rules]]\nid = 'aitbc-api-key'\nregex = 'nothing at all'\n",
      "[[rules]]\nid = 'needs'\nregex = '.+'\n[[rules.required]]\nid = 'aitbc-api-key'\nwithinLines = 0\n",
    ] {
      try write(text, ".gitleaks.toml")
      let outcome = try scan()
      let seen = try rules(outcome) + rules(outcome, open: false)
      #expect(!seen.isEmpty, "\(text)")
      #expect(outcome.status == 1 || outcome.errors.contains("excuses"), "\(text): \(outcome.errors)")
    }
    // Mistakes are told by line and stop the scan; a link is not followed out of the repository.
    try write("[[rules]]\nid = 'a'\nregex = '('\n", ".gitleaks.toml")
    let broken = try scan()
    #expect(broken.status == 2 && broken.errors.contains(".gitleaks.toml:3: a: regex"), "\(broken.errors)")
    try FileManager.default.removeItem(atPath: repository + "/.gitleaks.toml")
    try FileManager.default.createSymbolicLink(
      atPath: repository + "/.gitleaks.toml", withDestinationPath: "/etc/hostname")
    #expect(try scan().status == 2)
    try FileManager.default.removeItem(atPath: repository + "/.gitleaks.toml")
    try write("[extend]\npath = '../outside.toml'\n", ".gitleaks.toml")
    try rule.write(toFile: sandbox.root + "/outside.toml", atomically: false, encoding: .utf8)
    let outside = try scan()
    #expect(outside.status == 2 && outside.errors.contains(":2: extend.path: '../outside.toml' can't be read"))
  }

  @Test func theHookAndABareRepositoryHearThem() throws {
    try write(rule, ".gitleaks.toml")
    try write("shop=\(shopKey)\n", "a")
    try sandbox.git("add", ".", in: repository)
    #expect(try sandbox.keywright("hook", "run", "pre-commit", in: repository).status == 1)
    #expect(try sandbox.keywright("scan", "--staged", in: repository).status == 1)
    try write(rule + "[[allowlists]]\npaths = ['^a$']\n", ".gitleaks.toml")
    #expect(try sandbox.keywright("hook", "run", "pre-commit", in: repository).status == 0)
    try sandbox.git("add", ".", in: repository)
    try sandbox.git("commit", "-q", "-m", "x", in: repository)
    let bare = sandbox.root + "/bare.git"
    try sandbox.git("clone", "-q", "--bare", repository, bare, in: sandbox.root)
    let outcome = try sandbox.keywright("scan", bare)
    #expect(outcome.status == 0 && outcome.errors.contains("HEAD:.gitleaks.toml excuses 1 place"), "\(outcome.errors)")
    // What a baseline is made of is what a scan finds.
    try write(rule, ".gitleaks.toml")
    #expect(try sandbox.keywright("baseline", "create", in: repository).status == 0)
    #expect(try sandbox.read(repository + "/.keywright-baseline").contains(" shop-key"))
  }

  @Test func atTheGateTheTargetBranchSpeaks() throws {
    try sandbox.commit(rule + "[[allowlists]]\npaths = ['^fixtures/']\n", to: ".gitleaks.toml", in: repository)
    try sandbox.commit("old:aitbc-api-key:1\n", to: ".gitleaksignore", in: repository)
    try sandbox.git("checkout", "-q", "-b", "topic", in: repository)
    try sandbox.commit("shop=\(shopKey)\n", to: "fixtures/a", in: repository)
    try sandbox.commit("key=\(ourKey)\n", to: "old", in: repository)
    let gate = ["gate", "--base", "main", "--format", "json"]
    let known = try sandbox.keywright(gate, in: repository)
    #expect(known.status == 0, "\(known.errors)")
    #expect(known.errors.contains("main:.gitleaks.toml, main:.gitleaksignore excuse 2 places"), "\(known.errors)")
    // The change's own files say nothing for it, and are listed.
    try sandbox.commit("shop=\(shopKey)\n", to: "src/b", in: repository)
    try sandbox.commit(rule + "[[allowlists]]\npaths = ['.']\n", to: ".gitleaks.toml", in: repository)
    let judged = try sandbox.keywright(gate, in: repository, extra: ["GITLEAKS_CONFIG": ".gitleaks.toml"])
    #expect(judged.status == 1, "\(judged.errors)")
    #expect(try rules(judged).sorted() == ["keywright-gate-rules", "shop-key"])
    let absent = try sandbox.keywright(gate, in: repository, extra: ["GITLEAKS_CONFIG": "mine.toml"])
    #expect(absent.status == 2 && absent.errors.contains("there is no main:mine.toml"), "\(absent.errors)")
    let text = try sandbox.keywright(gate, in: repository, extra: ["GITLEAKS_CONFIG_TOML": "[allowlist]\npaths=['.']"])
    #expect(try rules(text) == ["keywright-gate-rules"], "what the job itself is told counts")
  }
}
