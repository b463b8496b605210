// Base64 of secrets, in memory that is wiped.

internal import Secrets

enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// Base64 (RFC 4648, padded) of prefix, secret and suffix, one after the other.
  static func encode(prefix: [UInt8], _ secret: Secret, suffix: [UInt8]) -> Secret {
    var plain: [UInt8] = []
    plain.reserveCapacity(prefix.count + secret.count + suffix.count)
    plain.append(contentsOf: prefix)
    secret.withBytes { for index in 0..<$0.count { plain.append($0[index]) } }
    plain.append(contentsOf: suffix)
    var coded: [UInt8] = []
    coded.reserveCapacity((plain.count + 2) / 3 * 4)
    defer {
      wipe(&plain)
      wipe(&coded)
    }
    var at = 0
    while at < plain.count {
      let rest = plain.count - at
      let group =
        UInt32(plain[at]) << 16 | (rest > 1 ? UInt32(plain[at + 1]) << 8 : 0) | (rest > 2 ? UInt32(plain[at + 2]) : 0)
      for digit in 0..<4 {
        coded.append(digit <= rest ? alphabet[Int(group >> UInt32(18 - 6 * digit)) & 63] : 0x3d)
      }
      at += 3
    }
    return Secret(coded)
  }
}
