// Keys of ours at a real key service, configured as a user would: for tests of many keys and of the commands round rotation.

import Foundation
import Glibc
import Testing

final class Estate {
  let sandbox: Sandbox
  let authority: Authority
  let config: String
  private(set) var keys: [(name: String, id: String, value: String, file: String)] = []
  private var text: String

  init(_ head: String = "") throws {
    sandbox = try Sandbox()
    authority = try Authority(sandbox)
    config = sandbox.root + "/keywright.toml"
    text = head
    try save()
  }

  /// Issues keys through one of them, writes a file for each, and configures them.
  func add(_ count: Int, more: String = "") throws {
    // A tenant may have 1,000 live keys, and a rotation makes a second one for a while.
    let tenantful = 400
    var first = try authority.issue(name: "root", scopes: ["jobs", "keys"])
    var tenant = "demo"
    for (number, index) in (keys.count..<keys.count + count).enumerated() {
      if number > 0, number % tenantful == 0 {
        tenant = "demo-\(index)"
        first = try authority.issue(name: "root", scopes: ["jobs", "keys"], tenant: tenant)
      }
      let name = "key-\(index)"
      let body = #"{"name":"\#(name)","reference":"\#(name)"}"#
      let answer = try Wire.exchange(
        authority.port,
        "POST /v1/api-keys HTTP/1.1\r\nHost: x\r\nX-API-Key: \(first.value)\r\nContent-Type: application/json\r\n"
          + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
      try #require(Wire.status(answer) == 201, "\(answer.prefix(300))")
      let json = try #require(answer.components(separatedBy: "\r\n\r\n").last)
      let made = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
      let id = try #require(made["key_id"] as? String)
      let value = sandbox.keep(try #require(made["api_key"] as? String))
      let file = sandbox.root + "/\(name).env"
      try "AITBC_API_KEY=\(value)\n".write(toFile: file, atomically: false, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
      keys.append((name, id, value, file))
      text += """

        [[key]]
        name = "\(name)"
        provider = "aitbc"
        base = "\(authority.base)"
        key_id = "\(id)"
        tenant = "\(tenant)"
        plan = "enterprise"
        variable = "AITBC_API_KEY"
        files = ["\(name).env"]
        max_age = "90d"
        grace = "1h"
        proofs = 1
        \(more)

        """
    }
    try save()
  }

  func save() throws { try text.write(toFile: config, atomically: false, encoding: .utf8) }

  func edit(_ change: (String) -> String) throws {
    text = change(text)
    try save()
  }

  @discardableResult
  func run(_ arguments: String..., extra: [String: String] = [:]) throws -> Outcome {
    try sandbox.keywright(arguments + ["--config", config], extra: extra)
  }

  /// Lets the ledger believe that it saw the keys long ago.
  func age(days: Int) throws {
    #expect(try run("rotate", "--due").status == 0)
    let script =
      "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('UPDATE inventory SET first_seen_ms=first_seen_ms-?', (int(sys.argv[2])*86400000,)); c.commit()"
    let outcome = try sandbox.run(
      "/usr/bin/env", ["python3", "-c", script, sandbox.root + "/state/ledger.sqlite", "\(days)"])
    try #require(outcome.status == 0, "\(outcome.errors)")
  }

  func value(_ index: Int) throws -> String {
    let text = try sandbox.read(keys[index].file)
    return sandbox.keep(String(text.dropFirst("AITBC_API_KEY=".count).dropLast()))
  }

  /// Every key that the service ever had, by name.
  func history() throws -> [String: Int] {
    let outcome = try sandbox.run(
      Sandbox.products + "/keywright-authority", ["list", "--database", authority.database, "--json"])
    let all = try outcome.json()["api_keys"] as? [[String: Any]] ?? []
    return all.reduce(into: [:]) { $0[$1["name"] as? String ?? "", default: 0] += 1 }
  }

  /// Runs as many processes at the same time; their exit statuses.
  func together(_ count: Int, _ arguments: [String]) async throws -> [Int32] {
    let (root, config, environment) = (sandbox.root, config, sandbox.environment)
    return try await withThrowingTaskGroup(of: Int32.self) { group in
      for _ in 0..<count {
        group.addTask {
          let process = Process()
          process.executableURL = URL(filePath: Sandbox.products + "/keywright")
          process.arguments = arguments + ["--config", config]
          process.environment = environment
          process.currentDirectoryURL = URL(filePath: root)
          process.standardOutput = FileHandle.nullDevice
          process.standardError = FileHandle.nullDevice
          try process.run()
          process.waitUntilExit()
          return process.terminationStatus
        }
      }
      return try await group.reduce(into: [Int32]()) { $0.append($1) }
    }
  }
}
