// gitleaks' commands, configuration, files and exit codes under keywright's name.

import Foundation
import Testing

@Suite struct GitleaksTests {
  let sandbox: Sandbox
  let key: String
  let repository: String

  init() throws {
    sandbox = try Sandbox()
    // Digits and letters by turns: a value of the test's own rule, which looks like no provider's.
    key = sandbox.keep(
      (0..<24).map { $0 % 2 == 0 ? "\(Int.random(in: 0...9))" : String("abcdef".randomElement() ?? "a") }.joined())
    repository = try sandbox.repository()
  }

  private let configuration = """
    [[rules]]
    id = "shop-key"
    description = "Shop key"
    regex = '''shop[a-z]*\\s*=\\s*"?([0-9a-f]{24})'''
    keywords = ["shop"]
    tags = ["shop"]

    """

  private func entries(_ outcome: Outcome) throws -> [[String: Any]] {
    try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]], "\(outcome.output)")
  }

  @Test func aRepositoryWithItsOwnConfiguration() throws {
    try sandbox.commit(configuration, to: ".gitleaks.toml", in: repository)
    let commit = try sandbox.commit("a\nshopkey = \"\(key)\"\n", to: "src/a.conf", in: repository)
    let outcome = try sandbox.keywright("git", repository, "-f", "json", "-r", "-", "--no-banner")
    #expect(outcome.status == 1 && outcome.errors.contains("leaks found: 1"), "\(outcome.errors)")
    let entry = try #require(try entries(outcome).first)
    #expect(entry["RuleID"] as? String == "shop-key" && entry["Description"] as? String == "Shop key")
    #expect(entry["File"] as? String == "src/a.conf" && entry["Commit"] as? String == commit)
    #expect(entry["StartLine"] as? Int == 2 && entry["StartColumn"] as? Int == 1 && entry["EndColumn"] as? Int == 35)
    #expect(entry["Secret"] as? String == "REDACTED" && entry["Match"] as? String == "shopkey = \"REDACTED")
    #expect(entry["Date"] as? String == "2026-01-02T02:04:05Z" && entry["Tags"] as? [String] == ["shop"])
    let order = [
      "RuleID", "StartLine", "Match", "Secret", "File", "Commit", "Entropy", "Author", "Message", "Fingerprint",
    ]
    let places = order.compactMap { outcome.output.range(of: "\n  \"\($0)\": ")?.lowerBound }
    #expect(places.count == order.count && places == places.sorted())
    let fingerprint = try #require(entry["Fingerprint"] as? String)
    #expect(fingerprint == "\(commit):src/a.conf:shop-key:2")
    try "# known\n\(fingerprint)\n".write(toFile: repository + "/.gitleaksignore", atomically: false, encoding: .utf8)
    #expect(try sandbox.keywright("detect", "--source", repository, "-v").status == 0)
    #expect(try sandbox.keywright("git", ".", "-v", in: repository).status == 0)
  }

  @Test func theValueIsShownOnRequestAndABaselineTakesIt() throws {
    try sandbox.commit("shop=\(key)\n", to: "a", in: repository)
    let config = sandbox.root + "/c.toml"
    try configuration.write(toFile: config, atomically: false, encoding: .utf8)
    let report = sandbox.root + "/report.json"
    let base = ["git", repository, "-c", config]
    let made = try sandbox.keywright(base + ["--report-path=\(report)", "--show-secrets", "--exit-code", "7"])
    #expect(made.status == 7, "\(made.errors)")
    #expect(try String(contentsOfFile: report, encoding: .utf8).contains(key))
    #expect(try sandbox.keywright(base + ["-b", report]).status == 0)
    try sandbox.commit("\n\nshop=\(key)\n", to: "a", in: repository)
    #expect(try sandbox.keywright(base + ["-b\(report)"]).status == 0)
    let other = try sandbox.keywright(["git", repository, "-f", "csv", "-r", "-"], extra: ["GITLEAKS_CONFIG": config])
    #expect(other.status == 1 && other.output.hasPrefix("RuleID,Commit,File,SymlinkFile,Secret,Match,"))
    let text = try sandbox.keywright(["git", repository], extra: ["GITLEAKS_CONFIG_TOML": configuration])
    #expect(text.status == 1)
    #expect(try sandbox.keywright(base + ["--log-opts", "HEAD~1", "-v"]).status == 1)
    // The last commit moves the line and adds none that holds a value.
    #expect(try sandbox.keywright(base + ["--log-opts=HEAD~1..HEAD"]).status == 0)
    let told = try sandbox.keywright(base + ["--log-opts", "--since=yesterday ^HEAD~1 HEAD"])
    #expect(told.status == 0 && told.errors.contains("'--since=yesterday' is not honoured"))
    #expect(try sandbox.keywright(base + ["--exit-code=0"]).status == 0)
  }

  @Test func filesStreamsAndWhatIsStaged() throws {
    let config = sandbox.root + "/c.toml"
    try configuration.write(toFile: config, atomically: false, encoding: .utf8)
    try sandbox.commit("a\n", to: "a", in: repository)
    let stream = try sandbox.keywright(["stdin", "-c", config, "-f=json", "-r-"], input: Array("shop=\(key)".utf8))
    #expect(stream.status == 1, "\(stream.errors)")
    #expect(try entries(stream).first?["Fingerprint"] as? String == ":shop-key:1")
    try "shop=\(key)\n".write(toFile: repository + "/b.txt", atomically: false, encoding: .utf8)
    let files = try sandbox.keywright(["dir", repository, "-c", config, "-f", "json", "-r", "-"])
    #expect(files.status == 1)
    #expect(try entries(files).first?["Commit"] as? String == "")
    #expect(try sandbox.keywright(["git", repository, "--staged", "--pre-commit", "-c", config]).status == 0)
    try sandbox.git("add", ".", in: repository)
    #expect(try sandbox.keywright(["git", repository, "--staged", "--pre-commit", "-c", config]).status == 1)
    #expect(try sandbox.keywright(["protect", "-s", repository, "--staged", "-c", config]).status == 1)
    #expect(try sandbox.keywright(["git", repository, "-c", config, "-f", "json", "-r", "-"]).output == "[]\n")
  }

  @Test func theDefaultIsOursUnderTheirNames() throws {
    let own = sandbox.keep(SampleKey.aitbc())
    try sandbox.commit("AITBC_API_KEY=\(own)\n", to: "a", in: repository)
    #expect(try sandbox.keywright("git", repository).status == 1)
    try sandbox.commit(
      "[extend]\nuseDefault = true\n[allowlist]\npaths = ['^a$']\n", to: ".gitleaks.toml", in: repository)
    #expect(try sandbox.keywright("git", repository).status == 0)
  }

  @Test func whatIsWrongIsTold() throws {
    let unknown = try sandbox.keywright("git", "--no-such-flag", repository)
    #expect(unknown.status == 126 && unknown.errors.contains("unknown flag: --no-such-flag"))
    #expect(try sandbox.keywright("dir", "-Z").status == 126)
    #expect(try sandbox.keywright("git", "--exit-code", "x", repository).status == 126)
    let config = sandbox.root + "/bad.toml"
    try "[[rules]]\nid = 'a'\nregex = '(?=a)'\n[[rules]]\nid = 'b'\n".write(
      toFile: config, atomically: false, encoding: .utf8)
    let bad = try sandbox.keywright("git", repository, "-c", config)
    #expect(bad.status == 1 && bad.errors.contains("bad.toml:3: a: regex: at character 1"), "\(bad.errors)")
    #expect(bad.errors.contains("bad.toml:4: b: regex and path are both empty"))
    #expect(try sandbox.keywright("git", repository, "-c", sandbox.root + "/none").status == 1)
    #expect(try sandbox.keywright("git", repository, "--enable-rule", "nobody").status == 1)
    #expect(try sandbox.keywright("git", repository, "-f", "template", "-r", "-").status == 1)
    #expect(try sandbox.keywright("git", "--help").status == 0)
  }
}
