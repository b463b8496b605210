// Values in the ledger: sealed boxes, and nothing else.

internal import GRDB
public import Secrets

extension Ledger {
  /// The value under a label of a rotation; nil where there is none (any more).
  public func sealedValue(_ label: String, of txid: String) throws(LedgerError) -> Secret? {
    let text = try read { db in
      try db.text("SELECT box FROM sealed WHERE txid = ? AND label = ?", [txid, label])
    }
    guard let text else { return nil }
    guard let box = Hex.decode(Array(text.utf8)), let value = try? install.sealing.open(box) else {
      throw LedgerError(
        .damaged, "the value '\(label)' of rotation \(txid) can't be opened with the install's key",
        hint: "restore the ledger and its key from the same backup")
    }
    return value
  }

  /// The labels of a rotation's sealed values.
  public func sealedLabels(of txid: String) throws(LedgerError) -> [String] {
    try read { db in
      try db.rows("SELECT label FROM sealed WHERE txid = ? ORDER BY label", [txid]).map { $0["label"] }
    }
  }

  /// Every box as it is stored, for tests that look for it in the files.
  func boxes() throws(LedgerError) -> [String] {
    try read { db in try String.fetchAll(db, sql: "SELECT box FROM sealed") }
  }

  /// Tries the whole way that a response will go: sealed, durable, read back, opened. Nothing is left behind.
  public func rehearse(_ txid: String) throws(LedgerError) {
    let probe = Secret(SystemRandom().bytes(32))
    let boxes = try seal([("rehearsal", probe)])
    let back = try write { db in
      let table = "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)"
      for box in boxes { try db.run(table, ["rehearsal \(txid)", box.box]) }
      let text = try db.text("SELECT value FROM meta WHERE name = ?", ["rehearsal \(txid)"])
      try db.run("DELETE FROM meta WHERE name = ?", ["rehearsal \(txid)"])
      return text
    }
    guard let back, let box = Hex.decode(Array(back.utf8)), let opened = try? install.sealing.open(box), opened == probe
    else { throw LedgerError(.unusable, "a value that was sealed into the ledger could not be read back") }
  }

  func seal(_ values: [(label: String, value: Secret)]) throws(LedgerError) -> [(label: String, box: String)] {
    do {
      return try values.map { (label: $0.label, box: Hex.encode(try install.sealing.publicKey.seal($0.value))) }
    } catch {
      throw LedgerError(.unusable, "a value could not be sealed")
    }
  }

  /// Empties the log after a purge, so that boxes don't linger in it. Another reader may hold it back; then a later
  /// purge does it.
  func emptyLog() throws(LedgerError) {
    try Ledger.wrap(path) {
      try queue.writeWithoutTransaction { db in _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    }
  }
}
