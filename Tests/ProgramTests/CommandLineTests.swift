// The command line as a stranger meets it: help, completions, manual pages, slips of the finger, and places where there is
// nothing to scan.

import Foundation
import Glibc
import Testing

@Suite struct CommandLineTests {
  let sandbox: Sandbox

  init() throws { sandbox = try Sandbox() }

  /// Every command that help shows, with the words that call it.
  private func commands() throws -> [[String]] {
    let dump = try sandbox.keywright("--experimental-dump-help").json()
    func all(_ command: [String: Any], _ words: [String]) -> [[String]] {
      let below = (command["subcommands"] as? [[String: Any]] ?? []).filter {
        $0["commandName"] as? String != "help" && $0["shouldDisplay"] as? Bool != false
      }
      return [words] + below.flatMap { all($0, words + [$0["commandName"] as? String ?? ""]) }
    }
    return all(try #require(dump["command"] as? [String: Any]), [])
  }

  @Test func everyCommandHasHelpThatSaysWhatItDoes() throws {
    let all = try commands()
    #expect(all.count > 30)
    for words in all {
      let help = try sandbox.keywright(words + ["--help"])
      #expect(help.status == 0, "\(words)")
      #expect(help.output.hasPrefix("OVERVIEW: "), "\(words): \(help.output)")
      #expect(help.output.contains("USAGE: keywright"), "\(words)")
      // Paragraphs are full: none of their lines but the last could have taken the next one's first word.
      let lines = help.output.components(separatedBy: "\n\nUSAGE: ")[0].components(separatedBy: "\n")
      for (line, next) in zip(lines, lines.dropFirst()) where !line.isEmpty && !next.isEmpty && !next.hasPrefix(" ") {
        let word = next.prefix { $0 != " " }
        #expect(line.count <= 80 && line.count + 1 + word.count > 80, "\(words): \(line)")
      }
    }
    // Alone, the program shows the same.
    let alone = try sandbox.keywright()
    #expect(alone.status == 0 && alone.output.contains("scan") && alone.output.contains("keywright scan"))
  }

  @Test(arguments: [
    (["scna"], "'scan'"), (["sacn"], "'scan'"), (["gaet"], "'gate'"), (["rule"], "'rules'"),
    (["rules", "lst"], "'list'"), (["baseline", "chekc"], "'check'"), (["create"], "'keywright baseline create'"),
    (["scan", "--stagged"], "'--staged'"), (["scan", "--stag"], "'--staged'"),
    (["scan", "--fromat", "json"], "'--format'"),
    (["scan", "--format", "sarrif"], "'sarif'"), (["scan", "--format=jsno"], "'json'"),
    (["scan", "--min-confidence", "strucutre"], "'structure'"), (["hook", "install", "precommit"], "'pre-commit'"),
    (["gate", "--policy", "lvie"], "'live'"), (["rules", "show", "github-patt"], "'github-pat'"),
    (["rules", "list", "--provider", "gihtub"], "'github'"), (["completions", "fihs"], "'fish'"),
    (["manual", "sacn"], "'scan'"),
  ])
  func aSlipIsAnsweredWithTheNearWord(_ arguments: [String], _ word: String) throws {
    let outcome = try sandbox.keywright(arguments)
    #expect(outcome.status == 2, "\(arguments): \(outcome.errors)")
    #expect(
      outcome.errors.contains("did you mean ") && outcome.errors.contains(word), "\(arguments): \(outcome.errors)")
    #expect(outcome.errors.hasPrefix("keywright: "), "\(outcome.errors)")
  }

  @Test func whatIsNearToNothingIsAnsweredWithWhatThereIs() throws {
    let command = try sandbox.keywright("xylophone")
    #expect(command.status == 2)
    #expect(
      command.errors.contains("keywright has no command 'xylophone'\nhint: it has: scan, gate"), "\(command.errors)")
    let missing = try sandbox.keywright("explain")
    #expect(missing.status == 2)
    #expect(missing.errors.contains("hint: see: keywright explain --help"), "\(missing.errors)")
  }

  // MARK: Completions

  private func isThere(_ program: String) -> Bool {
    ["/usr/bin/", "/bin/"].contains { FileManager.default.isExecutableFile(atPath: $0 + program) }
  }

  /// What bash offers after the given words.
  private func offered(_ words: [String]) throws -> [String] {
    let file = sandbox.root + "/keywright.bash"
    try sandbox.keywright("completions", "bash").output.write(toFile: file, atomically: false, encoding: .utf8)
    let script = """
      source "$1"; shift
      PATH=\(Sandbox.products):$PATH
      COMP_WORDS=(keywright "$@"); COMP_CWORD=$#; COMP_LINE="keywright $*"; COMP_POINT=${#COMP_LINE}
      function_name=$(complete -p keywright | sed 's/.*-F \\([^ ]*\\).*/\\1/')
      "$function_name" keywright "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let outcome = try sandbox.run("/bin/bash", ["-c", script, "bash", file] + words)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  @Test func bashFinishesCommandsFlagsFormatsAndRules() throws {
    #expect(try offered(["ba"]) == ["baseline"])
    #expect(try offered(["scan", "--stag"]) == ["--staged"])
    #expect(Set(try offered(["scan", "--format", ""])).isSuperset(of: ["sarif", "html", "gitlab"]))
    #expect(try offered(["rules", "show", "aitbc-api"]).contains("aitbc-api-key"))
    try FileManager.default.createDirectory(
      atPath: sandbox.root + "/config/keywright", withIntermediateDirectories: true)
    try "[[key]]\nname = \"the-shop\"\nprovider = \"aitbc\"\nvariable = \"A\"\nfiles = [\"/a/.env\"]\n".write(
      toFile: sandbox.root + "/config/keywright/keywright.toml", atomically: false, encoding: .utf8)
    #expect(try offered(["rotate", "the"]) == ["the-shop"])
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completionsAreScriptsOfTheirShell(_ shell: String) throws {
    let script = try sandbox.keywright("completions", shell)
    #expect(script.status == 0 && script.output.contains("keywright"))
    guard isThere(shell) else { return }
    let file = sandbox.root + "/script"
    try script.output.write(toFile: file, atomically: false, encoding: .utf8)
    let checked = try sandbox.run("/usr/bin/env", [shell, "-n", file])
    #expect(checked.status == 0 && checked.errors.isEmpty, "\(checked.errors)")
  }

  // MARK: Manual pages

  @Test func thereIsAManualPageForEveryCommand() throws {
    let folder = sandbox.root + "/man"
    #expect(try sandbox.keywright("manual", "--directory", folder).status == 0)
    let all = try commands()
    for words in all {
      let name = (["keywright"] + words).joined(separator: "-") + ".1"
      let page = try sandbox.read(folder + "/" + name)
      #expect(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "\(name)")
      #expect(page.utf8.allSatisfy { $0 < 0x80 }, "\(name) holds what old formatters can't read")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == all.count)
    let main = try sandbox.read(folder + "/keywright.1")
    for words in [".SH EXIT STATUS", "130", "KEYWRIGHT_CONFIG", ".keywright.toml", "keywright\\-scan"] {
      #expect(main.contains(words), "\(words)")
    }
    #expect(try sandbox.keywright("manual").output == main)
    #expect(try sandbox.keywright("manual", "rules", "list").output == sandbox.read(folder + "/keywright-rules-list.1"))
    // Real formatters have nothing to say against them.
    if isThere("groff") {
      for words in all {
        let page = folder + "/" + (["keywright"] + words).joined(separator: "-") + ".1"
        let set = try sandbox.run("/usr/bin/env", ["groff", "-man", "-ww", "-Tutf8", page])
        #expect(set.status == 0 && set.errors.isEmpty, "\(page): \(set.errors)")
      }
    }
    if isThere("mandoc") {
      let pages = try FileManager.default.contentsOfDirectory(atPath: folder).map { folder + "/" + $0 }
      let linted = try sandbox.run("/usr/bin/env", ["mandoc", "-Tlint", "-Wwarning"] + pages)
      let remarks = linted.output.split(separator: "\n").filter { !$0.contains("missing date") }
      #expect(remarks.isEmpty, "\(remarks)")
    }
  }

  // MARK: Places

  @Test func scansSayWhatIsWrongWithAPlace() throws {
    let none = sandbox.root + "/nothing"
    try FileManager.default.createDirectory(atPath: none, withIntermediateDirectories: true)
    let outside = try sandbox.keywright("scan", in: none)
    #expect(outside.status == 2)
    #expect(
      outside.errors.contains("no git repository") || outside.errors.contains("not a git repository"),
      "\(outside.errors)")
    #expect(outside.errors.contains("hint: "), "\(outside.errors)")
    let absent = try sandbox.keywright("scan", none + "/absent")
    #expect(absent.status == 2 && absent.errors.contains("absent"), "\(absent.errors)")
    let empty = try sandbox.repository("empty")
    let nothing = try sandbox.keywright("scan", in: empty)
    #expect(nothing.status == 0 && nothing.errors.contains("0 findings"), "\(nothing.errors)")
    #expect(try sandbox.keywright("scan", "--staged", in: empty).status == 0)
    let bare = try sandbox.repository("bare.git", "--bare")
    #expect(try sandbox.keywright("scan", in: bare).status == 0)
    let staged = try sandbox.keywright("scan", "--staged", in: bare)
    #expect(staged.status == 0 || staged.errors.contains("hint: "), "\(staged.errors)")
  }

  /// As nobody: root may read everything.
  private func asNobody(_ arguments: [String], in directory: String) throws -> Outcome {
    try sandbox.run(
      "/usr/bin/env",
      ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", Sandbox.products + "/keywright"] + arguments,
      in: directory, extra: ["HOME": "/nonexistent", "XDG_CONFIG_HOME": "", "KEYWRIGHT_STATE": ""])
  }

  @Test(.enabled(if: geteuid() == 0)) func whatCanNotBeReadIsNotPassedOver() throws {
    let folder = sandbox.root + "/files"
    try FileManager.default.createDirectory(atPath: folder + "/closed", withIntermediateDirectories: true)
    for path in [sandbox.root, folder] {
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder + "/closed")
    let outcome = try asNobody(["scan", "--dir", folder], in: "/")
    #expect(outcome.status == 3, "\(outcome.errors)")
    #expect(outcome.errors.contains("not scanned: 1"), "\(outcome.errors)")
    let closed = try asNobody(["scan", "--dir", folder + "/closed"], in: "/")
    #expect(closed.status == 2 || closed.status == 3, "\(closed.errors)")
    // A repository of another user's is git's own question, with git's answer.
    let repository = try sandbox.repository()
    let foreign = try asNobody(["scan", repository], in: "/")
    #expect(foreign.status == 2)
    #expect(foreign.errors.contains("safe.directory"), "\(foreign.errors)")
  }

  @Test func aScanThatIsInterruptedEndsWith130AndLeavesNothing() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("hello\n", to: "a", in: repository)
    // A pipe that nobody fills keeps the scan waiting for standard input.
    let process = Process()
    process.executableURL = URL(filePath: Sandbox.products + "/keywright")
    process.arguments = ["scan", "--stdin", "--output", sandbox.root + "/report.json"]
    process.environment = sandbox.environment
    process.currentDirectoryURL = URL(filePath: repository)
    let (input, errors) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    let before = try files()
    try process.run()
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    // Only once the handler stands: until then a signal would end the process itself. Whoever runs this test in the
    // background may have it ignore SIGINT, which then stays so.
    try #require(waitForHandler(process.processIdentifier, SIGTERM))
    kill(process.processIdentifier, isCaught(process.processIdentifier, SIGINT) ? SIGINT : SIGTERM)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    #expect(try files() == before)
  }

  private func files() throws -> Set<String> {
    Set(FileManager.default.enumerator(atPath: sandbox.root)?.compactMap { $0 as? String } ?? [])
  }

  private func isCaught(_ process: Int32, _ signal: Int32) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    guard let mask = line?.split(separator: "\t").last.flatMap({ UInt64($0, radix: 16) }) else { return false }
    return mask & 1 << UInt64(signal - 1) != 0
  }

  /// Whether the process comes to catch a signal, as the kernel tells it.
  private func waitForHandler(_ process: Int32, _ signal: Int32) -> Bool {
    let deadline = Date().addingTimeInterval(60)
    while Date() < deadline {
      if isCaught(process, signal) { return true }
      usleep(5_000)
    }
    return false
  }
}
