// A scan's findings as people read them in a terminal or a log: a short card each, then the sum.

public import Model
internal import Secrets

/// Renders a report as text.
public struct TextReport: Sendable {
  /// Whether to use ANSI colours.
  public var colour: Bool
  /// Whether to print values. Only on the user's own word.
  public var showSecrets: Bool
  /// How many occurrences of one finding are listed.
  public var maximumOccurrences: Int

  /// A renderer.
  public init(colour: Bool, showSecrets: Bool = false, maximumOccurrences: Int = 5) {
    self.colour = colour
    self.showSecrets = showSecrets
    self.maximumOccurrences = maximumOccurrences
  }

  /// All cards of open findings, worst first.
  public func render(_ report: ScanReport) -> String {
    let order = report.findings.filter(\.isOpen).sorted {
      ($0.severity, $0.confidence, $1.rule, $1.fingerprint) > ($1.severity, $1.confidence, $0.rule, $0.fingerprint)
    }
    var shown: [String: Set<String>] = [:]
    var cards: [String] = []
    for finding in order {
      // An id and its secret are one card: that of the more severe.
      if finding.partners.contains(where: { shown[$0.fingerprint]?.contains(finding.fingerprint) == true }) { continue }
      shown[finding.fingerprint] = Set(finding.partners.map(\.fingerprint))
      cards.append(card(finding))
    }
    return cards.joined(separator: "\n")
  }

  /// One finding.
  public func card(_ finding: Finding) -> String {
    var lines: [String] = []
    let severity = paint(finding.severity.rawValue, severityColour(finding.severity))
    var head = "\(severity)  \(paint(finding.title, "1"))  \(value(of: finding))"
    if let verification = finding.verification { head += "  \(liveness(verification.liveness))" }
    lines.append(head)
    lines.append(
      "  rule \(finding.rule)  confidence \(finding.confidence.rawValue)  fingerprint \(finding.fingerprint)")
    for partner in finding.partners {
      let distance =
        partner.lines == 0 ? "on the same line" : "\(partner.lines) \(partner.lines == 1 ? "line" : "lines") away"
      lines.append(
        "  with \(paint(partner.title, "1"))  \(partner.redacted)  \(distance)  rule \(partner.rule)  fingerprint \(partner.fingerprint)"
      )
    }
    for occurrence in finding.occurrences.prefix(maximumOccurrences) { lines.append("  " + place(occurrence)) }
    let more = finding.occurrences.count - maximumOccurrences
    if more > 0 { lines.append("  … and \(more) more \(more == 1 ? "place" : "places")") }
    if let verification = finding.verification { lines.append("  \(printable(verification.evidence))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func value(of finding: Finding) -> String {
    guard showSecrets, let secret = finding.secret else { return finding.redacted }
    return printable(String(decoding: secret.copyBytes(), as: UTF8.self))
  }

  private func place(_ occurrence: Occurrence) -> String {
    var text = occurrence.submodule.map { "submodule \(printable($0)): " } ?? ""
    if occurrence.path.bytes.isEmpty {
      text += "(\(describe(occurrence.place)) \(occurrence.object?.short ?? ""))"
    } else {
      text += printable(occurrence.path.description)
    }
    text += ":\(occurrence.line):\(occurrence.column)"
    if [.symlink, .fileName, .refName].contains(occurrence.place) { text += "  \(describe(occurrence.place))" }
    if !occurrence.decoders.isEmpty { text += "  in \(occurrence.decoders.map(\.rawValue).joined(separator: " in "))" }
    if let commit = occurrence.introduced {
      text += commit.isBoundary ? "  at or before " : "  since "
      text +=
        "\(paint(commit.id.short, "33")) \(Timestamp.day(commit.time, zone: commit.zone)) \(printable(commit.author))"
    }
    if occurrence.atHead {
      text += "  " + paint("still at a branch head", "31")
    } else if let commit = occurrence.removed {
      text += "  removed by \(commit.id.short) \(Timestamp.day(commit.time, zone: commit.zone))"
    } else if let reachability = occurrence.reachability, reachability != .branch {
      text += "  \(describe(reachability))"
    }
    if occurrence.isMergeOnly { text += "  brought in by a merge" }
    return text
  }

  private func describe(_ place: Place) -> String {
    switch place {
    case .blob: "content without a path"
    case .symlink: "symlink target"
    case .fileName: "file name"
    case .commit: "message of commit"
    case .author: "author line of commit"
    case .committer: "committer line of commit"
    case .tag: "tag"
    case .refName: "ref name"
    case .file: "file"
    case .staged: "staged content"
    }
  }

  private func describe(_ reachability: Reachability) -> String {
    switch reachability {
    case .branch: "on a branch"
    case .remote: "only on a remote's branch"
    case .tag: "only on a tag"
    case .ref: "only on a ref that is no branch or tag"
    case .notes: "only in notes"
    case .stash: "only below a stash"
    case .stashIndex: "only in a stash's index"
    case .stashUntracked: "only in a stash's untracked files"
    case .stashWorktree: "only in a stash's work tree"
    case .index: "only staged"
    case .reflog: "only in a reflog"
    case .cruft: "reached by nothing, in a cruft pack"
    case .dangling: "reached by nothing"
    }
  }

  private func liveness(_ liveness: Liveness) -> String {
    switch liveness {
    case .live: paint("LIVE", "1;31")
    case .dead: paint("dead", "32")
    case .unknown: "unknown"
    }
  }

  private func severityColour(_ severity: Severity) -> String {
    switch severity {
    case .critical: "1;31"
    case .high: "31"
    case .medium: "33"
    case .low: "36"
    }
  }

  private func paint(_ text: String, _ code: String) -> String { colour ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text }
}

/// The text with control characters made visible: what a repository holds must not drive the terminal.
public func printable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0..<0x20, 0x7f..<0xa0, 0x202a...0x202e, 0x2066...0x2069: result += "\\u{\(String(scalar.value, radix: 16))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

extension ScanReport {
  /// One line: what was found in how much.
  public var summary: String {
    let open = findings.filter(\.isOpen)
    let atHead = open.count { $0.atHead }
    var text = "\(counted(open.count, "finding"))"
    if open.count < findings.count { text += " and \(findings.count - open.count) suppressed" }
    if !open.isEmpty && mode == "history" { text += " (\(atHead) still at a branch head)" }
    text += " in \(counted(coverage.blobs, mode == "history" ? "blob" : "file")), \(size(coverage.bytes))"
    if coverage.commits > 0 { text += ", \(counted(coverage.commits, "commit"))" }
    return text
  }

  /// What was left out, a line for each reason; empty when nothing was.
  public var omissions: [String] {
    coverage.skipCounts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { reason, count in
      "\(count) \(reason.explanation)" + (reason.isIncomplete ? "" : " (not counted as incomplete)")
    }
  }

  private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  private func size(_ bytes: Int64) -> String {
    if bytes < 1_000 { return "\(bytes) bytes" }
    let units = ["kB", "MB", "GB", "TB"]
    var tenths = bytes / 100
    var unit = 0
    while tenths >= 10_000 && unit < units.count - 1 {
      tenths /= 1_000
      unit += 1
    }
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}

extension SkipReason {
  /// The reason in words, after a count.
  public var explanation: String {
    switch self {
    case .tooLarge: "larger than the limit"
    case .missing: "missing from the object database"
    case .shallow: "beyond the boundary of a shallow clone"
    case .corrupt: "corrupt"
    case .lfsPointer: "git-lfs pointers, whose content is not here"
    case .unreadable: "unreadable"
    case .matchLimit: "places where a pattern was stopped by its limit"
    case .archive: "members of archives that could not be read"
    }
  }
}

extension Confidence {
  /// What a claim of this confidence rests on, after "because".
  public var reason: String {
    switch self {
    case .checksum: "it carries the checksum that its provider puts into its keys"
    case .structure: "it has the shape that its provider gives its keys"
    case .context: "of what stands beside it"
    case .guess: "it looks random"
    }
  }
}
