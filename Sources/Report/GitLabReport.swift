// The two JSON artifacts that GitLab reads: the secret-detection report (security report schema 15.x) and code quality.

internal import Formats
public import Model

/// Writes GitLab's artifacts.
public enum GitLabReport {
  /// The version of GitLab's security report schemas that is written.
  public static let schemaVersion = "15.2.1"

  /// `gl-secret-detection-report.json`.
  ///
  /// - Parameters:
  ///   - version: the program's version.
  ///   - start: when the scan began, in seconds since 1970.
  ///   - end: when it ended.
  public static func secretDetection(_ report: ScanReport, version: String, start: Int64, end: Int64) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("version") { $0.string(schemaVersion) }
      writer.member("scan") { writer in
        writer.object { writer in
          writer.member("analyzer") { tool(version, to: &$0) }
          writer.member("scanner") { tool(version, to: &$0) }
          writer.member("type") { $0.string("secret_detection") }
          writer.member("start_time") { $0.string(local(start)) }
          writer.member("end_time") { $0.string(local(end)) }
          writer.member("status") { $0.string(report.coverage.isIncomplete ? "failure" : "success") }
        }
      }
      writer.member("vulnerabilities") { writer in
        writer.array { for place in FindingAtPath.all(report) { vulnerability(place, to: &$0) } }
      }
    }
    writer.endLine()
    return writer.bytes
  }

  /// `gl-code-quality-report.json`: an array of issues in Code Climate's form.
  public static func codeQuality(_ report: ScanReport) -> [UInt8] {
    var writer = JSONWriter()
    writer.array { writer in
      for place in FindingAtPath.all(report) {
        writer.object { writer in
          writer.member("type") { $0.string("issue") }
          writer.member("check_name") { $0.string(place.finding.rule.rawValue) }
          writer.member("description") { $0.string(place.message) }
          writer.member("categories") { $0.array { $0.string("Security") } }
          writer.member("severity") { $0.string(quality(place.finding.severity)) }
          writer.member("fingerprint") { $0.string(place.identity) }
          writer.member("location") {
            $0.object {
              $0.member("path") { $0.string(place.pathText) }
              $0.member("lines") { $0.object { $0.member("begin") { $0.integer(place.place.line) } } }
            }
          }
        }
      }
    }
    writer.endLine()
    return writer.bytes
  }

  private static func tool(_ version: String, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id") { $0.string("keywright") }
      writer.member("name") { $0.string("keywright") }
      writer.member("version") { $0.string(version) }
      writer.member("vendor") { $0.object { $0.member("name") { $0.string("keywright") } } }
    }
  }

  private static func vulnerability(_ place: FindingAtPath, to writer: inout JSONWriter) {
    let finding = place.finding
    writer.object { writer in
      writer.member("id") { $0.string(place.identity) }
      writer.member("category") { $0.string("secret_detection") }
      writer.member("name") { $0.string(finding.title) }
      writer.member("description") { $0.string(place.message) }
      writer.member("severity") { $0.string(severity(finding.severity)) }
      writer.member("raw_source_code_extract") { $0.string(finding.redacted) }
      writer.member("location") { location(place.place, path: place.pathText, to: &$0) }
      writer.member("identifiers") {
        $0.array {
          $0.object {
            $0.member("type") { $0.string("keywright_rule_id") }
            $0.member("name") { $0.string("keywright rule \(finding.rule)") }
            $0.member("value") { $0.string(finding.rule.rawValue) }
          }
        }
      }
    }
  }

  private static func location(_ place: Occurrence, path: String, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("file") { $0.string(path) }
      writer.member("start_line") { $0.integer(place.line) }
      writer.member("end_line") { $0.integer(place.endLine) }
      writer.member("commit") { writer in
        writer.object { writer in
          // Where there is no commit (a directory, the index) GitLab's own convention is a row of zeros.
          writer.member("sha") { $0.string(place.introduced?.id.description ?? String(repeating: "0", count: 40)) }
          if let commit = place.introduced {
            writer.member("author") { $0.string(commit.author) }
            writer.member("date") { $0.string(Timestamp.iso8601(commit.time, zone: commit.zone)) }
            writer.member("message") { $0.string(commit.subject) }
          }
        }
      }
    }
  }

  /// GitLab's schema wants a time without a zone.
  private static func local(_ seconds: Int64) -> String { String(Timestamp.iso8601(seconds).prefix(19)) }

  private static func severity(_ severity: Severity) -> String {
    switch severity {
    case .critical: "Critical"
    case .high: "High"
    case .medium: "Medium"
    case .low: "Low"
    }
  }

  private static func quality(_ severity: Severity) -> String {
    switch severity {
    case .critical: "blocker"
    case .high: "critical"
    case .medium: "major"
    case .low: "minor"
    }
  }
}
