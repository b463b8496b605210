// The small formats: JSON lines, CSV, JUnit, Markdown, and the annotations that CI services draw.

internal import Formats
public import Model

/// One JSON object a line: the findings of the JSON report, then one line with its coverage.
public enum JSONLinesReport {
  /// The lines.
  public static func write(_ report: ScanReport, showSecrets: Bool, version: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for finding in report.findings {
      var writer = JSONWriter(indent: 0)
      JSONReport.write(finding, showSecrets, to: &writer)
      writer.endLine()
      bytes += writer.bytes
    }
    var writer = JSONWriter(indent: 0)
    writer.object { writer in
      writer.member("schema_version") { $0.integer(JSONReport.schemaVersion) }
      writer.member("version") { $0.string(version) }
      writer.member("target") { $0.string(report.target) }
      writer.member("mode") { $0.string(report.mode) }
      writer.member("coverage") { JSONReport.write(report.coverage, to: &$0) }
    }
    writer.endLine()
    return bytes + writer.bytes
  }
}

/// Comma-separated values (RFC 4180): a row for each occurrence.
public enum CSVReport {
  private static let columns = [
    "rule", "title", "severity", "confidence", "liveness", "redacted", "fingerprint", "place", "path", "line", "column",
    "commit", "author", "email", "date", "removed_by", "at_head", "reachability", "blob", "offset", "length",
  ]

  /// The header and the rows.
  public static func write(_ report: ScanReport) -> [UInt8] {
    var text = columns.joined(separator: ",") + "\r\n"
    for finding in report.findings {
      for place in finding.occurrences {
        let commit = place.introduced
        let fields: [String] = [
          finding.rule.rawValue, finding.title, finding.severity.rawValue, finding.confidence.rawValue,
          finding.verification?.liveness.rawValue ?? "", finding.redacted, finding.fingerprint, place.place.rawValue,
          place.path.description, "\(place.line)", "\(place.column)", commit?.id.description ?? "",
          commit?.author ?? "",
          commit?.email ?? "", commit.map { Timestamp.iso8601($0.time, zone: $0.zone) } ?? "",
          place.removed?.id.description ?? "", place.atHead ? "true" : "false", place.reachability?.rawValue ?? "",
          place.object?.description ?? "", "\(place.offset)", "\(place.length)",
        ]
        text += fields.map(field).joined(separator: ",") + "\r\n"
      }
    }
    return Array(text.utf8)
  }

  /// Control characters made visible, quoted where it must be. A field that a spreadsheet would take for a formula gets an apostrophe in front: what a
  /// repository holds must not run there.
  static func field(_ text: String) -> String {
    var text = printable(text)
    let formula: [UInt8] = [0x3d, 0x2b, 0x2d, 0x40, 0x09, 0x0d]
    if let first = text.utf8.first, formula.contains(first) { text = "'" + text }
    let special: [UInt8] = [0x22, 0x2c, 0x0a, 0x0d]
    let needsQuotes = text.utf8.contains { special.contains($0) }
    return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }
}

/// JUnit XML: a failed test case for each secret at each path.
public enum JUnitReport {
  /// The document.
  public static func write(_ report: ScanReport) -> [UInt8] {
    let places = FindingAtPath.all(report)
    let errors = report.omissions
    let total = max(places.count + errors.count, 1)
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
    text +=
      "  <testsuite name=\"keywright\" tests=\"\(total)\" failures=\"\(places.count)\" errors=\"\(errors.count)\">\n"
    for place in places {
      let name = "\(place.finding.rule) at \(place.pathText):\(place.place.line)"
      text +=
        "    <testcase classname=\"\(xml(place.finding.title))\" name=\"\(xml(name))\" file=\"\(xml(place.pathText))\">\n"
      text += "      <failure type=\"\(place.finding.severity.rawValue)\" message=\"\(xml(place.message))\">"
      text += xml("fingerprint \(place.finding.fingerprint)") + "</failure>\n    </testcase>\n"
    }
    for omission in errors {
      text +=
        "    <testcase classname=\"coverage\" name=\"not scanned\">\n      <error message=\"\(xml(omission))\"/>\n    </testcase>\n"
    }
    if places.isEmpty && errors.isEmpty { text += "    <testcase classname=\"keywright\" name=\"no secret found\"/>\n" }
    return Array((text + "  </testsuite>\n</testsuites>\n").utf8)
  }
}

/// Text for an XML attribute or element; characters that XML 1.0 can't hold are made visible first.
func xml(_ text: String) -> String {
  var result = ""
  for scalar in printable(text).unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    case _ where scalar.value == 0xfffe || scalar.value == 0xffff: result += "\u{fffd}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// Markdown for a step summary or a comment on a change.
public enum MarkdownReport {
  /// How many rows the table holds; services cut long comments off in the middle.
  public static let maximumRows = 100

  /// The heading, the sum, the table and what was not scanned.
  public static func write(_ report: ScanReport) -> [UInt8] {
    let places = FindingAtPath.all(report)
    var text = "## keywright: \(report.findings.isEmpty ? "no secret found" : report.summary)\n"
    if !places.isEmpty {
      text += "\n| severity | kind | value | where | commit | state |\n| --- | --- | --- | --- | --- | --- |\n"
      for place in places.prefix(maximumRows) { text += row(place) }
      if places.count > maximumRows { text += "\n… and \(places.count - maximumRows) more\n" }
      text += "\nEach of these values is known to whoever can read this repository: replace it first, then remove it.\n"
    }
    for omission in report.omissions { text += "\n- not scanned: \(escape(omission))" }
    if !report.omissions.isEmpty { text += "\n" }
    return Array(text.utf8)
  }

  private static func row(_ place: FindingAtPath) -> String {
    let finding = place.finding
    let state =
      switch finding.verification?.liveness {
      case .live: "**live**"
      case .dead: "dead"
      case .unknown, nil: place.place.atHead ? "at a branch head" : "in the history"
      }
    let commit = place.place.introduced.map { "`\($0.id.short)`" } ?? ""
    let cells = [
      finding.severity.rawValue, escape(finding.title), "`\(finding.redacted.replacing("`", with: "'"))`",
      "`\(place.pathText.replacing("`", with: "'").replacing("|", with: "\\|")):\(place.place.line)`", commit, state,
    ]
    return "| " + cells.joined(separator: " | ") + " |\n"
  }

  /// Nothing that a repository holds may become a link, markup or a mention.
  static func escape(_ text: String) -> String {
    var result = ""
    for character in printable(text) {
      if "\\`*_{}[]<>()#+-.!|@~".contains(character) { result.append("\\") }
      result.append(character)
    }
    return result
  }
}

/// Workflow commands that GitHub draws beside the lines of a change.
public enum GitHubAnnotations {
  /// GitHub shows no more than ten of a kind for a step; the rest are counted in the last line.
  public static let maximumShown = 10

  /// `::error file=…` lines. A place that is not at a head has no line to stand beside, so it gets no file.
  public static func write(_ report: ScanReport, warnOnly: Bool = false) -> [UInt8] {
    let places = FindingAtPath.all(report)
    let command = warnOnly ? "warning" : "error"
    var text = ""
    for place in places.prefix(maximumShown) {
      var properties = ["title=\(property("keywright: " + place.finding.title))"]
      let isInTree = place.place.atHead || [.file, .staged].contains(place.place.place)
      if isInTree && !place.place.path.bytes.isEmpty {
        properties += [
          "file=\(property(place.place.path.description))", "line=\(place.place.line)",
          "endLine=\(place.place.endLine)",
        ]
      }
      text +=
        "::\(command) \(properties.joined(separator: ","))::\(data("\(place.pathText):\(place.place.line): \(place.message)"))\n"
    }
    if places.count > maximumShown { text += "::\(command)::keywright: and \(places.count - maximumShown) more\n" }
    for omission in report.omissions { text += "::warning::\(data("keywright: not scanned: \(omission)"))\n" }
    return Array(text.utf8)
  }

  private static func data(_ text: String) -> String {
    printable(text).replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
  }

  private static func property(_ text: String) -> String {
    data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
  }
}
