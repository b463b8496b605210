// Why the ledger can't be opened, read or written, in words for people.

/// A failure of the ledger. Nothing was changed unless the text says so.
public struct LedgerError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure, for callers that act on it.
  public enum Kind: Sendable, Equatable {
    /// A directory or file can't be made, read or written, or others may read it.
    case unusable
    /// Another process holds the lock of this key, or the database is busy for too long.
    case locked
    /// The key already has a rotation that has not ended; its id.
    case alreadyOpen(String)
    /// The install's key is missing or is not the one that the ledger was begun with.
    case keyLost
    /// What is stored contradicts itself: changed by hand, or damaged.
    case damaged
    /// A newer keywright wrote it.
    case tooNew
    /// Another process has taken this rotation over.
    case fenced
    /// No such rotation, or no such sealed value.
    case missing
  }
  /// What kind of failure.
  public var kind: Kind
  /// One sentence, without any secret.
  public var reason: String
  /// What to do about it.
  public var hint: String?

  /// An error as given.
  public init(_ kind: Kind, _ reason: String, hint: String? = nil) {
    self.kind = kind
    self.reason = reason
    self.hint = hint
  }
  /// The reason.
  public var description: String { reason }
}
