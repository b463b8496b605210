// SARIF 2.1.0 (OASIS), in the form that code-scanning services take: levels, security-severity, stable fingerprints, and
// never a value, not even in a snippet.

internal import Formats
public import Model

/// Writes a report as SARIF.
public enum SARIFReport {
  /// The document. A result is one secret at one path.
  ///
  /// - Parameter version: the program's version.
  public static func write(_ report: ScanReport, version: String) -> [UInt8] {
    let rules = rulesNamed(in: report)
    let indexes = Dictionary(rules.enumerated().map { ($1.rule, $0) }, uniquingKeysWith: { first, _ in first })
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("$schema") { $0.string("https://json.schemastore.org/sarif-2.1.0.json") }
      writer.member("version") { $0.string("2.1.0") }
      writer.member("runs") { writer in
        writer.array { writer in
          writer.object { writer in
            writer.member("tool") { driver(rules, version, to: &$0) }
            writer.member("columnKind") { $0.string("utf16CodeUnits") }
            writer.member("invocations") { invocation(report, to: &$0) }
            writer.member("results") { writer in
              writer.array {
                for place in FindingAtPath.all(report, withSuppressed: true) { result(place, indexes, to: &$0) }
              }
            }
          }
        }
      }
    }
    writer.endLine()
    return writer.bytes
  }

  private static func driver(_ rules: [Finding], _ version: String, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("driver") { writer in
        writer.object { writer in
          writer.member("name") { $0.string("keywright") }
          writer.member("version") { $0.string(version) }
          writer.member("semanticVersion") { $0.string(version) }
          writer.member("rules") { writer in writer.array { for rule in rules { describe(rule, to: &$0) } } }
        }
      }
    }
  }

  private static func describe(_ finding: Finding, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id") { $0.string(finding.rule.rawValue) }
      writer.member("name") { $0.string(finding.title) }
      writer.member("shortDescription") { text(finding.title, to: &$0) }
      writer.member("fullDescription") {
        text("\(finding.title) in the repository's content or history. Replace it at \(finding.provider).", to: &$0)
      }
      writer.member("help") {
        text("Treat the value as known to others: replace it (keywright rotate), then remove it.", to: &$0)
      }
      writer.member("defaultConfiguration") { $0.object { $0.member("level") { $0.string(level(finding.severity)) } } }
      writer.member("properties") {
        $0.object {
          $0.member("security-severity") { $0.string(score(finding.severity)) }
          $0.member("precision") { $0.string(precision(finding.confidence)) }
          $0.member("tags") {
            $0.array {
              $0.string("security")
              $0.string("secret")
            }
          }
        }
      }
    }
  }

  private static func invocation(_ report: ScanReport, to writer: inout JSONWriter) {
    writer.array { writer in
      writer.object { writer in
        writer.member("executionSuccessful") { $0.boolean(!report.coverage.isIncomplete) }
        writer.member("toolExecutionNotifications") { writer in
          writer.array { writer in
            for omission in report.omissions {
              writer.object {
                $0.member("level") { $0.string("warning") }
                $0.member("message") { text("not scanned: \(omission)", to: &$0) }
              }
            }
          }
        }
      }
    }
  }

  private static func result(_ place: FindingAtPath, _ rules: [RuleID: Int], to writer: inout JSONWriter) {
    let finding = place.finding
    writer.object { writer in
      writer.member("ruleId") { $0.string(finding.rule.rawValue) }
      writer.member("ruleIndex") { $0.integer(rules[finding.rule]) }
      writer.member("level") { $0.string(finding.verification?.liveness == .live ? "error" : level(finding.severity)) }
      writer.member("message") { text(place.message, to: &$0) }
      writer.member("locations") { writer in writer.array { location(place.place, to: &$0) } }
      if !place.others.isEmpty {
        writer.member("relatedLocations") { writer in
          writer.array { for other in place.others.prefix(20) { location(other, to: &$0) } }
        }
      }
      if let suppression = finding.suppression {
        writer.member("suppressions") { writer in
          writer.array { writer in
            writer.object { writer in
              writer.member("kind") { $0.string(suppression.kind == .inline ? "inSource" : "external") }
              writer.member("justification") { $0.string(suppression.reason ?? "no reason given") }
            }
          }
        }
      }
      writer.member("partialFingerprints") {
        $0.object {
          $0.member("keywrightSecretAtPath/v1") { $0.string(place.identity) }
          $0.member("keywrightSecret/v1") { $0.string(finding.fingerprint) }
        }
      }
      writer.member("properties") { properties(place, to: &$0) }
    }
  }

  private static func properties(_ place: FindingAtPath, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("security-severity") { $0.string(score(place.finding.severity)) }
      writer.member("confidence") { $0.string(place.finding.confidence.rawValue) }
      writer.member("atHead") { $0.boolean(place.place.atHead) }
      if let commit = place.place.introduced {
        writer.member("commit") { $0.string(commit.id.description) }
        writer.member("author") { $0.string(commit.author) }
        writer.member("date") { $0.string(Timestamp.iso8601(commit.time, zone: commit.zone)) }
      }
      if let verification = place.finding.verification {
        writer.member("liveness") { $0.string(verification.liveness.rawValue) }
      }
    }
  }

  private static func location(_ place: Occurrence, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("physicalLocation") { writer in
        writer.object { writer in
          writer.member("artifactLocation") {
            $0.object { $0.member("uri") { $0.string(uri(place)) } }
          }
          writer.member("region") {
            $0.object {
              $0.member("startLine") { $0.integer(place.line) }
              $0.member("startColumn") { $0.integer(place.column) }
              $0.member("endLine") { $0.integer(place.endLine) }
              $0.member("endColumn") { $0.integer(place.endColumn) }
            }
          }
        }
      }
    }
  }

  /// The path as a relative reference of RFC 3986, its bytes percent-encoded where they must be.
  static func uri(_ place: Occurrence) -> String {
    var text = place.path.bytes
    if text.isEmpty { text = Array("\(place.place.rawValue)/\(place.object?.description ?? "unknown")".utf8) }
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e, 0x2f: result.append(byte)
      default: result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func text(_ text: String, to writer: inout JSONWriter) {
    writer.object { $0.member("text") { $0.string(text) } }
  }

  private static func level(_ severity: Severity) -> String {
    switch severity {
    case .critical, .high: "error"
    case .medium: "warning"
    case .low: "note"
    }
  }

  /// On the scale of CVSS, as services sort by it: over 9 critical, 7 high, 4 medium.
  private static func score(_ severity: Severity) -> String {
    switch severity {
    case .critical: "9.5"
    case .high: "8.0"
    case .medium: "5.5"
    case .low: "2.0"
    }
  }

  private static func precision(_ confidence: Confidence) -> String {
    switch confidence {
    case .checksum: "very-high"
    case .structure: "high"
    case .context: "medium"
    case .guess: "low"
    }
  }
}
