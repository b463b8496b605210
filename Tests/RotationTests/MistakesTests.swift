// A file with everything wrong: each mistake with its line, what is wrong and what would be right, all of them in one run.

import EnvFiles
import Formats
import Testing

@testable import Rotation

@Suite struct MistakesTests {
  static let text = """
    colour = "red"
    [policy]
    max_age = "90 days"
    on_leak = "panic"
    [environment]
    production = "90d"
    [budget]
    per_run = 0
    [hooks]
    on_failure = ["mail"]
    webhook = "http://alerts.example.org"
    [[freeze]]
    from = "2026-12-24"
    to = "2026-12-20"
    [[freeze]]
    days = ["caturday"]
    [[freeze]]
    from = "2026-12-24"
    to = "2026-12-26"
    zone = "Europe/Atlantis"
    [[key]]
    name = "-bad name"
    provider = "aitbx"
    base = "http://api.example.org"
    variable = "9LIVES"
    files = []
    [[key]]
    name = "two"
    provider = "aitbc"
    variable = "A"
    files = [".env", 7, { path = "x.env", varable = "B" }]
    dialects = ["compos"]
    reload = ["systemctl", "restart", "shop"]
    window = "1d"
    max_age = "12h"
    [[key]]
    name = "two"
    provider = "aitbc"
    variable = "C"
    files = ["c.env"]
    format = "jsn"
    grace = 15
    proofs = 99
    allow_plain_http = "yes"
    tenant = unquoted
    """

  @Test func everyMistakeHasItsLineAndAWayOut() throws {
    let errors = try #require(throws: ConfigurationErrors.self) {
      try Configuration.parse(Array(MistakesTests.text.utf8), "/etc/keywright/keywright.toml", providers: ["aitbc"])
    }
    let expected: [(line: Int, words: String)] = [
      (1, "unknown field 'colour'"), (3, "max_age must be a duration"), (4, "'panic' is nothing that can be done"),
      (6, "environment.production must be a table"), (8, "per_run must be a whole number"),
      (10, "on_failure must name its program by an absolute path"), (11, "webhook must be an https address"),
      (14, "to must be later than from"), (16, "'caturday' is no day"), (20, "no time zone 'Europe/Atlantis'"),
      (22, "name must be"), (23, "no provider is named 'aitbx'"), (24, "base is plain http"),
      (25, "variable must be a name"), (26, "files is empty"), (31, "files must hold paths"),
      (31, "unknown field 'varable' in a file of the key 'two'"), (32, "'compos' is no dialect"),
      (33, "reload must be a list of commands"), (34, "window must be shorter"),
      (36, "a key 'two' is already defined on line 27"), (41, "'jsn' is no kind of file"),
      (42, "grace must be a duration"), (43, "proofs must be"), (44, "allow_plain_http must be true or false"),
      (45, ""),
    ]
    #expect(errors.mistakes.count == expected.count, "\(errors)")
    for (line, words) in expected {
      #expect(errors.mistakes.contains { $0.line == line && $0.reason.contains(words) }, "\(line): \(words)")
    }
    #expect(errors.mistakes.allSatisfy { $0.file == "/etc/keywright/keywright.toml" })
    #expect(errors.mistakes.map(\.line) == errors.mistakes.map(\.line).sorted())
    let hinted = errors.mistakes.count { $0.hint != nil }
    #expect(hinted >= 20, "\(errors.mistakes.filter { $0.hint == nil })")
    #expect(errors.mistakes.contains { $0.hint == "did you mean 'aitbc'?" })
    #expect(errors.mistakes.contains { $0.hint == "did you mean 'json'?" })
  }

  /// Where a line can't be read, nothing is said to be missing that may stand in it.
  @Test func anUnreadableLineIsNotAlsoMissing() throws {
    let errors = try #require(throws: ConfigurationErrors.self) {
      try Configuration.parse(
        Array("[[key]]\nname = shop\nprovider = \"x\"\nvariable = \"A\"\nfiles = [\"a\"]\ngrace = 1\n".utf8), "/k.toml")
    }
    #expect(errors.mistakes.map(\.line) == [2, 6], "\(errors)")
  }

  @Test func aBrokenHeadingEndsTheReading() throws {
    let errors = try #require(throws: ConfigurationErrors.self) {
      try Configuration.parse(Array("x = 1\n[[key]\nname = \"a\"\n".utf8), "/k.toml")
    }
    #expect(errors.mistakes.map(\.line) == [2], "\(errors)")
  }

  @Test func filesMayBeTables() throws {
    let text = """
      [[key]]
      name = "miner"
      provider = "x"
      variable = "MINER_API_KEY"
      files = ["/etc/miner.env", { path = "/etc/service.env", variable = "MINER_API_KEYS", list = true, dialects = ["systemd"] }]
      soak = "1h"
      on_leak = "revoke-first"
      [[key]]
      name = "miner2"
      provider = "x"
      variable = "MINER_API_KEY"
      files = ["/etc/miner2.env", { path = "/etc/service.env", variable = "MINER_API_KEYS", list = true }]
      """
    let keys = try Configuration.parse(Array(text.utf8), "/etc/keywright/keywright.toml").keys
    #expect(keys[0].targets.map(\.path) == ["/etc/service.env", "/etc/miner.env"])
    #expect(keys[0].targets.map(\.variable) == ["MINER_API_KEYS", "MINER_API_KEY"])
    #expect(keys[0].targets.map(\.isList) == [true, false])
    #expect(keys[0].targets[0].dialects == [.systemd])
    #expect(keys[0].policy.soakMs == 3_600_000 && keys[0].policy.onLeak == .revokeFirst)
  }
}
