// Rules that are tried on a content as a whole: those of other scanners' configurations. They see the content and nothing
// else, so what they find in it is the same wherever it lies.

public import Model
public import RuleBook

/// The whole-content rules among a program's rules, made ready. One for each thread; patterns are compiled when first
/// needed.
public final class ContentRules {
  private let rules: RuleList
  private let sieve: KeywordSieve
  private let required: [Int]
  private var patterns: [TextPattern?]
  private var isBroken: [Bool]

  /// Takes all rules of a program; candidates index them.
  public init(_ rules: RuleList) {
    self.rules = rules
    let own = rules.indices.filter { rules.facts[$0].hasContent }
    sieve = KeywordSieve(own.map { ($0, rules[$0].content?.keywords ?? []) })
    required = own.filter { rules[$0].content?.required.isEmpty == false }
    patterns = Array(repeating: nil, count: own.isEmpty ? 0 : rules.count)
    isBroken = Array(repeating: false, count: patterns.count)
  }

  /// Whether there are none.
  public var isEmpty: Bool { sieve.isEmpty }

  /// Adds what the rules find.
  ///
  /// - Parameter candidates: what other rules found in the same content; rules may require some of it.
  /// - Returns: rules whose pattern was stopped by its limit or does not compile.
  public func scan(_ bytes: Span<UInt8>, into candidates: inout [Candidate]) -> [Int] {
    if sieve.isEmpty { return [] }
    var stopped: [Int] = []
    let before = candidates.count
    for rule in sieve.owners(in: bytes) where !search(rule, bytes, into: &candidates) { stopped.append(rule) }
    if candidates.count > before { keepComplete(&candidates, bytes) }
    return stopped
  }

  /// Adds what the rules find to what the matcher found. They see every buffer as a whole: nothing of it is taken over by
  /// a buffer that is made of pieces of this one.
  public func add(to matches: BufferMatches, _ bytes: Span<UInt8>) -> BufferMatches {
    if sieve.isEmpty { return matches }
    var matches = matches
    for rule in scan(bytes, into: &matches.candidates) { matches.stopped.append((rule, 0)) }
    let new = matches.candidates.count - matches.origins.count
    matches.origins += repeatElement(-1, count: max(0, new))
    return matches
  }

  private func search(_ index: Int, _ bytes: Span<UInt8>, into candidates: inout [Candidate]) -> Bool {
    guard let pattern = pattern(index) else { return false }
    let rule = rules[index]
    var found: [Candidate] = []
    let isWhole = pattern.forEachMatch(in: bytes) { groups in
      guard let match = groups[0].map({ ContentRules.trimmed($0, bytes) }) else { return true }
      let secret = ContentRules.secret(rule, groups).map { ContentRules.trimmed($0, bytes) } ?? match
      if secret.isEmpty { return true }
      if let least = rule.minimumEntropy, Proofs.entropy(bytes.extracting(secret)) <= least { return true }
      found.append(Candidate(rule: index, secret: secret, match: match, confidence: rule.confidence))
      return found.count < Matcher.maximumCandidates
    }
    candidates += found
    return isWhole && found.count < Matcher.maximumCandidates
  }

  /// The named group; without a name the first that took part; nil for the whole match.
  private static func secret(_ rule: Rule, _ groups: [Range<Int>?]) -> Range<Int>? {
    if rule.secretGroup > 0 { return rule.secretGroup < groups.count ? groups[rule.secretGroup] : nil }
    guard rule.content?.takesFirstGroup == true else { return nil }
    return groups.dropFirst().lazy.compactMap { $0 }.first { !$0.isEmpty }
  }

  /// Without line feeds at its ends, which no secret has.
  private static func trimmed(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Range<Int> {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high, bytes[low] == 0x0a { low += 1 }
    while high > low, bytes[high - 1] == 0x0a { high -= 1 }
    return low..<high
  }

  private func pattern(_ index: Int) -> TextPattern? {
    if isBroken[index] { return nil }
    if let pattern = patterns[index] { return pattern }
    patterns[index] = try? TextPattern(rules[index].pattern)
    isBroken[index] = patterns[index] == nil
    return patterns[index]
  }

  // MARK: Rules that require others

  /// Drops the candidates whose company is missing, and those that are only company.
  private func keepComplete(_ candidates: inout [Candidate], _ bytes: Span<UInt8>) {
    if !required.isEmpty {
      let all = candidates
      let lines = LineIndex(bytes)
      candidates.removeAll { candidate in
        guard rules.facts[candidate.rule].hasContent, let wanted = rules[candidate.rule].content?.required,
          !wanted.isEmpty
        else { return false }
        return !wanted.allSatisfy { isMet($0, candidate, all, lines) }
      }
    }
    candidates.removeAll { rules.facts[$0.rule].hasContent && rules[$0.rule].content?.isReported == false }
  }

  private func isMet(
    _ required: ContentScope.Required, _ candidate: Candidate, _ all: [Candidate], _ lines: LineIndex
  ) -> Bool {
    let here = lines.position(candidate.match.lowerBound)
    return all.contains { other in
      guard other != candidate, required.rules.contains(rules[other.rule].id) else { return false }
      let there = lines.position(other.match.lowerBound)
      return required.withinLines.map { abs(here.line - there.line) <= $0 } ?? true
        && required.withinColumns.map { abs(here.column - there.column) <= $0 } ?? true
    }
  }
}
