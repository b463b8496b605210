// Rows of the table to records. The table is STRICT, so a column has the type that is read here.

internal import GRDB

extension KeyRecord {
  private static let columns = """
    number, id, tenant, name, plan, scopes, lineage, reference, replaces, created_at, expires_at, revoked_at,
    last_used_at, use_count
    """

  init(_ row: Row) throws {
    let planName: String = row["plan"]
    guard let plan = Plan(rawValue: planName) else {
      throw AuthorityError.storage(reason: "a key has the unknown plan \(planName)")
    }
    let scopeNames: String = row["scopes"]
    let granted = scopeNames.split(separator: " ").compactMap { Scope(rawValue: String($0)) }
    self.init(
      number: row["number"], id: row["id"], tenant: row["tenant"], name: row["name"], plan: plan, scopes: granted,
      lineage: row["lineage"], reference: row["reference"], replaces: row["replaces"], createdAt: row["created_at"],
      expiresAt: row["expires_at"], revokedAt: row["revoked_at"], lastUsedAt: row["last_used_at"],
      useCount: row["use_count"])
  }

  static func find(_ id: String, in database: Database) throws -> KeyRecord? {
    try Row.fetchOne(database, sql: "SELECT \(columns) FROM api_key WHERE id = ?", arguments: [id]).map(KeyRecord.init)
  }

  static func find(digest: some DatabaseValueConvertible, in database: Database) throws -> KeyRecord? {
    try Row.fetchOne(database, sql: "SELECT \(columns) FROM api_key WHERE digest = ?", arguments: [digest])
      .map(KeyRecord.init)
  }

  static func all(_ database: Database, _ condition: String, _ arguments: StatementArguments) throws -> [KeyRecord] {
    try Row.fetchAll(database, sql: "SELECT \(columns) FROM api_key \(condition) ORDER BY number", arguments: arguments)
      .map(KeyRecord.init)
  }

  static func countLive(_ database: Database, _ column: String, _ value: String, now: Int64) throws -> Int {
    try Int.fetchOne(
      database,
      sql: """
        SELECT count(*) FROM api_key
        WHERE \(column) = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
        """,
      arguments: [value, now]) ?? 0
  }
}
