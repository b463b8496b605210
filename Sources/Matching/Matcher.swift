// Bytes in, candidates out: literals first, then the rule's pattern on a window round each, then the cheap proofs.
//
// A candidate is a pure function of one literal's window: of the bytes from `width` before the literal's end to `width`
// behind its beginning, and of whether the buffer's beginning or end cuts that window short. Windows are not merged and
// the pattern sees nothing outside its own, so that a window that is copied unchanged leads to the same again.

public import Model
public import RuleBook
internal import Synchronization

/// A set of rules made ready; shared by all threads. Patterns are compiled when first needed.
public final class MatcherProgram: Sendable {
  /// How a rule's pattern is tried at a literal.
  enum Approach: Int, Sendable, CaseIterable {
    /// Every match begins with the literal.
    case atLiteral
    /// The match that begins first and holds the literal.
    case roundLiteral
    /// Every match in the window, for patterns that look for the literal without taking it.
    case inWindow
  }

  /// The rules, in the order that candidates index.
  public let rules: RuleList
  let finder: LiteralFinder
  let approaches: [Approach]
  /// By rule: how far a window reaches, in bytes, from its literal's end and beginning.
  let widths: [Int]
  /// Which rules stand for the generic case, whose literals carry numbers behind those of the rules.
  let generic: GenericRules
  private let ready: Mutex<[ReadyRule?]>

  /// Makes a program of rules.
  public convenience init(_ rules: [Rule]) {
    var approaches: [Approach] = []
    var literals: [Literal] = []
    for (index, rule) in rules.enumerated() {
      let texts = rule.literals.map { Array($0.utf8) }
      let head = PatternHead(rule.pattern)
      let isAtLiteral = head?.beginsWith(oneOf: texts, ignoresCase: rule.literalsIgnoreCase) ?? false
      approaches.append(isAtLiteral ? .atLiteral : MatcherProgram.approach(rule))
      for text in texts {
        let tail = isAtLiteral ? head?.sets(behind: text, limit: LiteralFinder.maximumReach) : nil
        literals.append(
          Literal(bytes: text, ignoresCase: rule.literalsIgnoreCase, rule: index, tail: tail ?? []))
      }
    }
    let list = RuleList(rules)
    if !GenericRules(list).isEmpty { literals += GenericAnchor.literals(from: rules.count) }
    self.init(list, approaches, LiteralFinder(literals))
  }

  /// A program of these parts, which belong together.
  init(_ rules: RuleList, _ approaches: [Approach], _ finder: LiteralFinder) {
    self.rules = rules
    self.approaches = approaches
    self.finder = finder
    generic = GenericRules(rules)
    ready = Mutex(Array(repeating: nil, count: rules.count))
    widths = rules.facts.map { max($0.width, LiteralFinder.maximumReach) }
  }

  private static func approach(_ rule: Rule) -> Approach {
    let pattern = Array(rule.pattern.utf8)
    // Its author says that it is to be tried there.
    if pattern.starts(with: Array("\\G".utf8)) { return .atLiteral }
    let looks: [[UInt8]] = [Array("(?=".utf8), Array("(?<=".utf8), Array("\\K".utf8)]
    let holds = pattern.indices.contains { at in looks.contains { pattern[at...].starts(with: $0) } }
    return holds ? .inWindow : .roundLiteral
  }

  /// The rule with its pattern compiled; nil where that does not compile.
  func ready(_ index: Int) -> ReadyRule? {
    if let known = ready.withLock({ $0[index] }) { return known }
    guard let made = ReadyRule(rules[index], isAnchored: approaches[index] == .atLiteral) else { return nil }
    return ready.withLock { all in
      if let known = all[index] { return known }
      all[index] = made
      return made
    }
  }
}

/// What a rule's matches are judged by.
final class ReadyRule: Sendable {
  let pattern: Pattern
  /// What every match holds: looked for before the pattern is tried.
  let run: PatternRun?
  let secretGroup: Int
  let stopWords: [[UInt8]]
  let minimumEntropy: Double?
  let checksum: ChecksumKind?
  let checksumIsOptional: Bool
  let confidence: Confidence

  /// Nil where the pattern does not compile.
  init?(_ rule: Rule, isAnchored: Bool) {
    guard let pattern = try? Pattern(rule.pattern, isAnchored: isAnchored) else { return nil }
    self.pattern = pattern
    run = PatternRun(rule.pattern)
    secretGroup = rule.secretGroup
    stopWords = rule.stopWords.map { Array($0.utf8) }
    minimumEntropy = rule.minimumEntropy
    checksum = rule.checksum
    checksumIsOptional = rule.checksumIsOptional
    confidence = rule.confidence
  }

  /// What the claim rests on, or nil where a proof fails.
  func judge(_ secret: Span<UInt8>) -> Confidence? {
    if let checksum {
      guard Checksum.verify(checksum, secret) else { return checksumIsOptional ? guess(secret) : nil }
      // A checksum is proof that no placeholder has; a structure is as good as the rule says.
      if checksum.isSum { return .checksum }
    } else if Proofs.isPlaceholder(secret) {
      return nil
    }
    if let minimumEntropy, Proofs.entropy(secret) < minimumEntropy { return nil }
    if Proofs.holds(anyOf: stopWords, secret) { return nil }
    return confidence
  }

  /// What has the shape but not the checksum is a guess, if it looks random.
  private func guess(_ secret: Span<UInt8>) -> Confidence? {
    let isRandom = !Proofs.isPlaceholder(secret) && Proofs.entropy(secret) >= minimumEntropy ?? 3
    return isRandom && !Proofs.holds(anyOf: stopWords, secret) ? .guess : nil
  }
}

/// What went on besides the candidates.
public struct MatchNotes: Sendable {
  /// Rules whose pattern was stopped by its limit (or does not compile), with the offset of the window.
  public var stopped: [(rule: Int, offset: Int)] = []

  /// Nothing yet.
  public init() {}
}

/// Matches one buffer after another. One for each thread.
public final class Matcher {
  /// The most candidates of one buffer; a hostile file must not fill the memory. What is beyond is noted as stopped.
  public static let maximumCandidates = 100_000
  /// The most matches that are looked at for one hit.
  private static let maximumSteps = 200
  /// How far a pattern looks back, at most, in what is counted as read.
  private static let lookBehindBytes = 8
  /// Windows of one buffer in which a rule may run into its limit before it is given up there.
  private static let maximumStops = 4

  let program: MatcherProgram
  /// What was done so far.
  public internal(set) var statistics: MatchStatistics
  private let scratch = PatternScratch()
  private var ready: [ReadyRule?]
  var detector = GenericDetector()

  /// A matcher of its own memory.
  public init(_ program: MatcherProgram) {
    self.program = program
    ready = Array(repeating: nil, count: program.rules.count)
    statistics = MatchStatistics(rules: program.rules.count + GenericAnchor.allCases.count)
  }

  /// Appends every candidate in `bytes`, in the order of rules and then offsets, each once. Overlaps between rules are not
  /// resolved here.
  public func scan(_ bytes: Span<UInt8>, into candidates: inout [Candidate]) -> MatchNotes {
    let matches = scan(bytes)
    var notes = MatchNotes()
    notes.stopped = matches.stopped
    candidates += Matcher.distinct(matches.candidates, rules: program.rules).map { matches.candidates[$0] }
    return notes
  }

  /// Everything in `bytes`.
  public func scan(_ bytes: Span<UInt8>) -> BufferMatches {
    var matches = BufferMatches(count: bytes.count)
    search(bytes, 0..<bytes.count, into: &matches.hits) { _ in true }
    if matches.hits.isEmpty { return matches }
    matches.hits.sort(by: LiteralHit.precedes)
    follow(&matches, bytes)
    return matches
  }

  /// Appends the literals in a range that `isWanted` says are.
  func search(
    _ bytes: Span<UInt8>, _ range: Range<Int>, into hits: inout [LiteralHit], where isWanted: (Range<Int>) -> Bool
  ) {
    statistics.searchedBytes += range.count
    program.finder.forEachHit(in: bytes, range) { rule, offset, count in
      if isWanted(offset..<offset + count) { hits.append(LiteralHit(rule: rule, offset: offset, count: count)) }
    }
  }

  /// How many literals of one rule are followed in a buffer of `count` bytes; the rest would only be a hostile file's.
  static func hitLimit(_ count: Int) -> Int { 20_000 + count / 64 }

  /// Follows every hit, in order, as far as the limits of a whole buffer allow.
  private func follow(_ matches: inout BufferMatches, _ bytes: Span<UInt8>) {
    let limit = Matcher.hitLimit(bytes.count)
    let isDense = matches.hits.count > limit
    var followed = isDense ? [Int](repeating: 0, count: statistics.hits.count) : []
    var stops: [Int: Int] = [:]
    for index in matches.hits.indices {
      let rule = Int(matches.hits[index].rule)
      if isDense {
        followed[rule] += 1
        if followed[rule] == limit + 1 { matches.stopped.append((rule, matches.hits[index].offset)) }
        if followed[rule] > limit { continue }
      }
      if !stops.isEmpty, stops[rule, default: 0] >= Matcher.maximumStops { continue }
      guard matches.candidates.count < Matcher.maximumCandidates else {
        matches.stopped.append((rule, matches.hits[index].offset))
        return
      }
      let before = matches.stopped.count
      follow(index, bytes, &matches)
      if matches.stopped.count > before { stops[rule, default: 0] += 1 }
    }
  }

  /// Follows one hit.
  func follow(_ index: Int, _ bytes: Span<UInt8>, _ matches: inout BufferMatches) {
    let hit = matches.hits[index]
    let before = matches.candidates.count
    statistics.hits[Int(hit.rule)] += 1
    if let anchor = anchor(hit) {
      let isShadowed = anchor == .name && isShadowed(index, matches.hits, bytes)
      if !isShadowed { follow(hit, anchor, bytes, into: &matches.candidates) }
    } else if !follow(hit, bytes, into: &matches.candidates) {
      matches.stopped.append((Int(hit.rule), hit.offset))
    }
    matches.hits[index].firstCandidate = Int32(truncatingIfNeeded: before)
    matches.hits[index].candidateCount = UInt8(truncatingIfNeeded: matches.candidates.count - before)
    for _ in before..<matches.candidates.count { matches.origins.append(-1) }
  }

  /// The bytes that decide what a hit leads to; they may reach beyond the buffer's ends.
  func window(_ hit: LiteralHit) -> Range<Int> {
    if let anchor = anchor(hit) {
      return hit.offset - GenericLimits.windowBefore..<hit.end + GenericLimits.windowBehind(anchor)
    }
    let width = program.widths[Int(hit.rule)]
    return hit.end - width..<hit.offset + width
  }

  /// Appends what one hit leads to; false if a limit kept it from being followed to the end.
  private func follow(_ hit: LiteralHit, _ bytes: Span<UInt8>, into candidates: inout [Candidate]) -> Bool {
    let index = Int(hit.rule)
    guard let rule = ready(index) else { return false }
    let window = window(hit).clamped(to: 0..<bytes.count)
    let approach = program.approaches[index]
    var steps = 0
    var at = approach == .atLiteral ? hit.offset : window.lowerBound
    statistics.windows += 1
    if let run = rule.run, !run.stands(in: bytes, window) {
      statistics.windowBytes += window.count / run.count
      return true
    }
    // Where a match begins with the literal, nothing before it is read but what the pattern looks back at.
    statistics.windowBytes += window.upperBound - max(window.lowerBound, at - Matcher.lookBehindBytes)
    while at < window.upperBound {
      steps += 1
      if steps > Matcher.maximumSteps { return false }
      switch scratch.firstMatch(rule.pattern, bytes, window: window, from: at, group: rule.secretGroup) {
      case .noMatch: return true
      case .limit: return false
      case .match(let whole, let secret):
        if approach == .roundLiteral {
          if whole.lowerBound > hit.offset { return true }
          guard whole.upperBound >= hit.end else {
            at = whole.lowerBound + 1
            continue
          }
        }
        if let confidence = rule.judge(bytes.extracting(secret)) {
          candidates.append(Candidate(rule: index, secret: secret, match: whole, confidence: confidence))
        }
        if approach != .inWindow { return true }
        at = max(whole.upperBound, at + 1)
      }
    }
    return true
  }

  /// The generic literal that a hit is of; nil for one of a rule.
  private func anchor(_ hit: LiteralHit) -> GenericAnchor? {
    Int(hit.rule) < program.rules.count ? nil : GenericAnchor(rawValue: Int(hit.rule) - program.rules.count)
  }

  /// Whether a generic name begins further to the left, at another literal: that one leads to the same.
  private func isShadowed(_ index: Int, _ hits: [LiteralHit], _ bytes: Span<UInt8>) -> Bool {
    let hit = hits[index]
    var before = index - 1
    while before >= 0, hits[before].offset > hit.offset - GenericLimits.nameBytes {
      if hits[before].rule == hit.rule {
        var at = hits[before].end
        while at < hit.offset, Bytes.isWord(bytes[at]) { at += 1 }
        return at >= hit.offset
      }
      before -= 1
    }
    return false
  }

  /// Appends what a hit of the generic case leads to, which sees nothing outside its window either.
  private func follow(
    _ hit: LiteralHit, _ anchor: GenericAnchor, _ bytes: Span<UInt8>, into candidates: inout [Candidate]
  ) {
    let window = window(hit).clamped(to: 0..<bytes.count)
    statistics.windows += 1
    // Of the window no more is read than a name, what joins it to its value, and the value.
    statistics.windowBytes += GenericLimits.bytesBefore
    let own = GenericHit(anchor: anchor, offset: hit.offset - window.lowerBound, count: Int(hit.count))
    detector.follow(own, in: bytes.extracting(window), at: window.lowerBound, program.generic, into: &candidates)
  }

  private func ready(_ rule: Int) -> ReadyRule? {
    if let known = ready[rule] { return known }
    ready[rule] = program.ready(rule)
    return ready[rule]
  }
}
