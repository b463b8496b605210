// SIGKILL at system calls that write, drawn by lot, in the program as a user runs it; then resume. KEYWRIGHT_KILLS makes it
// more, KEYWRIGHT_SEED replays.

import Foundation
import Glibc
import Testing

@Suite(.timeLimit(.minutes(20))) struct RotationKillTests {
  private static let calls = [
    "write", "pwrite64", "fsync", "fdatasync", "renameat", "unlinkat", "ftruncate", "sendto", "connect", "fchmod",
  ]
  static let strace = ["/usr/bin/strace", "/usr/local/bin/strace"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  private static func random() -> (seed: UInt64, count: Int) {
    let environment = ProcessInfo.processInfo.environment
    return (
      environment["KEYWRIGHT_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64(UInt32.max)),
      environment["KEYWRIGHT_KILLS"].flatMap { Int($0) } ?? 10
    )
  }

  /// A generator that a seed replays.
  private struct Lot: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 33
    }
  }

  /// Kills `keywright rotate NAME` at a system call that the lot names; which one.
  private func kill(_ shop: Shop, _ name: String, _ lot: inout Lot) throws -> String {
    let call = RotationKillTests.calls.randomElement(using: &lot) ?? "write"
    let number = Int.random(in: 1...25, using: &lot)
    _ = try shop.sandbox.run(
      RotationKillTests.strace ?? "",
      [
        "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(call):signal=KILL:when=\(number)",
        Sandbox.products + "/keywright", "rotate", name, "--config", shop.config,
      ])
    return "\(call) \(number)"
  }

  private var mayTrace: Bool {
    guard let strace = RotationKillTests.strace, let sandbox = try? Sandbox() else { return false }
    return (try? sandbox.run(strace, ["-o", "/dev/null", "/bin/true"]))?.status == 0
  }

  @Test(.enabled(if: strace != nil, "strace is not installed"))
  func aServiceThatGrantsGrace() throws {
    guard mayTrace else { return }
    let shop = try Shop()
    let (seed, count) = RotationKillTests.random()
    var lot = Lot(state: seed)
    for run in 0..<count {
      let key = try shop.add("grace-\(run)")
      let place = try kill(shop, key.name, &lot)
      let resumed = try shop.run("resume")
      #expect([0].contains(resumed.status), "seed \(seed), \(place): \(resumed.errors)")
      try shop.checkGood(key, "seed \(seed), \(place)")
    }
    try shop.checkNoLeaks()
  }

  /// Programs that set a value which we choose; they too may be killed on the way.
  @Test(.enabled(if: strace != nil, "strace is not installed"))
  func programsThatSetAChosenValue() throws {
    guard mayTrace else { return }
    let shop = try Shop()
    let root = shop.sandbox.root
    let keys = root + "/keys"
    try FileManager.default.createDirectory(atPath: keys, withIntermediateDirectories: false)
    for (name, body) in [
      ("verify", #"read -r v; [ -e "$D/$v" ] && exit 0; exit 1"#),
      ("set", #"read -r o; read -r n; [ -e "$D/$o" ] || exit 3; mv "$D/$o" "$D/$n""#),
    ] {
      try "#!/bin/sh\nD='\(keys)'\n\(body)\n".write(toFile: root + "/" + name, atomically: false, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root + "/" + name)
    }
    let first = "chosen-\(UInt64.random(in: 0 ... .max))-\(UInt64.random(in: 0 ... .max))"
    let file = root + "/chosen.env"
    try "KEY=\(first)\n".write(toFile: file, atomically: false, encoding: .utf8)
    try "".write(toFile: keys + "/" + first, atomically: false, encoding: .utf8)
    try """
    [[key]]
    name = "chosen"
    provider = "command"
    variable = "KEY"
    files = ["chosen.env"]
    proofs = 1
    settle = "4s"
    [key.program]
    verify = ["\(root)/verify"]
    set = ["\(root)/set"]

    """.write(toFile: shop.config, atomically: false, encoding: .utf8)
    let (seed, count) = RotationKillTests.random()
    var lot = Lot(state: seed &+ 1)
    for _ in 0..<count {
      let place = try kill(shop, "chosen", &lot)
      let resumed = try shop.run("resume")
      #expect(resumed.status == 0, "seed \(seed), \(place): \(resumed.errors)")
      let now = String(try shop.sandbox.read(file).dropFirst(4).dropLast())
      #expect(try FileManager.default.contentsOfDirectory(atPath: keys) == [now], "seed \(seed), \(place)")
      #expect(try shop.sandbox.read(file) == "KEY=\(now)\n")
    }
    let outcome = try shop.run("rotate", "chosen", "--plan")
    #expect(outcome.status == 0 && outcome.output.contains("tested = real"), "\(outcome.errors)")
  }

  /// A plan leaves no trace: no state directory, no file beside the files.
  @Test func aPlanMakesNothing() throws {
    let shop = try Shop()
    let key = try shop.add("planned")
    func everything() -> [String] {
      (FileManager.default.enumerator(atPath: shop.sandbox.root)?.compactMap { $0 as? String } ?? []).sorted()
    }
    let before = everything()
    #expect(try shop.run("rotate", key.name, "--plan").status == 0)
    #expect(try shop.run("rotate", "--due", "--plan").status == 0)
    #expect(everything() == before)
  }
}
