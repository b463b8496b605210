// One thread's detector: hits of the generic literals in, judged candidates out.

internal import Model
internal import RuleBook

/// Which rule stands for which kind of the generic case.
struct GenericRules: Sendable {
  private var byKind: [GenericKind: Int] = [:]

  init(_ rules: RuleList) {
    for index in rules.indices where rules.facts[index].hasDetector {
      if let kind = GenericKind(rules[index]) { byKind[kind] = index }
    }
  }

  var isEmpty: Bool { byKind.isEmpty }
  subscript(_ kind: GenericKind) -> Int? { byKind[kind] }
}

/// A hit of one of the generic literals.
struct GenericHit {
  var anchor: GenericAnchor
  var offset: Int
  var count: Int
}

/// Judges claims; a thread has one.
struct GenericDetector {
  private var vector = GenericVector()
  private var claims: [GenericClaim] = []
  private var nameEnd = 0
  /// What was read of something encoded, where only claims count whose value is written in another way there.
  var encoded: DecodedText?

  /// Appends what a hit leads to, as far as it reaches the lower threshold. `bytes` is the hit's window, which begins at
  /// `start` of the buffer.
  mutating func follow(
    _ hit: GenericHit, in bytes: Span<UInt8>, at start: Int, _ rules: GenericRules, into candidates: inout [Candidate]
  ) {
    claims.removeAll(keepingCapacity: true)
    GenericExtractor.read(hit.anchor, at: hit.offset, hit.count, in: bytes, into: &claims)
    for claim in claims.prefix(GenericLimits.claimsOfHit)
    where isWanted(claim, start) && GenericSieve.passes(claim, bytes) {
      let kind = GenericKind(claim, bytes)
      guard let rule = rules[kind], let confidence = judge(claim, kind, bytes) else { continue }
      let (value, whole) = (claim.value, claim.whole)
      candidates.append(
        Candidate(
          rule: rule, secret: value.lowerBound + start..<value.upperBound + start,
          match: whole.lowerBound + start..<whole.upperBound + start, confidence: confidence))
    }
  }

  private func isWanted(_ claim: GenericClaim, _ start: Int) -> Bool {
    guard let encoded, !claim.value.isEmpty else { return true }
    let value = claim.value.lowerBound + start..<claim.value.upperBound + start
    // Every unit of an escape encoding takes more bytes than it gives.
    return encoded.origin(of: value).count != value.count
  }

  /// The claims of one hit. Several literals in one name lead to the same claims: the first does.
  private mutating func read(_ hit: GenericHit, _ bytes: Span<UInt8>) {
    claims.removeAll(keepingCapacity: true)
    if hit.anchor == .name {
      if hit.offset < nameEnd { return }
      var end = hit.offset + hit.count
      while end < bytes.count, end < hit.offset + GenericLimits.nameBytes, Bytes.isWord(bytes[end]) { end += 1 }
      nameEnd = end
    }
    GenericExtractor.read(hit.anchor, at: hit.offset, hit.count, in: bytes, into: &claims)
  }

  private mutating func judge(_ claim: GenericClaim, _ kind: GenericKind, _ bytes: Span<UInt8>) -> Confidence? {
    vector.clear()
    vector.measureValue(claim, bytes)
    vector.measureOwnLine(claim, bytes)
    let least = GenericRank(vector.floor(claim, kind, bytes) ?? Int.min)
    // What a hash is worth its place says, not what it looks like.
    let isPlain = kind == .hash && claim.form != .hash && !GenericHashes.isHash(bytes.extracting(claim.value))
    let most = isPlain ? max(least, GenericRank.guess) : GenericRank.context
    return GenericModel.shared.rank(&vector, within: least...most) { $0.measureNear(claim, bytes) }
      .confidence
  }

  private mutating func score(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Int {
    vector.clear()
    vector.measureValue(claim, bytes)
    vector.measureOwnLine(claim, bytes)
    vector.measureNear(claim, bytes)
    return GenericModel.shared.score(vector)
  }
}

extension GenericDetector {
  /// Every claim in `bytes` that the sieve lets pass, with its measures and its score.
  mutating func samples(_ bytes: Span<UInt8>) -> [GenericSample] {
    var samples: [GenericSample] = []
    nameEnd = 0
    for hit in GenericDetector.hits(bytes) {
      read(hit, bytes)
      for claim in claims where GenericSieve.passes(claim, bytes) {
        let score = score(claim, bytes)
        let features = vector.values.enumerated().filter { $0.element != 0 }.map { ($0.offset, Int($0.element)) }
        samples.append(
          GenericSample(form: "\(claim.form)", name: claim.name, value: claim.value, features: features, score: score))
      }
    }
    return samples
  }

  private static let finder = LiteralFinder(GenericAnchor.literals(from: 0))

  private static func hits(_ bytes: Span<UInt8>) -> [GenericHit] {
    var hits: [GenericHit] = []
    finder.forEachHit(in: bytes, 0..<bytes.count) { kind, offset, count in
      if let anchor = GenericAnchor(rawValue: kind) {
        hits.append(GenericHit(anchor: anchor, offset: offset, count: count))
      }
    }
    return hits
  }
}

/// What the model sees of one claim: for the training scripts, and to explain a finding.
public struct GenericSample: Sendable {
  /// How name and value stand together.
  public var form: String
  /// The name's bytes.
  public var name: Range<Int>
  /// The value's bytes.
  public var value: Range<Int>
  /// The number and the value of every measure that is not 0.
  public var features: [(feature: Int, value: Int)]
  /// The model's score, in 1/512 of the natural logarithm of the odds.
  public var score: Int

  /// What moved the score, the strongest first: the measure's name, its value here, and what it added or took away.
  public var evidence: [(name: String, value: Int, score: Int)] {
    var vector = GenericVector()
    for (feature, value) in features where vector.values.indices.contains(feature) {
      vector.values[feature] = Int16(clamping: value)
    }
    return GenericModel.shared.contributions(vector).map { part in
      (GenericLayout.label(part.feature), Int(vector.values[part.feature]), part.score)
    }
  }

  /// The claim on the value at `value`, with its evidence; nil where the detector makes none.
  public static func at(_ value: Range<Int>, in bytes: Span<UInt8>) -> GenericSample? {
    // A claim depends on no more than its window, so that the rest of a large file need not be read again.
    let start = max(0, value.lowerBound - GenericLimits.dependsBefore - GenericLimits.bytesBehind)
    let end = min(bytes.count, value.upperBound + GenericLimits.dependsBehind)
    guard start < end, value.upperBound <= bytes.count else { return nil }
    return all(in: bytes.extracting(start..<end)).first { sample in
      sample.value.lowerBound + start == value.lowerBound && sample.value.upperBound + start == value.upperBound
    }
  }

  /// The names of all measures, by number.
  public static var featureNames: [String] { (0..<GenericLayout.count).map(GenericLayout.label) }

  /// Every claim in `bytes`.
  public static func all(in bytes: Span<UInt8>) -> [GenericSample] {
    var detector = GenericDetector()
    return detector.samples(bytes)
  }
}
