// The audit log: one chain over everything that was done, checked from its beginning.

internal import GRDB

extension Ledger {
  /// Adds an entry that belongs to no step of a rotation.
  public func audit(
    _ event: String, timeMs: Int64, actor: String, key: String = "", txid: String = "", data: String = "{}"
  ) throws(LedgerError) {
    try write { db in try Ledger.audit(db, timeMs, actor, event, key, txid, data) }
  }

  /// Whether this is the first time that the name is asked about: an alarm is raised once.
  public func isFirst(_ name: String) throws(LedgerError) -> Bool {
    try write { db in
      try db.run("INSERT OR IGNORE INTO meta (name, value) VALUES (?, '')", ["once \(name)"])
      return db.changesCount == 1
    }
  }

  static func audit(
    _ db: Database, _ timeMs: Int64, _ actor: String, _ event: String, _ key: String, _ txid: String, _ data: String
  ) throws {
    let last = try db.row("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
    let sequence = (last?["seq"] as Int? ?? 0) + 1
    let previous = last?["hash"] as String? ?? HashChain.start("audit")
    let hash = HashChain.link(previous, ["\(sequence)", "\(timeMs)", actor, event, key, txid, data])
    try db.run(
      "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [sequence, timeMs, actor, event, key, txid, data, hash])
  }

  /// Hands every entry over, in order, each checked against the chain.
  ///
  /// - Returns: how many there are, and the last link: whoever keeps that elsewhere can later tell whether entries were
  ///   cut off at the end.
  /// - Throws: ``LedgerError`` of kind `damaged` at the first entry that does not follow from those before it.
  @discardableResult
  public func verifyAudit(_ body: (AuditEntry) -> Void = { _ in }) throws(LedgerError) -> (count: Int, head: String) {
    try read { db in
      var previous = HashChain.start("audit")
      var count = 0
      let rows = try Row.fetchCursor(db, sql: "SELECT * FROM audit ORDER BY seq")
      while let row = try rows.next() {
        let entry = AuditEntry(
          sequence: row["seq"], timeMs: row["time_ms"], actor: row["actor"], event: row["event"], key: row["key"],
          txid: row["txid"], data: row["data"], hash: row["hash"])
        let hash = HashChain.link(
          previous,
          ["\(entry.sequence)", "\(entry.timeMs)", entry.actor, entry.event, entry.key, entry.txid, entry.data])
        guard entry.sequence == count + 1, hash == entry.hash else {
          throw LedgerError(.damaged, "the audit log was changed at its entry \(count + 1)")
        }
        previous = hash
        count += 1
        body(entry)
      }
      return (count, previous)
    }
  }
}
