// What is due when: a pure function of the policy, the ledger and the clock, so that it may be asked at any time, by any
// number of schedulers, and answers the same.

public import Ledger
internal import Secrets

/// When one key is due.
public struct DueKey: Sendable, Equatable {
  /// The key.
  public var key: ConfiguredKey
  /// When it is due, in milliseconds since 1970; nil for never.
  public var dueMs: Int64?
  /// When its current value was first seen here, or put there by a rotation; nil if it was never seen.
  public var sinceMs: Int64?
  /// Why it is not rotated although it is due; nil if nothing holds it.
  public var heldBy: String?
  /// When a rotation was last begun that did not end well, in milliseconds since 1970; nil if none was.
  public var failedMs: Int64?

  /// Whether it is to be rotated at a moment.
  public func isDue(at nowMs: Int64) -> Bool { dueMs.map { $0 <= nowMs } ?? false && heldBy == nil }

  /// Where it stands in the queue: one that was tried in vain goes behind those that were not.
  var turn: Int64 { max(dueMs ?? .max, failedMs ?? .min) }
}

/// Reckons what is due.
public enum Due {
  /// A failed attempt is not repeated before this has gone by, in milliseconds: a tick every minute must not hammer a
  /// service that refuses.
  public static let retryMs: Int64 = 15 * 60_000

  /// How one key stands at a moment.
  ///
  /// Its age counts from its last rotation, or from when keywright first saw it. The window brings the moment forward
  /// by a part that follows from the key's name and the period, so that hosts agree, keys spread, and each keeps its slot.
  public static func key(
    _ key: ConfiguredKey, _ known: InventoryRecord?, _ configuration: Configuration, nowMs: Int64
  ) -> DueKey {
    guard let maximum = key.policy.maximumAgeMs, let known else {
      return DueKey(key: key, dueMs: nil, sinceMs: known?.firstSeenMs, heldBy: nil)
    }
    let since = known.lastSuccessMs ?? known.firstSeenMs
    let due = since + maximum - offset(key.name, since, key.policy.windowMs)
    var held = configuration.freezes.first {
      $0.holds(at: nowMs, key: key.name, environment: key.environment)
    }.map(\.reason)
    if held == nil, let attempt = known.lastAttemptMs, attempt > since, nowMs - attempt < retryMs, nowMs >= attempt {
      held = "the last attempt was \(DurationText.text(milliseconds: nowMs - attempt)) ago"
    }
    let failed = known.lastAttemptMs.flatMap { $0 > since ? $0 : nil }
    return DueKey(key: key, dueMs: due, sinceMs: since, heldBy: held, failedMs: failed)
  }

  /// How every key stands: the longest overdue first, and behind them those that were tried in vain.
  public static func all(
    _ configuration: Configuration, _ ledger: Ledger, nowMs: Int64
  ) throws(LedgerError) -> [DueKey] {
    let known = Dictionary(try ledger.inventory().map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    return configuration.keys.map { key($0, known[$0.name], configuration, nowMs: nowMs) }
      .sorted { ($0.turn, $0.key.name) < ($1.turn, $1.key.name) }
  }

  /// Notes keys that were never seen, so that their age counts from now, and values that were changed by other hands.
  public static func takeStock(
    _ configuration: Configuration, _ ledger: Ledger, nowMs: Int64
  ) throws(LedgerError) {
    for key in configuration.keys {
      guard let value = try? KeyFiles.currentValue(key) else { continue }
      let fingerprint = ledger.install.fingerprints.fingerprint(value)
      if var known = try ledger.inventory(key.name) {
        guard known.fingerprint != fingerprint else { continue }
        known.fingerprint = fingerprint
        known.keyID = nil
        known.firstSeenMs = nowMs
        known.lastSuccessMs = nil
        try ledger.setInventory(known)
      } else {
        try ledger.setInventory(InventoryRecord(key: key.name, fingerprint: fingerprint, firstSeenMs: nowMs))
      }
    }
  }

  /// How much earlier than its last moment: below the window, and always the same for one key and period.
  static func offset(_ name: String, _ sinceMs: Int64, _ windowMs: Int64) -> Int64 {
    guard windowMs > 0 else { return 0 }
    let hash = SHA256.hash(Array("keywright slot \(name) \(sinceMs)".utf8))
    let number = hash.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int64(number % UInt64(windowMs))
  }
}
