// Rotation of a password of a real MariaDB.

import Foundation
import Model
import Posix
import Providers
import Secrets
import Testing

@testable import Rotation

/// A MariaDB of its own.
struct MariaDBPeer: Sendable {
  let peer: Peer
  let port: Int
  let adminPassword: String
  let root: String

  static let server = Peer.program("/usr/sbin/mariadbd", "/usr/sbin/mysqld")
  static let isThere =
    server != nil && Peer.program("/usr/bin/mariadb-install-db") != nil
    && FileManager.default.fileExists(atPath: "/usr/lib/\(PostgreSQLPeer.machine)-linux-gnu/libmariadb.so.3")
  static let shared = Result { try MariaDBPeer() }

  init() throws {
    root = try Peer.folder("mariadb")
    adminPassword = Peer.password()
    port = try Peer.freePort()
    try Peer.run(
      [
        "/usr/bin/mariadb-install-db", "--no-defaults", "--datadir=\(root)/data",
        "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
      ], ["HOME": root], folder: root)
    let start = root + "/init.sql"
    try "CREATE USER 'boss'@'%' IDENTIFIED BY '\(adminPassword)';\nGRANT ALL ON *.* TO 'boss'@'%' WITH GRANT OPTION;\n"
      .write(
        toFile: start, atomically: false, encoding: .utf8)
    _ = unsafe chmod(start, 0o644)
    peer = try Peer(
      [
        MariaDBPeer.server ?? "", "--no-defaults", "--datadir=\(root)/data", "--port=\(port)",
        "--bind-address=127.0.0.1", "--socket=\(root)/s", "--skip-name-resolve", "--init-file=\(start)",
        "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--general-log",
        "--general-log-file=\(root)/general.log", "--pid-file=\(root)/pid",
      ], ["HOME": root], root: root)
    let client = DatabaseProbe.service("mysql", settings(user: "boss"))
    let password = adminPassword
    try peer.await(seconds: 60, "MariaDB") {
      let probe = client.probe(Secret(password), CallContext())
      guard probe.liveness == .live else { throw PeerFailure(words: probe.evidence) }
    }
  }

  func settings(user: String, adminFile: String? = nil) -> ServiceSettings {
    var settings = ServiceSettings()
    (settings.host, settings.port, settings.user) = ("127.0.0.1", port, user)
    settings.security = .off
    settings.admin = adminFile.map { AdminCredential(user: "boss", file: $0, variable: "MYSQL_PWD") }
    return settings
  }

  @discardableResult
  func sql(_ text: String) throws -> String {
    try Peer.run(
      ["/usr/bin/mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", "\(port)", "-u", "boss", "-N", "-e", text],
      ["MYSQL_PWD": adminPassword])
  }
}

@Suite(
  .enabled(if: MariaDBPeer.isThere, "MariaDB's server or its client library is not installed"), .timeLimit(.minutes(20))
)
struct MariaDBTests {
  private let peer: MariaDBPeer
  init() throws { peer = try MariaDBPeer.shared.get() }

  private func works(_ user: String, _ password: String) -> Bool {
    DatabaseProbe.service("mysql", peer.settings(user: user)).probe(Secret(password), CallContext()).liveness == .live
  }

  @Test(arguments: [false, true])
  func rotates(_ byAdmin: Bool) throws {
    let user = byAdmin ? "managed" : "itself"
    let password = Peer.password()
    try peer.sql("CREATE USER '\(user)'@'127.0.0.%' IDENTIFIED BY '\(password)'")
    let admin = peer.root + "/admin-\(user).env"
    try "MYSQL_PWD=\(peer.adminPassword)\n".write(toFile: admin, atomically: false, encoding: .utf8)
    // The password is read out of the address.
    let url = "mysql://\(user):\(password)@127.0.0.1:\(peer.port)/shop?charset=utf8mb4"
    let machine = try Machine(
      "mysql", peer.settings(user: user, adminFile: byAdmin ? admin : nil),
      files: [("url.env", "KEY=\(url)\n"), ("app.env", "KEY='\(password)'\n")])
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    try #require(report.outcome == .done, "\(report.reason ?? "")")
    let new = try machine.value(1).trimmingCharacters(in: CharacterSet(charactersIn: "'"))
    #expect(try machine.text(0) == "KEY=\(url.replacing(password, with: new))\n")
    #expect(works(user, new) && !works(user, password))
    try machine.checkNoLeaks([password, new])
    let log = try String(contentsOfFile: peer.root + "/general.log", encoding: .utf8)
    #expect(log.contains("SET PASSWORD") && !log.contains(new))
  }

  @Test func killedAtEveryStep() throws {
    let password = Peer.password()
    try peer.sql("CREATE USER 'killed'@'%' IDENTIFIED BY '\(password)'")
    let machine = try Machine("mysql", peer.settings(user: "killed"), files: [("app.env", "KEY=\(password)\n")])
    try machine.killAtEveryStep { before, step in
      let now = try machine.value()
      #expect(works("killed", now), "\(step)")
      if now != before { #expect(!works("killed", before), "\(step)") }
    }
  }

  @Test func onlyADeniedPasswordIsDead() throws {
    let password = Peer.password()
    try peer.sql("CREATE USER 'asked'@'%' IDENTIFIED BY '\(password)'")
    func probe(_ value: String, _ change: (inout ServiceSettings) -> Void = { _ in }) -> Probe {
      var settings = peer.settings(user: "asked")
      change(&settings)
      return DatabaseProbe.service("mysql", settings).probe(Secret(value), CallContext())
    }
    #expect(probe(password).liveness == .live)
    #expect(probe(password + "x").liveness == .dead)
    #expect(probe(password) { $0.database = "missing" }.liveness == .unknown)
    // A server that speaks no TLS is not spoken to in clear.
    #expect(probe(password) { $0.security = .full }.liveness == .unknown)
    try peer.sql("ALTER USER 'asked'@'%' ACCOUNT LOCK")
    #expect(probe(password).liveness == .unknown)
  }
}
