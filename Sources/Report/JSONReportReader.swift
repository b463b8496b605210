// Reads back what JSONReport writes: the input of verify, rotate and report.

internal import Formats
public import Model
internal import Secrets

/// A report that can't be used, and why.
public struct ReportError: Error, Sendable, CustomStringConvertible {
  /// The file's name and, where known, the line.
  public var place: String
  /// What is wrong.
  public var reason: String
  /// `place: reason`.
  public var description: String { "\(place): \(reason)" }
}

extension JSONReport {
  /// The report in `bytes`. Fields that this version does not know are passed over, missing ones are an error.
  public static func read(_ bytes: [UInt8], name: String) throws(ReportError) -> ScanReport {
    let root: Node
    do { root = try JSON.parse(bytes, name: name) } catch {
      throw ReportError(place: "\(name):\(error.line)", reason: "not a JSON report: \(error.reason)")
    }
    let reader = Reader(name: name)
    let version = try reader.integer(root, "schema_version")
    guard version == schemaVersion else {
      throw ReportError(
        place: name, reason: "schema version \(version) is not \(schemaVersion), the one understood here")
    }
    let key = try reader.member(root, "fingerprints")
    var findings: [Finding] = []
    for node in try reader.array(root, "findings") { findings.append(try reader.finding(node)) }
    return ScanReport(
      target: try reader.text(root, "target"), mode: try reader.text(root, "mode"),
      fingerprintKey: try reader.text(key, "key_id"), fingerprintKeyIsWeak: key["weak"]?.boolean ?? false,
      findings: findings, coverage: reader.coverage(root["coverage"]))
  }
}

private struct Reader {
  let name: String
  /// Beyond all that is counted here, and far from where sums and differences overflow.
  private static let largest = 1 << 48

  func finding(_ node: Node) throws(ReportError) -> Finding {
    var occurrences: [Occurrence] = []
    for place in try array(node, "occurrences") { occurrences.append(try occurrence(place)) }
    var finding = Finding(
      rule: RuleID(try text(node, "rule")), title: try text(node, "title"), provider: try text(node, "provider"),
      severity: try choice(node, "severity"), confidence: try choice(node, "confidence"),
      fingerprint: try text(node, "fingerprint"), redacted: try text(node, "redacted"), secret: node["secret"]?.secret,
      occurrences: occurrences,
      verification: try node["verification"].flatMap { (inner) throws(ReportError) in
        inner.kind == .null ? nil : try verification(inner)
      },
      suppression: try node["suppression"].flatMap { (inner) throws(ReportError) in
        inner.kind == .null
          ? nil
          : Suppression(
            kind: try choice(inner, "kind"), reason: inner["reason"]?.string, owner: inner["owner"]?.string,
            expires: inner["expires"]?.string)
      })
    for partner in node["pair"]?.array ?? [] {
      finding.partners.append(
        FindingPartner(
          rule: RuleID(try text(partner, "rule")), title: try text(partner, "title"),
          fingerprint: try text(partner, "fingerprint"), redacted: try text(partner, "redacted"),
          lines: try natural(partner, "lines")))
    }
    return finding
  }

  func occurrence(_ node: Node) throws(ReportError) -> Occurrence {
    var decoders: [Decoder] = []
    for entry in try array(node, "decoders") {
      guard let decoder = entry.string.flatMap(Decoder.init(rawValue:)) else { throw error(entry, "unknown decoder") }
      decoders.append(decoder)
    }
    var path = BytePath(try text(node, "path"))
    if let bytes = node["path_hex"]?.string.flatMap({ Hex.decode($0.utf8) }) { path = BytePath(bytes) }
    var member = node["member"]?.string.map { BytePath($0) }
    if let bytes = node["member_hex"]?.string.flatMap({ Hex.decode($0.utf8) }) { member = BytePath(bytes) }
    return Occurrence(
      place: try choice(node, "place"), path: path, line: try natural(node, "line"),
      endLine: try natural(node, "end_line"), column: try natural(node, "column"),
      endColumn: try natural(node, "end_column"), object: node["blob"]?.string.flatMap { ObjectID(hex: $0) },
      offset: try natural(node, "offset"), length: try natural(node, "length"), decoders: decoders,
      introduced: try commit(node, id: "commit"),
      removed: try node["removed"].flatMap { (inner) throws(ReportError) in try commit(inner, id: "commit") },
      atHead: node["at_head"]?.boolean ?? false,
      reachability: node["reachability"]?.string.flatMap(Reachability.init(rawValue:)),
      isMergeOnly: node["merge_only"]?.boolean ?? false, submodule: node["submodule"]?.string, member: member)
  }

  private func commit(_ node: Node, id: String) throws(ReportError) -> CommitInfo? {
    guard node.kind == .table, let object = node[id]?.string.flatMap({ ObjectID(hex: $0) }) else { return nil }
    let date = node["date"]?.string.flatMap(Timestamp.parse) ?? (0, 0)
    return CommitInfo(
      id: object, author: node["author"]?.string ?? "", email: node["email"]?.string ?? "", time: date.seconds,
      zone: date.zone, subject: node["subject"]?.string ?? "", isBoundary: node["at_or_before"]?.boolean ?? false)
  }

  private func verification(_ node: Node) throws(ReportError) -> Verification {
    Verification(
      liveness: try choice(node, "liveness"), evidence: try text(node, "evidence"), host: node["host"]?.string,
      status: node["status"]?.integer, time: (node["date"]?.string.flatMap(Timestamp.parse))?.seconds ?? 0,
      identity: node["identity"]?.string)
  }

  func coverage(_ node: Node?) -> Coverage {
    var coverage = Coverage()
    func count(_ name: String) -> Int { min(max(node?[name]?.integer ?? 0, 0), Reader.largest) }
    coverage.commits = count("commits")
    coverage.trees = count("trees")
    coverage.tags = count("tags")
    coverage.blobs = count("blobs")
    coverage.bytes = Int64(count("bytes"))
    coverage.refs = count("refs")
    for entry in node?["skips"]?.array ?? [] {
      guard let reason = entry["reason"]?.string.flatMap(SkipReason.init(rawValue:)) else { continue }
      coverage.add(
        Skip(
          reason: reason, object: entry["object"]?.string.flatMap { ObjectID(hex: $0) },
          path: entry["path"]?.string.map { BytePath($0) }, detail: entry["detail"]?.string ?? ""))
    }
    return coverage
  }

  func member(_ node: Node, _ key: String) throws(ReportError) -> Node {
    guard let value = node[key] else { throw error(node, "\(key) is missing") }
    return value
  }

  func text(_ node: Node, _ key: String) throws(ReportError) -> String {
    let value = try member(node, key)
    guard let text = value.string else { throw error(value, "\(key) is not text") }
    return text
  }

  func integer(_ node: Node, _ key: String) throws(ReportError) -> Int {
    let value = try member(node, key)
    guard let number = value.integer else { throw error(value, "\(key) is not a whole number") }
    return number
  }

  func natural(_ node: Node, _ key: String) throws(ReportError) -> Int {
    let number = try integer(node, key)
    guard (0...Reader.largest).contains(number) else { throw error(node, "\(key) is out of range") }
    return number
  }

  func array(_ node: Node, _ key: String) throws(ReportError) -> [Node] {
    let value = try member(node, key)
    guard let array = value.array else { throw error(value, "\(key) is not a list") }
    return array
  }

  func choice<T: RawRepresentable>(_ node: Node, _ key: String) throws(ReportError) -> T where T.RawValue == String {
    let value = try text(node, key)
    guard let choice = T(rawValue: value) else { throw error(node, "\(key) has the unknown value \(printable(value))") }
    return choice
  }

  private func error(_ node: Node, _ reason: String) -> ReportError {
    ReportError(place: "\(name):\(node.line)", reason: reason)
  }
}
