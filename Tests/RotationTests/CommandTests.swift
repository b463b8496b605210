// Keys behind the user's own programs, and keys that a person makes.

import Foundation
import Ledger
import Posix
import Providers
import Secrets
import Synchronization
import Testing

@testable import Rotation

/// A person who says what was prepared.
private final class Actor: Person {
  private let values: Mutex<[String]>
  private let isWilling: Bool
  private let heard = Mutex<[String]>([])

  init(_ values: [String], isWilling: Bool = true) {
    self.values = Mutex(values)
    self.isWilling = isWilling
  }

  var lines: [String] { heard.withLock { $0 } }

  func value(_ lines: [String]) -> Secret? {
    heard.withLock { $0 += lines }
    return values.withLock { $0.isEmpty ? nil : Secret($0.removeFirst()) }
  }

  func consents(_ lines: [String]) -> Bool {
    heard.withLock { $0 += lines }
    return isWilling
  }
}

/// A service that is a folder: a file for each key that works.
private struct FolderService {
  let root: String
  let keys: String

  init() throws {
    root = try Peer.folder("command")
    keys = root + "/keys"
    try FileManager.default.createDirectory(atPath: keys, withIntermediateDirectories: false)
  }

  func add(_ value: String, id: String = "", reference: String = "") throws {
    try "\(id)\t\(reference)\n".write(toFile: keys + "/" + value, atomically: false, encoding: .utf8)
  }

  func isLive(_ value: String) -> Bool { FileManager.default.fileExists(atPath: keys + "/" + value) }
  var live: [String] { (try? FileManager.default.contentsOfDirectory(atPath: keys).sorted()) ?? [] }

  func program(_ name: String, _ body: String) throws -> [String] {
    let path = root + "/" + name
    try "#!/bin/sh\nset -u\nD=\(keys)\n\(body)\n".write(toFile: path, atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return [path]
  }

  /// `mv` is atomic, so a killed program leaves the old or the new state.
  func settings(_ roles: [ProgramRole: String]) throws -> ServiceSettings {
    var settings = ServiceSettings()
    for (role, body) in roles { settings.programs[role] = try program(role.rawValue, body) }
    settings.programTimeoutMs = 10_000
    return settings
  }

  static let verify = #"read -r v; [ -e "$D/$v" ] && exit 0; exit 1"#
  static let set = #"read -r o; read -r n; [ -e "$D/$o" ] || exit 3; mv "$D/$o" "$D/$n""#
}

@Suite(.timeLimit(.minutes(20))) struct CommandTests {
  private func machine(
    _ settings: ServiceSettings, _ value: String, provider: String = "command", person: (any Person)? = nil
  )
    throws -> Machine
  {
    try Machine(provider, settings, files: [("app.env", "KEY=\(value)\n")], person: person)
  }

  @Test func aProgramSetsTheValueThatWeChoose() throws {
    let service = try FolderService()
    defer { try? FileManager.default.removeItem(atPath: service.root) }
    let old = Peer.password()
    try service.add(old)
    let machine = try machine(try service.settings([.verify: FolderService.verify, .set: FolderService.set]), old)
    try machine.killAtEveryStep { before, step in
      let now = try machine.value()
      #expect(service.live == [now], "\(step)")
      if now != before { #expect(!service.isLive(before)) }
    }
  }

  /// A program that fails in a way that leaves it open what it did: what is there now decides, and nothing is done twice.
  @Test func aProgramThatDiesAfterItsWorkIsFoundOut() throws {
    let service = try FolderService()
    defer { try? FileManager.default.removeItem(atPath: service.root) }
    let old = Peer.password()
    try service.add(old)
    let count = #"echo x >> "$D/../count"; "#
    let machine = try machine(
      try service.settings([.verify: FolderService.verify, .set: count + FolderService.set + "; kill -9 $$"]), old)
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    #expect(report.outcome == .done, "\(report.reason ?? "")")
    #expect(service.live == [try machine.value()])
    #expect(try String(contentsOfFile: service.root + "/count", encoding: .utf8) == "x\n")
  }

  @Test func aProgramThatRefusesChangesNothing() throws {
    let service = try FolderService()
    defer { try? FileManager.default.removeItem(atPath: service.root) }
    let old = Peer.password()
    try service.add(old)
    let machine = try machine(try service.settings([.verify: FolderService.verify, .set: "exit 7"]), old)
    #expect(try machine.rotator().rotate(machine.key, reason: "manual").outcome == .notExecuted)
    #expect(try machine.value() == old && service.live == [old])
  }

  private static let make =
    #"read -r o; [ -e "$D/$o" ] || exit 3; n="made-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')"; "#
    + #"printf 'id-%s\t%s\n' "$n" "$KEYWRIGHT_REFERENCE" > "$D/$n"; "#
  private static let tell = #"printf '%s\nid-%s\n' "$n" "$n""#
  private static let end = #"read -r v; rm -f "$D/$v""#
  private static let list = #"cat "$D"/*"#

  @Test(arguments: [tell, tell + "; exit 99", "exit 99", "printf '%s' \"$n\"; kill -9 $$"])
  func aProgramMakesListsAndEnds(_ telling: String) throws {
    let service = try FolderService()
    defer { try? FileManager.default.removeItem(atPath: service.root) }
    let old = Peer.password()
    try service.add(old, id: "id-old")
    // The first answer goes wrong; the second does not.
    let once =
      #"if [ ! -e "$D/../made" ]; then touch "$D/../made"; "# + telling + "; else " + CommandTests.tell + "; fi"
    // Ids are what lists and orders know keys by, and this service's ids hold the values; the old one's does not.
    let end =
      #"read -r v; case "$KEYWRIGHT_KEY_ID" in id-old) rm -f "$D/$v";; *) rm -f "$D/${KEYWRIGHT_KEY_ID#id-}";; esac"#
    var settings = try service.settings([
      .verify: FolderService.verify, .make: CommandTests.make + once, .end: end, .list: CommandTests.list,
    ])
    settings.programTimeoutMs = 10_000
    let machine = try Machine(
      "command", settings, files: [("app.env", "KEY=\(old)\n")], change: { $0.keyID = "id-old" })
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    #expect(report.outcome == .done, "\(report.state) \(report.reason ?? "")")
    #expect(service.live == [try machine.value()])
    // What was written whole before the end is a key, and no second one is made.
    #expect(report.attempts == (telling.hasPrefix(CommandTests.tell) ? 1 : 2))
  }

  // MARK: A person

  private func guided(_ service: FolderService, _ old: String, _ person: (any Person)?) throws -> Machine {
    var settings = try service.settings([.verify: FolderService.verify])
    settings.page = "https://console.example.org/keys"
    return try machine(settings, old, provider: "guided", person: person)
  }

  @Test func aPersonMakesAndEndsTheKey() throws {
    let service = try FolderService()
    defer { try? FileManager.default.removeItem(atPath: service.root) }
    let (old, new) = (Peer.password(), Peer.password())
    try service.add(old)
    try service.add(new)
    let actor = Actor(["  \(new)\n"])
    let machine = try guided(service, old, actor)
    // The person says that the old key was ended, and it was not.
    let report = try machine.rotator().rotate(machine.key, reason: "manual")
    #expect(report.outcome == .oldAlive, "\(report.reason ?? "")")
    #expect(try machine.value() == new)
    #expect(actor.lines.contains { $0.contains("https://console.example.org/keys") })
    #expect(!actor.lines.contains { $0.contains(new) || $0.contains(old) })
    try FileManager.default.removeItem(atPath: service.keys + "/" + old)
    #expect(try machine.resume()?.outcome == .done)
    try machine.checkNoLeaks([old, new])
  }

  @Test(arguments: [[], ["not a key"], ["OLD"]])
  func whatIsNoNewKeyLeavesAllAsItIs(_ said: [String]) throws {
    let service = try FolderService()
    defer { try? FileManager.default.removeItem(atPath: service.root) }
    let old = Peer.password()
    try service.add(old)
    let machine = try guided(service, old, Actor(said.map { $0 == "OLD" ? old : $0 }))
    #expect(try machine.rotator().rotate(machine.key, reason: "manual").outcome == .notExecuted)
    #expect(try machine.value() == old && service.live == [old])
  }

  @Test func withoutATerminalNothingIsBegun() throws {
    let service = try FolderService()
    defer { try? FileManager.default.removeItem(atPath: service.root) }
    let old = Peer.password()
    try service.add(old)
    let machine = try guided(service, old, nil)
    let refusal = #expect(throws: RotationRefusal.self) { try machine.rotator().rotate(machine.key, reason: "manual") }
    #expect(refusal?.reason.contains("no terminal") == true)
    #expect(try machine.ledger().rotations().isEmpty)
  }

  /// Killed while a person was asked: asked again, and what was made meanwhile can be given then.
  @Test func killedWhileAPersonWasAsked() throws {
    let service = try FolderService()
    defer { try? FileManager.default.removeItem(atPath: service.root) }
    let (old, new) = (Peer.password(), Peer.password())
    try service.add(old)
    try service.add(new)
    let machine = try guided(service, old, Actor([new, new]))
    machine.killAt(5)  // RECEIVED:before: the key was given, and not kept.
    #expect(throws: Killed.self) { _ = try machine.rotator().rotate(machine.key, reason: "manual") }
    #expect(machine.checkpoints.last == "RECEIVED:before")
    machine.killAt(nil)
    try FileManager.default.moveItem(atPath: service.keys + "/" + old, toPath: service.root + "/away")
    #expect(try machine.resume()?.outcome == .done)
    #expect(try machine.value() == new)
  }
}
