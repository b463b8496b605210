// Holding a report against a baseline: what is known, and which entries have outlived their use.

public import Model

/// What a report says of a baseline.
public struct BaselineUse: Sendable {
  /// Entries that no finding matches.
  public var unused: [BaselineEntry] = []
  /// Entries whose last day has passed: they hide nothing any more.
  public var expired: [BaselineEntry] = []
  /// Entries of findings that a provider calls live.
  public var hidingLive: [BaselineEntry] = []
  /// How many findings are suppressed.
  public var suppressed = 0

  /// Whether something should be done about the baseline.
  public var isClean: Bool { unused.isEmpty && expired.isEmpty && hidingLive.isEmpty }
}

extension Baseline {
  /// Suppresses the report's findings that have an entry which still holds. The report's fingerprints must have been made
  /// with this baseline's key.
  ///
  /// - Parameter today: as `2027-01-31`.
  public func apply(to report: inout ScanReport, today: String) -> BaselineUse {
    var use = BaselineUse()
    var matched: Set<String> = []
    let byFingerprint = Dictionary(entries.map { ($0.fingerprint, $0) }, uniquingKeysWith: { first, _ in first })
    for index in report.findings.indices {
      guard let entry = byFingerprint[report.findings[index].fingerprint] else { continue }
      matched.insert(entry.fingerprint)
      if let last = entry.expires, last < today { continue }
      if report.findings[index].verification?.liveness == .live { use.hidingLive.append(entry) }
      guard report.findings[index].isOpen else { continue }
      report.findings[index].suppression = Suppression(
        kind: .baseline, reason: entry.reason, owner: entry.owner, expires: entry.expires)
      use.suppressed += 1
    }
    for entry in entries {
      if let last = entry.expires, last < today { use.expired.append(entry) }
      if !matched.contains(entry.fingerprint) { use.unused.append(entry) }
    }
    return use
  }

  /// Leaves out the given entries.
  public mutating func remove(_ gone: [BaselineEntry]) {
    let fingerprints = Set(gone.map(\.fingerprint))
    entries.removeAll { fingerprints.contains($0.fingerprint) }
  }
}
