// Many keys due at once, and many schedulers at once: each key exactly once, within the service's limits.

import Foundation
import Testing

@Suite struct FleetTests {
  /// `KEYWRIGHT_TEST_KEYS=1000` for the full number.
  private static let count = ProcessInfo.processInfo.environment["KEYWRIGHT_TEST_KEYS"].flatMap { Int($0) } ?? 40

  @Test func allThatIsDueAtOnceIsRotatedWithinTheLimit() throws {
    let estate = try Estate()
    try estate.add(FleetTests.count, more: "settle = \"30s\"")
    try estate.age(days: 91)
    let report = estate.sandbox.root + "/report.json"
    let start = Date()
    let outcome = try estate.run("rotate", "--due", "--output", report)
    let seconds = Date().timeIntervalSince(start)
    #expect(outcome.status == 0, "\(outcome.errors.suffix(2_000))")
    let rotations = try #require(try estate.sandbox.json(report)["rotations"] as? [[String: Any]])
    #expect(rotations.count == FleetTests.count)
    #expect(rotations.allSatisfy { $0["outcome"] as? String == "done" && $0["attempts"] as? Int == 1 })
    let history = try estate.history()
    for index in estate.keys.indices {
      #expect(try estate.value(index) != estate.keys[index].value)
      // The old key and the new one: nothing was made twice.
      #expect(history[estate.keys[index].name] == 2, "\(estate.keys[index].name)")
    }
    #expect(try estate.authority.status(of: try estate.value(0)) == 200)
    #expect(try estate.authority.status(of: estate.keys[0].value) == 401)
    #expect(try estate.run("rotate", "--due").status == 0)
    print("\(FleetTests.count) keys in \(seconds) s")
  }

  @Test func tenSchedulersRotateEachDueKeyOnce() async throws {
    let estate = try Estate()
    try estate.add(6)
    try estate.age(days: 91)
    let statuses = try await estate.together(10, ["rotate", "--due"])
    #expect(statuses.allSatisfy { [0, 75].contains($0) }, "\(statuses)")
    // Whoever came last may have found a key locked that another was at: one more tick leaves nothing open.
    #expect(try estate.run("rotate", "--due").status == 0)
    #expect(try estate.run("rotation", "list", "--open").output.isEmpty)
    let history = try estate.history()
    for index in estate.keys.indices {
      #expect(history[estate.keys[index].name] == 2, "\(estate.keys[index].name): \(history)")
      #expect(try estate.authority.status(of: try estate.value(index)) == 200)
      #expect(try estate.authority.status(of: estate.keys[index].value) == 401)
    }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
  func aTerminalShowsHowFarItIs() throws {
    let estate = try Estate()
    try estate.add(3)
    let command = "'\(Sandbox.products)/keywright' rotate key-0 key-1 key-2 --config '\(estate.config)'"
    let shown = try estate.sandbox.run("/usr/bin/script", ["-qec", command, "/dev/null"])
    #expect(shown.status == 0, "\(shown.output)")
    #expect(shown.output.contains("0 of 3 done; key-") && shown.output.contains("2 of 3 done; key-"), "\(shown.output)")
    for key in estate.keys { #expect(!shown.output.contains(key.value)) }
  }

  @Test func theBudgetOfARunIsKept() throws {
    let estate = try Estate("[budget]\nper_run = 2\n")
    try estate.add(3)
    try estate.age(days: 91)
    let first = try estate.run("rotate", "--due")
    #expect(
      first.status == 0 && first.errors.contains("is due, but waits: the budget of 2 rotations in a run is used up"))
    #expect(try estate.keys.indices.count { try estate.value($0) != estate.keys[$0].value } == 2)
    #expect(try estate.run("rotate", "--due").status == 0)
    #expect(try estate.keys.indices.count { try estate.value($0) != estate.keys[$0].value } == 3)
  }

  @Test func aFreezeHoldsWhatIsDueAndNotWhatIsAskedFor() throws {
    let today = Date.now.ISO8601Format().prefix(10)
    let later = Date.now.addingTimeInterval(3 * 86_400).ISO8601Format().prefix(10)
    let estate = try Estate(
      "[[freeze]]\nreason = \"year's end\"\nfrom = \"\(today)\"\nto = \"\(later)\"\nzone = \"Pacific/Kiritimati\"\n")
    try estate.add(1)
    try estate.age(days: 91)
    let held = try estate.run("rotate", "--due")
    #expect(held.status == 0 && held.errors.contains("is due, but waits: year's end"), "\(held.errors)")
    #expect(try estate.value(0) == estate.keys[0].value)
    let shown = try estate.run("schedule", "show", "--next", "30d")
    #expect(shown.output.contains("held back by: year's end"), "\(shown.output)")
    #expect(try estate.run("rotate", "key-0").status == 0)
  }

  @Test func soakIsWaitedForWithoutAnAlarm() throws {
    let estate = try Estate("[hooks]\non_failure = [\"/bin/false\"]\n")
    try estate.add(1, more: "soak = \"1h\"")
    let outcome = try estate.run("rotate", "key-0")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("waiting: everything has the new key"), "\(outcome.errors)")
    #expect(try estate.authority.status(of: estate.keys[0].value) == 200)
    #expect(try estate.value(0) != estate.keys[0].value)
    #expect(try estate.run("rotate", "--due").status == 0)
  }
}
