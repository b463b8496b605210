// keywright report: another form of a report, or what changed between two.

internal import ArgumentParser
internal import Model
internal import Report

/// What a report is written as: one of the formats, or the values for `git filter-repo`.
enum ReportForm: ExpressibleByArgument {
  case report(ReportFormat)
  case replacements

  static let replacementsName = "filter-repo"

  init?(argument: String) {
    if argument == ReportForm.replacementsName {
      self = .replacements
    } else if let format = ReportFormat(argument: argument) {
      self = .report(format)
    } else {
      return nil
    }
  }

  static var allValueStrings: [String] { ReportFormat.allCases.map(\.rawValue) + [replacementsName] }

  var format: ReportFormat? { if case .report(let format) = self { format } else { nil } }
}

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a report in another format, merge several, compare two, or make a git filter-repo file.",
    discussion: """
      With one report: writes it in the format that --format or the ending of --output names.
      With two: lists what the second has that the first had not, the reverse, and what became of the rest; exit status 1 if
      there is anything new. With --merge: joins the parts of a scan that was split.

      Reports of gitleaks, betterleaks, TruffleHog (JSON), Kingfisher and detect-secrets (its baseline) are taken as well,
      known by what they hold: each finding is looked for in the repository, and is from then on one of keywright's.

      --format filter-repo (or --replacements FILE) writes the VALUES of the open findings, read again from the repository,
      for `git filter-repo --replace-text`.
      """)

  @Argument(help: ArgumentHelp("Reports of scan or verify, or of other scanners.", valueName: "report"))
  var reports: [String]

  @Option(name: [.short, .long], help: "The format (default: by the ending of --output, else text).")
  var format: ReportForm?

  @Option(
    name: [.short, .long], help: ArgumentHelp("Write there (mode 0600) instead of to stdout.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Write the VALUES there (mode 0600), for git filter-repo. Whoever reads it holds the keys.", valueName: "file"))
  var replacements: String?

  @Option(
    help: ArgumentHelp(
      "The repository that the report is about (default: the one it names, or the current directory).",
      valueName: "path"))
  var repository: String?

  @Flag(help: "Join the reports into one.") var merge = false
  @Flag(help: "Compare two reports (as two without --merge are).") var compare = false

  private var wantsReplacements: Bool {
    if case .replacements = format { return true }
    return replacements != nil
  }

  func validate() throws {
    guard !(merge && compare) else { throw ValidationError("give one of --merge and --compare") }
    if compare, reports.count != 2 { throw ValidationError("--compare wants two reports") }
    if !merge, reports.count > 2 { throw ValidationError("more than two reports want --merge") }
    if wantsReplacements {
      guard !compare, merge || reports.count == 1 else { throw ValidationError("the values of one report are written") }
      // They are for a file alone, never for a terminal or a log.
      guard replacements != nil || output != nil else {
        throw ValidationError("--format filter-repo wants --output FILE: it holds values")
      }
    }
  }

  func run() throws {
    let read = try reports.map { try ReportFile.read($0, repository: repository) }
    guard let first = read.first else { return }
    guard read.allSatisfy({ $0.fingerprintKey == first.fingerprintKey }) else {
      throw Failure(
        .usage, "the reports were made with different fingerprint keys",
        hint: "scan with the same --baseline, or the same repository")
    }
    if !merge, read.count == 2 { return try compare(first, read[1]) }
    var joined = ScanReport.merged(read) ?? first
    if wantsReplacements {
      ReportFile.recoverValues(&joined, from: repository)
      let isIncomplete = try Replacements.write(joined, from: repository, to: replacements ?? output ?? "")
      if isIncomplete { throw ExitStatus.incomplete }
      return
    }
    try ReportFile.write(joined, format: format?.format, output: output, showSecrets: false)
    Console.note(joined.summary)
  }

  private func compare(_ old: ScanReport, _ new: ScanReport) throws {
    let comparison = ReportComparison(old, new)
    var fresh = new
    fresh.findings = comparison.new
    switch format?.format ?? output.flatMap({ ReportFormat(fileName: $0) }) ?? .text {
    case .text:
      let text = comparison.text(colour: output == nil && Console.colour)
      try ReportFile.write(Array(text.utf8), to: output)
    case .json: try ReportFile.write(comparison.json(version: programVersion), to: output)
    case let other: try ReportFile.write(fresh, format: other, output: output, showSecrets: false)
    }
    Console.note(comparison.summary)
    if fresh.fails { throw ExitStatus.findings }
  }
}

extension ScanReport {
  /// One report over what all of them covered: the same value is one finding, with the places of each. Nil for none.
  static func merged(_ reports: [ScanReport]) -> ScanReport? {
    guard var joined = reports.first else { return nil }
    var numbers: [String: Int] = [:]
    // Only of findings that several reports have: most have one.
    var places: [Int: Set<Occurrence>] = [:]
    var findings: [Finding] = []
    for finding in reports.lazy.flatMap(\.findings) {
      guard let known = numbers[finding.fingerprint] else {
        numbers[finding.fingerprint] = findings.count
        findings.append(finding)
        continue
      }
      var seen = places.removeValue(forKey: known) ?? Set(findings[known].occurrences)
      findings[known].occurrences += finding.occurrences.filter { seen.insert($0).inserted }
      places[known] = seen
      findings[known].verification = findings[known].verification ?? finding.verification
      findings[known].suppression = findings[known].suppression ?? finding.suppression
    }
    joined.findings = findings.sorted { ($0.rule, $0.fingerprint) < ($1.rule, $1.fingerprint) }
    for other in reports.dropFirst() { joined.coverage.merge(other.coverage) }
    joined.coverage.sort()
    return joined
  }
}
