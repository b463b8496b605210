// Configuration as its user meets it: where it is found, what goes before what, what is said of mistakes, and what a
// repository may say of itself.

import Foundation
import Testing

@Suite struct ConfigurationTests {
  let sandbox: Sandbox
  let key: String

  init() throws {
    sandbox = try Sandbox()
    key = sandbox.keep(SampleKey.aitbc())
  }

  private func write(_ content: String, to path: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try content.write(toFile: path, atomically: false, encoding: .utf8)
  }

  private struct Value: Equatable {
    var value: String
    var kind: String
    var path: String?
    var line: Int?
    var name: String?
  }

  private func shown(_ arguments: String..., in directory: String, extra: [String: String] = [:]) throws -> [String:
    Value]
  {
    let outcome = try sandbox.keywright(["config", "show", "--json"] + arguments, in: directory, extra: extra)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let values = try #require(try outcome.json()["values"] as? [[String: Any]])
    return Dictionary(
      uniqueKeysWithValues: values.map { entry in
        let origin = entry["origin"] as? [String: Any] ?? [:]
        return (
          entry["name"] as? String ?? "",
          Value(
            value: entry["value"] as? String ?? "", kind: origin["kind"] as? String ?? "",
            path: origin["path"] as? String, line: origin["line"] as? Int, name: origin["name"] as? String)
        )
      })
  }

  @Test func flagsGoBeforeVariablesBeforeTheRepositoryBeforeTheUser() throws {
    let repository = try sandbox.repository()
    let name = "scan.min_confidence"
    #expect(try shown(in: repository)[name] == Value(value: "context", kind: "default"))
    let own = sandbox.root + "/config/keywright/keywright.toml"
    try write("# mine\n[scan]\nmin_confidence = \"checksum\"\nformat = \"json\"\nthreads = 3\n", to: own)
    var values = try shown(in: repository)
    #expect(values[name] == Value(value: "checksum", kind: "file", path: own, line: 3))
    #expect(values["scan.threads"] == Value(value: "3", kind: "file", path: own, line: 5))
    try write(
      "[gate]\nfail_on = \"any\"\n\n[scan]\nmin_confidence = \"structure\"\n", to: repository + "/.keywright.toml")
    values = try shown(in: repository)
    #expect(values[name]?.value == "structure" && values[name]?.line == 5)
    #expect(values[name]?.path?.hasSuffix("/.keywright.toml") == true)
    #expect(values["gate.fail_on"]?.value == "any" && values["gate.fail_on"]?.line == 2)
    #expect(values["gate.baseline"] == Value(value: "true", kind: "default"))
    let variable = ["KEYWRIGHT_MIN_CONFIDENCE": "guess"]
    #expect(
      try shown(in: repository, extra: variable)[name]
        == Value(value: "guess", kind: "environment", name: "KEYWRIGHT_MIN_CONFIDENCE"))
    #expect(
      try shown("--min-confidence", "context", in: repository, extra: variable)[name]
        == Value(value: "context", kind: "flag", name: "--min-confidence"))
    #expect(try shown("--no-repository-config", in: repository)[name]?.value == "checksum")
    // What is shown is what a scan does.
    try write("note = \"\(key)\"\n", to: repository + "/a.py")
    try sandbox.git("add", "a.py", in: repository)
    #expect(try sandbox.keywright("scan", "--staged", in: repository).json()["findings"] != nil)
    let text = try sandbox.keywright("scan", "--staged", in: repository, extra: ["KEYWRIGHT_FORMAT": "csv"])
    #expect(text.output.contains(",") && !text.output.hasPrefix("{"))
  }

  @Test func policiesOfKeysSayWhichLineTheyComeFrom() throws {
    let file = sandbox.root + "/config/keywright/keywright.toml"
    try write(
      """
      [policy]
      max_age = "90d"
      proofs = 2

      [environment.production]
      max_age = "30d"

      [[key]]
      name = "shop"
      provider = "aitbc"
      base = "https://api.example.org"
      environment = "production"
      variable = "AITBC_API_KEY"
      files = ["/srv/shop/.env"]
      grace = "15m"

      """, to: file)
    let values = try shown(in: sandbox.root)
    func line(_ name: String) -> Int? { values["key.shop.\(name)"]?.line }
    #expect(values["key.shop.max_age"]?.value == "30d")
    #expect([line("max_age"), line("proofs"), line("grace"), line("provider")] == [6, 3, 15, 10])
    #expect(values["key.shop.settle"]?.kind == "default")
    #expect(values["state"] == Value(value: sandbox.root + "/state", kind: "environment", name: "KEYWRIGHT_STATE"))
    let text = try sandbox.keywright("config", "show")
    #expect(text.output.contains("key.shop.max_age") && text.output.contains("\(file):6"), "\(text.output)")
  }

  @Test func everyMistakeIsToldAtOnceWithLineReasonAndHint() throws {
    let repository = try sandbox.repository()
    try write(
      "[gate]\nfail_onn = \"any\"\nbaseline = 3\n\n[ignore]\nrules = [\"aitbc-api-kye\"]\n",
      to: repository + "/.keywright.toml")
    try write("keywright-baseline 1\nkey zz\nnothing\n", to: repository + "/.keywright-baseline")
    try write("[[rules]]\nid = \"a\"\nregex = '''(unclosed'''\n", to: repository + "/.gitleaks.toml")
    try write(
      "[[key]]\nname = \"a b\"\nprovider = \"aitbcc\"\nfiles = []\n[scan]\nformat = \"sariff\"\n",
      to: sandbox.root + "/config/keywright/keywright.toml")
    let extra = ["KEYWRIGHT_THREADS": "many", "KEYWRIGHT_STAET": "x"]
    let outcome = try sandbox.keywright("config", "check", "--json", in: repository, extra: extra)
    #expect(outcome.status == 2)
    let remarks = try #require(try outcome.json()["remarks"] as? [[String: Any]])
    func has(_ file: String, _ line: Int?, _ reason: String, hint: String? = nil, severity: String = "error") -> Bool {
      remarks.contains { remark in
        (remark["file"] as? String)?.hasSuffix(file) == true && remark["line"] as? Int == line
          && (remark["reason"] as? String)?.contains(reason) == true && remark["severity"] as? String == severity
          && (hint.map { (remark["hint"] as? String)?.contains($0) == true } ?? true)
      }
    }
    #expect(has("/.keywright.toml", 2, "fail_onn", hint: "did you mean 'fail_on'?"), "\(remarks)")
    #expect(has("/.keywright.toml", 3, "baseline must be true or false"), "\(remarks)")
    #expect(has("/.keywright-baseline", 2, "64 hex digits"), "\(remarks)")
    #expect(has("/.keywright-baseline", 3, "fingerprint"), "\(remarks)")
    let unclosed = remarks.first { ($0["file"] as? String)?.hasSuffix("/.gitleaks.toml") == true }
    #expect((unclosed?["reason"] as? String)?.contains("is not closed") == true, "\(remarks)")
    #expect(has("/keywright.toml", 2, "name must be"), "\(remarks)")
    #expect(has("/keywright.toml", 3, "no provider is named 'aitbcc'", hint: "did you mean 'aitbc'?"), "\(remarks)")
    #expect(has("/keywright.toml", 4, "files is empty"), "\(remarks)")
    #expect(has("/keywright.toml", 1, "has no variable"), "\(remarks)")
    #expect(has("/keywright.toml", 6, "format is 'sariff'", hint: "did you mean 'sarif'?"), "\(remarks)")
    #expect(has("environment", nil, "KEYWRIGHT_THREADS"), "\(remarks)")
    #expect(has("environment", nil, "KEYWRIGHT_STAET", hint: "KEYWRIGHT_STATE", severity: "warning"), "\(remarks)")
    // For people the same.
    let text = try sandbox.keywright("config", "check", in: repository)
    #expect(
      text.output.contains(".keywright.toml:2: unknown key 'fail_onn' in [gate]\n  hint: did you mean 'fail_on'?"))
    // What is right is said to be.
    try write("[gate]\nfail_on = \"any\"\n", to: repository + "/fine.toml")
    #expect(try sandbox.keywright("config", "check", "fine.toml", in: repository).status == 0)
    #expect(try sandbox.keywright("config", "check", "absent.toml", in: repository).status == 2)
  }

  @Test func everyLineThatIsNoTOMLIsTold() throws {
    let file = sandbox.root + "/keywright.toml"
    try write("[policy]\nmax_age = 90d\n\n[scan]\nformat = 'text'\nthreads = = 3\n", to: file)
    let outcome = try sandbox.keywright("config", "check", file)
    #expect(outcome.status == 2)
    #expect(
      outcome.output.contains("keywright.toml:2: ") && outcome.output.contains("keywright.toml:6: "),
      "\(outcome.output)")
  }

  @Test func aRuleThatIsIgnoredAndDoesNotExistIsTold() throws {
    let repository = try sandbox.repository()
    try write("[ignore]\nrules = [\"aitbc-api-kye\"]\n", to: repository + "/.keywright.toml")
    let outcome = try sandbox.keywright("config", "check", in: repository)
    #expect(outcome.status == 0, "a warning is no mistake")
    #expect(
      outcome.output.contains("warning: ") && outcome.output.contains("did you mean 'aitbc-api-key'"),
      "\(outcome.output)")
    #expect(try sandbox.keywright("config", "check", "--strict", in: repository).status == 2)
  }

  @Test func whatARepositoryIgnoresIsCountedAndCanBeTurnedOff() throws {
    let repository = try sandbox.repository()
    try write("[ignore]\npaths = [\"tests/fixtures/\"]\n", to: repository + "/.keywright.toml")
    try sandbox.commit("token = \"\(key)\"\n", to: "tests/fixtures/a.py", in: repository)
    let scan = try sandbox.keywright("scan", in: repository)
    #expect(scan.status == 0, "\(scan.errors)")
    #expect(scan.errors.contains("suppressed: 1 by .keywright.toml; --no-repository-config counts them"))
    #expect(scan.errors.contains("0 findings and 1 suppressed"))
    #expect(try sandbox.keywright("scan", "--no-repository-config", in: repository).status == 1)
    #expect(try sandbox.keywright("scan", in: repository, extra: ["KEYWRIGHT_REPOSITORY_CONFIG": "no"]).status == 1)
    // Paths are the repository's, wherever the scan begins.
    for directory in [repository, repository + "/tests", repository + "/tests/fixtures"] {
      let files = try sandbox.keywright("scan", "--dir", directory)
      #expect(files.status == 0, "\(directory): \(files.errors)")
    }
    // The hook does the same; outside of what is ignored it stops.
    #expect(try sandbox.keywright("hook", "install", in: repository).status == 0)
    let other = sandbox.keep(SampleKey.aitbc())
    try write("token = \"\(other)\"\n", to: repository + "/tests/fixtures/b.py")
    try sandbox.git("add", ".", in: repository)
    let passed = try sandbox.run("/usr/bin/env", ["git", "commit", "-m", "x"], in: repository)
    #expect(passed.status == 0, "\(passed.errors)")
    #expect(passed.errors.contains("suppressed: 1 by .keywright.toml"), "\(passed.errors)")
    try write("token = \"\(other)\"\n", to: repository + "/app.py")
    try sandbox.git("add", ".", in: repository)
    #expect(try sandbox.run("/usr/bin/env", ["git", "commit", "-m", "x"], in: repository).status == 1)
    // A finding that lies elsewhere, too, is not ignored.
    try sandbox.git("commit", "-q", "--no-verify", "-m", "x", in: repository)
    #expect(try sandbox.keywright("scan", in: repository).status == 1)
    // A file that is wrong stops the scan, with its line, and can be done without.
    try write("[ignore]\npath = [\"x\"]\n", to: repository + "/.keywright.toml")
    let wrong = try sandbox.keywright("scan", in: repository)
    #expect(wrong.status == 2 && wrong.errors.contains(".keywright.toml:2: "), "\(wrong.errors)")
    #expect(wrong.errors.contains("--no-repository-config"))
    #expect(try sandbox.keywright("scan", "--no-repository-config", in: repository).status == 1)
  }

  @Test func aRepositorysBaselineAndCommentsAreCountedAndCanBeTurnedOff() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("token = \"\(key)\"\n", to: "a.py", in: repository)
    let other = sandbox.keep(SampleKey.aitbc())
    #expect(try sandbox.keywright("baseline", "create", "--reason", "x", in: repository).status == 0)
    try sandbox.commit("token = \"\(other)\"  # keywright:allow an example\n", to: "b.py", in: repository)
    let scan = try sandbox.keywright("scan", in: repository)
    #expect(scan.status == 0)
    #expect(scan.errors.contains("suppressed: 1 by the baseline, 1 by comments"), "\(scan.errors)")
    let stranger = try sandbox.keywright("scan", "--no-repository-config", in: repository)
    #expect(stranger.status == 1 && stranger.errors.contains("2 findings"), "\(stranger.errors)")
  }

  @Test func aFileOfAnUnpackedArchiveNamesNothingUntilItIsNamedOrTrusted() throws {
    let folder = sandbox.root + "/unpacked"
    let file = folder + "/keywright.toml"
    try write(
      """
      [[key]]
      name = "shop"
      provider = "aitbc"
      base = "https://api.example.org"
      variable = "AITBC_API_KEY"
      files = ["\(folder)/.env"]

      """, to: file)
    for command in [["rotate", "shop", "--plan"], ["schedule", "show"], ["audit"]] {
      let refused = try sandbox.keywright(command, in: folder)
      #expect(refused.status == 2, "\(command)")
      #expect(
        refused.errors.contains("lies in the current directory, was not named, and is not trusted"), "\(refused.errors)"
      )
      #expect(refused.errors.contains("keywright trust \(file), or name it: --config"), "\(refused.errors)")
    }
    #expect(try sandbox.keywright("schedule", "show", "--config", "keywright.toml", in: folder).status == 0)
    #expect(try sandbox.keywright("schedule", "show", in: folder, extra: ["KEYWRIGHT_CONFIG": file]).status == 0)
    let shown = try sandbox.keywright("config", "show", in: folder)
    #expect(shown.output.contains("not trusted"), "\(shown.output)")
    #expect(try sandbox.keywright("trust", "keywright.toml", "--yes", in: folder).status == 0)
    #expect(try sandbox.keywright("schedule", "show", in: folder).status == 0)
    // The consent is to this content.
    try write("# changed\n" + (try sandbox.read(file)), to: file)
    #expect(try sandbox.keywright("schedule", "show", in: folder).status == 2)
    // The user's own is theirs without being asked.
    try FileManager.default.moveItem(atPath: file, toPath: sandbox.root + "/moved.toml")
    try write(try sandbox.read(sandbox.root + "/moved.toml"), to: sandbox.root + "/config/keywright/keywright.toml")
    #expect(try sandbox.keywright("schedule", "show", in: folder).status == 0)
  }
}
