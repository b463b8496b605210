// Who may do what to which key. Asked inside the transaction that then does it, so that nothing changes in between.

internal import GRDB

/// The rules about keys that act on keys.
enum Authorization {
  /// The key named `id`, if the caller may manage it: itself, its lineage, and with scope `keys` all of its tenant.
  ///
  /// Another tenant's key is answered like one that does not exist.
  static func target(_ id: String, of caller: KeyRecord, in database: Database) throws -> KeyRecord {
    guard let target = try KeyRecord.find(id, in: database), target.tenant == caller.tenant else {
      throw AuthorityError.unknownKey
    }
    guard caller.may(.keys) || target.lineage == caller.lineage else {
      throw AuthorityError.forbidden(reason: "scope keys is needed to manage other keys than one's own")
    }
    return target
  }

  /// Refuses a caller that another request has ended since it was let in.
  static func insistInForce(_ caller: KeyRecord, in database: Database, now: Int64) throws {
    guard let current = try KeyRecord.find(caller.id, in: database), current.status(at: now).isLive else {
      throw AuthorityError.forbidden(reason: "the key has been replaced or revoked meanwhile")
    }
  }

  /// Refuses a caller of whose lineage a later key is already in use.
  ///
  /// A leaked key is regenerated with a grace, so that its users can change over. In that time whoever found it must not be
  /// able to regenerate it as well, and so survive its end, or to revoke the successor. Until the successor is first used its
  /// value may have been lost on the way to the caller; so long the old key can still clean up and try again.
  static func insistNotSuperseded(_ caller: KeyRecord, in database: Database) throws {
    let later = try String.fetchOne(
      database,
      sql: """
        SELECT id FROM api_key
        WHERE lineage = ? AND number > ? AND use_count > 0 AND revoked_at IS NULL ORDER BY number LIMIT 1
        """,
      arguments: [caller.lineage, caller.number])
    if let later {
      throw AuthorityError.forbidden(
        reason: "the key was replaced by \(later), which is in use; manage keys with that one")
    }
  }
}
