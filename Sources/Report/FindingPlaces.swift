// What the formats made from a report share: a finding's places by path, its words, its identity for tools that track it.

internal import Model
internal import Secrets

/// A finding at one path: what code-scanning services track as one alert.
struct FindingAtPath {
  var finding: Finding
  /// The best-known occurrence at that path: at a branch head if any is, else the first.
  var place: Occurrence
  /// The other occurrences at the same path.
  var others: [Occurrence]

  /// Stable under rebase, squash and line moves: it follows from the value's fingerprint, the rule and the path alone.
  var identity: String {
    let text = "\(finding.rule)\u{0}\(finding.fingerprint)\u{0}"
    return Hex.encode(SHA256.hash(Array(text.utf8) + place.path.bytes).prefix(16))
  }

  /// `path`, or what stands for one where the bytes lie in a commit or tag.
  var pathText: String {
    let path = printable(place.path.description)
    let text = path.isEmpty ? "(\(place.place.rawValue) \(place.object?.short ?? ""))" : path
    return place.submodule.map { "\(printable($0)):\(text)" } ?? text
  }

  /// One sentence for people, without the value.
  var message: String {
    var text = "\(finding.title) (\(finding.redacted))"
    if let commit = place.introduced {
      text += commit.isBoundary ? ", at or before commit \(commit.id.short)" : ", since commit \(commit.id.short)"
    }
    if place.atHead {
      text += ", still at a branch head"
    } else if let removed = place.removed {
      text += ", removed by commit \(removed.id.short)"
    }
    switch finding.verification?.liveness {
    case .live: text += "; the provider says it is LIVE"
    case .dead: text += "; the provider refuses it"
    case .unknown, nil: break
    }
    return text
  }

  /// Every open finding of the report (and the suppressed ones on request) at every path, in the report's order.
  static func all(_ report: ScanReport, withSuppressed: Bool = false) -> [FindingAtPath] {
    report.findings.filter { withSuppressed || $0.isOpen }.flatMap { finding in
      var order: [BytePath] = []
      var byPath: [BytePath: [Occurrence]] = [:]
      for occurrence in finding.occurrences {
        if byPath[occurrence.path] == nil { order.append(occurrence.path) }
        byPath[occurrence.path, default: []].append(occurrence)
      }
      return order.compactMap { path -> FindingAtPath? in
        guard var places = byPath[path] else { return nil }
        let best = places.firstIndex { $0.atHead } ?? 0
        let place = places.remove(at: best)
        return FindingAtPath(finding: finding, place: place, others: places)
      }
    }
  }
}

/// The rules that a report's findings name, sorted, each once.
func rulesNamed(in report: ScanReport) -> [Finding] {
  var seen: Set<RuleID> = []
  return report.findings.filter { seen.insert($0.rule).inserted }.sorted { $0.rule < $1.rule }
}
