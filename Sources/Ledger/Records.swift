// The ledger's rows as the rest of the house sees them. Times are milliseconds since 1970.

/// One rotation: the head of its journal.
public struct RotationRecord: Sendable, Equatable {
  /// The rotation's id: 24 hex digits.
  public var txid: String
  /// The configured key's name.
  public var key: String
  /// The provider file's id.
  public var provider: String
  /// The recoverability class's letter.
  public var recoverability: String
  /// The state that the newest journal entry names.
  public var state: String
  /// How often a key-making request was begun.
  public var attempt: Int
  /// When it began.
  public var createdMs: Int64
  /// When the newest entry was written.
  public var updatedMs: Int64
  /// How it ended; nil while it is open.
  public var outcome: String?
  /// Raised by each process that takes the rotation up; an older holder's writes are then refused.
  public var fence: Int

  /// A record as given.
  public init(
    txid: String, key: String, provider: String, recoverability: String, state: String, attempt: Int = 0,
    createdMs: Int64, updatedMs: Int64, outcome: String? = nil, fence: Int = 1
  ) {
    self.txid = txid
    self.key = key
    self.provider = provider
    self.recoverability = recoverability
    self.state = state
    self.attempt = attempt
    self.createdMs = createdMs
    self.updatedMs = updatedMs
    self.outcome = outcome
    self.fence = fence
  }

  /// Whether it has not ended.
  public var isOpen: Bool { outcome == nil }
}

/// One entry of a rotation's journal.
public struct JournalEntry: Sendable, Equatable {
  /// Counted from 1 within the rotation.
  public var sequence: Int
  /// The state that was reached.
  public var state: String
  /// When.
  public var timeMs: Int64
  /// A JSON object on one line; never a value.
  public var data: String

  /// An entry as given.
  public init(sequence: Int, state: String, timeMs: Int64, data: String) {
    self.sequence = sequence
    self.state = state
    self.timeMs = timeMs
    self.data = data
  }
}

/// What is known of a configured key.
public struct InventoryRecord: Sendable, Equatable {
  /// The configured key's name.
  public var key: String
  /// The current value's fingerprint under the install's key.
  public var fingerprint: String?
  /// The provider's id of the current value.
  public var keyID: String?
  /// When the current value was first seen here: its age counts from then, or from the last success.
  public var firstSeenMs: Int64
  /// When a rotation last ended well.
  public var lastSuccessMs: Int64?
  /// When one was last begun.
  public var lastAttemptMs: Int64?

  /// A record as given.
  public init(
    key: String, fingerprint: String? = nil, keyID: String? = nil, firstSeenMs: Int64, lastSuccessMs: Int64? = nil,
    lastAttemptMs: Int64? = nil
  ) {
    self.key = key
    self.fingerprint = fingerprint
    self.keyID = keyID
    self.firstSeenMs = firstSeenMs
    self.lastSuccessMs = lastSuccessMs
    self.lastAttemptMs = lastAttemptMs
  }
}

/// One line of the audit log.
public struct AuditEntry: Sendable, Equatable {
  /// Counted from 1 over the whole ledger.
  public var sequence: Int
  /// When.
  public var timeMs: Int64
  /// Who: the user and what started the program.
  public var actor: String
  /// What was done.
  public var event: String
  /// The configured key's name; empty where none is meant.
  public var key: String
  /// The rotation's id; empty where none is meant.
  public var txid: String
  /// A JSON object on one line; never a value.
  public var data: String
  /// The entry's link in the chain, in hex.
  public var hash: String
}
