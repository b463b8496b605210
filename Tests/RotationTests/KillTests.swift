// SIGKILL at the system calls that write, of a process of its own that rotates a key over real sockets, for every class.
// A few by lot in each run; KEYWRIGHT_KILLS=all for each of them, or a number for as many of each class; KEYWRIGHT_SEED
// replays.

import Foundation
import Ledger
import Model
import Posix
import Providers
import RuleBook
import Secrets
import Testing
import Transport

@testable import Rotation

/// The classes of services, and a person where there is no service to ask.
enum KilledClass: String, CaseIterable, Sendable {
  case grace, create, replace, readable, slots, chosen, chosenBeside, person, contained

  var style: FakeService.Style {
    switch self {
    case .person, .contained: .create
    default: FakeService.Style(rawValue: rawValue) ?? .grace
    }
  }

  @Sendable func adapt(_ provider: inout Provider) {
    guard self == .person else { return }
    provider.management?.recoverability = .manual
    provider.management?.revoke = nil
  }

  func person(_ root: String, _ base: String, _ keyID: String) -> PersonAtTheService? {
    self == .person ? PersonAtTheService(root: root, base: base, keyID: keyID) : nil
  }

  /// Because of what the key is rotated.
  var reason: String { self == .contained ? "leaked" : "manual" }
}

/// Somebody who makes and ends keys at the service's own page.
struct PersonAtTheService: Person {
  let root: String
  let base: String
  let keyID: String

  private var current: String {
    let text = (try? String(contentsOfFile: root + "/app0.env", encoding: .utf8)) ?? ""
    return text.components(separatedBy: "\"").dropFirst().first ?? ""
  }

  private func ask(_ method: String, _ path: String, _ body: String?) -> HTTPResponse? {
    let transport = CurlTransport(policy: EgressPolicy(internalBases: [base]))
    let headers = [("X-API-Key", SensitiveText(current)), ("Content-Type", SensitiveText("application/json"))]
    return try? transport.send(
      HTTPRequest(
        method: method, url: base + path, headers: headers.map { (name: $0.0, value: $0.1) },
        body: body.map { Secret($0) }, timeoutSeconds: 20))
  }

  func value(_ lines: [String]) -> Secret? {
    guard let answer = ask("POST", "/v1/api-keys", "{}"),
      let made = try? JSONSerialization.jsonObject(with: Data(answer.body.copyBytes())) as? [String: Any]
    else { return nil }
    return (made["api_key"] as? String).map { Secret($0) }
  }

  func consents(_ lines: [String]) -> Bool { ask("DELETE", "/v1/api-keys/\(keyID)", nil)?.status == 204 }
}

/// What the process of its own does; nothing in an ordinary run. (A suite of its own: there, nothing else may be traced.)
@Suite struct KilledTests {
  static let variable = "KEYWRIGHT_TEST_ROTATION"
  static let files = 2

  @Test func rotateWhenAsked() throws {
    guard let words = ProcessInfo.processInfo.environment[KilledTests.variable]?.components(separatedBy: "|"),
      words.count == 4, let kind = KilledClass(rawValue: words[0])
    else { return }
    let world = try World(
      of: words[1], base: words[2], keyID: words[3], kind.style, files: KilledTests.files, change: kind.adapt)
    let rotator = try world.rotator(person: kind.person(words[1], words[2], words[3]))
    _ = try rotator.rotate(KilledTests.key(world, kind), reason: kind.reason)
  }

  private static func key(_ world: World, _ kind: KilledClass) -> ConfiguredKey {
    var key = world.key
    if kind == .contained { key.policy.onLeak = .revokeFirst }
    return key
  }
}

/// Where strace is, if it is there and may trace.
enum Strace {
  static let path: String? = {
    guard let path = Peer.program("/usr/bin/strace", "/usr/local/bin/strace"),
      (try? Peer.run([path, "-o", "/dev/null", "/bin/true"])) != nil
    else { return nil }
    return path
  }()
}

@Suite(.enabled(if: Strace.path != nil, "strace is not installed, or may not trace"), .timeLimit(.minutes(60)))
struct KillTests {
  private static let calls = [
    "write", "writev", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat",
    "ftruncate", "fallocate", "fchmod", "fchown", "mkdir", "mkdirat", "sendto", "sendmsg", "connect",
  ]

  /// Rotates in a process of its own under strace, killed at that call of one of its threads; the trace.
  private func rotate(_ world: World, _ kind: KilledClass, _ place: (call: String, number: Int)?) throws -> String {
    let log = world.root + ".trace"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let process = Process()
    process.executableURL = URL(filePath: Strace.path ?? "")
    let call = place?.call ?? KillTests.calls.joined(separator: ",")
    var words = ["-f", "-qq", "-o", log, "-e", "trace=\(call)"]
    if let place { words += ["-e", "inject=\(place.call):signal=KILL:when=\(place.number)"] }
    process.arguments =
      words + [
        CommandLine.arguments[0], "--testing-library", "swift-testing", "--filter", "KilledTests/rotateWhenAsked",
      ]
    let asked = "\(kind.rawValue)|\(world.root)|\(world.key.base ?? "")|\(world.key.keyID ?? "")"
    process.environment = ProcessInfo.processInfo.environment.merging([KilledTests.variable: asked]) { $1 }
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try process.run()
    process.waitUntilExit()
    return (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
  }

  private func world(_ kind: KilledClass) throws -> World {
    try World(kind.style, files: KilledTests.files, overHTTP: true, change: kind.adapt)
  }

  /// How often each call is made by whichever thread makes it most: strace counts for each thread.
  private func places(_ kind: KilledClass) throws -> [(call: String, number: Int)] {
    let world = try world(kind)
    let trace = try rotate(world, kind, nil)
    var counts: [String: [String: Int]] = [:]
    for line in trace.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count > 1, let call = words[1].split(separator: "(").first, words[1].contains("(") else { continue }
      counts[String(call), default: [:]][String(words[0]), default: 0] += 1
    }
    let value = try world.value()
    #expect(value != world.oldValue && world.service.isLive(value), "\(kind): not rotated")
    #expect(!world.service.isLive(world.oldValue), "\(kind): not ended")
    return counts.sorted { $0.key < $1.key }.flatMap { call, threads in
      (1...(threads.values.max() ?? 1)).map { (call, $0) }
    }
  }

  @Test(arguments: KilledClass.allCases) func killedAtAnyWritingCall(_ kind: KilledClass) throws {
    let environment = ProcessInfo.processInfo.environment
    guard environment[KilledTests.variable] == nil else { return }
    let seed = environment["KEYWRIGHT_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64(UInt32.max))
    var random = SplitMix(state: seed)
    let places = try places(kind)
    #expect(places.count > 60, "\(kind): \(places.count)")
    let wanted = environment["KEYWRIGHT_KILLS"] ?? "2"
    let chosen = wanted == "all" ? places : Array(places.shuffled(using: &random).prefix(Int(wanted) ?? 2))
    for place in chosen {
      let world = try world(kind)
      _ = try rotate(world, kind, place)
      world.clock.advance(milliseconds: 5_000)
      let person = kind.person(world.root, world.key.base ?? "", world.key.keyID ?? "")
      let report = try world.resume(person: person)
      try check(
        world, kind, report,
        "\(kind), seed \(seed), \(place.call) \(place.number): \(report?.outcome.rawValue ?? "-") \(report?.reason ?? "")"
      )
    }
    print("\(kind): killed at \(chosen.count) of \(places.count) calls that write")
  }

  private func check(_ world: World, _ kind: KilledClass, _ report: RotationReport?, _ comment: Comment) throws {
    let value = try world.value()
    switch kind {
    case .replace where report?.outcome == .human:
      // The gap between the service's deed and the sealed answer: a person is told, and nothing is asked twice.
      #expect(world.service.mutations == 1 && world.service.liveKeys.count == 1, comment)
      #expect(report?.hint?.isEmpty == false, comment)
      try world.checkNoLeaks(comment, allowsRehearsals: true)
    case .person:
      // Keys that the person made and never gave are the person's; the files hold one that works.
      #expect(world.service.isLive(value), comment)
      for index in world.key.files.indices { #expect(try world.value(index) == value, comment) }
      #expect(value == world.oldValue || !world.service.isLive(world.oldValue), comment)
      #expect(try world.ledger().openRotations().isEmpty, comment)
    default:
      #expect(report.map { [.done, .notExecuted].contains($0.outcome) } ?? true, comment)
      #expect(world.service.isLive(value), comment)
      #expect(world.service.mutations <= 2, comment)
      try world.checkEndOfMany(report, comment, allowsRehearsals: true)
    }
  }
}
