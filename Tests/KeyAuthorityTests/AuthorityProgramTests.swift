// The program as a user runs it: issue, serve, kill, serve again, list, revoke.

import Foundation
import FoundationNetworking
import Secrets
import Testing

@testable import KeyAuthority

/// A folder, and the program run in it. The program is built together with the tests.
private final class Bench {
  let folder: URL
  static let program = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "keywright-authority")

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "authority-program-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func read(_ name: String) -> String {
    String(decoding: FileManager.default.contents(atPath: folder.appending(path: name).path) ?? Data(), as: UTF8.self)
  }

  private func process(_ arguments: [String], _ stem: String) throws -> Process {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    for end in ["out", "err"] {
      try Data().write(to: folder.appending(path: "\(stem).\(end)"))
    }
    process.standardOutput = try FileHandle(forWritingTo: folder.appending(path: "\(stem).out"))
    process.standardError = try FileHandle(forWritingTo: folder.appending(path: "\(stem).err"))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    let stem = UUID().uuidString
    let process = try process(arguments, stem)
    process.waitUntilExit()
    return (process.terminationStatus, read("\(stem).out"), read("\(stem).err"))
  }

  /// Starts the service, and returns when it has written its port.
  func serve(log stem: String) async throws -> (process: Process, port: Int) {
    let portFile = folder.appending(path: "port").path
    try? FileManager.default.removeItem(atPath: portFile)
    let process = try process(["serve", "--database", "k.sqlite", "--port", "0", "--port-file", "port"], stem)
    let deadline = ContinuousClock.now + .seconds(20)
    while !FileManager.default.fileExists(atPath: portFile), process.isRunning, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(5))
    }
    return (
      process, try #require(Int(read("port").trimmingCharacters(in: .whitespacesAndNewlines)), "\(read(stem + ".err"))")
    )
  }

  func ask(_ method: String, _ path: String, _ port: Int, key: String) async throws -> Reply {
    var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")), timeoutInterval: 20)
    request.httpMethod = method
    request.setValue(key, forHTTPHeaderField: "X-API-Key")
    let (data, response) = try await URLSession(configuration: .ephemeral).data(for: request)
    return Reply(status: try #require(response as? HTTPURLResponse).statusCode, headers: [:], body: data)
  }
}

@Suite struct AuthorityProgramTests {
  @Test func aKeyOutlivesTheService() async throws {
    let bench = try Bench()
    let issued = try bench.run(
      "issue", "--database", "k.sqlite", "--tenant", "demo", "--plan", "pro", "--name", "production", "--scope", "jobs",
      "--output", "production.key")
    #expect(issued.status == 0, "\(issued.errors)")
    let object = try #require(JSONSerialization.jsonObject(with: Data(issued.output.utf8)) as? [String: Any])
    let id = try #require(object["key_id"] as? String)
    let value = bench.read("production.key").trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(isWellFormed(value))
    #expect(!issued.output.contains(value) && !issued.errors.contains(value))
    for file in ["production.key", "k.sqlite"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: bench.folder.appending(path: file).path)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
    }

    let first = try await bench.serve(log: "first")
    #expect(try await bench.ask("GET", "/v1/whoami", first.port, key: value).keyID == id)
    let successor = try await bench.ask("POST", "/v1/api-keys/\(id)/regenerate", first.port, key: value)
    #expect(successor.status == 201)
    let new = try successor.value()
    kill(first.process.processIdentifier, SIGKILL)
    first.process.waitUntilExit()

    let second = try await bench.serve(log: "second")
    #expect(try await bench.ask("GET", "/v1/whoami", second.port, key: value).status == 401)
    #expect(try await bench.ask("GET", "/v1/whoami", second.port, key: new).status == 200)
    let newID = try #require(successor.keyID)
    let revoked = try bench.run("revoke", "--database", "k.sqlite", newID)
    #expect(revoked.status == 0 && revoked.output.contains("\"status\":\"revoked\""))
    #expect(try await bench.ask("GET", "/v1/whoami", second.port, key: new).status == 401)
    second.process.terminate()
    second.process.waitUntilExit()
    #expect(second.process.terminationReason == .exit && second.process.terminationStatus == 0)
    #expect(!FileManager.default.fileExists(atPath: bench.folder.appending(path: "port").path))

    let list = try bench.run("list", "--database", "k.sqlite")
    #expect(list.output.contains(newID) && list.output.contains("revoked") && list.output.contains("expired"))
    let log = bench.read("first.err") + bench.read("second.err")
    #expect(log.contains(" POST /v1/api-keys/\(id)/regenerate 201 \(id) "))
    for key in [value, new] {
      #expect(!log.contains(key) && !list.output.contains(key) && !revoked.output.contains(key))
    }
  }

  @Test func mistakesAreExplained() throws {
    let bench = try Bench()

    #expect(try bench.run("issue").status == 2)
    #expect(try bench.run("frobnicate").status == 2)
    #expect(try bench.run("serve", "--database", "k.sqlite", "--port", "70000").status == 2)
    #expect(try bench.run("--help").status == 0)
    #expect(try bench.run("serve", "--help").output.contains("--port-file"))
    try Data("precious".utf8).write(to: bench.folder.appending(path: "taken"))
    let taken = try bench.run(
      "issue", "--database", "k.sqlite", "--tenant", "demo", "--name", "n", "--output", "taken")
    #expect(taken.status == 1 && taken.errors.contains("exists already") && taken.errors.contains("hint: "))
    #expect(bench.read("taken") == "precious")
    let tenant = try bench.run("issue", "--database", "k.sqlite", "--tenant", "a b", "--name", "n", "--output", "out")
    #expect(tenant.status == 1 && tenant.errors.contains("the tenant must be"))
    #expect(!FileManager.default.fileExists(atPath: bench.folder.appending(path: "out").path))
    let missing = try bench.run("list", "--database", "none.sqlite")
    #expect(missing.status == 1 && missing.errors.contains("there is no such file"))
    let unknown = try bench.run("revoke", "--database", "k.sqlite", "key_x")
    #expect(unknown.status == 1 && unknown.errors.contains("no such key"))
    let value = String(decoding: KeyValue.make(random: SeededRandom(1)).copyBytes(), as: UTF8.self)
    let pasted = try bench.run("revoke", "--database", "k.sqlite", value)
    #expect(pasted.status == 1 && pasted.errors.contains("not its id") && !pasted.errors.contains(value))
  }
}
