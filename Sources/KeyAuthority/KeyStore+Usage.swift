// Letting a key in, and counting that it was: the first use goes to disk at once, the following ones in batches.

internal import GRDB
internal import Secrets
internal import Synchronization

extension KeyStore {
  /// The key that `value` is, if it opens the door now.
  ///
  /// The lookup goes by the HMAC of the value under a secret pepper. How long an index takes to find or miss it depends on
  /// bits that the caller can neither choose nor predict, so there is nothing here for a constant-time comparison to hide.
  func admit(_ value: Secret) async throws(AuthorityError) -> KeyRecord? {
    guard value.withBytes({ KeyValue.isWellFormed($0) }) else { return nil }
    let digest = digest(value)
    let record = try await read { try KeyRecord.find(digest: digest, in: $0) }
    guard let record, record.status(at: clock.now()).isLive else { return nil }
    return record
  }

  /// Counts one use. The first one is durable when this returns: from then on the key's predecessors are superseded.
  func count(useOf record: KeyRecord) async throws(AuthorityError) {
    let now = clock.now()
    guard record.useCount == 0 else {
      usage.add(record.id, at: now)
      return
    }
    try await write { try KeyStore.record(Usage(count: 1, last: now), of: record.id, in: $0) }
  }

  /// Writes the counts that are still in memory. A crash loses at most those since the last time.
  ///
  /// They are taken inside the transaction: whoever comes second waits until the first has written what it took.
  public func flushUsage() async throws(AuthorityError) {
    let taken = UsageCounter()
    do {
      try await write { [usage] database in
        let pending = usage.take()
        taken.putBack(pending)
        for (id, usage) in pending { try KeyStore.record(usage, of: id, in: database) }
      }
    } catch {
      usage.putBack(taken.take())
      throw error
    }
  }

  private static func record(_ usage: Usage, of id: String, in database: Database) throws {
    try database.execute(
      sql: """
        UPDATE api_key SET use_count = use_count + ?, last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?
        """,
      arguments: [usage.count, usage.last, id])
  }
}

/// Uses of a key that are not yet written.
struct Usage: Sendable {
  var count: Int64
  var last: Int64

  func joined(with other: Usage) -> Usage { Usage(count: count + other.count, last: max(last, other.last)) }
}

/// Uses since the last time they were written, by key id.
final class UsageCounter: Sendable {
  private let pending = Mutex<[String: Usage]>([:])

  func add(_ id: String, at now: Int64) {
    putBack([id: Usage(count: 1, last: now)])
  }

  var isEmpty: Bool { pending.withLock { $0.isEmpty } }

  func take() -> [String: Usage] {
    pending.withLock { pending in
      let taken = pending
      pending = [:]
      return taken
    }
  }

  func putBack(_ more: [String: Usage]) {
    pending.withLock { $0.merge(more) { $0.joined(with: $1) } }
  }
}

extension KeyStore {
  /// The journal mode and the number of `synchronous` (2: FULL) of the connection that writes.
  func durability() async throws(AuthorityError) -> String {
    do {
      return try await pool.writeWithoutTransaction { database in
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? ""
        let level = try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1
        return "\(mode) \(level)"
      }
    } catch {
      throw .storage(reason: "the settings can't be read")
    }
  }
}
