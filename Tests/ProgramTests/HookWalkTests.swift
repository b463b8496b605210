// A new user's first day with the hook: stopped, and then on by each of the three ways, by running what the hook printed as
// it printed it.

import Foundation
import Testing

@Suite struct HookWalkTests {
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

  private func guarded() throws -> String {
    let repository = try sandbox.repository()
    try sandbox.commit("hello\n", to: "README.md", in: repository)
    #expect(try sandbox.keywright("hook", "install", in: repository).status == 0)
    return repository
  }

  private func commit(in repository: String, extra: [String: String] = [:]) throws -> Outcome {
    let outcome = try sandbox.run("/usr/bin/env", ["git", "commit", "-m", "x"], in: repository, extra: extra)
    for value in sandbox.values { #expect(!(outcome.output + outcome.errors).contains(value)) }
    return outcome
  }

  /// Runs a line as a person pastes it into a shell, `keywright` being on the PATH.
  private func paste(_ line: String, in directory: String) throws -> Outcome {
    let path = Sandbox.products + ":" + (sandbox.environment["PATH"] ?? "")
    return try sandbox.run("/bin/sh", ["-c", line], in: directory, extra: ["PATH": path])
  }

  /// What stands behind a mark on one of the hook's lines, up to its end or to three blanks.
  private func printed(_ mark: String, _ outcome: Outcome) throws -> String {
    let line = try #require(
      outcome.errors.split(separator: "\n").first { $0.contains(mark) }, "\(mark) is not in \(outcome.errors)")
    let rest = line[try #require(line.range(of: mark)).upperBound...]
    let end = rest.drop { $0 == " " }
    return String(end.components(separatedBy: "   ")[0]).trimmingCharacters(in: .whitespaces)
  }

  @Test func takeItOut() throws {
    let repository = try guarded()
    let names = ["conf.py", "dir with blanks/it's.py"]
    for name in names { try write("token = \"\(key)\"\n", to: repository + "/" + name) }
    try sandbox.git("add", ".", in: repository)
    let stopped = try commit(in: repository)
    #expect(stopped.status == 1)
    #expect(stopped.errors.contains("conf.py:1") && stopped.errors.contains("flagged because"), "\(stopped.errors)")
    let command = try printed("1. take it out:", stopped)
    let done = try paste(command, in: repository)
    #expect(done.status == 0, "\(command): \(done.errors)")
    #expect(try sandbox.git("diff", "--cached", "--name-only", in: repository) == "")
    for name in names { try write("import os\ntoken = os.environ[\"TOKEN\"]\n", to: repository + "/" + name) }
    try sandbox.git("add", ".", in: repository)
    #expect(try commit(in: repository).status == 0)
  }

  @Test func takeItOutOfTheFirstCommitFromBelow() throws {
    let repository = try sandbox.repository()
    #expect(try sandbox.keywright("hook", "install", in: repository).status == 0)
    try write("token = \"\(key)\"\n", to: repository + "/sub/conf.py")
    try sandbox.git("add", ".", in: repository)
    let stopped = try commit(in: repository + "/sub")
    #expect(stopped.status == 1)
    let done = try paste(try printed("1. take it out:", stopped), in: repository + "/sub")
    #expect(done.status == 0, "\(done.errors)")
    #expect(try sandbox.git("ls-files", in: repository) == "")
  }

  @Test func rotateIt() throws {
    let authority = try Authority(sandbox)
    let (id, value) = try authority.issue(name: "shop")
    let environment = sandbox.root + "/srv/.env"
    try write("AITBC_API_KEY=\(value)\n", to: environment)
    try write(
      """
      [[key]]
      name = "shop"
      provider = "aitbc"
      base = "\(authority.base)"
      key_id = "\(id)"
      tenant = "demo"
      variable = "AITBC_API_KEY"
      files = ["\(environment)"]
      grace = "1s"
      proofs = 1

      """, to: sandbox.root + "/config/keywright/keywright.toml")
    let repository = try guarded()
    try write("token = \"\(value)\"\n", to: repository + "/conf.py")
    try sandbox.git("add", ".", in: repository)
    let stopped = try commit(in: repository)
    #expect(stopped.status == 1)
    let command = try printed("2. it was shared:", stopped)
    #expect(command == "keywright rotate shop")
    let rotated = try paste(command, in: repository)
    #expect(rotated.status == 0, "\(rotated.errors)")
    let now = sandbox.keep(String(try sandbox.read(environment).dropFirst("AITBC_API_KEY=".count).dropLast()))
    #expect(now != value)
    #expect(try authority.status(of: value) == 401 && authority.status(of: now) == 200)
    // The old value opens nothing any more, which this install knows: the hook lets it be, and says so.
    let passed = try commit(in: repository)
    #expect(passed.status == 0, "\(passed.errors)")
    #expect(passed.errors.contains("1 rotated by this install, and proven dead"), "\(passed.errors)")
    let report = try sandbox.keywright("scan", "--format", "json", in: repository).json()
    let finding = try #require((report["findings"] as? [[String: Any]])?.first)
    #expect((finding["suppression"] as? [String: Any])?["kind"] as? String == "dead")
    // From the kept report of the unchanged history the same.
    #expect(try sandbox.keywright("scan", in: repository).status == 0)
    // The new one still stops.
    try write("token = \"\(now)\"\n", to: repository + "/conf.py")
    try sandbox.git("add", ".", in: repository)
    #expect(try commit(in: repository).status == 1)
  }

  @Test(arguments: ["conf.py", "app.js", "main.go", "query.sql", "page.html", "style.css", "Makefile", "infra.tf"])
  func allowItWhereItStands(_ name: String) throws {
    let repository = try guarded()
    try write("token = \"\(key)\"\n", to: repository + "/" + name)
    try sandbox.git("add", ".", in: repository)
    let stopped = try commit(in: repository)
    #expect(stopped.status == 1)
    let comment = try printed("\(name):1  ", onlyIndented(stopped)).replacingOccurrences(
      of: "<reason>", with: "an example of the manual")
    try write("token = \"\(key)\" \(comment)\n", to: repository + "/" + name)
    try sandbox.git("add", ".", in: repository)
    let allowed = try commit(in: repository)
    #expect(allowed.status == 0, "\(comment): \(allowed.errors)")
    #expect(allowed.errors.contains("suppressed: 1 by comments"), "\(allowed.errors)")
  }

  /// Without the lines of the finding's own card.
  private func onlyIndented(_ outcome: Outcome) -> Outcome {
    var outcome = outcome
    outcome.errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("          ") }.joined(separator: "\n")
    return outcome
  }

  @Test(arguments: ["data.json", ".env", "application.properties"])
  func allowItInTheBaseline(_ name: String) throws {
    let repository = try guarded()
    try write(name == "data.json" ? "{\"token\": \"\(key)\"}\n" : "TOKEN=\(key)\n", to: repository + "/" + name)
    try sandbox.git("add", "-f", ".", in: repository)
    let stopped = try commit(in: repository)
    #expect(stopped.status == 1)
    #expect(!stopped.errors.contains("\(name):1  #"), "a comment there would be part of the value: \(stopped.errors)")
    let command = try printed("or in the baseline:", stopped)
    // As it stands it asks for the reason.
    let asked = try paste(command, in: repository)
    #expect(asked.status == 2 && asked.errors.contains("reason"), "\(asked.errors)")
    let done = try paste(command.replacingOccurrences(of: "<reason>", with: "the manual has it"), in: repository)
    #expect(done.status == 0, "\(command): \(done.errors)")
    let add = try #require(done.errors.components(separatedBy: "commit that with it: ").last)
    #expect(try paste(add, in: repository).status == 0)
    let allowed = try commit(in: repository)
    #expect(allowed.status == 0, "\(allowed.errors)")
    #expect(try sandbox.read(repository + "/.keywright-baseline").contains("reason=\"the manual has it\""))
    #expect(try sandbox.git("ls-files", in: repository).contains(".keywright-baseline"))
    // Another key in the same file is none of those that were allowed, and is allowed in the baseline that is there now.
    let other = sandbox.keep(SampleKey.aitbc())
    try write(name == "data.json" ? "{\"token\": \"\(other)\"}\n" : "TOKEN=\(other)\n", to: repository + "/" + name)
    try sandbox.git("add", "-f", ".", in: repository)
    let again = try commit(in: repository)
    #expect(again.status == 1)
    let second = try printed("or in the baseline:", again).replacingOccurrences(of: "<reason>", with: "another")
    #expect(try paste(second, in: repository).status == 0)
    #expect(try commit(in: repository).status == 0)
    let twice = try paste(second, in: repository)
    #expect(twice.status == 2, "\(twice.errors)")
  }

  // MARK: Hook managers

  @Test func worksUnderHusky() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("hello\n", to: "README.md", in: repository)
    // What husky 9 lays out: core.hooksPath leads to .husky/_, whose scripts run those of the same name one level up.
    try sandbox.git("config", "core.hooksPath", ".husky/_", in: repository)
    try write("#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"\n", to: repository + "/.husky/_/pre-commit")
    try write(
      "n=$(basename \"$0\")\ns=$(dirname \"$(dirname \"$0\")\")/$n\n[ ! -f \"$s\" ] && exit 0\nsh -e \"$s\" \"$@\"\n",
      to: repository + "/.husky/_/h")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: repository + "/.husky/_/pre-commit")
    // The recipe of the README.
    try write("keywright hook run pre-commit\n", to: repository + "/.husky/pre-commit")
    let path = ["PATH": Sandbox.products + ":" + (sandbox.environment["PATH"] ?? "")]
    try write("token = \"\(key)\"\n", to: repository + "/conf.py")
    try sandbox.git("add", ".", in: repository)
    let stopped = try commit(in: repository, extra: path)
    #expect(stopped.status == 1 && stopped.errors.contains("Three ways on"), "\(stopped.errors)")
    try write("token = 1\n", to: repository + "/conf.py")
    try sandbox.git("add", ".", in: repository)
    #expect(try commit(in: repository, extra: path).status == 0)
    let doctor = try sandbox.keywright("doctor", in: repository, extra: path)
    #expect(doctor.output.contains(".husky/pre-commit of husky calls keywright"), "\(doctor.output)")
  }

  // MARK: Kinds of repositories

  @Test func looksIntoASubmoduleOnlyFromInside() throws {
    let library = try sandbox.repository("library")
    try sandbox.commit("hello\n", to: "README.md", in: library)
    let repository = try guarded()
    try sandbox.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library, "lib", in: repository)
    let added = try commit(in: repository)
    #expect(added.status == 0, "\(added.errors)")
    // In the submodule, whose git directory lies in the outer repository, a hook of its own.
    #expect(try sandbox.keywright("hook", "install", in: repository + "/lib").status == 0)
    try write("token = \"\(key)\"\n", to: repository + "/lib/conf.py")
    try sandbox.git("add", "conf.py", in: repository + "/lib")
    #expect(try commit(in: repository + "/lib").status == 1)
    try sandbox.git("commit", "-q", "--no-verify", "-m", "x", in: repository + "/lib")
    // Outside only a commit's id changes, and ids are no keys.
    try sandbox.git("add", "lib", in: repository)
    let moved = try commit(in: repository)
    #expect(moved.status == 0, "\(moved.errors)")
  }

  @Test func worksInASparseCheckoutWithASparseIndex() throws {
    let repository = try guarded()
    for folder in ["inside", "outside"] {
      try sandbox.commit("one\n", to: folder + "/a.py", in: repository)
    }
    try sandbox.git("sparse-checkout", "init", "--cone", "--sparse-index", in: repository)
    try sandbox.git("sparse-checkout", "set", "inside", in: repository)
    #expect(!FileManager.default.fileExists(atPath: repository + "/outside/a.py"))
    try write("two\n", to: repository + "/inside/a.py")
    try sandbox.git("add", "inside/a.py", in: repository)
    let passed = try commit(in: repository)
    #expect(passed.status == 0, "\(passed.errors)")
    try write("token = \"\(key)\"\n", to: repository + "/inside/a.py")
    try sandbox.git("add", "inside/a.py", in: repository)
    let stopped = try commit(in: repository)
    #expect(stopped.status == 1 && stopped.errors.contains("inside/a.py:1"), "\(stopped.errors)")
  }

  @Test func stopsACommitInTheMiddleOfARebaseAndACherryPick() throws {
    let repository = try guarded()
    try sandbox.commit("one\n", to: "a.py", in: repository)
    try sandbox.git("checkout", "-q", "-b", "topic", in: repository)
    try sandbox.commit("topic\n", to: "a.py", in: repository)
    try sandbox.git("checkout", "-q", "main", in: repository)
    try sandbox.commit("main\n", to: "a.py", in: repository)
    _ = try sandbox.run("/usr/bin/env", ["git", "cherry-pick", "topic"], in: repository)
    try write("token = \"\(key)\"\n", to: repository + "/a.py")
    try sandbox.git("add", "a.py", in: repository)
    let stopped = try commit(in: repository)
    #expect(stopped.status == 1, "\(stopped.errors)")
    try write("both\n", to: repository + "/a.py")
    try sandbox.git("add", "a.py", in: repository)
    #expect(try commit(in: repository).status == 0)
  }
}
