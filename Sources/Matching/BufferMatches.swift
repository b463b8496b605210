// What one buffer holds: the literals that stand in it, and what each of them led to. A buffer that is made of pieces of
// this one takes over what lies wholly in the pieces.

public import Model

/// A literal of a rule at a place.
struct LiteralHit: Sendable {
  /// The first byte.
  var offset: Int
  /// The hit's first candidate; those of one hit stand together.
  var firstCandidate: Int32
  /// The rule's index.
  var rule: UInt16
  /// The length in bytes of what was compared: the literal, and what must follow it.
  var count: UInt8
  /// How many candidates the hit led to.
  var candidateCount: UInt8

  /// A hit whose window has not been looked at yet.
  static let unjudged = Int32(-1)

  var end: Int { offset + Int(count) }

  init(rule: Int, offset: Int, count: Int) {
    self.offset = offset
    self.rule = UInt16(truncatingIfNeeded: rule)
    self.count = UInt8(truncatingIfNeeded: count)
    firstCandidate = LiteralHit.unjudged
    candidateCount = 0
  }

  /// By place, then by rule.
  static func precedes(_ left: LiteralHit, _ right: LiteralHit) -> Bool {
    if left.offset != right.offset { return left.offset < right.offset }
    return left.rule != right.rule ? left.rule < right.rule : left.count < right.count
  }
}

/// The literals in a buffer and the candidates they led to.
public struct BufferMatches: Sendable {
  /// Sorted by place.
  var hits: [LiteralHit] = []
  /// What the hits led to, in the order of the hits: several hits may lead to the same.
  public internal(set) var candidates: [Candidate] = []
  /// For each candidate the number of the same candidate in the parent; -1 for one that was matched here.
  public internal(set) var origins: [Int32] = []
  /// The buffer's size in bytes.
  public internal(set) var count: Int
  /// Rules that were stopped by a limit, with the place.
  public internal(set) var stopped: [(rule: Int, offset: Int)] = []

  init(count: Int) { self.count = count }

  /// Whether every hit was followed to its end, so that another buffer may take over what this one holds.
  public var isComplete: Bool { stopped.isEmpty }

  /// About how much memory this takes, in bytes.
  public var cost: Int { hits.count * MemoryLayout<LiteralHit>.size + candidates.count * 96 }
}

/// What a matcher did so far.
public struct MatchStatistics: Sendable {
  /// Bytes that the literal finder read.
  public var searchedBytes = 0
  /// Bytes in which encodings were looked for; round what is new in a delta they hold those that the literal finder reads.
  public var decodedBytes = 0
  /// Windows in which a pattern was tried.
  public var windows = 0
  /// Bytes of these windows.
  public var windowBytes = 0
  /// Literal hits taken over from a parent.
  public var inheritedHits = 0
  /// Of these the hits whose outcome was taken over, too.
  public var inheritedOutcomes = 0
  /// By rule: literal hits that were followed.
  public var hits: [Int]

  init(rules: Int) { hits = Array(repeating: 0, count: rules) }

  /// Adds what another thread's matcher did.
  public mutating func merge(_ other: MatchStatistics) {
    searchedBytes += other.searchedBytes
    decodedBytes += other.decodedBytes
    windows += other.windows
    windowBytes += other.windowBytes
    inheritedHits += other.inheritedHits
    inheritedOutcomes += other.inheritedOutcomes
    if hits.count < other.hits.count { hits += Array(repeating: 0, count: other.hits.count - hits.count) }
    for index in other.hits.indices { hits[index] += other.hits[index] }
  }
}
