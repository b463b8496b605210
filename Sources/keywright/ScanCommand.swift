// keywright scan: a repository's history, a directory, or standard input.

internal import ArgumentParser
internal import BuiltinRules
internal import Git
internal import Matching
internal import Model
internal import Posix
internal import Report
internal import RuleBook
internal import Scanning

struct ScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Find keys in a repository's whole history, in what a commit adds, in a directory, or in standard input.",
    discussion: """
      Reads every blob, commit and tag message in the object database, each once: what branches, tags, other refs,
      stash and reflogs reach, and what nothing reaches any more. --staged looks at what `git commit` would add, --range at
      what the commits of a range add, --known for the values of a file. No network, and nothing is written to the repository.
      Values are redacted unless --show-secrets is given.

      Exit status: 0 nothing found (or only in objects that nothing reaches), 1 findings, 3 something that was asked for
      could not be read.
      """)

  static let defaultMaximumBytes = 64 << 20

  @Argument(help: ArgumentHelp("The repository (default: the current directory).", valueName: "path"))
  var path: String?

  @Option(help: ArgumentHelp("Scan the files below a directory as they are, without git.", valueName: "path"))
  var dir: String?

  @Flag(help: "Scan standard input.")
  var stdin = false

  @Flag(help: "Scan what is staged: what a commit made now would add.")
  var staged = false

  @Option(
    help: ArgumentHelp(
      "Scan what these commits add, such as main..HEAD; a single revision stands for itself.", valueName: "a..b"))
  var range: String?

  @Option(
    help: ArgumentHelp(
      "Look for the very values that a file of settings (.env, YAML, JSON, ...) holds now, in any encoding.",
      discussion: "May be given several times. Values too short or too common to say anything are left out, and named.",
      valueName: "file"))
  var known: [String] = []

  @Flag(help: "With --staged and --range: report the whole of each changed file, not only the lines that are added.")
  var wholeFiles = false

  @Option(name: [.short, .long], help: "How to write the report (default: by the ending of --output, else text).")
  var format: ReportFormat?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write the report there (mode 0600) instead of to stdout.", valueName: "file"))
  var output: String?

  @Flag(help: "Put the values into the report. Whoever reads it then holds the keys.")
  var showSecrets = false

  @Option(help: ArgumentHelp("Skip content larger than this many bytes.", valueName: "bytes"))
  var maxBytes = ScanCommand.defaultMaximumBytes

  @Option(help: ArgumentHelp("Worker threads (default: one a processor).", valueName: "n"))
  var threads: Int?

  @Flag(help: "Say on stderr what the scan of a history cost: time, bytes and memory of each stage.")
  var stats = false

  @Flag(help: "Match every version of a file as a whole, not only what is new in it. Finds the same, more slowly.")
  var fullScan = false

  @Flag(help: "Do not use, or write, the report of the last scan of an unchanged history.")
  var noCache = false

  @Option(help: ArgumentHelp("The exit status when there are findings.", valueName: "n"))
  var exitCode: Int32 = ExitStatus.findings.rawValue

  @Flag(help: "Do not exit with 3 when something could not be read.")
  var allowIncomplete = false

  @OptionGroup var ruleChoice: RuleOptions
  @OptionGroup var judgement: JudgementOptions

  func validate() throws {
    guard [path != nil || staged || range != nil, dir != nil, stdin].count(where: { $0 }) <= 1,
      !(staged && range != nil)
    else {
      throw ValidationError("give one of PATH (with --staged or --range, or without), --dir and --stdin")
    }
    guard !wholeFiles || staged || range != nil else {
      throw ValidationError("--whole-files goes with --staged or --range")
    }
    guard range.map({ CommitRange($0) != nil }) ?? true else {
      throw ValidationError("--range wants A..B or a revision")
    }
    guard maxBytes > 0 else { throw ValidationError("--max-bytes must be above 0") }
    guard threads.map({ (1...1_024).contains($0) }) ?? true else {
      throw ValidationError("--threads must be 1 to 1024")
    }
    guard (0...255).contains(exitCode) else { throw ValidationError("--exit-code must be 0 to 255") }
  }

  func run() throws {
    let began = SystemClock().now() / 1_000
    let baseline = try stdin ? nil : judgement.loadBaseline(for: dir ?? path ?? ".")
    let environment = GitEnvironment(Surroundings.all)
    let foreign = try ForeignFiles.load(
      for: stdin ? nil : dir ?? path ?? ".", isDirectory: dir != nil, environment: environment)
    let rules = try ruleChoice.chosen(foreign)
    var report = try scan(baseline, rules, isCached: foreign.isEmpty)
    judgement.judge(&report, baseline)
    foreign.apply(to: &report, rules, stdin ? "-" : dir ?? path ?? ".", environment)
    try ReportFile.write(report, format: format, output: output, showSecrets: showSecrets, since: began)
    Console.note(report.summary)
    for omission in report.omissions { Console.note("not scanned: \(omission)") }
    if report.coverage.isIncomplete && !allowIncomplete { throw ExitStatus.incomplete }
    if report.fails { throw ChosenStatus(code: exitCode) }
  }

  private func knownValues() throws -> KnownValues {
    do {
      let files = try KnownFiles(known)
      for omission in files.omissions {
        Console.note("not looked for: \(omission.key) in \(omission.file) is \(omission.reason)")
      }
      return files.values
    } catch {
      throw Failure(.usage, error.reason, hint: error.hint)
    }
  }

  private func scan(_ baseline: Baseline?, _ rules: [Rule]?, isCached: Bool) throws -> ScanReport {
    var options = ScanOptions()
    options.maximumBlobBytes = maxBytes
    options.fingerprintKey = baseline?.key
    options.honoursComments = !judgement.ignoreAllowComments
    if let threads { options.threads = threads }
    if !known.isEmpty { options.known = try knownValues() }
    options.isFull = fullScan
    if stats { options.statistics = { for line in StatisticsText.lines($0) { Console.note(line) } } }
    return try Scans.run(options, rules: rules) { program, options in
      if stdin {
        guard let bytes = StandardInput.readAll(maximumBytes: maxBytes) else {
          throw Failure(
            .incomplete, "standard input is longer than \(maxBytes) bytes or can't be read", hint: "raise --max-bytes")
        }
        return try Scanner.stream(name: "-", bytes: bytes, program: program, options: options)
      }
      if let dir { return try Scanner.directory(dir, program: program, options: options) }
      let environment = GitEnvironment(Surroundings.all)
      if staged {
        return try Scanner.staged(
          path ?? ".", environment: environment, program: program, options: options, wholeFiles: wholeFiles)
      }
      if let range = range.flatMap({ CommitRange($0) }) {
        return try Scanner.range(
          path ?? ".", range, environment: environment, program: program, options: options, wholeFiles: wholeFiles)
      }
      return try history(program, options, isCached: isCached)
    }
  }

  /// The whole history, or what the last scan said of it if nothing has changed since.
  private func history(_ program: MatcherProgram, _ options: ScanOptions, isCached: Bool) throws -> ScanReport {
    let target = path ?? "."
    // What shows values, is to be measured, or judged by what stands round values, has to read them.
    let isCached = isCached && !noCache && !showSecrets && !stats && !fullScan && known.isEmpty
    let cache = isCached ? ScanCache(target, program, options) : nil
    if let report = cache?.load() { return report }
    let report = try Scanner.history(target, program: program, options: options)
    cache?.store(report)
    return report
  }
}

extension ScanReport {
  /// Whether something open is reached: what nothing reaches is told, but no push or clone would hand it on.
  var fails: Bool {
    findings.contains { finding in finding.isOpen && finding.occurrences.contains { $0.reachability != .dangling } }
  }
}

/// Confidences as the command line names them.
enum ConfidenceLevel: String, ExpressibleByArgument, CaseIterable {
  case guess
  case context
  case structure
  case checksum

  var confidence: Confidence { Confidence(rawValue: rawValue) ?? .guess }
}
