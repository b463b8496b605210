// Passwords of MySQL and MariaDB accounts. MySQL keeps the old one beside the new one where it may (from 8.0.14, with the
// privilege), until it is told to discard it. MariaDB keeps one; it is given the hash of its native method, as it writes
// statements to its log word by word. MySQL takes passwords out of its logs itself.

internal import Databases
internal import Secrets

struct MySQLDialect: DatabaseDialect {
  let name = "MySQL or MariaDB"
  let defaultPort = 3_306
  let overlaps = true
  /// `ER_SPECIFIC_ACCESS_DENIED_ERROR`: the account may not keep two passwords.
  private static let privilegeMissing = "1227"

  func identity(_ connection: any DatabaseConnection) throws(DatabaseError) -> (account: String, scopes: [String]) {
    let row = try connection.run(Array("SELECT CURRENT_USER()".utf8)).first
    guard let account = row?.first ?? nil else {
      throw DatabaseError(.refused, "the server does not say who is connected")
    }
    let grants = try connection.run(Array("SHOW GRANTS".utf8)).compactMap { $0.first ?? nil }
    // A grant may hold the hash of the account's own password.
    let scopes = grants.prefix(256).map { grant in
      String((grant.split(separator: " IDENTIFIED ", maxSplits: 1).first ?? "").prefix(512))
    }
    return (account, scopes)
  }

  private struct Server {
    var isMariaDB: Bool
    var keepsTwo: Bool

    init(_ connection: any DatabaseConnection) throws(DatabaseError) {
      let text = (try connection.run(Array("SELECT VERSION()".utf8)).first?.first ?? nil) ?? ""
      isMariaDB = text.contains("MariaDB")
      let parts = text.split { !$0.isNumber }.prefix(3).compactMap { Int($0) }
      keepsTwo = !isMariaDB && parts.count == 3 && (parts[0], parts[1], parts[2]) >= (8, 0, 14)
    }
  }

  func set(_ value: Secret, of account: String?, _ connection: any DatabaseConnection) throws(DatabaseError) {
    let server = try Server(connection)
    if server.isMariaDB {
      let who = try account.map { (text) throws(DatabaseError) in " FOR \(try MySQLDialect.quoted(text))" } ?? ""
      let hash = value.withBytes { "*" + Hex.encode(SHA1.hash(SHA1.hash($0).span)).uppercased() }
      _ = try connection.run(Array("SET PASSWORD\(who) = '\(hash)'".utf8))
      return
    }
    if server.keepsTwo {
      do throws(DatabaseError) {
        return try alter(account, value, " RETAIN CURRENT PASSWORD", connection)
      } catch {
        // A definite refusal: nothing was changed, so this is no second mutation.
        guard error.kind == .refused, error.code == MySQLDialect.privilegeMissing else { throw error }
      }
    }
    try alter(account, value, "", connection)
  }

  func end(
    _ value: Secret, keeping: Secret?, of account: String?, _ connection: any DatabaseConnection
  ) throws(DatabaseError) {
    let server = try Server(connection)
    if let keeping {
      if server.isMariaDB { return try set(keeping, of: account, connection) }
      // Set without a word about the current one, it takes that one's place; the second one stays what it was, which may
      // be the same value again, or an older one.
      try alter(account, keeping, "", connection)
    }
    guard server.keepsTwo else { return }
    let who = try account.map { (text) throws(DatabaseError) in try MySQLDialect.quoted(text) } ?? "USER()"
    do throws(DatabaseError) {
      _ = try connection.run(Array("ALTER USER \(who) DISCARD OLD PASSWORD".utf8))
    } catch {
      // Whoever may not discard could not retain either.
      guard error.code == MySQLDialect.privilegeMissing else { throw error }
    }
  }

  private func alter(
    _ account: String?, _ value: Secret, _ more: String, _ connection: any DatabaseConnection
  ) throws(DatabaseError) {
    let who = try account.map { (text) throws(DatabaseError) in try MySQLDialect.quoted(text) } ?? "USER()"
    var statement: [UInt8] = []
    statement.reserveCapacity(128 + who.utf8.count + 2 * value.count)
    defer { wipe(&statement) }
    statement.append(contentsOf: "ALTER USER \(who) IDENTIFIED BY '".utf8)
    let isPlain = value.withBytes { bytes in
      for index in 0..<bytes.count {
        // A quote or a backslash would be read differently by servers with different modes.
        guard (0x20...0x7e).contains(bytes[index]), bytes[index] != 0x27, bytes[index] != 0x5c else { return false }
        statement.append(bytes[index])
      }
      return true
    }
    guard isPlain else {
      throw DatabaseError(
        .unreachable, "a password for MySQL may hold ASCII characters without quote and backslash only")
    }
    statement.append(contentsOf: "'\(more)".utf8)
    _ = try connection.run(statement)
  }

  func describe(_ role: CallRole, user: String) -> String {
    role == .revoke
      ? "discard the old password of '\(user)'" : "set the password of '\(user)', keeping the old one where it can"
  }

  /// `'user'@'host'` out of `user@host`; a user without a host may come from anywhere.
  static func quoted(_ account: String) throws(DatabaseError) -> String {
    guard account.unicodeScalars.allSatisfy({ $0 != "'" && $0 != "\\" && $0.value >= 0x20 }) else {
      throw DatabaseError(.unreachable, "the account's name holds a quote or a control character")
    }
    guard let at = account.lastIndex(of: "@") else { return "'\(account)'@'%'" }
    return "'\(account[..<at])'@'\(account[account.index(after: at)...])'"
  }
}

/// SHA-1 (FIPS 180-4), for the one method of MariaDB that is made of it; libsodium has none.
enum SHA1 {
  /// The 20-byte digest.
  static func hash(_ message: Span<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(message.count + 72)
    defer { wipe(&bytes) }
    for index in 0..<message.count { bytes.append(message[index]) }
    bytes.append(0x80)
    while bytes.count % 64 != 56 { bytes.append(0) }
    let bits = UInt64(message.count) &* 8
    for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
    var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
    for start in stride(from: 0, to: bytes.count, by: 64) { take(bytes[start..<start + 64], &state) }
    return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
  }

  private static func take(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
    func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
    var words = [UInt32](repeating: 0, count: 80)
    for (index, byte) in block.enumerated() { words[index / 4] |= UInt32(byte) << UInt32(24 - index % 4 * 8) }
    for index in 16..<80 {
      words[index] = rotated(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1)
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    for (index, word) in words.enumerated() {
      let (mix, constant): (UInt32, UInt32) =
        switch index {
        case ..<20: ((b & c) | (~b & d), 0x5a82_7999)
        case ..<40: (b ^ c ^ d, 0x6ed9_eba1)
        case ..<60: ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc)
        default: (b ^ c ^ d, 0xca62_c1d6)
        }
      let next = rotated(a, 5) &+ mix &+ e &+ constant &+ word
      (e, d, c, b, a) = (d, c, rotated(b, 30), a, next)
    }
    for (index, value) in [a, b, c, d, e].enumerated() { state[index] = state[index] &+ value }
  }
}
