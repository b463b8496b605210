// When each secret stood in the repository, and what became of it: drawn as bars against one axis of years, and told as
// events.

internal import Model

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
    // A commit may claim any date; what nobody can have meant does not stretch the axis.
    let plausible = times.filter { (TimeSpan.earliest...TimeSpan.latest).contains($0) }
    start = plausible.min() ?? 0
    end = max(plausible.max() ?? 0, start)
  }

  /// 1990, and 2100.
  private static let earliest: Int64 = 631_152_000
  private static let latest: Int64 = 4_102_444_800

  var isEmpty: Bool { end <= start }

  /// Where a date lies between start and end, in tenths of a percent. Dates are whatever a commit claims, so sums are made
  /// in floating point.
  func position(_ time: Int64) -> Int {
    let whole = Double(end) - Double(start)
    guard whole > 0 else { return 0 }
    return min(1_000, max(0, Int((Double(time) - Double(start)) / whole * 1_000)))
  }

  /// A position as SVG takes it.
  static func percent(_ thousandths: Int) -> String { "\(thousandths / 10).\(abs(thousandths % 10))%" }
}

/// A secret's stay in the repository.
struct Exposure {
  struct Event {
    var time: Int64
    var kind: String
    /// Escaped.
    var text: String
  }

  /// When it stood there: from, to; nil for until now. Stretches that touch are one.
  private(set) var stretches: [(from: Int64, to: Int64?)] = []
  private(set) var events: [Event] = []
  private static let maximumEvents = 16

  init(_ finding: Finding) {
    let known = finding.occurrences.filter { $0.introduced != nil }
    var open: [(from: Int64, to: Int64?)] = known.compactMap { place in
      guard let from = place.introduced?.time else { return nil }
      return (from, place.atHead ? nil : place.removed?.time)
    }
    open.sort { $0.from < $1.from }
    for stretch in open {
      guard let last = stretches.last, last.to.map({ $0 >= stretch.from }) ?? true else {
        stretches.append(stretch)
        continue
      }
      let to: Int64? = if let a = last.to, let b = stretch.to { max(a, b) } else { nil }
      stretches[stretches.count - 1] = (last.from, to)
    }
    gather(finding, known)
  }

  private mutating func gather(_ finding: Finding, _ places: [Occurrence]) {
    var seen: Set<String> = []
    for place in places {
      let path = place.path.bytes.isEmpty ? "the commit’s message" : "<code>\(xml(place.path.description))</code>"
      if let commit = place.introduced, seen.insert("+\(commit.id)").inserted {
        let since = commit.isBoundary ? "at or before" : "introduced by"
        events.append(
          Event(time: commit.time, kind: "in", text: "\(since) \(Exposure.name(commit)) in \(path)"))
      }
      if let commit = place.removed, seen.insert("-\(commit.id)").inserted {
        events.append(
          Event(time: commit.time, kind: "out", text: "removed by \(Exposure.name(commit)) from \(path)"))
      }
    }
    if let verification = finding.verification, verification.liveness != .unknown {
      let isRotated = finding.suppression?.kind == .dead
      let kind = isRotated ? "rotated" : verification.liveness == .dead ? "dead" : "live"
      let word = isRotated ? "rotated" : verification.liveness == .dead ? "dead" : "still LIVE"
      events.append(Event(time: verification.time, kind: kind, text: "\(word): \(xml(verification.evidence))"))
    }
    events.sort { ($0.time, $0.kind) < ($1.time, $1.kind) }
    if events.count > Exposure.maximumEvents {
      events.removeSubrange(Exposure.maximumEvents / 2..<events.count - Exposure.maximumEvents / 2)
    }
  }

  private static func name(_ commit: CommitInfo) -> String {
    "\(xml(commit.author)) (<code title=\"\(xml(commit.subject))\">\(commit.id.short)</code>)"
  }

  /// First and last day, and what became of it, in a few words.
  func summary(_ finding: Finding) -> String {
    guard let first = stretches.first else { return "" }
    var text = Timestamp.day(first.from)
    let end = stretches.compactMap(\.to).max()
    if stretches.contains(where: { $0.to == nil }) {
      text += finding.atHead ? " → still there" : " → in the history"
    } else if let end {
      text += " → removed \(Timestamp.day(end))"
    }
    if finding.suppression?.kind == .dead, let verification = finding.verification {
      text += " · rotated \(Timestamp.day(verification.time))"
    } else if finding.verification?.liveness == .dead, let verification = finding.verification {
      text += " · dead \(Timestamp.day(verification.time))"
    }
    return text
  }
}

/// Draws exposures.
enum ExposureTimeline {
  /// Years along the top; nothing where all happened at once.
  static func axis(_ span: TimeSpan) -> String {
    guard !span.isEmpty, let from = Int(Timestamp.day(span.start).prefix(4)),
      let to = Int(Timestamp.day(span.end).prefix(4)), to >= from
    else { return "" }
    let step = max(1, (to - from + 8) / 8)
    var marks = "<text x=\"0\" y=\"11\">\(Timestamp.day(span.start))</text>"
    for year in stride(from: from + 1, through: to, by: step) {
      guard let time = Timestamp.parse("\(year)-01-01T00:00:00Z")?.seconds else { continue }
      let at = span.position(time)
      // Beside the first and the last day there is no room.
      guard (130...870).contains(at) else { continue }
      marks += "<text x=\"\(TimeSpan.percent(at))\" y=\"11\" text-anchor=\"middle\">\(year)</text>"
    }
    marks += "<text x=\"100%\" y=\"11\" text-anchor=\"end\">\(Timestamp.day(span.end))</text>"
    return "<svg class=\"axis\" width=\"100%\" height=\"14\" aria-hidden=\"true\">\(marks)</svg>"
  }

  static func draw(_ exposure: Exposure, _ finding: Finding, _ span: TimeSpan) -> String {
    guard !exposure.stretches.isEmpty, !span.isEmpty else { return "" }
    let label = xml("In the repository: \(exposure.summary(finding))")
    var shapes = "<rect class=\"rail\" x=\"0\" y=\"7\" width=\"100%\" height=\"2\"/>"
    for stretch in exposure.stretches {
      let x = min(994, span.position(stretch.from))
      let end = stretch.to.map { span.position($0) } ?? 1_000
      let kind = stretch.to == nil ? (finding.atHead ? "bar open" : "bar past") : "bar"
      shapes += "<rect class=\"\(kind)\" x=\"\(TimeSpan.percent(x))\" y=\"4\" "
      shapes += "width=\"\(TimeSpan.percent(max(6, end - x)))\" height=\"8\" rx=\"3\"/>"
    }
    for event in exposure.events where event.kind != "in" {
      let at = min(995, max(5, span.position(event.time)))
      shapes += "<circle class=\"\(event.kind)\" cx=\"\(TimeSpan.percent(at))\" cy=\"8\" r=\"5\"/>"
    }
    return
      "<svg class=\"timeline\" width=\"100%\" height=\"16\" role=\"img\" aria-label=\"\(label)\"><title>\(label)</title>\(shapes)</svg>"
  }

  /// What happened, in order.
  static func list(_ exposure: Exposure) -> String {
    if exposure.events.isEmpty { return "" }
    let items = exposure.events.map { event in
      "<li class=\"\(event.kind)\"><time>\(Timestamp.day(event.time))</time> \(event.text)</li>"
    }
    return "<ol class=\"events\">\(items.joined())</ol>\n"
  }
}
