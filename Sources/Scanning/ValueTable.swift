// The distinct values that a scan has met, and the sets of them that single objects hold. Shared by all threads: values
// are rare, so a lock costs nothing.

internal import Matching
internal import Model
internal import RuleBook
internal import Secrets
internal import Synchronization

/// A value's number, from 0.
typealias ValueNumber = UInt32
/// A set's number; 0 is the empty set.
typealias ValueSetNumber = UInt32

/// Who claims a value, and on what ground.
struct Claim: Sendable, Equatable {
  var rule: Int
  var confidence: Confidence

  /// Whether this claim is better than `other`, whatever the order in which they were made.
  func beats(_ other: Claim, _ rules: RuleList) -> Bool {
    if confidence != other.confidence { return confidence > other.confidence }
    // What only a file's name makes a secret gives way: the name may be another elsewhere.
    if rules.facts[rule].hasDetector && rules.facts[other.rule].hasDetector {
      let (isByName, isOtherByName) = (rules[rule].isByName, rules[other.rule].isByName)
      if isByName != isOtherByName { return isOtherByName }
    }
    let (own, others) = (rules.facts[rule].severity, rules.facts[other.rule].severity)
    return own != others ? own > others : rule < other.rule
  }
}

/// Values by their bytes.
final class ValueTable: Sendable {
  /// Distinct values that are kept; a repository with more is not scanned completely, and that is said.
  static let maximumCount = 1 << 20

  struct Value: Sendable {
    let secret: Secret
    /// The best claim; nil for a value that only lost to others that overlap it.
    var claim: Claim?
  }

  private struct State {
    var values: [Value] = []
    var byDigest: [[UInt8]: ValueNumber] = [:]
    var sets: [[ValueNumber]] = [[]]
    var bySet: [[ValueNumber]: ValueSetNumber] = [[]: 0]
  }

  private let rules: RuleList
  private let state = Mutex(State())

  init(_ rules: RuleList) { self.rules = rules }

  /// The number of the value with these bytes; nil when there are too many values.
  func number(_ bytes: Span<UInt8>) -> ValueNumber? {
    // Under a digest, so that no second copy of a value lies about as a key.
    let digest = SHA256.hash(bytes)
    return state.withLock { state in
      if let known = state.byDigest[digest] { return known }
      guard state.values.count < ValueTable.maximumCount else { return nil }
      let number = ValueNumber(state.values.count)
      state.values.append(Value(secret: Secret(copying: bytes), claim: nil))
      state.byDigest[digest] = number
      return number
    }
  }

  /// Notes a claim, if it is better than what is known.
  func claim(_ value: ValueNumber, _ claim: Claim) {
    state.withLock { state in
      if let known = state.values[Int(value)].claim, !claim.beats(known, rules) { return }
      state.values[Int(value)].claim = claim
    }
  }

  /// The number of a set of values, given in any order.
  func set(_ values: [ValueNumber]) -> ValueSetNumber {
    let sorted = Array(Set(values)).sorted()
    return state.withLock { state in
      if let known = state.bySet[sorted] { return known }
      let number = ValueSetNumber(state.sets.count)
      state.sets.append(sorted)
      state.bySet[sorted] = number
      return number
    }
  }

  /// Everything, once all threads are done.
  func contents() -> (values: [Value], sets: [[ValueNumber]]) {
    state.withLock { ($0.values, $0.sets) }
  }
}
