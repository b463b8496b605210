// What a gitleaks command writes: the report in the form that was asked for, and on request each leak on stdout.

internal import Matching
internal import Model
internal import Report
internal import RuleBook
internal import Scanning
internal import Secrets

struct GitleaksOutput {
  private enum Form: String, CaseIterable {
    case json
    case csv
    case junit
    case sarif
  }

  private let form: Form
  private let path: String?
  private let showSecrets: Bool
  private let redaction: Int
  private let isVerbose: Bool

  init(_ arguments: GitleaksArguments) throws {
    path = arguments["report-path"].flatMap { $0.isEmpty ? nil : $0 }
    showSecrets = arguments.isOn("show-secrets")
    redaction = try arguments.number("redact", in: 0...100) ?? 0
    isVerbose = arguments.isOn("verbose")
    let ending = path.flatMap { $0.split(separator: ".").last.map(String.init) } ?? ""
    let name = arguments["report-format"] ?? (ending == "xml" ? "junit" : ending)
    guard let form = Form(rawValue: name.lowercased()) ?? (arguments["report-format"] == nil ? .json : nil) else {
      throw Failure(
        .usage, "the report format '\(name)' is not supported", hint: "json, csv, junit and sarif are")
    }
    self.form = form
  }

  func write(
    _ report: ScanReport, _ configuration: GitleaksConfiguration, _ reader: OccurrenceReader,
    _ arguments: GitleaksArguments
  ) throws {
    if isVerbose, path != "-" {
      let text = TextReport(colour: !arguments.isOn("no-color") && Console.colour, showSecrets: showSecrets)
      Console.write(text.render(report))
    }
    guard let path else { return }
    let entries = form == .json || form == .csv ? GitleaksEntries(self, report, configuration, reader).all : []
    let bytes =
      switch form {
      case .json: GitleaksReport.json(entries)
      case .csv: GitleaksReport.csv(entries)
      case .junit: JUnitReport.write(report)
      case .sarif: SARIFReport.write(report, version: programVersion)
      }
    try ReportFile.write(bytes, to: path == "-" ? nil : path)
  }

  /// The value as gitleaks' `--redact` would have it; never the whole of it unless that was asked for.
  fileprivate func shown(_ secret: Secret) -> String {
    if !showSecrets || redaction == 100 { return "REDACTED" }
    let text = String(decoding: secret.copyBytes(), as: UTF8.self)
    if redaction == 0 { return text }
    let count = (text.count * (100 - redaction) + 50) / 100
    return text.prefix(count) + "..."
  }

  /// A text with the value in it, masked the same way; and without `--show-secrets` every other value of the file, too.
  fileprivate func shown(_ text: [UInt8], _ secret: Secret, _ others: [Secret]) -> String {
    var bytes = text
    bytes.replace(secret.copyBytes(), with: Array(shown(secret).utf8))
    if !showSecrets {
      for other in others where other.count > 3 { bytes.replace(other.copyBytes(), with: Array("REDACTED".utf8)) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The entries of a report: one for each place of each finding.
private struct GitleaksEntries {
  private let output: GitleaksOutput
  private let configuration: GitleaksConfiguration
  private let reader: OccurrenceReader
  private let names: [RuleID: String]
  private let byPath: [BytePath: [Secret]]
  private let inMessages: [Secret]
  private(set) var all: [GitleaksEntry] = []

  init(
    _ output: GitleaksOutput, _ report: ScanReport, _ configuration: GitleaksConfiguration, _ reader: OccurrenceReader
  ) {
    self.output = output
    self.configuration = configuration
    self.reader = reader
    names = Dictionary(
      configuration.rules.map { ($0.id, $0.aliases.first ?? $0.id.rawValue) }, uniquingKeysWith: { first, _ in first })
    var byPath: [BytePath: [Secret]] = [:]
    var inMessages: [Secret] = []
    for finding in report.findings {
      guard let secret = finding.secret else { continue }
      for path in Set(finding.occurrences.map(\.path)) { byPath[path, default: []].append(secret) }
      if finding.occurrences.contains(where: { $0.place.isCommitText }) { inMessages.append(secret) }
    }
    self.byPath = byPath
    self.inMessages = inMessages
    all = report.findings.flatMap { finding in finding.occurrences.compactMap { entry(finding, $0) } }
  }

  private func entry(_ finding: Finding, _ place: Occurrence) -> GitleaksEntry? {
    guard let secret = finding.secret else { return nil }
    let text = reader.text(finding.rule, place)
    let others = byPath[place.path] ?? []
    var info = place.introduced
    if var subject = info?.subject {
      for value in inMessages { subject = output.shown(Array(subject.utf8), value, []) }
      info?.subject = subject
    }
    return GitleaksEntry(
      rule: names[finding.rule] ?? finding.rule.rawValue, description: finding.title,
      startLine: text?.line ?? place.line, endLine: text?.endLine ?? place.endLine,
      startColumn: text?.column ?? place.column, endColumn: text?.endColumn ?? place.endColumn - 1,
      match: output.shown(text?.match ?? secret.copyBytes(), secret, others), secret: output.shown(secret),
      file: place.path.description, commit: place.introduced?.id.description ?? "",
      entropy: secret.withBytes { Proofs.entropy($0) }, info: info, tags: configuration.tags[finding.rule] ?? [])
  }
}
