// Leases in a PostgreSQL table that several hosts share: one host at a time works on a key, and one that was asleep too long
// finds out. The server's clock counts, so hosts need not agree about the time.

internal import Databases
internal import Posix
public import Secrets
internal import Synchronization

/// Where hosts agree on who works on which key.
public struct LeaseSettings: Sendable, Equatable {
  /// The database.
  public var service: ServiceSettings
  /// The file that holds its user's password.
  public var file: String
  /// The variable in the file.
  public var variable: String
  /// How long a host that says nothing keeps its lease, in milliseconds.
  public var timeMs: Int64

  /// Settings as given.
  public init(service: ServiceSettings, file: String, variable: String, timeMs: Int64 = 120_000) {
    self.service = service
    self.file = file
    self.variable = variable
    self.timeMs = timeMs
  }
}

/// Why a lease can't be had.
public enum LeaseRefusal: Error, Sendable, Equatable {
  /// Another host works on the key; which.
  case held(by: String)
  /// Another host's ledger has a rotation of the key that has not ended; which host and rotation.
  case open(host: String, rotation: String)
  /// The table can't be reached or used.
  case unreachable(String)
}

/// The leases of one host.
public final class LeaseTable: Sendable {
  private let driver: any DatabaseDriver
  private let settings: LeaseSettings
  private let password: @Sendable () throws(LeaseRefusal) -> Secret
  private let host: String
  let clock: any WallClock
  /// Leases of a host.
  ///
  /// - Parameters:
  ///   - settings: where the table is.
  ///   - host: this host's name, which differs from every other's.
  ///   - password: reads the password, each time that a connection is made.
  public convenience init(
    _ settings: LeaseSettings, host: String, password: @escaping @Sendable () throws(LeaseRefusal) -> Secret
  ) {
    self.init(settings, host: host, driver: PostgreSQLDriver(), clock: SystemClock(), password: password)
  }

  init(
    _ settings: LeaseSettings, host: String, driver: any DatabaseDriver, clock: any WallClock,
    password: @escaping @Sendable () throws(LeaseRefusal) -> Secret
  ) {
    self.settings = settings
    self.host = host
    self.driver = driver
    self.clock = clock
    self.password = password
  }

  private static let table = """
    CREATE TABLE IF NOT EXISTS keywright_lease (
      key text PRIMARY KEY, owner text, host text NOT NULL, until timestamptz NOT NULL, fence bigint NOT NULL,
      open_host text, open_rotation text)
    """

  /// Takes the lease of a key.
  ///
  /// - Parameter mine: the rotation of the key that this host's own ledger has open; nil for none.
  public func take(_ key: String, mine: String?) throws(LeaseRefusal) -> KeyLease {
    let owner = Hex.encode(SystemRandom().bytes(16))
    let rows = try run(
      """
      INSERT INTO keywright_lease AS l (key, owner, host, until, fence)
      VALUES (\(quoted(key)), '\(owner)', \(quoted(host)), now() + interval '\(settings.timeMs) milliseconds', 1)
      ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, host = excluded.host, until = excluded.until,
      fence = l.fence + 1
      WHERE (l.owner IS NULL OR l.until < now()) AND (l.open_rotation IS NULL OR l.open_host = excluded.host)
      RETURNING fence
      """)
    if let fence = rows.first?.first.flatMap({ $0 }).flatMap({ Int64($0) }) {
      return KeyLease(self, key: key, owner: owner, fence: fence, timeMs: settings.timeMs)
    }
    let other = try run(
      """
      SELECT host, open_host, open_rotation, owner IS NOT NULL AND until >= now() FROM keywright_lease
      WHERE key = \(quoted(key))
      """
    ).first
    guard let other, other.count == 4, let holder = other[0] else {
      throw .unreachable("the lease was removed meanwhile")
    }
    if other[3] == "t" { throw .held(by: holder) }
    throw .open(host: other[1] ?? holder, rotation: other[2] ?? "")
  }

  /// Whether the lease is still that owner's; it is then prolonged. One whose time is over, and that nobody has taken
  /// meanwhile, is still its owner's.
  func renew(_ key: String, owner: String) throws(LeaseRefusal) -> Bool {
    try !run(
      """
      UPDATE keywright_lease SET until = now() + interval '\(settings.timeMs) milliseconds'
      WHERE key = \(quoted(key)) AND owner = '\(owner)' RETURNING fence
      """
    ).isEmpty
  }

  /// Notes which rotation of the key is open, or that none is; false where the lease is no longer that owner's.
  func note(_ key: String, owner: String, rotation: String?) throws(LeaseRefusal) -> Bool {
    let text = rotation.map(quoted) ?? "NULL"
    return try !run(
      """
      UPDATE keywright_lease SET open_rotation = \(text), open_host = \(rotation == nil ? "NULL" : quoted(host))
      WHERE key = \(quoted(key)) AND owner = '\(owner)' RETURNING fence
      """
    ).isEmpty
  }

  /// Gives the lease back, if it is still that owner's.
  func release(_ key: String, owner: String) {
    _ = try? run(
      "UPDATE keywright_lease SET owner = NULL WHERE key = \(quoted(key)) AND owner = '\(owner)' RETURNING key")
  }

  /// PostgreSQL's code for a table that is not there.
  private static let noSuchTable = "42P01"

  /// Runs a statement that may be repeated, over a connection of its own: there are a handful in a rotation, which takes
  /// longer than a server keeps idle connections.
  private func run(_ statement: String) throws(LeaseRefusal) -> [[String?]] {
    let password = try password()
    var reason = ""
    for _ in 0..<2 {
      do throws(DatabaseError) {
        return try connect(password).run(Array(statement.utf8))
      } catch {
        reason = error.reason
        guard error.code != LeaseTable.noSuchTable else {
          makeTable(password)
          continue
        }
        if error.kind == .refused || error.kind == .denied { break }
      }
    }
    throw .unreachable(reason)
  }

  /// Another host may make it at the same moment; the statement that needs it tells whether it is there.
  private func makeTable(_ password: Secret) {
    _ = try? connect(password).run(Array(LeaseTable.table.utf8))
  }

  private func connect(_ password: Secret) throws(DatabaseError) -> any DatabaseConnection {
    let service = settings.service
    let address = DatabaseAddress(
      host: service.host ?? "localhost", port: service.port ?? 5_432, name: service.database,
      isEncrypted: service.security != .off, checksHost: service.security != .certificate,
      certificates: service.certificates)
    let open = try driver.connect(address, user: service.user ?? "", password: password)
    // What the server takes for a quote must be what we take for one.
    _ = try open.run(Array("SET standard_conforming_strings = on".utf8))
    return open
  }

  private func quoted(_ text: String) -> String {
    "'" + text.unicodeScalars.map { $0 == "'" ? "''" : $0.value == 0 ? "" : String($0) }.joined() + "'"
  }
}

/// The lease of one key, held for as long as it is renewed in time; given back when the value goes.
public final class KeyLease: Sendable {
  private let table: LeaseTable
  private let key: String
  private let owner: String
  /// Rises with each holder.
  public let fence: Int64
  private let timeMs: Int64
  /// When it was last prolonged, by this machine's own monotonic clock.
  private let renewedAt: Mutex<Int64>

  init(_ table: LeaseTable, key: String, owner: String, fence: Int64, timeMs: Int64) {
    self.table = table
    self.key = key
    self.owner = owner
    self.fence = fence
    self.timeMs = timeMs
    renewedAt = Mutex(table.clock.monotonic())
  }

  deinit { table.release(key, owner: owner) }

  /// Whether this host still holds it, asked of the server, and prolonged: before anything that can't be undone.
  public func confirm() throws(LeaseRefusal) -> Bool {
    let isOurs = try table.renew(key, owner: owner)
    if isOurs { renewedAt.withLock { $0 = table.clock.monotonic() } }
    return isOurs
  }

  /// Prolongs it where a third of its time is over; what can't be reached now is asked again later.
  public func keepAlive() {
    let age = table.clock.monotonic() - renewedAt.withLock { $0 }
    if age > timeMs / 3 { _ = try? confirm() }
  }

  /// Notes which rotation is open, so that no other host begins one; nil for none.
  public func note(rotation: String?) throws(LeaseRefusal) -> Bool {
    try table.note(key, owner: owner, rotation: rotation)
  }
}
