// Delivery beyond files, against real HTTP servers on loopback that keep what they are given and compare as the real ones do.

import Foundation
import Ledger
import Posix
import Secrets
import Synchronization
import Testing
import Transport

@testable import Rotation

/// What a peer keeps.
private final class Store: Sendable {
  struct State {
    var value: String?
    var version = 1
    var log: [String] = []
    /// Answers the next writes by closing the connection after the work.
    var losses = 0
    /// Somebody else writes between our reading and our writing.
    var interference: String?
  }
  let state: Mutex<State>
  init(_ value: String?) { state = Mutex(State(value: value)) }
  var value: String? { state.withLock(\.value) }
}

@Suite struct DeliveryTests {
  private static let old = "old-key-0123456789"
  private static let new = "new-key-9876543210\"é"

  private final class Folder {
    let path: String
    init() throws {
      path = FileManager.default.temporaryDirectory.appending(path: "keywright-deliver-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func write(_ text: String, _ name: String = "token", mode: Int = 0o600) throws -> String {
      let file = path + "/" + name
      try text.write(toFile: file, atomically: false, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
      return file
    }
  }

  private let services = DeliveryServices(
    transport: { CurlTransport(policy: EgressPolicy(internalBases: [$0], certificateBundle: $1)) },
    clock: SystemClock(),
    run: { command, variables, input in
      let spawn = Spawn(command[0], Array(command.dropFirst()), environment: variables)
      let end = try? input.withBytes { try spawn.run(input: $0) }
      return end?.isSuccess == true ? HookEnd() : HookEnd(failure: "it failed")
    })

  private func deliver(_ target: DeliveryTarget, isRehearsal: Bool = false, new: String = DeliveryTests.new)
    -> DeliveryEnd
  {
    Deliveries.deliver(
      Delivery(
        target: target, old: Secret(DeliveryTests.old), new: isRehearsal ? nil : Secret(new),
        txid: "tx1", key: "demo", environment: "production"), services)
  }

  /// What every place that can be read must do: look, write once, see that it is done, refuse a third value.
  private func checkReadable(
    _ target: DeliveryTarget, _ store: Store, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    func writes() -> Int { store.state.withLock { $0.log.count { $0.hasPrefix("write") } } }
    #expect(deliver(target, isRehearsal: true) == .delivered, sourceLocation: sourceLocation)
    #expect(store.value == DeliveryTests.old && writes() == 0, sourceLocation: sourceLocation)
    #expect(deliver(target) == .delivered, sourceLocation: sourceLocation)
    #expect(store.value == DeliveryTests.new && writes() == 1, sourceLocation: sourceLocation)
    #expect(deliver(target) == .inPlace && writes() == 1, sourceLocation: sourceLocation)
    // The answer to a write is lost: the next look finds it done.
    store.state.withLock {
      $0.value = DeliveryTests.old
      $0.losses = 1
    }
    guard case .obstacle = deliver(target) else {
      Issue.record("a lost answer is no success", sourceLocation: sourceLocation)
      return
    }
    #expect(deliver(target) == .inPlace, sourceLocation: sourceLocation)
    store.state.withLock { $0.value = "somebody else's" }
    for isRehearsal in [true, false] {
      guard case .conflict = deliver(target, isRehearsal: isRehearsal) else {
        Issue.record("a third value is a conflict", sourceLocation: sourceLocation)
        return
      }
    }
    #expect(store.value == "somebody else's", sourceLocation: sourceLocation)
  }

  private func checkInterference(
    _ target: DeliveryTarget, _ store: Store, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    store.state.withLock {
      $0.value = DeliveryTests.old
      $0.interference = "written meanwhile"
    }
    guard case .obstacle = deliver(target) else {
      Issue.record("the place compares", sourceLocation: sourceLocation)
      return
    }
    #expect(store.value == "written meanwhile", sourceLocation: sourceLocation)
    guard case .conflict = deliver(target) else {
      Issue.record("and then holds a third value", sourceLocation: sourceLocation)
      return
    }
  }

  // MARK: Vault

  private func vault(_ store: Store) throws -> LoopbackPeer {
    try LoopbackPeer { request in
      store.state.withLock { state in
        guard request.headers["x-vault-token"] == "vault-token", request.headers["x-vault-namespace"] == "team",
          request.path == "/v1/kv/data/apps/shop"
        else { return PeerAnswer(403) }
        if request.method == "GET" {
          state.log.append("read")
          guard let value = state.value else { return .json(404, ["errors": []]) }
          let answer = PeerAnswer.json(
            200,
            ["data": ["data": ["other": "kept é", "api_key": value], "metadata": ["version": state.version]]])
          if let interference = state.interference {
            state.value = interference
            state.version += 1
            state.interference = nil
          }
          return answer
        }
        let cas = (request.json["options"] as? [String: Any])?["cas"] as? Int
        guard cas == (state.value == nil ? 0 : state.version) else {
          return .json(400, ["errors": ["check-and-set parameter did not match the current version"]])
        }
        let data = request.json["data"] as? [String: String] ?? [:]
        if state.value != nil, data["other"] != "kept é" { return PeerAnswer(500) }
        state.value = data["api_key"]
        state.version += 1
        state.log.append("write")
        if state.losses > 0 {
          state.losses -= 1
          return PeerAnswer(200, isLost: true)
        }
        return .json(200, ["data": ["version": state.version]])
      }
    }
  }

  @Test func vaultKeepsTheOtherFieldsAndCompares() throws {
    let folder = try Folder()
    let store = Store(DeliveryTests.old)
    let peer = try vault(store)
    let target = DeliveryTarget(
      .vault,
      [
        "address": peer.base + "/", "mount": "kv", "path": "apps/shop", "field": "api_key", "namespace": "team",
        "token_file": try folder.write("vault-token\n"),
      ])
    checkReadable(target, store)
    checkInterference(target, store)
    // What is not there yet is made.
    store.state.withLock { $0.value = nil }
    #expect(deliver(target) == .delivered && store.value == DeliveryTests.new)
    var wrong = target
    wrong.settings["token_file"] = try folder.write("another", "wrong")
    #expect(deliver(wrong) == .obstacle("reading was answered with 403"))
  }

  // MARK: Kubernetes

  @Test func kubernetesPatchesTheVersionItHasSeen() throws {
    let folder = try Folder()
    let store = Store(DeliveryTests.old)
    let peer = try LoopbackPeer { request in
      store.state.withLock { state in
        guard request.headers["authorization"] == "Bearer k8s-token",
          request.path == "/api/v1/namespaces/shop/secrets/app"
        else { return PeerAnswer(403) }
        if request.method == "GET" {
          let encoded = Data((state.value ?? "").utf8).base64EncodedString()
          let answer = PeerAnswer.json(
            200,
            [
              "kind": "Secret", "metadata": ["name": "app", "resourceVersion": "\(state.version)"],
              "data": ["KEY": encoded, "OTHER": "eA=="],
            ])
          if let interference = state.interference {
            state.value = interference
            state.version += 1
            state.interference = nil
          }
          return answer
        }
        guard request.method == "PATCH", request.headers["content-type"] == "application/merge-patch+json" else {
          return PeerAnswer(415)
        }
        let version = (request.json["metadata"] as? [String: Any])?["resourceVersion"] as? String
        guard version == "\(state.version)" else { return PeerAnswer(409) }
        let data = request.json["data"] as? [String: String] ?? [:]
        guard data.count == 1, let value = data["KEY"].flatMap({ Data(base64Encoded: $0) }) else {
          return PeerAnswer(422)
        }
        state.value = String(decoding: value, as: UTF8.self)
        state.version += 1
        state.log.append("write")
        if state.losses > 0 {
          state.losses -= 1
          return PeerAnswer(200, isLost: true)
        }
        return PeerAnswer(200)
      }
    }
    let target = DeliveryTarget(
      .kubernetes,
      [
        "address": peer.base, "namespace": "shop", "secret": "app", "field": "KEY",
        "token_file": try folder.write("k8s-token"),
      ])
    checkReadable(target, store)
    checkInterference(target, store)
  }

  // MARK: GitLab

  @Test func gitlabChangesTheValueAlone() throws {
    let folder = try Folder()
    let store = Store(DeliveryTests.old)
    let peer = try LoopbackPeer { request in
      store.state.withLock { state in
        guard request.headers["private-token"] == "gl-token" else { return PeerAnswer(401) }
        guard
          request.path
            == "/api/v4/projects/group%2Fshop/variables/API_KEY?filter%5Benvironment_scope%5D=production%2F%2A"
        else { return PeerAnswer(404) }
        if request.method == "GET" {
          return .json(200, ["key": "API_KEY", "value": state.value ?? "", "masked": true, "protected": true])
        }
        guard request.method == "PUT", request.json.keys.sorted() == ["value"] else { return PeerAnswer(400) }
        state.value = request.json["value"] as? String
        state.log.append("write")
        if state.losses > 0 {
          state.losses -= 1
          return PeerAnswer(200, isLost: true)
        }
        return PeerAnswer(200)
      }
    }
    var target = DeliveryTarget(
      .gitlab,
      [
        "address": peer.base, "project": "group/shop", "name": "API_KEY", "scope": "production/*",
        "token_file": try folder.write("gl-token"),
      ])
    checkReadable(target, store)
    target.settings["name"] = "MISSING"
    guard case .conflict = deliver(target, isRehearsal: true) else {
      Issue.record("a variable that is not there is not made")
      return
    }
  }

  // MARK: GitHub

  @Test func githubGetsNothingButASealedBox() throws {
    let folder = try Folder()
    let pair = try SealingKeyPair(seed: SealingKeyPair.makeSeed())
    let opened = Mutex<[String]>([])
    let key = Data(pair.publicKey.bytes).base64EncodedString()
    let peer = try LoopbackPeer { request in
      guard request.headers["authorization"] == "Bearer gh-token" else { return PeerAnswer(401) }
      switch (request.method, request.path) {
      case ("GET", "/repos/o/r/actions/secrets/public-key"), ("GET", "/repos/o/r/environments/prod/secrets/public-key"):
        return .json(200, ["key_id": "42", "key": key])
      case ("PUT", "/repos/o/r/actions/secrets/API_KEY"), ("PUT", "/repos/o/r/environments/prod/secrets/API_KEY"):
        guard request.json["key_id"] as? String == "42",
          let box = (request.json["encrypted_value"] as? String).flatMap({ Data(base64Encoded: $0) }),
          let value = try? pair.open(Array(box))
        else { return PeerAnswer(422) }
        opened.withLock { $0.append(String(decoding: value.copyBytes(), as: UTF8.self)) }
        return PeerAnswer(204, "")
      default: return PeerAnswer(404)
      }
    }
    var target = DeliveryTarget(
      .github,
      ["address": peer.base, "repository": "o/r", "name": "API_KEY", "token_file": try folder.write("gh-token")])
    #expect(deliver(target, isRehearsal: true) == .delivered && opened.withLock { $0.isEmpty })
    #expect(deliver(target) == .delivered)
    target.settings["environment"] = "prod"
    #expect(deliver(target) == .delivered)
    #expect(opened.withLock { $0 } == [DeliveryTests.new, DeliveryTests.new])
    #expect(!peer.requests.contains { $0.body.contains("new-key") })
    target.settings["repository"] = "o/other"
    guard case .conflict = deliver(target, isRehearsal: true) else {
      Issue.record("another repository")
      return
    }
  }

  // MARK: AWS

  /// moto's server speaks Secrets Manager; it is used where it is installed.
  @Test func secretsManagerOfMoto() throws {
    guard let moto = try Moto() else { return }
    let folder = try Folder()
    let credentials = try folder.write(
      "[other]\nx = 1\n[prod]\naws_access_key_id = AKIAIOSFODNN7TESTING\naws_secret_access_key = test\n", "credentials")
    func target(_ secret: String, _ field: String? = nil) -> DeliveryTarget {
      var target = DeliveryTarget(
        .aws,
        [
          "address": moto.base, "region": "eu-central-1", "secret": secret, "credentials_file": credentials,
          "profile": "prod",
        ])
      target.settings["field"] = field
      return target
    }
    try moto.create("plain", DeliveryTests.old)
    try moto.create("object", "{\"a\": 1, \"key\": \"\(DeliveryTests.old)\", \"z\": \"é\"}")
    #expect(deliver(target("plain"), isRehearsal: true) == .delivered)
    #expect(deliver(target("plain")) == .delivered)
    #expect(try moto.value("plain") == DeliveryTests.new)
    #expect(deliver(target("plain")) == .inPlace)
    #expect(deliver(target("object", "key")) == .delivered)
    #expect(
      try moto.value("object") == "{\"a\": 1, \"key\": \"new-key-9876543210\\\"é\", \"z\": \"é\"}")
    for missing in [target("nowhere"), target("object", "other"), target("plain", "key")] {
      let end = deliver(missing, isRehearsal: true)
      if missing.settings["field"] == "other" {
        #expect(end == .delivered)
      } else if case .conflict = end {
      } else {
        Issue.record("\(missing.label): \(end)")
      }
    }
  }

  // MARK: Command, configuration

  @Test func aProgramReadsTheValueFromItsStandardInput() throws {
    let folder = try Folder()
    let program = try folder.write(
      "#!/bin/sh\n[ $# = 1 ] && cat >\"$1\" && printf ' %s %s' \"$KEYWRIGHT_KEY\" \"$KEYWRIGHT_ROTATION\" >>\"$1\"\n",
      "put",
      mode: 0o700)
    let target = DeliveryTarget(.command, command: [program, folder.path + "/out"])
    #expect(deliver(target, isRehearsal: true) == .delivered)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out"))
    #expect(deliver(target) == .delivered)
    #expect(try String(contentsOfFile: folder.path + "/out", encoding: .utf8) == DeliveryTests.new + " demo tx1")
    #expect(deliver(DeliveryTarget(.command, command: ["/bin/false"])) == .obstacle("it failed"))
    guard case .conflict = deliver(DeliveryTarget(.command, command: [folder.path + "/none"]), isRehearsal: true) else {
      Issue.record("a program that is not there")
      return
    }
  }

  @Test func aTokenThatEverybodyMayReadIsNotUsed() throws {
    let folder = try Folder()
    let peer = try LoopbackPeer { _ in PeerAnswer(200) }
    for (text, mode) in [("token", 0o644), ("", 0o600), ("a\u{1}b", 0o600)] {
      let target = DeliveryTarget(
        .vault,
        ["address": peer.base, "path": "a", "field": "b", "token_file": try folder.write(text, mode: mode)])
      guard case .obstacle(let reason) = deliver(target) else {
        Issue.record("\(text)")
        continue
      }
      #expect(reason.contains("token"))
    }
    #expect(peer.requests.isEmpty)
  }

  @Test func theConfigurationNamesThem() throws {
    func parse(_ deliver: String) throws -> [DeliveryTarget] {
      let text =
        "[[key]]\nname = \"a\"\nprovider = \"x\"\nvariable = \"A\"\nfiles = [\"/a\"]\ndeliver = [\n\(deliver)\n]\n"
      return try Configuration.parse(Array(text.utf8), "/etc/keywright/keywright.toml").keys[0].deliveries
    }
    let vault =
      "{ to = \"vault\", address = \"https://vault.example\", path = \"a/b\", field = \"c\", token_file = \"token\" }"
    let found = try parse(vault + ",\n{ to = \"command\", run = [\"/bin/put\", \"x\"] }")
    #expect(found.map(\.label) == ["vault https://vault.example secret/a/b#c", "command /bin/put x"])
    #expect(found[0].settings["token_file"] == "/etc/keywright/token")
    for target in found { #expect(DeliveryTarget(try .facts(target.facts.json, in: "x")) == target) }
    for (wrong, words) in [
      ("{ to = \"valt\" }", "no place"), ("{ to = \"vault\" }", "has no address"),
      (vault.replacingOccurrences(of: "https", with: "http"), "plain http"),
      (vault.replacingOccurrences(of: "a/b", with: "a/../b"), "path holds"),
      (vault.replacingOccurrences(of: "field", with: "feld"), "unknown field 'feld'"),
      ("{ to = \"command\", run = [\"put\"] }", "absolute path"), ("7", "list of tables"),
    ] {
      let errors = #expect(throws: ConfigurationErrors.self) { try parse(wrong) }
      #expect(errors?.description.contains(words) == true, "\(wrong): \(errors?.description ?? "")")
    }
  }

  /// Through the state machine: the delivery is a part of the rotation, and the old key lives until it is done.
  @Test func aRotationWaitsForItsDeliveries() throws {
    let world = try World(graceMs: 30 * 86_400_000)
    let store = Store(try world.value())
    let ends = Mutex<[DeliveryEnd]>([.delivered, .obstacle("the store is down"), .delivered])
    var key = world.key
    key.deliveries = [DeliveryTarget(.command, command: ["/bin/put"])]
    let rotator = {
      try world.rotator(deliver: { delivery in
        let end = ends.withLock { $0.isEmpty ? .delivered : $0.removeFirst() }
        if end == .delivered, let new = delivery.new {
          store.state.withLock { $0.value = String(decoding: new.copyBytes(), as: UTF8.self) }
        }
        return end
      })
    }
    let old = try world.value()
    let paused = try rotator().rotate(key, reason: "manual")
    #expect(paused.outcome == .unknown && paused.reason?.contains("the store is down") == true)
    #expect(world.service.isLive(old) && store.value == old)
    let open = try #require(try world.ledger().openRotations().first)
    let done = try rotator().resume(open)
    let now = try world.value()
    #expect(done.outcome == .done && store.value == now)
    #expect(done.files.last?.path == "command /bin/put" && done.files.last?.state == "written")
    // A place with a third value stops the rotation before anything is sent.
    let other = try World()
    var refused = other.key
    refused.deliveries = key.deliveries
    let refusal = #expect(throws: RotationRefusal.self) {
      try other.rotator(deliver: { _ in .conflict("it holds neither") }).rotate(refused, reason: "manual")
    }
    #expect(refusal?.kind == .configuration && other.service.mutations == 0)
  }
}

/// moto's server as a process of its own.
private final class Moto {
  let base: String
  private let process = Process()
  private let folder: String

  /// Nil where it is not installed or does not start.
  init?() throws {
    let look = Process()
    look.executableURL = URL(filePath: "/usr/bin/env")
    look.arguments = ["python3", "-c", "import moto.server, werkzeug, boto3"]
    look.standardError = FileHandle.nullDevice
    try look.run()
    look.waitUntilExit()
    guard look.terminationStatus == 0 else { return nil }
    folder = FileManager.default.temporaryDirectory.appending(path: "keywright-moto-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    let script = """
      import sys, werkzeug.serving, moto.server
      app = moto.server.DomainDispatcherApplication(moto.server.create_backend_app)
      server = werkzeug.serving.make_server('127.0.0.1', 0, app, True)
      open(sys.argv[1] + '.new', 'w').write(str(server.server_port))
      import os; os.rename(sys.argv[1] + '.new', sys.argv[1])
      server.serve_forever()
      """
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, folder + "/port"]
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let deadline = Date().addingTimeInterval(60)
    var port: String?
    while port == nil, Date() < deadline, process.isRunning {
      port = try? String(contentsOfFile: folder + "/port", encoding: .utf8)
      if port == nil { usleep(50_000) }
    }
    guard let port else { return nil }
    base = "http://127.0.0.1:\(port)"
  }

  deinit {
    // The tests' mask of signals is inherited, and blocks the milder ones.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func ask(_ code: String, _ arguments: [String]) throws -> String {
    let script = """
      import boto3, sys
      c = boto3.client('secretsmanager', region_name='eu-central-1', endpoint_url=sys.argv[1],
        aws_access_key_id='AKIAIOSFODNN7TESTING', aws_secret_access_key='test')
      \(code)
      """
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, base] + arguments
    let output = folder + "/out-\(UUID().uuidString)"
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    process.standardOutput = FileHandle(forWritingAtPath: output)
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return try String(contentsOfFile: output, encoding: .utf8)
  }

  func create(_ name: String, _ value: String) throws {
    _ = try ask("c.create_secret(Name=sys.argv[2], SecretString=sys.argv[3])", [name, value])
  }

  func value(_ name: String) throws -> String {
    try ask("sys.stdout.write(c.get_secret_value(SecretId=sys.argv[2])['SecretString'])", [name])
  }
}
