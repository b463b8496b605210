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
      Values are redacted unless --show-secrets is given. In a repository that is not yours, --no-repository-config counts
      what its own files and comments would excuse.

      Examples: keywright scan; keywright scan --staged; keywright scan --range main..HEAD --format sarif;
      keywright scan --output scan.json, and then keywright verify scan.json

      Exit status: 0 nothing found (or only in objects that nothing reaches), 1 findings, 3 something that was asked for
      could not be read.
      """)

  static let defaultMaximumBytes = 64 << 20

  @Argument(
    help: ArgumentHelp("The repository (default: the current directory).", valueName: "path"), completion: .directory)
  var path: String?

  @Option(
    help: ArgumentHelp("Scan the files below a directory as they are, without git.", valueName: "path"),
    completion: .directory)
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
      valueName: "file"), completion: .file())
  var known: [String] = []

  @Flag(
    help: ArgumentHelp(
      "Look for the values that the ledger holds now: the old and the new key of every open rotation.",
      discussion: "They stay in memory. May be given beside --known."))
  var knownLedger = false

  @OptionGroup var state: StateOptions

  @Flag(help: "With --staged and --range: report the whole of each changed file, not only the lines that are added.")
  var wholeFiles = false

  @Option(
    name: [.short, .long],
    help: "How to write the report (default: by the ending of --output, as configured, else text).")
  var format: ReportFormat?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write the report there (mode 0600) instead of to stdout.", valueName: "file"),
    completion: .file())
  var output: String?

  @Flag(help: "Put the values into the report. Whoever reads it then holds the keys.")
  var showSecrets = false

  @Option(
    help: ArgumentHelp(
      "Skip content larger than this many bytes (default: \(ScanCommand.defaultMaximumBytes)).", valueName: "bytes"))
  var maxBytes: Int?

  @Option(help: ArgumentHelp("Worker threads (default: one a processor).", valueName: "n"))
  var threads: Int?

  @Flag(help: "Say on stderr what the scan of a history cost: time, bytes and memory of each stage.")
  var stats = false

  @Flag(help: "Match every version of a file as a whole, not only what is new in it. Finds the same, more slowly.")
  var fullScan = false

  @Flag(
    help: ArgumentHelp(
      "Open archives and compressed files (zip, tar, gzip, zlib), also within each other, and scan what lies in them."))
  var archives = false

  @Flag(help: "Read the whole history again: neither use nor write what the last scan learnt of it.")
  var noCache = false

  @Flag(help: "Scan the submodules' own repositories, too, as far as they have been fetched.")
  var submodules = false

  @Option(help: ArgumentHelp("The exit status when there are findings.", valueName: "n"))
  var exitCode: Int32 = ExitStatus.findings.rawValue

  @Flag(help: "Do not exit with 3 when something could not be read.")
  var allowIncomplete = false

  @Option(
    help: ArgumentHelp(
      "Leave out what lies only at paths like this (as in .gitignore: *, ?, **; a name alone means any directory).",
      discussion: "May be given several times. What also lies at another path is reported there.",
      valueName: "pattern"))
  var exclude: [ExcludedPath] = []

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
    guard !submodules || !(staged || range != nil || dir != nil || stdin) else {
      throw ValidationError("--submodules goes with the scan of a history")
    }
    guard maxBytes.map({ $0 > 0 }) ?? true else { throw ValidationError("--max-bytes must be above 0") }
    guard threads.map({ (1...1_024).contains($0) }) ?? true else {
      throw ValidationError("--threads must be 1 to 1024")
    }
    guard (0...255).contains(exitCode) else { throw ValidationError("--exit-code must be 0 to 255") }
  }

  func run() throws {
    let began = SystemClock().now() / 1_000
    let target = dir ?? path ?? "."
    var judging = try judgement.judgement(for: stdin ? nil : target, environment: environment)
    judging.excluded = ExcludedPaths(globs: exclude.map(\.glob))
    let foreign = try ForeignFiles.load(
      for: stdin ? nil : target, isDirectory: dir != nil, environment: environment,
      hearsRepository: judging.hearsRepository)
    let rules = try ruleChoice.chosen(foreign)
    var report = try scan(judging, rules, isCached: foreign.isEmpty)
    judging.judge(&report)
    foreign.apply(to: &report, rules, stdin ? "-" : target, environment)
    let chosen = format ?? output.flatMap { ReportFormat(fileName: $0) } ?? judging.settings.format
    try ReportFile.write(report, format: chosen, output: output, showSecrets: showSecrets, since: began)
    Console.note(report.summary)
    for omission in report.omissions { Console.note("not scanned: \(omission)") }
    if report.coverage.isIncomplete && !allowIncomplete { throw ExitStatus.incomplete }
    if report.fails { throw ChosenStatus(code: exitCode) }
  }

  /// What git's variables say counts where git's own view is asked for: the index, and revisions.
  private var environment: GitEnvironment {
    staged || range != nil ? GitEnvironment(Surroundings.all) : GitEnvironment()
  }

  private func knownValues() throws -> KnownValues {
    let held = knownLedger ? try LedgerValues.held(state) : []
    do {
      let files = try KnownFiles(known, held: held)
      for omission in files.omissions {
        Console.note("not looked for: \(omission.key) in \(omission.file) is \(omission.reason)")
      }
      return files.values
    } catch {
      throw Failure(.usage, error.reason, hint: error.hint)
    }
  }

  private func scan(_ judging: Judgement, _ rules: [Rule]?, isCached: Bool) throws -> ScanReport {
    var options = ScanOptions()
    if let limit = maxBytes ?? judging.settings.number(.maxBytes) { options.maximumBlobBytes = limit }
    options.fingerprintKey = judging.baseline?.key
    options.honoursComments = judging.honoursComments
    if let threads = threads ?? judging.settings.number(.threads) { options.threads = threads }
    if !known.isEmpty || knownLedger { options.known = try knownValues() }
    options.isFull = fullScan
    options.opensArchives = archives
    options.includesSubmodules = submodules
    if stats { options.statistics = { for line in StatisticsText.lines($0) { Console.note(line) } } }
    let limit = options.maximumBlobBytes
    return try Scans.run(options, rules: rules) { program, options in
      if stdin {
        guard let bytes = StandardInput.readAll(maximumBytes: limit) else {
          throw Failure(
            .incomplete, "standard input is longer than \(limit) bytes or can't be read", hint: "raise --max-bytes")
        }
        return try Scanner.stream(name: "-", bytes: bytes, program: program, options: options)
      }
      if let dir { return try Scanner.directory(dir, program: program, options: options) }
      if staged {
        return try Scanner.staged(
          path ?? ".", environment: environment, program: program, options: options, wholeFiles: wholeFiles)
      }
      if let range = range.flatMap({ CommitRange($0) }) {
        return try Scanner.range(
          path ?? ".", range, environment: environment, program: program, options: options, wholeFiles: wholeFiles)
      }
      return try history(program, options, judging.settings, isCached: isCached)
    }
  }

  /// The whole history, or what the last scan said of it if nothing has changed since.
  private func history(
    _ program: MatcherProgram, _ options: ScanOptions, _ settings: Settings, isCached: Bool
  ) throws -> ScanReport {
    let target = path ?? "."
    // A scan that is to be measured, or to prove something, reads everything.
    guard !noCache && settings.flag(.cache) && !stats && !fullScan && known.isEmpty && !knownLedger else {
      return try Scanner.history(target, program: program, options: options)
    }
    var options = options
    options.objectCache = ScanCache.objects(of: target)
    options.notice = { Console.note($0) }
    // A report with values is never kept, nor one of more than this repository.
    // What is judged by what stands round values has to read them.
    let cache = showSecrets || submodules || !isCached ? nil : ScanCache(target, program, options)
    if let report = cache?.load() { return report }
    let report = try Scanner.history(target, program: program, options: options)
    cache?.store(report)
    return report
  }
}

extension ScanReport {
  /// Whether something open is reached: what nothing reaches is told, but no push or clone would hand it on.
  var fails: Bool {
    findings.contains { finding in finding.isOpen && finding.occurrences.contains { $0.reachability?.isReached ?? true }
    }
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
