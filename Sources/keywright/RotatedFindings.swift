// What this install has rotated and proven dead is known without asking anybody: such a finding is closed.

internal import Formats
internal import Ledger
internal import Model
internal import Posix
internal import Report
internal import Rotation
internal import Secrets

enum RotatedFindings {
  private static let maximumRotations = 5_000

  /// Marks the open findings whose values this install has rotated, and proven to be refused. Without a ledger, or with one
  /// that can't be read, nothing is marked: a scan is not about it.
  static func mark(_ report: inout ScanReport) {
    guard report.findings.contains(where: \.isOpen), let directory = try? Surroundings.stateDirectory(nil),
      Files.exists(directory + "/ledger.sqlite"),
      let ledger = try? Ledger(directory: directory, keyPath: keyPath()), let dead = try? rotated(ledger), !dead.isEmpty
    else { return }
    var known = report
    // The kept report of an unchanged history has no values: they are read again.
    if report.findings.contains(where: { $0.isOpen && $0.secret == nil }) {
      ReportFile.recoverValues(&known, from: nil)
    }
    for index in report.findings.indices where report.findings[index].isOpen {
      guard let value = known.findings[index].secret,
        let end = dead[ledger.install.fingerprints.fingerprint(value)]
      else { continue }
      let day = Timestamp.day(end.seconds)
      report.findings[index].suppression = Suppression(
        kind: .dead, reason: "rotated as \(printable(end.key)), and proven dead on \(day)")
      if report.findings[index].verification == nil {
        report.findings[index].verification = Verification(
          liveness: .dead, evidence: "keywright rotated it as \(printable(end.key)); the old value was refused",
          time: end.seconds)
      }
    }
  }

  private static func keyPath() -> String? {
    if let named = Surroundings.variable("KEYWRIGHT_INSTALL_KEY") { return named }
    guard let file = try? ConfigurationPlaces.usable() else { return nil }
    return (try? ConfigurationOptions.parse(file))?.installKeyPath
  }

  /// The old values of rotations that ended well, by their fingerprints under the install's key.
  private static func rotated(_ ledger: Ledger) throws(LedgerError) -> [String: (key: String, seconds: Int64)] {
    var dead: [String: (key: String, seconds: Int64)] = [:]
    for rotation in try ledger.rotations(limit: maximumRotations) where rotation.outcome == "done" {
      let journal = try ledger.journal(of: rotation.txid)
      guard let first = journal.first, let proof = journal.last(where: { $0.state == "OLD_PROVEN_DEAD" }),
        let facts = try? JSON.parse(Array(first.data.utf8), name: "journal"),
        let fingerprint = facts["old_fingerprint"]?.string
      else { continue }
      dead[fingerprint] = (rotation.key, proof.timeMs / 1_000)
    }
    return dead
  }
}
