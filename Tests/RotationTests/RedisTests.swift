// Rotation of a password of a real Redis: two passwords side by side, kept over a restart.

import Foundation
import Model
import Posix
import Providers
import Secrets
import Testing

@testable import Rotation

/// A Redis of its own.
struct RedisPeer: Sendable {
  let peer: Peer
  let port: Int
  let adminPassword: String
  let root: String

  static let program = Peer.program("/usr/bin/redis-server", "/usr/local/bin/redis-server")
  static let isThere = program != nil

  /// Where its users are kept.
  enum Keeping: String, CaseIterable { case usersFile, configuration, nowhere }

  init(_ keeping: Keeping) throws {
    root = try Peer.folder("redis")
    adminPassword = Peer.password()
    port = try Peer.freePort()
    let users = ["user default off", "user boss on >\(adminPassword) ~* &* +@all"]
    var settings = ["port \(port)", "bind 127.0.0.1", "dir \(root)", "save \"\""]
    if keeping == .usersFile {
      try users.joined(separator: "\n").appending("\n").write(
        toFile: root + "/users.acl", atomically: false, encoding: .utf8)
      settings.append("aclfile \(root)/users.acl")
    } else {
      settings += users
    }
    try settings.joined(separator: "\n").appending("\n").write(
      toFile: root + "/redis.conf", atomically: false, encoding: .utf8)
    try Peer.run(["/bin/sh", "-c", "true"])
    for name in ["users.acl", "redis.conf"] {
      _ = unsafe chown(root + "/" + name, Peer.unprivileged, Peer.unprivileged)
    }
    peer = try RedisPeer.start(root, port)
    try waitUntilReady()
    if keeping == .nowhere { _ = unsafe unlink(root + "/redis.conf") }
    if keeping == .nowhere {
      try FileManager.default.createDirectory(atPath: root + "/redis.conf", withIntermediateDirectories: false)
    }
  }

  private static func start(_ root: String, _ port: Int) throws -> Peer {
    try Peer([program ?? "", root + "/redis.conf"], root: root)
  }

  private func waitUntilReady() throws {
    let client = DatabaseProbe.service("redis", settings(user: "boss"))
    try peer.await(seconds: 20, "Redis") {
      let probe = client.probe(Secret(adminPassword), CallContext())
      guard probe.liveness == .live else { throw PeerFailure(words: probe.evidence) }
    }
  }

  func settings(user: String, adminFile: String? = nil) -> ServiceSettings {
    var settings = ServiceSettings()
    (settings.host, settings.port, settings.user) = ("127.0.0.1", port, user)
    settings.security = .off
    settings.admin = adminFile.map { AdminCredential(user: "boss", file: $0, variable: "REDIS_PASSWORD") }
    return settings
  }

  /// Runs a command as the administrator.
  @discardableResult
  func command(_ words: String...) throws -> String {
    try Peer.run(
      ["/usr/bin/redis-cli", "-h", "127.0.0.1", "-p", "\(port)", "--user", "boss", "--no-auth-warning"] + words,
      ["REDISCLI_AUTH": adminPassword])
  }
}

@Suite(.enabled(if: RedisPeer.isThere, "redis-server is not installed"), .timeLimit(.minutes(20)))
struct RedisTests {
  private func machine(_ peer: RedisPeer, _ user: String, self selfAuthorised: Bool = false) throws -> (Machine, String)
  {
    let password = Peer.password()
    try peer.command("ACL", "SETUSER", user, "on", ">\(password)", "~*", selfAuthorised ? "+@all" : "+@read")
    let admin = peer.root + "/admin.env"
    try "REDIS_PASSWORD=\(peer.adminPassword)\n".write(toFile: admin, atomically: false, encoding: .utf8)
    let url = "redis://\(user):\(password)@127.0.0.1:\(peer.port)/0"
    return (
      try Machine(
        "redis", peer.settings(user: user, adminFile: selfAuthorised ? nil : admin),
        files: [("app.env", "KEY=\(password)\n"), ("url.env", "KEY=\(url)\n")]), password
    )
  }

  private func works(_ peer: RedisPeer, _ user: String, _ password: String) -> Bool {
    let client = DatabaseProbe.service("redis", peer.settings(user: user))
    return client.probe(Secret(password), CallContext()).liveness == .live
  }

  @Test(arguments: [RedisPeer.Keeping.usersFile, .configuration], [false, true])
  func rotates(_ keeping: RedisPeer.Keeping, _ selfAuthorised: Bool) throws {
    let peer = try RedisPeer(keeping)
    let (machine, password) = try machine(peer, "app", self: selfAuthorised)
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    try #require(report.outcome == .done, "\(report.reason ?? "")")
    let new = try machine.value()
    #expect(works(peer, "app", new) && !works(peer, "app", password))
    #expect(try machine.text(1) == "KEY=redis://app:\(new)@127.0.0.1:\(peer.port)/0\n")
    // The files had the new one before the old one ended.
    let order = report.steps.map(\.state)
    #expect(order.firstIndex(of: .committed) ?? 99 < order.firstIndex(of: .oldRevoked) ?? 0)
    // What is kept over a restart says the same, and never in clear.
    let kept = try String(
      contentsOfFile: peer.root + (keeping == .usersFile ? "/users.acl" : "/redis.conf"), encoding: .utf8)
    #expect(!kept.contains(new))
    let hash = Secret(new).withBytes { Hex.encode(SHA256.hash($0)) }
    #expect(kept.contains("#" + hash))
    #expect(!kept.contains("#" + Secret(password).withBytes { Hex.encode(SHA256.hash($0)) }))
  }

  @Test func killedAtEveryStep() throws {
    let peer = try RedisPeer(.usersFile)
    let (machine, _) = try machine(peer, "killed")
    try machine.killAtEveryStep { before, step in
      let now = try machine.value()
      #expect(works(peer, "killed", now), "\(step)")
      if now != before { #expect(!works(peer, "killed", before), "\(step)") }
    }
  }

  /// A change that a restart would undo is not begun.
  @Test func whatCanNotBeKeptIsNotDone() throws {
    let peer = try RedisPeer(.nowhere)
    let (machine, password) = try machine(peer, "volatile")
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    #expect(report.outcome == .notExecuted)
    #expect(report.reason?.contains("over a restart") == true)
    #expect(works(peer, "volatile", password))
    #expect(
      try peer.command("ACL", "GETUSER", "volatile").components(separatedBy: "\n").filter { $0.count == 64 }.count == 1)
  }

  /// A user without a password lets everybody in: no death could be proven.
  @Test func aUserWithoutPasswordIsRefused() throws {
    let peer = try RedisPeer(.usersFile)
    let (machine, _) = try machine(peer, "open")
    try peer.command("ACL", "SETUSER", "open", "nopass")
    let refusal = #expect(throws: RotationRefusal.self) { try machine.rotator().rotate(machine.key, reason: "manual") }
    #expect(refusal?.reason.contains("accepts any value") == true)
  }
}
