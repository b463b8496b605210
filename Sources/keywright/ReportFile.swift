// Reports on disk: read back, their values found again, and written.

internal import BuiltinRules
internal import Git
internal import Model
internal import Posix
internal import Report
internal import RuleBook
internal import Scanning
internal import Secrets

enum ReportFile {
  static let maximumBytes = 1 << 30

  /// A report that scan or verify wrote, or one of another scanner, whose findings are looked for in the repository.
  ///
  /// - Parameter repository: what another scanner's report is about, if not what lies here.
  static func read(_ path: String, repository: String? = nil) throws -> ScanReport {
    do {
      var bytes = try Files.read(path, maximumBytes: maximumBytes)
      defer { wipe(&bytes) }
      guard let foreign = try ForeignReport.read(bytes, name: path) else {
        return try JSONReport.read(bytes, name: path)
      }
      return imported(foreign, path, repository ?? ".")
    } catch let error as RuleMistake {
      throw Failure(.usage, "\(error)", hint: "make one with: keywright scan --output \(path)")
    } catch let error as ReportError {
      throw Failure(.usage, "\(error)", hint: "make one with: keywright scan --output \(path)")
    } catch let error as SystemError {
      throw Failure(.usage, "\(error)", hint: "make one with: keywright scan --output \(path)")
    }
  }

  private static let maximumNotes = 20

  private static func imported(_ foreign: ForeignReport, _ path: String, _ repository: String) -> ScanReport {
    let environment = GitEnvironment()
    let baseline = BaselineFile.path(for: repository).flatMap { try? BaselineFile.read($0) }
    // A directory that is no repository has the key that a scan of it would have.
    let weak =
      Scanner.fingerprintKey(of: repository, mode: "history") ?? Scanner.fingerprintKey(of: "-", mode: "directory")
    let places = ForeignPlaces(
      target: repository, rules: BuiltinRules.ruleBook.rules, key: baseline?.key ?? weak ?? FingerprintKey(),
      environment: environment)
    for entry in foreign.entries { places.add(entry) }
    let isRepository = (try? Repository.open(repository, environment: environment)) != nil
    let report = places.report(mode: isRepository ? "history" : "directory", isWeak: baseline == nil)
    let notes =
      foreign.notes.map(\.description)
      + places.lost.map { "\(path):\($0.entry.line): \(printable($0.entry.path)): \($0.reason)" }
    for note in notes.prefix(maximumNotes) { Console.note(note) }
    if notes.count > maximumNotes { Console.note("… and \(notes.count - maximumNotes) more of these") }
    Console.note(
      "\(path): \(foreign.tool.rawValue), \(foreign.entries.count) entries, which are \(report.findings.count) findings here"
    )
    return report
  }

  /// Reads each value again by its first locator that still leads to it. A value that does not have its fingerprint is
  /// not taken: the report, or what it points to, has changed.
  ///
  /// - Parameter known: a baseline's key that may be the report's.
  static func recoverValues(
    _ report: inout ScanReport, from repository: String?, key known: FingerprintKey? = nil
  ) {
    let target = repository ?? report.target
    let key = known?.id == report.fingerprintKey ? known : fingerprintKey(of: report, in: target)
    let locator = Locator(target: target)
    for index in report.findings.indices {
      // What another scanner's report, or a shown one, brought along.
      if let value = report.findings[index].secret, key?.fingerprint(value) == report.findings[index].fingerprint {
        continue
      }
      report.findings[index].secret = report.findings[index].occurrences.lazy
        .compactMap { try? locator.read($0) }
        .first { key?.fingerprint($0) == report.findings[index].fingerprint }
    }
  }

  /// The key that the report's fingerprints were made with: the baseline's or the one from public facts.
  private static func fingerprintKey(of report: ScanReport, in target: String) -> FingerprintKey? {
    if let path = BaselineFile.path(for: target), let baseline = try? BaselineFile.read(path),
      baseline.key.id == report.fingerprintKey
    {
      return baseline.key
    }
    return Scanner.fingerprintKey(of: target, mode: report.mode)
  }

  /// Makes the fingerprints anew with another key. Findings whose values can't be read any more are left out, and counted.
  static func rekey(_ report: inout ScanReport, with key: FingerprintKey, from repository: String?) {
    if report.fingerprintKey == key.id { return }
    recoverValues(&report, from: repository)
    let count = report.findings.count
    report.findings = report.findings.compactMap { finding in
      guard let secret = finding.secret else { return nil }
      var finding = finding
      finding.fingerprint = key.fingerprint(secret)
      return finding
    }
    report.findings.sort { ($0.rule, $0.fingerprint) < ($1.rule, $1.fingerprint) }
    report.fingerprintKey = key.id
    report.fingerprintKeyIsWeak = false
    if report.findings.count < count {
      Console.note(
        "the values of \(count - report.findings.count) findings could not be read again, so those are left out")
    }
  }

  /// Writes the report to a file, or to stdout.
  ///
  /// - Parameter since: when the work began, in seconds since 1970.
  static func write(
    _ report: ScanReport, format: ReportFormat?, output: String?, showSecrets: Bool, since: Int64? = nil
  ) throws {
    let now = SystemClock().now() / 1_000
    let chosen = format ?? output.flatMap { ReportFormat(fileName: $0) } ?? .text
    let bytes = chosen.render(
      report, showSecrets: showSecrets, colour: output == nil && Console.colour, times: min(since ?? now, now)...now)
    try write(bytes, to: output)
  }

  /// Writes bytes to a file (mode 0600), or to stdout.
  static func write(_ bytes: [UInt8], to output: String?) throws {
    guard let output else { return Console.write(bytes) }
    do {
      try Files.replaceAtomically(output, bytes, mode: 0o600)
    } catch {
      throw Failure("the report was not written: \(error)", hint: "name another file with --output")
    }
  }
}
