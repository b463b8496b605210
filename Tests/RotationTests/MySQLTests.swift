// Two passwords of one account, as MySQL's documentation has them (ALTER USER, "dual passwords"): MySQL itself is not in
// Debian, and MariaDB keeps one. The server of these tests takes the documented statements, and nothing else.

import Foundation
import Model
import Posix
import RuleBook
import Secrets
import Synchronization
import Testing

@testable import Databases
@testable import Providers
@testable import Rotation

/// Accounts with a primary and a secondary password, after the documentation:
///
/// - `RETAIN CURRENT PASSWORD` makes the current one the secondary one, in the place of any other;
/// - without it, the secondary one stays what it was;
/// - `DISCARD OLD PASSWORD` removes the secondary one, if there is one;
/// - either clause needs APPLICATION_PASSWORD_ADMIN for one's own account, CREATE USER for others.
private final class MySQLServer: DatabaseDriver, Sendable {
  struct Account {
    var primary: String
    var secondary: String?
    var mayKeepTwo = true
  }
  struct State {
    var accounts: [String: Account] = [:]
    var statements: [String] = []
    /// The statement, counted from now, after which the connection breaks; whether it is carried out first.
    var breaksAt: (number: Int, isDone: Bool)?
  }
  let state: Mutex<State>
  let version: String

  init(_ version: String, _ accounts: [String: Account]) {
    self.version = version
    state = Mutex(State(accounts: accounts))
  }

  func connect(
    _ address: DatabaseAddress, user: String, password: Secret
  ) throws(DatabaseError) -> any DatabaseConnection {
    let given = String(decoding: password.copyBytes(), as: UTF8.self)
    let isRight = state.withLock { state in
      state.accounts[user].map { $0.primary == given || $0.secondary == given } ?? false
    }
    guard isRight else { throw DatabaseError(.denied, code: "1045", "refused user and password") }
    return Connection(self, user)
  }

  func works(_ user: String, _ password: String) -> Bool {
    (try? connect(DatabaseAddress(host: "x", port: 1, isEncrypted: false), user: user, password: Secret(password)))
      != nil
  }

  /// Statements that change something, the passwords taken out.
  var changes: [String] {
    state.withLock { $0.statements.filter { $0.hasPrefix("ALTER") || $0.hasPrefix("SET") } }.map {
      $0.replacing(/'[^'@]{20,}'/, with: "'…'")
    }
  }

  final class Connection: DatabaseConnection {
    private let server: MySQLServer
    private let user: String
    init(_ server: MySQLServer, _ user: String) { (self.server, self.user) = (server, user) }

    func run(_ statement: [UInt8]) throws(DatabaseError) -> [[String?]] {
      let text = String(decoding: statement, as: UTF8.self)
      let answer = server.state.withLock { state -> Result<[[String?]], DatabaseError> in
        state.statements.append(text)
        var breaks = false
        if text.hasPrefix("ALTER"), let plan = state.breaksAt {
          state.breaksAt = plan.number > 1 ? (plan.number - 1, plan.isDone) : nil
          breaks = plan.number <= 1
          if breaks, !plan.isDone { return .failure(DatabaseError(.broken, code: "2013", "the connection broke")) }
        }
        let result = self.answer(text, &state)
        return breaks ? .failure(DatabaseError(.broken, code: "2013", "the connection broke")) : result
      }
      return try answer.get()
    }

    private func answer(_ text: String, _ state: inout State) -> Result<[[String?]], DatabaseError> {
      switch text {
      case "SELECT VERSION()": return .success([[server.version]])
      case "SELECT CURRENT_USER()": return .success([["\(user)@%"]])
      case "SHOW GRANTS": return .success([["GRANT USAGE ON *.* TO `\(user)`@`%`"]])
      default: break
      }
      guard let match = text.wholeMatch(of: /ALTER USER (USER\(\)|'([^'@]+)'@'%') (.*)/) else { return refused("1064") }
      let name = match.2.map(String.init) ?? user
      guard var account = state.accounts[name], name == user || user == "boss" else { return refused("1227") }
      let clause = String(match.3)
      let mayKeepTwo = state.accounts[user]?.mayKeepTwo ?? false
      if clause == "DISCARD OLD PASSWORD" {
        guard mayKeepTwo else { return refused("1227") }
        account.secondary = nil
      } else if let set = clause.wholeMatch(of: /IDENTIFIED BY '([^'\\]+)'( RETAIN CURRENT PASSWORD)?/) {
        if set.2 != nil {
          guard mayKeepTwo else { return refused("1227") }
          account.secondary = account.primary
        }
        account.primary = String(set.1)
      } else {
        return refused("1064")
      }
      state.accounts[name] = account
      return .success([])
    }

    private func refused(_ code: String) -> Result<[[String?]], DatabaseError> {
      .failure(DatabaseError(.refused, code: code, "answered with the error \(code)"))
    }
  }
}

@Suite struct MySQLTests {
  private func machine(_ server: MySQLServer, _ password: String, admin: Bool) throws -> Machine {
    var settings = ServiceSettings()
    (settings.host, settings.user, settings.security) = ("127.0.0.1", "shop", .off)
    let machine = try Machine(
      "mysql", settings, files: [("app.env", "KEY=\(password)\n")],
      open: { provider, settings in DatabaseService(provider, settings, clock: HastyClock(), driver: server) },
      change: { key in
        guard admin, let file = key.files.first else { return }
        let path = (file as NSString).deletingLastPathComponent + "/admin.env"
        try? "PW=of-the-boss-0123456789\n".write(toFile: path, atomically: false, encoding: .utf8)
        key.service?.admin = AdminCredential(user: "boss", file: path, variable: "PW")
      })
    return machine
  }

  private func server(_ password: String, version: String = "8.4.3", mayKeepTwo: Bool = true) -> MySQLServer {
    MySQLServer(
      version,
      [
        "shop": .init(primary: password, secondary: "left-over-of-somebody-else", mayKeepTwo: mayKeepTwo),
        "boss": .init(primary: "of-the-boss-0123456789"),
      ])
  }

  @Test(arguments: [false, true]) func twoPasswordsOverlap(_ admin: Bool) throws {
    let password = Peer.password()
    let server = server(password)
    let machine = try machine(server, password, admin: admin)
    let seen = Mutex<Bool?>(nil)
    machine.at("FILE:after") { seen.withLock { $0 = server.works("shop", password) } }
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    try #require(report.outcome == .done, "\(report.reason ?? "")")
    let new = try machine.value()
    #expect(new != password && server.works("shop", new) && !server.works("shop", password))
    // While files were written, both worked.
    #expect(seen.withLock { $0 } == true)
    let who = admin ? "'shop'@'%'" : "USER()"
    #expect(
      server.changes == [
        "ALTER USER \(who) IDENTIFIED BY '…' RETAIN CURRENT PASSWORD", "ALTER USER \(who) DISCARD OLD PASSWORD",
      ])
    #expect(server.state.withLock { $0.accounts["shop"]?.secondary } == nil)
  }

  /// Without the privilege, and before 8.0.14, there is one password; the refusal is definite, so nothing is set twice.
  @Test(arguments: [("8.4.3", false), ("8.0.13", true), ("5.7.44-log", true)])
  func onePasswordWhereTwoMayNotBe(_ version: String, _ mayKeepTwo: Bool) throws {
    let password = Peer.password()
    let server = server(password, version: version, mayKeepTwo: mayKeepTwo)
    let machine = try machine(server, password, admin: false)
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    try #require(report.outcome == .done, "\(report.reason ?? "")")
    #expect(try server.works("shop", machine.value()) && !server.works("shop", password))
    #expect(
      server.changes.first { !$0.contains("RETAIN") && !$0.contains("DISCARD") }
        == "ALTER USER USER() IDENTIFIED BY '…'")
    // What was there before, and is none of ours, is left alone where it may not be touched.
    #expect(server.state.withLock { $0.accounts["shop"]?.secondary } == "left-over-of-somebody-else")
  }

  /// A connection that breaks at either statement, before it is carried out or after: the same value is set again at most.
  @Test(arguments: [1, 2], [false, true])
  func aConnectionThatBreaks(_ number: Int, _ isDone: Bool) throws {
    let password = Peer.password()
    let server = server(password)
    let machine = try machine(server, password, admin: false)
    server.state.withLock { $0.breaksAt = (number, isDone) }
    var report: RotationReport? = try machine.rotator().rotate(machine.key, reason: "manual")
    if report?.outcome != .done { report = try machine.resume() }
    #expect(report?.outcome == .done, "\(report?.reason ?? "")")
    let new = try machine.value()
    #expect(server.works("shop", new) && !server.works("shop", password))
    #expect(server.state.withLock { $0.accounts["shop"]?.secondary } == nil)
    #expect(server.changes.count { $0.contains("RETAIN") } == (number == 1 && !isDone ? 2 : 1))
  }

  @Test func killedAtEveryStep() throws {
    let password = Peer.password()
    let server = server(password)
    let machine = try machine(server, password, admin: false)
    try machine.killAtEveryStep { before, step in
      let now = try machine.value()
      #expect(server.works("shop", now), "\(step)")
      if now != before { #expect(!server.works("shop", before), "\(step)") }
      #expect(server.state.withLock { $0.accounts["shop"]?.secondary } == nil, "\(step)")
    }
  }

  /// The new value is unfit: the old one stands alone again, and nothing is left beside it.
  @Test func puttingBackLeavesOne() throws {
    let (old, new) = (Peer.password(), Peer.password())
    let server = server(old)
    let connection = try server.connect(
      DatabaseAddress(host: "x", port: 1, isEncrypted: false), user: "shop", password: Secret(old))
    try MySQLDialect().set(Secret(new), of: nil, connection)
    #expect(server.works("shop", old) && server.works("shop", new))
    try MySQLDialect().end(Secret(new), keeping: Secret(old), of: nil, connection)
    #expect(server.works("shop", old) && !server.works("shop", new))
    #expect(server.state.withLock { $0.accounts["shop"]?.secondary } == nil)
  }

  @Test func namesAndValuesCantLeaveTheirQuotes() throws {
    let server = server("p")
    let connection = try server.connect(
      DatabaseAddress(host: "x", port: 1, isEncrypted: false), user: "shop", password: Secret("p"))
    for value in ["a'b", "a\\b", "ü", "a\nb"] {
      #expect(throws: DatabaseError.self) { try MySQLDialect().set(Secret(value), of: nil, connection) }
    }
    for account in ["a'@'%", "a\\", "a\nb"] {
      #expect(throws: DatabaseError.self) { try MySQLDialect().set(Secret("fine"), of: account, connection) }
    }
    #expect(server.changes.isEmpty)
  }
}
