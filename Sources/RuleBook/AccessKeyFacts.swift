// What an identifier tells without asking anyone.

/// Facts inside identifiers of Amazon Web Services.
public enum AWSAccessKey {
  /// The account that an access key id belongs to: twelve digits. Nil for ids from before 2018, which don't say, and for
  /// what is no id.
  ///
  /// Behind the four letters stand 80 bits in base 32; the account is bits 1 to 40 of the first 48.
  public static func account(of id: Span<UInt8>) -> String? {
    guard id.count == 20, isPrefix(id) else { return nil }
    var bits: UInt64 = 0
    // Ten characters hold fifty bits; the first 48 are wanted.
    for index in 4..<14 {
      guard let digit = base32Digit(id[index]) else { return nil }
      bits = bits << 5 | UInt64(digit)
    }
    for index in 14..<20 where base32Digit(id[index]) == nil { return nil }
    // Ids of the older kind begin with I or J behind their letters, those that hold the account with Q or later.
    guard id[4] >= 0x51 else { return nil }
    let account = (bits >> 2 & 0x7fff_ffff_ff80) >> 7
    guard account > 0, account <= 999_999_999_999 else { return nil }
    let digits = String(account)
    return String(repeating: "0", count: 12 - digits.utf8.count) + digits
  }

  private static func isPrefix(_ id: Span<UInt8>) -> Bool {
    let letters: [UInt8] = [id[0], id[1], id[2], id[3]]
    return ["AKIA", "ASIA", "ABIA", "ACCA"].contains { $0.utf8.elementsEqual(letters) }
  }

  private static func base32Digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x41...0x5a: byte - 0x41
    case 0x32...0x37: byte - 0x32 + 26
    default: nil
    }
  }
}
