// Checksums of keys in the text forms that cryptography uses: base58check, bech32, base32 with CRC-16.

extension Checksum {
  // MARK: Base58check (https://en.bitcoin.it/wiki/Base58Check_encoding)

  private static let base58Digits = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)
  /// The longest text that is looked at, in characters: decoding takes time by the square of it.
  private static let maximumBase58 = 160

  static func isBase58Check(_ token: Span<UInt8>) -> Bool {
    guard let bytes = decodeBase58(token), bytes.count > 4 else { return false }
    let body = Array(bytes.dropLast(4))
    return SHA256.hash(SHA256.hash(body)).prefix(4).elementsEqual(bytes.suffix(4))
  }

  static func encodeBase58Check(_ body: [UInt8]) -> [UInt8] {
    encodeBase58(body + SHA256.hash(SHA256.hash(body)).prefix(4))
  }

  private static func decodeBase58(_ token: Span<UInt8>) -> [UInt8]? {
    guard token.count <= maximumBase58 else { return nil }
    // Little-endian bytes of the number so far.
    var number: [UInt8] = []
    var zeros = 0
    for index in 0..<token.count {
      guard let digit = base58Digits.firstIndex(of: token[index]) else { return nil }
      if digit == 0 && zeros == index { zeros += 1 }
      var carry = digit
      for place in number.indices {
        carry += Int(number[place]) * 58
        number[place] = UInt8(carry & 0xff)
        carry >>= 8
      }
      while carry > 0 {
        number.append(UInt8(carry & 0xff))
        carry >>= 8
      }
    }
    return [UInt8](repeating: 0, count: zeros) + number.reversed()
  }

  private static func encodeBase58(_ bytes: [UInt8]) -> [UInt8] {
    var digits: [Int] = []
    for byte in bytes {
      var carry = Int(byte)
      for place in digits.indices {
        carry += digits[place] << 8
        digits[place] = carry % 58
        carry /= 58
      }
      while carry > 0 {
        digits.append(carry % 58)
        carry /= 58
      }
    }
    let zeros = bytes.prefix { $0 == 0 }.count
    return [UInt8](repeating: base58Digits[0], count: zeros) + digits.reversed().map { base58Digits[$0] }
  }

  // MARK: Bech32 (BIP 173; the limit of 90 characters is Bitcoin's own and is not kept here, as age does not)

  private static let bech32Digits = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

  static func isBech32(_ token: Span<UInt8>) -> Bool {
    var separator = -1
    var hasLower = false
    var hasUpper = false
    var lowered: [UInt8] = []
    for index in 0..<token.count {
      let byte = token[index]
      guard (0x21...0x7e).contains(byte) else { return false }
      if byte == 0x31 { separator = index }
      hasLower = hasLower || (0x61...0x7a).contains(byte)
      hasUpper = hasUpper || (0x41...0x5a).contains(byte)
      lowered.append((0x41...0x5a).contains(byte) ? byte | 0x20 : byte)
    }
    guard separator > 0, token.count - separator > 6, !(hasLower && hasUpper) else { return false }
    var values = expanded(lowered[..<separator])
    for byte in lowered[(separator + 1)...] {
      guard let value = bech32Digits.firstIndex(of: byte) else { return false }
      values.append(UInt32(value))
    }
    return polymod(values) == 1
  }

  /// `bytes` under a human-readable part, in that part's case.
  static func encodeBech32(_ part: String, _ bytes: [UInt8]) -> [UInt8] {
    var values: [UInt32] = []
    var word: UInt32 = 0
    var bits = 0
    for byte in bytes {
      word = word << 8 & 0xffff | UInt32(byte)
      bits += 8
      while bits >= 5 {
        bits -= 5
        values.append(word >> UInt32(bits) & 31)
      }
    }
    if bits > 0 { values.append(word << UInt32(5 - bits) & 31) }
    let sum = polymod(expanded(Array(part.lowercased().utf8)[...]) + values + [0, 0, 0, 0, 0, 0]) ^ 1
    values += (0..<6).map { sum >> (5 * (5 - $0)) & 31 }
    let text = values.map { bech32Digits[Int($0)] }
    let isUpper = part == part.uppercased()
    return Array(part.utf8) + [0x31] + (isUpper ? text.map { $0 >= 0x61 ? $0 & 0xdf : $0 } : text)
  }

  private static func expanded(_ part: ArraySlice<UInt8>) -> [UInt32] {
    part.map { UInt32($0 >> 5) } + [0] + part.map { UInt32($0 & 31) }
  }

  private static func polymod(_ values: [UInt32]) -> UInt32 {
    let generators: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
    var sum: UInt32 = 1
    for value in values {
      let top = sum >> 25
      sum = (sum & 0x1ff_ffff) << 5 ^ value
      for (bit, generator) in generators.enumerated() where top >> UInt32(bit) & 1 == 1 { sum ^= generator }
    }
    return sum
  }

  // MARK: Base32 with CRC-16/XMODEM (Stellar's strkey, NATS's nkeys)

  private static let base32Digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

  static func isCRC16Base32(_ token: Span<UInt8>) -> Bool {
    var bytes: [UInt8] = []
    var word: UInt32 = 0
    var bits = 0
    for index in 0..<token.count {
      guard let digit = base32Digits.firstIndex(of: token[index]) else { return false }
      word = word << 5 & 0xffff | UInt32(digit)
      bits += 5
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
      }
    }
    guard bytes.count > 2 else { return false }
    let sum = crc16(bytes.dropLast(2))
    return bytes[bytes.count - 2] == UInt8(sum & 0xff) && bytes[bytes.count - 1] == UInt8(sum >> 8)
  }

  static func encodeCRC16Base32(_ body: [UInt8]) -> [UInt8] {
    let sum = crc16(body[...])
    var result: [UInt8] = []
    var word: UInt32 = 0
    var bits = 0
    for byte in body + [UInt8(sum & 0xff), UInt8(sum >> 8)] {
      word = word << 8 & 0xffff | UInt32(byte)
      bits += 8
      while bits >= 5 {
        bits -= 5
        result.append(base32Digits[Int(word >> UInt32(bits) & 31)])
      }
    }
    if bits > 0 { result.append(base32Digits[Int(word << UInt32(5 - bits) & 31)]) }
    return result
  }

  private static func crc16(_ bytes: ArraySlice<UInt8>) -> UInt16 {
    bytes.reduce(0) { sum, byte in
      var sum = sum ^ UInt16(byte) << 8
      for _ in 0..<8 { sum = sum & 0x8000 != 0 ? sum << 1 ^ 0x1021 : sum << 1 }
      return sum
    }
  }
}
