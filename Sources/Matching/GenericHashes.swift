// What is kept of a password, by the head that says how it was made: crypt's methods, the schemes of LDAP and Dovecot, the
// forms of frameworks and databases.

enum GenericHashes {
  private static func list(_ text: String) -> [[UInt8]] { text.split(separator: " ").map { Array($0.utf8) } }

  /// Heads, in lower case.
  private static let heads = list(
    """
    $1$ $2$ $2a$ $2b$ $2x$ $2y$ $5$ $6$ $y$ $gy$ $7$ $apr1$ $p$ $h$ $s$ $argon2 $scrypt$ $pbkdf2 $bcrypt $sha1$ $md5 $scram \
    {sha} {ssha} {sha256} {ssha256} {sha512} {ssha512} {sha384} {ssha384} {smd5} {md5} {crypt} {pbkdf2 {argon2 {bcrypt} {scrypt} \
    {blf-crypt} {sha512-crypt} {sha256-crypt} {md5-crypt} {ldap} {x-pbkdf2} pbkdf2: pbkdf2_ scrypt: argon2$ argon2i argon2d \
    bcrypt$ bcrypt_ scram-sha- grub.pbkdf2. sha256# md5# sha1$ sha256$ sha512$ md5$ md5: sha1: sha256: sha512: phpass:
    """)
  /// The shortest there is behind a head, in bytes.
  private static let minimumRest = 18

  /// Whether the value begins like one and has no blanks.
  static func isHash(_ value: Span<UInt8>) -> Bool {
    guard value.count > minimumRest, value.count < 400 else { return false }
    switch value[0] {
    case 0x24, 0x7b: break
    case 0x2a: return isMySQL(value)
    default: guard [0x61, 0x62, 0x67, 0x6d, 0x70, 0x73].contains(Bytes.lowered(value[0])) else { return false }
    }
    let found = heads.contains { head in
      value.count >= head.count + minimumRest && head.indices.allSatisfy { Bytes.lowered(value[$0]) == head[$0] }
    }
    return found && value.indices.allSatisfy { value[$0] > 0x20 && value[$0] < 0x7f }
  }

  /// `*` and forty digits.
  private static func isMySQL(_ value: Span<UInt8>) -> Bool {
    value.count == 41 && (1..<41).allSatisfy { Bytes.isHex(value[$0]) }
  }
}
