// What is not wrong with a rule but will hurt: neighbours that find the same, patterns that can run away, literals that are
// everywhere, and too many rules that lean on a name.

internal import Model
public import RuleBook

/// Advice on a rule book.
public enum RuleAdvice {
  /// The largest share of rules that may be a name beside a value.
  public static let keywordShare = 1.0 / 3

  /// Every piece of advice, in the order of the rules.
  ///
  /// - Parameters:
  ///   - book: the rules.
  ///   - providers: the providers whose rules are wanted; nil for all.
  public static func check(_ book: RuleBook, only providers: Set<String>? = nil) -> [RuleProblem] {
    let matcher = Matcher(MatcherProgram(book.rules))
    let wanted = book.rules.indices.filter { providers?.contains(book.rules[$0].provider) ?? true }
    let advice = wanted.flatMap { index in
      literals(book.rules[index]) + nesting(book.rules[index]) + runaways(book.rules[index])
        + shadows(index, book.rules, matcher)
    }
    return advice + aliases(book, wanted) + (providers == nil ? share(book) : [])
  }

  private static func problem(_ rule: Rule, _ reason: String) -> RuleProblem {
    RuleProblem(rule: rule.id.rawValue, provider: rule.provider, reason: reason, isError: false)
  }

  // MARK: Literals

  /// Words that stand in almost every file of a program.
  private static let common: Set<String> = [
    "key", "api", "token", "secret", "password", "auth", "user", "name", "value", "http", "https", "https://", "access",
    "client", "service", "config", "data", "test", "com", "org", "www", "the", "and", "for", "private", "public",
    "bearer", "basic", "authorization", "account", "env", "app", "url", "host", "port", "code", "type", "string",
  ]

  private static func literals(_ rule: Rule) -> [RuleProblem] {
    rule.literals.compactMap { literal in
      if common.contains(literal.lowercased()) {
        return problem(
          rule, "the literal '\(literal)' stands in almost every file: find one that is the provider's own")
      }
      let isCommon = literal.utf8.allSatisfy { "etaoinsrlhdcum".utf8.contains($0 | 0x20) }
      if literal.utf8.count == 3 && isCommon && rule.literalsIgnoreCase {
        return problem(rule, "the literal '\(literal)' in any case is three letters that many words hold")
      }
      return nil
    }
  }

  // MARK: Patterns that can run away

  /// A quantified group that itself holds a quantifier, both with room to vary: the classical way to hang a matcher.
  private static func nesting(_ rule: Rule) -> [RuleProblem] {
    nestedQuantifier(rule.pattern).map { [problem(rule, "'\($0)' is a quantifier over a quantifier: it can run away")] }
      ?? []
  }

  /// The first such group, with its quantifier.
  static func nestedQuantifier(_ pattern: String) -> String? {
    let bytes = Array(pattern.utf8)
    var open: [(start: Int, varies: Bool)] = []
    var inClass = false
    var at = 0
    while at < bytes.count {
      switch bytes[at] {
      case 0x5c: at += 1
      case 0x5b where !inClass: inClass = true
      case 0x5d where inClass: inClass = false
      case _ where inClass: break
      case 0x28: open.append((at, false))
      case 0x29:
        guard let group = open.popLast() else { return nil }
        let outer = variableQuantifier(bytes, at + 1, least: harmlessRepeats)
        if group.varies, let outer { return String(decoding: bytes[group.start..<outer], as: UTF8.self) }
        if group.varies, let last = open.indices.last { open[last].varies = true }
      default:
        if variableQuantifier(bytes, at) != nil, let last = open.indices.last { open[last].varies = true }
      }
      at += 1
    }
    return nil
  }

  /// A group that is repeated no more often than this can't run away, whatever it holds.
  private static let harmlessRepeats = 8

  /// The end of a quantifier that lets the count vary by more than one and is not possessive, if one begins at `at`.
  private static func variableQuantifier(_ bytes: [UInt8], _ at: Int, least: Int = 1) -> Int? {
    guard at < bytes.count else { return nil }
    var end = at + 1
    switch bytes[at] {
    case 0x2a, 0x2b:
      // Behind an opening parenthesis or a quantifier these are something else.
      if at == 0 || [0x28, 0x3f, 0x7d].contains(bytes[at - 1]) { return nil }
    case 0x7b:
      guard let close = bytes[at...].firstIndex(of: 0x7d) else { return nil }
      let bounds = bytes[at + 1..<close].split(separator: 0x2c, omittingEmptySubsequences: false)
        .map { Int(String(decoding: $0, as: UTF8.self)) }
      guard bounds.count == 2, let low = bounds[0], (bounds[1] ?? .max) - low > least else { return nil }
      end = close + 1
    default: return nil
    }
    return end < bytes.count && bytes[end] == 0x2b ? nil : end
  }

  /// Runs the pattern over texts made to confuse it, under the limit that scans have.
  private static func runaways(_ rule: Rule) -> [RuleProblem] {
    guard !rule.pattern.isEmpty, let pattern = try? Pattern(rule.pattern) else { return [] }
    let scratch = PatternScratch()
    for (name, text) in adversaries(rule) {
      let result = scratch.firstMatch(pattern, text.span, window: 0..<text.count, from: 0, group: 0)
      if case .limit = result { return [problem(rule, "the pattern is stopped by its limit on \(name)")] }
    }
    return []
  }

  /// Texts as wide as the rule's window: the literal over and over, the literal and one character over and over, and
  /// examples whose last byte is spoilt. What every match must end with stands at the end of each, apart: a matcher gives
  /// up at once where it is missing, and that would prove nothing.
  static func adversaries(_ rule: Rule) -> [(name: String, text: [UInt8])] {
    let size = min(rule.width * 2, 4_096)
    let examples = rule.matches.compactMap { try? ExampleTemplate.expand($0, seed: 1) }.filter { $0.count > 1 }
    let tail: [UInt8] = [0x01] + Set(examples.flatMap { $0.suffix(4) }).sorted()
    var texts: [(String, [UInt8])] = []
    for literal in rule.literals.prefix(4) where !literal.isEmpty {
      let bytes = Array(literal.utf8)
      texts.append(("'\(literal)' over and over", (0..<size).map { bytes[$0 % bytes.count] } + tail))
      for filler in "aA0_- \n\"'=:/.".utf8 {
        let run = [UInt8](repeating: filler, count: size)
        texts.append(("'\(literal)' and \(size) times the byte \(filler)", bytes + run + tail))
      }
    }
    for (example, template) in zip(examples, rule.matches) {
      let spoilt = Array(example.dropLast()) + [0x01]
      let repeated = (0..<max(1, size / spoilt.count)).flatMap { _ in spoilt }
      texts.append(("'\(template)' with its last byte spoilt", repeated + tail))
    }
    return texts
  }

  // MARK: Neighbours

  /// Another rule that claims the same bytes in every example of this one, as this one does in all of its: one of the two
  /// is superfluous. (A rule for one kind of key inside a rule for all of them is no such case.)
  private static func shadows(_ index: Int, _ rules: [Rule], _ matcher: Matcher) -> [RuleProblem] {
    claimants(index, rules, matcher).sorted()
      .filter { $0 < index || rules[$0].provider != rules[index].provider }
      .filter { claimants($0, rules, matcher).contains(index) }
      .map { problem(rules[index], "'\(rules[$0].id)' finds the same in every example") }
  }

  /// The rules that claim the same bytes as this one in each of its examples.
  private static func claimants(_ index: Int, _ rules: [Rule], _ matcher: Matcher) -> Set<Int> {
    if rules[index].kind == .detector { return [] }
    var result: Set<Int>?
    for template in rules[index].matches {
      guard let text = try? ExampleTemplate.expand(template, seed: 7) else { continue }
      var candidates: [Candidate] = []
      _ = matcher.scan(text.span, into: &candidates)
      let own = candidates.filter { $0.rule == index }.map(\.secret)
      let others = Set(candidates.filter { $0.rule != index && own.contains($0.secret) }.map(\.rule))
      result = result?.intersection(others) ?? others
      if result?.isEmpty == true { break }
    }
    return result ?? []
  }

  private static func aliases(_ book: RuleBook, _ wanted: [Int]) -> [RuleProblem] {
    let byAlias = Dictionary(grouping: book.rules.flatMap { rule in rule.aliases.map { ($0, rule) } }, by: \.0)
    let ids = Set(wanted.map { book.rules[$0].id })
    return byAlias.sorted { $0.key < $1.key }.flatMap { alias, holders -> [RuleProblem] in
      guard holders.count > 1 else { return [] }
      let names = holders.map(\.1.id.rawValue).sorted().joined(separator: ", ")
      return holders.map(\.1).filter { ids.contains($0.id) }.prefix(1).map {
        problem($0, "the alias '\(alias)' is that of several rules: \(names)")
      }
    }
  }

  private static func share(_ book: RuleBook) -> [RuleProblem] {
    let keywords = book.rules.count { $0.kind == .keyword }
    guard let first = book.rules.first, Double(keywords) > Double(book.rules.count) * keywordShare else { return [] }
    return [problem(first, "\(keywords) of \(book.rules.count) kinds are a name beside a value; a third is the most")]
  }
}
