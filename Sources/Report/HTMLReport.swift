// One self-contained HTML page: what to replace first, when each secret was exposed, where it stands. It loads nothing,
// holds no value, and whatever a repository put into names and messages is text in it, never markup.

public import Model
internal import Secrets

/// Writes a report as a page.
public enum HTMLReport {
  /// The most findings that get a card of their own; the rest are counted.
  public static let maximumCards = 5_000
  /// The most places listed on a card.
  static let maximumPlaces = 50

  /// The page.
  ///
  /// - Parameter version: the program's version.
  public static func write(_ report: ScanReport, version: String) -> [UInt8] {
    let ranked = ExposureRank.order(report.findings)
    let span = TimeSpan(report)
    var page = head(report)
    page +=
      "<body>\n<header>\n<h1>keywright</h1>\n<p class=\"target\">\(xml(report.mode)) of <code>\(xml(report.target))</code></p>\n"
    page += tiles(report) + "</header>\n<main>\n"
    if ranked.isEmpty {
      page += "<p class=\"clean\">No secret was found.</p>\n"
    } else {
      page += first(ranked)
      page += toolbar(report)
      page += "<p id=\"shown\" role=\"status\" aria-live=\"polite\"></p>\n"
      page += ExposureTimeline.axis(span) + "<ol id=\"cards\">\n"
      for (rank, finding) in ranked.prefix(maximumCards).enumerated() { page += card(finding, rank, span) }
      page += "</ol>\n" + legend(span)
      if ranked.count > maximumCards {
        page += "<p>… and \(ranked.count - maximumCards) more in the JSON report.</p>\n"
      }
    }
    page += coverage(report) + "</main>\n"
    page += "<footer>keywright \(xml(version)). Values are not in this page; "
    page +=
      report.fingerprintKeyIsWeak
      ? "their fingerprints can be checked against a guess." : "their fingerprints are keyed."
    page += "</footer>\n<script>\(HTMLAssets.script)</script>\n</body>\n</html>\n"
    return Array(page.utf8)
  }

  private static func head(_ report: ScanReport) -> String {
    // The page may run this one script and this one style, and fetch nothing.
    let policy =
      "default-src 'none'; style-src '\(source(HTMLAssets.style))'; script-src '\(source(HTMLAssets.script))'; base-uri 'none'; form-action 'none'"
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="referrer" content="no-referrer">
      <title>keywright: \(report.findings.count) secrets in \(xml(report.target))</title>
      <style>\(HTMLAssets.style)</style>
      </head>

      """
  }

  private static func source(_ text: String) -> String { "sha256-" + base64(SHA256.hash(Array(text.utf8))) }

  private static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for place in 0..<4 { result.append(place <= group.count ? digits[word >> (18 - 6 * place) & 63] : 0x3d) }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func tiles(_ report: ScanReport) -> String {
    let live = report.findings.count { $0.verification?.liveness == .live }
    let dead = report.findings.count { $0.verification?.liveness == .dead }
    var tiles = [("secrets", report.findings.count, "")]
    if report.findings.contains(where: { $0.verification != nil }) {
      tiles += [("live", live, live > 0 ? "bad" : "good"), ("dead", dead, "good")]
    }
    let rotated = report.findings.count { $0.suppression?.kind == .dead }
    if rotated > 0 { tiles.append(("rotated", rotated, "good")) }
    if report.mode == "history" { tiles.append(("still at a branch head", report.findings.count { $0.atHead }, "")) }
    tiles.append(("critical or high", report.findings.count { $0.severity >= .high }, ""))
    let items = tiles.map { "<div class=\"tile \($0.2)\"><b>\($0.1)</b><span>\($0.0)</span></div>" }
    return "<div class=\"tiles\">\(items.joined())</div>\n"
  }

  /// How many are named at the top.
  private static let maximumFirst = 10

  /// What to replace first, and why.
  private static func first(_ ranked: [Finding]) -> String {
    let open = ranked.filter { $0.isOpen && $0.verification?.liveness != .dead }
    if open.isEmpty {
      return
        "<section class=\"first\"><h2>Replace first</h2><p class=\"good\">Nothing is left to replace.</p></section>\n"
    }
    var text = "<section class=\"first\"><h2>Replace first</h2>\n<ol>\n"
    for (rank, finding) in ranked.enumerated().filter({
      $0.element.isOpen && $0.element.verification?.liveness != .dead
    })
    .prefix(maximumFirst) {
      text += "<li class=\"\(finding.severity.rawValue)\"><a href=\"#f\(rank)\">\(xml(finding.title))</a> "
      text += "<code>\(xml(finding.redacted))</code> <span class=\"where\">\(place(finding))</span> "
      text += "<span class=\"why\">\(ExposureRank.reason(finding))</span></li>\n"
    }
    text += "</ol>\n"
    if open.count > maximumFirst {
      text += "<p class=\"small\">and \(open.count - maximumFirst) more, in this order, below</p>\n"
    }
    return text + "</section>\n"
  }

  /// The first place, and how many there are besides.
  private static func place(_ finding: Finding) -> String {
    guard let place = finding.occurrences.first(where: \.atHead) ?? finding.occurrences.first else { return "" }
    let path = place.path.bytes.isEmpty ? "(\(place.place.rawValue))" : place.path.description
    let more = finding.occurrences.count - 1
    return "<code>\(xml(path)):\(place.line)</code>" + (more > 0 ? " and \(more) more" : "")
  }

  private static func toolbar(_ report: ScanReport) -> String {
    let rules = rulesNamed(in: report).map { "<option value=\"\($0.rule)\">\(xml($0.title))</option>" }.joined()
    let severities = Severity.allCases.reversed().map {
      "<label><input type=\"checkbox\" name=\"severity\" value=\"\($0.rawValue)\" checked> \($0.rawValue)</label>"
    }
    return """
      <div class="toolbar" role="search">
      <input id="query" type="search" placeholder="Search path, rule, author, commit…  ( / )" aria-label="Search" autocomplete="off">
      <select id="rule" aria-label="Kind"><option value="">every kind</option>\(rules)</select>
      <select id="state" aria-label="State"><option value="">every state</option><option value="live">live</option>\
      <option value="open">not proven dead</option><option value="head">still at a branch head</option>\
      <option value="dead">dead or rotated</option><option value="suppressed">suppressed</option></select>
      <select id="sort" aria-label="Order"><option value="rank">replace first</option>\
      <option value="new">newest first</option><option value="old">oldest first</option>\
      <option value="places">most places first</option></select>
      <fieldset><legend>severity</legend>\(severities.joined())</fieldset>
      <button id="expand" type="button">Open all</button>
      <span class="keys"><kbd>/</kbd> search · <kbd>j</kbd> <kbd>k</kbd> move · <kbd>Enter</kbd> open · <kbd>Esc</kbd> clear</span>
      </div>

      """
  }

  private static func legend(_ span: TimeSpan) -> String {
    if span.isEmpty { return "" }
    let marks = [
      ("bar open", "at a branch head"), ("bar past", "in the history only"), ("bar", "gone again"), ("out", "removed"),
      ("live", "live when asked"),
      ("dead", "dead when asked"), ("rotated", "rotated"),
    ]
    let items = marks.map { kind, text in
      kind.hasPrefix("bar")
        ? "<span><svg width=\"22\" height=\"10\" aria-hidden=\"true\"><rect class=\"\(kind)\" width=\"22\" height=\"8\" y=\"1\" rx=\"3\"/></svg> \(text)</span>"
        : "<span><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><circle class=\"\(kind)\" cx=\"6\" cy=\"6\" r=\"5\"/></svg> \(text)</span>"
    }
    return "<p class=\"legend timeline\">\(items.joined(separator: " "))</p>\n"
  }

  private static func card(_ finding: Finding, _ rank: Int, _ span: TimeSpan) -> String {
    let exposure = Exposure(finding)
    var text = "<li id=\"f\(rank)\" class=\"card \(finding.severity.rawValue)\(finding.isOpen ? "" : " closed")\" "
    text += data(finding, rank, exposure) + ">\n"
    text += "<details>\n<summary><span class=\"severity\">\(finding.severity.rawValue)</span> "
    text += "<span class=\"title\">\(xml(finding.title))</span> <code>\(xml(finding.redacted))</code> "
    text += badges(finding) + "<span class=\"line\"><span class=\"where\">\(place(finding))</span>"
    text += "<span class=\"when\">\(exposure.summary(finding))</span></span>"
    text += ExposureTimeline.draw(exposure, finding, span) + "</summary>\n"
    text += "<p class=\"advice\">\(xml(ExposureRank.advice(finding)))</p>\n"
    if let suppression = finding.suppression {
      text += "<p>Suppressed (\(suppression.kind.rawValue)): \(xml(suppression.reason ?? "no reason given"))</p>\n"
    }
    if let verification = finding.verification {
      text += "<p>\(xml(verification.evidence)) <time>\(Timestamp.iso8601(verification.time))</time></p>\n"
    }
    text += ExposureTimeline.list(exposure)
    text += "<table><thead><tr>" + columns.map { "<th>\($0)</th>" }.joined() + "</tr></thead><tbody>\n"
    for place in finding.occurrences.prefix(maximumPlaces) { text += row(place) }
    text += "</tbody></table>\n"
    let more = finding.occurrences.count - maximumPlaces
    if more > 0 { text += "<p>… and \(more) more places</p>\n" }
    text +=
      "<p class=\"small\">rule <code>\(finding.rule)</code> · confidence \(finding.confidence.rawValue) · fingerprint "
    return text + "<code>\(xml(finding.fingerprint))</code></p>\n</details>\n</li>\n"
  }

  /// What the script filters and sorts by.
  private static func data(_ finding: Finding, _ rank: Int, _ exposure: Exposure) -> String {
    let liveness = finding.verification?.liveness
    let isDead = liveness == .dead || finding.suppression?.kind == .dead
    let state = liveness == .live ? "live" : isDead ? "dead" : "open"
    var words = [
      finding.rule.rawValue, finding.title, finding.provider, finding.fingerprint, finding.severity.rawValue,
    ]
    for place in finding.occurrences {
      words += [place.path.description, place.introduced?.author ?? "", place.introduced?.id.description ?? ""]
    }
    let attributes = [
      ("severity", finding.severity.rawValue), ("rule", "\(finding.rule)"), ("state", state),
      ("head", "\(finding.atHead)"), ("suppressed", "\(!finding.isOpen)"), ("rank", "\(rank)"),
      ("first", exposure.stretches.first.map { "\($0.from)" } ?? ""), ("places", "\(finding.occurrences.count)"),
      ("search", xml(words.joined(separator: " ").lowercased())),
    ]
    return attributes.map { "data-\($0.0)=\"\($0.1)\"" }.joined(separator: " ")
  }

  private static func badges(_ finding: Finding) -> String {
    var badges: [(String, String)] = []
    switch finding.verification?.liveness {
    case .live: badges.append(("live", "LIVE"))
    case .dead: badges.append(("dead", "dead"))
    case .unknown: badges.append(("", "not told"))
    case nil: break
    }
    if let suppression = finding.suppression {
      badges.append(
        suppression.kind == .dead ? ("dead", "rotated") : ("", "suppressed: \(suppression.kind.rawValue)"))
    }
    if finding.atHead { badges.append(("head", "at a branch head")) }
    let places = finding.occurrences.count
    if places > 1 { badges.append(("", "\(places) places")) }
    return badges.map { "<span class=\"badge \($0.0)\">\($0.1)</span> " }.joined()
  }

  private static let columns = ["where", "introduced", "by", "removed", "reached from"]

  private static func row(_ place: Occurrence) -> String {
    func commit(_ commit: CommitInfo?, _ prefix: String = "") -> String {
      guard let commit else { return "" }
      return
        "\(prefix)<time>\(Timestamp.day(commit.time, zone: commit.zone))</time> <code title=\"\(xml(commit.subject))\">\(commit.id.short)</code>"
    }
    let path = place.path.bytes.isEmpty ? "(\(place.place.rawValue))" : place.path.description
    let author = place.introduced.map { "\(xml($0.author))" } ?? ""
    let end = place.atHead ? "<span class=\"badge head\">still there</span>" : commit(place.removed)
    let cells = [
      "<code>\(xml(path)):\(place.line):\(place.column)</code>",
      commit(place.introduced, place.introduced?.isBoundary == true ? "at or before " : ""), author, end,
      place.reachability?.rawValue ?? "",
    ]
    // The column's name goes with the cell: on a narrow screen a row becomes a list.
    return "<tr>" + zip(columns, cells).map { "<td data-label=\"\($0)\">\($1)</td>" }.joined() + "</tr>\n"
  }

  private static func coverage(_ report: ScanReport) -> String {
    let coverage = report.coverage
    var text =
      "<section class=\"coverage\"><h2>What was read</h2>\n<p>\(coverage.blobs) contents (\(coverage.bytes) bytes), "
    text += "\(coverage.commits) commits, \(coverage.tags) tags, \(coverage.refs) refs.</p>\n"
    if report.omissions.isEmpty { return text + "<p class=\"good\">Nothing was left out.</p></section>\n" }
    text += "<p class=\"bad\">Not scanned:</p><ul>"
    for omission in report.omissions { text += "<li>\(xml(omission))</li>" }
    return text + "</ul></section>\n"
  }
}
