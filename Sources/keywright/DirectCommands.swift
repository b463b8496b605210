// The commands that somebody waits for at every commit, recognised as they stand. Options cost three milliseconds of
// looking up types; these have none.

internal import ArgumentParser

enum DirectCommands {
  /// The command that exactly these arguments mean; nil for all others, which are parsed.
  static func command(_ arguments: [String]) -> (any ParsableCommand)? {
    if arguments == ["scan", "--staged"] { return ScanCommand.ofStagedChanges() }
    guard arguments.count >= 3, arguments.starts(with: ["hook", "run"]), let hook = HookKind(rawValue: arguments[2]),
      !arguments.dropFirst(3).contains(where: { $0.hasPrefix("-") })
    else { return nil }
    return HookCommand.Run.direct(hook, Array(arguments.dropFirst(3)))
  }
}

// What an option that was not parsed holds must be set before it is read: each one is, to what it is by default.

extension ScanCommand {
  /// `scan --staged`.
  fileprivate static func ofStagedChanges() -> ScanCommand {
    var command = ScanCommand()
    command.path = nil
    command.dir = nil
    command.stdin = false
    command.staged = true
    command.range = nil
    command.known = []
    command.knownLedger = false
    command.state = .usual
    command.wholeFiles = false
    command.format = nil
    command.output = nil
    command.showSecrets = false
    command.maxBytes = nil
    command.threads = nil
    command.stats = false
    command.fullScan = false
    command.archives = false
    command.noCache = false
    command.submodules = false
    command.exitCode = ExitStatus.findings.rawValue
    command.allowIncomplete = false
    command.exclude = []
    command.ruleChoice = .builtIn
    command.judgement = .usual
    return command
  }
}

extension HookCommand.Run {
  fileprivate static func direct(_ hook: HookKind, _ arguments: [String]) -> HookCommand.Run {
    var command = HookCommand.Run()
    command.hook = hook
    command.arguments = arguments
    command.ruleChoice = .builtIn
    command.judgement = .usual
    return command
  }
}

extension StateOptions {
  fileprivate static var usual: StateOptions {
    var options = StateOptions()
    options.state = nil
    return options
  }
}

extension RuleOptions {
  fileprivate static var builtIn: RuleOptions {
    var options = RuleOptions()
    options.rules = []
    options.enableRule = []
    options.disableRule = []
    return options
  }
}

extension JudgementOptions {
  fileprivate static var usual: JudgementOptions {
    var options = JudgementOptions()
    options.minConfidence = nil
    options.baseline = nil
    options.noBaseline = false
    options.ignoreAllowComments = false
    options.noRepositoryConfig = false
    return options
  }
}
