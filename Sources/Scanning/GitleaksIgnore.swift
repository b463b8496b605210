// What gitleaks' users have said of their findings: `.gitleaksignore`, and reports that serve as a baseline.

internal import Formats
public import Model
public import RuleBook
internal import Secrets

/// Places that need no action, under gitleaks' names of rules.
public struct GitleaksIgnore: Sendable {
  /// The usual name, at the top of a repository.
  public static let fileName = ".gitleaksignore"
  /// A longer file is refused.
  public static let maximumBytes = 256 << 20

  private struct Entry: Sendable {
    var commit: String?
    var path: String
    var rule: String
    /// Nil in a report's entry that has the value: lines move.
    var line: Int?
    var value: Secret?
    var place: String
  }

  /// By path and rule.
  private var entries: [String: [Entry]] = [:]
  /// What could not be understood.
  public private(set) var notes: [RuleMistake] = []
  /// The number of entries.
  public private(set) var count = 0

  /// Nothing.
  public init() {}

  private mutating func add(_ entry: Entry) {
    entries["\(entry.path)\u{0}\(entry.rule)", default: []].append(entry)
    count += 1
  }

  /// Adds the lines of an ignore file: `commit:file:rule:line` or `file:rule:line`; `#` begins a comment.
  public mutating func add(ignoreFile bytes: [UInt8], name: String) {
    guard bytes.count <= GitleaksIgnore.maximumBytes else {
      return notes.append(RuleMistake(file: name, line: 0, reason: "the file is too long, so it is not honoured"))
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    for (index, raw) in lines.enumerated() {
      let line = raw.drop { $0.isWhitespace }
      let trimmed = String(line.reversed().drop { $0.isWhitespace }.reversed())
      if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
      // A path may hold colons: the two last fields and, if it is one, the commit are taken off first.
      var fields = trimmed.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard fields.count >= 3, let number = fields.popLast().flatMap({ Int($0) }), let rule = fields.popLast() else {
        notes.append(
          RuleMistake(
            file: name, line: index + 1, reason: "neither commit:file:rule:line nor file:rule:line, so not honoured"))
        continue
      }
      var commit: String?
      if fields.count > 1, let first = fields.first, ObjectID(hex: first) != nil {
        commit = first.lowercased()
        fields.removeFirst()
      }
      add(
        Entry(
          commit: commit, path: GitleaksIgnore.plain(fields.joined(separator: ":")), rule: rule, line: number,
          place: "\(name):\(index + 1)"))
    }
  }

  /// Adds the findings of a report of gitleaks' in JSON. One that holds the value covers that value in its file; a
  /// redacted one covers its line.
  public mutating func add(report bytes: [UInt8], name: String) throws(RuleFileErrors) {
    let root: Node
    do { root = try JSON.parse(bytes, name: name) } catch {
      throw RuleFileErrors(mistakes: [RuleMistake(file: name, line: error.line, reason: error.reason)])
    }
    guard let list = root.array else {
      throw RuleFileErrors(mistakes: [RuleMistake(file: name, line: 1, reason: "a report of gitleaks' is a JSON array")]
      )
    }
    for node in list {
      guard let rule = node["RuleID"]?.string, let path = node["File"]?.string, let line = node["StartLine"]?.integer
      else {
        notes.append(
          RuleMistake(
            file: name, line: node.line, reason: "an entry without RuleID, File and StartLine is not honoured"))
        continue
      }
      let text = node["Secret"]?.string ?? ""
      let isRedacted = text.isEmpty || text == "REDACTED" || text.hasSuffix("...")
      let commit = node["Commit"]?.string.flatMap { $0.isEmpty ? nil : $0.lowercased() }
      add(
        Entry(
          commit: isRedacted ? commit : nil, path: GitleaksIgnore.plain(path), rule: rule,
          line: isRedacted ? line : nil,
          value: isRedacted ? nil : node["Secret"]?.secret, place: "\(name):\(node.line)"))
    }
  }

  private static func plain(_ path: String) -> String {
    let path = path.replacing("\\", with: "/")
    return path.hasPrefix("./") ? String(path.dropFirst(2)) : path
  }

  /// Marks what the entries cover.
  ///
  /// - Parameters:
  ///   - rules: the rules that the report was made with: an entry names one by its id or by an alias.
  ///   - reader: reads matches again: gitleaks' line is that of the match, not of the value.
  /// - Returns: how many places were marked.
  @discardableResult
  public func apply(to report: inout ScanReport, rules: [Rule], _ reader: OccurrenceReader) -> Int {
    if entries.isEmpty { return 0 }
    let names = Dictionary(
      rules.map { ($0.id, [$0.id.rawValue] + $0.aliases) }, uniquingKeysWith: { first, _ in first })
    let target = GitleaksIgnore.plain(report.target)
    return report.suppress(.ignoreFile) { finding, occurrence in
      let path = occurrence.path.description
      // gitleaks writes the paths of a directory scan from where it was started.
      for path in [path, target == "." || target.isEmpty ? path : "\(target)/\(path)"] {
        for name in names[finding.rule] ?? [finding.rule.rawValue] {
          for entry in entries["\(path)\u{0}\(name)"] ?? [] where covers(entry, finding, occurrence, reader) {
            return entry.place
          }
        }
      }
      return nil
    }
  }

  private func covers(
    _ entry: Entry, _ finding: Finding, _ occurrence: Occurrence, _ reader: OccurrenceReader
  ) -> Bool {
    if let commit = entry.commit, occurrence.introduced?.id.description != commit { return false }
    if let value = entry.value { return finding.secret.map { $0 == value } ?? false }
    // gitleaks gives a file that is found by its path alone the line 0.
    if finding.secret == nil, occurrence.length == 0 { return entry.line == 0 }
    if occurrence.line == entry.line { return true }
    return reader.text(finding.rule, occurrence)?.line == entry.line
  }
}
