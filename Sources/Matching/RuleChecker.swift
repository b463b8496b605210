// Proves rules: what `keywright rules check` and the build run.

internal import Model
public import RuleBook

/// Something wrong with a rule.
public struct RuleProblem: Sendable, Equatable, CustomStringConvertible {
  /// The rule's id.
  public var rule: String
  /// The provider file's id.
  public var provider: String
  /// One sentence.
  public var reason: String
  /// Whether the rule must not be used like this.
  public var isError: Bool
  /// `provider.toml: rule: reason`.
  public var description: String { "\(provider).toml: \(rule): \(reason)" }
}

/// Checks a rule book as a whole.
public enum RuleChecker {
  /// How many texts are made of each example, each from a seed of its own.
  public static let defaultSeeds = 16

  /// Every mistake, in the order of the rules.
  ///
  /// - Parameters:
  ///   - book: the rules, all of which compete for the examples.
  ///   - providers: the providers whose rules are to be checked; nil for all.
  ///   - seeds: how many texts to make of each example.
  public static func check(
    _ book: RuleBook, only providers: Set<String>? = nil, seeds: Int = defaultSeeds
  ) -> [RuleProblem] {
    let matchers = Matchers(book.rules)
    let ids = Set(book.rules.map(\.id))
    let wanted = book.rules.indices.filter { providers?.contains(book.rules[$0].provider) ?? true }
    let rules = wanted.flatMap { index in
      checkReferences(book.rules[index], ids) + checkForm(book.rules[index])
        + checkExamples(index, book.rules, matchers[index], seeds: seeds)
    }
    return rules + book.providers.filter { providers?.contains($0.id) ?? true }.flatMap(checkManagement)
  }

  /// Detectors look at every text and yield to every rule, so they are asked only about their own examples.
  private struct Matchers {
    private let rules: [Rule]
    private let ofRules: Matcher
    private let ofAll: Matcher

    init(_ rules: [Rule]) {
      self.rules = rules
      ofAll = Matcher(MatcherProgram(rules))
      // Rules keep their places: candidates name them by these.
      ofRules = Matcher(
        MatcherProgram(
          rules.map { rule in
            guard rule.kind == .detector else { return rule }
            var inert = rule
            inert.kind = .pattern
            inert.detector = nil
            inert.literals = []
            return inert
          }))
    }

    subscript(_ index: Int) -> Matcher { rules[index].kind == .detector ? ofAll : ofRules }
  }

  private static func checkReferences(_ rule: Rule, _ ids: Set<RuleID>) -> [RuleProblem] {
    rule.pairs.filter { !ids.contains($0) }.map { id in
      RuleProblem(
        rule: rule.id.rawValue, provider: rule.provider, reason: "its pair '\(id)' is no rule", isError: true)
    }
  }

  private static func checkManagement(_ provider: Provider) -> [RuleProblem] {
    let ids = Set(provider.rules.map(\.id))
    return (provider.management?.kinds ?? []).filter { !ids.contains($0) }.map { id in
      RuleProblem(
        rule: "manage", provider: provider.id, reason: "its kind '\(id)' is no rule of this file", isError: true)
    }
  }

  private static func checkForm(_ rule: Rule) -> [RuleProblem] {
    var reasons: [String] = []
    // A built-in detector's rule may have no pattern, and its examples are for the detector's own tests.
    if rule.kind == .detector && rule.pattern.isEmpty { return [] }
    if rule.matches.count < 2 { reasons.append("two examples that must match are wanted") }
    if rule.rejects.isEmpty { reasons.append("an example that must not match is wanted") }
    return checkPattern(rule)
      + reasons.map { RuleProblem(rule: rule.id.rawValue, provider: rule.provider, reason: $0, isError: true) }
  }

  /// What keeps a rule from being used at all, whether or not its examples hold: a pattern that does not compile, that
  /// lacks the group of the secret, or whose match has no greatest width.
  public static func checkPattern(_ rule: Rule) -> [RuleProblem] {
    var reasons: [String] = []
    do {
      let pattern = try Pattern(rule.pattern)
      if rule.secretGroup > pattern.groupCount {
        reasons.append("secret_group \(rule.secretGroup) is not in the pattern, which has \(pattern.groupCount)")
      }
    } catch {
      reasons.append("the pattern does not compile \(error)")
    }
    if let quantifier = unbounded(rule.pattern) {
      reasons.append("the pattern has no upper bound: '\(quantifier)' matches any number")
    }
    return reasons.map { RuleProblem(rule: rule.id.rawValue, provider: rule.provider, reason: $0, isError: true) }
  }

  /// The first quantifier without an upper bound, outside classes and escapes.
  static func unbounded(_ pattern: String) -> String? {
    let bytes = Array(pattern.utf8)
    var inClass = false
    var at = 0
    while at < bytes.count {
      switch bytes[at] {
      case 0x5c: at += 1
      case 0x5b where !inClass: inClass = true
      case 0x5d where inClass: inClass = false
      case 0x2a where !inClass, 0x2b where !inClass:
        // `*` behind an opening parenthesis is a verb; `+` behind a quantifier makes it possessive.
        let before = at > 0 ? bytes[at - 1] : 0
        let isVerb = bytes[at] == 0x2a && before == 0x28
        let isPossessive = bytes[at] == 0x2b && [0x3f, 0x7d].contains(before)
        if !isVerb && !isPossessive { return String(decoding: bytes[at...at], as: UTF8.self) }
      case 0x7b where !inClass:
        let end = bytes[at...].firstIndex(of: 0x7d) ?? at
        let inner = bytes[at + 1..<max(at + 1, end)]
        let isOpen = inner.last == 0x2c && inner.dropLast().allSatisfy { (0x30...0x39).contains($0) } && inner.count > 1
        if isOpen { return String(decoding: bytes[at...end], as: UTF8.self) }
      default: break
      }
      at += 1
    }
    return nil
  }

  private static func checkExamples(_ index: Int, _ rules: [Rule], _ matcher: Matcher, seeds: Int) -> [RuleProblem] {
    let rule = rules[index]
    // What counts by a file's name has no examples of text.
    if rule.kind == .detector && (GenericKind(rule) ?? .file) == .file { return [] }
    func problem(_ reason: String, isError: Bool = true) -> RuleProblem {
      RuleProblem(rule: rule.id.rawValue, provider: rule.provider, reason: reason, isError: isError)
    }
    var problems: [RuleProblem] = []
    for (template, wanted) in rule.matches.map({ ($0, true) }) + rule.rejects.map({ ($0, false) }) {
      for seed in 0..<UInt64(seeds) {
        let text: [UInt8]
        do { text = try ExampleTemplate.expand(template, seed: seed) } catch {
          problems.append(problem("\(error)"))
          break
        }
        var candidates: [Candidate] = []
        _ = matcher.scan(text.span, into: &candidates)
        let own = candidates.count { $0.rule == index }
        if wanted && own == 0 {
          problems.append(problem("'\(template)' (seed \(seed)) is not found"))
          break
        }
        if wanted && own > 1 {
          problems.append(problem("'\(template)' (seed \(seed)) is found \(own) times"))
          break
        }
        if !wanted && own > 0 {
          problems.append(problem("'\(template)' (seed \(seed)) must not be found, but is"))
          break
        }
        // What a detector finds may well be some provider's.
        guard wanted, rule.kind != .detector else { continue }
        let kept = Matcher.resolveOverlaps(candidates, rules: matcher.program.rules)
        guard let winner = kept.first, !kept.contains(where: { $0.rule == index }) else { continue }
        problems.append(problem("'\(template)' (seed \(seed)) is claimed by \(rules[winner.rule].id)"))
        break
      }
    }
    return problems
  }
}
