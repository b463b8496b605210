// The hooks as git runs them: installed, stopping a commit, and let through by each of the ways that they name.

import Foundation
import Testing

@Suite struct HookTests {
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

  /// Runs git, whose hook may stop it, and checks that the key was not shown.
  private func tryGit(_ arguments: String..., in directory: String, extra: [String: String] = [:]) throws -> Outcome {
    let outcome = try sandbox.run("/usr/bin/env", ["git"] + arguments, in: directory, extra: extra)
    #expect(!(outcome.output + outcome.errors).contains(key))
    return outcome
  }

  private func guarded(_ hook: String = "pre-commit") throws -> String {
    let repository = try sandbox.repository()
    try sandbox.commit("hello\n", to: "README", in: repository)
    let outcome = try sandbox.keywright("hook", "install", hook, "--repository", repository)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return repository
  }

  @Test func stopsACommitAndNamesThreeWaysOn() throws {
    let repository = try guarded()
    try write("debug = true\ntoken = \"\(key)\"\n", to: repository + "/app/conf.py")
    try sandbox.git("add", ".", in: repository)
    let stopped = try tryGit("commit", "-m", "x", in: repository)
    #expect(stopped.status == 1)
    for words in [
      "app/conf.py:2", "token = \"••••••••\"", "git restore --staged -- app/conf.py", "keywright rotate",
      "keywright:allow <reason>",
    ] { #expect(stopped.errors.contains(words), "\(words) is missing in \(stopped.errors)") }
    // The first way, as it is written there.
    try sandbox.git("restore", "--staged", "--", "app/conf.py", in: repository)
    try write("debug = true\ntoken = os.environ[\"TOKEN\"]\n", to: repository + "/app/conf.py")
    try sandbox.git("add", ".", in: repository)
    #expect(try tryGit("commit", "-m", "x", in: repository).status == 0)
    // The third.
    try write("debug = true\ntoken = \"\(key)\"\n", to: repository + "/app/conf.py")
    #expect(try tryGit("commit", "-a", "-m", "y", in: repository).status == 1)
    try write(
      "debug = true\ntoken = \"\(key)\"  # keywright:allow an example of the docs\n", to: repository + "/app/conf.py")
    let allowed = try tryGit("commit", "-a", "-m", "y", in: repository)
    #expect(allowed.status == 0, "\(allowed.errors)")
  }

  @Test func aHookThatWasThereRunsFirstAndComesBack() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("hello\n", to: "README", in: repository)
    let hook = repository + "/.git/hooks/pre-commit"
    try write("#!/bin/sh\necho ran >> \"$HOME/ran\"\n[ ! -e \"$HOME/refuse\" ]\n", to: hook)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
    let before = try sandbox.read(hook)
    for _ in 0..<2 { #expect(try sandbox.keywright("hook", "install", "--repository", repository).status == 0) }
    try sandbox.commit("more\n", to: "README", in: repository)
    #expect(try sandbox.read(sandbox.root + "/ran") == "ran\n")
    try write("", to: sandbox.root + "/refuse")
    try write("again\n", to: repository + "/README")
    #expect(try tryGit("commit", "-a", "-m", "x", in: repository).status == 1)
    #expect(try sandbox.keywright("hook", "uninstall", "--repository", repository).status == 0)
    #expect(try sandbox.read(hook) == before)
    #expect(!FileManager.default.fileExists(atPath: hook + ".before-keywright"))
    // What is not ours stays.
    #expect(try sandbox.keywright("hook", "uninstall", "--repository", repository).status == 0)
    #expect(try sandbox.read(hook) == before)
  }

  @Test func respectsHooksPathAndTheTemplateDirectory() throws {
    let repository = try sandbox.repository()
    try sandbox.git("config", "core.hooksPath", "tools/hooks", in: repository)
    #expect(try sandbox.keywright("hook", "install", in: repository).status == 0)
    #expect(FileManager.default.isExecutableFile(atPath: repository + "/tools/hooks/pre-commit"))
    try write("\(key)\n", to: repository + "/a")
    try sandbox.git("add", "a", in: repository)
    #expect(try tryGit("commit", "-m", "x", in: repository).status == 1)

    let global = try sandbox.keywright("hook", "install", "--global")
    #expect(global.status == 0)
    let template = sandbox.root + "/config/keywright/git-template"
    #expect(global.errors.contains("git config --global init.templateDir \(template)"))
    try sandbox.git("config", "--global", "init.templateDir", template, in: sandbox.root)
    let fresh = try sandbox.repository("fresh")
    try write("\(key)\n", to: fresh + "/a")
    try sandbox.git("add", "a", in: fresh)
    #expect(try tryGit("commit", "-m", "x", in: fresh).status == 1)
  }

  @Test func seesTheIndexThatGitCommits() throws {
    let repository = try guarded()
    try sandbox.commit("one\n", to: "a", in: repository)
    try sandbox.commit("one\n", to: "b", in: repository)
    // `commit -a` and `commit PATH` use an index of their own, in GIT_INDEX_FILE.
    try write("one\n\(key)\n", to: repository + "/a")
    #expect(try tryGit("commit", "-a", "-m", "x", in: repository).status == 1)
    #expect(try tryGit("commit", "-m", "x", "--", "a", in: repository).status == 1)
    try write("two\n", to: repository + "/b")
    #expect(try tryGit("commit", "-m", "x", "--", "b", in: repository).status == 0)
    // Of a file that is staged in part, only what is staged is committed.
    try write("one\nfine\n", to: repository + "/a")
    try sandbox.git("add", "a", in: repository)
    try write("one\nfine\n\(key)\n", to: repository + "/a")
    #expect(try tryGit("commit", "-m", "x", in: repository).status == 0)
    // What is only announced has no content yet.
    try write("\(key)\n", to: repository + "/later")
    try sandbox.git("checkout", "-q", "--", "a", in: repository)
    try sandbox.git("add", "-N", "later", in: repository)
    try write("three\n", to: repository + "/b")
    try sandbox.git("add", "b", in: repository)
    let announced = try tryGit("commit", "-m", "x", in: repository)
    #expect(announced.status == 0, "\(announced.errors)")
  }

  @Test func reportsOnlyWhatACommitAdds() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("1\n2\ntoken \(key)\n4\n", to: "old", in: repository)
    #expect(try sandbox.keywright("hook", "install", in: repository).status == 0)
    // A rename, with and without an edit elsewhere.
    try sandbox.git("mv", "old", "new", in: repository)
    #expect(try tryGit("commit", "-m", "x", in: repository).status == 0)
    try sandbox.git("mv", "new", "newer", in: repository)
    try write("1\n2 changed\ntoken \(key)\n4\n", to: repository + "/newer")
    try sandbox.git("add", ".", in: repository)
    #expect(try sandbox.keywright("scan", "--staged", in: repository).status == 0)
    #expect(try sandbox.keywright("scan", "--staged", "--whole-files", in: repository).status == 1)
    #expect(try tryGit("commit", "-m", "x", in: repository).status == 0)
    try write("1\n2 changed\ntoken: \(key)\n4\n", to: repository + "/newer")
    #expect(try tryGit("commit", "-a", "-m", "x", in: repository).status == 1)
  }

  @Test func worksBeforeTheFirstCommitAndInAMerge() throws {
    let repository = try sandbox.repository()
    #expect(try sandbox.keywright("hook", "install", in: repository).status == 0)
    try write("\(key)\n", to: repository + "/sub/a")
    try sandbox.git("add", ".", in: repository)
    let first = try tryGit("commit", "-m", "x", in: repository + "/sub")
    #expect(first.status == 1)
    #expect(first.errors.contains("git rm --cached -- ':/sub/a'"), "\(first.errors)")
    try sandbox.git("rm", "-q", "--cached", "--", ":/sub/a", in: repository + "/sub")
    try write("1\n", to: repository + "/a")
    try sandbox.git("add", "a", in: repository)
    #expect(try tryGit("commit", "-m", "x", in: repository).status == 0)
    // A key that the other side of a merge has is not what the merge adds; one in the resolution is.
    try sandbox.git("checkout", "-q", "-b", "other", in: repository)
    try write("other\n", to: repository + "/a")
    try write("\(key)\n", to: repository + "/theirs")
    try sandbox.git("add", ".", in: repository)
    try sandbox.git("commit", "-q", "--no-verify", "-m", "other", in: repository)
    try sandbox.git("checkout", "-q", "main", in: repository)
    try write("mine\n", to: repository + "/a")
    #expect(try tryGit("commit", "-a", "-m", "mine", in: repository).status == 0)
    #expect(try tryGit("merge", "other", in: repository).status != 0)
    try write("both \(key)\n", to: repository + "/a")
    try sandbox.git("add", "a", in: repository)
    let evil = try tryGit("commit", "-m", "merge", in: repository)
    #expect(evil.status == 1)
    #expect(evil.errors.contains("a:1") && !evil.errors.contains("theirs:1"), "\(evil.errors)")
    try write("both\n", to: repository + "/a")
    try sandbox.git("add", "a", in: repository)
    let merged = try tryGit("commit", "-m", "merge", in: repository)
    #expect(merged.status == 0, "\(merged.errors)")
  }

  @Test func worksInALinkedWorktreeAndWithASplitIndex() throws {
    let repository = try guarded()
    let linked = sandbox.root + "/linked"
    try sandbox.git("worktree", "add", "-q", "-b", "side", linked, in: repository)
    try write("\(key)\n", to: linked + "/a")
    try sandbox.git("add", "a", in: linked)
    #expect(try tryGit("commit", "-m", "x", in: linked).status == 1)
    try sandbox.git("update-index", "--split-index", in: repository)
    try write("\(key)\n", to: repository + "/b")
    try sandbox.git("add", "b", in: repository)
    #expect(try tryGit("commit", "-m", "x", in: repository).status == 1)
    try sandbox.git("rm", "-q", "--cached", "b", in: repository)
    try write("fine\n", to: repository + "/c")
    try sandbox.git("add", "c", in: repository)
    #expect(try tryGit("commit", "-m", "x", in: repository).status == 0)
  }

  @Test func aStagedScanWritesNothing() throws {
    let repository = try guarded()
    try write("\(key)\n", to: repository + "/a")
    try sandbox.git("add", "a", in: repository)
    func state() throws -> [String: [String]] {
      let names = try #require(FileManager.default.enumerator(atPath: repository)).compactMap { $0 as? String }
      return try Dictionary(
        uniqueKeysWithValues: names.map { name in
          let facts = try FileManager.default.attributesOfItem(atPath: repository + "/" + name)
          return (
            name, ["\(facts[.modificationDate] ?? "")", "\(facts[.size] ?? "")", "\(facts[.systemFileNumber] ?? "")"]
          )
        })
    }
    let before = try state()
    #expect(try sandbox.keywright("scan", "--staged", in: repository).status == 1)
    #expect(try sandbox.keywright("hook", "run", "pre-commit", in: repository).status == 1)
    #expect(try state() == before)
  }

  @Test func aPushIsStoppedForWhatItBringsAndNothingElse() throws {
    let repository = try guarded("pre-push")
    let remote = try sandbox.repository("remote.git", "--bare")
    try sandbox.git("remote", "add", "origin", remote, in: repository)
    #expect(try tryGit("push", "-q", "origin", "main", in: repository).status == 0)
    try sandbox.commit("\(key)\n", to: "a", in: repository)
    let taken = try sandbox.commit(nil, to: "a", in: repository)
    let stopped = try tryGit("push", "origin", "main", in: repository)
    #expect(stopped.status != 0)
    #expect(stopped.errors.contains("a:1") && stopped.errors.contains("git rebase -i"), "\(stopped.errors)")
    #expect(try sandbox.git("rev-parse", "main", in: remote) != taken)
    // What the remote has already is not asked about again, on whatever branch.
    try sandbox.git("push", "-q", "--no-verify", "origin", "main", in: repository)
    try sandbox.commit("fine\n", to: "b", in: repository)
    try sandbox.git("branch", "topic", in: repository)
    #expect(try tryGit("push", "-q", "origin", "topic", in: repository).status == 0)
    #expect(try tryGit("push", "-q", "origin", "main", in: repository).status == 0)
    #expect(try tryGit("push", "-q", "origin", ":topic", in: repository).status == 0)
  }

  @Test func aPushedTagIsReadToo() throws {
    let repository = try guarded("pre-push")
    let remote = try sandbox.repository("remote.git", "--bare")
    #expect(try sandbox.keywright("hook", "install", "pre-receive", "--repository", remote).status == 0)
    try sandbox.git("remote", "add", "origin", remote, in: repository)
    #expect(try tryGit("push", "-q", "origin", "main", in: repository).status == 0)
    try sandbox.git("tag", "-a", "-m", "Release with \(key)", "v1", in: repository)
    let blob = try sandbox.git("hash-object", "-w", "--stdin", in: repository, input: Array("t = \(key)\n".utf8))
    try sandbox.git("tag", "-a", "-m", "a blob", "v2", blob, in: repository)
    try sandbox.git("tag", "-a", "-m", "fine", "v3", in: repository)
    for tag in ["v1", "v2"] {
      let stopped = try tryGit("push", "origin", tag, in: repository)
      #expect(stopped.status != 0 && stopped.errors.contains("git tag -d NAME"), "\(tag): \(stopped.errors)")
      let refused = try tryGit("push", "--no-verify", "origin", tag, in: repository)
      #expect(refused.status != 0 && refused.errors.contains("pre-receive hook declined"), "\(refused.errors)")
    }
    let passed = try tryGit("push", "origin", "v3", in: repository)
    #expect(passed.status == 0, "\(passed.errors)")
  }

  @Test func aServerRefusesAPushInQuarantine() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("hello\n", to: "README", in: repository)
    let remote = try sandbox.repository("remote.git", "--bare")
    #expect(try sandbox.keywright("hook", "install", "pre-receive", "--repository", remote).status == 0)
    try sandbox.git("push", "-q", remote, "main", in: repository)
    let bad = try sandbox.commit("\(key)\n", to: "a", in: repository)
    let refused = try tryGit("push", remote, "main", in: repository)
    #expect(refused.status != 0)
    #expect(refused.errors.contains("pre-receive hook declined") && refused.errors.contains("a:1"), "\(refused.errors)")
    #expect(try sandbox.run("/usr/bin/env", ["git", "cat-file", "-e", bad], in: remote).status != 0)
    // What the push itself says excuses nothing, until the default branch's policy consents.
    try sandbox.commit("\(key)  # keywright:allow says who\n", to: "a", in: repository)
    #expect(try tryGit("push", remote, "main", in: repository).status != 0)
    try sandbox.git("reset", "-q", "--hard", "HEAD~2", in: repository)
    try sandbox.commit("[gate]\nallow_comments = true\n", to: ".keywright.toml", in: repository)
    #expect(try tryGit("push", remote, "main", "main:topic", in: repository).status == 0)
    try sandbox.commit("\(key)  # keywright:allow an example\n", to: "a", in: repository)
    #expect(try tryGit("push", remote, "main", in: repository).status == 0)
    // Now that there is a policy, it says who may edit it: on the default branch, nobody.
    try sandbox.commit("[ignore]\npaths = [\"*\"]\n", to: ".keywright.toml", in: repository)
    #expect(try tryGit("push", remote, "main:topic", in: repository).status == 0)
    let edited = try tryGit("push", remote, "main", in: repository)
    #expect(edited.status != 0)
    #expect(edited.errors.contains("Edit of .keywright.toml"), "\(edited.errors)")
    #expect(try tryGit("push", remote, ":topic", in: repository).status == 0)
  }
}
