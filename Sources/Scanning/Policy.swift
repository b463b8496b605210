// What a repository wants its gate to fail on: `.keywright.toml`, which is read at the tip of the branch that a change is
// meant for, never from the change itself.

internal import Formats
public import Model
internal import RuleBook

/// All that is wrong with a policy file, at once.
public struct PolicyErrors: Error, Sendable, Equatable, CustomStringConvertible {
  /// `file:line: reason`, in the order of the lines.
  public var mistakes: [String]
  /// A line each.
  public var description: String { mistakes.joined(separator: "\n") }
}

/// What a gate fails on, and what it lets pass.
public struct GatePolicy: Sendable, Equatable {
  /// Which findings count.
  public enum FailOn: String, Sendable, CaseIterable {
    /// All that the change adds, those of the baseline included.
    case any
    /// Those that the baseline does not know.
    case new
    /// Those whose provider says that they work.
    case live
    /// Those whose provider does not say that they are dead.
    case leakedAndNotDead = "leaked-and-not-dead"

    /// Whether providers have to be asked.
    public var needsVerification: Bool { self == .live || self == .leakedAndNotDead }
  }

  /// What decides about findings, and may itself be changed by a change.
  public enum Decider: String, Sendable, CaseIterable {
    /// The policy file.
    case policy
    /// The baseline.
    case baseline
    /// Rule files and their allowlists.
    case rules
    /// Ignore files.
    case ignore

    /// The files at the top of a repository that decide so.
    public var files: [String] {
      switch self {
      case .policy: [GatePolicy.fileName]
      case .baseline: [Baseline.fileName]
      case .rules: [".gitleaks.toml", ".betterleaks.toml"]
      case .ignore: [".gitleaksignore", ".betterleaksignore"]
      }
    }
  }

  /// The file's name, at the top of a repository.
  public static let fileName = ".keywright.toml"
  /// A longer file is refused.
  public static let maximumBytes = 1 << 20

  /// Which findings count.
  public var failOn = FailOn.new
  /// Findings below this confidence, or below this severity, warn and do not fail.
  public var leastConfidence = Confidence.guess
  /// See ``leastConfidence``.
  public var leastSeverity = Severity.low
  /// Whether comments that the change itself adds may allow its lines.
  public var allowsComments = false
  /// Whether the baseline counts.
  public var usesBaseline = true
  /// What a change may edit without that counting as a finding.
  public var consents: Set<Decider> = []
  /// Files whose findings do not count.
  public var ignoredPaths: [PathGlob] = []
  /// Rules whose findings do not count.
  public var ignoredRules: Set<RuleID> = []
  /// The least confidence that scans of the repository tell of; nil leaves it to whoever scans.
  public var leastReported: Confidence?

  /// What holds where a repository says nothing.
  public init() {}

  /// Reads a policy, and names every mistake in it.
  ///
  /// - Parameter name: what to call the file in errors.
  public init(_ bytes: [UInt8], name: String) throws(PolicyErrors) {
    let root: Node
    do { root = try TOML.parse(bytes, name: name) } catch { throw PolicyErrors(mistakes: ["\(error)"]) }
    var reader = PolicyReader(name: name)
    reader.refuseUnknown(in: root, known: ["gate", "ignore", "scan"], "the file")
    if let gate = reader.table("gate", in: root) { readGate(gate, &reader) }
    if let ignore = reader.table("ignore", in: root) { readIgnore(ignore, &reader) }
    if let scan = reader.table("scan", in: root) {
      reader.refuseUnknown(in: scan, known: ["min_confidence"], "[scan]")
      leastReported = reader.choice("min_confidence", in: scan)
    }
    guard reader.mistakes.isEmpty else {
      throw PolicyErrors(
        mistakes: reader.mistakes.sorted { ($0.line, $0.text) < ($1.line, $1.text) }.map {
          "\(name):\($0.line): \($0.text)"
        })
    }
  }

  private mutating func readGate(_ gate: Node, _ reader: inout PolicyReader) {
    reader.refuseUnknown(
      in: gate, known: ["fail_on", "warn_below", "allow_comments", "baseline", "consents"], "[gate]")
    if let value: FailOn = reader.choice("fail_on", in: gate) { failOn = value }
    if let value = reader.flag("allow_comments", in: gate) { allowsComments = value }
    if let value = reader.flag("baseline", in: gate) { usesBaseline = value }
    for (text, line) in reader.texts("consents", in: gate) {
      if let decider = Decider(rawValue: text) {
        consents.insert(decider)
      } else {
        reader.mistake(line, "consents may hold \(PolicyReader.list(Decider.self)), not '\(PolicyReader.shown(text))'")
      }
    }
    if let node = gate["warn_below"] { readThreshold(node, &reader) }
  }

  /// `confidence/severity`, or one of the two.
  private mutating func readThreshold(_ node: Node, _ reader: inout PolicyReader) {
    guard let text = node.string else {
      return reader.mistake(node.line, "warn_below must be text such as \"structure/high\"")
    }
    for word in text.split(separator: "/", omittingEmptySubsequences: false).map(String.init) {
      if let confidence = Confidence(rawValue: word) {
        leastConfidence = confidence
      } else if let severity = Severity(rawValue: word) {
        leastSeverity = severity
      } else {
        reader.mistake(
          node.line,
          "'\(PolicyReader.shown(word))' is neither a confidence (\(PolicyReader.list(Confidence.self))) nor a severity (\(PolicyReader.list(Severity.self)))"
        )
      }
    }
  }

  private mutating func readIgnore(_ ignore: Node, _ reader: inout PolicyReader) {
    reader.refuseUnknown(in: ignore, known: ["paths", "rules"], "[ignore]")
    for (text, line) in reader.texts("paths", in: ignore) {
      if let glob = PathGlob(text) {
        ignoredPaths.append(glob)
      } else {
        reader.mistake(line, "'\(PolicyReader.shown(text))' is no pattern for paths such as \"tests/fixtures/**\"")
      }
    }
    for (text, _) in reader.texts("rules", in: ignore) { ignoredRules.insert(RuleID(text)) }
  }

  /// Whether the finding lies only where findings do not count.
  ///
  /// - Parameter below: where the paths of a scan of a directory begin, from the top, with a slash at its end.
  public func ignores(_ finding: Finding, below: [UInt8] = []) -> Bool {
    if ignoredRules.contains(finding.rule) { return true }
    return finding.occurrences.allSatisfy { place in
      guard !place.path.bytes.isEmpty else { return false }
      // Only a directory's files are said from that directory.
      let path = place.place == .file ? below + place.path.bytes : place.path.bytes
      return ignoredPaths.contains { $0.matches(path) }
    }
  }

  /// Whether a finding is strong and grave enough to fail.
  public func isAboveThreshold(_ finding: Finding) -> Bool {
    finding.confidence >= leastConfidence && finding.severity >= leastSeverity
  }
}

/// Takes values out of the file and notes whatever is wrong.
private struct PolicyReader {
  let name: String
  private(set) var mistakes: [(line: Int, text: String)] = []

  init(name: String) { self.name = name }

  mutating func mistake(_ line: Int, _ text: String) { mistakes.append((line, text)) }

  mutating func refuseUnknown(in node: Node, known: [String], _ owner: String) {
    for entry in node.entries ?? [] where !known.contains(entry.key) {
      let near = known.map { ($0, editDistance(entry.key, $0)) }.filter { $0.1 <= 3 && $0.1 < $0.0.utf8.count }
        .min { $0.1 < $1.1 }
      let advice = near.map { "did you mean '\($0.0)'?" } ?? "known: \(known.joined(separator: ", "))"
      mistake(entry.keyLine, "unknown key '\(PolicyReader.shown(entry.key))' in \(owner); \(advice)")
    }
  }

  mutating func table(_ key: String, in node: Node) -> Node? {
    guard let value = node[key] else { return nil }
    guard value.kind == .table else {
      mistake(value.line, "'\(key)' must be a table: write [\(key)]")
      return nil
    }
    return value
  }

  mutating func flag(_ key: String, in node: Node) -> Bool? {
    guard let value = node[key] else { return nil }
    if value.boolean == nil { mistake(value.line, "\(key) must be true or false") }
    return value.boolean
  }

  mutating func texts(_ key: String, in node: Node) -> [(String, Int)] {
    guard let value = node[key] else { return [] }
    guard let list = value.array else {
      mistake(value.line, "\(key) must be a list of texts, such as [\"…\"]")
      return []
    }
    return list.compactMap { item in
      if item.string == nil { mistake(item.line, "\(key) must hold texts only") }
      return item.string.map { ($0, item.line) }
    }
  }

  mutating func choice<T: RawRepresentable & CaseIterable>(_ key: String, in node: Node) -> T?
  where T.RawValue == String {
    guard let value = node[key] else { return nil }
    guard let text = value.string, let choice = T(rawValue: text) else {
      mistake(value.line, "\(key) must be one of \(PolicyReader.list(T.self))")
      return nil
    }
    return choice
  }

  static func list<T: RawRepresentable & CaseIterable>(_ type: T.Type) -> String where T.RawValue == String {
    T.allCases.map(\.rawValue).joined(separator: ", ")
  }

  /// A piece of the file as an error may show it.
  static func shown(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(64).map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}
