// What is known of the configured keys: which value, which id, and when they were rotated.

internal import GRDB

extension Ledger {
  /// What is known of a key; nil if it was never seen.
  public func inventory(_ key: String) throws(LedgerError) -> InventoryRecord? {
    try read { db in try Ledger.inventory(db, key) }
  }

  /// What is known of every key, by name.
  public func inventory() throws(LedgerError) -> [InventoryRecord] {
    try read { db in try db.rows("SELECT * FROM inventory ORDER BY key").map(Ledger.inventoryRecord) }
  }

  /// Puts what is known of a key in place of what was.
  public func setInventory(_ record: InventoryRecord) throws(LedgerError) {
    try write { db in try Ledger.put(db, record) }
  }

  /// A word of ours about something, as it was last set; nil for none. Never a value.
  public func note(_ name: String) throws(LedgerError) -> String? {
    try read { db in
      try db.text("SELECT value FROM meta WHERE name = ?", ["note \(name)"])
    }
  }

  /// Sets a word of ours about something.
  public func setNote(_ name: String, _ text: String) throws(LedgerError) {
    try write { db in
      try db.run("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", ["note \(name)", text])
    }
  }

  static func inventory(_ db: Database, _ key: String) throws -> InventoryRecord? {
    try db.row("SELECT * FROM inventory WHERE key = ?", [key]).map(inventoryRecord)
  }

  static func put(_ db: Database, _ record: InventoryRecord) throws {
    try db.run(
      "INSERT OR REPLACE INTO inventory VALUES (?, ?, ?, ?, ?, ?)",
      [
        record.key, record.fingerprint, record.keyID, record.firstSeenMs, record.lastSuccessMs, record.lastAttemptMs,
      ])
  }

  private static func inventoryRecord(_ row: Row) -> InventoryRecord {
    InventoryRecord(
      key: row["key"], fingerprint: row["fingerprint"], keyID: row["key_id"], firstSeenMs: row["first_seen_ms"],
      lastSuccessMs: row["last_success_ms"], lastAttemptMs: row["last_attempt_ms"])
  }
}
