// What gitleaks' commands write under keywright's name, and the flags that decide about it.

import Foundation
import Testing

@Suite struct GitleaksFormsTests {
  let sandbox: Sandbox
  let key: String
  let repository: String
  let commit: String
  let base: [String]

  init() throws {
    sandbox = try Sandbox()
    key = sandbox.keep(
      (0..<24).map { $0 % 2 == 0 ? "\(Int.random(in: 0...9))" : String("abcdef".randomElement() ?? "a") }.joined())
    repository = try sandbox.repository()
    commit = try sandbox.commit(
      "a\nshopkey = \"\(key)\"; // end\n", to: "src/a b.conf", in: repository, message: "Add <it>")
    let config = sandbox.root + "/c.toml"
    try """
    [[rules]]
    id = "shop-key"
    description = "Shop & key"
    regex = '''shop[a-z]*\\s*=\\s*"?([0-9a-f]{24})'''
    tags = ["shop", "two"]
    [[rules]]
    id = "env-file"
    description = "A file of settings"
    path = '''(^|/)\\.env$'''

    """.write(toFile: config, atomically: false, encoding: .utf8)
    base = ["git", repository, "-c", config, "--no-banner"]
  }

  private func template(_ text: String) throws -> Outcome {
    let file = sandbox.root + "/t.tmpl"
    try text.write(toFile: file, atomically: false, encoding: .utf8)
    return try sandbox.keywright(base + ["-f", "template", "--report-template", file, "-r", "-"])
  }

  private func python(_ script: String, _ input: String) throws -> String {
    let outcome = try sandbox.run("/usr/bin/env", ["python3", "-c", script], input: Array(input.utf8))
    #expect(outcome.status == 0, "\(outcome.errors)\(input)")
    return outcome.output
  }

  @Test func templates() throws {
    let outcome = try template(
      "{{ range . }}{{ .RuleID }}|{{ .StartLine }}|{{ .Line }}|{{ .Secret }}|{{ .Commit | trunc 7 }}|{{ .Message }}|{{ join \"+\" .Tags }}{{ end }}\n"
    )
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(
      outcome.output == "shop-key|2|shopkey = \"REDACTED\"; // end|REDACTED|\(commit.prefix(7))|Add <it>|shop+two\n")
    let refused = try template("a\n{{ range . }}\n {{ regexFind \"a\" .Line }}{{ end }}")
    #expect(
      refused.status == 1 && refused.errors.contains("t.tmpl:3:5: the function 'regexFind' is not supported"),
      "\(refused.errors)")
    let missing = try template("{{ range . }}{{ .Nothing }}{{ end }}")
    #expect(missing.status == 1 && missing.errors.contains("t.tmpl:1:17: a finding has no field Nothing"))
    #expect(try sandbox.keywright(base + ["-f", "template", "-r", "-"]).errors.contains("--report-template FILE"))
    #expect(try sandbox.keywright(base + ["-f", "json", "--report-template", "x", "-r", "-"]).status == 1)
    // The template alone says what is wanted.
    let file = sandbox.root + "/t.tmpl"
    try "{{ len . }}".write(toFile: file, atomically: false, encoding: .utf8)
    #expect(try sandbox.keywright(base + ["--report-template", file, "-r", "-"]).output == "1")
  }

  @Test func sarifUnderTheirNames() throws {
    let outcome = try sandbox.keywright(base + ["-f", "sarif", "-r", "-"])
    let seen = try python(
      """
      import json, sys
      run = json.load(sys.stdin)['runs'][0]
      r = run['results'][0]
      region = r['locations'][0]['physicalLocation']['region']
      print([x['id'] for x in run['tool']['driver']['rules']], r['ruleId'], r['level'], region['startLine'],
        region['snippet']['text'], r['locations'][0]['physicalLocation']['artifactLocation']['uri'],
        r['partialFingerprints']['author'], r['partialFingerprints']['commitMessage'], r['properties']['tags'])
      """, outcome.output)
    #expect(
      seen == "['shop-key', 'env-file'] shop-key error 2 REDACTED src/a%20b.conf Ada Add <it> ['shop', 'two']\n",
      "\(seen)")
  }

  @Test func junitIsXML() throws {
    let outcome = try sandbox.keywright(base + ["-r", sandbox.root + "/report.xml"])
    #expect(outcome.status == 1)
    let seen = try python(
      """
      import sys, json, xml.etree.ElementTree as tree
      suite = tree.fromstring(sys.stdin.read()).find('testsuite')
      case = suite.find('testcase')
      print(suite.get('tests'), suite.get('failures'), case.get('classname'), case.get('file'),
        json.loads(case.find('failure').text)['RuleID'])
      """, sandbox.read(sandbox.root + "/report.xml"))
    #expect(seen == "1 1 Shop & key src/a b.conf shop-key\n", "\(seen)")
    let none = try sandbox.keywright(base + ["--log-opts", "HEAD..HEAD", "-f", "junit", "-r", "-"])
    #expect(none.status == 0 && none.output.contains("tests=\"0\""))
  }

  @Test func filesThatAreFoundByTheirPath() throws {
    let added = try sandbox.commit("X=1\n", to: "deep/.env", in: repository)
    try sandbox.commit(nil, to: "deep/.env", in: repository)
    func files(_ arguments: [String]) throws -> [[String: Any]] {
      let outcome = try sandbox.keywright(arguments + ["-f", "json", "-r", "-"])
      let entries = try #require(
        JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]], "\(outcome.errors)")
      return entries.filter { $0["RuleID"] as? String == "env-file" }
    }
    let found = try files(base)
    #expect(found.count == 1 && found[0]["Match"] as? String == "file detected: deep/.env", "\(found)")
    #expect(found[0]["Secret"] as? String == "" && found[0]["StartLine"] as? Int == 0)
    #expect(found[0]["Fingerprint"] as? String == "\(added):deep/.env:env-file:0")
    #expect(try files(base + ["--log-opts", "HEAD~1..HEAD"]).isEmpty)
    #expect(try files(base + ["--enable-rule", "shop-key"]).isEmpty)
    try "\(added):deep/.env:env-file:0\n".write(
      toFile: repository + "/.gitleaksignore", atomically: false, encoding: .utf8)
    #expect(try files(base).isEmpty)
    try FileManager.default.createDirectory(atPath: repository + "/deep", withIntermediateDirectories: true)
    try "X=1\n".write(toFile: repository + "/deep/.env", atomically: false, encoding: .utf8)
    let config = ["-c", sandbox.root + "/c.toml"]
    #expect(try files(["dir", repository] + config).count == 1)
    #expect(try files(["git", repository, "--staged"] + config).isEmpty)
    try sandbox.git("add", "-f", ".", in: repository)
    #expect(try files(["git", repository, "--staged"] + config).count == 1)
    #expect(try sandbox.keywright(["dir", repository + "/deep/.env", "-f", "sarif", "-r", "-"] + config).status == 1)
  }

  @Test func linksToTheForge() throws {
    func link(_ remote: String, _ arguments: String...) throws -> String {
      try sandbox.git("config", "remote.origin.url", remote, in: repository)
      let outcome = try sandbox.keywright(base + ["-f", "json", "-r", "-"] + arguments)
      let entries = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]]
      return entries?.first?["Link"] as? String ?? "none"
    }
    let file = "\(commit)/src/a%20b.conf"
    #expect(try link("https://user:pass@github.com/o/r.git") == "https://github.com/o/r/blob/\(file)#L2")
    #expect(try link("git@gitlab.com:g/s/r.git") == "https://gitlab.com/g/s/r/blob/\(file)#L2")
    #expect(try link("ssh://git@codeberg.org:22/o/r/") == "https://codeberg.org/o/r/src/commit/\(file)#L2")
    #expect(try link("https://git.example/o/r") == "none")
    #expect(try link("https://git.example/o/r", "--platform", "gitlab") == "https://git.example/o/r/blob/\(file)#L2")
    #expect(try link("git@bitbucket.org:o/r", "--platform=none") == "none")
    #expect(try link("/srv/r.git") == "none")
    #expect(try link("https://github.com/o/<r>") == "none")
    #expect(try sandbox.keywright(base + ["--platform", "sourceforge"]).status == 126)
  }

  @Test func flagsThatDecideWhatIsFoundAndSaid() throws {
    try sandbox.commit(Data("shop=\(key)".utf8).base64EncodedString() + "\n", to: "encoded", in: repository)
    try sandbox.commit("x\n", to: "src/a b.conf", in: repository)
    let staged = base + ["--log-opts", "HEAD~2..HEAD"]
    _ = try sandbox.keywright(staged)
    let quiet = try sandbox.keywright(base + ["-l", "error"])
    #expect(quiet.status == 1 && !quiet.errors.contains("leaks found"), "\(quiet.errors)")
    #expect(try sandbox.keywright(base + ["--log-level", "warn", "--log-opts", "HEAD..HEAD"]).errors.isEmpty)
    #expect(try sandbox.keywright(base + ["--max-decode-depth", "0"]).status == 1)
    #expect(try sandbox.keywright(base + ["--max-decode-depth", "x"]).status == 126)
  }

  @Test func whatCanNotBeReadEndsAsAnError() throws {
    try sandbox.commit("nothing\n", to: "src/a b.conf", in: repository)
    let blob = try sandbox.git("rev-parse", "HEAD:src/a b.conf", in: repository)
    let object = repository + "/.git/objects/\(blob.prefix(2))/\(blob.dropFirst(2))"
    try FileManager.default.removeItem(atPath: object)
    let outcome = try sandbox.keywright(base + ["--exit-code", "9"])
    #expect(outcome.status == 1 && outcome.errors.contains("leaks found in a partial scan: 1"), "\(outcome.errors)")
  }
}
