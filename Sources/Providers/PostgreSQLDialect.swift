// Passwords of PostgreSQL roles. The server is given a SCRAM verifier that is reckoned here (RFC 5802 and 7677), so no log,
// no statistics view and no other session ever sees the password. A role has one password: the old one dies at once, while
// sessions that are open live on.

internal import Databases
internal import Secrets

struct PostgreSQLDialect: DatabaseDialect {
  let name = "PostgreSQL"
  let defaultPort = 5_432
  let overlaps = false

  func identity(_ connection: any DatabaseConnection) throws(DatabaseError) -> (account: String, scopes: [String]) {
    let rows = try connection.run(
      Array(
        """
        SELECT current_user, current_database(), rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls \
        FROM pg_catalog.pg_roles WHERE rolname = current_user
        """.utf8))
    guard let row = rows.first, row.count == 7, let user = row[0] else {
      throw DatabaseError(.refused, "the server does not say who is connected")
    }
    let names = ["superuser", "createrole", "createdb", "replication", "bypassrls"]
    let scopes = zip(names, row[2...]).filter { $0.1 == "t" }.map(\.0)
    return (user, ["login", "database " + (row[1] ?? "")] + scopes)
  }

  func set(_ value: Secret, of account: String?, _ connection: any DatabaseConnection) throws(DatabaseError) {
    let who = account.map(PostgreSQLDialect.quoted) ?? "CURRENT_USER"
    let verifier = try SCRAM.verifier(value, salt: SystemRandom().bytes(16))
    _ = try connection.run(Array("ALTER ROLE \(who) PASSWORD '".utf8) + verifier + Array("'".utf8))
  }

  func end(
    _ value: Secret, keeping: Secret?, of account: String?, _ connection: any DatabaseConnection
  ) throws(DatabaseError) {
    throw DatabaseError(.unreachable, "a role of PostgreSQL has one password only")
  }

  func describe(_ role: CallRole, user: String) -> String {
    "ALTER ROLE \(PostgreSQLDialect.quoted(user)) PASSWORD 'SCRAM-SHA-256$…'"
  }

  static func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }
}

/// PostgreSQL's form of a SCRAM-SHA-256 verifier: `SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY`.
enum SCRAM {
  static let iterations = 4_096

  static func verifier(_ password: Secret, salt: [UInt8], iterations: Int = iterations) throws(DatabaseError) -> [UInt8]
  {
    var bytes = password.copyBytes()
    defer { wipe(&bytes) }
    // What is not ASCII would have to be normalised first (RFC 4013); no value of ours needs that.
    guard !bytes.isEmpty, bytes.allSatisfy({ (0x20...0x7e).contains($0) }) else {
      throw DatabaseError(.unreachable, "a password for PostgreSQL may hold ASCII characters only")
    }
    var salted = salted(bytes, salt, iterations)
    defer { wipe(&salted) }
    var clientKey = HMAC.sha256(key: salted, Array("Client Key".utf8))
    defer { wipe(&clientKey) }
    let storedKey = SHA256.hash(clientKey)
    let serverKey = HMAC.sha256(key: salted, Array("Server Key".utf8))
    return Array("SCRAM-SHA-256$\(iterations):\(text(salt))$\(text(storedKey)):\(text(serverKey))".utf8)
  }

  /// The first block of PBKDF2 (RFC 8018), which is as long as the digest.
  private static func salted(_ password: [UInt8], _ salt: [UInt8], _ iterations: Int) -> [UInt8] {
    var block = HMAC.sha256(key: password, salt + [0, 0, 0, 1])
    var result = block
    defer { wipe(&block) }
    for _ in 1..<max(1, iterations) {
      block = HMAC.sha256(key: password, block)
      for index in result.indices { result[index] ^= block[index] }
    }
    return result
  }

  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: Base64.encode(prefix: [], Secret(bytes), suffix: []).copyBytes(), as: UTF8.self)
  }
}
