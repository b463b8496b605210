// Durable state in one SQLite file: the rotation journal, the sealed values of open rotations, the inventory of keys and
// the audit log. An append is one transaction and is on the disk when it returns.

internal import GRDB
internal import Posix
public import Secrets

/// The ledger of one install.
///
/// SQLite runs in WAL mode with `synchronous=FULL`: a commit is then one write and one fsync of the log, where a rollback
/// journal costs three or four; a rotation makes a dozen commits, each of which must be durable before the next step.
/// (WAL needs shared memory, so the state directory can't lie on a network file system; SQLite says so.) Freed pages are
/// overwritten (`secure_delete`), and the log is emptied when values are purged, so that boxes don't linger in either.
public final class Ledger: Sendable {
  /// What the install's key gives.
  public let install: InstallKey
  /// The state directory.
  public let directory: String
  let queue: DatabaseQueue

  /// The newest schema that this program knows.
  static let schemaVersion = 1
  private static let busySeconds = 15.0
  private static let openTimeoutMilliseconds: Int64 = 15_000

  /// Opens the ledger, and makes whatever is missing: directory (0700), database and key (0600).
  ///
  /// - Parameters:
  ///   - directory: the state directory.
  ///   - keyPath: the install's key; nil is `install.key` in the directory.
  ///   - random: where a new key comes from.
  public init(
    directory: String, keyPath: String? = nil, random: some RandomSource = SystemRandom()
  ) throws(LedgerError) {
    self.directory = directory
    try Ledger.prepareDirectory(directory)
    let lock: FileLock?
    do {
      lock = try FileLock.acquire(directory + "/locks/open", timeoutMilliseconds: Ledger.openTimeoutMilliseconds)
    } catch { throw LedgerError(.unusable, "\(error)", hint: Ledger.directoryHint) }
    guard let lock else { throw LedgerError(.locked, "another process has been opening the ledger for too long") }
    Ledger.sweep(directory)
    let path = directory + "/ledger.sqlite"
    try Ledger.makeDatabase(path)
    queue = try Ledger.open(path)
    let keyPath = keyPath ?? directory + "/install.key"
    let known = try Ledger.wrap(path) { [queue] in
      try queue.read { db in try String.fetchOne(db, sql: "SELECT value FROM meta WHERE name = 'install_key'") }
    }
    if let key = try InstallKey.read(keyPath) {
      guard known == nil || known == key.id else {
        throw LedgerError(
          .keyLost, "\(keyPath) is not the key that the ledger \(path) was begun with",
          hint: "restore the right key, or name it with key_file in the configuration's [state]")
      }
      install = key
    } else if known != nil {
      throw LedgerError(
        .keyLost, "the install's key \(keyPath) is missing, so the values in the ledger \(path) can't be read",
        hint: "restore the key from a backup; if it is gone for good, move \(directory) away and begin anew: "
          + "a rotation that was open then needs a new key by hand")
    } else {
      install = try InstallKey.create(keyPath, random)
    }
    if known == nil {
      let id = install.id
      try Ledger.wrap(path) { [queue] in
        try queue.write { db in
          try db.execute(sql: "INSERT INTO meta (name, value) VALUES ('install_key', ?)", arguments: [id])
        }
      }
    }
    // Held up to here: no other process saw the ledger half made.
    withExtendedLifetime(lock) {}
  }

  private static let directoryHint =
    "the state directory must belong to whoever runs keywright; name another with --state"

  private static func prepareDirectory(_ directory: String) throws(LedgerError) {
    do {
      try Files.makeDirectory(directory, mode: 0o700)
      let status = try Files.status(directory)
      guard status.mode & 0o077 == 0 else {
        throw LedgerError(
          .unusable, "others can look into the state directory \(directory)", hint: "run: chmod 700 \(directory)")
      }
      try Files.makeDirectory(directory + "/locks", mode: 0o700)
    } catch let error as LedgerError {
      throw error
    } catch {
      throw LedgerError(.unusable, "\(error)", hint: directoryHint)
    }
  }

  /// Removes what a process that died while it made the key or the database left half-written. Nobody else is at it: the
  /// lock is held.
  private static func sweep(_ directory: String) {
    guard let opened = try? Directory(directory), let entries = try? opened.entries() else { return }
    for entry in entries where entry.kind == .regular {
      let name = String(decoding: entry.name, as: UTF8.self)
      if name.hasPrefix(".keywright-") && name.hasSuffix(".tmp") { _ = try? opened.remove(entry.name) }
    }
  }

  /// SQLite would make the file readable by all; its log and index take the mode from it. An empty file is a new database.
  /// The lock is held, so no other process can have begun to fill it.
  private static func makeDatabase(_ path: String) throws(LedgerError) {
    guard !Files.exists(path) else { return }
    do throws(SystemError) { try Files.replaceAtomically(path, [], mode: 0o600) } catch {
      throw LedgerError(.unusable, "\(error)", hint: directoryHint)
    }
  }

  private static func open(_ path: String) throws(LedgerError) -> DatabaseQueue {
    try wrap(path) {
      var configuration = Configuration()
      configuration.label = "keywright.ledger"
      configuration.busyMode = .timeout(busySeconds)
      configuration.prepareDatabase { db in
        try db.execute(sql: "PRAGMA journal_mode = WAL")
        try db.execute(sql: "PRAGMA synchronous = FULL")
        try db.execute(sql: "PRAGMA secure_delete = ON")
        try db.execute(sql: "PRAGMA foreign_keys = ON")
      }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.write { db in
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard version <= schemaVersion else {
          throw LedgerError(
            .tooNew, "the ledger \(path) was written by a newer keywright", hint: "use that version, or --state")
        }
        if version < 1 { try Schema.create(db) }
      }
      return queue
    }
  }

  /// Runs database work and turns its errors into ours. SQL and its arguments are not repeated.
  static func wrap<T>(_ path: String, _ body: () throws -> T) throws(LedgerError) -> T {
    do {
      return try body()
    } catch let error as LedgerError {
      throw error
    } catch let error as DatabaseError {
      switch error.resultCode {
      case .SQLITE_BUSY, .SQLITE_LOCKED:
        throw LedgerError(.locked, "the ledger \(path) is busy", hint: "another keywright is writing to it; try again")
      case .SQLITE_NOTADB, .SQLITE_CORRUPT:
        throw LedgerError(
          .damaged, "the ledger \(path) is damaged: \(error.message ?? "not a database")",
          hint: "restore it from a backup, or move it away if no rotation is open")
      case .SQLITE_FULL:
        throw LedgerError(
          .unusable, "the disk of the ledger \(path) is full", hint: "make room, then run: keywright resume")
      default:
        throw LedgerError(
          .unusable, "the ledger \(path) can't be used: \(error.message ?? "SQLite \(error.resultCode.rawValue)")")
      }
    } catch {
      throw LedgerError(.unusable, "the ledger \(path) can't be used")
    }
  }

  func read<T>(_ body: (Database) throws -> T) throws(LedgerError) -> T {
    try Ledger.wrap(path) { try queue.read(body) }
  }

  func write<T>(_ body: (Database) throws -> T) throws(LedgerError) -> T {
    try Ledger.wrap(path) { try queue.write(body) }
  }

  /// The database file.
  public var path: String { directory + "/ledger.sqlite" }

  /// Takes the lock of a configured key: one process at a time works on it.
  ///
  /// - Returns: the lock, held for as long as it lives; nil while another process holds it.
  public func lock(key: String) throws(LedgerError) -> KeyLock? {
    let name = Hex.encode(SHA256.hash(Array(key.utf8)).prefix(16))
    do {
      return try FileLock.attempt("\(directory)/locks/key-\(name)").map(KeyLock.init)
    } catch {
      throw LedgerError(.unusable, "\(error)", hint: Ledger.directoryHint)
    }
  }

  /// Takes the lock of a file that is about to be rewritten, so that two keys in one file don't undo each other's work.
  ///
  /// - Parameter file: the file's path, links resolved.
  /// - Returns: the lock; nil when it could not be had in time.
  public func lock(file: String, timeoutMilliseconds: Int64) throws(LedgerError) -> KeyLock? {
    let name = Hex.encode(SHA256.hash(Array(file.utf8)).prefix(16))
    do {
      return try FileLock.acquire("\(directory)/locks/file-\(name)", timeoutMilliseconds: timeoutMilliseconds)
        .map(KeyLock.init)
    } catch {
      throw LedgerError(.unusable, "\(error)", hint: Ledger.directoryHint)
    }
  }
}

/// The lock of one configured key or file, held for as long as the value lives.
public final class KeyLock: Sendable {
  private let lock: FileLock
  init(_ lock: FileLock) { self.lock = lock }
}
