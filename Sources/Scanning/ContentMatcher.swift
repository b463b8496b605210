// From bytes to numbered values: the matcher's candidates, their values entered in the table, the winners' claims noted.

internal import Matching
internal import Model
internal import RuleBook

/// What a piece of content holds; the matches of objects that are made of pieces of it rest on this.
final class MatchedContent {
  /// A candidate and the number of its value.
  struct Hit {
    var value: ValueNumber
    var candidate: Candidate
    /// Whether no better candidate overlaps it.
    var isWinner: Bool
  }

  let matches: BufferMatches
  /// For each candidate the number of its value; ``none`` where it repeats another.
  let values: [ValueNumber]
  /// For each candidate whether it counts.
  let winners: [Bool]
  /// Whether there was no room for another value.
  let isOverfull: Bool
  /// The set of the values, those of what is encoded included.
  let set: ValueSetNumber
  /// What is encoded here; nil where it was not looked at.
  let decoded: DecodedMatches?
  /// What is encoded, with its values.
  let decodedHits: [Hit]
  /// What stands in the members, where the content is an archive that was opened; nil otherwise.
  var archive: MatchedArchive?

  static let none = ValueNumber.max

  init(
    _ matches: BufferMatches, values: [ValueNumber] = [], winners: [Bool] = [], isOverfull: Bool = false,
    set: ValueSetNumber = 0, decoded: DecodedMatches? = nil, decodedHits: [Hit] = []
  ) {
    self.matches = matches
    self.values = values
    self.winners = winners
    self.isOverfull = isOverfull
    self.set = set
    self.decoded = decoded
    self.decodedHits = decodedHits
  }

  /// Every candidate once, in the order of the secrets' offsets.
  var hits: [Hit] {
    let plain = values.indices.filter { values[$0] != MatchedContent.none }.map { index in
      Hit(value: values[index], candidate: matches.candidates[index], isWinner: winners[index])
    }
    return (plain + decodedHits).sorted { left, right in
      let (a, b) = (left.candidate, right.candidate)
      return (a.secret.lowerBound, a.secret.upperBound, a.rule) < (b.secret.lowerBound, b.secret.upperBound, b.rule)
    }
  }
}

/// Matches content for one thread.
struct ContentMatcher {
  let rules: RuleList
  let values: ValueTable
  private let matcher: Matcher
  private let decoding: DecodingPass
  private let contentRules: ContentRules
  private let contentDetector: ContentDetector
  private let reportsPublic: Bool
  private let honoursComments: Bool
  /// The largest member of an archive that is read, in bytes; nil where archives are not opened.
  private let memberBytes: Int?

  init(_ program: MatcherProgram, _ values: ValueTable, _ options: ScanOptions) {
    rules = program.rules
    self.values = values
    matcher = Matcher(program)
    decoding = DecodingPass(matcher, known: options.known)
    contentRules = ContentRules(program.rules)
    contentDetector = ContentDetector(program)
    reportsPublic = options.reportsPublic
    honoursComments = options.honoursComments
    memberBytes = options.opensArchives ? options.maximumBlobBytes : nil
  }

  /// What the matcher did so far.
  var statistics: MatchStatistics { matcher.statistics }

  /// Everything in `bytes` and, where they are an archive that is to be opened, in its members.
  func match(_ bytes: Span<UInt8>) -> MatchedContent {
    if let memberBytes, let content = matchArchive(bytes, maximumBytes: memberBytes) { return content }
    return matchPlain(bytes)
  }

  /// What an empty content holds.
  func matchNothing() -> BufferMatches { matcher.scan([UInt8]().span) }

  /// Calls `visit` with the members of an archive that is to be opened.
  func forEachMember(in bytes: Span<UInt8>, _ visit: (Span<UInt8>) -> Void) {
    guard let memberBytes else { return }
    ArchiveMembers.forEach(in: bytes, maximumBytes: memberBytes) { _, content in visit(content) }
  }

  /// Everything in `bytes` as they are.
  func matchPlain(_ bytes: Span<UInt8>) -> MatchedContent {
    let decoded = decoding.scan(bytes)
    let matches = addWhole(to: matcher.scan(bytes), bytes)
    return add(decoded, to: number(matches, bytes, nil, decoded.candidates), bytes)
  }

  /// The same, for bytes that are made of pieces of others.
  func match(_ bytes: Span<UInt8>, copies: [CopyRun], parent: MatchedContent) -> MatchedContent {
    // Nothing of an archive is taken over: its members are not where its bytes are.
    if parent.archive != nil || memberBytes != nil && ArchiveFormat(bytes) != nil { return match(bytes) }
    let decoded = parent.decoded.map { decoding.scan(bytes, copies: copies, parent: $0) } ?? decoding.scan(bytes)
    let matches = addWhole(to: matcher.scan(bytes, copies: copies, parent: parent.matches), bytes)
    return add(decoded, to: number(matches, bytes, parent, decoded.candidates), bytes)
  }

  /// Adds what only the content as a whole tells.
  private func addWhole(to matches: BufferMatches, _ bytes: Span<UInt8>) -> BufferMatches {
    contentDetector.add(to: contentRules.add(to: matches, bytes), bytes, matcher)
  }

  /// Whether a candidate from encoded bytes is better founded than a plain one that it overlaps. What is known is.
  private func beats(_ decoded: Candidate, _ plain: Candidate) -> Bool {
    guard decoded.secret.overlaps(plain.secret) else { return false }
    if decoded.confidence != plain.confidence { return decoded.confidence > plain.confidence }
    return rules[decoded.rule].id == KnownValues.ruleID
  }

  /// Adds what is encoded, and known values.
  private func add(
    _ decoded: DecodedMatches, to plain: MatchedContent, _ bytes: Span<UInt8>
  ) -> MatchedContent {
    var hits: [MatchedContent.Hit] = []
    var isOverfull = plain.isOverfull
    if decoded.isEmpty && !decoded.isCut {
      return MatchedContent(
        plain.matches, values: plain.values, winners: plain.winners, isOverfull: isOverfull, set: plain.set,
        decoded: decoded)
    }
    let claimed = plain.winners.indices.filter { plain.winners[$0] }.map { plain.matches.candidates[$0].secret }
    let candidates = decoded.candidates
    let best = Set(Matcher.resolveOverlaps(candidates, rules: rules))
    for candidate in candidates {
      guard let value = number(candidate, bytes) else {
        isOverfull = true
        continue
      }
      let isWinner = best.contains(candidate) && !claimed.contains { $0.overlaps(candidate.secret) }
      if isWinner, reportsPublic || !rules.facts[candidate.rule].isPublic {
        values.claim(value, Claim(rule: candidate.rule, confidence: candidate.confidence))
      }
      hits.append(MatchedContent.Hit(value: value, candidate: candidate, isWinner: isWinner))
    }
    let numbers = plain.values.filter { $0 != MatchedContent.none } + hits.map(\.value)
    return MatchedContent(
      plain.matches, values: plain.values, winners: plain.winners, isOverfull: isOverfull,
      set: hits.isEmpty ? plain.set : values.set(numbers), decoded: decoded, decodedHits: hits)
  }

  /// Numbers the values, and claims those of the winners. What was taken over from the parent has its number there.
  /// A plain candidate gives way to one of `decoded` that is better founded.
  private func number(
    _ matches: BufferMatches, _ bytes: Span<UInt8>, _ parent: MatchedContent?, _ decoded: [Candidate]
  ) -> MatchedContent {
    if matches.candidates.isEmpty { return MatchedContent(matches) }
    let candidates = matches.candidates
    let kept = Matcher.distinct(candidates, rules: rules)
    var numbers = [ValueNumber](repeating: MatchedContent.none, count: candidates.count)
    var isOverfull = false
    for index in kept {
      let origin = Int(matches.origins[index])
      if origin >= 0, let parent, parent.values[origin] != MatchedContent.none {
        numbers[index] = parent.values[origin]
      } else if let number = number(candidates[index], bytes) {
        numbers[index] = number
      } else {
        isOverfull = true
      }
    }
    var winners = [Bool](repeating: false, count: candidates.count)
    for index in Matcher.winners(candidates, kept, rules: rules) {
      if !decoded.isEmpty, decoded.contains(where: { beats($0, candidates[index]) }) { continue }
      winners[index] = true
      let origin = Int(matches.origins[index])
      if origin >= 0, let parent, parent.winners[origin] { continue }
      let candidate = candidates[index]
      if numbers[index] != MatchedContent.none, reportsPublic || !rules.facts[candidate.rule].isPublic {
        values.claim(numbers[index], Claim(rule: candidate.rule, confidence: candidate.confidence))
      }
    }
    let set = set(of: numbers, matches, parent)
    return MatchedContent(matches, values: numbers, winners: winners, isOverfull: isOverfull, set: set)
  }

  /// The set of the values; most often it is the parent's.
  private func set(
    of numbers: [ValueNumber], _ matches: BufferMatches, _ parent: MatchedContent?
  ) -> ValueSetNumber {
    if let parent, parent.values == numbers, parent.decodedHits.isEmpty { return parent.set }
    return values.set(numbers.filter { $0 != MatchedContent.none })
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
}

extension MatchedContent {
  /// What was left out of this content, as coverage tells it.
  func skips(_ rules: RuleList, object: ObjectID? = nil, path: BytePath? = nil) -> [Skip] {
    let isCut = decoded?.isCut ?? false
    let left = (archive?.omissions ?? []).map { member, reason in
      let place = path.map { Occurrence.path(of: $0, member: member.isEmpty ? nil : member) }
      let name = place == nil && !member.isEmpty ? "\(BytePath(member)): " : ""
      return Skip(reason: .archive, object: object, path: place, detail: name + reason)
    }
    if matches.isComplete && !isOverfull && !isCut { return left }
    var skips = Set(matches.stopped.map(\.rule)).sorted().map { rule in
      Skip(
        reason: .matchLimit, object: object, path: path,
        detail: "the pattern of \(rules[rule].id) was stopped by its limit")
    }
    if isCut {
      skips.append(
        Skip(
          reason: .matchLimit, object: object, path: path,
          detail: "what is encoded here goes deeper, or takes more room, than is followed"))
    }
    if isOverfull {
      skips.append(
        Skip(
          reason: .matchLimit, object: object, path: path,
          detail: "more than \(ValueTable.maximumCount) distinct values: the rest is left out"))
    }
    return left + skips
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
