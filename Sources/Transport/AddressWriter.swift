// Addresses with a secret in the path or the query, put together in memory that can be wiped.

internal import Secrets

enum AddressWriter {
  /// The address with the secret, percent-encoded, in the place of every `{secret}`, and a zero byte at its end.
  static func bytes(_ url: String, _ secret: Secret) -> [UInt8] {
    let pieces = url.split(separator: "{secret}", omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    // One reservation: growing would leave unwiped copies behind.
    bytes.reserveCapacity(url.utf8.count + 3 * secret.count * (pieces.count - 1) + 1)
    for (index, piece) in pieces.enumerated() {
      if index > 0 { secret.withBytes { for at in 0..<$0.count { append($0[at], to: &bytes) } } }
      bytes.append(contentsOf: piece.utf8)
    }
    bytes.append(0)
    return bytes
  }

  private static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
    switch byte {
    // A colon may stand in a path, and some services compare paths before decoding them.
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e, 0x3a: bytes.append(byte)
    default:
      bytes.append(0x25)
      for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 0x30 + digit : 0x37 + digit) }
    }
  }
}
