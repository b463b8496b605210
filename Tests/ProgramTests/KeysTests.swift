// keywright keys against the real key service.

import Foundation
import Testing

@Suite(.timeLimit(.minutes(20))) struct KeysTests {
  /// A key that may manage its tenant's keys, in a file.
  private func manager(_ sandbox: Sandbox, _ authority: Authority) throws -> String {
    let file = sandbox.root + "/manager.key"
    let outcome = try sandbox.run(
      Sandbox.products + "/keywright-authority",
      [
        "issue", "--database", authority.database, "--tenant", "demo", "--plan", "pro", "--name", "manager", "--scope",
        "jobs", "--scope", "keys", "--output", file,
      ])
    try #require(outcome.status == 0, "\(outcome.errors)")
    _ = sandbox.keep(try sandbox.read(file).trimmingCharacters(in: .whitespacesAndNewlines))
    return file
  }

  private func value(_ sandbox: Sandbox, _ file: String) throws -> String {
    let mode = try #require(FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int)
    #expect(mode == 0o600)
    return sandbox.keep(try sandbox.read(file).trimmingCharacters(in: .whitespacesAndNewlines))
  }

  @Test func aKeysLifeFromCreationToRevocation() throws {
    let sandbox = try Sandbox()
    let authority = try Authority(sandbox)
    let options = ["--key-file", try manager(sandbox, authority), "--base", authority.base]

    let created = try sandbox.keywright(
      ["keys", "create", "worker", "--scope", "jobs", "--output", "worker.key", "--json"] + options)
    try #require(created.status == 0, "\(created.errors)")
    let id = try #require(try created.json()["key_id"] as? String)
    #expect(try created.json()["api_key"] == nil)
    let first = try value(sandbox, sandbox.root + "/worker.key")
    #expect(try authority.status(of: first) == 200)

    // With its own key, and into the same file: that needs no --force.
    let regenerated = try sandbox.keywright([
      "keys", "regenerate", id, "--grace", "600", "--key-file", "worker.key", "--output", "worker.key", "--base",
      authority.base,
    ])
    try #require(regenerated.status == 0, "\(regenerated.errors)")
    #expect(regenerated.errors.contains("works until"))
    let second = try value(sandbox, sandbox.root + "/worker.key")
    #expect(second != first)
    #expect(try authority.status(of: first) == 200, "its grace is not over")
    #expect(try authority.status(of: second) == 200)

    let listed = try sandbox.keywright(["keys", "list", "--json"] + options)
    let keys = try #require(try listed.json()["api_keys"] as? [[String: Any]])
    #expect(keys.contains { $0["replaces"] as? String == id && $0["status"] as? String == "active" })
    let table = try sandbox.keywright(["keys", "list"] + options)
    #expect(table.output.hasPrefix("KEY ID") && table.output.contains("retiring"))

    #expect(try sandbox.keywright(["keys", "revoke", id] + options).status == 0)
    #expect(try authority.status(of: first) == 401)
    #expect(try authority.status(of: second) == 200)
  }

  @Test func theEnvironmentNamesServiceKeyAndTenant() throws {
    let sandbox = try Sandbox()
    let authority = try Authority(sandbox)
    let key = try authority.issue(name: "own")
    var extra = ["AITBC_API_KEY": key.value, "AITBC_BASE_URL": authority.base]
    #expect(try sandbox.keywright(["keys", "list"], extra: extra).status == 0)
    extra["AITBC_TENANT_ID"] = "demo"
    #expect(try sandbox.keywright(["keys", "list"], extra: extra).status == 0)
    extra["AITBC_TENANT_ID"] = "another"
    let refused = try sandbox.keywright(["keys", "list"], extra: extra)
    #expect(refused.status == 70 && refused.errors.contains("403"))
    extra["AITBC_TENANT_ID"] = nil
    extra["AITBC_API_KEY"] = sandbox.keep(SampleKey.aitbc())
    let unknown = try sandbox.keywright(["keys", "list"], extra: extra)
    #expect(unknown.status == 70 && unknown.errors.contains("Invalid API key"))
  }

  @Test func nothingIsMadeThatCouldNotBeDelivered() throws {
    let sandbox = try Sandbox()
    let authority = try Authority(sandbox)
    let options = ["--key-file", try manager(sandbox, authority), "--base", authority.base]
    try "keep me".write(toFile: sandbox.root + "/taken", atomically: false, encoding: .utf8)
    for place in [[], ["--json"], ["--output", "taken"], ["--output", "missing/folder/file"]] {
      let outcome = try sandbox.keywright(["keys", "create", "orphan"] + place + options)
      #expect(outcome.status == 2, "\(place): \(outcome.errors)")
      #expect(outcome.errors.contains("hint: "))
    }
    #expect(try sandbox.read(sandbox.root + "/taken") == "keep me")
    #expect(try authority.liveKeys(named: "orphan").isEmpty)
    #expect(try sandbox.keywright(["keys", "create", "wanted", "--output", "taken", "--force"] + options).status == 0)
    #expect(try authority.liveKeys(named: "wanted").count == 1)
    _ = try value(sandbox, sandbox.root + "/taken")
  }

  @Test func aValueIsShownOnlyWhenAskedFor() throws {
    let sandbox = try Sandbox()
    let authority = try Authority(sandbox)
    let options = ["--key-file", try manager(sandbox, authority), "--base", authority.base]
    let shown = try sandbox.keywright(["keys", "create", "shown", "--print-secret"] + options, secretsShown: true)
    let value = sandbox.keep(shown.output.trimmingCharacters(in: .whitespacesAndNewlines))
    #expect(try authority.status(of: value) == 200)
    #expect(!shown.errors.contains(value))
    let json = try sandbox.keywright(
      ["keys", "create", "two", "--print-secret", "--json"] + options, secretsShown: true)
    #expect(try authority.status(of: sandbox.keep(try #require(try json.json()["api_key"] as? String))) == 200)
  }

  @Test func aServiceThatSpoilsItsAnswers() throws {
    let sandbox = try Sandbox()
    let authority = try Authority(sandbox)
    let proxy = try SpoilingProxy(to: authority.port)
    let options = ["--key-file", try manager(sandbox, authority), "--base", proxy.base]
    proxy.spoil("POST", .dropAfter)
    let lost = try sandbox.keywright(["keys", "create", "lost", "--output", "lost.key"] + options)
    #expect(lost.status == 4 && lost.errors.contains("may have been done"), "\(lost.errors)")
    #expect(lost.errors.contains("keywright keys list"))
    #expect(proxy.requests.filter { $0.hasPrefix("POST") }.count == 1, "it is not sent again")
    #expect(!FileManager.default.fileExists(atPath: sandbox.root + "/lost.key"))
    proxy.spoil("GET", .answerBefore(Wire.answer(200, "<html>")), .answerBefore(Wire.answer(500, "")))
    #expect(try sandbox.keywright(["keys", "list"] + options).status == 70)
    #expect(try sandbox.keywright(["keys", "list"] + options).status == 70)
    proxy.spoil("GET", .answerBefore(Wire.answer(429, "", headers: ["Retry-After: 1"])))
    #expect(try sandbox.keywright(["keys", "list"] + options).status == 0, "a limit is waited for")
    proxy.spoil("GET", .answerBefore(Wire.answer(429, "", headers: ["Retry-After: 3600"])))
    let limited = try sandbox.keywright(["keys", "list"] + options)
    #expect(limited.status == 70 && limited.errors.contains("3600 seconds"))
  }

  @Test func wrongUsage() throws {
    let sandbox = try Sandbox()
    for arguments in [
      ["list"], ["list", "--key-file", "nowhere"], ["create"], ["regenerate"], ["regenerate", "k", "--grace", "-1"],
      ["list", "--key-file", "empty"], ["list", "--key-file", "empty", "--base", "not an address"], ["frobnicate"],
    ] {
      try "".write(toFile: sandbox.root + "/empty", atomically: false, encoding: .utf8)
      let outcome = try sandbox.keywright(["keys"] + arguments)
      #expect(outcome.status == 2, "\(arguments): \(outcome.errors)")
      #expect(!outcome.errors.isEmpty)
    }
  }
}
