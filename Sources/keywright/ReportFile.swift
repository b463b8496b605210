// Reports on disk: read back, their values found again, and written.

internal import Model
internal import Posix
internal import Report
internal import Scanning
internal import Secrets

enum ReportFile {
  static let maximumBytes = 1 << 30

  /// A report that scan or verify wrote.
  static func read(_ path: String) throws -> ScanReport {
    do {
      return try JSONReport.read(try Files.read(path, maximumBytes: maximumBytes), name: path)
    } catch let error as ReportError {
      throw Failure(.usage, "\(error)", hint: "make one with: keywright scan --output \(path)")
    } catch let error as SystemError {
      throw Failure(.usage, "\(error)", hint: "make one with: keywright scan --output \(path)")
    }
  }

  /// Reads each value again by its first locator that still leads to it. A value that does not have its fingerprint is
  /// not taken: the report, or what it points to, has changed.
  static func recoverValues(_ report: inout ScanReport, from repository: String?) {
    let target = repository ?? report.target
    let key = fingerprintKey(of: report, in: target)
    let locator = Locator(target: target)
    for index in report.findings.indices {
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
