// Bytes in, candidates out: literals first, then the rule's pattern on a window round each, then the cheap proofs.
//
// A candidate is a pure function of the bytes at most `width` before the literal that led to it and `width` behind: the
// rule checker holds every rule to a bounded pattern that contains one of its literals.

public import Model
public import RuleBook

/// A set of rules made ready; shared by all threads. Cheap to make: patterns are compiled when first needed.
public final class MatcherProgram: Sendable {
  /// The rules, in the order that candidates index.
  public let rules: [Rule]
  let finder: LiteralFinder
  let patterns: [LazyPattern]
  let stopWords: [[[UInt8]]]
  let generic: GenericRules

  /// Makes a program of rules.
  public init(_ rules: [Rule]) {
    self.rules = rules
    generic = GenericRules(rules)
    let literals = rules.enumerated().flatMap { index, rule in
      rule.literals.map { Literal(bytes: Array($0.utf8), ignoresCase: rule.literalsIgnoreCase, rule: index) }
    }
    // The generic case's literals carry numbers behind those of the rules.
    finder = LiteralFinder(literals + (generic.isEmpty ? [] : GenericAnchor.literals(from: rules.count)))
    patterns = rules.map { LazyPattern($0.pattern) }
    stopWords = rules.map { $0.stopWords.map { Array($0.utf8) } }
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

  private struct Window {
    var start: Int
    var end: Int
  }

  private let program: MatcherProgram
  private let scratch = PatternScratch()
  private var windows: [[Window]]
  private var touched: [Int] = []
  private var compiled: [Pattern?]
  private var genericHits: [GenericHit] = []
  private var detector = GenericDetector()

  /// A matcher of its own memory.
  public init(_ program: MatcherProgram) {
    self.program = program
    windows = Array(repeating: [], count: program.rules.count)
    compiled = Array(repeating: nil, count: program.rules.count)
  }

  /// Appends every candidate in `bytes`, in the order of rules and then offsets. Overlaps are not resolved here.
  public func scan(_ bytes: Span<UInt8>, into candidates: inout [Candidate]) -> MatchNotes {
    var notes = MatchNotes()
    collectWindows(bytes)
    if touched.isEmpty && genericHits.isEmpty { return notes }
    touched.sort()
    let limit = candidates.count + Matcher.maximumCandidates
    for rule in touched {
      for window in windows[rule] {
        guard candidates.count < limit else {
          notes.stopped.append((rule, window.start))
          break
        }
        search(rule, window, bytes, into: &candidates, &notes)
      }
      windows[rule].removeAll(keepingCapacity: true)
    }
    touched.removeAll(keepingCapacity: true)
    if let stop = detector.scan(genericHits, in: bytes, program.generic, limit: limit, into: &candidates) {
      notes.stopped.append(stop)
    }
    genericHits.removeAll(keepingCapacity: true)
    return notes
  }

  /// Windows of one rule that touch become one, so that a file of one keyword over and over is still read once.
  private func collectWindows(_ bytes: Span<UInt8>) {
    let ruleCount = program.rules.count
    program.finder.forEachHit(in: bytes) { rule, offset, count in
      if rule >= ruleCount {
        if let anchor = GenericAnchor(rawValue: rule - ruleCount) {
          genericHits.append(GenericHit(anchor: anchor, offset: offset, count: count))
        }
        return
      }
      let width = program.rules[rule].width
      let start = max(0, offset + count - width)
      let end = min(bytes.count, offset + width)
      if windows[rule].isEmpty { touched.append(rule) }
      // Hits come in the order of their anchors, which may differ from that of their starts by a literal's length.
      if let last = windows[rule].indices.last, start <= windows[rule][last].end {
        windows[rule][last].end = max(windows[rule][last].end, end)
        windows[rule][last].start = min(windows[rule][last].start, start)
      } else {
        windows[rule].append(Window(start: start, end: end))
      }
    }
  }

  private func search(
    _ rule: Int, _ window: Window, _ bytes: Span<UInt8>, into candidates: inout [Candidate], _ notes: inout MatchNotes
  ) {
    guard let pattern = pattern(rule) else {
      notes.stopped.append((rule, window.start))
      return
    }
    let group = program.rules[rule].secretGroup
    var at = window.start
    var found = 0
    while at < window.end {
      switch scratch.firstMatch(pattern, bytes, from: at, to: window.end, group: group) {
      case .noMatch: return
      case .limit:
        notes.stopped.append((rule, at))
        return
      case .match(let whole, let secret):
        if let confidence = judge(rule, bytes.extracting(secret)) {
          candidates.append(Candidate(rule: rule, secret: secret, match: whole, confidence: confidence))
          found += 1
          if found >= Matcher.maximumCandidates { return }
        }
        at = max(whole.upperBound, at + 1)
      }
    }
  }

  private func pattern(_ rule: Int) -> Pattern? {
    if let pattern = compiled[rule] { return pattern }
    compiled[rule] = try? program.patterns[rule].get()
    return compiled[rule]
  }

  /// What the claim rests on, or nil where a proof fails.
  private func judge(_ index: Int, _ secret: Span<UInt8>) -> Confidence? {
    let rule = program.rules[index]
    if let checksum = rule.checksum {
      guard Checksum.verify(checksum, secret) else { return rule.checksumIsOptional ? guess(index, secret) : nil }
      // A checksum is proof that no placeholder has; a structure is as good as the rule says.
      if checksum.isSum { return .checksum }
    } else if Proofs.isPlaceholder(secret) {
      return nil
    }
    if let least = rule.minimumEntropy, Proofs.entropy(secret) < least { return nil }
    if Proofs.holds(anyOf: program.stopWords[index], secret) { return nil }
    return rule.confidence
  }
}

extension Matcher {
  /// What has the shape but not the checksum is a guess, if it looks random.
  private func guess(_ index: Int, _ secret: Span<UInt8>) -> Confidence? {
    let least = program.rules[index].minimumEntropy ?? 3
    let isRandom = !Proofs.isPlaceholder(secret) && Proofs.entropy(secret) >= least
    return isRandom && !Proofs.holds(anyOf: program.stopWords[index], secret) ? .guess : nil
  }

  /// Of candidates that overlap, keeps the best-founded: by confidence, a rule before a detector, then by the length of the secret, then the more
  /// severe rule, then the rule's place. The result is sorted by offset.
  public static func resolveOverlaps(_ candidates: [Candidate], rules: [Rule]) -> [Candidate] {
    if candidates.count < 2 { return candidates }
    let ranked = candidates.sorted { left, right in
      if left.confidence != right.confidence { return left.confidence > right.confidence }
      let (isLeftRule, isRightRule) = (rules[left.rule].kind != .detector, rules[right.rule].kind != .detector)
      if isLeftRule != isRightRule { return isLeftRule }
      if left.secret.count != right.secret.count { return left.secret.count > right.secret.count }
      let (a, b) = (rules[left.rule].severity, rules[right.rule].severity)
      return a != b ? a > b : (left.rule, left.secret.lowerBound) < (right.rule, right.secret.lowerBound)
    }
    var kept: [Candidate] = []
    for candidate in ranked {
      let place = kept.partitioningIndex { $0.secret.lowerBound >= candidate.secret.lowerBound }
      let clearBefore = place == 0 || kept[place - 1].secret.upperBound <= candidate.secret.lowerBound
      let clearBehind = place == kept.count || kept[place].secret.lowerBound >= candidate.secret.upperBound
      if clearBefore && clearBehind { kept.insert(candidate, at: place) }
    }
    return kept
  }
}

extension Array {
  /// The first index whose element fulfils the predicate, where all behind it do too.
  fileprivate func partitioningIndex(_ fulfils: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if fulfils(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
