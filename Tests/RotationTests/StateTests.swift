// Single promises of the state machine that once were broken.

import EnvFiles
import Foundation
import Ledger
internal import Posix
import Providers
import RuleBook
import Secrets
import Synchronization
import Testing
import Transport

@testable import Rotation

@Suite struct StateTests {
  /// The consent to write tracked files is a property of the rotation, not of the process that began it.
  @Test func consentToTrackedFilesOutlivesTheProcess() throws {
    let world = try World()
    let tracked = EnvPolicy(allowsTracked: true, isTracked: { _ in true })
    world.killAt(5)
    #expect(throws: Killed.self) { _ = try world.rotator(files: tracked).rotate(world.key, reason: "manual") }
    world.killAt(nil)
    let open = try #require(try world.ledger().openRotations().first)
    let plain = EnvPolicy(allowsTracked: false, isTracked: { _ in true })
    #expect(try world.rotator(files: plain).resume(open).outcome == .done)
    // Without that consent, nothing is begun.
    let other = try World()
    #expect(throws: RotationRefusal.self) { _ = try other.rotator(files: plain).rotate(other.key, reason: "manual") }
  }

  /// The last copy of a key is not thrown away while one of several files lacks it.
  @Test func theEndNeedsEveryFile() throws {
    let world = try World()
    let rotator = try world.rotator(interrupted: {
      if world.checkpoints.contains("OLD_REVOKED:after"), !world.checkpoints.contains("DONE:before") {
        try? "KEY=other\n".write(toFile: world.key.files[1], atomically: false, encoding: .utf8)
      }
      return false
    })
    let report = try rotator.rotate(world.key, reason: "manual")
    #expect(report.outcome == .human && report.state == .human)
    #expect(report.reason?.contains("the old key is dead, and the new value is kept") == true)
    #expect(report.hint?.contains("--value new --to FILE") == true)
    #expect(try world.ledger().sealedLabels(of: report.txid).contains("new"))
    try "KEY=\(try world.value())\n".write(toFile: world.key.files[1], atomically: false, encoding: .utf8)
    let open = try #require(try world.ledger().openRotations().first)
    #expect(try world.rotator().resume(open, named: true).outcome == .done)
  }

  /// Where a service says nothing of either key, nothing was compared, and that is what the report says.
  @Test func nothingComparedIsSaidSo() throws {
    let world = try World()
    #expect(try world.rotator().rotate(world.key, reason: "manual").identityCompared == true)
    let silent = try World(change: { provider in
      provider.management?.verify?.fields = ["key_id": "/key_id"]
    })
    #expect(try silent.rotator().rotate(silent.key, reason: "manual").identityCompared == false)
  }

  /// A value that was put there by hand is as old as when it was first seen, whatever rotation came before it.
  @Test func aHandEditBeginsANewAge() throws {
    let world = try World()
    #expect(try world.rotator().rotate(world.key, reason: "manual").outcome == .done)
    world.clock.advance(milliseconds: 86_400_000)
    let (id, value) = world.service.issue()
    let rotated = try world.value()
    for file in world.key.files {
      let text = try String(contentsOfFile: file, encoding: .utf8)
      try text.replacing(rotated, with: value).write(toFile: file, atomically: false, encoding: .utf8)
    }
    world.service.plan("make", [.unauthorized])
    var key = world.key
    key.keyID = id
    #expect(try world.rotator().rotate(key, reason: "manual").outcome == .notExecuted)
    let record = try #require(try world.ledger().inventory("demo"))
    #expect(record.lastSuccessMs == nil)
    #expect(record.firstSeenMs >= world.clock.now() - 600_000)
  }

  /// A reload command is ended when somebody asks to stop, and goes on with resume.
  @Test func aReloadThatIsCancelledIsRunAgain() throws {
    let world = try World()
    var key = world.key
    key.reload = [["/bin/slow"]]
    let report = try world.rotator(hook: { _ in HookEnd(failure: "it was interrupted", wasCancelled: true) })
      .rotate(key, reason: "manual")
    #expect(report.outcome == .interrupted && report.state == .committed)
    #expect(world.service.isLive(world.oldValue))
    #expect(try world.resume()?.outcome == .done)
  }

  // MARK: Which key is revoked

  /// The service does not say which key the value is: characters that it shows of each do.
  private func untold(_ id: String, shown: String) throws -> (World, RotationRefusal?) {
    let world = try World(
      .create,
      change: { provider in
        provider.management?.verify?.fields = ["identity": "/tenant", "scopes": "/scopes"]
        provider.management?.verify?.mustHold = "/tenant"
        provider.management?.list?.fields[shown] = "/\(shown)"
      })
    _ = world.service.issue()
    var key = world.key
    key.keyID = id
    do {
      let report = try world.rotator().rotate(key, reason: "manual")
      #expect(report.outcome == .done)
      return (world, nil)
    } catch let refusal as RotationRefusal {
      return (world, refusal)
    }
  }

  @Test(arguments: ["prefix", "suffix"])
  func anotherKeysIDIsRefusedBeforeAnything(_ shown: String) throws {
    let (right, none) = try untold("key_1", shown: shown)
    #expect(none == nil)
    #expect(!right.service.isLive(right.oldValue))
    #expect(right.service.liveKeys.contains { $0.id == "key_2" })
    let (wrong, refusal) = try untold("key_2", shown: shown)
    #expect(refusal?.reason.contains("key_2") == true)
    #expect(wrong.service.mutations == 0 && wrong.service.liveKeys.count == 2)
    let (missing, absent) = try untold("key_77", shown: shown)
    #expect(absent?.reason.contains("lists no key key_77") == true)
    #expect(missing.service.mutations == 0)
  }

  @Test func whereNothingTellsKeysApartNothingIsRevoked() throws {
    let (world, refusal) = try untold("key_2", shown: "nothing")
    #expect(refusal?.reason.contains("does not tell which") == true)
    #expect(world.service.mutations == 0)
  }

  @Test func keysAreToldApartByWhatIsShown() {
    let value = Secret("sk-live-0123456789abcdef")
    func listed(_ id: String, _ prefix: String?, _ suffix: String?) -> ListedKey {
      ListedKey(keyID: id, prefix: prefix, suffix: suffix)
    }
    let mine = listed("a", "sk-live", "cdef")
    #expect(KeyOwnership.judge(value, keyID: "a", [mine]) == .proven("its shown characters", id: "a"))
    #expect(
      KeyOwnership.judge(value, keyID: nil, [mine, listed("b", "sk-live", "0000")])
        == .proven("its shown characters", id: "a"))
    #expect(KeyOwnership.judge(value, keyID: "a", [mine, listed("b", "sk-live", "cdef")]) == .untold)
    #expect(KeyOwnership.judge(value, keyID: "a", [listed("a", nil, nil)]) == .proven("the only key", id: "a"))
    #expect(KeyOwnership.judge(value, keyID: "a", [listed("a", nil, nil), listed("b", nil, nil)]) == .untold)
    #expect(
      KeyOwnership.judge(value, keyID: "0123456789", [listed("0123456789", nil, nil), listed("b", nil, nil)])
        == .proven("the value holds it", id: "0123456789"))
    for other in [
      listed("a", "pk", nil), listed("a", nil, "xxxx"), listed("a", String(repeating: "s", count: 99), nil),
    ] {
      guard case .refuted = KeyOwnership.judge(value, keyID: "a", [other]) else {
        Issue.record("\(other) is not the value's")
        continue
      }
    }
  }

  // MARK: Orphans

  private func key(_ id: String, _ reference: String? = nil) -> ListedKey { ListedKey(keyID: id, reference: reference) }

  @Test func everyOrphanIsFound() {
    let listed = [key("old"), key("a", "r"), key("b", "r"), key("c", "other")]
    #expect(
      ListReconciler.made(listed, reference: "r", known: ["old"], orphans: [], old: "old")?.map(\.keyID) == ["a", "b"])
    #expect(
      ListReconciler.made(listed, reference: "r", known: ["old"], orphans: ["a", "b"], old: "old") == nil)
    // Without references, what was not there before.
    let bare = [key("old"), key("mine"), key("before")]
    #expect(
      ListReconciler.made(bare, reference: "r", known: ["old", "before"], orphans: [], old: "old")?.map(\.keyID) == [
        "mine"
      ])
    #expect(ListReconciler.made(bare, reference: "r", known: nil, orphans: [], old: "old") == nil)
    // The old key never is an orphan, whatever it bears.
    #expect(ListReconciler.made([key("old", "r")], reference: "r", known: [], orphans: [], old: "old") == nil)
  }

  /// More keys that may be ours than were asked for: a person looks, and none is revoked.
  @Test func moreOrphansThanRequestsNeedAPerson() throws {
    let world = try World(.create)
    world.service.plan("make", [.dropAfter])
    // Somebody else marks a key of his own with our reference, just then.
    world.service.state.withLock { $0.isCopied = true }
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .human, "\(report.reason ?? "")")
    #expect(report.reason?.contains("only 1 were asked for") == true)
    #expect(world.service.liveKeys.count == 3)
  }

  /// The second page of a list is a part of the list.
  @Test func anOrphanOnALaterPageIsFound() throws {
    let world = try World(
      .create,
      change: { provider in
        provider.management?.list?.next = NextPage(at: "/next", url: "{base}/v1/api-keys?after={cursor}")
      })
    world.service.state.withLock { $0.pageSize = 1 }
    world.service.plan("make", [.dropAfter])
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .done && report.orphans.count == 1, "\(report.reason ?? "")")
    #expect(world.service.liveKeys.count == 1)
  }

  /// What a service writes into `X-Request-Id` gets into reports only as far as it is plain, and never a key.
  @Test func requestIDsAreTamed() {
    func id(_ text: String, body: String = "", hiding: [Secret] = []) -> String? {
      RequestID.of(
        HTTPResponse(status: 200, headers: [("x-request-id", text)], body: Secret(body)), hiding: hiding)
    }
    #expect(id("req-1_a.b:c/d=+@") == "req-1_a.b:c/d=+@")
    #expect(id("a\u{1b}[31m b\tc\u{202e}d") == "a31mbcd")
    #expect(id(String(repeating: "x", count: 5_000))?.count == 128)
    #expect(id("  \u{1b} ") == nil)
    let key = Secret("value-0123456789")
    #expect(id("x-value-0123456789-y", hiding: [key]) == nil)
    #expect(id("value-0123456789", body: #"{"api_key":"value-0123456789"}"#) == nil)
  }

  @Test func aHostileRequestIDIsInNoReport() throws {
    let world = try World()
    world.service.state.withLock { $0.requestID = "evil\u{1b}]0;\u{7}" + String(repeating: "A", count: 4_000) }
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .done)
    let ids = (report.proofs + report.deaths + [report.revocation].compactMap { $0 }).compactMap(\.requestID)
    #expect(!ids.isEmpty)
    for id in ids { #expect(id.count <= 128 && id.utf8.allSatisfy { (0x21...0x7e).contains($0) }) }
    let json = String(decoding: RotationReport.json([report], version: "test"), as: UTF8.self)
    #expect(!json.contains("u001b") && !json.contains("\u{1b}"))
  }

  // MARK: Plans

  @Test func aPlanWritesNothingAndSaysHowTheFileWasTried() throws {
    let world = try World()
    func everything() -> [String] {
      (FileManager.default.enumerator(atPath: world.root)?.compactMap { $0 as? String } ?? []).sorted()
    }
    let before = everything()
    let rotator = try world.planner(ledger: nil)
    let lines = try rotator.plan(world.key).lines
    #expect(everything() == before)
    #expect(world.service.requests.isEmpty)
    #expect(lines.contains { $0.contains("tested = contract") || $0.contains("tested = real") })
    // With an open rotation, it says so.
    world.killAt(5)
    #expect(throws: Killed.self) { _ = try world.rotator().rotate(world.key, reason: "manual") }
    world.killAt(nil)
    #expect(try world.planner(ledger: try world.ledger()).plan(world.key).lines[0].contains("has not ended"))
  }
}
