// keywright report: another form of a JSON report, or what changed between two.

internal import ArgumentParser
internal import Model
internal import Report

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a JSON report in another format, merge several, or compare two.",
    discussion: """
      With one report: writes it in the format that --format or the ending of --output names.
      With several and --merge: joins the parts of a scan that was split.
      With two and --compare: lists what the second has that the first had not, and the reverse; exit status 1 if
      there is anything new.
      """)

  @Argument(help: ArgumentHelp("JSON reports of scan or verify.", valueName: "report"))
  var reports: [String]

  @Option(name: [.short, .long], help: "The format (default: by the ending of --output, else text).")
  var format: ReportFormat?

  @Option(
    name: [.short, .long], help: ArgumentHelp("Write there (mode 0600) instead of to stdout.", valueName: "file"))
  var output: String?

  @Flag(help: "Join the reports into one.") var merge = false
  @Flag(help: "Compare two reports.") var compare = false

  func validate() throws {
    guard !(merge && compare) else { throw ValidationError("give one of --merge and --compare") }
    if compare, reports.count != 2 { throw ValidationError("--compare wants two reports") }
    if !merge, !compare, reports.count != 1 { throw ValidationError("several reports want --merge or --compare") }
  }

  func run() throws {
    let read = try reports.map { try ReportFile.read($0) }
    guard let first = read.first else { return }
    guard read.allSatisfy({ $0.fingerprintKey == first.fingerprintKey }) else {
      throw Failure(
        .usage, "the reports were made with different fingerprint keys",
        hint: "scan with the same --baseline, or the same repository")
    }
    if compare { return try compare(first, read[1]) }
    let joined = ScanReport.merged(read) ?? first
    try ReportFile.write(joined, format: format, output: output, showSecrets: false)
    Console.note(joined.summary)
  }

  private func compare(_ old: ScanReport, _ new: ScanReport) throws {
    let before = Set(old.findings.map(\.fingerprint))
    let after = Set(new.findings.map(\.fingerprint))
    var fresh = new
    fresh.findings.removeAll { before.contains($0.fingerprint) }
    try ReportFile.write(fresh, format: format, output: output, showSecrets: false)
    let gone = before.subtracting(after).count
    Console.note("\(fresh.findings.count) new, \(gone) gone, \(before.intersection(after).count) in both")
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
