// keywright scan: a repository's history, a directory, or standard input.

internal import ArgumentParser
internal import BuiltinRules
internal import Matching
internal import Model
internal import Posix
internal import Report
internal import RuleBook
internal import Scanning

enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
}

struct ScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Find keys in a repository's whole history, in a directory, or in standard input.",
    discussion: """
      Reads every blob, commit and tag message in the object database, each once: what branches, tags, other refs,
      stash and reflogs reach, and what nothing reaches any more. No network, and nothing is written to the repository.
      Values are redacted unless --show-secrets is given.

      Exit status: 0 nothing found (or only in objects that nothing reaches), 1 findings, 3 something that was asked for
      could not be read.
      """)

  @Argument(help: ArgumentHelp("The repository (default: the current directory).", valueName: "path"))
  var path: String?

  @Option(help: ArgumentHelp("Scan the files below a directory as they are, without git.", valueName: "path"))
  var dir: String?

  @Flag(help: "Scan standard input.")
  var stdin = false

  @Option(help: "text or json (default: text).")
  var format: ReportFormat?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write the report there (mode 0600) instead of to stdout.", valueName: "file"))
  var output: String?

  @Flag(help: "Put the values into the report. Whoever reads it then holds the keys.")
  var showSecrets = false

  @Option(help: ArgumentHelp("Skip content larger than this many bytes.", valueName: "bytes"))
  var maxBytes = 64 << 20

  @Option(help: ArgumentHelp("Worker threads (default: one a processor).", valueName: "n"))
  var threads: Int?

  @Option(help: ArgumentHelp("The exit status when there are findings.", valueName: "n"))
  var exitCode: Int32 = ExitStatus.findings.rawValue

  @Flag(help: "Do not exit with 3 when something could not be read.")
  var allowIncomplete = false

  @Option(help: ArgumentHelp("Leave out findings below this confidence.", valueName: "level"))
  var minConfidence: ConfidenceLevel = .context

  func validate() throws {
    guard [path != nil, dir != nil, stdin].count(where: { $0 }) <= 1 else {
      throw ValidationError("give one of PATH, --dir and --stdin")
    }
    guard maxBytes > 0 else { throw ValidationError("--max-bytes must be above 0") }
    guard threads.map({ (1...1_024).contains($0) }) ?? true else {
      throw ValidationError("--threads must be 1 to 1024")
    }
    guard (0...255).contains(exitCode) else { throw ValidationError("--exit-code must be 0 to 255") }
  }

  func run() throws {
    var report = try scan()
    report.findings.removeAll { $0.confidence < minConfidence.confidence }
    try ReportFile.write(report, format: format, output: output, showSecrets: showSecrets)
    Console.note(report.summary)
    for omission in report.omissions { Console.note("not scanned: \(omission)") }
    if report.coverage.isIncomplete && !allowIncomplete { throw ExitStatus.incomplete }
    // What nothing reaches is told, but no push or clone would hand it on.
    let isReached = report.findings.contains { $0.occurrences.contains { $0.reachability != .dangling } }
    if isReached { throw ChosenStatus(code: exitCode) }
  }

  private func scan() throws -> ScanReport {
    let program = MatcherProgram(BuiltinRules.ruleBook.rules)
    var options = ScanOptions()
    options.maximumBlobBytes = maxBytes
    if let threads { options.threads = threads }
    let progress = ProgressLine()
    if let progress { options.progress = { progress.show($0) } }
    defer { progress?.clear() }
    do {
      if stdin {
        guard let bytes = StandardInput.readAll(maximumBytes: maxBytes) else {
          throw Failure(
            .incomplete, "standard input is longer than \(maxBytes) bytes or can't be read", hint: "raise --max-bytes")
        }
        return try Scanner.stream(name: "-", bytes: bytes, program: program, options: options)
      }
      if let dir { return try Scanner.directory(dir, program: program, options: options) }
      return try Scanner.history(path ?? ".", program: program, options: options)
    } catch let error as ScanError {
      throw Failure(.usage, error.reason, hint: error.hint)
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
