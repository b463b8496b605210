// Rows of the failure table that no other suite shows: consumers and hosts that lag behind, answers that are understood
// later, journals and clocks that fail, holders that are overtaken, keys that are ended first.

import EnvFiles
import Foundation
import Glibc
import Ledger
import Model
import Posix
import Providers
import RuleBook
import Secrets
import Synchronization
import Testing

@testable import Rotation

@Suite struct FailureRowTests {
  private static let minute: Int64 = 60_000

  private func quietKey(_ world: World) -> ConfiguredKey {
    var key = world.key
    key.policy.quietMs = 10 * FailureRowTests.minute
    key.policy.quietLimitMs = 120 * FailureRowTests.minute
    return key
  }

  private func open(_ world: World) throws -> RotationRecord { try #require(try world.ledger().openRotations().first) }

  // MARK: Consumers that lag behind

  @Test(arguments: [FakeService.Style.create, .grace])
  func aConsumerThatStillUsesTheOldKeyKeepsItAlive(_ style: FakeService.Style) throws {
    let world = try World(style, graceMs: 30 * 86_400_000)
    let first = try world.rotator().rotate(quietKey(world), reason: "manual")
    #expect(first.outcome == .waiting, "\(first.reason ?? "")")
    #expect(first.reason?.contains("until nobody has used it for 10m") == true, "\(first.reason ?? "")")
    // Somebody uses it, again and again: it is left alone, and for two hours nobody is alarmed.
    for _ in 0..<14 {
      world.clock.advance(milliseconds: 8 * FailureRowTests.minute)
      world.service.use(world.oldValue)
      let report = try world.rotator().resume(try open(world))
      #expect(report.outcome == .waiting && report.reason?.contains("after that") == true, "\(report.reason ?? "")")
      #expect(world.service.isLive(world.oldValue))
    }
    world.clock.advance(milliseconds: 9 * FailureRowTests.minute)
    world.service.use(world.oldValue)
    let alarm = try world.rotator().resume(try open(world))
    #expect(alarm.outcome == .oldAlive && alarm.reason?.contains("somebody still uses the old one") == true)
    #expect(alarm.hint?.contains("keywright consumers demo") == true)
    // Told once, it stays so and is not ended under anybody's hands.
    world.clock.advance(milliseconds: FailureRowTests.minute)
    world.service.use(world.oldValue)
    #expect(try world.rotator().resume(try open(world)).outcome == .oldAlive)
    #expect(world.service.isLive(world.oldValue) && !world.service.requests.contains("revoke"))
    // Quiet at last.
    world.clock.advance(milliseconds: 11 * FailureRowTests.minute)
    let end = try world.rotator().resume(try open(world))
    #expect(end.outcome == .done, "\(end.reason ?? "")")
    try world.checkEnd(end, "quiet")
  }

  @Test func aKeyThatIsQuietIsEndedInTime() throws {
    let world = try World(.create)
    #expect(try world.rotator().rotate(quietKey(world), reason: "manual").outcome == .waiting)
    world.clock.advance(milliseconds: 9 * FailureRowTests.minute)
    #expect(try world.rotator().resume(try open(world)).outcome == .waiting)
    world.clock.advance(milliseconds: 2 * FailureRowTests.minute)
    let end = try world.rotator().resume(try open(world))
    #expect(end.outcome == .done, "\(end.reason ?? "")")
    // What has leaked is not waited for.
    let leaked = try World(.create)
    #expect(try leaked.rotator().rotate(quietKey(leaked), reason: "leaked").outcome == .done)
  }

  /// A moment that can't be understood must not pass for a key that nobody uses.
  @Test func aMomentThatIsNotUnderstoodEndsNothing() throws {
    let world = try World(.create) { $0.management?.list?.fields["last_used"] = "/name" }
    let report = try world.rotator().rotate(quietKey(world), reason: "manual")
    #expect(report.outcome == .unknown && report.reason?.contains("not understood") == true, "\(report.reason ?? "")")
    #expect(world.service.isLive(world.oldValue))
  }

  @Test func quietIsRefusedWhereNobodyCanTell() throws {
    let silent = try World(.create) { $0.management?.list?.fields["last_used"] = nil }
    for world in [silent, try World(.chosen), try World(.replace)] {
      let refusal = #expect(throws: RotationRefusal.self) {
        try world.rotator().rotate(quietKey(world), reason: "manual")
      }
      #expect(refusal?.kind == .configuration && refusal?.hint?.contains("soak") == true)
      #expect(world.service.requests.isEmpty)
    }
  }

  @Test func aHostThatIsOfflineKeepsTheOldKeyAlive() throws {
    let world = try World(.create)
    let isUp = Mutex(false)
    let held = Mutex(world.oldValue)
    var key = world.key
    key.deliveries = [DeliveryTarget(.command, command: ["/usr/bin/ssh-put", "host-b"])]
    let rotator = {
      try world.rotator(deliver: { delivery in
        guard let new = delivery.new else { return .delivered }
        guard isUp.withLock({ $0 }) else { return .obstacle("host-b does not answer") }
        held.withLock { $0 = String(decoding: new.copyBytes(), as: UTF8.self) }
        return .delivered
      })
    }
    let first = try rotator().rotate(key, reason: "manual")
    #expect(first.outcome == .unknown && first.reason?.contains("host-b does not answer") == true)
    // Days later it is still off, and what it holds still works.
    world.clock.advance(milliseconds: 3 * 86_400_000)
    #expect(try rotator().resume(try open(world)).outcome == .unknown)
    #expect(world.service.isLive(held.withLock { $0 }) && !world.service.requests.contains("revoke"))
    isUp.withLock { $0 = true }
    #expect(try rotator().resume(try open(world)).outcome == .done)
    #expect(try held.withLock { $0 } == world.value())
    #expect(!world.service.isLive(world.oldValue))
  }

  // MARK: Answers and new keys

  @Test(arguments: [FakeService.Style.replace, .readable])
  func anAnswerIsReadOnceItIsUnderstood(_ style: FakeService.Style) throws {
    let world = try World(style) {
      $0.management?.regenerate?.fields["secret"] = "/elsewhere"
      $0.management?.read?.fields["secret"] = "/elsewhere"
    }
    var report = try world.rotator().rotate(world.key, reason: "manual")
    if style == .replace {
      #expect(report.outcome == .human && report.hint?.contains("--value raw-1") == true, "\(report.hint ?? "")")
    } else {
      #expect(report.outcome == .unknown)
    }
    #expect(world.service.mutations == 1)
    // A newer provider file knows where the key stands.
    report = try world.rotator(provider: try World.provider(style)).resume(try open(world), named: true)
    #expect(report.outcome == .done, "\(report.reason ?? "")")
    #expect(world.service.mutations == 1)
    try world.checkEnd(report, "read later")
  }

  @Test func aNewKeyThatIsNotKnownInTimeIsTakenBack() throws {
    let made = try World(.create)
    made.service.state.withLock { $0.propagationMs = 3_600_000 }
    let report = try made.rotator().rotate(made.key, reason: "manual")
    #expect(report.outcome == .rolledBack, "\(report.reason ?? "")")
    try made.checkEnd(report, "taken back")
    #expect(try made.value() == made.oldValue)
    // Where taking back is no way, a person is told, and it goes on once the key is known.
    let replaced = try World(.replace)
    replaced.service.state.withLock { $0.propagationMs = 3_600_000 }
    #expect(try replaced.rotator().rotate(replaced.key, reason: "manual").outcome == .human)
    #expect(try replaced.value() == replaced.oldValue)
    replaced.clock.advance(milliseconds: 3_600_000)
    let end = try replaced.rotator().resume(try open(replaced), named: true)
    #expect(end.outcome == .done, "\(end.reason ?? "")")
    try replaced.checkEnd(end, "known at last")
  }

  /// Questions are asked again; what makes a key is not.
  @Test func oneBrokenConnectionIsNoReasonNotToBegin() throws {
    let world = try World(.create)
    world.service.plan("whoami", [.dropBefore, .dropBefore])
    world.service.plan("list", [.dropAfter])
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .done && world.service.mutations == 1, "\(report.reason ?? "")")
    let other = try World(.create)
    other.service.plan("whoami", [.dropBefore, .dropBefore, .dropBefore])
    #expect(throws: RotationRefusal.self) { try other.rotator().rotate(other.key, reason: "manual") }
    #expect(other.service.mutations == 0)
  }

  // MARK: Journals, clocks, holders

  @Test func withoutAJournalNothingIsBegun() throws {
    let world = try World()
    try "not a directory".write(toFile: world.root + "/state", atomically: false, encoding: .utf8)
    let error = #expect(throws: LedgerError.self) { try world.rotator().rotate(world.key, reason: "manual") }
    #expect(error?.kind == .unusable && error?.hint?.isEmpty == false)
    #expect(try world.service.requests.isEmpty && world.value() == world.oldValue)
    // One that fails while everything is tried out.
    let other = try World()
    other.failAt("INTENT:before")
    #expect(throws: LedgerError.self) { try other.rotator().rotate(other.key, reason: "manual") }
    #expect(try other.service.mutations == 0 && other.value() == other.oldValue)
    // And one that fails just before the request.
    let last = try World()
    last.failAt("REQUESTED:before")
    #expect(try last.rotator().rotate(last.key, reason: "manual").outcome == .unknown)
    #expect(last.service.mutations == 0)
    #expect(try last.resume()?.outcome == .done)
  }

  @Test(.enabled(if: geteuid() == 0)) func aDiskThatIsFullWhenTheAnswerComes() async throws {
    await #expect(processExitsWith: .success) {
      let world = try World(.replace)
      let state = world.root + "/state"
      try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
      guard SmallDisk.leaveMounts(), SmallDisk.mount(state, "size=640k,mode=700") else { return }
      defer { SmallDisk.unmount(state) }
      let filler = state + "/filler"
      // The disk fills up while the service is at work: after everything was tried, before the answer is kept.
      world.service.whenMaking.withLock { $0 = { SmallDisk.fill(filler) } }
      let report = try world.rotator().rotate(world.key, reason: "manual")
      #expect(world.service.mutations == 1)
      #expect(report.outcome == .unknown || report.outcome == .done, "\(report.reason ?? "")")
      #expect(FileManager.default.fileExists(atPath: filler))
      try FileManager.default.removeItem(atPath: filler)
      let end = try world.resume() ?? report
      #expect(end.outcome == .done, "\(end.reason ?? "")")
      #expect(world.service.mutations == 1)
      try world.checkEnd(end, "room again")
    }
  }

  @Test func aClockThatGoesBackRotatesNothingTwice() throws {
    let world = try World()
    var key = world.key
    key.policy.maximumAgeMs = 86_400_000
    key.policy.soakMs = 3_600_000
    #expect(try world.rotator().rotate(key, reason: "due").outcome == .waiting)
    // A year back: the soak is not waited for longer than it is long, and nothing is begun anew.
    world.clock.advance(milliseconds: -365 * 86_400_000)
    #expect(try world.rotator().resume(try open(world)).outcome == .waiting)
    world.clock.advance(milliseconds: 365 * 86_400_000 + 3_600_001)
    #expect(try world.rotator().resume(try open(world)).outcome == .done)
    world.clock.advance(milliseconds: -365 * 86_400_000)
    let configuration = Configuration(path: "/c", keys: [key])
    #expect(try Due.choose(configuration, world.ledger(), nowMs: world.clock.now()).keys.isEmpty)
    #expect(world.service.mutations == 1)
  }

  /// A host that was asleep while another took its rotation up.
  @Test(arguments: ["PARSED:after", "VERIFIED_NEW:after", "COMMITTED:after"])
  func whoeverWasOvertakenSendsAndWritesNothing(_ moment: String) throws {
    let world = try World(.create)
    let rival = try world.ledger()
    let fence = Mutex(0)
    let seen = Mutex((requests: 0, value: ""))
    world.killAt(nil)
    let rotator = try world.rotator(
      interrupted: {
        guard world.checkpoints.last == moment, fence.withLock({ $0 }) == 0,
          let open = try? rival.openRotations().first
        else { return false }
        fence.withLock { $0 = (try? rival.takeUp(open.txid)) ?? -1 }
        seen.withLock { $0 = (world.service.requests.count { $0 != "whoami" }, (try? world.value()) ?? "") }
        return false
      }, hook: { _ in HookEnd() })
    var key = world.key
    // A moment at which somebody looks up between COMMITTED and the old key's end.
    key.reload = [["/bin/true"]]
    let report = try rotator.rotate(key, reason: "manual")
    #expect(
      report.outcome == .unknown && report.reason?.contains("taken the rotation") == true, "\(report.reason ?? "")")
    #expect(fence.withLock { $0 } == 2)
    let (requests, value) = seen.withLock { $0 }
    #expect(world.service.requests.count { $0 != "whoami" } == requests)
    #expect(try world.value() == value)
    let end = try world.rotator(hook: { _ in HookEnd() }).resume(try open(world))
    #expect(end.outcome == .done, "\(end.reason ?? "")")
    #expect(world.service.mutations == 1)
    try world.checkEnd(end, "by the other host")
  }

  // MARK: Leaks

  @Test(arguments: FakeService.Style.allCases)
  func whatHasLeakedIsEndedFirst(_ style: FakeService.Style) throws {
    let world = try World(style)
    var key = world.key
    key.policy.onLeak = .revokeFirst
    key.policy.soakMs = 3_600_000
    let seen = Mutex<(isLive: Bool, isOld: Bool)?>(nil)
    world.killAt(nil)
    let rotator = try world.rotator(interrupted: {
      guard world.checkpoints.contains("VERIFIED_NEW:after"), !world.checkpoints.contains("FILE:before") else {
        return false
      }
      seen.withLock { $0 = (world.service.isLive(world.oldValue), (try? world.value()) == world.oldValue) }
      return false
    })
    let report = try rotator.rotate(key, reason: "leaked")
    #expect(report.outcome == .done, "\(report.reason ?? "")")
    // Dead before the first file was touched, whoever ended it.
    let last = try #require(seen.withLock { $0 })
    #expect(!last.isLive && last.isOld, "\(style)")
    let isEndedByRequest = [FakeService.Style.create, .grace, .slots, .chosenBeside].contains(style)
    #expect(report.steps.contains { $0.state == .contained } == isEndedByRequest)
    #expect(report.deaths.count == 3)
    try world.checkEnd(report, "\(style)")
    // For any other reason, and by the other policy, the files come first.
    let calm = try World(style)
    var patient = calm.key
    patient.policy.onLeak = .revokeFirst
    let ordinary = try calm.rotator().rotate(patient, reason: "manual")
    #expect(ordinary.outcome == .done && !ordinary.steps.contains { $0.state == .contained })
  }

  /// A service that does not end it now must not keep the files from their new key.
  @Test func aLeakedKeyThatWillNotEndIsReplacedAllTheSame() throws {
    let world = try World(.create)
    var key = world.key
    key.policy.onLeak = .revokeFirst
    world.service.plan("revoke", Array(repeating: .gatewayBefore, count: 3))
    let report = try world.rotator().rotate(key, reason: "leaked")
    #expect(report.outcome == .done && !report.steps.contains { $0.state == .contained }, "\(report.reason ?? "")")
    try world.checkEnd(report, "ended later")
    var failures = 0
    try world.ledger().verifyAudit { if $0.event == "containment failed" { failures += 1 } }
    #expect(failures == 1)
  }

  /// A file that holds a third value: the old key is dead by then, and nobody is told otherwise.
  @Test func aConflictAfterTheEndIsToldAsItIs() throws {
    let world = try World(.create)
    var key = world.key
    key.policy.onLeak = .revokeFirst
    world.killAt(nil)
    let rotator = try world.rotator(interrupted: {
      if world.checkpoints.contains("PARSED:after") {
        try? "KEY=edited\n".write(toFile: world.key.files[1], atomically: false, encoding: .utf8)
      }
      return false
    })
    let report = try rotator.rotate(key, reason: "leaked")
    #expect(report.outcome == .human && report.reason?.contains("was ended at once") == true, "\(report.reason ?? "")")
    #expect(report.reason?.contains("left alone") == false && !world.service.isLive(world.oldValue))
  }

  @Test func aPlanSaysWhatIsEndedFirst() throws {
    let world = try World(.create)
    var key = world.key
    key.policy.onLeak = .revokeFirst
    let leaked = try world.planner(ledger: nil).plan(key, reason: "leaked").lines.joined(separator: "\n")
    #expect(leaked.contains("ended as soon as the new one is proven, before a file is written"))
    let manual = try world.planner(ledger: nil).plan(quietKey(world)).lines.joined(separator: "\n")
    #expect(manual.contains("until nobody has used the old key for 10m, and tell a person after 2h"), "\(manual)")
  }
}

/// A small disk of a process's own.
enum SmallDisk {
  /// A mount table of our own for the rest of the process; false where this container does not allow it.
  static func leaveMounts() -> Bool {
    guard let raw = unsafe dlsym(nil, "unshare") else { return false }
    let unshare = unsafe unsafeBitCast(raw, to: (@convention(c) (Int32) -> Int32).self)
    return unsafe unshare(0x20000) == 0 && Glibc.mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0
  }

  static func mount(_ path: String, _ options: String) -> Bool {
    unsafe Glibc.mount("tmpfs", path, "tmpfs", 0, options) == 0
  }

  static func unmount(_ path: String) { _ = unsafe umount2(path, Int32(MNT_DETACH)) }

  /// Writes until nothing more fits.
  static func fill(_ path: String) {
    let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    let block = [UInt8](repeating: 0x78, count: 512)
    while unsafe block.withUnsafeBytes({ unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }) > 0 {}
    close(descriptor)
  }
}
