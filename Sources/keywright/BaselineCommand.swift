// keywright baseline: the findings that a team knows of and has judged.

internal import ArgumentParser
internal import Model
internal import Posix
internal import Report
internal import Scanning
internal import Secrets

struct BaselineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline",
    abstract: "Keep the findings that are known and judged, so that only new ones fail.",
    discussion: """
      The baseline is a text file made for merging: one finding a line, sorted, with a reason, an owner and a last day.
      An entry follows the value's keyed fingerprint, so rebase, squash, rename and moved lines leave it be.
      """,
    subcommands: [Create.self, Update.self, BaselineAllowCommand.self, Check.self])

  /// The report to work on: one that is given, or a scan of the repository made now with the baseline's key.
  struct Source: ParsableArguments {
    @Argument(help: ArgumentHelp("The repository (default: the current directory).", valueName: "path"))
    var path: String?

    @Option(
      name: [.customShort("b"), .long],
      help: ArgumentHelp("The baseline (default: \(Baseline.fileName) at the top).", valueName: "file"))
    var baseline: String?

    @Option(
      help: ArgumentHelp(
        "Leave out findings below this confidence (default: as configured, else context).", valueName: "level"))
    var minConfidence: ConfidenceLevel?

    func file() throws -> String {
      if let baseline { return baseline }
      guard let usual = BaselineFile.usualPath(for: path ?? ".") else {
        throw Failure(.usage, "a bare repository has no place for a baseline", hint: "name one with --baseline FILE")
      }
      return usual
    }

    @Option(
      help: ArgumentHelp(
        "Take the findings of this report, keywright's or another scanner's, instead of scanning.", valueName: "report")
    )
    var report: String?

    func findings(_ baseline: Baseline) throws -> ScanReport {
      var found: ScanReport
      if let report {
        found = try ReportFile.read(report, repository: path)
        ReportFile.rekey(&found, with: baseline.key, from: path)
      } else {
        found = try Scans.history(path ?? ".", key: baseline.key)
      }
      let least = try Settings.load(for: path ?? ".").confidence(minConfidence)
      found.findings.removeAll { $0.confidence < least }
      return found
    }
  }

  /// The words that go with new entries.
  struct Words: ParsableArguments {
    @Option(help: "Why these findings need no action.") var reason: String?
    @Option(help: "Who answers for it.") var owner: String?
    @Option(help: ArgumentHelp("The last day on which the entries hold.", valueName: "YYYY-MM-DD")) var expires: String?

    func validate() throws {
      guard expires.map(Baseline.isDay) ?? true else {
        throw ValidationError("--expires wants a day such as 2027-01-31")
      }
    }
  }

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Scan the history and write a baseline of what is there now.")
    @OptionGroup var source: Source
    @OptionGroup var words: Words
    @Flag(help: "Replace a baseline that is there.") var force = false

    func run() throws {
      let file = try source.file()
      guard force || !Files.exists(file) else {
        throw Failure(
          .usage, "\(file) is there already", hint: "keywright baseline update adds to it; --force replaces it")
      }
      var baseline = Baseline()
      let report = try source.findings(baseline)
      let count = baseline.add(
        report.findings.filter(\.isOpen), reason: words.reason, owner: words.owner, expires: words.expires)
      try BaselineCommand.write(baseline, to: file)
      Console.note("\(count) findings written to \(file)")
      Console.complain(
        "commit it",
        hint: "so that two branches can add entries at once, add to .gitattributes: \(Baseline.fileName) merge=union")
      if report.coverage.isIncomplete { throw ExitStatus.incomplete }
    }
  }

  struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add what is new, keep the words of what is known; with --prune drop what matches nothing any more.")
    @OptionGroup var source: Source
    @OptionGroup var words: Words
    @Flag(help: "Drop entries that match nothing.") var prune = false

    func run() throws {
      let file = try source.file()
      var baseline = try BaselineFile.read(file)
      var report = try source.findings(baseline)
      let use = baseline.apply(to: &report, today: BaselineCommand.today)
      let count = baseline.add(
        report.findings.filter(\.isOpen), reason: words.reason, owner: words.owner, expires: words.expires)
      if prune {
        guard !report.coverage.isIncomplete else {
          throw Failure(.incomplete, "the scan is incomplete, so nothing is dropped", hint: "see: keywright scan")
        }
        baseline.remove(use.unused)
      }
      try BaselineCommand.write(baseline, to: file)
      Console.note(
        "\(count) added\(prune ? ", \(use.unused.count) dropped" : ""); \(baseline.entries.count) entries in \(file)")
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Report entries that match nothing, have expired, or hide a live key.",
      discussion: """
        Whether a key is live is known from a report of keywright verify (--report), or asked of the providers (--verify,
        which uses the network as keywright verify does).
        """)
    @OptionGroup var source: Source
    @Flag(help: "Ask the providers which keys that the baseline hides are live (uses the network).") var verify = false
    @OptionGroup var configured: ConfigurationOptions

    func run() throws {
      let file = try source.file()
      let baseline = try BaselineFile.read(file)
      var scanned = try source.findings(baseline)
      if verify { try ask(&scanned, baseline) }
      let use = baseline.apply(to: &scanned, today: BaselineCommand.today)
      for (what, entries) in [
        ("matches nothing", use.unused), ("has expired", use.expired), ("hides a LIVE key", use.hidingLive),
      ] {
        for entry in entries {
          Console.write("\(what): \(entry.fingerprint) \(entry.rule) \(printable(entry.reason ?? ""))\n")
        }
      }
      Console.note("\(baseline.entries.count) entries, \(use.suppressed) in use")
      if !use.isClean { throw ExitStatus.findings }
      if scanned.coverage.isIncomplete { throw ExitStatus.incomplete }
    }

    /// Asks about what the baseline hides, and about nothing else.
    private func ask(_ report: inout ScanReport, _ baseline: Baseline) throws {
      ReportFile.recoverValues(&report, from: source.path, key: baseline.key)
      let verifier = FindingVerifier(endpoints: try configured.endpoints(), findings: report.findings)
      let hidden = Set(baseline.entries.map(\.fingerprint))
      for index in report.findings.indices where hidden.contains(report.findings[index].fingerprint) {
        report.findings[index].verification = verifier.verify(report.findings[index])
      }
    }
  }

  static var today: String { Timestamp.day(SystemClock().now() / 1_000) }

  static func write(_ baseline: Baseline, to file: String) throws {
    // The file lies in a repository that may be anybody's: a link would let it choose what is overwritten.
    if let status = try? Files.status(file, followsLinks: false), status.kind != .regular {
      throw Failure(.usage, "\(file) is no regular file", hint: "remove it, or name another with --baseline")
    }
    do { try Files.replaceAtomically(file, baseline.render(), mode: 0o644) } catch {
      throw Failure("the baseline was not written: \(error)")
    }
  }
}
