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
    let key = Scanner.fingerprintKey(of: target, mode: report.mode)
    let locator = Locator(target: target)
    for index in report.findings.indices {
      report.findings[index].secret = report.findings[index].occurrences.lazy
        .compactMap { try? locator.read($0) }
        .first { key?.fingerprint($0) == report.findings[index].fingerprint }
    }
  }

  /// Writes the report to a file, or to stdout.
  static func write(_ report: ScanReport, format: ReportFormat?, output: String?, showSecrets: Bool) throws {
    let bytes: [UInt8]
    switch format ?? (output?.hasSuffix(".json") == true ? .json : .text) {
    case .json: bytes = JSONReport.write(report, showSecrets: showSecrets, version: programVersion)
    case .text:
      let colour = output == nil && Console.colour
      bytes = Array(TextReport(colour: colour, showSecrets: showSecrets).render(report).utf8)
    }
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
