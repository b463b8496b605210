// Passwords of database users: tried by connecting, set by a statement that never holds them in clear where the server can
// be given something else.

internal import Databases
internal import Model
internal import Posix
internal import RuleBook
internal import Secrets
internal import Transport

/// What differs between databases.
protocol DatabaseDialect: Sendable {
  var name: String { get }
  var defaultPort: Int { get }
  /// Whether several values of one user can live side by side.
  var overlaps: Bool { get }
  /// Whose connection it is, and what that user may do.
  func identity(_ connection: any DatabaseConnection) throws(DatabaseError) -> (account: String, scopes: [String])
  /// Sets a user's value; what can overlap keeps the old one.
  ///
  /// - Parameters:
  ///   - account: the user as ``identity(_:)`` named it; nil for whoever is connected.
  func set(_ value: Secret, of account: String?, _ connection: any DatabaseConnection) throws(DatabaseError)
  /// Ends one of a user's values.
  ///
  /// - Parameters:
  ///   - keeping: the value that must live on, where that is not the newest.
  func end(
    _ value: Secret, keeping: Secret?, of account: String?, _ connection: any DatabaseConnection
  ) throws(DatabaseError)
  /// For plans: `ALTER ROLE …`.
  func describe(_ role: CallRole, user: String) -> String
}

/// A database whose users' passwords are keys.
struct DatabaseService: KeyService {
  private let dialect: any DatabaseDialect
  private let driver: any DatabaseDriver
  private let settings: ServiceSettings
  private let clock: any WallClock

  init(
    _ provider: Provider, _ settings: ServiceSettings?, clock: any WallClock, driver: (any DatabaseDriver)? = nil
  ) {
    self.settings = settings ?? ServiceSettings()
    self.clock = clock
    switch provider.management?.language {
    case .mysql:
      dialect = MySQLDialect()
      self.driver = driver ?? MySQLDriver()
    case .redis:
      dialect = RedisDialect()
      self.driver = driver ?? RedisDriver()
    default:
      dialect = PostgreSQLDialect()
      self.driver = driver ?? PostgreSQLDriver()
    }
  }

  var provesKeyID: Bool { false }

  func has(_ role: CallRole) -> Bool {
    switch role {
    case .verify, .regenerate: true
    case .revoke: dialect.overlaps
    case .list, .create, .disable, .read, .lastUsed: false
    }
  }

  private var address: DatabaseAddress {
    DatabaseAddress(
      host: settings.host ?? "localhost", port: settings.port ?? dialect.defaultPort, name: settings.database,
      isEncrypted: settings.security != .off, checksHost: settings.security != .certificate,
      certificates: settings.certificates)
  }

  private var user: String { settings.user ?? "" }

  func describe(_ role: CallRole, _ context: CallContext) -> String {
    let place = "\(dialect.name) at \(address.text)"
    switch role {
    case .verify: return "connect to \(place) as \(user)"
    case .regenerate, .revoke:
      let who = context.admin.map { ", as \($0)" } ?? ", as that user"
      return "\(place): \(dialect.describe(role, user: user))\(who)"
    case .list, .create, .disable, .read, .lastUsed: return "no \(role.rawValue) call"
    }
  }

  func probe(_ secret: Secret, _ context: CallContext) -> Probe {
    let asked = describe(.verify, context)
    do throws(DatabaseError) {
      let connection = try driver.connect(address, user: user, password: secret)
      var identity: KeyIdentity?
      do throws(DatabaseError) {
        let (account, scopes) = try dialect.identity(connection)
        identity = KeyIdentity(account: account, scopes: scopes)
      } catch {
        // The password was taken; a user that may ask nothing has no identity to show.
        guard error.kind == .refused else { throw error }
      }
      return Probe(
        liveness: .live, evidence: "\(asked): connected", host: address.text, timeMs: clock.now(), identity: identity)
    } catch {
      return Probe(
        liveness: error.kind == .denied ? .dead : .unknown, evidence: "\(asked): \(error.reason)", host: address.text,
        timeMs: clock.now())
    }
  }

  func perform(
    _ role: CallRole, authorization: Secret, _ context: CallContext
  ) throws(TransportError) -> HTTPResponse {
    do throws(DatabaseError) {
      let connection = try driver.connect(address, user: context.admin ?? user, password: authorization)
      // A user changes itself; an administrator names whom.
      let account = context.admin == nil ? nil : context.owner ?? user
      switch role {
      case .regenerate:
        guard let value = context.newSecret else {
          throw DatabaseError(.unreachable, "there is no new value to set")
        }
        try dialect.set(value, of: account, connection)
      case .revoke:
        guard dialect.overlaps, let ended = context.endedSecret else {
          throw DatabaseError(.unreachable, "there is no old value to end")
        }
        try dialect.end(ended, keeping: context.newSecret, of: account, connection)
      case .verify, .list, .create, .disable, .read, .lastUsed:
        throw DatabaseError(.unreachable, "\(dialect.name) has no \(role.rawValue) call")
      }
      return HTTPResponse(status: 200, headers: [], body: Secret([]))
    } catch {
      switch error.kind {
      case .denied, .refused: return HTTPResponse(status: 403, headers: [], body: Secret(error.reason))
      case .unreachable: throw TransportError(fate: .notSent, reason: error.reason)
      case .broken: throw TransportError(fate: .unknown, reason: error.reason)
      }
    }
  }

  func judge(
    _ role: CallRole, status: Int, headers: [(name: String, value: String)], body: Secret
  ) -> Verdict {
    if status == 200 { return .success }
    // Words of our own, and a code.
    let reason = String(decoding: body.copyBytes().prefix(512), as: UTF8.self)
    return .refused(reason.isEmpty ? "\(dialect.name) refused it" : reason)
  }

  func newKey(_ role: CallRole, body: Secret) throws(ProviderError) -> NewKey {
    throw ProviderError(reason: "\(dialect.name) shows no password", fate: .unknown)
  }

  func list(authorization: Secret, _ context: CallContext) throws(ProviderError) -> [ListedKey] {
    throw ProviderError(reason: "\(dialect.name) lists no passwords")
  }

  func read(authorization: Secret, _ context: CallContext) throws(ProviderError) -> CurrentKey {
    throw ProviderError(reason: "\(dialect.name) shows no password")
  }
}
