// Several hosts that share keys, against a real PostgreSQL: one at a time, nobody where a rotation is open elsewhere, and a
// host that was asleep too long finds out.

import Foundation
import Ledger
import Model
import Posix
import Providers
import Secrets
import Synchronization
import Testing

@testable import Rotation

@Suite(
  .enabled(if: PostgreSQLPeer.isThere, "PostgreSQL, its client or libpq is not installed"), .timeLimit(.minutes(20)))
struct LeaseTests {
  private let peer: PostgreSQLPeer
  /// Every test has a key of its own in the one table.
  private let name = "demo-\(UUID().uuidString)"

  init() throws {
    peer = try PostgreSQLPeer.shared.get()
  }

  private func leases(_ host: String, port: Int? = nil) -> LeaseTable {
    var service = peer.settings(user: "boss")
    if let port { service.port = port }
    let password = Secret(peer.adminPassword)
    return LeaseTable(
      LeaseSettings(service: service, file: "", variable: ""), host: host
    ) { () throws(LeaseRefusal) in password }
  }

  private func key(_ world: World) -> ConfiguredKey {
    var key = world.key
    key.name = name
    // What one host has replaced has another id than the one that the others' configuration would say.
    key.keyID = nil
    return key
  }

  private func rotator(_ world: World, _ host: String, port: Int? = nil) throws -> Rotator {
    try world.rotator(leases: leases(host, port: port), state: "state-" + host)
  }

  private func open(_ world: World, _ host: String) throws -> RotationRecord {
    try #require(try Ledger(directory: world.root + "/state-" + host).openRotations().first)
  }

  private func expire() throws {
    try peer.sql("UPDATE keywright_lease SET until = now() - interval '1 second' WHERE key = '\(name)'")
  }

  private func refusal(_ world: World, _ host: String) throws -> RotationRefusal? {
    #expect(throws: RotationRefusal.self) { try rotator(world, host).rotate(key(world), reason: "manual") }
  }

  @Test func oneHostAtATime() throws {
    let world = try World(.create)
    let held = try leases("alpha").take(name, mine: nil)
    let refused = try refusal(world, "beta")
    #expect(refused?.kind == .locked && refused?.reason.contains("the host alpha is rotating") == true)
    #expect(world.service.requests.isEmpty)
    #expect(try held.confirm())
    withExtendedLifetime(held) {}
  }

  @Test func aLeaseIsGivenBackAndItsNumberRises() throws {
    let world = try World(.create)
    for (host, fence) in [("alpha", 2), ("beta", 4), ("alpha", 6)] {
      let report = try rotator(world, host).rotate(key(world), reason: "manual")
      #expect(report.outcome == .done, "\(report.reason ?? "")")
      #expect(try leases("gamma").take(name, mine: nil).fence == Int64(fence))
    }
    #expect(world.service.mutations == 3 && world.service.liveKeys.count == 1)
    #expect(
      try peer.sql("SELECT open_rotation IS NULL AND owner IS NULL FROM keywright_lease WHERE key = '\(name)'") == "t\n"
    )
  }

  /// The other host's ledger knows nothing of the rotation; the table does, whatever has become of the lease.
  @Test func whatIsOpenElsewhereKeepsOthersAway() throws {
    let world = try World(.create)
    world.killAt(nil)
    let whole = try World(.create)
    whole.killAt(nil)
    _ = try whole.rotator().rotate(whole.key, reason: "manual")
    let place = try #require(whole.checkpoints.firstIndex(of: "RECEIVED:before")) + 1
    world.killAt(place)
    #expect(throws: Killed.self) { try rotator(world, "alpha").rotate(key(world), reason: "manual") }
    world.killAt(nil)
    try expire()
    let refused = try refusal(world, "beta")
    #expect(refused?.kind == .locked, "\(refused?.reason ?? "")")
    #expect(
      refused?.reason.contains("the host alpha has a rotation") == true && refused?.hint?.contains("resume") == true)
    #expect(world.service.mutations == 1)
    let end = try rotator(world, "alpha").resume(try open(world, "alpha"))
    #expect(end.outcome == .done, "\(end.reason ?? "")")
    #expect(try rotator(world, "beta").rotate(key(world), reason: "manual").outcome == .done)
    #expect(world.service.liveKeys.count == 1)
  }

  /// Nothing was sent: others need not wait, and whoever comes back finds the old key gone and closes.
  @Test func aCrashBeforeTheRequestHoldsNobodyUp() throws {
    let world = try World(.create)
    world.killAt(2)
    #expect(throws: Killed.self) { try rotator(world, "alpha").rotate(key(world), reason: "manual") }
    world.killAt(nil)
    #expect(try open(world, "alpha").state == "INTENT")
    try expire()
    #expect(try rotator(world, "beta").rotate(key(world), reason: "manual").outcome == .done)
    #expect(try rotator(world, "alpha").resume(try open(world, "alpha")).outcome == .notExecuted)
    #expect(world.service.mutations == 1)
    #expect(try world.service.liveKeys.map(\.value) == [world.value()])
  }

  /// Somebody forced the key free while its holder was asleep: the holder stops at its next deed.
  @Test(arguments: ["PARSED:after", "VERIFIED_NEW:after"])
  func aHostThatWasAsleepStops(_ moment: String) throws {
    let world = try World(.create)
    world.killAt(nil)
    let taken = Mutex<KeyLease?>(nil)
    let rotator = try world.rotator(
      interrupted: {
        guard world.checkpoints.last == moment, taken.withLock({ $0 == nil }) else { return false }
        _ = try? self.peer.sql(
          "UPDATE keywright_lease SET until = now() - interval '1 second', open_rotation = NULL WHERE key = '\(self.name)'"
        )
        taken.withLock { $0 = try? self.leases("beta").take(self.name, mine: nil) }
        return false
      }, leases: leases("alpha"), state: "state-alpha")
    let report = try rotator.rotate(key(world), reason: "manual")
    #expect(taken.withLock { $0 != nil })
    #expect(
      report.outcome == .unknown && report.reason?.contains("another host has taken") == true, "\(report.reason ?? "")")
    #expect(try world.value() == world.oldValue && world.service.isLive(world.oldValue))
    taken.withLock { $0 = nil }
    #expect(try self.rotator(world, "alpha").resume(try open(world, "alpha")).outcome == .done)
  }

  /// A lease whose time is over, and that nobody took, is still its owner's.
  @Test func asleepAndNobodyCame() throws {
    let lease = try leases("alpha").take(name, mine: nil)
    try expire()
    #expect(try lease.confirm())
    #expect(throws: LeaseRefusal.held(by: "alpha")) { try leases("beta").take(name, mine: nil) }
  }

  @Test func withoutTheTableNothingIsBegunAndWhatIsOpenGoesOn() throws {
    let world = try World(.create)
    let nowhere = try Peer.freePort()
    let refused = #expect(throws: RotationRefusal.self) {
      try rotator(world, "alpha", port: nowhere).rotate(key(world), reason: "manual")
    }
    #expect(
      refused?.kind == .failure && refused?.reason.contains("can't be reached") == true, "\(refused?.reason ?? "")")
    #expect(world.service.requests.isEmpty)
    // Open rotations go on, but for a first request.
    world.service.plan("revoke", [.notSent, .notSent, .notSent])
    #expect(try rotator(world, "alpha").rotate(key(world), reason: "manual").outcome == .unknown)
    let end = try rotator(world, "alpha", port: nowhere).resume(try open(world, "alpha"))
    #expect(end.outcome == .done, "\(end.reason ?? "")")
    world.killAt(2)
    #expect(throws: Killed.self) { try rotator(world, "alpha").rotate(key(world), reason: "manual") }
    world.killAt(nil)
    let paused = try rotator(world, "alpha", port: nowhere).resume(try open(world, "alpha"))
    #expect(paused.outcome == .unknown && paused.reason?.contains("nothing was sent") == true, "\(paused.reason ?? "")")
    #expect(world.service.mutations == 1)
  }

  @Test func tenHostsAtOnce() async throws {
    let world = try World(.create)
    let key = key(world)
    let ends = await withTaskGroup(of: String.self) { group in
      for host in 0..<10 {
        group.addTask {
          do {
            return try self.rotator(world, "host\(host)").rotate(key, reason: "manual").outcome.rawValue
          } catch let refusal as RotationRefusal { return "\(refusal.kind)" } catch { return "\(error)" }
        }
      }
      return await group.reduce(into: [String]()) { $0.append($1) }
    }
    #expect(ends.allSatisfy { ["done", "locked"].contains($0) } && ends.contains("done"), "\(ends)")
    #expect(world.service.mutations == ends.count { $0 == "done" })
    #expect(try world.service.liveKeys.map(\.value) == [world.value()])
  }

  /// Names are data.
  @Test func aNameCantLeaveItsQuotes() throws {
    let strange = "'; DROP TABLE keywright_lease; --\\' \(name)"
    let lease = try leases("o'host").take(strange, mine: nil)
    #expect(try lease.note(rotation: "x'y"))
    #expect(throws: LeaseRefusal.held(by: "o'host")) { try leases("beta").take(strange, mine: nil) }
    withExtendedLifetime(lease) {}
  }

  @Test func theConfigurationNamesTheTable() throws {
    func parse(_ text: String) throws -> Configuration {
      try Configuration.parse(Array(text.utf8), "/etc/keywright/keywright.toml")
    }
    let good = try parse(
      """
      [lease]
      file = "pg.env"
      variable = "PGPASSWORD"
      time = "1m"
      node = "alpha"
      [lease.database]
      host = "db.example.org"
      user = "keywright"
      name = "ops"
      """)
    #expect(good.leaseNode == "alpha" && good.lease?.timeMs == 60_000)
    #expect(good.lease?.file == "/etc/keywright/pg.env" && good.lease?.service.security == .full)
    for (text, words) in [
      ("[lease]\nfile = \"a\"\nvariable = \"B\"", "[lease] has no database"),
      ("[lease]\nvariable = \"B\"\n[lease.database]\nhost = \"h\"\nuser = \"u\"", "file"),
      ("[lease]\nfile = \"a\"\nvariable = \"B\"\ntime = \"1s\"\n[lease.database]\nhost = \"h\"\nuser = \"u\"", "time"),
      ("[lease]\nfile = \"a\"\nvariable = \"B\"\nhost = \"h\"\n[lease.database]\nhost = \"h\"\nuser = \"u\"", "host"),
    ] {
      let errors = #expect(throws: ConfigurationErrors.self) { try parse(text) }
      #expect(errors?.description.contains(words) == true, "\(text): \(errors?.description ?? "")")
    }
  }
}
