// Rotation of a password of a real RabbitMQ, over its management plugin and the provider file.

import Foundation
import Posix
import Providers
import Secrets
import Testing
import Transport

@testable import Rotation

/// A RabbitMQ of its own.
struct RabbitMQPeer: Sendable {
  let peer: Peer
  let port: Int
  let adminPassword: String
  let root: String
  var base: String { "http://127.0.0.1:\(port)" }
  var transport: CurlTransport { CurlTransport(policy: EgressPolicy(internalBases: [base])) }

  static let program = Peer.program("/usr/lib/rabbitmq/bin/rabbitmq-server")
  static let isThere = program != nil
  static let shared = Result { try RabbitMQPeer() }

  init() throws {
    root = try Peer.folder("rabbitmq")
    adminPassword = Peer.password()
    port = try Peer.freePort()
    let (amqp, names, distribution) = (try Peer.freePort(), try Peer.freePort(), try Peer.freePort())
    let settings = """
      listeners.tcp.default = 127.0.0.1:\(amqp)
      management.tcp.ip = 127.0.0.1
      management.tcp.port = \(port)
      default_user = boss
      default_pass = \(adminPassword)
      default_user_tags.administrator = true

      """
    for (name, text) in [("rabbitmq.conf", settings), ("plugins", "[rabbitmq_management].\n")] {
      try text.write(toFile: "\(root)/\(name)", atomically: false, encoding: .utf8)
      _ = unsafe chmod("\(root)/\(name)", 0o644)
    }
    peer = try Peer(
      [RabbitMQPeer.program ?? ""],
      [
        "HOME": root, "RABBITMQ_NODENAME": "kw\(amqp)@localhost", "RABBITMQ_MNESIA_BASE": root + "/data",
        "RABBITMQ_LOG_BASE": root + "/log", "RABBITMQ_LOGS": "-", "RABBITMQ_CONFIG_FILE": root + "/rabbitmq.conf",
        "RABBITMQ_ENABLED_PLUGINS_FILE": root + "/plugins", "ERL_EPMD_PORT": "\(names)",
        "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_DIST_PORT": "\(distribution)",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
      ], root: root)
    try peer.await(seconds: 120, "RabbitMQ") { [self] in
      guard try status("GET", "whoami", "boss", adminPassword) == 200 else { throw PeerFailure(words: "not yet") }
    }
  }

  /// Asks the management plugin by other means than ours.
  func status(_ method: String, _ path: String, _ user: String, _ password: String, body: String? = nil) throws -> Int {
    let text = try Peer.run(
      [
        "/usr/bin/curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-u", "\(user):\(password)", "-X", method,
        "-H", "Content-Type: application/json",
      ] + (body.map { ["-d", $0] } ?? []) + ["\(base)/api/\(path)"])
    return Int(text) ?? 0
  }
}

@Suite(.enabled(if: RabbitMQPeer.isThere, "RabbitMQ is not installed"), .timeLimit(.minutes(20)))
struct RabbitMQTests {
  private let peer: RabbitMQPeer
  init() throws { peer = try RabbitMQPeer.shared.get() }

  private func machine(_ user: String, tags: String) throws -> (Machine, String) {
    let password = Peer.password()
    #expect(
      try peer.status(
        "PUT", "users/\(user)", "boss", peer.adminPassword, body: #"{"password":"\#(password)","tags":"\#(tags)"}"#)
        == 201)
    let admin = peer.root + "/admin-\(user).env"
    try "RABBIT=\(peer.adminPassword)\n".write(toFile: admin, atomically: false, encoding: .utf8)
    var settings = ServiceSettings()
    settings.admin = AdminCredential(user: "boss", file: admin, variable: "RABBIT")
    return (
      try Machine(
        "rabbitmq", settings, files: [("app.env", "KEY=\(password)\n")], transport: peer.transport,
        change: { key in (key.base, key.account) = (peer.base, user) }), password
    )
  }

  /// A user without a tag may not even look at the plugin; its password is proven all the same.
  @Test(arguments: ["management,policymaker", ""])
  func rotates(_ tags: String) throws {
    let user = tags.isEmpty ? "plain" : "tagged"
    let (machine, password) = try machine(user, tags: tags)
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    try #require(report.outcome == .done, "\(report.reason ?? "")")
    let new = try machine.value()
    let text = try Peer.run([
      "/usr/bin/curl", "-s", "-u", "boss:\(peer.adminPassword)", "\(peer.base)/api/users/\(user)",
    ])
    for tag in tags.split(separator: ",") { #expect(text.contains("\"\(tag)\""), "\(tag) was lost: \(text)") }
    if !tags.isEmpty {
      #expect(try peer.status("GET", "whoami", user, new) == 200)
      #expect(report.identityCompared == true)
    }
    #expect(try peer.status("GET", "whoami", user, password) == 401)
    try machine.checkNoLeaks([password, new, peer.adminPassword])
  }

  @Test func killedAtEveryStep() throws {
    let (machine, _) = try machine("killed", tags: "monitoring")
    try machine.killAtEveryStep { before, step in
      let now = try machine.value()
      #expect(try peer.status("GET", "whoami", "killed", now) == 200, "\(step)")
      if now != before { #expect(try peer.status("GET", "whoami", "killed", before) == 401, "\(step)") }
    }
  }
}
