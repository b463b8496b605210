// What a key looks like: `aitbc_`, 34 random base62 characters, and six that prove it is not a dummy.
// Also the public ids of keys and jobs. All of it drawn without bias from a `RandomSource`.

internal import Secrets

/// The shape of an API key: `aitbc_` and 40 base62 characters, the last six of which are the CRC-32 of the 34 before.
public enum KeyValue {
  static let prefix = Array("aitbc_".utf8)
  static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
  static let randomCount = 34
  static let checkCount = 6

  /// The number of characters of every key: 46.
  public static let count = prefix.count + randomCount + checkCount

  /// A new key: 34 characters of 5.95 random bits each, and their checksum.
  static func make(random: any RandomSource) -> Secret {
    var body = base62(randomCount, random: random)
    var value = prefix + body + checksum(of: body.span)
    let secret = Secret(value)
    wipe(&body)
    wipe(&value)
    return secret
  }

  /// Whether `value` has the shape of a key and its checksum holds. Says nothing about whether it was ever issued.
  public static func isWellFormed(_ value: Span<UInt8>) -> Bool {
    guard value.count == count else { return false }
    for offset in 0..<prefix.count where value[offset] != prefix[offset] { return false }
    for offset in prefix.count..<count where !isDigit(value[offset]) { return false }
    let expected = checksum(of: value.extracting(prefix.count..<(prefix.count + randomCount)))
    return (0..<checkCount).allSatisfy { value[prefix.count + randomCount + $0] == expected[$0] }
  }

  /// A public name such as `key_` and 20 base62 characters: 119 random bits, so that two never meet.
  static func identifier(_ kind: String, random: any RandomSource) -> String {
    kind + String(decoding: base62(identifierDigits, random: random), as: UTF8.self)
  }

  /// Whether `text` has the shape of a key's public id. Nothing of any other shape may reach the log.
  static func isKeyID(_ text: some StringProtocol) -> Bool {
    text.hasPrefix("key_") && text.utf8.count == 4 + identifierDigits && text.utf8.dropFirst(4).allSatisfy(isDigit)
  }

  private static let identifierDigits = 20

  private static func isDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }

  /// Digits of base 62. Bytes of 248 and above are thrown away: with them the first eight digits would come up more often.
  private static func base62(_ wanted: Int, random: any RandomSource) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(wanted)
    while result.count < wanted {
      var pool = random.bytes(wanted)
      for byte in pool where byte < 248 && result.count < wanted { result.append(digits[Int(byte % 62)]) }
      wipe(&pool)
    }
    return result
  }

  /// The CRC-32 of IEEE 802.3 as six base62 digits, the most significant first.
  private static func checksum(of body: Span<UInt8>) -> [UInt8] {
    var code: UInt32 = 0xffff_ffff
    for offset in 0..<body.count {
      code ^= UInt32(body[offset])
      for _ in 0..<8 { code = code & 1 == 1 ? code >> 1 ^ 0xedb8_8320 : code >> 1 }
    }
    var rest = ~code
    var result = [UInt8](repeating: 0, count: checkCount)
    for place in stride(from: checkCount - 1, through: 0, by: -1) {
      result[place] = digits[Int(rest % 62)]
      rest /= 62
    }
    return result
  }
}
