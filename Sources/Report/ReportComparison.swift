// What changed between two reports with the same fingerprint key: what is new, what is gone, what became of the rest.

internal import Formats
public import Model

/// A comparison of two reports.
public struct ReportComparison: Sendable {
  /// What became of a finding that both reports have.
  public struct Change: Sendable {
    /// The finding as the second report has it.
    public var finding: Finding
    /// Each change in a few words.
    public var texts: [String]
  }

  /// What the second report has and the first has not.
  public let new: [Finding]
  /// What the first has and the second has not.
  public let gone: [Finding]
  /// What both have, and what is not the same.
  public let changed: [Change]
  /// How many findings both have.
  public let common: Int

  /// Compares by fingerprint.
  public init(_ old: ScanReport, _ newer: ScanReport) {
    let before = Dictionary(old.findings.map { ($0.fingerprint, $0) }, uniquingKeysWith: { first, _ in first })
    let after = Set(newer.findings.map(\.fingerprint))
    new = newer.findings.filter { before[$0.fingerprint] == nil }
    gone = old.findings.filter { !after.contains($0.fingerprint) }
    changed = newer.findings.compactMap { finding in
      guard let earlier = before[finding.fingerprint] else { return nil }
      let texts = ReportComparison.texts(earlier, finding)
      return texts.isEmpty ? nil : Change(finding: finding, texts: texts)
    }
    common = newer.findings.count - new.count
  }

  private static func texts(_ old: Finding, _ new: Finding) -> [String] {
    var texts: [String] = []
    let (was, now) = (old.verification?.liveness, new.verification?.liveness)
    if let now, now != was { texts.append("now \(now.rawValue)" + (was.map { ", was \($0.rawValue)" } ?? "")) }
    if old.atHead != new.atHead { texts.append(new.atHead ? "at a branch head again" : "at no branch head any more") }
    if old.isOpen != new.isOpen {
      texts.append(
        new.suppression.map { "suppressed by \($0.kind == .inline ? "a comment" : $0.kind.rawValue)" }
          ?? "not suppressed any more")
    }
    func places(_ finding: Finding) -> Set<BytePath> { Set(finding.occurrences.map(\.path)) }
    let (added, removed) = (
      places(new).subtracting(places(old)).sorted(), places(old).subtracting(places(new)).sorted()
    )
    if !added.isEmpty { texts.append("also in \(listed(added))") }
    if !removed.isEmpty { texts.append("not in \(listed(removed)) any more") }
    return texts
  }

  private static func listed(_ paths: [BytePath]) -> String {
    let shown = paths.prefix(3).map { $0.bytes.isEmpty ? "a message" : printable($0.description) }
    return shown.joined(separator: ", ") + (paths.count > 3 ? " and \(paths.count - 3) more" : "")
  }

  /// One line: how much of each.
  public var summary: String {
    "\(new.count) new, \(gone.count) gone, \(common) in both, \(changed.count) of them changed"
  }

  /// For people.
  public func text(colour: Bool) -> String {
    let cards = TextReport(colour: colour, maximumOccurrences: 2)
    var text = ""
    for (title, findings) in [("new", new), ("gone", gone)] where !findings.isEmpty {
      text += "\(title):\n\n" + findings.map { cards.card($0) }.joined(separator: "\n") + "\n"
    }
    if !changed.isEmpty {
      text += "changed:\n\n"
      for change in changed {
        text += cards.card(change.finding) + "  " + change.texts.joined(separator: "; ") + "\n\n"
      }
    }
    return text
  }

  /// For programs: the findings as in the JSON report.
  ///
  /// - Parameter version: the program's version.
  public func json(version: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("schema_version") { $0.integer(JSONReport.schemaVersion) }
      writer.member("tool") {
        $0.object {
          $0.member("name") { $0.string("keywright") }
          $0.member("version") { $0.string(version) }
        }
      }
      for (name, findings) in [("new", new), ("gone", gone)] {
        writer.member(name) { $0.array { for finding in findings { JSONReport.write(finding, false, to: &$0) } } }
      }
      writer.member("changed") { writer in
        writer.array { writer in
          for change in changed {
            writer.object { writer in
              writer.member("changes") { $0.array { for text in change.texts { $0.string(text) } } }
              writer.member("finding") { JSONReport.write(change.finding, false, to: &$0) }
            }
          }
        }
      }
      writer.member("in_both") { $0.integer(common) }
    }
    writer.endLine()
    return writer.bytes
  }
}
