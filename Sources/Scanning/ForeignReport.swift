// Reports of other scanners as input: which scanner's a file is follows from what it holds. Values in it stay values: they
// are kept as secrets, and no message shows one.

internal import Formats
public import Model
public import RuleBook
public import Secrets

/// One finding of another scanner.
public struct ForeignEntry: Sendable {
  /// The other scanner's names for what it found, the most exact first.
  public var names: [String]
  /// What it found, for people.
  public var title: String
  /// The file, as the report names it; empty where it names none.
  public var path: String
  /// Counted from 1; nil where the report names none.
  public var lines: ClosedRange<Int>?
  /// The commit that is named.
  public var commit: ObjectID?
  /// The value; nil where the report does not hold it.
  public var value: Secret?
  /// What is left of a value that the report shows in part.
  public var prefix: Secret?
  /// The SHA-1 of the value, where that is what the report holds.
  public var digest: [UInt8]?
  /// The entry's line in the report.
  public var line: Int
}

/// A report of another scanner.
public struct ForeignReport: Sendable {
  /// Whose it is.
  public enum Tool: String, Sendable {
    case gitleaks
    case trufflehog = "TruffleHog"
    case kingfisher = "Kingfisher"
    case detectSecrets = "detect-secrets"
  }

  /// Whose it is.
  public private(set) var tool: Tool
  /// What it found.
  public private(set) var entries: [ForeignEntry] = []
  /// What of it could not be understood.
  public private(set) var notes: [RuleMistake] = []

  /// Reads a report.
  ///
  /// - Throws: if the file is no report that is known, with the line of what is wrong.
  /// - Returns: nil for a report of keywright's own, or what claims to be one.
  public static func read(_ bytes: [UInt8], name: String) throws(RuleMistake) -> ForeignReport? {
    let documents = try documents(bytes, name)
    guard let first = documents.first?.node else { throw RuleMistake(file: name, line: 1, reason: "the file is empty") }
    if first["schema_version"]?.integer != nil || first["tool"]?["name"]?.string == "keywright" { return nil }
    if let results = first["results"], results.kind == .table, first["plugins_used"] != nil || first["version"] != nil {
      return try detectSecrets(results, name)
    }
    var items: [(node: Node, line: Int)] = []
    var isEmpty = false
    for (document, before) in documents {
      if let list = document.array ?? document["findings"]?.array {
        items += list.map { ($0, $0.line + before) }
        isEmpty = isEmpty || list.isEmpty
      } else {
        items.append((document, document.line + before))
      }
    }
    guard let tool = items.lazy.compactMap({ ForeignReport.tool(of: $0.node) }).first ?? (isEmpty ? .gitleaks : nil)
    else {
      throw RuleMistake(
        file: name, line: first.line,
        reason:
          "neither a report of keywright's nor one of gitleaks, betterleaks, TruffleHog, Kingfisher or detect-secrets")
    }
    var report = ForeignReport(tool: tool)
    for (item, line) in items {
      if var entry = ForeignReport.entry(item) {
        entry.line = line
        report.entries.append(entry)
      } else if !isSummary(item) {
        report.notes.append(RuleMistake(file: name, line: line, reason: "not a finding, so passed over"))
      }
    }
    return report
  }

  private init(tool: Tool) { self.tool = tool }

  /// One document, or one on each line, with the number of lines before it.
  private static func documents(
    _ bytes: [UInt8], _ name: String
  ) throws(RuleMistake) -> [(node: Node, before: Int)] {
    let whole: FormatError
    do throws(FormatError) { return [(try JSON.parse(bytes, name: name), 0)] } catch { whole = error }
    var documents: [(node: Node, before: Int)] = []
    var start = 0
    var line = 1
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
      if !bytes[start..<end].allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) {
        do throws(FormatError) {
          documents.append((try JSON.parse(Array(bytes[start..<end]), name: name), line - 1))
        } catch {
          // Where not even the first line is a document, the file as a whole is meant to be one.
          let shown = documents.isEmpty ? whole : error
          throw RuleMistake(
            file: name, line: documents.isEmpty ? shown.line : line, reason: "no JSON report: \(shown.reason)")
        }
      }
      start = end + 1
      line += 1
    }
    return documents
  }

  private static func isSummary(_ node: Node) -> Bool {
    // Kingfisher ends with counts, betterleaks with the scan's state; both may write log lines in between.
    node["findings_by_rule"] != nil || node["scan"] != nil || node["level"] != nil || node["scan_date"] != nil
      || node["state"] != nil
  }

  private static func tool(of node: Node) -> Tool? {
    if node["DetectorName"] != nil || node["DetectorType"] != nil { return .trufflehog }
    if node["finding"]?.kind == .table, node["rule"]?.kind == .table { return .kingfisher }
    return field(node, "ruleid") != nil ? .gitleaks : nil
  }

  private static func entry(_ node: Node) -> ForeignEntry? {
    switch tool(of: node) {
    case .gitleaks: gitleaks(node)
    case .trufflehog: trufflehog(node)
    case .kingfisher: kingfisher(node)
    case .detectSecrets, nil: nil
    }
  }

  /// A member whatever its spelling: `RuleID`, `ruleId`, `rule_id`.
  private static func field(_ node: Node, _ name: String) -> Node? {
    node.entries?.first { $0.key.lowercased().replacing("_", with: "") == name }?.value
  }

  // MARK: The scanners

  private static func gitleaks(_ node: Node) -> ForeignEntry? {
    guard let rule = field(node, "ruleid")?.string else { return nil }
    let start = field(node, "startline")?.integer ?? field(node, "line")?.integer
    let shown = field(node, "secret")?.string ?? ""
    let isMasked = shown.isEmpty || shown == "REDACTED" || shown.hasSuffix("...")
    return ForeignEntry(
      names: [rule], title: field(node, "description")?.string ?? rule,
      path: (field(node, "file") ?? field(node, "path"))?.string ?? "",
      lines: lines(start, field(node, "endline")?.integer), commit: commit(field(node, "commit")),
      value: isMasked ? nil : field(node, "secret")?.secret,
      prefix: isMasked && shown.hasSuffix("...") && shown.utf8.count > 3 ? Secret(String(shown.dropLast(3))) : nil,
      line: node.line)
  }

  private static func trufflehog(_ node: Node) -> ForeignEntry? {
    guard let detector = node["DetectorName"]?.string else { return nil }
    // `SourceMetadata.Data` has one member, named after the kind of source.
    let place = node["SourceMetadata"]?["Data"]?.entries?.first?.value
    let raw = node["Raw"]?.secret.flatMap { $0.count > 0 ? $0 : nil }
    return ForeignEntry(
      names: [detector], title: node["DetectorDescription"]?.string.map { firstSentence($0, detector) } ?? detector,
      path: place.flatMap { field($0, "file") }?.string ?? "",
      lines: lines(place.flatMap { field($0, "line") }?.integer, nil),
      commit: commit(place.flatMap { field($0, "commit") }), value: raw, line: node.line)
  }

  private static func firstSentence(_ text: String, _ name: String) -> String {
    let sentence = text.prefix { $0 != "." && $0 != "\n" }
    return sentence.count > 80 || sentence.isEmpty ? name : String(sentence)
  }

  private static func kingfisher(_ node: Node) -> ForeignEntry? {
    guard let rule = node["rule"], let finding = node["finding"], let id = rule["id"]?.string else { return nil }
    let git = finding["git_metadata"]
    // A snippet is the value itself, or a hash of it where the report is redacted.
    let shown = finding["snippet"]?.string ?? ""
    let isMasked = shown.isEmpty || shown.hasPrefix("[REDACTED")
    return ForeignEntry(
      names: [id, rule["name"]?.string].compactMap { $0 }, title: rule["name"]?.string ?? id,
      path: (git?["file"]?["path"] ?? finding["path"])?.string ?? "", lines: lines(finding["line"]?.integer, nil),
      commit: commit(git?["commit"]?["id"]), value: isMasked ? nil : finding["snippet"]?.secret, line: node.line)
  }

  private static func detectSecrets(_ results: Node, _ name: String) throws(RuleMistake) -> ForeignReport {
    var report = ForeignReport(tool: .detectSecrets)
    for file in results.entries ?? [] {
      guard let list = file.value.array else {
        throw RuleMistake(file: name, line: file.value.line, reason: "the findings of a file must be a list")
      }
      for node in list {
        guard let type = node["type"]?.string, let hash = node["hashed_secret"]?.string,
          let digest = Hex.decode(hash.utf8), digest.count == 20
        else {
          report.notes.append(
            RuleMistake(file: name, line: node.line, reason: "a finding without type and hashed_secret is passed over"))
          continue
        }
        // What its own audit has called none is none.
        if node["is_secret"]?.boolean == false { continue }
        report.entries.append(
          ForeignEntry(
            names: [type], title: type, path: node["filename"]?.string ?? file.key,
            lines: lines(node["line_number"]?.integer, nil), digest: digest, line: node.line))
      }
    }
    return report
  }

  private static func lines(_ start: Int?, _ end: Int?) -> ClosedRange<Int>? {
    guard let start, (1...1 << 40).contains(start) else { return nil }
    return start...max(start, min(end ?? start, 1 << 40))
  }

  private static func commit(_ node: Node?) -> ObjectID? { node?.string.flatMap { ObjectID(hex: $0.lowercased()) } }
}
