// The database: SQLite in WAL mode, each change on disk before it is answered. It holds no value of a key, only an HMAC.

internal import Foundation
internal import GRDB
public import Secrets

/// The keys of all tenants, in one SQLite file.
///
/// Several processes may have the file open at once: a key that `keywright-authority revoke` kills on the command line is
/// refused by a running service at the next request, since nothing about a key is cached.
public final class KeyStore: Sendable {
  let pool: DatabasePool
  let clock: any AuthorityClock
  let random: any RandomSource
  let pepper: FingerprintKey
  let usage = UsageCounter()

  /// "AITK": tells our files from other people's databases.
  static let applicationID: Int64 = 0x4149_544b

  /// Opens the database, and makes it if it is missing and `create` says so.
  public init(
    path: String, create: Bool = true, clock: any AuthorityClock = SystemClock(),
    random: any RandomSource = SystemRandom()
  ) throws(AuthorityError) {
    let isNew = !FileManager.default.fileExists(atPath: path)
    if isNew {
      guard create else { throw .cannotOpen(path: path, reason: "there is no such file") }
      // Made here, with the mode that the journal files then inherit: names and use of keys are nobody else's business.
      guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
        throw .cannotOpen(path: path, reason: "the file cannot be made there")
      }
    }
    self.clock = clock
    self.random = random
    do {
      var configuration = Configuration()
      configuration.busyMode = .timeout(5)
      configuration.label = "keys"
      try KeyStore.insistOnOurs(path)
      pool = try DatabasePool(path: path, configuration: configuration)
      // GRDB sets NORMAL, with which the last commits may be lost when the power fails: an answered regeneration may not.
      try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      try KeyStore.migrate(pool)
      pepper = try KeyStore.pepper(in: pool, random: random)
    } catch let error as AuthorityError {
      throw error
    } catch DatabaseError.SQLITE_NOTADB {
      throw .notAKeyDatabase(path: path, reason: "it is no SQLite file")
    } catch {
      throw .cannotOpen(path: path, reason: KeyStore.words(error))
    }
  }

  /// Refuses a file that belongs to something else before anything, even the journal mode, is changed in it.
  private static func insistOnOurs(_ path: String) throws {
    let looking = try DatabaseQueue(path: path)
    defer { try? looking.close() }
    try looking.read { database in
      let mark = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
      let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
      if mark == applicationID || (mark == 0 && tables == 0) { return }
      throw AuthorityError.notAKeyDatabase(path: path, reason: "it holds another application's tables")
    }
  }

  private static func migrate(_ pool: DatabasePool) throws {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("keys") { database in
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
      try database.execute(sql: schema)
    }
    if try pool.read({ try migrator.hasBeenSuperseded($0) }) {
      throw AuthorityError.notAKeyDatabase(path: pool.path, reason: "a newer version has written it")
    }
    try migrator.migrate(pool)
  }

  private static let schema = """
    CREATE TABLE setting (name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT;
    CREATE TABLE api_key (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      digest BLOB NOT NULL UNIQUE,
      tenant TEXT NOT NULL,
      name TEXT NOT NULL,
      plan TEXT NOT NULL,
      scopes TEXT NOT NULL,
      lineage TEXT NOT NULL,
      reference TEXT,
      replaces TEXT REFERENCES api_key (id),
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      revoked_at INTEGER,
      last_used_at INTEGER,
      use_count INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX api_key_tenant ON api_key (tenant);
    CREATE INDEX api_key_lineage ON api_key (lineage);
    CREATE UNIQUE INDEX api_key_creation ON api_key (tenant, reference) WHERE replaces IS NULL AND reference IS NOT NULL;
    CREATE UNIQUE INDEX api_key_regeneration ON api_key (replaces, reference) WHERE reference IS NOT NULL;
    """

  /// The key of the HMAC. It lies beside what it protects, so it is no second lock: it keeps the digests of one database from
  /// being compared with those of another. The lock is that a value has 202 random bits, which no search covers.
  private static func pepper(in pool: DatabasePool, random: any RandomSource) throws -> FingerprintKey {
    var bytes = try pool.write { database -> Data in
      if let kept = try Data.fetchOne(database, sql: "SELECT value FROM setting WHERE name = 'pepper'") { return kept }
      let fresh = Data(random.bytes(32))
      try database.execute(sql: "INSERT INTO setting (name, value) VALUES ('pepper', ?)", arguments: [fresh])
      return fresh
    }
    defer { bytes.resetBytes(in: bytes.startIndex..<bytes.endIndex) }
    return FingerprintKey(deriving: Array(bytes).span)
  }

  /// The form in which a value is kept and looked up.
  func digest(_ value: Secret) -> Data {
    value.withBytes { Data(pepper.authenticate($0)) }
  }

  /// Whether the database can be read.
  func ping() async throws(AuthorityError) {
    _ = try await read { try Int.fetchOne($0, sql: "SELECT 1") }
  }

  /// Writes what is counted and closes the file.
  public func close() async throws(AuthorityError) {
    try await flushUsage()
    do {
      // So that a copy of the one file is a copy of everything. Not while others have it open: their part stays in the journal.
      try await pool.writeWithoutTransaction { _ = try? $0.checkpoint(.truncate) }
      try pool.close()
    } catch { throw .storage(reason: KeyStore.words(error)) }
  }

  /// Reads, with SQLite's errors put into ours.
  func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(AuthorityError) -> T {
    do { return try await pool.read(body) } catch { throw KeyStore.translate(error) }
  }

  /// One transaction, on disk when it returns.
  func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(AuthorityError) -> T {
    do { return try await pool.write(body) } catch { throw KeyStore.translate(error) }
  }

  private static func translate(_ error: any Error) -> AuthorityError {
    error as? AuthorityError ?? .storage(reason: words(error))
  }

  /// SQLite's own words, without the statement and its arguments, which GRDB's description would add.
  private static func words(_ error: any Error) -> String {
    if let error = error as? DatabaseError { return error.message ?? "SQLite error \(error.resultCode.rawValue)" }
    if error is CancellationError { return "the request was given up" }
    return (error as NSError).localizedDescription
  }
}
