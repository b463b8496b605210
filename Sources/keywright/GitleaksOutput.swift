// What a gitleaks command writes: the report in the form that was asked for, and on request each leak on stdout.

internal import Matching
internal import Model
internal import Posix
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
    case template
  }

  private let form: Form
  private let path: String?
  private let showSecrets: Bool
  private let redaction: Int
  private let isVerbose: Bool
  private let template: ReportTemplate?
  fileprivate let links: GitleaksLinks?

  /// - Parameter target: the repository, for links; nil where there is none.
  init(_ arguments: GitleaksArguments, target: String?) throws {
    path = arguments["report-path"].flatMap { $0.isEmpty ? nil : $0 }
    showSecrets = arguments.isOn("show-secrets")
    redaction = try arguments.number("redact", in: 0...100) ?? 0
    isVerbose = arguments.isOn("verbose")
    links = try target.flatMap { (target) throws(GitleaksFlagError) in
      try GitleaksLinks(target, platform: arguments["platform"])
    }
    let ending = path.flatMap { $0.split(separator: ".").last.map(String.init) } ?? ""
    let file = arguments["report-template"].flatMap { $0.isEmpty ? nil : $0 }
    let usual = file != nil ? "template" : ending == "xml" ? "junit" : ending
    let name = (arguments["report-format"] ?? usual).lowercased()
    guard let form = Form(rawValue: name) ?? (arguments["report-format"] == nil ? .json : nil) else {
      throw Failure(
        .usage, "the report format '\(name)' is not supported",
        hint: "\(Form.allCases.map(\.rawValue).joined(separator: ", ")) are")
    }
    self.form = form
    guard form == .template || file == nil else {
      throw Failure(.usage, "--report-template goes with --report-format template, not with \(name)")
    }
    guard form == .template else {
      template = nil
      return
    }
    guard let file else { throw Failure(.usage, "--report-format template wants --report-template FILE") }
    template = try GitleaksOutput.template(file)
  }

  private static func template(_ file: String) throws -> ReportTemplate {
    do {
      let bytes = try Files.read(file, maximumBytes: ReportTemplate.maximumBytes)
      return try ReportTemplate(String(decoding: bytes, as: UTF8.self), name: file)
    } catch let error as ReportTemplateError {
      throw Failure(.usage, "\(error)")
    } catch {
      throw Failure(.usage, "--report-template: \(error)")
    }
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
    let entries = GitleaksEntries(self, report, configuration, reader).all
    let bytes: [UInt8]
    switch form {
    case .json: bytes = GitleaksReport.json(entries)
    case .csv: bytes = GitleaksReport.csv(entries)
    case .junit: bytes = GitleaksReport.junit(entries)
    case .sarif:
      let rules = configuration.rules.map { (id: $0.aliases.first ?? $0.id.rawValue, description: $0.name) }
      let paths = configuration.pathRules.map { (id: $0.id.rawValue, description: $0.name) }
      bytes = GitleaksReport.sarif(entries, rules: rules + paths, version: programVersion)
    case .template:
      do throws(ReportTemplateError) {
        bytes = try template?.render(entries, now: SystemClock().now() / 1_000) ?? []
      } catch { throw Failure(.usage, "\(error)") }
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
    guard let secret = finding.secret else { return file(finding, place) }
    let text = reader.text(finding.rule, place)
    let others = byPath[place.path] ?? []
    let commit = place.introduced?.id.description ?? ""
    let startLine = text?.line ?? place.line
    let endLine = text?.endLine ?? place.endLine
    var entry = GitleaksEntry(
      rule: names[finding.rule] ?? finding.rule.rawValue, description: finding.title,
      startLine: startLine, endLine: endLine,
      startColumn: text?.column ?? place.column, endColumn: text?.endColumn ?? place.endColumn - 1,
      match: output.shown(text?.match ?? secret.copyBytes(), secret, others), secret: output.shown(secret),
      file: place.path.description, commit: commit, entropy: secret.withBytes { Proofs.entropy($0) },
      info: masked(place.introduced), tags: configuration.tags[finding.rule] ?? [])
    entry.line = text.map { output.shown($0.lines, secret, others) } ?? ""
    entry.link = output.links?.link(commit: commit, path: place.path, lines: startLine...max(startLine, endLine)) ?? ""
    return entry
  }

  /// A file that was found by its path alone; gitleaks gives it no line.
  private func file(_ finding: Finding, _ place: Occurrence) -> GitleaksEntry {
    let commit = place.introduced?.id.description ?? ""
    var entry = GitleaksEntry(
      rule: finding.rule.rawValue, description: finding.title, startLine: 0, endLine: 0, startColumn: 0, endColumn: 0,
      match: "file detected: \(place.path)", secret: "", file: place.path.description, commit: commit, entropy: 0,
      info: masked(place.introduced), tags: configuration.tags[finding.rule] ?? [])
    entry.link = output.links?.link(commit: commit, path: place.path, lines: 1...1) ?? ""
    return entry
  }

  /// The commit, its subject without values.
  private func masked(_ info: CommitInfo?) -> CommitInfo? {
    guard var info else { return nil }
    for value in inMessages { info.subject = output.shown(Array(info.subject.utf8), value, []) }
    return info
  }
}
