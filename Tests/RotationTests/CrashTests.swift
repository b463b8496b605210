// Killed at every journal step, under every fault, and taken up again by a new process: the files hold a key that works,
// no working key is lost, and no more than two keys are made.

import Foundation
internal import Ledger
internal import Posix
import Testing

@testable import Rotation

@Suite struct CrashTests {
  /// Faults under which no person is ever needed, as long as somebody resumes within the grace.
  static let faults: [Fault?] = [
    nil, .dropAfter, .gatewayBefore, .limited, .garbage, .unauthorized, .breaksOffLate, .breaksOffEarly,
  ]
  /// The classes whose old key outlives the request, or whose value can be had again.
  static let recoverable: [FakeService.Style] = [.grace, .create, .readable, .slots, .chosen, .chosenBeside]

  /// How many checkpoints a whole run passes.
  private func checkpoints(_ style: FakeService.Style, _ fault: Fault?) throws -> [String] {
    let world = try World(style)
    if let fault { world.service.plan("make", [fault]) }
    world.killAt(nil)
    _ = try world.rotator().rotate(world.key, reason: "manual")
    return world.checkpoints
  }

  @Test(arguments: recoverable, faults)
  func killedAtEveryStep(_ style: FakeService.Style, _ fault: Fault?) throws {
    let steps = try checkpoints(style, fault)
    #expect(steps.count >= 6)
    for number in 1...steps.count {
      let world = try World(style)
      if let fault { world.service.plan("make", [fault]) }
      world.killAt(number)
      #expect(throws: Killed.self) { _ = try world.rotator().rotate(world.key, reason: "manual") }
      world.killAt(nil)
      world.clock.advance(milliseconds: 5_000)
      var report = try world.resume()
      if report?.outcome == .human {
        // Two requests went wrong in a row, a fault and a death: the cap is reached, the old key works in its grace, and a
        // person who says so in time makes it go on.
        #expect(fault != nil && report?.attempts == 2)
        #expect(world.service.isLive(try world.value()))
        let open = try #require(try world.ledger().openRotations().first)
        report = try world.rotator().resume(open, named: true)
      }
      let place = "\(style) \(fault?.rawValue ?? "no fault"), killed at \(steps[number - 1])"
      try world.checkEnd(report, "\(place): \(report?.outcome.rawValue ?? "-") \(report?.reason ?? "")")
    }
  }

  /// The old key dies when the new one is made, and the value is shown once: the one gap that can't be closed lies between
  /// the service's deed and the sealed answer. There a person is told; everywhere else all ends well.
  @Test func killedAtEveryStepWhereTheOldKeyDiesAtOnce() throws {
    let steps = try checkpoints(.replace, nil)
    for number in 1...steps.count {
      let world = try World(.replace)
      world.killAt(number)
      #expect(throws: Killed.self) { _ = try world.rotator().rotate(world.key, reason: "manual") }
      world.killAt(nil)
      let report = try world.resume()
      if steps[number - 1] == "RECEIVED:before" {
        #expect(report?.outcome == .human)
        // Never again with the dead key: that would end the new one at the service.
        #expect(world.service.mutations == 1)
        #expect(world.service.liveKeys.count == 1)
      } else {
        try world.checkEnd(report, "killed at \(steps[number - 1])")
      }
    }
  }
}

extension World {
  /// Like ``checkEnd(_:_:)``, where more than one rotation may have been begun.
  func checkEndOfMany(_ report: RotationReport?, _ comment: Comment, allowsRehearsals: Bool = false) throws {
    let value = try value()
    for index in key.files.indices { #expect(try self.value(index) == value, comment) }
    checkNoOtherKey(value, comment)
    #expect(try ledger().openRotations().isEmpty, comment)
    for record in try ledger().rotations() { #expect(record.attempt <= 2, comment) }
    try checkNoLeaks(comment, allowsRehearsals: allowsRehearsals)
  }
}

/// A generator that a seed replays.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
