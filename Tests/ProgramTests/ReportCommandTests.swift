// keywright report: two reports compared, and the values for git filter-repo.

import Foundation
import Testing

@Suite struct ReportCommandTests {
  let sandbox: Sandbox
  let repository: String

  init() throws {
    sandbox = try Sandbox()
    repository = try sandbox.repository()
  }

  private func newKey() -> String { sandbox.keep(SampleKey.aitbc()) }

  private func scan(_ name: String) throws -> String {
    let file = sandbox.root + "/\(name).json"
    try sandbox.keywright("scan", repository, "--output", file)
    return file
  }

  @Test func twoReportsAreCompared() throws {
    try sandbox.commit("\(newKey())\n", to: "a", in: repository)
    let kept = newKey()
    try sandbox.commit("\(kept)\n", to: "b", in: repository)
    let old = try scan("old")
    try sandbox.commit("nothing\n", to: "b", in: repository)
    try sandbox.commit("\(newKey())\n", to: "c", in: repository)
    let new = try scan("new")
    let outcome = try sandbox.keywright("report", old, new)
    #expect(
      outcome.status == 1 && outcome.errors.contains("1 new, 0 gone, 2 in both, 1 of them changed"), "\(outcome.errors)"
    )
    #expect(
      outcome.output.hasPrefix("new:\n") && outcome.output.contains("at no branch head any more"), "\(outcome.output)")
    let json = try sandbox.keywright("report", "--compare", old, new, "--format", "json").json()
    #expect(
      (json["new"] as? [Any])?.count == 1 && (json["gone"] as? [Any])?.isEmpty == true && json["in_both"] as? Int == 2)
    let back = try sandbox.keywright("report", new, old)
    #expect(back.status == 0 && back.output.contains("gone:\n"))
    #expect(try sandbox.keywright("report", old, old).errors.contains("0 new, 0 gone, 2 in both, 0 of them changed"))
    #expect(try sandbox.keywright("report", old, new, old).status == 2)
    #expect(try sandbox.keywright("report", "--merge", old, new, old).status == 0)
    #expect(try sandbox.keywright("report", old, new, "--format", "sarif").status == 1)
  }

  /// A key in lines, as PEM has it; made up, and nobody's.
  private func pem() -> String {
    let body = (0..<4).map { line in
      // DER begins with a sequence and its length, or it is no key for anybody.
      (line == 0 ? Array("MIIEpAIBAAKCAQEA") : [])
        + (line == 0 ? 16..<64 : 0..<64).map { _ in
          "ABCDEFGHIJKLMNOPabcdefghijklmnop0123456789+/".randomElement() ?? "A"
        }
    }
    for line in body { _ = sandbox.keep(String(line)) }
    let label = "RSA PRIVATE KEY"
    return "-----BEGIN \(label)-----\n" + body.map { String($0) + "\n" }.joined() + "-----END \(label)-----\n"
  }

  private func filterRepo() throws -> [String]? {
    let found = try sandbox.run("/usr/bin/env", ["git", "filter-repo", "--version"])
    return found.status == 0 ? ["git", "filter-repo"] : nil
  }

  @Test func theReplacementsHoldEachValueAndNothingElseDoes() throws {
    let plain = newKey()
    let inMessage = newKey()
    let encoded = newKey()
    try sandbox.commit("k = \"\(plain)\"\r\n", to: "a", in: repository)
    try sandbox.commit("x\n", to: "b", in: repository, message: "Use \(inMessage)")
    try sandbox.commit("data: \(Data("token=\(encoded);".utf8).base64EncodedString())\n", to: "c.yaml", in: repository)
    try sandbox.commit(pem(), to: "key.pem", in: repository)
    let allowed = newKey()
    try sandbox.commit("\(allowed)  # keywright:allow a test\n", to: "d", in: repository)
    let report = try scan("report")
    #expect(try sandbox.keywright("report", report, "--format", "filter-repo").status == 2)
    let file = sandbox.root + "/values.txt"
    let outcome = try sandbox.keywright("report", report, "--format", "filter-repo", "--output", file)
    #expect(outcome.status == 0 && outcome.errors.contains("WARNING"), "\(outcome.errors)")
    #expect(outcome.errors.contains("suppressed findings are not among them"), "\(outcome.errors)")
    #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
    let text = try sandbox.read(file)
    for value in [plain, inMessage, encoded] { #expect(text.contains("literal:\(value)==>***REMOVED***\n")) }
    #expect(text.contains("regex:\\x2d\\x2d\\x2d\\x2d\\x2dBEGIN") && !text.contains(allowed))
    #expect(try sandbox.filesHoldingValues(except: ["repository", "values.txt"]).isEmpty)

    guard let filter = try filterRepo() else { return }
    try sandbox.commit("fine\n", to: "d", in: repository)
    let clone = sandbox.root + "/clone"
    try sandbox.git("clone", "-q", "--no-local", repository, clone, in: sandbox.root)
    let rewritten = try sandbox.run(
      "/usr/bin/env", filter + ["--quiet", "--replace-text", file, "--replace-message", file], in: clone)
    #expect(rewritten.status == 0, "\(rewritten.errors)")
    let after = try sandbox.keywright("scan", clone, "--ignore-allow-comments", "--format", "json")
    let left = try #require(try after.json()["findings"] as? [[String: Any]])
    let paths = left.flatMap { ($0["occurrences"] as? [[String: Any]] ?? []).compactMap { $0["path"] as? String } }
    // What somebody has allowed stays; nothing else does.
    #expect(paths == ["d"], "\(after.output)")
  }

  @Test func whatCanNotBeReplacedIsTold() throws {
    let key = newKey()
    let name = repository + "/binary.dat"
    try (Data([0, 1, 2]) + Data("key=\(key)\n".utf8)).write(to: URL(filePath: name))
    try sandbox.git("add", ".", in: repository)
    try sandbox.git("commit", "-q", "-m", "binary", in: repository)
    let report = try scan("report")
    let file = sandbox.root + "/values.txt"
    let outcome = try sandbox.keywright("report", report, "--replacements", file)
    #expect(outcome.status == 0 && outcome.errors.contains("--strip-blobs-with-ids"), "\(outcome.errors)")
    // Without the repository there are no values.
    let elsewhere = try sandbox.keywright(
      "report", report, "--replacements", file, "--repository", sandbox.root + "/none")
    #expect(elsewhere.status == 2 && elsewhere.errors.contains("is no repository"), "\(elsewhere.errors)")
    let empty = try sandbox.repository("empty")
    try sandbox.commit("x\n", to: "a", in: empty)
    let lost = try sandbox.keywright("report", report, "--replacements", file, "--repository", empty)
    #expect(lost.status == 3 && lost.errors.contains("could not be read again"), "\(lost.errors)")
  }
}
