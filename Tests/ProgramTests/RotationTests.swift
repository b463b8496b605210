// Rotation as a user runs it, against the real key service: the whole way, SIGKILL at every journal step, a network that
// spoils answers, files that can't be written, configurations that are wrong or not to be trusted.

import Foundation
import Glibc
import Testing

/// A sandbox with a service and configured keys.
final class Shop {
  let sandbox: Sandbox
  let authority: Authority
  let config: String
  private var text = ""

  init() throws {
    sandbox = try Sandbox()
    authority = try Authority(sandbox)
    config = sandbox.root + "/keywright.toml"
  }

  struct Key {
    var name: String
    var id: String
    var value: String
    var file: String
  }

  /// Issues a key, writes its file, and configures it.
  func add(_ name: String, base: String? = nil, more: String = "") throws -> Key {
    let (id, value) = try authority.issue(name: name)
    let file = sandbox.root + "/\(name).env"
    try "# \(name)\nexport AITBC_API_KEY=\"\(value)\"  # the key\nLEVEL=info".write(
      toFile: file, atomically: false, encoding: .utf8)
    text += """
      [[key]]
      name = "\(name)"
      provider = "aitbc"
      base = "\(base ?? authority.base)"
      key_id = "\(id)"
      tenant = "demo"
      variable = "AITBC_API_KEY"
      files = ["\(name).env"]
      max_age = "90d"
      grace = "1h"
      proofs = 1
      \(more)

      """
    try text.write(toFile: config, atomically: false, encoding: .utf8)
    return Key(name: name, id: id, value: value, file: file)
  }

  func value(_ key: Key) throws -> String {
    let parts = try sandbox.read(key.file).components(separatedBy: "\"")
    return sandbox.keep(try #require(parts.count == 3 ? parts[1] : nil))
  }

  @discardableResult
  func run(_ arguments: String..., fault: String? = nil) throws -> Outcome {
    try sandbox.keywright(arguments + ["--config", config], extra: fault.map { ["KEYWRIGHT_FAULT": $0] } ?? [:])
  }

  /// The file holds one working key, in its old shape, and no other key of that name works.
  func checkGood(_ key: Key, _ comment: Comment) throws {
    let now = try value(key)
    #expect(try authority.status(of: now) == 200, comment)
    #expect(
      try sandbox.read(key.file) == "# \(key.name)\nexport AITBC_API_KEY=\"\(now)\"  # the key\nLEVEL=info", comment)
    #expect(try authority.liveKeys(named: key.name).count == 1, comment)
    if now != key.value { #expect(try authority.status(of: key.value) == 401, comment) }
  }

  func checkNoLeaks() throws {
    let held = try sandbox.filesHoldingValues(except: [])
    #expect(held.allSatisfy { $0.hasSuffix(".env") }, "\(held)")
  }
}

@Suite struct RotationTests {
  @Test func theWholeWay() throws {
    let shop = try Shop()
    let key = try shop.add("production")
    let plan = try shop.run("rotate", "production", "--plan")
    #expect(plan.status == 0)
    #expect(plan.output.contains("POST \(shop.authority.base)/v1/api-keys/\(key.id)/regenerate"))
    #expect(plan.output.contains("production.env:2: AITBC_API_KEY, in double quotes"))
    #expect(try shop.value(key) == key.value)
    let report = shop.sandbox.root + "/report.json"
    let outcome = try shop.run("rotate", "production", "--output", report)
    #expect(outcome.status == 0, "\(outcome.errors)")
    try shop.checkGood(key, "rotated")
    #expect(try shop.value(key) != key.value)
    let rotation = try #require((try shop.sandbox.json(report)["rotations"] as? [[String: Any]])?.first)
    #expect(rotation["outcome"] as? String == "done")
    #expect((rotation["old_key_dead"] as? [[String: Any]])?.first?["status"] as? Int == 401)
    #expect(try shop.run("rotation", "list").output.contains("DONE  done"))
    #expect(try shop.run("rotation", "show", "production").output.contains("OLD_PROVEN_DEAD"))
    #expect(try shop.run("resume").status == 0)
    #expect(try shop.run("rotate", "--due").status == 0)
    try shop.checkNoLeaks()
  }

  @Test func killedAtEveryStep() throws {
    let shop = try Shop()
    let states = [
      "INTENT", "REQUESTED", "RECEIVED", "PARSED", "VERIFIED_NEW", "FILE", "COMMITTED", "OLD_REVOKED",
      "OLD_PROVEN_DEAD",
      "DONE",
    ]
    for state in states {
      for place in ["before", "after"] {
        let key = try shop.add("\(state.lowercased().replacing("_", with: "-"))-\(place)")
        let killed = try shop.run("rotate", key.name, fault: "kill@\(state):\(place)")
        let comment: Comment = "killed \(place) \(state)"
        #expect(killed.status == 128 + 9, comment)
        let resumed = try shop.run("resume")
        #expect(resumed.status == 0, "\(comment): \(resumed.errors)")
        try shop.checkGood(key, comment)
        #expect(try shop.run("rotation", "list", "--open").output.isEmpty, comment)
      }
    }
    try shop.checkNoLeaks()
  }

  @Test func killedWhileCleaningUpAfterALostAnswer() throws {
    let shop = try Shop()
    let proxy = try SpoilingProxy(to: shop.authority.port)
    for state in ["UNKNOWN", "ORPHANED", "ORPHAN_REVOKED"] {
      for place in ["before", "after"] {
        let key = try shop.add("\(state.lowercased().replacing("_", with: "-"))-\(place)", base: proxy.base)
        proxy.spoil("POST", .dropAfter)
        #expect(try shop.run("rotate", key.name, fault: "kill@\(state):\(place)").status == 128 + 9)
        let resumed = try shop.run("resume")
        #expect(resumed.status == 0, "\(state) \(place): \(resumed.errors)")
        try shop.checkGood(key, "\(state) \(place)")
      }
    }
  }

  @Test func aNetworkThatSpoilsAnswers() throws {
    let shop = try Shop()
    let proxy = try SpoilingProxy(to: shop.authority.port)
    let html = "<html>bad gateway</html>"
    let faults: [(name: String, fault: SpoilingProxy.Fault, status: Int32)] = [
      ("hangs-up", .dropAfter, 0), ("gateway", .answerAfter(Wire.answer(502, html)), 0),
      ("garbage", .answerAfter(Wire.answer(201, html)), 0), ("empty", .answerAfter(Wire.answer(201, "{}")), 0),
      ("refused", .answerBefore(Wire.answer(403, #"{"detail":"no"}"#)), 70),
      ("busy", .answerBefore(Wire.answer(429, "{}", headers: ["Retry-After: 1"])), 0),
      ("very-busy", .answerBefore(Wire.answer(429, "{}", headers: ["Retry-After: 5000"])), 70),
    ]
    for (name, fault, status) in faults {
      let key = try shop.add(name, base: proxy.base)
      proxy.spoil("POST", fault)
      let outcome = try shop.run("rotate", name)
      #expect(outcome.status == status, "\(name): \(outcome.errors)")
      try shop.checkGood(key, "\(name)")
      #expect((try shop.value(key) == key.value) == (status != 0), "\(name)")
      if status != 0 { #expect(outcome.errors.contains("no new key was made; the old one works"), "\(outcome.errors)") }
    }
    try shop.checkNoLeaks()
  }

  @Test func aServiceThatIsDownOrRefuses() throws {
    let shop = try Shop()
    let (listener, port) = try Wire.listen()
    close(listener)
    let down = try shop.add("down", base: "http://127.0.0.1:\(port)")
    let outcome = try shop.run("rotate", "down")
    #expect(outcome.status == 70)
    #expect(outcome.errors.contains("nothing was changed"))
    #expect(try shop.value(down) == down.value)
    let proxy = try SpoilingProxy(to: shop.authority.port)
    for (status, exit) in [(401, Int32(70)), (500, 70), (302, 70)] {
      let key = try shop.add("answers-\(status)", base: proxy.base)
      proxy.spoil("GET", .answerBefore(Wire.answer(status, "{}", headers: ["Location: \(shop.authority.base)/"])))
      let outcome = try shop.run("rotate", key.name)
      #expect(outcome.status == exit, "\(status): \(outcome.errors)")
      #expect(outcome.errors.contains("nothing was changed"), "\(status): \(outcome.errors)")
      try shop.checkGood(key, "\(status)")
    }
  }

  @Test func anOldKeyThatWillNotDie() throws {
    let shop = try Shop()
    let proxy = try SpoilingProxy(to: shop.authority.port)
    let key = try shop.add("undead", base: proxy.base, more: "settle = \"2s\"")
    proxy.spoil("DELETE", .answerBefore(Wire.answer(204, "")))
    let outcome = try shop.run("rotate", "undead")
    #expect(outcome.status == 6, "\(outcome.errors)")
    #expect(try shop.authority.status(of: try shop.value(key)) == 200)
    #expect(try shop.run("resume").status == 0)
    try shop.checkGood(key, "after resume")
  }

  @Test func aFileThatIsEditedMeanwhile() throws {
    let shop = try Shop()
    let key = try shop.add("edited")
    #expect(try shop.run("rotate", "edited", fault: "kill@VERIFIED_NEW:after").status == 128 + 9)
    try "AITBC_API_KEY=mine\n".write(toFile: key.file, atomically: false, encoding: .utf8)
    let outcome = try shop.run("resume")
    #expect(outcome.status == 5, "\(outcome.errors)")
    #expect(outcome.errors.contains("the old key is left alone"))
    #expect(try shop.sandbox.read(key.file) == "AITBC_API_KEY=mine\n")
    #expect(try shop.authority.status(of: key.value) == 200)
    #expect(try shop.run("rotate", "edited").status == 5)
    // The new value can be taken out, put where it belongs, and the rotation then ends.
    let out = shop.sandbox.root + "/taken.env"
    #expect(try shop.run("rotation", "export", "edited", "--value", "new", "--to", out).status == 0)
    let new = shop.sandbox.keep(try shop.sandbox.read(out))
    try "# edited\nexport AITBC_API_KEY=\"\(new)\"  # the key\nLEVEL=info".write(
      toFile: key.file, atomically: false, encoding: .utf8)
    #expect(try shop.run("resume", "edited").status == 0)
    try shop.checkGood(key, "after the edit")
  }

  @Test func aSymbolicLinkStays() throws {
    let shop = try Shop()
    let key = try shop.add("linked")
    let real = shop.sandbox.root + "/real"
    try FileManager.default.createDirectory(atPath: real, withIntermediateDirectories: false)
    try FileManager.default.moveItem(atPath: key.file, toPath: real + "/x.env")
    try FileManager.default.createSymbolicLink(atPath: key.file, withDestinationPath: "real/x.env")
    #expect(try shop.run("rotate", "linked").status == 0)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: key.file) == "real/x.env")
    try shop.checkGood(key, "linked")
  }

  @Test func aFileThatGitTracksIsRefused() throws {
    let shop = try Shop()
    let key = try shop.add("tracked")
    _ = try shop.sandbox.run("/usr/bin/env", ["git", "init", "-q", "-b", "main", shop.sandbox.root])
    try shop.sandbox.git("add", "tracked.env", in: shop.sandbox.root)
    _ = try shop.sandbox.keywright("trust", "--yes", shop.config)
    let outcome = try shop.run("rotate", "tracked")
    #expect(outcome.status == 2, "\(outcome.errors)")
    #expect(try shop.value(key) == key.value)
    #expect(try shop.run("rotate", "tracked", "--allow-tracked").status == 0)
  }

  @Test func reloadsAndAlarms() throws {
    let shop = try Shop()
    let trace = shop.sandbox.root + "/trace"
    let key = try shop.add(
      "reloaded",
      more: "reload = [[\"/bin/sh\", \"-c\", \"echo $KEYWRIGHT_KEY $0 >> '\(trace)'\", \"first\"], [\"/bin/false\"]]")
    let alarm = "[hooks]\non_failure = [\"/bin/sh\", \"-c\", \"echo $KEYWRIGHT_OUTCOME >> '\(trace)'\"]\n"
    var text = alarm + (try shop.sandbox.read(shop.config))
    try text.write(toFile: shop.config, atomically: false, encoding: .utf8)
    let outcome = try shop.run("rotate", "reloaded")
    #expect(outcome.status == 4, "\(outcome.errors)")
    #expect(outcome.errors.contains("/bin/false did not reload its user: it ended with status 1"), "\(outcome.errors)")
    #expect(try shop.authority.status(of: key.value) == 200)
    // Told once, however often it is looked at.
    #expect(try shop.run("rotate", "--due").status == 4)
    #expect(try shop.sandbox.read(trace) == "reloaded first\nunknown\n")
    // A wrong command is put right in the configuration, and only what did not work yet is run.
    text = text.replacingOccurrences(of: "/bin/false", with: "/bin/true")
    try text.write(toFile: shop.config, atomically: false, encoding: .utf8)
    #expect(try shop.run("resume").status == 0)
    try shop.checkGood(key, "reloaded")
    #expect(try shop.sandbox.read(trace) == "reloaded first\nunknown\n")
  }

  /// Root may write what is read-only, so the program runs as nobody.
  @Test(.enabled(if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")))
  func aFileThatMayNotBeWritten() throws {
    let shop = try Shop()
    let proxy = try SpoilingProxy(to: shop.authority.port)
    let key = try shop.add("read-only", base: proxy.base)
    let root = shop.sandbox.root
    // Where nobody can get at them: the program, a configuration of its own, a state directory.
    let program = root + "/keywright"
    try FileManager.default.copyItem(atPath: Sandbox.products + "/keywright", toPath: program)
    for (path, mode) in [(root, 0o755), (program, 0o755), (shop.config, 0o644), (key.file, 0o444)] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
    let state = root + "/nobody"
    try FileManager.default.createDirectory(
      atPath: state, withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o700, .ownerAccountID: 65_534])
    func run(_ arguments: String...) throws -> Outcome {
      try shop.sandbox.run(
        "/usr/bin/setpriv",
        ["--reuid=65534", "--regid=65534", "--clear-groups", program] + arguments + ["--config", shop.config],
        extra: ["KEYWRIGHT_STATE": state + "/state", "XDG_CONFIG_HOME": state])
    }
    try #require(try run("--version").status == 0 || (try run("rules", "list").status) == 0)
    for command in [["rotate", "read-only"], ["rotate", "read-only", "--plan"]] {
      let outcome = try command.count == 3 ? run(command[0], command[1], command[2]) : run(command[0], command[1])
      #expect(outcome.status == 2, "\(outcome.errors)")
      #expect(outcome.errors.contains(key.file) || outcome.errors.contains(root), "\(outcome.errors)")
    }
    #expect(proxy.requests.isEmpty)
    #expect(try shop.value(key) == key.value)
    try shop.checkGood(key, "read-only")
  }

  @Test func whatIsDueIsRotatedOnceAndTheScheduleSaysSo() throws {
    let shop = try Shop()
    let key = try shop.add("due")
    #expect(try shop.run("rotate", "--due").status == 0)
    #expect(try shop.value(key) == key.value)
    let plan = try shop.run("schedule", "show", "--next", "365d")
    #expect(plan.output.split(separator: "\n").count == 4)
    let text = try shop.sandbox.read(shop.config).replacingOccurrences(
      of: "max_age = \"90d\"", with: "max_age = \"1m\"")
    try text.write(toFile: shop.config, atomically: false, encoding: .utf8)
    // A minute can't be waited for: the ledger is told that the key was seen long ago.
    let outcome = try shop.sandbox.run(
      "/usr/bin/env",
      [
        "python3", "-c",
        "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('UPDATE inventory SET first_seen_ms=first_seen_ms-120000'); c.commit()",
        shop.sandbox.root + "/state/ledger.sqlite",
      ])
    try #require(outcome.status == 0)
    let report = shop.sandbox.root + "/due.json"
    #expect(try shop.run("rotate", "--due", "--output", report).status == 0)
    #expect(try shop.value(key) != key.value)
    let rotations = try shop.sandbox.json(report)["rotations"] as? [[String: Any]]
    #expect(rotations?.map { $0["name"] as? String } == ["due"])
    #expect(rotations?.first?["cause"] as? String == "due")
    let now = try shop.value(key)
    #expect(try shop.run("rotate", "--due").status == 0)
    #expect(try shop.value(key) == now)
    #expect(try shop.run("audit", "verify-log").status == 0)
    #expect(try shop.run("audit").status == 1)
  }

  @Test(arguments: ["--systemd", "--cron", "--kubernetes"])
  func schedulersFilesAreUnderstood(_ kind: String) throws {
    let shop = try Shop()
    _ = try shop.add("a")
    let folder = shop.sandbox.root + "/units 100%"
    let image = kind == "--kubernetes" ? ["--image", "registry.example/keywright:1"] : []
    let outcome = try shop.sandbox.keywright(
      ["schedule", "install", kind, "--write", "--directory", folder, "--config", shop.config, "--every", "1h"] + image)
    #expect(outcome.status == 0, "\(outcome.errors)")
    switch kind {
    case "--systemd":
      guard FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze") else { return }
      for unit in ["service", "timer"] {
        let check = try shop.sandbox.run("/usr/bin/systemd-analyze", ["verify", "\(folder)/keywright-rotate.\(unit)"])
        #expect(check.status == 0 && !check.errors.contains("keywright-rotate"), "\(check.errors)")
      }
    case "--cron":
      let line = try shop.sandbox.read(folder + "/keywright")
      #expect(line.hasPrefix("7 * * * * root ") && line.hasSuffix("\n"))
    default:
      #expect(try shop.sandbox.read(folder + "/keywright-rotate.yaml").contains("concurrencyPolicy: Forbid"))
    }
  }

  @Test func aHostileConfigurationGetsNothing() throws {
    let shop = try Shop()
    let proxy = try SpoilingProxy(to: shop.authority.port)
    let key = try shop.add("victim", base: proxy.base)
    let repository = try shop.sandbox.repository("cloned")
    try FileManager.default.copyItem(atPath: shop.config, toPath: repository + "/keywright.toml")
    for command in [["rotate", "victim"], ["rotate", "--due"], ["rotate", "victim", "--plan"]] {
      let outcome = try shop.sandbox.keywright(command, in: repository)
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains("keywright trust"))
    }
    #expect(proxy.requests.isEmpty)
    #expect(try shop.value(key) == key.value)
  }

  @Test func everyMistakeOfAConfigurationAtOnce() throws {
    let shop = try Shop()
    try """
    [[key]]
    name = "a"
    provider = "aitbx"
    variable = "K"
    files = ["a.env"]
    max_age = "soon"
    bass = "x"
    """.write(toFile: shop.config, atomically: false, encoding: .utf8)
    let outcome = try shop.run("rotate", "a")
    #expect(outcome.status == 2)
    for line in [
      "\(shop.config):3: no provider is named 'aitbx'; did you mean 'aitbc'?", ":6: max_age",
      ":7: unknown field 'bass'",
    ] {
      #expect(outcome.errors.contains(line), "\(outcome.errors)")
    }
  }

  @Test func manyProcessesRotateEachKeyOnce() async throws {
    let shop = try Shop()
    let keys = try (0..<4).map { try shop.add("key\($0)", more: "window = \"0\"") }
    let (root, config) = (shop.sandbox.root, shop.config)
    let environment = shop.sandbox.environment
    let statuses = try await withThrowingTaskGroup(of: Int32.self) { group in
      for _ in 0..<6 {
        group.addTask {
          let process = Process()
          process.executableURL = URL(filePath: Sandbox.products + "/keywright")
          process.arguments = ["rotate", "key0", "key1", "key2", "key3", "--config", config]
          process.environment = environment
          process.currentDirectoryURL = URL(filePath: root)
          process.standardOutput = FileHandle.nullDevice
          process.standardError = FileHandle.nullDevice
          try process.run()
          process.waitUntilExit()
          return process.terminationStatus
        }
      }
      return try await group.reduce(into: [Int32]()) { $0.append($1) }
    }
    #expect(statuses.allSatisfy { [0, 75].contains($0) }, "\(statuses)")
    #expect(statuses.contains(0) || statuses.contains(75))
    for key in keys { try shop.checkGood(key, "\(key.name)") }
    // A process that came after another had finished a key rotates it again, as it was asked to: never at the same time.
    #expect(try shop.run("rotation", "list", "--open").output.isEmpty)
  }
}
