// Whole rotations against the service in memory: what goes well, and each way of going wrong.

import Foundation
import Ledger
internal import Posix
internal import Synchronization
import Testing

@testable import Rotation

@Suite struct RotatorTests {
  @Test(arguments: FakeService.Style.allCases)
  func rotatesOverRealSockets(_ style: FakeService.Style) throws {
    let world = try World(style, overHTTP: true)
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .done, "\(report.reason ?? "")")
    #expect(world.service.mutations == 1)
    try world.checkEnd(report, "\(style)")
  }

  @Test(arguments: FakeService.Style.allCases)
  func rotates(_ style: FakeService.Style) throws {
    let world = try World(style)
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .done)
    #expect(report.proofs.count == 3)
    #expect(report.deaths.count == 3)
    #expect(report.deaths.allSatisfy { $0.status == 401 && $0.requestID == "req-1" })
    #expect(report.files.map(\.state) == ["written", "written"])
    #expect(report.files.map(\.lines) == [[2], [2]])
    #expect(report.oldFingerprint != report.newFingerprint)
    #expect(try world.value() != world.oldValue)
    #expect(world.service.mutations == 1)
    try world.checkEnd(report, "\(style)")
    let inventory = try world.ledger().inventory("demo")
    #expect(inventory?.fingerprint == report.newFingerprint)
    #expect(inventory?.keyID == report.newKeyID)
    #expect(inventory?.lastSuccessMs == report.steps.last?.timeMs)
    try world.ledger().verifyAudit()
  }

  /// Many services of that class keep the id of a key that they replace: what ends the old key would end the new one.
  @Test func sendsNoRevocationWhereTheServiceEndedTheOldKeyItself() throws {
    let world = try World(.replace)
    #expect(try world.rotator().rotate(world.key, reason: "manual").outcome == .done)
    #expect(!world.service.requests.contains { $0.contains("revoke") || $0.contains("DELETE") })
  }

  /// A backup that comes back between the last file and the revocation must not meet a dead key.
  @Test func looksAtTheFilesAgainBeforeItRevokes() throws {
    let world = try World()
    world.service.plan("revoke", [.notSent, .notSent, .notSent])
    #expect(try world.rotator().rotate(world.key, reason: "manual").outcome == .unknown)
    let text = try String(contentsOfFile: world.key.files[0], encoding: .utf8)
    try text.replacingOccurrences(of: try world.value(), with: world.oldValue).write(
      toFile: world.key.files[0], atomically: true, encoding: .utf8)
    #expect(try world.resume()?.outcome == .human)
    #expect(world.service.isLive(world.oldValue))
  }

  @Test func rotatesAgainAlthoughTheConfigurationNamesTheFirstKey() throws {
    let world = try World()
    for _ in 0..<3 {
      #expect(try world.rotator().rotate(world.key, reason: "manual").outcome == .done)
      world.clock.advance(milliseconds: 1_000)
    }
    #expect(world.service.mutations == 3)
    #expect(world.service.liveKeys.count == 1)
  }

  @Test func waitsForANewKeyToBeKnownEverywhere() throws {
    let world = try World(.create)
    world.service.state.withLock { $0.propagationMs = 30_000 }
    #expect(try world.rotator().rotate(world.key, reason: "manual").outcome == .done)
  }

  @Test(arguments: FakeService.Style.allCases, Fault.allCases)
  func everyFaultOfTheRequestEndsWell(_ style: FakeService.Style, _ fault: Fault) throws {
    let world = try World(style)
    world.service.plan("make", [fault])
    var report: RotationReport? = try world.rotator().rotate(world.key, reason: "manual")
    if report?.outcome == .unknown { report = try world.resume() }
    let comment: Comment = "\(style) \(fault): \(report?.outcome.rawValue ?? "-") \(report?.reason ?? "")"
    switch (style, fault) {
    case (.chosen, .lies), (.chosenBeside, .lies):
      // Said to be done, and not done: the old value lives, and all stays as it was.
      #expect(report?.outcome == .rolledBack, comment)
      #expect(try world.value() == world.oldValue && world.service.isLive(world.oldValue), comment)
    case (.chosen, .unauthorized), (.chosenBeside, .unauthorized), (.chosen, .limitedForLong),
      (.chosenBeside, .limitedForLong), (.chosen, .notSent), (.chosenBeside, .notSent):
      #expect(report?.outcome == .notExecuted, comment)
      try world.checkEnd(report, comment)
    case (.chosen, _), (.chosenBeside, _):
      // Whatever became of the answer: the value is ours, so at most it is set twice.
      #expect(report?.outcome == .done && world.service.mutations == 1, comment)
      try world.checkEnd(report, comment)
    case (.slots, .wrongTenant), (.slots, .fewerScopes), (.readable, .wrongTenant), (.readable, .fewerScopes):
      #expect(report?.outcome == .human, comment)
      #expect(try world.value() == world.oldValue, comment)
    case (.replace, .dropAfter), (.replace, .gatewayAfter), (.replace, .garbage), (.replace, .empty),
      (.replace, .breaksOffEarly),
      (.replace, .wrongTenant), (.replace, .fewerScopes), (.grace, .wrongTenant), (.grace, .fewerScopes):
      // The value is lost for good, or the service made a key that is not ours: a person decides, and nothing is sealed away.
      #expect(report?.outcome == .human, comment)
      #expect(report?.hint?.isEmpty == false, comment)
      #expect(world.service.mutations == 1, comment)
      #expect(try world.value() == world.oldValue, comment)
      if fault == .breaksOffEarly || fault == .garbage {
        // What the service answered is kept, and the person is told how to see it.
        #expect(report?.hint?.contains("keywright rotation export demo --value raw-1 --to FILE") == true, comment)
      }
    case (.create, .wrongTenant), (.create, .fewerScopes):
      #expect(report?.outcome == .rolledBack || report?.outcome == .human, comment)
      #expect(try world.value() == world.oldValue, comment)
      #expect(world.service.isLive(world.oldValue), comment)
    case (_, .unauthorized), (_, .limitedForLong), (_, .notSent):
      #expect(report?.outcome == .notExecuted, comment)
      #expect(try world.value() == world.oldValue, comment)
      try world.checkEnd(report, comment)
    default:
      #expect(report?.outcome == .done, comment)
      try world.checkEnd(report, comment)
    }
  }

  @Test(arguments: ["whoami", "list", "revoke"], Fault.allCases)
  func everyFaultOfAnotherCallEndsWell(_ kind: String, _ fault: Fault) throws {
    for skip in 0..<4 {
      let world = try World()
      // The fault strikes the call of that kind after `skip` good ones.
      world.service.state.withLock { $0.faults[kind] = [] }
      let counter = Counter()
      let rotator = try world.rotator(interrupted: {
        if counter.next() == skip { world.service.plan(kind, [fault]) }
        return false
      })
      do {
        var report: RotationReport? = try rotator.rotate(world.key, reason: "manual")
        if report?.outcome != .done { report = try world.resume(times: 8) ?? report }
        let comment: Comment = "\(kind) \(fault) \(skip): \(report?.outcome.rawValue ?? "-") \(report?.reason ?? "")"
        if report?.outcome != .human { try world.checkEnd(report, comment) }
        // Proof by a service that refuses a good key for once must not be the end of it.
        #expect(report?.outcome == .done || report?.outcome == .notExecuted, comment)
      } catch let refusal as RotationRefusal {
        #expect(refusal.reason.contains("nothing was changed"))
        #expect(try world.value() == world.oldValue)
      }
    }
  }

  @Test func aSecondOrphanNeedsAPersonBecauseTheOldKeyIsDying() throws {
    let world = try World(.grace)
    world.service.plan("make", [.dropAfter, .garbage])
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .human)
    #expect(report.orphans.count == 2)
    #expect(world.service.liveKeys.map(\.value) == [world.oldValue])
    // What the service answered is kept, sealed.
    #expect(try world.ledger().sealedLabels(of: report.txid) == ["old", "raw-2"])
  }

  @Test func aSecondOrphanOfIndependentKeysLeavesTheOldOne() throws {
    let world = try World(.create)
    world.service.plan("make", [.dropAfter, .dropAfter])
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .notExecuted)
    try world.checkEnd(report, "two orphans")
  }

  @Test func anOldKeyThatStaysAliveIsNotCalledDone() throws {
    let world = try World()
    world.service.plan("revoke", [.lies])
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .oldAlive)
    #expect(try world.value() != world.oldValue)
    #expect(try world.ledger().openRotations().count == 1)
    let after = try world.resume()
    #expect(after?.outcome == .done)
    try world.checkEnd(after, "after resume")
  }

  @Test func aDeadKeyIsRefusedBeforeAnything() throws {
    let world = try World()
    world.service.revoke("key_1")
    #expect(throws: RotationRefusal.self) { try world.rotator().rotate(world.key, reason: "manual") }
    #expect(world.service.mutations == 0)
    #expect(try world.ledger().rotations().isEmpty)
  }

  @Test func aReadOnlyPlaceIsRefusedBeforeAnything() throws {
    let world = try World()
    try FileManager.default.removeItem(atPath: world.key.files[1])
    try FileManager.default.createDirectory(atPath: world.key.files[1], withIntermediateDirectories: false)
    #expect(throws: RotationRefusal.self) { try world.rotator().rotate(world.key, reason: "manual") }
    #expect(world.service.requests.isEmpty)
  }

  @Test func differentValuesAreRefusedBeforeAnything() throws {
    let world = try World()
    try "KEY=other\n".write(toFile: world.key.files[1], atomically: false, encoding: .utf8)
    let refusal = #expect(throws: RotationRefusal.self) { try world.rotator().rotate(world.key, reason: "manual") }
    #expect(refusal?.kind == .configuration)
    #expect(refusal?.reason.contains("different values") == true)
    #expect(world.service.requests.isEmpty)
  }

  @Test func aWrongKeyIDIsRefused() throws {
    let world = try World()
    var key = world.key
    key.keyID = "key_99"
    let refusal = #expect(throws: RotationRefusal.self) { try world.rotator().rotate(key, reason: "manual") }
    #expect(refusal?.reason.contains("key_99") == true)
    #expect(world.service.mutations == 0)
  }

  @Test func aFileThatIsEditedMeanwhileKeepsItsEditAndTheOldKeyLives() throws {
    let world = try World()
    world.killAt(nil)
    // The edit happens between the request and the writing of the files.
    let rotator = try world.rotator(interrupted: {
      if world.checkpoints.contains("PARSED:after") {
        try? "KEY=edited\n".write(toFile: world.key.files[1], atomically: false, encoding: .utf8)
      }
      return false
    })
    let report = try rotator.rotate(world.key, reason: "manual")
    #expect(report.outcome == .human)
    #expect(report.files.map(\.state) == ["written", "conflict"])
    #expect(try String(contentsOfFile: world.key.files[1], encoding: .utf8) == "KEY=edited\n")
    #expect(world.service.isLive(world.oldValue))
    #expect(world.service.isLive(try world.value(0)))
    // Without a person, nothing more happens; with one, it ends.
    let open = try #require(try world.ledger().openRotations().first)
    #expect(try world.rotator().resume(open).outcome == .human)
    try "KEY=\(world.oldValue)\n".write(toFile: world.key.files[1], atomically: false, encoding: .utf8)
    #expect(try world.rotator().resume(open, named: true).outcome == .done)
    #expect(!world.service.isLive(world.oldValue))
  }

  @Test func stoppingBeforeTheRequestChangesNothing() throws {
    let world = try World()
    let rotator = try world.rotator(interrupted: { world.checkpoints.contains("INTENT:after") })
    #expect(try rotator.rotate(world.key, reason: "manual").outcome == .notExecuted)
    #expect(world.service.mutations == 0)
  }

  @Test func stoppingLaterLeavesItToResume() throws {
    let world = try World()
    let rotator = try world.rotator(interrupted: { world.checkpoints.contains("RECEIVED:after") })
    #expect(try rotator.rotate(world.key, reason: "manual").outcome == .interrupted)
    #expect(try world.resume()?.outcome == .done)
  }

  @Test func aKeyIsHeldByOneProcessAtATime() throws {
    let world = try World()
    let lock = try #require(try world.ledger().lock(key: "demo"))
    let refusal = #expect(throws: RotationRefusal.self) { try world.rotator().rotate(world.key, reason: "manual") }
    #expect(refusal?.kind == .locked)
    withExtendedLifetime(lock) {}
  }

  @Test func resumeAfterTheGraceNeedsAPerson() throws {
    let world = try World(.grace, graceMs: 60_000)
    world.service.plan("make", [.dropAfter])
    world.killAt(4)  // REQUESTED:after is never reached: the kill comes when UNKNOWN should be written.
    while true {
      do { _ = try world.rotator().rotate(world.key, reason: "manual") } catch is Killed { break }
    }
    world.clock.advance(milliseconds: 120_000)
    world.killAt(nil)
    let report = try world.resume()
    #expect([.human, .notExecuted, .done].contains(report?.outcome))
  }

  @Test(arguments: FakeService.Style.allCases)
  func aLedgerThatFailsWhenTheAnswerComesLosesNothing(_ style: FakeService.Style) throws {
    let world = try World(style)
    world.failAt("RECEIVED:before")
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .unknown)
    #expect(report.reason?.contains("put away, sealed") == true)
    try world.checkNoLeaks("put away")
    #expect(try world.resume()?.outcome == .done)
    #expect(world.service.mutations == 1)
    try world.checkEnd(report, "after the ledger works again")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: world.root + "/state").filter { $0 != "rescue" }.allSatisfy {
        !$0.contains("keywright")
      })
  }

  @Test func usersAreReloadedOnceEachBeforeTheOldKeyEnds() throws {
    let world = try World()
    var key = world.key
    key.reload = [["/bin/one"], ["/bin/two", "x"]]
    let calls = Mutex<[[String]]>([])
    let failing = Mutex(true)
    let hook: @Sendable ([String]) -> HookEnd = { command in
      calls.withLock { $0.append(command) }
      #expect(world.service.isLive(world.oldValue))
      #expect((try? world.value(1)) != world.oldValue)
      guard command[0] == "/bin/two", failing.withLock({ $0 }) else { return HookEnd() }
      let said = "the value is \((try? world.value()) ?? ""), was \(world.oldValue)"
      return HookEnd(failure: "it ended with status 3", output: Array(said.utf8))
    }
    let report = try world.rotator(hook: hook).rotate(key, reason: "manual")
    #expect(report.outcome == .unknown)
    #expect(
      report.reason?.contains("/bin/two did not reload its user: it ended with status 3, saying: the value is ....")
        == true)
    #expect(calls.withLock { $0 } == [["/bin/one"]] + Array(repeating: ["/bin/two", "x"], count: 3))
    #expect(world.service.isLive(world.oldValue))
    for value in world.service.values { #expect(report.reason?.contains(value) == false) }
    try world.checkNoLeaks("reload failed")
    failing.withLock { $0 = false }
    calls.withLock { $0 = [] }
    let open = try #require(try world.ledger().openRotations().first)
    let end = try world.rotator(hook: hook).resume(open)
    #expect(end.outcome == .done)
    #expect(calls.withLock { $0 } == [["/bin/two", "x"]])
    #expect(end.steps.map(\.state).filter { $0 == .reloaded }.count == 2)
    try world.checkEnd(end, "reloaded")
  }

  @Test func leftoversOfCrashedRehearsalsGo() throws {
    let world = try World()
    let (old, fresh) = (world.root + "/.keywright-probe-1.tmp", world.root + "/.keywright-probe-2.tmp")
    for path in [old, fresh] { _ = FileManager.default.createFile(atPath: path, contents: Data()) }
    let now = Date(timeIntervalSince1970: Double(world.clock.now()) / 1_000)
    try FileManager.default.setAttributes([.modificationDate: now.addingTimeInterval(-3_600)], ofItemAtPath: old)
    try FileManager.default.setAttributes([.modificationDate: now], ofItemAtPath: fresh)
    #expect(try world.rotator().rotate(world.key, reason: "manual").outcome == .done)
    #expect(!FileManager.default.fileExists(atPath: old))
    // It may be another process's, at work right now.
    #expect(FileManager.default.fileExists(atPath: fresh))
  }

  @Test func abortRefusesToLoseAValue() throws {
    let world = try World()
    world.service.plan("make", [.wrongTenant])
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .human)
    let open = try #require(try world.ledger().openRotations().first)
    #expect(throws: RotationRefusal.self) { try world.rotator().abort(open, discardingValues: false) }
    #expect(try world.rotator().abort(open, discardingValues: true).outcome == .aborted)
    #expect(try world.ledger().sealedLabels(of: report.txid).isEmpty)
    #expect(try world.ledger().openRotations().isEmpty)
  }
}

/// Counts calls.
final class Counter: Sendable {
  private let box = NSLock()
  private nonisolated(unsafe) var count = -1
  func next() -> Int {
    box.withLock {
      unsafe count += 1
      return unsafe count
    }
  }
}
