// Passwords of Redis' users. A user may have several, so old and new live side by side; the server is given their SHA-256
// and never a password. What is changed is kept over a restart, or it is not done.

internal import Databases
internal import Secrets

struct RedisDialect: DatabaseDialect {
  let name = "Redis"
  let defaultPort = 6_379
  let overlaps = true

  func identity(_ connection: any DatabaseConnection) throws(DatabaseError) -> (account: String, scopes: [String]) {
    let row = try RedisDialect.run(connection, "ACL", "WHOAMI").first
    guard let user = row?.first ?? nil else {
      throw DatabaseError(.refused, "the server does not say who is connected")
    }
    return (user, [])
  }

  func set(_ value: Secret, of account: String?, _ connection: any DatabaseConnection) throws(DatabaseError) {
    let hash = RedisDialect.hash(value)
    try change("#\(hash)", undo: "!\(hash)", account, connection)
  }

  func end(
    _ value: Secret, keeping: Secret?, of account: String?, _ connection: any DatabaseConnection
  ) throws(DatabaseError) {
    let user = try RedisDialect.user(account, connection)
    do throws(DatabaseError) {
      _ = try RedisDialect.run(connection, "ACL", "SETUSER", user, "!\(RedisDialect.hash(value))")
    } catch {
      // A password that the user does not have (any more) can't be removed: "no such password" is what was wanted, but it
      // must be kept over a restart all the same.
      guard error.kind == .refused, error.code == "ERR" else { throw error }
    }
    try RedisDialect.save(connection)
  }

  private func change(
    _ rule: String, undo: String, _ account: String?, _ connection: any DatabaseConnection
  ) throws(DatabaseError) {
    let user = try RedisDialect.user(account, connection)
    _ = try RedisDialect.run(connection, "ACL", "SETUSER", user, rule)
    do throws(DatabaseError) { try RedisDialect.save(connection) } catch {
      guard error.kind == .refused else { throw error }
      // A restart would bring the old password back: better not to begin.
      do throws(DatabaseError) { _ = try RedisDialect.run(connection, "ACL", "SETUSER", user, undo) } catch {
        throw DatabaseError(.broken, "the new password could be neither saved nor taken back")
      }
      throw error
    }
  }

  /// To the file of users, or to the configuration where there is none.
  private static func save(_ connection: any DatabaseConnection) throws(DatabaseError) {
    do throws(DatabaseError) {
      _ = try run(connection, "ACL", "SAVE")
    } catch {
      guard error.kind == .refused else { throw error }
      do throws(DatabaseError) { _ = try run(connection, "CONFIG", "REWRITE") } catch {
        guard error.kind == .refused else { throw error }
        throw DatabaseError(
          .refused, code: error.code,
          "Redis can't keep its users over a restart: it has neither a file of users (aclfile) nor a configuration file that it "
            + "may rewrite, or the user may not save")
      }
    }
  }

  private static func user(
    _ account: String?, _ connection: any DatabaseConnection
  ) throws(DatabaseError) -> String {
    if let account { return account }
    return try RedisDialect().identity(connection).account
  }

  private static func run(_ connection: any DatabaseConnection, _ words: String...) throws(DatabaseError) -> [[String?]]
  {
    guard !words.contains(where: { $0.utf8.contains(0) }) else {
      throw DatabaseError(.unreachable, "the user's name holds a zero byte")
    }
    return try connection.run(Array(words.joined(separator: "\0").utf8))
  }

  private static func hash(_ value: Secret) -> String { value.withBytes { Hex.encode(SHA256.hash($0)) } }

  func describe(_ role: CallRole, user: String) -> String {
    role == .revoke
      ? "ACL SETUSER \(user) !sha256-of-the-old-password, ACL SAVE" : "ACL SETUSER \(user) #sha256, ACL SAVE"
  }
}
