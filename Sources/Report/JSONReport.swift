// The JSON report, schema version 1 (report.schema.json beside this file): what every other form is made from.

internal import Formats
public import Model
internal import Secrets

/// Writes and reads the JSON report.
public enum JSONReport {
  /// The version of the schema that is written, and the only one that is read.
  public static let schemaVersion = 1

  /// The report as a file: sorted, indented, with a final line feed.
  ///
  /// - Parameters:
  ///   - showSecrets: whether to put the values in. Only on the user's own word.
  ///   - version: the program's version.
  public static func write(_ report: ScanReport, showSecrets: Bool = false, version: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("schema_version") { $0.integer(schemaVersion) }
      writer.member("tool") {
        $0.object {
          $0.member("name") { $0.string("keywright") }
          $0.member("version") { $0.string(version) }
        }
      }
      writer.member("target") { $0.string(report.target) }
      writer.member("mode") { $0.string(report.mode) }
      writer.member("fingerprints") {
        $0.object {
          $0.member("key_id") { $0.string(report.fingerprintKey) }
          $0.member("weak") { $0.boolean(report.fingerprintKeyIsWeak) }
        }
      }
      writer.member("findings") {
        $0.array { for finding in report.findings { write(finding, showSecrets, to: &$0) } }
      }
      writer.member("coverage") { write(report.coverage, to: &$0) }
    }
    writer.endLine()
    return writer.bytes
  }

  static func write(_ finding: Finding, _ showSecrets: Bool, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("rule") { $0.string(finding.rule.rawValue) }
      writer.member("title") { $0.string(finding.title) }
      writer.member("provider") { $0.string(finding.provider) }
      writer.member("severity") { $0.string(finding.severity.rawValue) }
      writer.member("confidence") { $0.string(finding.confidence.rawValue) }
      writer.member("fingerprint") { $0.string(finding.fingerprint) }
      writer.member("redacted") { $0.string(finding.redacted) }
      if showSecrets, let secret = finding.secret { writer.member("secret") { $0.string(utf8: secret.copyBytes()) } }
      writer.member("at_head") { $0.boolean(finding.atHead) }
      if !finding.partners.isEmpty {
        writer.member("pair") { $0.array { for partner in finding.partners { write(partner, to: &$0) } } }
      }
      writer.member("verification") { write(finding.verification, to: &$0) }
      writer.member("suppression") { write(finding.suppression, to: &$0) }
      writer.member("occurrences") { $0.array { for place in finding.occurrences { write(place, to: &$0) } } }
    }
  }

  private static func write(_ partner: FindingPartner, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("rule") { $0.string(partner.rule.rawValue) }
      writer.member("title") { $0.string(partner.title) }
      writer.member("fingerprint") { $0.string(partner.fingerprint) }
      writer.member("redacted") { $0.string(partner.redacted) }
      writer.member("lines") { $0.integer(partner.lines) }
    }
  }

  private static func write(_ verification: Verification?, to writer: inout JSONWriter) {
    guard let verification else { return writer.null() }
    writer.object { writer in
      writer.member("liveness") { $0.string(verification.liveness.rawValue) }
      writer.member("evidence") { $0.string(verification.evidence) }
      writer.member("host") { $0.string(verification.host) }
      writer.member("status") { $0.integer(verification.status) }
      writer.member("date") { $0.string(Timestamp.iso8601(verification.time)) }
      writer.member("identity") { $0.string(verification.identity) }
    }
  }

  private static func write(_ suppression: Suppression?, to writer: inout JSONWriter) {
    guard let suppression else { return writer.null() }
    writer.object { writer in
      writer.member("kind") { $0.string(suppression.kind.rawValue) }
      writer.member("reason") { $0.string(suppression.reason) }
      writer.member("owner") { $0.string(suppression.owner) }
      writer.member("expires") { $0.string(suppression.expires) }
    }
  }

  private static func write(_ place: Occurrence, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("place") { $0.string(place.place.rawValue) }
      writer.member("path") { $0.string(place.path.description) }
      if !place.path.isUTF8 { writer.member("path_hex") { $0.string(Hex.encode(place.path.bytes)) } }
      if let member = place.member {
        writer.member("member") { $0.string(member.description) }
        if !member.isUTF8 { writer.member("member_hex") { $0.string(Hex.encode(member.bytes)) } }
      }
      for (name, value) in [
        ("line", place.line), ("end_line", place.endLine), ("column", place.column), ("end_column", place.endColumn),
      ] {
        writer.member(name) { $0.integer(value) }
      }
      writer.member("blob") { $0.string(place.object?.description) }
      writer.member("offset") { $0.integer(place.offset) }
      writer.member("length") { $0.integer(place.length) }
      writer.member("decoders") { $0.array { for decoder in place.decoders { $0.string(decoder.rawValue) } } }
      let commit = place.introduced
      writer.member("commit") { $0.string(commit?.id.description) }
      writer.member("author") { $0.string(commit?.author) }
      writer.member("email") { $0.string(commit?.email) }
      writer.member("date") { $0.string(commit.map { Timestamp.iso8601($0.time, zone: $0.zone) }) }
      writer.member("subject") { $0.string(commit?.subject) }
      writer.member("at_or_before") { $0.boolean(commit?.isBoundary ?? false) }
      writer.member("removed") { write(removal: place.removed, to: &$0) }
      writer.member("at_head") { $0.boolean(place.atHead) }
      writer.member("reachability") { $0.string(place.reachability?.rawValue) }
      writer.member("merge_only") { $0.boolean(place.isMergeOnly) }
      if let submodule = place.submodule { writer.member("submodule") { $0.string(submodule) } }
    }
  }

  private static func write(removal commit: CommitInfo?, to writer: inout JSONWriter) {
    guard let commit else { return writer.null() }
    writer.object { writer in
      writer.member("commit") { $0.string(commit.id.description) }
      writer.member("author") { $0.string(commit.author) }
      writer.member("email") { $0.string(commit.email) }
      writer.member("date") { $0.string(Timestamp.iso8601(commit.time, zone: commit.zone)) }
      writer.member("subject") { $0.string(commit.subject) }
    }
  }

  static func write(_ coverage: Coverage, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("complete") { $0.boolean(!coverage.isIncomplete) }
      for (name, value) in [
        ("refs", coverage.refs), ("commits", coverage.commits), ("trees", coverage.trees), ("tags", coverage.tags),
        ("blobs", coverage.blobs), ("bytes", Int(coverage.bytes)),
      ] {
        writer.member(name) { $0.integer(value) }
      }
      writer.member("skipped") { writer in
        writer.object { writer in
          for (reason, count) in coverage.skipCounts.sorted(by: { $0.key < $1.key }) where count > 0 {
            writer.member(reason.rawValue) { $0.integer(count) }
          }
        }
      }
      writer.member("skips") { $0.array { for skip in coverage.skips { write(skip, to: &$0) } } }
    }
  }

  private static func write(_ skip: Skip, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("reason") { $0.string(skip.reason.rawValue) }
      writer.member("object") { $0.string(skip.object?.description) }
      writer.member("path") { $0.string(skip.path?.description) }
      writer.member("detail") { $0.string(skip.detail) }
    }
  }
}
