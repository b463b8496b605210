// Submodules: repositories of their own, which git keeps below `modules/`. Their findings join those of the repository: the
// same value under the same rule is one finding, wherever it lies.

internal import Git
internal import Matching
internal import Model
internal import Secrets

/// Scans submodules.
enum Submodules {
  /// Scans every submodule that has been fetched and adds what is found. What can't be opened is told in the coverage.
  static func add(
    to report: inout ScanReport, _ repository: Repository, _ program: MatcherProgram, _ options: ScanOptions
  ) throws(ScanError) {
    var options = options
    options.includesSubmodules = false
    options.statistics = nil
    // Fingerprints of one report are made with one key.
    if options.fingerprintKey == nil {
      options.fingerprintKey = Scanner.fingerprintKey(of: report.target, mode: "history")
    }
    let cache = options.objectCache
    for (name, path) in repository.submodules() {
      options.objectCache = cache.map { file in
        let ending = Hex.encode(SHA256.hash(Array(name.utf8)).prefix(8))
        return ObjectCacheFile(path: "\(file.path)-\(ending)", salt: file.salt)
      }
      do throws(GitError) {
        let inner = try Repository.open(path)
        let found = try? HistoryScan(inner, program, options).run(target: report.target)
        guard let found else { throw GitError(reason: "its objects can't be read") }
        merge(found, into: &report, name)
      } catch {
        report.coverage.add(Skip(reason: .unreadable, detail: "submodule \(name): \(error.reason)"))
      }
    }
    report.findings.sort { ($0.rule, $0.fingerprint) < ($1.rule, $1.fingerprint) }
    report.coverage.sort()
  }

  private static func merge(_ found: ScanReport, into report: inout ScanReport, _ name: String) {
    var places: [String: Int] = [:]
    for (index, finding) in report.findings.enumerated() { places["\(finding.rule) \(finding.fingerprint)"] = index }
    for finding in found.findings {
      var finding = finding
      for index in finding.occurrences.indices { finding.occurrences[index].submodule = name }
      if let index = places["\(finding.rule) \(finding.fingerprint)"] {
        report.findings[index].occurrences += finding.occurrences
        report.findings[index].suppression = Finding.suppression(by: report.findings[index].occurrences)
      } else {
        report.findings.append(finding)
      }
    }
    report.coverage.merge(found.coverage)
  }
}
