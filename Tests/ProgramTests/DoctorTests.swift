// The doctor: what it sees of an install and a repository that are well, and of ones that are not.

import Foundation
import Glibc
import Testing

@Suite struct DoctorTests {
  let sandbox: Sandbox

  init() throws { sandbox = try Sandbox() }

  private func checks(
    _ arguments: String..., in directory: String? = nil, extra: [String: String] = [:], status: Int32
  ) throws -> [String: (state: String, text: String, hint: String)] {
    let outcome = try sandbox.keywright(["doctor", "--json"] + arguments, in: directory, extra: extra)
    #expect(outcome.status == status, "\(outcome.output)\(outcome.errors)")
    let list = try #require(try outcome.json()["checks"] as? [[String: Any]])
    return Dictionary(
      list.map { check in
        (
          check["name"] as? String ?? "",
          (check["state"] as? String ?? "", check["text"] as? String ?? "", check["hint"] as? String ?? "")
        )
      }, uniquingKeysWith: { first, _ in first })
  }

  @Test func whatIsWellIsSaidToBe() throws {
    let repository = try sandbox.repository()
    #expect(try sandbox.keywright("hook", "install", in: repository).status == 0)
    let found = try checks(in: repository, status: 0)
    for name in ["git", "libgit2", "libcurl", "clock", "ledger", "configuration", "environment", "hooks", "scheduler"] {
      #expect(found[name] != nil, "\(name)")
      #expect(found[name]?.state != "failure", "\(name): \(String(describing: found[name]))")
    }
    #expect(found["hooks"]?.state == "ok" && found["hooks"]?.text.contains("pre-commit") == true)
    #expect(found["libgit2"]?.text.split(separator: ".").count == 3)
    let text = try sandbox.keywright("doctor", in: repository)
    #expect(text.output.contains("ok    libgit2"), "\(text.output)")
    // Looking changes nothing.
    #expect(!FileManager.default.fileExists(atPath: sandbox.root + "/state"))
  }

  @Test func whatIsNotWellHasAHint() throws {
    let repository = try sandbox.repository()
    #expect(try checks(in: repository, status: 0)["hooks"]?.hint == "run: keywright hook install")
    #expect(try sandbox.keywright("doctor", "--strict", in: repository).status == 2)
    // A hook that git would pass over, and one whose program is gone.
    #expect(try sandbox.keywright("hook", "install", in: repository).status == 0)
    let hook = repository + "/.git/hooks/pre-commit"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: hook)
    #expect(try checks(in: repository, status: 2)["hooks"]?.hint == "run: chmod +x \(try real(hook))")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
    let script = try sandbox.read(hook).replacingOccurrences(of: "keywright='/", with: "keywright='/gone/")
    try script.write(toFile: hook, atomically: false, encoding: .utf8)
    #expect(try checks(in: repository, status: 2)["hooks"]?.text.contains("which is gone") == true)
    try FileManager.default.removeItem(atPath: hook)
    // The state directory.
    let state = sandbox.root + "/state"
    try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: state)
    #expect(try checks(in: repository, status: 2)["ledger"]?.hint == "run: chmod 700 \(state)")
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: state)
    #expect(try checks(in: repository, status: 0)["ledger"]?.state == "ok")
    // A ledger without its key.
    try Data().write(to: URL(filePath: state + "/ledger.sqlite"))
    #expect(try checks(in: repository, status: 2)["install key"]?.text.contains("is missing") == true)
    try FileManager.default.removeItem(atPath: state + "/ledger.sqlite")
    // Configuration and environment.
    try "[gate]\nfail_on = \"never\"\n".write(
      toFile: repository + "/.keywright.toml", atomically: false, encoding: .utf8)
    let wrong = try checks(in: repository, extra: ["KEYWRIGHT_CACHE": "perhaps"], status: 2)
    #expect(wrong["configuration"]?.text.contains(".keywright.toml:2: ") == true)
    #expect(wrong["environment"]?.text.contains("KEYWRIGHT_CACHE") == true)
    let missing = try checks(in: sandbox.root, extra: ["SSL_CERT_FILE": "/absent"], status: 2)
    #expect(missing["certificates"]?.state == "failure")
    #expect(missing["hooks"]?.text == "no repository here")
  }

  private func real(_ path: String) throws -> String {
    URL(filePath: path).resolvingSymlinksInPath().path
  }
}
