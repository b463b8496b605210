// The state machine as data: which states there are, and which may follow which. Nothing here does anything.

/// Where a rotation stands. The raw values are what the journal holds.
public enum RotationState: String, Sendable, CaseIterable {
  /// Everything that can fail here was tried; nothing was sent.
  case intent = "INTENT"
  /// A key-making request is about to be sent, or was.
  case requested = "REQUESTED"
  /// The raw response is put away, sealed.
  case received = "RECEIVED"
  /// It is not known whether the request was carried out.
  case unknown = "UNKNOWN"
  /// The request was definitely not carried out.
  case notExecuted = "NOT_EXECUTED"
  /// The request was carried out, and the value that it made is lost.
  case orphaned = "ORPHANED"
  /// The key whose value was lost is revoked.
  case orphanRevoked = "ORPHAN_REVOKED"
  /// The old key is dead and no new value was received.
  case lost = "LOST"
  /// The new value is known, and sealed.
  case parsed = "PARSED"
  /// The new key acts as the same identity.
  case verifiedNew = "VERIFIED_NEW"
  /// The old key has leaked, and was ended at once: before any file has the new one.
  case contained = "CONTAINED"
  /// One file has the new value, or was found edited by others.
  case file = "FILE"
  /// Every file has the new value.
  case committed = "COMMITTED"
  /// One more of the key's users reads the new value.
  case reloaded = "RELOADED"
  /// The provider was told to end the old key, and agreed.
  case oldRevoked = "OLD_REVOKED"
  /// The old key should be dead and is not.
  case oldAlive = "OLD_ALIVE"
  /// The old key was refused, often enough.
  case oldProvenDead = "OLD_PROVEN_DEAD"
  /// The new key is unfit; it is being taken back.
  case rollingBack = "ROLLING_BACK"
  /// Only a person can go on.
  case human = "HUMAN"
  /// A person said to go on from where it stood before.
  case resumed = "RESUMED"
  /// The end: the new key is everywhere, the old one is dead.
  case done = "DONE"
  /// The end: the old key is everywhere, the new one is gone.
  case rolledBack = "ROLLED_BACK"
  /// The end: no new key was made.
  case closed = "CLOSED"
  /// The end: a person gave it up.
  case aborted = "ABORTED"

  /// The states that may follow.
  public var successors: Set<RotationState> {
    switch self {
    case .intent: [.requested, .closed, .human, .aborted]
    case .requested: [.received, .unknown, .notExecuted]
    case .received: [.parsed, .notExecuted, .unknown, .human, .aborted]
    // To PARSED where the value is known after all: read again, or chosen by us.
    case .unknown: [.notExecuted, .orphaned, .parsed, .lost, .human, .aborted]
    case .notExecuted: [.requested, .unknown, .closed, .human, .aborted]
    case .orphaned: [.orphanRevoked, .human, .aborted]
    case .orphanRevoked: [.requested, .closed, .human, .aborted]
    // To PARSED where the provider file has learnt to read the answer that was kept.
    case .lost: [.parsed, .human, .aborted]
    case .parsed: [.verifiedNew, .rollingBack, .human, .aborted]
    case .verifiedNew: [.contained, .file, .human, .aborted]
    case .contained: [.file, .human, .aborted]
    case .file: [.file, .committed, .human, .aborted]
    case .committed, .reloaded: [.reloaded, .oldRevoked, .oldAlive, .human, .aborted]
    case .oldRevoked: [.oldProvenDead, .oldAlive, .human, .aborted]
    case .oldAlive: [.oldRevoked, .oldProvenDead, .oldAlive, .human, .aborted]
    case .oldProvenDead: [.done, .human, .aborted]
    case .rollingBack: [.rolledBack, .human, .aborted]
    case .human: [.resumed, .aborted]
    // What follows is decided by the state that the rotation goes back to.
    case .resumed: []
    case .done, .rolledBack, .closed, .aborted: []
    }
  }

  /// Whether it is an end.
  public var isEnd: Bool { [.done, .rolledBack, .closed, .aborted].contains(self) }

  /// Whether a new key may exist of which the provider knows and the files don't yet.
  public var isBetween: Bool {
    switch self {
    case .requested, .received, .unknown, .orphaned, .parsed, .verifiedNew, .contained, .file, .rollingBack: true
    default: false
    }
  }
}

/// How a rotation stands to whoever started it.
public enum RotationOutcome: String, Sendable, CaseIterable {
  /// The new key is everywhere, the old one proven dead.
  case done
  /// The old key is everywhere, the new one gone.
  case rolledBack = "rolled_back"
  /// No new key was made; the old one works.
  case notExecuted = "not_executed"
  /// Not ended: the provider or this machine did not let it go on. `resume` will.
  case unknown
  /// Not ended: it lets time go by, as the policy wants it.
  case waiting
  /// Not ended: only a person can go on.
  case human
  /// Not ended: the old key still works.
  case oldAlive = "old_alive"
  /// Not ended: somebody asked to stop.
  case interrupted
  /// A person gave it up.
  case aborted
}
