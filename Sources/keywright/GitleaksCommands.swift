// gitleaks' commands under keywright's name, so that one word has to be changed: `gitleaks git …` to `keywright git …`.

internal import ArgumentParser
internal import Git
internal import Matching
internal import Model
internal import Posix
internal import Report
internal import RuleBook
internal import Scanning

enum GitleaksCommand: String {
  case git
  case dir
  case stdin
  case detect
  case protect

  /// gitleaks ends with this when a flag is unknown.
  static let badFlag: Int32 = 126
  /// ... and with this when anything else is wrong.
  static let failed: Int32 = 1

  static func configuration(_ command: GitleaksCommand) -> CommandConfiguration {
    CommandConfiguration(
      commandName: command.rawValue, abstract: "gitleaks \(command.rawValue), with gitleaks' flags and exit codes.",
      discussion: help,
      shouldDisplay: false)
  }

  static let help = """
    usage: keywright git|dir|stdin|detect|protect [flags] [PATH]

    Takes the flags, configuration, ignore file and baseline of gitleaks 8 and ends as it does: 0 no leaks, 1 leaks or an
    error (--exit-code for leaks), 126 an unknown flag. What can't be honoured is told on stderr, by file and line.

    Values are never shown, as with gitleaks' --redact; --show-secrets (which gitleaks lacks) puts them into the report.
    `extend.useDefault` means keywright's own rules, under gitleaks' names where those have a rule for the same.

    -b, --baseline-path FILE   -c, --config FILE   --enable-rule ID   --exit-code N   -i, --gitleaks-ignore-path PATH
    --ignore-gitleaks-allow   --log-opts 'A..B'   --max-target-megabytes N   --max-decode-depth N   --max-archive-depth N
    --pre-commit   --staged   --platform github|gitlab|azuredevops|gitea|bitbucket|none   -l, --log-level LEVEL   -v, --verbose
    -f, --report-format json|csv|junit|sarif|template   --report-template FILE   -r, --report-path FILE|-
    --redact[=PERCENT]   --no-banner   --no-color

    Templates are those of Go's text/template: range, if, with, define, variables, pipelines, printf and the functions
    of sprig that reports need. What is not supported is refused, by line and column.

    GITLEAKS_CONFIG (a path) and GITLEAKS_CONFIG_TOML (the text) are read where --config is not given.

    """

  func run(_ words: [String]) throws {
    do {
      let arguments = try GitleaksArguments(words)
      if arguments.isOn("help") { return Console.write(GitleaksCommand.help) }
      try GitleaksRun(self, arguments).run()
    } catch let error as GitleaksFlagError {
      Console.complain(error.reason, hint: "keywright \(rawValue) --help lists the flags")
      throw ChosenStatus(code: GitleaksCommand.badFlag)
    } catch let failure as Failure {
      Console.complain(failure.message, hint: failure.hint)
      throw ChosenStatus(code: GitleaksCommand.failed)
    }
  }
}

struct GitleaksGitCommand: ParsableCommand {
  static let configuration = GitleaksCommand.configuration(.git)
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
  func run() throws { try GitleaksCommand.git.run(arguments) }
}

struct GitleaksDirCommand: ParsableCommand {
  static let configuration = GitleaksCommand.configuration(.dir)
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
  func run() throws { try GitleaksCommand.dir.run(arguments) }
}

struct GitleaksStdinCommand: ParsableCommand {
  static let configuration = GitleaksCommand.configuration(.stdin)
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
  func run() throws { try GitleaksCommand.stdin.run(arguments) }
}

struct GitleaksDetectCommand: ParsableCommand {
  static let configuration = GitleaksCommand.configuration(.detect)
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
  func run() throws { try GitleaksCommand.detect.run(arguments) }
}

struct GitleaksProtectCommand: ParsableCommand {
  static let configuration = GitleaksCommand.configuration(.protect)
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
  func run() throws { try GitleaksCommand.protect.run(arguments) }
}

/// One run of a gitleaks command.
private struct GitleaksRun {
  let command: GitleaksCommand
  let arguments: GitleaksArguments
  let target: String
  let configuration: GitleaksConfiguration
  let filter: AllowlistFilter
  let environment = GitEnvironment(Surroundings.all)

  init(_ command: GitleaksCommand, _ arguments: GitleaksArguments) throws {
    self.command = command
    self.arguments = arguments
    let isStream = command == .stdin || arguments.isOn("pipe")
    target = isStream ? "-" : arguments.paths.first ?? arguments["source"] ?? "."
    configuration = try GitleaksFiles.configuration(arguments, target: target)
    do { filter = try AllowlistFilter(configuration) } catch {
      throw GitleaksFiles.failure(error)
    }
    for note in configuration.notes { Console.note("\(note)") }
    for remark in arguments.remarks { Console.note(remark) }
  }

  func run() throws {
    let status = try arguments.number("exit-code", in: 0...255) ?? 1
    let hasHistory = target != "-" && command != .dir && !arguments.isOn("no-git")
    let output = try GitleaksOutput(arguments, target: hasHistory ? target : nil)
    let decodings = try arguments.number("max-decode-depth", in: 0...1_000)
    var options = ScanOptions()
    options.honoursComments = !arguments.isOn("ignore-gitleaks-allow")
    if let depth = try arguments.number("max-archive-depth", in: 0...1_000) { options.opensArchives = depth > 0 }
    if let limit = try arguments.number("max-target-megabytes", in: 0...1_000_000), limit > 0 {
      options.maximumBlobBytes = limit * 1_000_000
    }
    let ignored = try GitleaksFiles.ignored(arguments, target: target)
    for note in ignored.notes { Console.note("\(note)") }
    let stream = target == "-" ? StandardInput.readAll(maximumBytes: options.maximumBlobBytes) : []
    guard let stream else { throw Failure("standard input is too long or can't be read") }
    var report = try scan(options, stream)
    let reader = OccurrenceReader(
      target: target, rules: configuration.rules, environment: environment, stream: target == "-" ? stream : nil)
    report.findings.removeAll { $0.confidence < .context }
    // What nothing reaches, or the index alone, gitleaks does not see in a history.
    for index in report.findings.indices {
      report.findings[index].occurrences.removeAll { place in
        place.reachability?.isReached == false || place.reachability == .index || place.place == .fileName
          || place.place == .refName
          || decodings.map { place.decoders.count > $0 } ?? false
      }
    }
    report.findings.removeAll { $0.occurrences.isEmpty }
    filter.apply(to: &report, reader)
    ignored.apply(to: &report, rules: configuration.rules, reader)
    report.findings.removeAll { !$0.isOpen }
    try output.write(report, configuration, reader, arguments)
    try end(report, status)
  }

  /// What gitleaks says at its end, and its exit codes: what could not be read counts as an error there, too; what a shallow
  /// clone lacks, or lies elsewhere, does not.
  private func end(_ report: ScanReport, _ status: Int) throws {
    for omission in report.omissions { say(.warning, "not scanned: \(omission)") }
    let leaks = report.findings.reduce(0) { $0 + $1.occurrences.count }
    let damaged: [SkipReason] = [.missing, .corrupt, .unreadable]
    let isPartial = damaged.contains { report.coverage.skipCounts[$0, default: 0] > 0 }
    let place = isPartial ? " in a partial scan" : ""
    say(leaks == 0 ? .information : .warning, leaks == 0 ? "no leaks found\(place)" : "leaks found\(place): \(leaks)")
    if isPartial { throw ChosenStatus(code: GitleaksCommand.failed) }
    if leaks > 0 && status != 0 { throw ChosenStatus(code: Int32(status)) }
  }

  private enum Level { case information, warning }

  /// A line for people, unless --log-level is above it.
  private func say(_ level: Level, _ text: String) {
    let chosen = (arguments["log-level"] ?? "info").lowercased()
    if ["error", "fatal", "err", "panic"].contains(chosen) { return }
    if level == .information, ["warn", "warning"].contains(chosen) { return }
    Console.note(text)
  }

  private func scan(_ options: ScanOptions, _ stream: [UInt8]) throws -> ScanReport {
    var options = options
    let progress = ProgressLine()
    if let progress { options.progress = { progress.show($0) } }
    defer { progress?.clear() }
    let program = MatcherProgram(configuration.rules)
    let files = filter.pathRules
    do {
      if target == "-" { return try Scanner.stream(name: "", bytes: stream, program: program, options: options) }
      var report: ScanReport
      if command == .dir || arguments.isOn("no-git") {
        report = try Scanner.directory(target, program: program, options: options)
        PathFindings.add(files, directory: target, to: &report, options: options)
      } else if arguments.isOn("staged") || arguments.isOn("pre-commit") || command == .protect {
        if !arguments.isOn("staged") { Console.note("changes that are not staged are not scanned; what is staged is") }
        report = try Scanner.staged(target, environment: environment, program: program, options: options)
        PathFindings.add(files, stagedIn: target, environment: environment, to: &report, options: options)
      } else {
        let range = arguments.logRange({ Console.note($0) })
        report =
          if let range {
            try Scanner.range(target, range, environment: environment, program: program, options: options)
          } else {
            try Scanner.history(target, program: program, options: options)
          }
        PathFindings.add(
          files, commits: range, in: target, environment: environment, to: &report, options: options)
      }
      return report
    } catch {
      throw Failure(.usage, error.reason, hint: error.hint)
    }
  }
}
