// --exclude: paths that whoever scans does not ask about. What also lies at another path is reported there.

internal import ArgumentParser
internal import Model
internal import Scanning

/// A pattern for paths, as on the command line.
struct ExcludedPath: ExpressibleByArgument {
  let glob: PathGlob

  init?(argument: String) {
    guard let glob = PathGlob(argument) else { return nil }
    self.glob = glob
  }
}

/// The paths that are left out of a report.
struct ExcludedPaths {
  var globs: [PathGlob] = []

  /// Takes places out of the report, and findings that have no other; says how many.
  ///
  /// - Parameter below: where the paths of a scan of a directory begin, from the top of the repository, with a slash at its end.
  func apply(to report: inout ScanReport, below: [UInt8]) {
    if globs.isEmpty { return }
    var count = 0
    report.findings = report.findings.compactMap { finding in
      var finding = finding
      finding.occurrences.removeAll { holds($0, below) }
      if finding.occurrences.isEmpty { count += 1 }
      return finding.occurrences.isEmpty ? nil : finding
    }
    if count > 0 { Console.note("left out by --exclude: \(count) findings") }
  }

  private func holds(_ place: Occurrence, _ below: [UInt8]) -> Bool {
    guard !place.path.bytes.isEmpty, place.place != .refName else { return false }
    // Only a directory's files are said from that directory.
    let paths = place.place == .file ? [place.path.bytes, below + place.path.bytes] : [place.path.bytes]
    return globs.contains { glob in paths.contains { glob.matches($0) } }
  }
}
