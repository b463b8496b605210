// The journal folded into what is known: the only source of a rotation's position and of its report.

internal import Formats
internal import Ledger

/// Evidence of one answer: what was asked, what came back, when.
struct Evidence: Equatable {
  var text: String
  var status: Int?
  var requestID: String?
  var timeMs: Int64

  var facts: Facts {
    var facts = Facts()
    facts.set("evidence", text)
    facts.set("status", status)
    facts.set("request_id", requestID)
    facts.set("time_ms", timeMs)
    return facts
  }

  init(text: String, status: Int? = nil, requestID: String? = nil, timeMs: Int64) {
    self.text = text
    self.status = status
    self.requestID = requestID
    self.timeMs = timeMs
  }

  init(_ node: Node) {
    text = node["evidence"]?.string ?? ""
    status = node["status"]?.integer
    requestID = node["request_id"]?.string
    timeMs = Int64(node["time_ms"]?.integer ?? 0)
  }
}

/// One file's part in a rotation.
struct FileFact: Equatable {
  var path: String
  var lines: [Int]
  /// `written`, `in_place` or `conflict`.
  var how: String
}

/// Everything that the journal says about a rotation.
struct Replay {
  let txid: String
  let snapshot: KeySnapshot
  private(set) var state: RotationState = .intent
  /// Where it stood before a person was needed.
  private(set) var stateBeforeHuman: RotationState?
  private(set) var steps: [(state: RotationState, timeMs: Int64)] = []
  /// Key-making requests begun.
  private(set) var attempt = 0
  /// How often a person said to go on.
  private(set) var resumptions = 0
  private(set) var reference: String?
  private(set) var responseStatus: Int?
  private(set) var responseRetryAfter: Int?
  /// Whether the last answer broke off.
  private(set) var responseIsPartial = false
  /// Whether both keys said whose they are; nil before the new one was proven.
  private(set) var identityCompared: Bool?
  /// Whether the last definite refusal leaves no sense in another request.
  private(set) var isFinal = false
  private(set) var newKeyID: String?
  private(set) var newFingerprint: String?
  /// Every key whose value was lost on the way here.
  private(set) var orphans: [String] = []
  /// Those of them that were found last.
  private(set) var currentOrphans: [String] = []
  private(set) var files: [FileFact] = []
  /// Reload commands that ended well.
  private(set) var reloaded: [[String]] = []
  private(set) var proofs: [Evidence] = []
  private(set) var deaths: [Evidence] = []
  private(set) var revocation: Evidence?
  /// That the old key was ended before any file had the new one, because it has leaked; nil where it was not.
  private(set) var containment: Evidence?
  /// The latest reason of a step that has one.
  private(set) var reason: String?
  private(set) var hint: String?

  /// The fold over a journal.
  init(_ txid: String, _ entries: [JournalEntry]) throws(LedgerError) {
    guard let first = entries.first, first.state == RotationState.intent.rawValue,
      let snapshot = KeySnapshot(try Replay.facts(txid, first))
    else { throw Replay.damaged(txid, "does not begin with INTENT") }
    self.txid = txid
    self.snapshot = snapshot
    for entry in entries { try take(entry) }
  }

  private static func damaged(_ txid: String, _ reason: String) -> LedgerError {
    LedgerError(.damaged, "the journal of rotation \(txid) \(reason)", hint: "restore the ledger from a backup")
  }

  private static func facts(_ txid: String, _ entry: JournalEntry) throws(LedgerError) -> Node {
    do {
      return try Node.facts(entry.data, in: "journal \(txid), entry \(entry.sequence)")
    } catch {
      throw damaged(txid, "holds an entry that is not JSON")
    }
  }

  /// Takes one more entry.
  mutating func take(_ entry: JournalEntry) throws(LedgerError) {
    guard let next = RotationState(rawValue: entry.state) else {
      throw Replay.damaged(txid, "holds the unknown state \(entry.state)")
    }
    if !steps.isEmpty {
      guard state.successors.contains(next) else {
        throw Replay.damaged(txid, "says \(next.rawValue) after \(state.rawValue), which can't be")
      }
    }
    let facts = try Replay.facts(txid, entry)
    steps.append((next, entry.timeMs))
    if next == .human { stateBeforeHuman = state }
    if next == .resumed {
      resumptions += 1
      isFinal = false
    }
    state = next == .resumed ? stateBeforeHuman ?? .human : next
    reason = facts["reason"]?.string ?? (next == .intent ? nil : reason)
    if next == .intent { reason = nil }
    hint = facts["hint"]?.string
    note(next, facts)
  }

  private mutating func note(_ state: RotationState, _ facts: Node) {
    switch state {
    case .requested:
      attempt += 1
      reference = facts["reference"]?.string
    case .received:
      responseStatus = facts["status"]?.integer
      responseRetryAfter = facts["retry_after"]?.integer
      responseIsPartial = facts["partial"]?.boolean ?? false
    case .notExecuted:
      isFinal = facts["final"]?.boolean ?? false
      responseRetryAfter = facts["retry_after"]?.integer
    case .orphaned:
      var ids = facts.texts("key_ids")
      if ids.isEmpty, let id = facts["key_id"]?.string { ids = [id] }
      currentOrphans = ids
      orphans += ids.filter { !orphans.contains($0) }
    case .parsed:
      newKeyID = facts["key_id"]?.string
      newFingerprint = facts["fingerprint"]?.string
    case .verifiedNew:
      proofs = (facts["proofs"]?.array ?? []).map(Evidence.init)
      identityCompared = facts["identity_compared"]?.boolean
      // An answer that broke off may have lacked it.
      newKeyID = newKeyID ?? facts["key_id"]?.string
    case .file:
      let path = facts["path"]?.string ?? ""
      files.removeAll { $0.path == path }
      files.append(
        FileFact(
          path: path, lines: facts["lines"]?.array?.compactMap(\.integer) ?? [], how: facts["how"]?.string ?? ""))
    case .reloaded: reloaded.append(facts.texts("command"))
    case .contained: containment = Evidence(facts)
    case .oldRevoked: revocation = Evidence(facts)
    case .oldProvenDead: deaths = (facts["proofs"]?.array ?? []).map(Evidence.init)
    default: break
    }
  }

  /// The reference that the next request is marked with: the last one again, unless it has made a key.
  func nextReference() -> String {
    if let reference, state != .orphanRevoked { return reference }
    return "keywright-\(txid)-\(steps.count { $0.state == .orphanRevoked } + 1)"
  }

  /// When a state was first reached.
  func time(of state: RotationState) -> Int64? { steps.first { $0.state == state }?.timeMs }

  /// The outcome for whoever asks now; an end's own, or what keeps it open.
  var outcome: RotationOutcome {
    switch state {
    case .done: .done
    case .rolledBack: .rolledBack
    case .closed: .notExecuted
    case .aborted: .aborted
    case .human, .lost: .human
    case .oldAlive: .oldAlive
    default: .unknown
    }
  }
}
