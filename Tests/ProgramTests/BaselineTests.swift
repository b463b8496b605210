// keywright baseline as a team uses it: made, added to on two branches at once, checked, outlived.

import Foundation
import Testing

@Suite struct BaselineTests {
  let sandbox: Sandbox

  init() throws { sandbox = try Sandbox() }

  private func newKey() -> String { sandbox.keep(SampleKey.aitbc()) }

  @Test func whatIsKnownDoesNotFailAndWhatIsNewDoes() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("\(newKey())\n", to: "a", in: repository)
    let created = try sandbox.keywright(
      "baseline", "create", "--reason", "revoked in \"2025\"", "--owner", "ada", in: repository)
    #expect(created.status == 0, "\(created.errors)")
    let file = repository + "/.keywright-baseline"
    #expect(try sandbox.read(file).contains("reason=\"revoked in \\\"2025\\\"\" owner=\"ada\""))
    #expect(try sandbox.keywright("scan", in: repository).status == 0)
    #expect(try sandbox.keywright("scan", "--no-baseline", in: repository).status == 1)
    // One that is there is not overwritten by chance.
    #expect(try sandbox.keywright("baseline", "create", in: repository).status == 2)

    try sandbox.commit("\n\n\(newKey())\n", to: "b", in: repository)
    #expect(try sandbox.keywright("scan", in: repository).status == 1)
    #expect(try sandbox.keywright("baseline", "update", in: repository).status == 0)
    #expect(try sandbox.keywright("scan", in: repository).status == 0)
    let text = try sandbox.read(file)
    #expect(text.contains("owner=\"ada\""), "the words of known entries stay")
    #expect(try sandbox.keywright("baseline", "update", in: repository).status == 0)
    #expect(try sandbox.read(file) == text)
    #expect(try sandbox.keywright("baseline", "check", in: repository).status == 0)
  }

  @Test func theBaselineItselfHoldsNothingThatIsFound() throws {
    let repository = try sandbox.repository()
    for number in 0..<20 { try sandbox.commit("\(newKey())\n", to: "\(number)", in: repository) }
    for _ in 0..<3 {
      #expect(try sandbox.keywright("baseline", "create", "--force", in: repository).status == 0)
      let bytes = Array(try sandbox.read(repository + "/.keywright-baseline").utf8)
      let outcome = try sandbox.keywright("scan", "--stdin", "--min-confidence", "guess", input: bytes)
      #expect(outcome.status == 0, "\(outcome.output)")
    }
  }

  @Test func anEntryFollowsTheValueThroughAMoveAndARewrite() throws {
    let repository = try sandbox.repository()
    let key = newKey()
    try sandbox.commit("x\n\(key)\n", to: "a", in: repository)
    #expect(try sandbox.keywright("baseline", "create", in: repository).status == 0)
    try sandbox.git("add", ".", in: repository)
    try sandbox.git("mv", "a", "b", in: repository)
    try sandbox.commit("1\n2\n3\nkey: \(key)\n", to: "b", in: repository)
    try sandbox.git("checkout", "-q", "--orphan", "fresh", in: repository)
    try sandbox.git("commit", "-q", "-m", "squashed", in: repository)
    let scanned = try sandbox.keywright("scan", in: repository)
    #expect(scanned.status == 0, "\(scanned.output)")
  }

  @Test func checkNamesWhatHasOutlivedItsUse() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("\(newKey())\n", to: "a", in: repository)
    #expect(try sandbox.keywright("baseline", "create", "--expires", "2020-02-30x", in: repository).status == 2)
    #expect(try sandbox.keywright("baseline", "create", "--expires", "2020-02-29", in: repository).status == 0)
    let scanned = try sandbox.keywright("scan", in: repository)
    #expect(scanned.status == 1)
    #expect(scanned.errors.contains("has expired"))
    let checked = try sandbox.keywright("baseline", "check", in: repository)
    #expect(checked.status == 1)
    #expect(checked.output.contains("has expired: "), "\(checked.output)")
    // An entry that matches nothing any more.
    let other = try sandbox.repository("other")
    try sandbox.commit("nothing\n", to: "a", in: other)
    let file = repository + "/.keywright-baseline"
    let stale = try sandbox.keywright("baseline", "check", other, "--baseline", file)
    #expect(stale.status == 1)
    #expect(stale.output.contains("matches nothing: "), "\(stale.output)")
    #expect(try sandbox.keywright("baseline", "update", other, "--baseline", file, "--prune").status == 0)
    #expect(try sandbox.keywright("baseline", "check", other, "--baseline", file).status == 0)
  }

  /// The fingerprints of a baseline.
  private func entries(_ repository: String) throws -> Set<Substring> {
    let lines = try sandbox.read(repository + "/.keywright-baseline").split(separator: "\n")
    return Set(lines.filter { $0.contains(" aitbc-api-key") }.map { $0.prefix(32) })
  }

  @Test func twoBranchesThatEachAddAnEntryMerge() throws {
    let left = try sandbox.repository()
    try sandbox.commit("\(newKey())\n", to: "a", in: left)
    #expect(try sandbox.keywright("baseline", "create", in: left).status == 0)
    try sandbox.git("add", ".", in: left)
    try sandbox.git("commit", "-q", "-m", "baseline", in: left)
    let known = try entries(left)
    let right = sandbox.root + "/right"
    try sandbox.git("clone", "-q", left, right, in: sandbox.root)

    try sandbox.commit("\(newKey())\n", to: "left", in: left)
    #expect(try sandbox.keywright("baseline", "update", in: left).status == 0)
    let group = try #require(entries(left).subtracting(known).first).prefix(2)
    try sandbox.git("add", ".", in: left)
    try sandbox.git("commit", "-q", "-m", "left", in: left)
    // Entries whose first two digits are the same lie side by side: one in 256, for which merge=union is there.
    for _ in 0..<8 {
      try sandbox.git("reset", "-q", "--hard", "origin/main", in: right)
      try sandbox.git("reflog", "expire", "--expire=now", "--all", in: right)
      try sandbox.git("prune", in: right)
      try sandbox.commit("\(newKey())\n", to: "right", in: right)
      #expect(try sandbox.keywright("baseline", "update", in: right).status == 0)
      if try entries(right).subtracting(known).allSatisfy({ $0.prefix(2) != group }) { break }
    }
    try sandbox.git("add", ".", in: right)
    try sandbox.git("commit", "-q", "-m", "right", in: right)
    try sandbox.git("fetch", "-q", right, "main:right", in: left)
    let merged = try sandbox.run("/usr/bin/env", ["git", "merge", "-q", "-m", "both", "right"], in: left)
    #expect(merged.status == 0, "\(merged.output)\(merged.errors)")
    #expect(try entries(left).count == 3)
    #expect(try sandbox.keywright("scan", in: left).status == 0)
    #expect(try sandbox.keywright("baseline", "check", in: left).status == 0)
  }

  @Test func everyMistakeInABaselineIsNamed() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("nothing\n", to: "a", in: repository)
    let text = """
      keywright-baseline 1
      key \(String(repeating: "0a", count: 32))
      zz aitbc-api-key
      \(String(repeating: "ab", count: 16)) aitbc-api-key expires=2027-13-01
      \(String(repeating: "ab", count: 16)) aitbc-api-key because=x

      """
    try text.write(toFile: repository + "/.keywright-baseline", atomically: false, encoding: .utf8)
    let outcome = try sandbox.keywright("scan", in: repository)
    #expect(outcome.status == 2)
    for line in [3, 4, 5] { #expect(outcome.errors.contains(".keywright-baseline:\(line): "), "\(outcome.errors)") }
  }
}

/// What an entry of the baseline follows, and what it must not hide.
@Suite struct BaselineLifeTests {
  let sandbox: Sandbox
  let repository: String
  let key: String

  init() throws {
    sandbox = try Sandbox()
    repository = try sandbox.repository()
    key = sandbox.keep(SampleKey.aitbc())
    try sandbox.commit("first\n", to: "README", in: repository)
    try sandbox.git("branch", "start", in: repository)
    try sandbox.commit("x\nkey = \(key)\n", to: "a", in: repository)
    try sandbox.commit("y\n", to: "other", in: repository)
    #expect(try sandbox.keywright("baseline", "create", "--reason", "known", in: repository).status == 0)
    // Beside the repository, so that the history can be rewritten under it.
    try FileManager.default.moveItem(atPath: repository + "/.keywright-baseline", toPath: sandbox.root + "/baseline")
  }

  private func expectKnown(_ what: String) throws {
    let scanned = try sandbox.keywright("scan", repository, "--baseline", sandbox.root + "/baseline")
    #expect(scanned.status == 0, "\(what): \(scanned.output)")
    #expect(try sandbox.keywright("scan", repository, "--no-baseline").status == 1, "\(what)")
    let checked = try sandbox.keywright("baseline", "check", repository, "--baseline", sandbox.root + "/baseline")
    #expect(checked.status == 0, "\(what): \(checked.output)")
  }

  @Test func entriesSurviveEveryRewrite() throws {
    try sandbox.git("checkout", "-q", "-b", "onto", "start", in: repository)
    try sandbox.commit("base\n", to: "base", in: repository)
    try sandbox.git("checkout", "-q", "main", in: repository)
    try sandbox.git("rebase", "-q", "onto", in: repository)
    try expectKnown("rebase")
    try sandbox.git("checkout", "-q", "-b", "squashed", "start", in: repository)
    try sandbox.git("merge", "-q", "--squash", "main", in: repository)
    try sandbox.git("commit", "-q", "-m", "all in one", in: repository)
    try sandbox.git("branch", "-q", "-D", "main", "onto", in: repository)
    try sandbox.git("reflog", "expire", "--expire=now", "--all", in: repository)
    try sandbox.git("gc", "-q", "--prune=now", in: repository)
    try expectKnown("squash")
    try FileManager.default.createDirectory(atPath: repository + "/deep", withIntermediateDirectories: true)
    try sandbox.git("mv", "a", "deep/b.env", in: repository)
    try sandbox.git("commit", "-q", "--amend", "-m", "renamed", in: repository)
    try expectKnown("rename")
    try sandbox.commit("1\n2\n3\n4\n  other: \"\(key)\",\n", to: "deep/b.env", in: repository)
    try expectKnown("moved lines")
    try sandbox.git("checkout", "-q", "--orphan", "fresh", in: repository)
    try sandbox.git("commit", "-q", "-m", "new roots", in: repository)
    try sandbox.git("branch", "-q", "-D", "squashed", "start", in: repository)
    try sandbox.git("reflog", "expire", "--expire=now", "--all", in: repository)
    try sandbox.git("gc", "-q", "--prune=now", in: repository)
    try expectKnown("new root commits")
    // Another value in its place is news.
    try sandbox.commit("1\nother: \"\(sandbox.keep(SampleKey.aitbc()))\",\n", to: "deep/b.env", in: repository)
    #expect(try sandbox.keywright("scan", repository, "--baseline", sandbox.root + "/baseline").status == 1)
  }

  @Test func aLiveKeyIsNotHidden() throws {
    let authority = try Authority(sandbox)
    let live = try authority.issue(name: "live").value
    try sandbox.commit("key = \(live)\n", to: "live", in: repository)
    let file = sandbox.root + "/baseline"
    #expect(try sandbox.keywright("baseline", "update", repository, "--baseline", file).status == 0)
    let config = sandbox.root + "/keywright.toml"
    try """
    [[key]]
    name = "demo"
    provider = "aitbc"
    base = "\(authority.base)"
    tenant = "demo"
    variable = "AITBC_API_KEY"
    files = ["app.env"]

    """.write(toFile: config, atomically: false, encoding: .utf8)
    try "AITBC_API_KEY=\(live)\n".write(toFile: sandbox.root + "/app.env", atomically: false, encoding: .utf8)
    #expect(try sandbox.keywright("baseline", "check", repository, "--baseline", file).status == 0)
    let checked = try sandbox.keywright(
      "baseline", "check", repository, "--baseline", file, "--verify", "--config", config)
    #expect(checked.status == 1 && checked.output.contains("hides a LIVE key: "), "\(checked.output)\(checked.errors)")
    #expect(checked.output.split(separator: "\n").count == 1, "the other one is not live: \(checked.output)")
  }

  @Test func noReportShowsAValueFromACommitsWords() throws {
    let said = sandbox.keep(SampleKey.aitbc())
    try sandbox.commit("z\n", to: "z", in: repository, message: "Use \(said) for now")
    for arguments in [["--format", "json"], ["--format", "gitlab"], ["--range", "HEAD~1..HEAD", "--format", "csv"]] {
      #expect(try sandbox.keywright(["scan", repository] + arguments).status == 1)
    }
    let outcome = try sandbox.keywright("scan", repository, "--format", "json")
    #expect(outcome.output.contains("\"subject\": \"Use aitb…"), "the rest of the subject stays")
  }
}
