// Rotations whose files are lists that allow overlap, files that name the value differently, and keys that are left alone for
// a while after everything has the new one.

import EnvFiles
import Formats
import Foundation
import Ledger
import Posix
import Synchronization
import Testing

@testable import Rotation

@Suite struct ListRotationTests {
  /// A world whose key stands alone in one file and in a list in another.
  private func world() throws -> (world: World, list: String, key: ConfiguredKey) {
    let world = try World()
    let list = world.root + "/service.env"
    try "KEYS='other-key-000,\(try world.value())'\n".write(toFile: list, atomically: false, encoding: .utf8)
    var key = world.key
    key.files.append(list)
    key.places[list] = FilePlace(variable: "KEYS", isList: true)
    key.reload = [["/bin/reload"]]
    return (world, list, key)
  }

  private func read(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  @Test func theListHoldsBothWhileTheRotationLasts() throws {
    let (world, list, key) = try world()
    let old = try world.value()
    let seen = Mutex<[String]>([])
    let rotator = try world.rotator(hook: { _ in
      seen.withLock { $0.append((try? String(contentsOfFile: list, encoding: .utf8)) ?? "") }
      return HookEnd()
    })
    let report = try rotator.rotate(key, reason: "manual")
    #expect(report.outcome == .done, "\(report)")
    let new = try world.value()
    #expect(new != old)
    #expect(try read(list) == "KEYS='\(new),other-key-000'\n")
    // The list's reader was made to read it with both keys, and again without the old one.
    #expect(seen.withLock { $0 } == ["KEYS='\(new),other-key-000,\(old)'\n", "KEYS='\(new),other-key-000'\n"])
  }

  /// Killed at every step: in the end the list holds the new key and not the old one, and nothing between is without a key
  /// that works.
  @Test func killedAtEveryStep() throws {
    var number = 1
    while true {
      let (world, list, key) = try world()
      world.killAt(number)
      var wasKilled = false
      do { _ = try world.rotator().rotate(key, reason: "manual") } catch is Killed { wasKilled = true }
      guard wasKilled else { break }
      let text = try read(list)
      #expect(world.service.liveKeys.contains { text.contains($0.value) }, "killed at \(number): \(text)")
      world.killAt(nil)
      let report = try world.resume()
      if try world.ledger().rotations().isEmpty { number += 1; continue }
      #expect(report?.outcome == .done || report?.outcome == .notExecuted || report == nil, "killed at \(number)")
      let value = try world.value()
      let end = try read(list)
      #expect(end.contains(value) && world.service.isLive(value), "killed at \(number): \(end)")
      if report?.outcome == .done { #expect(end == "KEYS='\(value),other-key-000'\n", "killed at \(number)") }
      number += 1
      try #require(number < 100)
    }
    #expect(number > 15)
  }

  @Test func aListWithoutTheKeyIsFoundBeforehand() throws {
    let (world, list, key) = try world()
    try "KEYS=somebody-else\n".write(toFile: list, atomically: false, encoding: .utf8)
    let refusal = #expect(throws: RotationRefusal.self) { try world.rotator().rotate(key, reason: "manual") }
    #expect(refusal?.kind == .configuration && refusal?.reason.contains("does not hold the value") == true)
    #expect(world.service.mutations == 0)
  }

  @Test func theJournalKeepsWhatFilesSayDifferently() throws {
    let (_, list, key) = try world()
    let snapshot = KeySnapshot(
      key, recoverability: "C", reason: "manual", oldFingerprint: "f", identity: nil, keyID: nil, graceMs: 0)
    let again = try #require(KeySnapshot(try .facts(snapshot.facts.json, in: "x")))
    #expect(again.places[list] == FilePlace(variable: "KEYS", isList: true))
  }

  @Test func theOldKeyIsLeftAloneForAWhile() throws {
    let world = try World(graceMs: 30 * 86_400_000)
    var key = world.key
    key.policy.soakMs = 3_600_000
    let old = try world.value()
    let waiting = try world.rotator().rotate(key, reason: "manual")
    #expect(waiting.outcome == .waiting && waiting.state == .committed, "\(waiting)")
    #expect(try world.value() != old && world.service.isLive(old))
    world.clock.advance(milliseconds: 1_800_000)
    let open = try #require(try world.ledger().openRotations().first)
    #expect(try world.rotator().resume(open).outcome == .waiting)
    world.clock.advance(milliseconds: 1_900_000)
    #expect(try world.rotator().resume(open).outcome == .done)
    #expect(!world.service.isLive(old))
    // What has leaked is not left alone.
    let leaked = try World()
    var other = leaked.key
    other.policy.soakMs = 3_600_000
    #expect(try leaked.rotator().rotate(other, reason: "leaked").outcome == .done)
  }
}
