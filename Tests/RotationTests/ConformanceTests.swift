// Every class against everything that can go wrong at once: random faults of every call, processes that die again and
// again, in memory by the hundred and over real sockets by the dozen. KEYWRIGHT_RUNS makes it more; KEYWRIGHT_SEED replays.

import Foundation
import Ledger
internal import Posix
import Synchronization
import Testing

@testable import Rotation

@Suite struct ConformanceTests {
  static let faults: [Fault] = [
    .dropBefore, .dropAfter, .gatewayBefore, .gatewayAfter, .limited, .notSent, .breaksOffLate, .breaksOffEarly,
  ]

  /// The seeds of a run: as many as the environment says, from the one that it names.
  private func seeds(_ count: Int) -> Range<UInt64> {
    let environment = ProcessInfo.processInfo.environment
    let first =
      environment["KEYWRIGHT_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64(UInt32.max))
    let runs = environment["KEYWRIGHT_RUNS"].flatMap { Int($0) } ?? count
    return first..<first + UInt64(max(1, min(runs, 10_000_000)))
  }

  /// Rotates, dies and resumes at random; the report of the last run.
  private func misfortune(_ world: World, _ random: inout SplitMix) throws -> RotationReport? {
    var report: RotationReport?
    var begun = false
    for _ in 0..<12 {
      world.killAt(Int.random(in: 1...30, using: &random))
      do {
        if let open = try world.ledger().openRotations().first {
          report = try world.rotator().resume(open)
        } else if !begun || report == nil {
          report = try world.rotator().rotate(world.key, reason: "manual")
        } else {
          break
        }
        begun = true
      } catch is Killed {
        begun = true
      } catch is RotationRefusal {}
      world.clock.advance(milliseconds: Int64.random(in: 0...60_000, using: &random))
    }
    world.killAt(nil)
    world.service.clearFaults()
    return try world.resume() ?? report
  }

  private func run(_ seed: UInt64, overHTTP: Bool) throws {
    var random = SplitMix(state: seed)
    let style = FakeService.Style.allCases.randomElement(using: &random) ?? .grace
    let world = try World(
      style, files: Int.random(in: 1...3, using: &random), graceMs: 6 * 3_600_000, overHTTP: overHTTP)
    for kind in ["make", "list", "revoke", "read"] {
      let count = Int.random(in: 0...2, using: &random)
      world.service.plan(kind, (0..<count).compactMap { _ in ConformanceTests.faults.randomElement(using: &random) })
    }
    let report = try misfortune(world, &random)
    let comment: Comment = "seed \(seed), \(style): \(report?.outcome.rawValue ?? "-") \(report?.reason ?? "")"
    if style == .replace {
      // A second request with a dead key would have ended every key there is.
      #expect(world.service.liveKeys.count == 1, comment)
      if report?.outcome == .human {
        #expect(report?.hint?.isEmpty == false, comment)
        try world.checkNoLeaks(comment)
      } else {
        try world.checkEndOfMany(report, comment)
      }
      return
    }
    #expect(world.service.isLive(try world.value()), comment)
    if report?.outcome == .human {
      // Two lost answers in a row where the old key is in its grace: told in time, and nothing is lost.
      #expect(style == .grace && (report?.orphans.count ?? 0) > 0, comment)
    } else {
      try world.checkEndOfMany(report, comment)
    }
  }

  @Test func seededMisfortunes() throws {
    for seed in seeds(200) { try run(seed, overHTTP: false) }
  }

  @Test func seededMisfortunesOverRealSockets() throws {
    for seed in seeds(16) { try run(seed, overHTTP: true) }
  }

  /// Every class, every fault, on the wire itself.
  @Test(
    arguments: FakeService.Style.allCases, [Fault.dropAfter, .gatewayAfter, .breaksOffLate, .breaksOffEarly, .garbage])
  func faultsOnTheWire(_ style: FakeService.Style, _ fault: Fault) throws {
    let world = try World(style, overHTTP: true)
    world.service.plan("make", [fault])
    var report: RotationReport? = try world.rotator().rotate(world.key, reason: "manual")
    if report?.outcome == .unknown { report = try world.resume() }
    let comment: Comment = "\(style) \(fault): \(report?.outcome.rawValue ?? "-") \(report?.reason ?? "")"
    if style == .replace && fault != .breaksOffLate {
      #expect(report?.outcome == .human && world.service.liveKeys.count == 1, comment)
    } else {
      #expect(report?.outcome == .done, comment)
      try world.checkEnd(report, comment)
    }
  }

  /// A value that takes half a minute to be known everywhere, with and without an answer.
  @Test(arguments: FakeService.Style.allCases, [nil, Fault.dropAfter])
  func slowPropagation(_ style: FakeService.Style, _ fault: Fault?) throws {
    if style == .replace && fault != nil { return }
    let world = try World(style)
    world.service.state.withLock { $0.propagationMs = 30_000 }
    if let fault { world.service.plan("make", [fault]) }
    var report: RotationReport? = try world.rotator().rotate(world.key, reason: "manual")
    if report?.outcome == .unknown { report = try world.resume() }
    #expect(report?.outcome == .done, "\(report?.reason ?? "")")
    try world.checkEnd(report, "\(style)")
  }

  /// The administrator's password can't be read, or is another one: nothing is sent that counts, and it goes on later.
  @Test func withoutTheAdministratorNothingIsDone() throws {
    let world = try World(.readable)
    let file = world.root + "/admin.env"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try FileManager.default.removeItem(atPath: file)
    let report = try world.rotator().rotate(world.key, reason: "manual")
    #expect(report.outcome == .unknown && report.reason?.contains("nothing was sent") == true)
    #expect(world.service.mutations == 0 && world.service.isLive(world.oldValue))
    try "TOKEN=expired\n".write(toFile: file, atomically: false, encoding: .utf8)
    #expect(try world.resume()?.outcome == .notExecuted)
    #expect(world.service.mutations == 0 && world.service.isLive(world.oldValue))
    try text.write(toFile: file, atomically: false, encoding: .utf8)
    #expect(try world.rotator().rotate(world.key, reason: "manual").outcome == .done)
  }
}
