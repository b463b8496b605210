// Which secret to replace first, and when each was exposed.

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

  /// What to do about it, in a sentence.
  static func advice(_ finding: Finding) -> String {
    switch finding.verification?.liveness {
    case .live: "It still opens the door: replace it now (keywright rotate), then remove it from the files."
    case .dead: "It no longer works. Nothing is left to do but to keep it out of new commits."
    case .unknown, nil:
      finding.atHead
        ? "Whoever can read the repository can read it: replace it, then remove it from the files."
        : "It is out of the branch heads but not out of the history: treat it as known, and replace it."
    }
  }
}

/// The dates that a report spans.
struct TimeSpan {
  let start: Int64
  let end: Int64

  init(_ report: ScanReport) {
    var times: [Int64] = []
    for finding in report.findings {
      for place in finding.occurrences { times += [place.introduced?.time, place.removed?.time].compactMap { $0 } }
      if let verification = finding.verification { times.append(verification.time) }
    }
    start = times.min() ?? 0
    end = max(times.max() ?? 0, start)
  }

  /// Where a date lies between start and end, in thousandths. Dates are whatever a commit claims, so sums are wrapped.
  func position(_ time: Int64) -> Int {
    let whole = Double(end) - Double(start)
    guard whole > 0 else { return 0 }
    return min(1_000, max(0, Int((Double(time) - Double(start)) / whole * 1_000)))
  }
}

/// A small drawing of when a secret stood in the repository.
enum ExposureTimeline {
  static func draw(_ finding: Finding, _ span: TimeSpan) -> String {
    let known = finding.occurrences.filter { $0.introduced != nil }
    guard let first = known.compactMap({ $0.introduced?.time }).min(), span.end > span.start else { return "" }
    let stands = known.contains { $0.atHead || $0.removed == nil }
    let last = stands ? span.end : known.compactMap { $0.removed?.time }.max() ?? span.end
    let x = span.position(first)
    let width = max(6, span.position(last) - x)
    var label = "in the repository from \(Timestamp.day(first)) "
    label += stands ? "until now" : "to \(Timestamp.day(last))"
    var shapes = "<rect class=\"rail\" x=\"0\" y=\"5\" width=\"1000\" height=\"2\"/>"
    shapes += "<rect class=\"bar\" x=\"\(min(x, 994))\" y=\"2\" width=\"\(width)\" height=\"8\" rx=\"3\"/>"
    if let verification = finding.verification, verification.liveness != .unknown {
      let kind = verification.liveness == .dead ? "dead" : "live"
      shapes +=
        "<circle class=\"\(kind)\" cx=\"\(min(994, max(6, span.position(verification.time))))\" cy=\"6\" r=\"5\"/>"
      label += "; \(kind) when asked on \(Timestamp.day(verification.time))"
    }
    return
      "<svg class=\"timeline\" viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"\(label)\"><title>\(label)</title>\(shapes)</svg>"
  }
}
