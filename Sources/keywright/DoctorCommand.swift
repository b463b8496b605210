// keywright doctor: whether this machine, this install and this repository are as keywright needs them.

internal import ArgumentParser
internal import Formats
internal import Posix

/// One thing that was looked at.
struct DoctorCheck {
  enum State: String {
    case ok
    case warning
    case failure

    /// For people, of one width.
    var word: String {
      switch self {
      case .ok: "ok  "
      case .warning: "warn"
      case .failure: "FAIL"
      }
    }
  }

  var name: String
  var state: State
  /// What was seen.
  var text: String
  /// What to do about it.
  var hint: String?

  /// Something that is as it should be.
  init(_ name: String, _ text: String) { self.init(name, .ok, text) }

  init(_ name: String, _ state: State, _ text: String, hint: String? = nil) {
    self.name = name
    self.state = state
    self.text = text
    self.hint = hint
  }
}

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check what keywright rests on: libraries, git, scheduler, ledger, clock, hooks, configuration.",
    discussion: """
      A line for each thing that was looked at: ok, warn or FAIL, and what to do about it. Nothing is changed, and no
      network is used.

      Exit status: 0 nothing failed, 2 something did (or, with --strict, something warns).
      """)

  @Argument(
    help: ArgumentHelp("The repository (default: the current directory).", valueName: "path"), completion: .directory)
  var path: String?
  @Flag(help: "Write JSON.") var json = false
  @Flag(help: "Let warnings count as failures.") var strict = false
  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  func run() throws {
    let doctor = Doctor(target: path ?? ".", configured: configured, state: stateOptions)
    let checks = doctor.examine()
    Console.write(json ? DoctorCommand.json(checks) : Array(DoctorCommand.text(checks).utf8))
    let failures = checks.count { $0.state == .failure }
    let warnings = checks.count { $0.state == .warning }
    Console.note("\(checks.count) checks, \(failures) failed, \(warnings) warn")
    if failures > 0 || strict && warnings > 0 { throw ExitStatus.usage }
  }

  private static func text(_ checks: [DoctorCheck]) -> String {
    let width = checks.map(\.name.count).max() ?? 0
    return checks.map { check in
      let name = check.name + String(repeating: " ", count: width - check.name.count)
      let hint = check.hint.map { "      \(String(repeating: " ", count: width))  hint: \($0)\n" } ?? ""
      return "\(check.state.word)  \(name)  \(check.text)\n" + (check.state == .ok ? "" : hint)
    }.joined()
  }

  private static func json(_ checks: [DoctorCheck]) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { root in
      root.member("schema") { $0.integer(1) }
      root.member("version") { $0.string(programVersion) }
      root.member("checks") { list in
        list.array { list in
          for check in checks {
            list.object { object in
              object.member("name") { $0.string(check.name) }
              object.member("state") { $0.string(check.state.rawValue) }
              object.member("text") { $0.string(check.text) }
              object.member("hint") { $0.string(check.hint) }
            }
          }
        }
      }
    }
    writer.endLine()
    return writer.bytes
  }
}
