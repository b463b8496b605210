// The tables. A change of theirs is a new version and a step that leads to it; old steps stay as they are.

internal import GRDB

enum Schema {
  /// Version 1.
  static func create(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

        CREATE TABLE rotations (
          txid TEXT PRIMARY KEY, key TEXT NOT NULL, provider TEXT NOT NULL, recoverability TEXT NOT NULL,
          state TEXT NOT NULL, attempt INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
          outcome TEXT, fence INTEGER NOT NULL
        ) STRICT;
        -- The rule that a key has one open rotation at most, kept by the database itself.
        CREATE UNIQUE INDEX one_open_rotation ON rotations (key) WHERE outcome IS NULL;
        CREATE INDEX rotations_by_key ON rotations (key, created_ms);

        CREATE TABLE journal (
          txid TEXT NOT NULL REFERENCES rotations (txid), seq INTEGER NOT NULL, state TEXT NOT NULL,
          time_ms INTEGER NOT NULL, data TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (txid, seq)
        ) STRICT;

        CREATE TABLE sealed (
          txid TEXT NOT NULL REFERENCES rotations (txid), label TEXT NOT NULL, box TEXT NOT NULL,
          PRIMARY KEY (txid, label)
        ) STRICT;

        CREATE TABLE inventory (
          key TEXT PRIMARY KEY, fingerprint TEXT, key_id TEXT, first_seen_ms INTEGER NOT NULL, last_success_ms INTEGER,
          last_attempt_ms INTEGER
        ) STRICT;

        CREATE TABLE audit (
          seq INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL, key TEXT NOT NULL,
          txid TEXT NOT NULL, data TEXT NOT NULL, hash TEXT NOT NULL
        ) STRICT;

        PRAGMA user_version = 1;
        """)
  }
}
