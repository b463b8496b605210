// Which secret to replace first.

internal import Model

/// The order in which secrets should be replaced.
enum ExposureRank {
  /// Live ones first, then by harm, then what a branch head still shows, then the longest known.
  static func order(_ findings: [Finding]) -> [Finding] {
    findings.sorted { left, right in
      let (a, b) = (key(left), key(right))
      if a != b { return a.lexicographicallyPrecedes(b) }
      return (left.rule, left.fingerprint) < (right.rule, right.fingerprint)
    }
  }

  private static func key(_ finding: Finding) -> [Int64] {
    let state: Int64 =
      switch finding.verification?.liveness {
      case .live: 0
      case .unknown, nil: 1
      case .dead: 2
      }
    let severity = Int64(Severity.allCases.firstIndex(of: finding.severity) ?? 0)
    let confidence = Int64(Confidence.allCases.firstIndex(of: finding.confidence) ?? 0)
    let first = finding.occurrences.compactMap { $0.introduced?.time }.min() ?? .max
    return [finding.isOpen ? 0 : 1, state, -severity, finding.atHead ? 0 : 1, -confidence, first]
  }

  /// Why it stands where it does in the order, in a few words.
  static func reason(_ finding: Finding) -> String {
    var words = [finding.verification?.liveness == .live ? "LIVE" : finding.severity.rawValue]
    if finding.atHead {
      words.append("still at a branch head")
    } else if finding.occurrences.contains(where: { $0.introduced != nil }) {
      words.append("in the history")
    }
    if finding.confidence == .checksum { words.append("its checksum is right") }
    return words.joined(separator: ", ")
  }

  /// What to do about it, in a sentence.
  static func advice(_ finding: Finding) -> String {
    if finding.suppression?.kind == .dead {
      return "It was replaced and is refused. Nothing is left to do but to keep it out of new commits."
    }
    return switch finding.verification?.liveness {
    case .live: "It still opens the door: replace it now (keywright rotate), then remove it from the files."
    case .dead: "It no longer works. Nothing is left to do but to keep it out of new commits."
    case .unknown, nil:
      finding.atHead
        ? "Whoever can read the repository can read it: replace it, then remove it from the files."
        : "It is out of the branch heads but not out of the history: treat it as known, and replace it."
    }
  }
}
