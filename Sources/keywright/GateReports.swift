// What a gate writes: annotations or cards on standard output, the step's summary, and the files that were asked for.

internal import ArgumentParser
internal import Model
internal import Posix
internal import Report
internal import Scanning

/// The files to write.
struct GateReportOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("Write a report there; its ending names the format. May be repeated.", valueName: "file"))
  var report: [String] = []
  @Option(help: ArgumentHelp("Write SARIF 2.1.0 there, for code scanning.", valueName: "file")) var sarif: String?
  @Option(help: ArgumentHelp("Write GitLab's secret detection report there.", valueName: "file")) var gitlab: String?
  @Option(help: ArgumentHelp("Write GitLab's code quality report there.", valueName: "file")) var codequality: String?
  @Option(help: ArgumentHelp("Write JUnit XML there.", valueName: "file")) var junit: String?
  @Option(
    help: ArgumentHelp("Append a Markdown summary there (default: the service's own summary file).", valueName: "file"))
  var summary: String?
  @Option(
    name: [.short, .long],
    help: "What to write to standard output (default: annotations where the service draws them, else text).")
  var format: ReportFormat?

  func validate() throws {
    for file in report where ReportFormat(fileName: file) == nil {
      throw ValidationError(
        "--report \(printable(file)): the ending names no format; .json, .jsonl, .sarif, .csv, .xml, .md, .html and .txt are known"
      )
    }
  }

  /// Every file with its format.
  fileprivate var files: [(name: String, format: ReportFormat)] {
    let named: [(String?, ReportFormat)] = [
      (sarif, .sarif), (gitlab, .gitlab), (codequality, .codequality), (junit, .junit),
    ]
    return report.compactMap { name in ReportFormat(fileName: name).map { (name, $0) } }
      + named.compactMap { name, format in name.map { ($0, format) } }
  }
}

/// Writes a verdict.
struct GateReports {
  let options: GateReportOptions
  let service: CIService?
  let warnsOnly: Bool
  /// Reads the lines of findings again.
  let excerpts: Excerpts?
  /// When the work began, in seconds since 1970.
  let began: Int64

  /// Everything, then what people read last.
  func write(_ verdict: GateVerdict, about scope: String, notes: [String]) throws {
    for (name, format) in options.files {
      // A test that only warns has not failed.
      let report = format == .junit ? verdict.failing : verdict.report
      try ReportFile.write(report, format: format, output: name, showSecrets: false, since: began)
    }
    try writeSummary(verdict, scope, notes)
    let annotates = service?.annotates == true
    if let format = options.format {
      try ReportFile.write(verdict.report, format: format, output: nil, showSecrets: false, since: began)
    } else if annotates {
      Console.write(GitHubAnnotations.write(verdict.failing, warnOnly: warnsOnly))
      Console.write(GitHubAnnotations.write(verdict.warnings, warnOnly: true))
    } else {
      Console.write(cards(verdict, colour: Console.colour))
    }
    if annotates || options.format != nil {
      StandardStream.error.write(Array(cards(verdict, colour: Console.errorColour).utf8))
    }
  }

  private func writeSummary(_ verdict: GateVerdict, _ scope: String, _ notes: [String]) throws {
    guard let file = options.summary ?? service?.summaryFile.flatMap({ Surroundings.variable($0) }) else { return }
    var shown = verdict.report
    shown.findings.removeAll { !$0.isOpen }
    var text = String(decoding: MarkdownReport.write(shown), as: UTF8.self)
    text += "\n\(GateReports.plain(scope))\n"
    for note in notes { text += "\n- \(GateReports.plain(note))" }
    do { try Files.append(file, Array((text + "\n\n").utf8)) } catch {
      throw Failure("the summary was not written: \(error)", hint: "name another file with --summary")
    }
  }

  /// Nothing that a repository holds may become markup or a mention.
  private static func plain(_ text: String) -> String {
    var result = ""
    for character in printable(text) {
      if "\\`*_{}[]<>#|@~!".contains(character) { result.append("\\") }
      result.append(character)
    }
    return result
  }

  private static let maximumCards = 50

  /// A card for each finding, with its line, the value masked.
  private func cards(_ verdict: GateVerdict, colour: Bool) -> String {
    let writer = TextReport(colour: colour)
    let places = verdict.report.findings.flatMap(\.occurrences)
    let order = verdict.failing.findings + verdict.warnings.findings
    var text = ""
    for finding in order.prefix(GateReports.maximumCards) {
      let warns = warnsOnly || verdict.warning.contains(finding.fingerprint)
      text += (warns ? "warning: " : "") + writer.card(finding)
      if let place = finding.occurrences.first, place.length > 0, let line = excerpts?.line(of: place, masking: places)
      {
        text += "  \(place.line) | \(printable(line))\n"
      }
      text += finding.provider == "keywright" ? "\n" : "  flagged because \(finding.confidence.reason)\n\n"
    }
    if order.count > GateReports.maximumCards { text += "… and \(order.count - GateReports.maximumCards) more\n" }
    return text
  }
}
