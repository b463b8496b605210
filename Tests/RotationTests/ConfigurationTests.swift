// The configuration: what it says, and every mistake in it at once, each with its line.

import Formats
import Providers
import Testing

@testable import Rotation

private func parse(_ text: String, path: String = "/etc/keywright/keywright.toml", providers: [String]? = nil) throws
  -> Configuration
{
  try Configuration.parse(Array(text.utf8), path, providers: providers)
}

private func mistakes(_ text: String, providers: [String]? = nil) -> [String] {
  do {
    _ = try parse(text, providers: providers)
    return []
  } catch let errors as ConfigurationErrors {
    return errors.mistakes.map { mistake in
      "\(mistake.line): \(mistake.reason)" + (mistake.hint.map { "; \($0)" } ?? "")
    }
  } catch { return ["\(error)"] }
}

@Suite struct ConfigurationTests {
  static let good = """
    [[key]]
    name = "production"
    provider = "aitbc"
    base = "https://api.example.org/"
    key_id = "key_1"
    environment = "production"
    tenant = "demo"
    variable = "AITBC_API_KEY"
    files = ["/srv/shop/.env", "shop/../worker/.env"]
    dialects = ["compose", "systemd"]
    max_age = "90d"
    grace = "15m"
    """

  @Test func readsAKey() throws {
    let key = try #require(try parse(ConfigurationTests.good).keys.first)
    #expect(key.name == "production")
    #expect(key.base == "https://api.example.org")
    #expect(key.files == ["/srv/shop/.env", "/etc/keywright/worker/.env"])
    #expect(key.dialects == [.compose, .systemd])
    let ninetyDays: Int64 = 90 * 86_400_000
    #expect(key.policy.maximumAgeMs == ninetyDays)
    #expect(key.policy.graceMs == 15 * 60_000)
    #expect(key.line == 1)
  }

  @Test func policyGoesFromTheGeneralToTheParticular() throws {
    let text = """
      [policy]
      max_age = "180d"
      proofs = 5
      [environment.production]
      max_age = "30d"
      [[key]]
      name = "a"
      provider = "x"
      variable = "A"
      files = ["/a"]
      environment = "production"
      [[key]]
      name = "b"
      provider = "x"
      variable = "B"
      files = ["/a"]
      proofs = 1
      """
    let keys = try parse(text).keys
    #expect(keys.map(\.policy.maximumAgeMs) == [30 * 86_400_000, 180 * 86_400_000])
    #expect(keys.map(\.policy.proofs) == [5, 1])
  }

  @Test func everyMistakeIsReportedAtOnce() {
    let text = """
      surprise = 1
      [[key]]
      name = "-x y"
      provider = "aitbd"
      bse = "https://a.example"
      base = "http://api.example.org"
      variable = "1A"
      files = []
      max_age = "90 days"
      grace = 15
      proofs = 0
      [[key]]
      provider = "aitbc"
      files = "x"
      dialects = ["compos"]
      """
    #expect(
      mistakes(text, providers: ["aitbc"]) == [
        "1: unknown field 'surprise' in the configuration; known: key, state, policy, environment, freeze, metrics, hooks, budget, scan, lease",
        "3: name must be 1 to 64 letters, digits, '.', '_' or '-', not beginning with '-'; such as \"shop-production\"",
        "4: no provider is named 'aitbd'; did you mean 'aitbc'?",
        "5: unknown field 'bse' in the key '-x y'; did you mean 'base'?",
        "6: base is plain http, so the value of the key '-x y' would cross the network for all to read; use https, or consent with allow_plain_http = true",
        "7: variable must be a name that environment files can hold: letters, digits and '_'; such as \"API_KEY\"; other kinds of files name their settings like /a/b, with format = \"json\"",
        "8: files is empty; list every file that holds the value",
        "9: max_age must be a duration in quotes; such as \"90d\", \"12h\" or \"1h30m\"",
        "10: grace must be a duration in quotes; such as \"90d\", \"12h\" or \"1h30m\"",
        "11: proofs must be a whole number from 1 to 20",
        "12: the key has no name; add name = \"…\"",
        "12: the key has no variable; add variable = \"…\"",
        "14: files must be a list; write files = [\"…\"]",
        "15: 'compos' is no dialect of environment files; did you mean 'compose'?",
      ])
  }

  @Test func twoKeysCantShareAPlace() {
    let text = """
      [[key]]
      name = "a"
      provider = "x"
      variable = "A"
      files = ["/e/.env", "/e/./.env"]
      [[key]]
      name = "b"
      provider = "x"
      variable = "A"
      files = ["/e//.env"]
      [[key]]
      name = "a"
      provider = "x"
      variable = "B"
      files = ["/e/.env"]
      """
    #expect(
      mistakes(text) == [
        "1: /e/.env is listed twice", "6: A in /e/.env is already the place of the key 'a' (line 1)",
        "11: a key 'a' is already defined on line 1; give it another name",
      ])
  }

  @Test(arguments: ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9", "https://x.example/api"])
  func acceptsBase(_ base: String) throws {
    #expect(try parse(ConfigurationTests.good.replacing("https://api.example.org/", with: base)).keys[0].base == base)
  }

  @Test(arguments: [
    "ftp://x", "https://u:p@x.example", "x.example", "https://x.example/?a=1", "https://x.example/#f", "http://",
  ])
  func refusesBase(_ base: String) {
    let found = mistakes(ConfigurationTests.good.replacing("https://api.example.org/", with: base))
    #expect(found.count == 1 && found[0].hasPrefix("4: base "), "\(found)")
  }

  @Test func otherFilesAndCommands() throws {
    let text = """
      [hooks]
      on_failure = ["/usr/bin/alert", "-x"]
      [[key]]
      name = "a"
      provider = "x"
      variable = "/database/password"
      files = ["/e/settings.json"]
      reload = [["/usr/bin/systemctl", "restart", "shop"]]
      reload_timeout = "5m"
      [[key]]
      name = "b"
      provider = "x"
      variable = "default/aws_secret_access_key"
      files = ["/e/keys"]
      format = "ini"
      """
    let configuration = try parse(text)
    #expect(configuration.onFailure == ["/usr/bin/alert", "-x"])
    #expect(configuration.keys[0].reload == [["/usr/bin/systemctl", "restart", "shop"]])
    #expect(configuration.keys[1].format == .ini)
    let wrong = text.replacing("[\"/usr/bin/systemctl\", ", with: "[\"systemctl\", ").replacing(
      "\"ini\"", with: "\"ink\""
    )
    .replacing("[\"/usr/bin/alert\", \"-x\"]", with: "\"/usr/bin/alert\"")
    #expect(mistakes(wrong).map { $0.prefix { $0 != " " } } == ["2:", "8:", "15:"])
  }

  @Test func plainHTTPNeedsConsent() throws {
    let text = ConfigurationTests.good.replacing("https://api.example.org/", with: "http://authority.svc")
    #expect(mistakes(text).count == 1)
    #expect(mistakes(text + "\nallow_plain_http = true").isEmpty)
  }

  @Test func brokenTOMLHasALine() {
    #expect(mistakes("[[key]]\nname = ").first?.hasPrefix("2: ") == true)
    #expect(mistakes("key = 1") == ["1: 'key' must be a list of tables; write [[key]]"])
    #expect(mistakes("policy = 1\n[[freeze]]\nfrom = \"2026-13-01\"\nto = \"x\"").count == 3)
  }

  @Test func anEmptyFileHasNoKeys() throws { #expect(try parse("").keys.isEmpty) }

  @Test(arguments: [
    ("0", 0), ("1s", 1_000), ("90d", 7_776_000_000), ("1h30m", 5_400_000), ("2w", 1_209_600_000), ("1d1s", 86_401_000),
  ])
  func durations(_ text: String, _ milliseconds: Int64) { #expect(DurationText.milliseconds(text) == milliseconds) }

  @Test(arguments: ["", "1", "d", "-1d", "1m1h", "1h1h", "1.5h", "1y", "99999999999d", "999999999w", " 1d", "１d"])
  func refusesDurations(_ text: String) { #expect(DurationText.milliseconds(text) == nil) }

  /// Bytes that mean nothing, and pieces of good files: an answer or errors, never a trap.
  @Test func anyBytesAreAnswered() {
    var random = SplitMix(state: 7)
    let good = Array(ConfigurationTests.good.utf8)
    for _ in 0..<2_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: at)
        default: bytes.insert(contentsOf: good.prefix(Int.random(in: 0...40, using: &random)), at: at)
        }
      }
      _ = try? Configuration.parse(bytes, "/x/keywright.toml")
    }
  }
}

@Suite struct ServiceConfigurationTests {
  private static let head = """
    [[key]]
    name = "db"
    provider = "postgresql"
    variable = "DATABASE_URL"
    files = ["app.env"]

    """

  @Test func readsADatabaseAndItsAdministrator() throws {
    let key = try #require(
      try parse(
        ServiceConfigurationTests.head + """
          [key.database]
          host = "db.internal"
          port = 5433
          name = "shop"
          user = "shop"
          certificates = "tls/ca.pem"
          [key.admin]
          user = "boss"
          file = "admin.env"
          variable = "PGPASSWORD"
          """
      ).keys.first)
    let service = try #require(key.service)
    #expect(service.host == "db.internal" && service.port == 5_433 && service.user == "shop")
    #expect(service.database == "shop" && service.security == .full)
    #expect(service.certificates == "/etc/keywright/tls/ca.pem")
    #expect(service.admin == AdminCredential(user: "boss", file: "/etc/keywright/admin.env", variable: "PGPASSWORD"))
    // The journal keeps it whole.
    let node = try JSON.parse(Array(service.facts.json.utf8), name: "journal")
    #expect(ServiceSettings(node) == service)
  }

  @Test func thisMachineNeedsNoTLS() throws {
    for (host, security) in [
      ("127.0.0.1", ConnectionSecurity.off), ("/run/postgresql", .off), ("localhost", .off), ("10.0.0.1", .full),
    ] {
      let key = try #require(
        try parse(ServiceConfigurationTests.head + "[key.database]\nhost = \"\(host)\"\nuser = \"u\"\n").keys.first)
      #expect(key.service?.security == security, "\(host)")
    }
  }

  @Test func readsPrograms() throws {
    let key = try #require(
      try parse(
        ServiceConfigurationTests.head + """
          page = "https://console.example.org"
          [key.program]
          verify = ["/usr/local/bin/check", "--quiet"]
          set = ["/usr/local/bin/set"]
          timeout = "30s"
          """
      ).keys.first)
    #expect(key.service?.programs == [.verify: ["/usr/local/bin/check", "--quiet"], .set: ["/usr/local/bin/set"]])
    #expect(key.service?.programTimeoutMs == 30_000 && key.service?.page == "https://console.example.org")
    let service = try #require(key.service)
    #expect(ServiceSettings(try JSON.parse(Array(service.facts.json.utf8), name: "journal")) == service)
  }

  @Test func everyMistakeIsNamed() {
    let found = mistakes(
      ServiceConfigurationTests.head + """
        page = "console"
        id_variable = "DATABASE_URL"
        [key.database]
        host = "db internal"
        port = 70000
        tls = "maybe"
        hosts = "x"
        [key.admin]
        user = "boss"
        [key.program]
        set = ["set"]
        make = ["/bin/make"]
        """)
    for part in [
      "page must be an address", "id_variable and variable are the same", "host must be a name", "port must be",
      "tls must be", "unknown field 'hosts'", "has no user", "has no file", "has no variable",
      "must name its program by an absolute path", "has no verify", "either set",
    ] { #expect(found.contains { $0.contains(part) }, "\(part) in \(found)") }
  }
}
