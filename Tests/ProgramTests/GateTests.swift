// keywright gate against changes that try to talk it round, clones that lack history, and policies of all kinds.

import Foundation
import Testing

@Suite struct GateTests {
  let sandbox: Sandbox
  let key: String
  let repository: String

  /// A local repository whose `main` is judged against by `topic`; each test puts what it needs on either.
  init() throws {
    sandbox = try Sandbox()
    key = sandbox.keep(SampleKey.aitbc())
    repository = try sandbox.repository()
    try sandbox.commit("hello\n", to: "README", in: repository)
  }

  private func branch() throws { try sandbox.git("checkout", "-q", "-b", "topic", "main", in: repository) }

  private func gate(_ arguments: String...) throws -> Outcome {
    try sandbox.keywright(["gate"] + arguments, in: repository)
  }

  private func write(_ content: String, to path: String) throws {
    try content.write(toFile: repository + "/" + path, atomically: false, encoding: .utf8)
  }

  // MARK: It can't be talked round

  @Test func aChangeThatHidesItsOwnKeyIsStopped() throws {
    try sandbox.commit("# nothing yet\n", to: ".keywright.toml", in: repository)
    #expect(try sandbox.keywright("baseline", "create", in: repository).status == 0)
    try sandbox.git("add", ".", in: repository)
    try sandbox.git("commit", "-q", "-m", "baseline", in: repository)
    try branch()
    try sandbox.commit("key = \(key)\n", to: "a.txt", in: repository)
    #expect(try sandbox.keywright("baseline", "update", in: repository).status == 0)
    try write(
      "[gate]\nallow_comments = true\nconsents = [\"policy\", \"baseline\", \"rules\", \"ignore\"]\n[ignore]\npaths = [\"*\"]\n",
      to: ".keywright.toml")
    try write("[allowlist]\npaths = ['''.*''']\n", to: ".gitleaks.toml")
    try write("a.txt:aitbc-api-key:1\n", to: ".gitleaksignore")
    try sandbox.git("add", ".", in: repository)
    try sandbox.git("commit", "-q", "-m", "nothing to see", in: repository)
    #expect(try sandbox.keywright("scan", in: repository).status == 0, "on its own branch the key is hidden")

    let outcome = try gate("--format", "json")
    #expect(outcome.status == 1, "\(outcome.errors)")
    let world = try #require(try outcome.json()["findings"] as? [[String: Any]])
    let paths = world.flatMap { ($0["occurrences"] as? [[String: Any]] ?? []).compactMap { $0["path"] as? String } }
    #expect(
      paths.sorted() == [".gitleaks.toml", ".gitleaksignore", ".keywright-baseline", ".keywright.toml", "a.txt"])
    #expect(world.allSatisfy { !($0["suppression"] is [String: Any]) })
  }

  @Test func thePolicyMayConsent() throws {
    try sandbox.commit(
      "[gate]\nallow_comments = true\nconsents = [\"baseline\"]\n", to: ".keywright.toml", in: repository)
    try branch()
    try sandbox.commit("key = \(key)  # keywright:allow an example\n", to: "a.txt", in: repository)
    #expect(try sandbox.keywright("baseline", "create", in: repository).status == 0)
    try sandbox.git("add", ".", in: repository)
    try sandbox.git("commit", "-q", "-m", "baseline", in: repository)
    let outcome = try gate()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.errors.contains("the change edits .keywright-baseline"))
    #expect(outcome.errors.contains("a comment that allows a.txt:1"))
  }

  @Test func aCommentCountsOnlyIfItWasThereBefore() throws {
    let other = sandbox.keep(SampleKey.aitbc())
    try sandbox.commit("x\nkey = \(key)  # keywright:allow an example\n", to: "a.txt", in: repository)
    try branch()
    // The allowed line moves and is indented; that is no new comment.
    try sandbox.commit("x\ny\n  key = \(key)  # keywright:allow an example\n", to: "a.txt", in: repository)
    #expect(try gate().status == 0)
    // The same value elsewhere, without one, is new.
    try sandbox.commit("key = \(key)\n", to: "b.txt", in: repository)
    #expect(try gate().status == 1)
    try sandbox.git("reset", "-q", "--hard", "HEAD~1", in: repository)
    // Another value under a comment of the change's own, even one that a later commit adds.
    try sandbox.commit("key = \(other)\n", to: "c.txt", in: repository)
    try sandbox.commit("key = \(other)  # gitleaks:allow\n", to: "c.txt", in: repository)
    let outcome = try gate()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("the change itself adds the comment that allows c.txt:1"), "\(outcome.errors)")
  }

  @Test func aTakenOutKeyIsStillStopped() throws {
    try branch()
    try sandbox.commit("key = \(key)\n", to: "a.txt", in: repository)
    try sandbox.commit(nil, to: "a.txt", in: repository)
    #expect(try gate().status == 1)
  }

  @Test func whatTheTargetBroughtMeanwhileIsNotTheChanges() throws {
    try branch()
    try sandbox.commit("fine\n", to: "b.txt", in: repository)
    try sandbox.git("checkout", "-q", "main", in: repository)
    try sandbox.commit("key = \(key)\n", to: "a.txt", in: repository)
    try sandbox.commit("x", to: ".gitleaksignore", in: repository)
    try sandbox.git("checkout", "-q", "topic", in: repository)
    #expect(try gate().status == 0)
    try sandbox.git("merge", "-q", "-m", "catch up", "main", in: repository)
    let outcome = try gate()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
  }

  // MARK: Policies

  @Test func theBaselineOfTheTargetCounts() throws {
    try sandbox.commit("key = \(key)\n", to: "a.txt", in: repository)
    #expect(try sandbox.keywright("baseline", "create", in: repository).status == 0)
    try sandbox.git("add", ".", in: repository)
    try sandbox.git("commit", "-q", "-m", "baseline", in: repository)
    try branch()
    try sandbox.commit("key: \(key)\n", to: "b.txt", in: repository)
    #expect(try gate().status == 0)
    #expect(try gate("--policy", "any").status == 1)
  }

  @Test func weakFindingsWarnAndPathsAreIgnored() throws {
    try sandbox.commit(
      "[gate]\nwarn_below = \"checksum/critical\"\n[ignore]\npaths = [\"fixtures/\", \"*.golden\"]\n",
      to: ".keywright.toml", in: repository)
    try branch()
    try sandbox.commit("key = \(key)\n", to: "deep/fixtures/a.txt", in: repository)
    try sandbox.commit("key = \(key)\n", to: "b.golden", in: repository)
    let ignored = try gate()
    #expect(ignored.status == 0)
    #expect(ignored.output.isEmpty)
    try sandbox.commit("key = \(key)\n", to: "c.txt", in: repository)
    let outcome = try gate()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.hasPrefix("warning: "))
    #expect(outcome.errors.contains("0 findings count, 1 only warns"))
  }

  @Test func warnOnlyPasses() throws {
    try branch()
    try sandbox.commit("key = \(key)\n", to: "a.txt", in: repository)
    let outcome = try gate("--warn-only")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("a.txt:1") && outcome.output.contains("key = ••••••••"), "\(outcome.output)")
  }

  @Test func everyMistakeInAPolicyIsNamedAtOnce() throws {
    try sandbox.commit(
      "[gate]\nfail_onn = \"new\"\nwarn_below = \"huge\"\nbaseline = 3\nconsents = [\"all\"]\n\n[ignor]\n[ignore]\npaths = [\"\"]\n",
      to: ".keywright.toml", in: repository)
    try branch()
    let outcome = try gate()
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("did you mean 'fail_on'?"))
    #expect(outcome.errors.contains("did you mean 'ignore'?"))
    for line in [2, 3, 4, 5, 7, 9] {
      #expect(outcome.errors.contains("main:.keywright.toml:\(line): "), "line \(line): \(outcome.errors)")
    }
  }

  @Test func aRepositorysFileDoesNotTurnTheNetworkOn() throws {
    try sandbox.commit("[gate]\nfail_on = \"live\"\n", to: ".keywright.toml", in: repository)
    try branch()
    try sandbox.commit("key = \(key)\n", to: "a.txt", in: repository)
    let outcome = try gate()
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("--verify"))
    // Nobody is configured who could be asked: what is not known to be live only warns, what is not known to be dead fails.
    #expect(try gate("--verify").status == 0)
    #expect(try gate("--policy", "leaked-and-not-dead").status == 1)
  }

  // MARK: What it writes

  @Test func writesWhatWasAskedFor() throws {
    try branch()
    try sandbox.commit("\n\nkey = \(key)\n", to: "a.txt", in: repository)
    try sandbox.commit("fine\n", to: "b.txt", in: repository)
    try "earlier\n".write(toFile: sandbox.root + "/summary.md", atomically: false, encoding: .utf8)
    let event =
      "{\"pull_request\": {\"base\": {\"ref\": \"main\", \"sha\": \"\(try sandbox.git("rev-parse", "main", in: repository))\"}, \"head\": {\"sha\": \"\(try sandbox.git("rev-parse", "topic", in: repository))\"}}}"
    try event.write(toFile: sandbox.root + "/event", atomically: false, encoding: .utf8)
    let outcome = try sandbox.keywright(
      [
        "gate", "--sarif", "r.sarif", "--gitlab", "gl.json", "--junit", "r.xml", "--report", "r.html", "--report",
        "r.json",
      ],
      in: repository,
      extra: [
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": sandbox.root + "/event",
        "GITHUB_STEP_SUMMARY": sandbox.root + "/summary.md",
      ])
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(outcome.output.hasPrefix("::error "), "\(outcome.output)")
    #expect(outcome.output.contains("file=a.txt,line=3"))
    #expect(outcome.errors.contains("3 | key = ••••••••"))
    let summary = try sandbox.read(sandbox.root + "/summary.md")
    #expect(summary.hasPrefix("earlier\n## keywright"))
    #expect(summary.contains("judged 2 commits"))
    let sarif = try sandbox.json(repository + "/r.sarif")
    #expect(sarif["version"] as? String == "2.1.0")
    #expect(try sandbox.json(repository + "/gl.json")["vulnerabilities"] is [Any])
    #expect(try sandbox.read(repository + "/r.xml").contains("failures=\"1\""))
    #expect(try sandbox.read(repository + "/r.html").contains("<html"))
    #expect(try sandbox.filesHoldingValues(except: ["repository/a.txt", "repository/.git"]).isEmpty)
    #expect(try gate("--report", "r.unknown").status == 2)
  }

  // MARK: Clones that lack history

  @Test func aShallowCloneIsSaidAndDeepenedOnlyWhenTold() throws {
    let base = try sandbox.git("rev-parse", "main", in: repository)
    try branch()
    try sandbox.commit("key = \(key)\n", to: "a.txt", in: repository)
    let head = try sandbox.commit("fine\n", to: "b.txt", in: repository)
    let shallow = sandbox.root + "/shallow"
    try sandbox.git("clone", "-q", "--depth", "1", "-b", "topic", "file://\(repository)", shallow, in: sandbox.root)
    let github = [
      "GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": sandbox.root + "/event", "GITHUB_BASE_REF": "main",
      "GITHUB_SHA": head,
    ]
    try "{\"pull_request\": {\"base\": {\"ref\": \"main\", \"sha\": \"\(base)\"}, \"head\": {\"sha\": \"\(head)\"}}}"
      .write(
        toFile: sandbox.root + "/event", atomically: false, encoding: .utf8)
    let refused = try sandbox.keywright(["gate"], in: shallow, extra: github)
    #expect(refused.status == 3)
    #expect(refused.errors.contains("fetch-depth: 0"), "\(refused.errors)")
    let gitlab = [
      "GITLAB_CI": "true", "CI_COMMIT_SHA": head, "CI_COMMIT_BEFORE_SHA": base, "CI_COMMIT_BRANCH": "topic",
    ]
    let other = try sandbox.keywright(["gate"], in: shallow, extra: gitlab)
    #expect(other.status == 3)
    #expect(other.errors.contains("GIT_DEPTH"), "\(other.errors)")
    #expect(FileManager.default.fileExists(atPath: shallow + "/.git/shallow"), "nothing was fetched yet")
    let deepened = try sandbox.keywright(["gate", "--deepen", "--format", "json"], in: shallow, extra: github)
    #expect(deepened.status == 1, "\(deepened.errors)")
    #expect(deepened.errors.contains("judged 2 commits"), "\(deepened.errors)")
  }

  @Test func aTargetThatIsNotInTheCloneIsDoneWithoutOrFetched() throws {
    try sandbox.commit("key = \(sandbox.keep(SampleKey.aitbc()))\n", to: "old.txt", in: repository)
    try branch()
    let head = try sandbox.commit("key = \(key)\n", to: "a.txt", in: repository)
    let clone = sandbox.root + "/clone"
    try sandbox.git("clone", "-q", "--single-branch", "-b", "topic", repository, clone, in: sandbox.root)
    let variables = [
      "DRONE": "true", "DRONE_PULL_REQUEST": "7", "DRONE_COMMIT_SHA": head, "DRONE_TARGET_BRANCH": "main",
      "DRONE_REPO_BRANCH": "main",
    ]
    let without = try sandbox.keywright(["gate"], in: clone, extra: variables)
    #expect(without.status == 1)
    #expect(without.errors.contains("judged 3 commits") && without.errors.contains("origin/main"), "\(without.errors)")
    let fetched = try sandbox.keywright(["gate", "--deepen"], in: clone, extra: variables)
    #expect(fetched.status == 1)
    #expect(fetched.errors.contains("judged 1 commit of"), "\(fetched.errors)")
  }

  @Test func aChangeOfAThousandCommitsIsJudged() throws {
    try branch()
    // Made by one process: what counts is the length.
    var stream = "blob\nmark :1\ndata 5\nfine\n\n"
    let tip = try sandbox.git("rev-parse", "topic", in: repository)
    for number in 0..<1_000 {
      let content = number == 500 ? "key = \(key)\n" : "\(number)\n"
      stream += "commit refs/heads/topic\ncommitter Ada <ada@example.org> \(1_800_000_000 + number) +0000\ndata 1\nx\n"
      stream += number == 0 ? "from \(tip)\n" : ""
      stream += "M 100644 inline file\ndata \(content.utf8.count)\n\(content)\n"
    }
    try sandbox.git("fast-import", "--quiet", in: repository, input: Array(stream.utf8))
    let outcome = try gate("--head", "topic")
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("judged 1000 commits"))
  }
}
