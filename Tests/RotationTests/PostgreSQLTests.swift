// Rotation of a password of a real PostgreSQL, the password standing inside a URL and by itself.

import EnvFiles
import Foundation
import Model
import Posix
import Providers
import Secrets
import Testing
import Transport

@testable import Rotation

/// A PostgreSQL of its own.
struct PostgreSQLPeer: Sendable {
  let peer: Peer
  let port: Int
  let adminPassword: String

  static var folder: String? {
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    return versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
      .first { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }
  }
  static let isThere =
    folder != nil && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")
    && FileManager.default.fileExists(atPath: "/usr/lib/\(machine)-linux-gnu/libpq.so.5")
  static var machine: String {
    #if arch(arm64)
    "aarch64"
    #else
    "x86_64"
    #endif
  }
  static let shared = Result { try PostgreSQLPeer() }

  /// The commands that make `server.crt` and `server.key`, signed by an authority of their own, where the data is.
  static func certificate(_ names: String, days: Int = 2) -> String {
    let ec = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    return "openssl req -x509 \(ec) -days 2 -subj /CN=authority -keyout ca.key -out ca.crt"
      + " && openssl req \(ec) -subj /CN=server -keyout server.key -out request"
      + " && echo subjectAltName=\(names) >names && openssl x509 -req -in request -CA ca.crt -CAkey ca.key"
      + " -CAcreateserial -days \(days) -extfile names -out server.crt && chmod 600 server.key"
  }

  /// The authority that signed the server's certificate.
  var authority: String { peer.root + "/data/ca.crt" }

  /// A server that speaks TLS where a certificate is to be made.
  init(certificate: String? = nil) throws {
    guard let programs = PostgreSQLPeer.folder else { throw PeerFailure(words: "no PostgreSQL") }
    let root = try Peer.folder("postgres")
    adminPassword = Peer.password()
    let secretFile = root + "/pw"
    try adminPassword.write(toFile: secretFile, atomically: false, encoding: .utf8)
    _ = unsafe chmod(secretFile, 0o644)
    try Peer.run(
      [
        programs + "/initdb", "-D", root + "/data", "-U", "boss", "--pwfile", secretFile, "-A", "scram-sha-256",
        "--no-sync", "-E", "UTF8",
      ], folder: root)
    port = try Peer.freePort()
    if let certificate { try Peer.run(["/bin/sh", "-ec", certificate], folder: root + "/data") }
    peer = try Peer(
      [
        programs + "/postgres", "-D", root + "/data", "-p", "\(port)", "-c", "listen_addresses=127.0.0.1", "-c",
        "unix_socket_directories=\(root)", "-c", "fsync=off", "-c", "log_statement=all", "-c",
        certificate == nil ? "ssl=off" : "ssl=on",
      ], root: root)
    let ready = settings(user: "boss")
    let (client, password) = (DatabaseProbe.service("postgresql", ready), adminPassword)
    _ = try peer.await(seconds: 60, "PostgreSQL") {
      let probe = client.probe(Secret(password), CallContext())
      guard probe.liveness == .live else { throw PeerFailure(words: probe.evidence) }
    }
  }

  func settings(user: String, adminFile: String? = nil, host: String = "127.0.0.1") -> ServiceSettings {
    var settings = ServiceSettings()
    (settings.host, settings.port, settings.user, settings.database) = (host, port, user, "postgres")
    settings.security = .off
    settings.admin = adminFile.map { AdminCredential(user: "boss", file: $0, variable: "PGPASSWORD") }
    return settings
  }

  /// Runs SQL as the administrator.
  @discardableResult
  func sql(_ text: String, user: String = "boss", password: String? = nil) throws -> String {
    try Peer.run(
      ["/usr/bin/psql", "-h", "127.0.0.1", "-p", "\(port)", "-U", user, "-d", "postgres", "-Atqc", text],
      ["PGPASSWORD": password ?? adminPassword])
  }

  /// A role with that password.
  func makeRole(_ name: String) throws -> String {
    let password = Peer.password()
    try sql("CREATE ROLE \"\(name)\" LOGIN PASSWORD '\(password)'")
    return password
  }
}

/// A database's service as the program opens it.
enum DatabaseProbe {
  static func service(_ provider: String, _ settings: ServiceSettings) -> any KeyService {
    guard let file = try? Machine.provider(provider) else { preconditionFailure("no provider file \(provider)") }
    return KeyServices.open(
      file, settings,
      KeyServiceTools(transport: CurlTransport(), run: Machine.runner)
    ).service
  }
}

@Suite(
  .enabled(if: PostgreSQLPeer.isThere, "PostgreSQL, its client or libpq is not installed"), .timeLimit(.minutes(20)))
struct PostgreSQLTests {
  private let peer: PostgreSQLPeer
  init() throws { peer = try PostgreSQLPeer.shared.get() }

  private func works(_ role: String, _ password: String) -> Bool {
    (try? peer.sql("SELECT 1", user: role, password: password)) == "1\n"
  }

  @Test(arguments: [false, true])
  func rotates(_ byAdmin: Bool) throws {
    let role = byAdmin ? "by \"boss\"" : "self"
    let password = Peer.password()
    try peer.sql("CREATE ROLE \(byAdmin ? "\"by \"\"boss\"\"\"" : "self") LOGIN CREATEDB PASSWORD '\(password)'")
    let name = byAdmin ? "by%20%22boss%22" : role
    let url = "postgresql://\(name):\(password)@127.0.0.1:\(peer.port)/postgres"
    let admin = try Peer.folder("admin") + "/admin.env"
    defer { try? FileManager.default.removeItem(atPath: (admin as NSString).deletingLastPathComponent) }
    try "PGPASSWORD=\(peer.adminPassword)\n".write(toFile: admin, atomically: false, encoding: .utf8)
    let machine = try Machine(
      "postgresql", peer.settings(user: role, adminFile: byAdmin ? admin : nil),
      files: [("app.env", "KEY=\(password)\nLEVEL=info\n"), ("web.env", "# web\nKEY=\"\(url)\"\n")])
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    try #require(report.outcome == .done, "\(report.reason ?? "")")
    let new = try machine.value()
    #expect(new != password && new.count == 40)
    #expect(try machine.text(1) == "# web\nKEY=\"\(url.replacing(password, with: new))\"\n")
    #expect(works(role, new) && !works(role, password))
    #expect(report.identityCompared == true)
    #expect(report.deaths.count == 2)
    try machine.checkNoLeaks([password, new])
    // The server saw a verifier, and logged it at most: never the password.
    #expect(peer.peer.log.contains("ALTER ROLE"))
    #expect(!peer.peer.log.contains(new))
    #expect(
      try peer.sql("SELECT rolpassword LIKE 'SCRAM-SHA-256$4096:%' FROM pg_authid WHERE rolname = '\(role)'") == "t\n")
  }

  @Test func killedAtEveryStep() throws {
    let password = try peer.makeRole("killed")
    let machine = try Machine("postgresql", peer.settings(user: "killed"), files: [("app.env", "KEY=\(password)\n")])
    try machine.killAtEveryStep { before, step in
      let now = try machine.value()
      #expect(works("killed", now), "\(step)")
      if now != before { #expect(!works("killed", before), "\(step)") }
    }
  }

  @Test func aWrongPasswordIsDeadAndAnythingElseIsUnknown() throws {
    let password = try peer.makeRole("asked")
    let context = CallContext()
    let asked = DatabaseProbe.service("postgresql", peer.settings(user: "asked"))
    #expect(asked.probe(Secret(password), context).liveness == .live)
    #expect(asked.probe(Secret(password + "x"), context).liveness == .dead)
    #expect(asked.probe(Secret("ü\u{7}'\\"), context).liveness == .dead)
    var elsewhere = peer.settings(user: "asked")
    elsewhere.database = "missing"
    #expect(DatabaseProbe.service("postgresql", elsewhere).probe(Secret(password), context).liveness == .unknown)
    var nobody = peer.settings(user: "asked")
    nobody.port = try Peer.freePort()
    #expect(DatabaseProbe.service("postgresql", nobody).probe(Secret(password), context).liveness == .unknown)
    // A server that speaks no TLS is not spoken to in clear.
    var secure = peer.settings(user: "asked")
    secure.security = .full
    let probe = DatabaseProbe.service("postgresql", secure).probe(Secret(password), context)
    #expect(probe.liveness == .unknown, "\(probe.evidence)")
    var metadata = peer.settings(user: "asked", host: "169.254.169.254")
    metadata.security = .off
    #expect(
      DatabaseProbe.service("postgresql", metadata).probe(Secret(password), context).evidence.contains("link-local"))
    try peer.sql("ALTER ROLE asked NOLOGIN")
    #expect(asked.probe(Secret(password), context).liveness == .unknown)
  }

  /// Over TLS alone, against a certificate of the test's own: name, term and signature count.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
  func aCertificateIsCheckedInFull() throws {
    func probe(
      _ server: PostgreSQLPeer, _ security: ConnectionSecurity, _ authority: String, host: String = "127.0.0.1"
    )
      -> Probe
    {
      var settings = server.settings(user: "boss", host: host)
      (settings.security, settings.certificates) = (security, authority)
      return DatabaseProbe.service("postgresql", settings).probe(Secret(server.adminPassword), CallContext())
    }
    let server = try PostgreSQLPeer(certificate: PostgreSQLPeer.certificate("IP:127.0.0.1"))
    #expect(probe(server, .full, server.authority).liveness == .live)
    // Signed by another authority of the same name, or by none that the system knows.
    let other = try PostgreSQLPeer(certificate: PostgreSQLPeer.certificate("DNS:db.example.org"))
    for authority in [other.authority, "/etc/ssl/certs/ca-certificates.crt", "/nowhere/ca.crt"] {
      let refused = probe(server, .full, authority)
      #expect(refused.liveness == .unknown && !refused.evidence.contains("28P01"), "\(authority): \(refused.evidence)")
    }
    // For another host: refused in full, trusted where the configuration says that the certificate alone counts.
    #expect(probe(other, .full, other.authority).liveness == .unknown)
    #expect(probe(other, .certificate, other.authority).liveness == .live)
    let old = try PostgreSQLPeer(certificate: PostgreSQLPeer.certificate("IP:127.0.0.1", days: -1))
    #expect(probe(old, .full, old.authority).liveness == .unknown)
    #expect(probe(old, .certificate, old.authority).liveness == .unknown)
    // A whole rotation that way.
    let password = try server.makeRole("secure")
    var settings = server.settings(user: "secure")
    (settings.security, settings.certificates) = (.full, server.authority)
    let machine = try Machine("postgresql", settings, files: [("app.env", "KEY=\(password)\n")])
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    try #require(report.outcome == .done, "\(report.reason ?? "")")
    let new = try machine.value()
    #expect(new != password && (try? server.sql("SELECT 1", user: "secure", password: new)) == "1\n")
    #expect((try? server.sql("SELECT 1", user: "secure", password: password)) == nil)
  }

  /// A role that may not be changed by that user: refused, and all stays.
  @Test func aRefusalChangesNothing() throws {
    let password = try peer.makeRole("locked")
    try peer.sql("CREATE ROLE weak LOGIN PASSWORD '\(password)'")
    let folder = try Peer.folder("admin")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try "PGPASSWORD=\(password)\n".write(toFile: folder + "/admin.env", atomically: false, encoding: .utf8)
    var settings = peer.settings(user: "locked")
    settings.admin = AdminCredential(user: "weak", file: folder + "/admin.env", variable: "PGPASSWORD")
    let machine = try Machine("postgresql", settings, files: [("app.env", "KEY=\(password)\n")])
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    #expect(report.outcome == .notExecuted)
    #expect(report.reason?.contains("42501") == true)
    #expect(try machine.value() == password)
    #expect(works("locked", password))
  }
}
