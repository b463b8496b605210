// Checksums that a provider appends to its tokens: GitLab's and Confluent's.

extension Checksum {
  /// A number in base 36 (0-9, a-z), most significant digit first, padded with zeros to `count` digits.
  static func base36(_ value: UInt32, count: Int) -> [UInt8] {
    let digits = Array(String(value, radix: 36).utf8)
    return [UInt8](repeating: 0x30, count: max(0, count - digits.count)) + digits
  }

  /// `PAYLOAD.01.LLccccccc`: the length of the payload without its prefix, and the sum of all before the last seven
  /// characters. https://docs.gitlab.com/security/tokens/ and the generator in GitLab's own source.
  static func isGitLabRoutable(_ token: Span<UInt8>) -> Bool {
    let sum = token.count - 7
    let length = sum - 2
    // A dot before the length; before it a version between dots, or (in the first such tokens) the payload itself.
    guard length > 8, token[length - 1] == 0x2e else { return false }
    let expected = base36(crc32(token, 0..<sum), count: 7)
    guard (0..<7).allSatisfy({ token[sum + $0] == expected[$0] }) else { return false }
    guard let high = base36Digit(token[length]), let low = base36Digit(token[length + 1]) else { return false }
    var payloadEnd = length - 1
    if token[length - 4] == 0x2e { payloadEnd = length - 4 }
    // The prefix ends with the payload's beginning: whatever is left of it must end in `-` or `_`.
    let payloadStart = payloadEnd - (high * 36 + low)
    return payloadStart > 0 && (token[payloadStart - 1] == 0x2d || token[payloadStart - 1] == 0x5f)
  }

  private static func base36Digit(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x30...0x39: Int(byte) - 0x30
    case 0x61...0x7a: Int(byte) - 0x61 + 10
    default: nil
    }
  }

  /// Six characters of base64 at the end: the little-endian sum of what stands behind the first four and before them.
  /// https://docs.confluent.io/cloud/current/security/authenticate/workload-identities/service-accounts/api-keys/overview.html
  static func endsWithBase64(_ token: Span<UInt8>) -> Bool {
    let end = token.count - 6
    guard end > 4 else { return false }
    let expected = base64Sum(token, 4..<end)
    return (0..<6).allSatisfy { token[end + $0] == expected[$0] }
  }

  static func base64Sum(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    let code = crc32(bytes, range)
    return Base64.encode((0..<4).map { UInt8(truncatingIfNeeded: code >> ($0 * 8)) }, urlSafe: false)
  }
}
