// Reports of other scanners as input: known by what they hold, found again in the repository, never shown.

import Foundation
import Testing

@Suite struct ImportTests {
  let sandbox: Sandbox
  let repository: String
  let key: String
  let other: String
  let commit: String

  init() throws {
    sandbox = try Sandbox()
    key = sandbox.keep(SampleKey.aitbc())
    // A value that no rule of ours knows.
    other = sandbox.keep("corp" + String(UUID().uuidString.replacing("-", with: "").prefix(9)))
    repository = try sandbox.repository()
    commit = try sandbox.commit("a\nkey = \"\(key)\"\nnote \(other) here\n", to: "src/a.conf", in: repository)
    try sandbox.commit("moved\n\n\nkey = \"\(key)\"\n", to: "src/a.conf", in: repository)
  }

  private func write(_ text: String, _ name: String = "foreign.json") throws -> String {
    let path = sandbox.root + "/" + name
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    return path
  }

  private func gitleaks(_ secret: String, line: Int = 2, commit: String? = nil, rule: String = "generic-api-key")
    -> String
  {
    """
    {"RuleID":"\(rule)","Description":"d","StartLine":\(line),"EndLine":\(line),"Match":"x","Secret":"\(secret)",
     "File":"src/a.conf","Commit":"\(commit ?? self.commit)","Fingerprint":"f"}
    """
  }

  private func findings(_ path: String, _ arguments: String...) throws -> [[String: Any]] {
    let outcome = try sandbox.keywright(
      ["report", path, "--repository", repository, "--format", "json"] + arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try #require(try outcome.json()["findings"] as? [[String: Any]])
  }

  private func place(_ finding: [String: Any]) throws -> [String: Any] {
    try #require((finding["occurrences"] as? [[String: Any]])?.first)
  }

  @Test func gitleaksWithAndWithoutTheValue() throws {
    let scanned = try sandbox.keywright("scan", repository, "--format", "json").json()
    let print = try #require((scanned["findings"] as? [[String: Any]])?.first?["fingerprint"] as? String)
    for shown in [key, "REDACTED", "", String(key.prefix(12)) + "..."] {
      let found = try findings(write("[\(gitleaks(shown))]"))
      let finding = try #require(found.first, "\(shown.count)")
      #expect(found.count == 1 && finding["rule"] as? String == "aitbc-api-key")
      // The same value has the same fingerprint, whoever found it.
      #expect(finding["fingerprint"] as? String == print)
      let place = try place(finding)
      #expect(
        place["line"] as? Int == 2 && place["commit"] as? String == commit && place["path"] as? String == "src/a.conf")
      #expect(finding["at_head"] as? Bool == true && place["offset"] as? Int == 9)
    }
    // What no rule of ours knows is the other scanner's word, under the name that it has there.
    let unknown = try #require(try findings(write("[\(gitleaks(other, line: 3, rule: "corp"))]")).first)
    #expect(unknown["rule"] as? String == "imported-corp" && unknown["at_head"] as? Bool == false)
  }

  @Test func whatCanNotBeFoundAgainIsTold() throws {
    let report = try write(
      "[\(gitleaks("REDACTED", line: 1)),\n\(gitleaks("REDACTED", commit: String(repeating: "ab", count: 20)))]")
    let outcome = try sandbox.keywright("report", report, "--repository", repository, "--format", "json")
    // The commit that is named is gone: the head has a line 2, which holds nothing.
    #expect(
      outcome.errors.contains("foreign.json:1: src/a.conf: nothing of that kind is found there any more"),
      "\(outcome.errors)")
    #expect(outcome.errors.contains("foreign.json:3: src/a.conf:"), "\(outcome.errors)")
    let coverage = try #require(try outcome.json()["coverage"] as? [String: Any])
    #expect(coverage["complete"] as? Bool == false)
    // A known value is kept: it can still be asked about and replaced.
    let gone = sandbox.keep("gone" + String(UUID().uuidString.prefix(8)))
    let kept = try sandbox.keywright(
      "report", write("[\(gitleaks(gone))]"), "--repository", repository, "--format", "json")
    #expect(kept.errors.contains("taken from the report"))
    #expect(try (kept.json()["findings"] as? [Any])?.count == 1)
  }

  @Test func trufflehogLines() throws {
    let line =
      "{\"SourceMetadata\":{\"Data\":{\"Git\":{\"commit\":\"\(commit)\",\"file\":\"src/a.conf\",\"email\":\"x\",\"line\":2}}},\"DetectorName\":\"Aitbc\",\"Verified\":true,\"Raw\":\"\(key)\",\"RawV2\":\"\"}\n"
    let file =
      "{\"SourceMetadata\":{\"Data\":{\"Filesystem\":{\"file\":\"\(repository)/src/a.conf\",\"line\":4}}},\"DetectorName\":\"Aitbc\",\"Verified\":false,\"Raw\":\"\(key)\"}\n"
    let found = try findings(write("{\"level\":\"info-0\",\"msg\":\"running\"}\n" + line + "\n" + file, "t.jsonl"))
    #expect(found.count == 1 && (found[0]["occurrences"] as? [Any])?.count == 2, "\(found)")
    // The other scanner's word for live is not ours.
    #expect(found[0]["verification"] is NSNull)
  }

  @Test func kingfisherDocumentsAndLines() throws {
    func item(_ snippet: String) -> String {
      "{\"rule\":{\"name\":\"x\",\"id\":\"betterleaks.aitbc-api-key\"},\"finding\":{\"snippet\":\"\(snippet)\",\"line\":2,\"path\":\"src/a.conf\",\"git_metadata\":{\"commit\":{\"id\":\"\(commit)\"},\"file\":{\"path\":\"src/a.conf\"}},\"validate_command\":\"kingfisher validate '\(snippet)'\"}}"
    }
    for text in [
      "{\"findings\":[\(item(key))],\"audit\":{}}\n{\"findings\":1,\"findings_by_rule\":[]}\n",
      item(key) + "\n" + item(key),
      "[\(item("[REDACTED:0123abcd]"))]", "{\"findings\": [\n\(item(key))\n]}",
    ] {
      let found = try findings(write(text))
      #expect(found.count == 1 && found[0]["rule"] as? String == "aitbc-api-key", "\(found)")
    }
  }

  @Test func detectSecretsKnowsHashesAlone() throws {
    func baseline(_ value: String, _ line: Int, _ more: String = "") throws -> String {
      let hash = try sandbox.run(
        "/usr/bin/env",
        ["python3", "-c", "import sys,hashlib; print(hashlib.sha1(sys.stdin.buffer.read()).hexdigest(), end='')"],
        input: Array(value.utf8)
      ).output
      return
        "{\"version\":\"1.5.0\",\"plugins_used\":[],\"results\":{\"src/a.conf\":[{\"type\":\"Secret Keyword\",\"filename\":\"src/a.conf\",\"hashed_secret\":\"\(hash)\",\"line_number\":\(line)\(more)}]},\"generated_at\":\"x\"}"
    }
    let known = try findings(write(baseline(key, 4)))
    #expect(known.count == 1 && known[0]["rule"] as? String == "aitbc-api-key")
    // A word that no rule finds: the file as it lies there has it no more, so it is lost.
    #expect(try findings(write(baseline(other, 3))).isEmpty)
    try sandbox.commit("x\ny = ['\(other)', 2]\n", to: "src/a.conf", in: repository)
    let word = try findings(write(baseline(other, 2)))
    #expect(word.count == 1 && word[0]["rule"] as? String == "imported-secret-keyword")
    #expect(try findings(write(baseline(other, 2, ",\"is_secret\":false"))).isEmpty)
  }

  @Test func badInputIsRefusedWithItsLine() throws {
    let refused = [
      ("", "foreign.json:1: the file is empty"),
      ("{\"a\":1}", "foreign.json:1: neither a report of keywright's nor one of"),
      ("[{\"RuleID\":\"x\"},\n{]", "foreign.json:2: no JSON report:"),
      ("{\"DetectorName\":\"x\"}\n{\"a\":\n", "foreign.json:2: no JSON report:"),
      ("{\"results\":{\"a\":3},\"version\":\"1\"}", "foreign.json:1: the findings of a file must be a list"),
      ("not json", "foreign.json:1: no JSON report:"), ("[1, 2]", "foreign.json:1: neither a report"),
      ("{\"schema_version\": 9}", "schema version 9"),
    ]
    for (text, wanted) in refused {
      let outcome = try sandbox.keywright("report", write(text), "--repository", repository)
      #expect(outcome.status == 2 && outcome.errors.contains(wanted), "\(text): \(outcome.errors)")
    }
    // A place outside of the repository is not read, and a strange one does no harm.
    let outside = sandbox.root + "/outside"
    try "key = \"\(key)\"\n".write(toFile: outside, atomically: false, encoding: .utf8)
    for path in ["../outside", outside, "a\\u0000b", "/", "src/a.conf/x", String(repeating: "a/", count: 2_000)] {
      let text =
        "[{\"RuleID\":\"x\",\"File\":\"\(path)\",\"StartLine\":1,\"Secret\":\"REDACTED\"},{\"RuleID\":\"x\",\"StartLine\":-9223372036854775808,\"EndLine\":9223372036854775807,\"Commit\":\"zz\"}]"
      #expect(try findings(write(text)).isEmpty)
    }
  }

  @Test func theyAreTakenByVerifyBaselineAndEveryFormat() throws {
    let report = try write("[\(gitleaks(key))]")
    #expect(try findings(report).count == 1)
    for format in ["html", "sarif", "markdown", "gitlab", "csv", "text"] {
      let outcome = try sandbox.keywright("report", report, "--repository", repository, "--format", format)
      #expect(outcome.status == 0 && outcome.output.contains("src/a.conf"), "\(format): \(outcome.errors)")
    }
    let plan = try sandbox.keywright("verify", report, "--repository", repository, "--plan")
    #expect(plan.status == 0, "\(plan.errors)")
    let created = try sandbox.keywright("baseline", "create", repository, "--report", report, "--reason", "known")
    #expect(created.status == 0 && created.errors.contains("1 findings written"), "\(created.errors)")
    #expect(try sandbox.keywright("scan", repository).status == 0)
    #expect(try sandbox.keywright("baseline", "check", repository, "--report", report).status == 0)
    #expect(try sandbox.filesHoldingValues(except: ["repository", "foreign.json"]).isEmpty)
  }
}
