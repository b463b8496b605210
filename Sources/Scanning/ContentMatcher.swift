// From bytes to numbered values: the matcher's candidates, their values entered in the table, the winners' claims noted.

internal import Matching
internal import Model
internal import RuleBook

/// Matches content for one thread.
struct ContentMatcher {
  /// A candidate and the number of its value.
  struct Hit {
    var value: ValueNumber
    var candidate: Candidate
    /// Whether no better candidate overlaps it.
    var isWinner: Bool
  }

  /// What a buffer holds.
  struct Result {
    var hits: [Hit] = []
    /// Rules that were stopped by their limit.
    var stopped: Set<Int> = []
    /// Whether there was no room for another value.
    var isOverfull = false
  }

  let rules: [Rule]
  let values: ValueTable
  private let matcher: Matcher
  private let contentRules: ContentRules
  private let reportsPublic: Bool
  private let honoursComments: Bool

  init(_ program: MatcherProgram, _ values: ValueTable, _ options: ScanOptions) {
    rules = program.rules
    self.values = values
    matcher = Matcher(program)
    contentRules = ContentRules(program.rules)
    reportsPublic = options.reportsPublic
    honoursComments = options.honoursComments
  }

  /// Every candidate in `bytes`, in the order of its secret's offset.
  func match(_ bytes: Span<UInt8>) -> Result {
    var candidates: [Candidate] = []
    let notes = matcher.scan(bytes, into: &candidates)
    var result = Result()
    for stop in notes.stopped { result.stopped.insert(stop.rule) }
    result.stopped.formUnion(contentRules.scan(bytes, into: &candidates))
    if candidates.isEmpty { return result }
    let winners = Set(Matcher.resolveOverlaps(candidates, rules: rules))
    for candidate in candidates.sorted(by: ContentMatcher.precedes) {
      guard let value = number(candidate, bytes) else {
        result.isOverfull = true
        continue
      }
      let isWinner = winners.contains(candidate)
      if isWinner, reportsPublic || !rules[candidate.rule].isPublic {
        values.claim(value, Claim(rule: candidate.rule, confidence: candidate.confidence))
      }
      result.hits.append(Hit(value: value, candidate: candidate, isWinner: isWinner))
    }
    return result
  }

  /// What a comment beside the bytes says, where comments count.
  func comment(on range: Range<Int>, in bytes: Span<UInt8>) -> Suppression? {
    guard honoursComments, let comment = AllowComment.find(in: bytes, at: range) else { return nil }
    return Suppression(kind: .inline, reason: comment.reason ?? comment.marker)
  }

  private func number(_ candidate: Candidate, _ bytes: Span<UInt8>) -> ValueNumber? {
    candidate.decoders.isEmpty
      ? values.number(bytes.extracting(candidate.secret)) : values.number(candidate.decoded.span)
  }

  private static func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
    (left.secret.lowerBound, left.secret.upperBound, left.rule)
      < (right.secret.lowerBound, right.secret.upperBound, right.rule)
  }
}

extension ContentMatcher.Result {
  /// What was left out of this buffer, as coverage tells it.
  func skips(_ rules: [Rule], object: ObjectID? = nil, path: BytePath? = nil) -> [Skip] {
    var skips = stopped.sorted().map { rule in
      Skip(
        reason: .matchLimit, object: object, path: path,
        detail: "the pattern of \(rules[rule].id) was stopped by its limit")
    }
    if isOverfull {
      skips.append(
        Skip(
          reason: .matchLimit, object: object, path: path,
          detail: "more than \(ValueTable.maximumCount) distinct values: the rest is left out"))
    }
    return skips
  }
}

/// Git-lfs pointers: small texts that stand for content which lies elsewhere.
enum LFSPointer {
  private static let head = Array("version https://git-lfs.github.com/spec/v1\n".utf8)
  private static let maximumBytes = 1_024

  /// What the pointer says of its content; nil for anything that is no pointer.
  static func describe(_ bytes: Span<UInt8>) -> String? {
    guard bytes.count > head.count, bytes.count <= maximumBytes, head.indices.allSatisfy({ bytes[$0] == head[$0] })
    else { return nil }
    let lines = bytes.indices.map { bytes[$0] }.split(separator: 0x0a)
    func field(_ name: String) -> String {
      let prefix = Array("\(name) ".utf8)
      guard let line = lines.first(where: { $0.starts(with: prefix) }) else { return "unknown" }
      return String(decoding: line.dropFirst(prefix.count).prefix(100), as: UTF8.self)
    }
    return "a git-lfs pointer to \(field("oid")), \(field("size")) bytes"
  }
}
