// Values that stand in the words of commits: a report names commits by their subject and author, and must not show them so.

internal import Model
internal import Secrets

extension ScanReport {
  /// Takes the values that were found in commits' texts out of the subjects, names and addresses that the report carries.
  mutating func maskCommits() {
    let values = findings.filter { $0.occurrences.contains { $0.place == .commit || $0.place == .tag } }.compactMap(
      \.secret)
    // Of two values one of which holds the other, the longer one goes first.
    let masks = values.filter { $0.count > 0 }.sorted { $0.count > $1.count }.map { ($0.copyBytes(), $0.redacted) }
    if masks.isEmpty { return }
    var known: [ObjectID: CommitInfo] = [:]
    func masked(_ commit: CommitInfo?) -> CommitInfo? {
      guard let commit else { return nil }
      if let done = known[commit.id] { return done }
      var made = commit
      for (value, shown) in masks {
        made.subject = ScanReport.replace(value, in: made.subject, with: shown)
        made.author = ScanReport.replace(value, in: made.author, with: shown)
        made.email = ScanReport.replace(value, in: made.email, with: shown)
      }
      known[commit.id] = made
      return made
    }
    for index in findings.indices {
      for place in findings[index].occurrences.indices {
        findings[index].occurrences[place].introduced = masked(findings[index].occurrences[place].introduced)
        findings[index].occurrences[place].removed = masked(findings[index].occurrences[place].removed)
      }
    }
  }

  private static func replace(_ value: [UInt8], in text: String, with shown: String) -> String {
    var bytes = Array(text.utf8)
    bytes.replace(value, with: Array(shown.utf8))
    return String(decoding: bytes, as: UTF8.self)
  }
}
