// The program: what its commands are, and the one place where it ends.

internal import ArgumentParser
internal import Posix

/// The version that `--version`, reports and requests name.
let programVersion = "0.1.0"

struct Keywright: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keywright",
    abstract: "Finds every key a git repository ever leaked, proves which still work, and changes the locks.",
    discussion: """
      scan finds, verify asks the providers, rotate replaces a key everywhere and proves the old one dead.
      Nothing but verify, rotate, resume and keys uses the network; gate does when it is told to ask or to fetch.

      Begin with: keywright scan. See also keywright COMMAND --help, keywright manual, and keywright doctor.

      Exit status: 0 clean or done, 1 findings, 2 usage or configuration, 3 scan incomplete, 4 rotation outcome unknown
      (run resume), 5 a person is needed, 6 the old key still works, 75 locked by another run, 130 interrupted.
      Anything else is a failure.
      """,
    version: programVersion,
    groupedSubcommands: [
      CommandGroup(
        name: "Find",
        subcommands: [
          ScanCommand.self, GateCommand.self, HookCommand.self, BaselineCommand.self, ReportCommand.self,
          ExplainCommand.self, RulesCommand.self,
        ]),
      CommandGroup(
        name: "Prove and replace",
        subcommands: [
          VerifyCommand.self, RotateCommand.self, ResumeCommand.self, RotationCommand.self, KeysCommand.self,
          ConsumersCommand.self, ScheduleCommand.self, AuditCommand.self,
        ]),
      CommandGroup(
        name: "Set up",
        subcommands: [
          ConfigCommand.self, TrustCommand.self, DoctorCommand.self, CompletionsCommand.self, ManualCommand.self,
        ]),
      CommandGroup(
        name: "As gitleaks",
        subcommands: [
          GitleaksGitCommand.self, GitleaksDirCommand.self, GitleaksStdinCommand.self, GitleaksDetectCommand.self,
          GitleaksProtectCommand.self,
        ]),
    ])
}

@main
enum Program {
  static func main() {
    ProcessHardening.apply()
    SignalWatch.installEnding(status: ExitStatus.interrupted.rawValue, erasesLine: StandardStream.error.isTerminal)
    endProcess(Console.finalStatus(run(Array(CommandLine.arguments.dropFirst()))))
  }

  /// Parses and runs; every error ends here, in one shape: `keywright: what` and, where there is one, `hint: how`.
  static func run(_ arguments: [String]) -> Int32 {
    do {
      var command = try DirectCommands.command(arguments) ?? parsed(arguments)
      try command.run()
      return ExitStatus.done.rawValue
    } catch let status as ExitStatus {
      return status.rawValue
    } catch let chosen as ChosenStatus {
      return chosen.code
    } catch let failure as Failure {
      Console.complain(failure.message, hint: failure.hint)
      return failure.status.rawValue
    } catch {
      return endOfParsing(error, arguments).rawValue
    }
  }

  /// What the arguments mean.
  static func parsed(_ arguments: [String]) throws -> any ParsableCommand { try Keywright.parseAsRoot(arguments) }

  /// What ArgumentParser throws: requests for help or the version are answers, the rest is bad usage.
  private static func endOfParsing(_ error: any Error, _ arguments: [String]) -> ExitStatus {
    if Keywright.exitCode(for: error) == .success {
      let text = HelpText.reflowed(Keywright.fullMessage(for: error))
      Console.write(text.hasSuffix("\n") ? text : text + "\n")
      return .done
    }
    let suggestion = Suggestions.find(arguments)
    var message = suggestion.message ?? lowered(Keywright.message(for: error))
    // The values that would be right are in the hint, or near enough to be named there.
    if suggestion.hint != nil, let cut = message.firstRange(of: ". Please provide") {
      message = String(message[..<cut.lowerBound])
    }
    Console.complain(message, hint: suggestion.hint)
    return .usage
  }

  /// The parser's sentences begin with a capital, and ours do not.
  private static func lowered(_ text: String) -> String {
    guard let first = text.first, first.isUppercase, text.dropFirst().first?.isLowercase == true else { return text }
    return first.lowercased() + text.dropFirst()
  }
}
