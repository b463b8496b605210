// What is due when, what holds it back, and what the state machine allows.

import Foundation
import Ledger
internal import Posix
import Testing

@testable import Rotation

@Suite struct DueTests {
  private let day: Int64 = 86_400_000
  private let start: Int64 = 1_780_000_000_000

  private func key(window: Int64 = 0, environment: String = "production", name: String = "demo") -> ConfiguredKey {
    var policy = KeyPolicy()
    policy.maximumAgeMs = 90 * day
    policy.windowMs = window
    return ConfiguredKey(
      name: name, provider: "x", environment: environment, variable: "K", files: ["/f"], policy: policy)
  }

  private func configuration(_ keys: [ConfiguredKey], freezes: [FreezePeriod] = []) -> Configuration {
    Configuration(path: "/c", keys: keys, freezes: freezes)
  }

  @Test func ageCountsFromTheLastSuccess() {
    let known = InventoryRecord(key: "demo", firstSeenMs: start - 400 * day, lastSuccessMs: start, lastAttemptMs: start)
    let configuration = configuration([key()])
    for (days, due) in [(0, false), (89, false), (90, true), (1_000, true)] {
      let now = start + Int64(days) * day
      #expect(Due.key(key(), known, configuration, nowMs: now).isDue(at: now) == due, "\(days)")
    }
  }

  @Test func aKeyThatWasNeverSeenOrHasNoMaximumIsNotDue() {
    #expect(!Due.key(key(), nil, configuration([key()]), nowMs: start).isDue(at: start))
    var ageless = key()
    ageless.policy.maximumAgeMs = nil
    let known = InventoryRecord(key: "demo", firstSeenMs: 0)
    #expect(!Due.key(ageless, known, configuration([ageless]), nowMs: start).isDue(at: start))
  }

  @Test func theWindowSpreadsKeysAndKeepsSlots() {
    let window = 10 * day
    let offsets = (0..<200).map { Due.offset("key\($0)", start, window) }
    #expect(offsets.allSatisfy { (0..<window).contains($0) })
    #expect(Set(offsets).count > 190)
    #expect(offsets == (0..<200).map { Due.offset("key\($0)", start, window) })
    let early = offsets.count { $0 < window / 2 }
    #expect((60...140).contains(early))
  }

  @Test func freezesAndFreshAttemptsHoldItBack() {
    let known = InventoryRecord(key: "demo", firstSeenMs: start - 200 * day, lastAttemptMs: start - 60_000)
    let waiting = Due.key(key(), known, configuration([key()]), nowMs: start)
    #expect(!waiting.isDue(at: start) && waiting.heldBy?.contains("1m ago") == true)
    #expect(Due.key(key(), known, configuration([key()]), nowMs: start + 3_600_000).isDue(at: start + 3_600_000))
    let freeze = FreezePeriod(reason: "holidays", fromMs: start, toMs: start + day, environments: ["production"])
    let frozen = configuration([key()], freezes: [freeze])
    #expect(Due.key(key(), known, frozen, nowMs: start + 3_600_000).heldBy == "holidays")
    let staging = key(environment: "staging")
    #expect(
      Due.key(staging, known, configuration([staging], freezes: [freeze]), nowMs: start + 3_600_000).heldBy == nil)
    #expect(Due.key(key(), known, frozen, nowMs: start + day).heldBy == nil)
  }

  @Test func aMissedYearIsCaughtUpOnce() throws {
    let world = try World()
    var key = world.key
    key.policy.maximumAgeMs = day
    let configuration = configuration([key])
    let ledger = try world.ledger()
    try Due.takeStock(configuration, ledger, nowMs: world.clock.now())
    #expect(
      try Due.all(configuration, ledger, nowMs: world.clock.now()).map { $0.isDue(at: world.clock.now()) } == [false])
    world.clock.advance(milliseconds: 365 * day)
    var count = 0
    while let due = try Due.all(configuration, ledger, nowMs: world.clock.now()).first, due.isDue(at: world.clock.now())
    {
      #expect(try world.rotator().rotate(due.key, reason: "due").outcome == .done)
      count += 1
      try #require(count < 5)
    }
    #expect(count == 1)
  }

  @Test func theForecastMeetsTheFreeze() throws {
    let world = try World()
    let freeze = FreezePeriod(reason: "holidays", fromMs: start + 85 * day, toMs: start + 95 * day)
    let configuration = configuration([key()], freezes: [freeze])
    let plan = try Due.forecast(configuration, try world.ledger(), nowMs: start, untilMs: start + 200 * day).rotations
    #expect(plan.map(\.timeMs) == [start + 95 * day, start + 185 * day])
    #expect(plan.map(\.delayedBy) == ["holidays", nil])
  }

  @Test func metricsHoldNoValueAndParse() throws {
    let world = try World()
    _ = try world.rotator().rotate(world.key, reason: "manual")
    let text = try RotationMetrics.text(
      configuration([world.key]), try world.ledger(), nowMs: world.clock.now() + 5_000)
    #expect(text.contains("keywright_key_age_seconds{key=\"demo\",environment=\"production\"} 5\n"))
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      #expect(
        line.wholeMatch(of: #/keywright_[a-z_]+(\{key="[^"]*",environment="[^"]*"\})? -?[0-9]+/#) != nil, "\(line)")
    }
    for value in world.service.values { #expect(!text.contains(value)) }
  }
}

@Suite struct StateMachineTests {
  @Test func everyStateIsReachableAndEveryOpenOneLeadsToAnEnd() {
    var reached: Set<RotationState> = [.intent]
    var edge = reached
    while !edge.isEmpty {
      edge = Set(edge.flatMap(\.successors)).subtracting(reached)
      reached.formUnion(edge)
    }
    #expect(reached == Set(RotationState.allCases))
    for state in RotationState.allCases where state != .resumed {
      #expect(state.isEnd == state.successors.isEmpty)
    }
  }

  @Test func noStateGoesStraightFromARequestToTheFiles() {
    // Nothing is written before the new key is proven, and the old one is not ended before every file has the new one, but
    // for one that has leaked.
    for state in RotationState.allCases where state.successors.contains(.contained) { #expect(state == .verifiedNew) }
    for state in RotationState.allCases where ![.verifiedNew, .contained, .file].contains(state) {
      #expect(!state.successors.contains(.file))
    }
    for state in RotationState.allCases where state.successors.contains(.oldRevoked) {
      #expect([.committed, .reloaded, .oldAlive].contains(state))
    }
    for state in RotationState.allCases where state.successors.contains(.done) { #expect(state == .oldProvenDead) }
    for state in RotationState.allCases where state.successors.contains(.requested) {
      #expect([.intent, .notExecuted, .orphanRevoked].contains(state))
    }
  }

  @Test func aJournalThatCantBeIsRefused() throws {
    let world = try World()
    _ = try world.rotator().rotate(world.key, reason: "manual")
    let ledger = try world.ledger()
    let txid = try #require(try ledger.rotations().first?.txid)
    let entries = try ledger.journal(of: txid)
    _ = try Replay(txid, entries)
    #expect(throws: LedgerError.self) { try Replay(txid, Array(entries.dropFirst())) }
    for index in 1..<entries.count - 1 where entries[index].state != "FILE" {
      var cut = entries
      cut.remove(at: index)
      #expect(throws: LedgerError.self) { try Replay(txid, cut) }
    }
    #expect(throws: LedgerError.self) { try Replay(txid, []) }
  }
}
