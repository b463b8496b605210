// The allowlists of other scanners' configurations, held against findings.

public import Matching
public import Model
public import RuleBook
internal import Secrets

extension ScanReport {
  /// Takes away what somebody's word covers: places from findings that have others left, and where all places are covered,
  /// the finding stays in the report and is marked.
  ///
  /// - Parameter judge: the reason, for a place that is covered; nil for one that is not.
  /// - Returns: how many places were covered.
  @discardableResult
  mutating func suppress(_ kind: Suppression.Kind, _ judge: (Finding, Occurrence) -> String?) -> Int {
    var count = 0
    for index in findings.indices where findings[index].isOpen {
      let reasons = findings[index].occurrences.map { judge(findings[index], $0) }
      guard let reason = reasons.lazy.compactMap({ $0 }).first else { continue }
      count += reasons.count { $0 != nil }
      if reasons.allSatisfy({ $0 != nil }) {
        findings[index].suppression = Suppression(kind: kind, reason: reason)
      } else {
        findings[index].occurrences = zip(findings[index].occurrences, reasons).filter { $0.1 == nil }.map(\.0)
      }
    }
    return count
  }
}

/// Allowlists and path limits of a configuration, made ready.
public final class AllowlistFilter {
  private struct Ready {
    var list: Allowlist
    var paths: [TextPattern]
    var expressions: [TextPattern]
  }

  private var lists: [Ready] = []
  private var paths: [RuleID: TextPattern] = [:]
  private var restraints: [(restraint: RuleRestraint, path: TextPattern?)] = []
  /// Rules of a path alone, made ready.
  public private(set) var pathRules: [(rule: PathRule, pattern: TextPattern)] = []
  /// Whether what lies outside a rule's paths stays in the report, marked; and not dropped.
  private let marksPaths: Bool

  /// Compiles a configuration's patterns, those of its rules too, so that each mistake is known before anything is read.
  ///
  /// - Parameter marksPaths: whether findings outside their rule's paths stay in the report and are marked.
  public init(_ configuration: GitleaksConfiguration, marksPaths: Bool = false) throws(RuleFileErrors) {
    self.marksPaths = marksPaths
    var mistakes: [RuleMistake] = []
    func compile(_ text: String, _ file: String, _ line: Int, _ what: String) -> TextPattern? {
      do { return try TextPattern(text) } catch {
        mistakes.append(
          RuleMistake(file: file, line: line, reason: "\(what): the pattern can't be used: \(error.reason)"))
        return nil
      }
    }
    for list in configuration.allowlists {
      lists.append(
        Ready(
          list: list, paths: list.paths.compactMap { compile($0, list.file, list.line, "paths") },
          expressions: list.expressions.compactMap { compile($0, list.file, list.line, "regexes") }))
    }
    for rule in configuration.rules where rule.content != nil {
      _ = compile(rule.pattern, rule.source, 0, rule.id.rawValue)
    }
    for (id, path) in configuration.paths { paths[id] = compile(path, id.rawValue, 0, "path") }
    for rule in configuration.pathRules {
      if let pattern = compile(rule.pattern, rule.file, rule.line, "path") { pathRules.append((rule, pattern)) }
    }
    for restraint in configuration.restraints {
      guard case .path(let path) = restraint.limit else {
        restraints.append((restraint, nil))
        continue
      }
      if let pattern = compile(path, restraint.file, restraint.line, "path") { restraints.append((restraint, pattern)) }
    }
    guard mistakes.isEmpty else { throw RuleFileErrors(mistakes: mistakes) }
  }

  /// Whether it has nothing to say.
  public var isEmpty: Bool { lists.isEmpty && paths.isEmpty && restraints.isEmpty && pathRules.isEmpty }

  /// Drops what lies outside a rule's paths, and marks what an allowlist covers or the configuration does not want.
  ///
  /// - Returns: how many places were marked.
  @discardableResult
  public func apply(to report: inout ScanReport, _ reader: OccurrenceReader) -> Int {
    if !paths.isEmpty && !marksPaths {
      for index in report.findings.indices {
        guard let path = paths[report.findings[index].rule] else { continue }
        report.findings[index].occurrences.removeAll { !path.matches($0.path.bytes.span) }
      }
      report.findings.removeAll { $0.occurrences.isEmpty }
    }
    if lists.isEmpty && restraints.isEmpty && (paths.isEmpty || !marksPaths) { return 0 }
    return report.suppress(.ignoreFile) { finding, occurrence in
      if marksPaths, let path = paths[finding.rule], !path.matches(occurrence.path.bytes.span) {
        return "outside the paths of the rule \(finding.rule)"
      }
      for (restraint, path) in restraints where restraint.rules.contains(finding.rule) {
        if AllowlistFilter.holds(restraint, path, finding, occurrence) {
          return "\(restraint.file):\(restraint.line), which does not want it of \(finding.rule)"
        }
      }
      let first = lists.first { ready in
        (ready.list.rules?.contains(finding.rule) ?? true)
          && AllowlistFilter.covers(ready, finding, occurrence, reader)
      }
      return first.map { ready in
        let place = "the allowlist at \(ready.list.file):\(ready.list.line)"
        return ready.list.purpose.isEmpty ? place : "\(place): \(ready.list.purpose)"
      }
    }
  }

  private static func holds(
    _ restraint: RuleRestraint, _ path: TextPattern?, _ finding: Finding, _ occurrence: Occurrence
  ) -> Bool {
    switch restraint.limit {
    case .disabled: true
    case .entropy(let least): finding.secret.map { $0.withBytes { Proofs.entropy($0) } <= least } ?? false
    case .path: path.map { !$0.matches(occurrence.path.bytes.span) } ?? false
    }
  }

  /// Cheap checks first; the content is read again only if an expression needs it.
  private static func covers(
    _ ready: Ready, _ finding: Finding, _ occurrence: Occurrence, _ reader: OccurrenceReader
  ) -> Bool {
    let list = ready.list
    var checks: [() -> Bool] = []
    if !list.commits.isEmpty {
      checks.append { occurrence.introduced.map { list.commits.contains($0.id.description) } ?? false }
    }
    if !list.paths.isEmpty {
      checks.append { ready.paths.contains { $0.matches(occurrence.path.bytes.span) } }
    }
    if !list.stopWords.isEmpty { checks.append { holds(list.stopWords, finding) } }
    if !list.expressions.isEmpty {
      checks.append { matches(ready, finding, occurrence, reader) }
    }
    if checks.isEmpty { return false }
    return list.requiresAll ? checks.allSatisfy { $0() } : checks.contains { $0() }
  }

  private static func holds(_ words: [String], _ finding: Finding) -> Bool {
    guard let secret = finding.secret else { return false }
    return secret.withBytes { Proofs.holds(anyOf: words.map { Array($0.utf8) }, $0) }
  }

  private static func matches(
    _ ready: Ready, _ finding: Finding, _ occurrence: Occurrence, _ reader: OccurrenceReader
  ) -> Bool {
    if ready.list.target == .secret {
      guard let secret = finding.secret else { return false }
      return secret.withBytes { bytes in ready.expressions.contains { $0.matches(bytes) } }
    }
    guard let text = reader.text(finding.rule, occurrence) else { return false }
    let bytes = ready.list.target == .match ? text.match : text.lines
    return ready.expressions.contains { $0.matches(bytes.span) }
  }
}
