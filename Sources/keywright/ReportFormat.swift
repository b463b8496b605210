// The formats a report can be written in: one table for --format, file endings and `keywright report`.

internal import ArgumentParser
internal import Model
internal import Report

/// How lists that are no reports are written.
enum ListFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
}

enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
  case jsonl
  case sarif
  case gitlab
  case codequality
  case junit
  case csv
  case markdown
  case html
  case github

  /// The format that a file's name asks for, if it does.
  init?(fileName: String) {
    let endings: [(String, ReportFormat)] = [
      (".sarif", .sarif), (".sarif.json", .sarif), ("gl-secret-detection-report.json", .gitlab),
      ("gl-code-quality-report.json", .codequality), (".jsonl", .jsonl), (".json", .json), (".csv", .csv),
      (".md", .markdown),
      (".html", .html), (".xml", .junit), (".txt", .text),
    ]
    guard let found = endings.first(where: { fileName.hasSuffix($0.0) }) else { return nil }
    self = found.1
  }

  /// The report in this format.
  ///
  /// - Parameters:
  ///   - colour: whether text may use colours.
  ///   - times: when the scan began and ended, in seconds since 1970; only GitLab's format wants to know.
  func render(_ report: ScanReport, showSecrets: Bool, colour: Bool, times: ClosedRange<Int64>) -> [UInt8] {
    switch self {
    case .text: Array(TextReport(colour: colour, showSecrets: showSecrets).render(report).utf8)
    case .json: JSONReport.write(report, showSecrets: showSecrets, version: programVersion)
    case .jsonl: JSONLinesReport.write(report, showSecrets: showSecrets, version: programVersion)
    case .sarif: SARIFReport.write(report, version: programVersion)
    case .gitlab:
      GitLabReport.secretDetection(report, version: programVersion, start: times.lowerBound, end: times.upperBound)
    case .codequality: GitLabReport.codeQuality(report)
    case .junit: JUnitReport.write(report)
    case .csv: CSVReport.write(report)
    case .markdown: MarkdownReport.write(report)
    case .html: HTMLReport.write(report, version: programVersion)
    case .github: GitHubAnnotations.write(report)
    }
  }
}
