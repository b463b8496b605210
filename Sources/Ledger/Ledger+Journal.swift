// The journal: begun, appended to, read back and checked.

internal import GRDB
public import Secrets

/// One step of a rotation, to be written as one transaction.
public struct LedgerStep: Sendable {
  /// The state that is reached.
  public var state: String
  /// A JSON object on one line; never a value.
  public var data: String
  /// When, in milliseconds since 1970.
  public var timeMs: Int64
  /// Counts of key-making requests, once this step is written; nil leaves it.
  public var attempt: Int?
  /// Values to put away, sealed, under a label each.
  public var values: [(label: String, value: Secret)]
  /// How the rotation ends with this step; nil leaves it open.
  public var outcome: String?
  /// Whether the sealed values are removed with this step.
  public var purges: Bool
  /// What is now known of the key; nil leaves it.
  public var inventory: InventoryRecord?

  /// A step as given.
  public init(
    state: String, data: String, timeMs: Int64, attempt: Int? = nil, values: [(label: String, value: Secret)] = [],
    outcome: String? = nil, purges: Bool = false, inventory: InventoryRecord? = nil
  ) {
    self.state = state
    self.data = data
    self.timeMs = timeMs
    self.attempt = attempt
    self.values = values
    self.outcome = outcome
    self.purges = purges
    self.inventory = inventory
  }
}

extension Ledger {
  /// Begins a rotation with its first step. Refused while the key has an open one.
  ///
  /// - Throws: ``LedgerError`` of kind `alreadyOpen` with that rotation's id.
  public func begin(_ record: RotationRecord, _ step: LedgerStep, actor: String) throws(LedgerError) {
    let boxes = try seal(step.values)
    try write { db in
      if let open = try db.text("SELECT txid FROM rotations WHERE key = ? AND outcome IS NULL", [record.key]) {
        throw LedgerError(
          .alreadyOpen(open), "the key \(record.key) has a rotation that has not ended (\(open))",
          hint: "run: keywright resume")
      }
      try db.run(
        "INSERT INTO rotations VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
        [
          record.txid, record.key, record.provider, record.recoverability, step.state, record.attempt,
          record.createdMs, step.timeMs, record.fence,
        ])
      try self.insert(db, record.txid, record.key, step, boxes, actor)
    }
  }

  /// Appends a step; it is durable when this returns.
  ///
  /// - Parameters:
  ///   - step: what was reached.
  ///   - txid: the rotation.
  ///   - fence: the number that ``takeUp(_:)`` gave; a holder that was overtaken is refused.
  ///   - actor: who, for the audit log.
  public func append(_ step: LedgerStep, to txid: String, fence: Int, actor: String) throws(LedgerError) {
    let boxes = try seal(step.values)
    try write { db in
      guard
        let row = try db.row("SELECT key, fence, attempt, outcome FROM rotations WHERE txid = ?", [txid])
      else { throw LedgerError(.missing, "there is no rotation \(txid)") }
      guard row["fence"] as Int == fence else {
        throw LedgerError(.fenced, "another process has taken the rotation \(txid) over")
      }
      guard (row["outcome"] as String?) == nil else {
        throw LedgerError(.fenced, "the rotation \(txid) has already ended")
      }
      try db.run(
        "UPDATE rotations SET state = ?, attempt = ?, updated_ms = ?, outcome = ? WHERE txid = ?",
        [step.state, step.attempt ?? (row["attempt"] as Int), step.timeMs, step.outcome, txid])
      try self.insert(db, txid, row["key"], step, boxes, actor)
    }
    if step.purges { try emptyLog() }
  }

  private func insert(
    _ db: Database, _ txid: String, _ key: String, _ step: LedgerStep, _ boxes: [(label: String, box: String)],
    _ actor: String
  ) throws {
    let last = try db.row("SELECT seq, hash FROM journal WHERE txid = ? ORDER BY seq DESC LIMIT 1", [txid])
    let sequence = (last?["seq"] as Int? ?? 0) + 1
    let previous = last?["hash"] as String? ?? HashChain.start("journal \(txid)")
    let hash = HashChain.link(previous, ["\(sequence)", step.state, "\(step.timeMs)", step.data])
    try db.run(
      "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", [txid, sequence, step.state, step.timeMs, step.data, hash])
    for box in boxes {
      try db.run("INSERT OR REPLACE INTO sealed VALUES (?, ?, ?)", [txid, box.label, box.box])
    }
    if step.purges { try db.run("DELETE FROM sealed WHERE txid = ?", [txid]) }
    if let inventory = step.inventory { try Ledger.put(db, inventory) }
    try Ledger.audit(db, step.timeMs, actor, "rotation \(step.state)", key, txid, step.data)
  }

  /// Takes an open rotation up: whoever held it before can no longer write to it.
  public func takeUp(_ txid: String) throws(LedgerError) -> Int {
    try write { db in
      try db.run("UPDATE rotations SET fence = fence + 1 WHERE txid = ? AND outcome IS NULL", [txid])
      guard
        let fence = try db.row("SELECT fence FROM rotations WHERE txid = ? AND outcome IS NULL", [txid])?["fence"]
          as Int?
      else { throw LedgerError(.missing, "there is no open rotation \(txid)") }
      return fence
    }
  }

  /// Refuses whoever has been overtaken: asked just before something that can't be undone.
  ///
  /// - Throws: ``LedgerError`` of kind `fenced` where another process has taken the rotation up, or ended it.
  public func confirm(_ txid: String, fence: Int) throws(LedgerError) {
    let current = try read { db in
      try db.row("SELECT fence FROM rotations WHERE txid = ? AND outcome IS NULL", [txid])?["fence"] as Int?
    }
    guard current == fence else {
      throw LedgerError(.fenced, "another process has taken the rotation \(txid) over")
    }
  }

  /// A rotation's journal, checked link by link.
  public func journal(of txid: String) throws(LedgerError) -> [JournalEntry] {
    try read { db in
      var previous = HashChain.start("journal \(txid)")
      var entries: [JournalEntry] = []
      for row in try db.rows("SELECT * FROM journal WHERE txid = ? ORDER BY seq", [txid]) {
        let entry = JournalEntry(
          sequence: row["seq"], state: row["state"], timeMs: row["time_ms"], data: row["data"])
        let hash = HashChain.link(previous, ["\(entry.sequence)", entry.state, "\(entry.timeMs)", entry.data])
        guard entry.sequence == entries.count + 1, hash == row["hash"] as String else {
          throw LedgerError(
            .damaged, "the journal of rotation \(txid) was changed at its entry \(entries.count + 1)",
            hint: "restore the ledger from a backup; nothing is done on the strength of a changed journal")
        }
        previous = hash
        entries.append(entry)
      }
      return entries
    }
  }

  /// A rotation by its id.
  public func rotation(_ txid: String) throws(LedgerError) -> RotationRecord? {
    try read { db in
      try db.row("SELECT * FROM rotations WHERE txid = ?", [txid]).map(Ledger.record)
    }
  }

  /// Every rotation that has not ended, the oldest first.
  public func openRotations() throws(LedgerError) -> [RotationRecord] {
    try read { db in
      try db.rows("SELECT * FROM rotations WHERE outcome IS NULL ORDER BY created_ms, txid").map(
        Ledger.record)
    }
  }

  /// The newest rotations first, at most so many; of one key, or of all.
  public func rotations(key: String? = nil, limit: Int = 100) throws(LedgerError) -> [RotationRecord] {
    try read { db in
      try db.rows(
        "SELECT * FROM rotations WHERE ?1 IS NULL OR key = ?1 ORDER BY created_ms DESC, txid LIMIT ?2", [key, limit]
      ).map(Ledger.record)
    }
  }

  private static func record(_ row: Row) -> RotationRecord {
    RotationRecord(
      txid: row["txid"], key: row["key"], provider: row["provider"], recoverability: row["recoverability"],
      state: row["state"], attempt: row["attempt"], createdMs: row["created_ms"], updatedMs: row["updated_ms"],
      outcome: row["outcome"], fence: row["fence"])
  }
}
