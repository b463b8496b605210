// The proofs that credentials carry inside themselves: checksums and structures. Pure functions of the token's bytes.

internal import Formats

/// Checks, and for examples makes, what credentials carry to prove themselves.
public enum Checksum {
  /// Whether the token's own checksum or structure holds.
  public static func verify(_ kind: ChecksumKind, _ token: Span<UInt8>) -> Bool {
    switch kind {
    case .crc32Base62: endsWithBase62(token, bodyStart: afterPrefix(token))
    case .crc32Base62Whole: endsWithBase62(token, bodyStart: 0)
    case .crc32Hex: endsWithHex(token)
    case .jwt: isJWT(token)
    case .pem: PEM.isPlausible(token)
    case .pypi: isPyPIMacaroon(token)
    case .gitlabRoutable: isGitLabRoutable(token)
    case .crc32Base64: endsWithBase64(token)
    case .base58check: isBase58Check(token)
    case .bech32: isBech32(token)
    case .crc16Base32: isCRC16Base32(token)
    }
  }

  /// The CRC-32 of IEEE 802.3 (polynomial 0xEDB88320, reflected), as zlib and PNG use it.
  public static func crc32(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt32 {
    var code: UInt32 = 0xffff_ffff
    for offset in range {
      code ^= UInt32(bytes[offset])
      for _ in 0..<8 { code = code & 1 == 1 ? code >> 1 ^ 0xedb8_8320 : code >> 1 }
    }
    return ~code
  }

  /// A number in base 62 (0-9, A-Z, a-z), most significant digit first, padded with zeros to `count` digits.
  public static func base62(_ value: UInt32, count: Int = 6) -> [UInt8] {
    let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    var result = [UInt8](repeating: digits[0], count: count)
    var rest = Int(value)
    for place in stride(from: count - 1, through: 0, by: -1) {
      result[place] = digits[rest % 62]
      rest /= 62
    }
    return result
  }

  /// Behind the last `_`: GitHub's scheme sums the random part only.
  static func afterPrefix(_ token: Span<UInt8>) -> Int {
    var start = 0
    for offset in 0..<token.count where token[offset] == 0x5f { start = offset + 1 }
    return start
  }

  private static func endsWithBase62(_ token: Span<UInt8>, bodyStart: Int) -> Bool {
    let end = token.count - 6
    guard end > bodyStart else { return false }
    let expected = base62(crc32(token, bodyStart..<end))
    return (0..<6).allSatisfy { token[end + $0] == expected[$0] }
  }

  /// Eight hex digits after the last `_`. The sum is over everything before that `_`, or over the random part alone; the
  /// services that use this form differ in that and in the byte order, so any of the four is proof enough.
  private static func endsWithHex(_ token: Span<UInt8>) -> Bool {
    let start = afterPrefix(token)
    guard token.count - start == 8, start > 1 else { return false }
    guard let stated = Escapes.number(token, at: start, digits: 8, end: token.count) else { return false }
    var body = 0
    for offset in 0..<start - 1 where token[offset] == 0x5f { body = offset + 1 }
    return [0, body].contains { from in
      let code = crc32(token, from..<start - 1)
      return code == stated || code.byteSwapped == stated
    }
  }

  private static func isJWT(_ token: Span<UInt8>) -> Bool {
    var dots: [Int] = []
    for offset in 0..<token.count where token[offset] == 0x2e { dots.append(offset) }
    guard dots.count == 2 || dots.count == 4, let header = Base64.decode(token, 0..<dots[0]),
      let object = try? JSON.parse(header, name: "header", maximumDepth: 8), object["alg"]?.kind == .string
    else { return false }
    // An encrypted token (five parts) has no readable second part.
    guard dots.count == 2 else { return object["enc"]?.kind == .string }
    guard let payload = Base64.decode(token, dots[0] + 1..<dots[1]),
      let claims = try? JSON.parse(payload, name: "claims", maximumDepth: 32)
    else { return false }
    return claims.kind == .table
  }

  /// `pypi-` and a macaroon in libmacaroons' binary form 2 whose location is one of the two indexes.
  private static func isPyPIMacaroon(_ token: Span<UInt8>) -> Bool {
    guard token.count > 20, let bytes = Base64.decode(token, 5..<token.count) else { return false }
    return ["pypi.org", "test.pypi.org"].contains { host in
      bytes.starts(with: [2, 1, UInt8(host.utf8.count)] + Array(host.utf8) + [2])
    }
  }
}

/// Base64 in either alphabet, with or without padding.
public enum Base64 {
  /// The bytes that `range` encodes; nil where a character is foreign or the length is impossible. White space, and the
  /// two characters `\n`, are passed over.
  public static func decode(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(range.count * 3 / 4)
    var word: UInt32 = 0
    var bits = 0
    var at = range.lowerBound
    while at < range.upperBound {
      let byte = text[at]
      at += 1
      if byte == 0x3d || byte == 0x20 || (0x09...0x0d).contains(byte) { continue }
      if byte == 0x5c, at < range.upperBound, text[at] == 0x6e || text[at] == 0x72 {
        at += 1
        continue
      }
      guard let digit = digit(byte) else { return nil }
      word = word << 6 | UInt32(digit)
      bits += 6
      if bits >= 8 {
        bits -= 8
        result.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
      }
    }
    // Six leftover bits are a lone character, which encodes nothing.
    return bits == 6 ? nil : result
  }

  /// The standard or the URL-safe form, without padding.
  public static func encode(_ bytes: [UInt8], urlSafe: Bool) -> [UInt8] {
    let last = urlSafe ? "-_" : "+/"
    let digits = Array(("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last).utf8)
    var result: [UInt8] = []
    var word: UInt32 = 0
    var bits = 0
    for byte in bytes {
      word = word << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        result.append(digits[Int(word >> UInt32(bits)) & 63])
      }
    }
    if bits > 0 { result.append(digits[Int(word << UInt32(6 - bits)) & 63]) }
    return result
  }

  /// The value of a character of either alphabet.
  public static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x41...0x5a: byte - 0x41
    case 0x61...0x7a: byte - 0x61 + 26
    case 0x30...0x39: byte - 0x30 + 52
    case 0x2b, 0x2d: 62
    case 0x2f, 0x5f: 63
    default: nil
    }
  }
}

/// The textual armour of keys (RFC 7468, RFC 1421, OpenSSH, OpenPGP).
enum PEM {
  /// Whether the block's labels match and its body is base64 of what such a block holds: DER, or an OpenSSH key.
  static func isPlausible(_ block: Span<UInt8>) -> Bool {
    guard let begin = label(block, "-----BEGIN ", from: 0), let end = label(block, "-----END ", from: begin.upperBound),
      begin.count == end.count,
      (0..<begin.count).allSatisfy({ block[begin.lowerBound + $0] == block[end.lowerBound + $0] })
    else { return false }
    let bodyEnd = end.lowerBound - "-----END ".utf8.count
    guard let bytes = body(block, begin.upperBound + 5, bodyEnd), bytes.count >= 24 else { return false }
    let name = Array((begin).map { block[$0] })
    if String(decoding: name, as: UTF8.self).hasPrefix("PGP") { return bytes[0] & 0x80 != 0 }
    // RFC 1421's `Proc-Type: 4,ENCRYPTED`: the body is whole cipher blocks, and looks like nothing.
    if holds(block, begin.upperBound..<bodyEnd, "ENCRYPTED") { return bytes.count % 8 == 0 }
    return bytes[0] == 0x30 || bytes.starts(with: Array("openssh-key-v1".utf8))
  }

  private static func holds(_ block: Span<UInt8>, _ range: Range<Int>, _ word: String) -> Bool {
    let word = Array(word.utf8)
    guard range.count >= word.count else { return false }
    return (range.lowerBound...range.upperBound - word.count).contains { start in
      word.indices.allSatisfy { block[start + $0] == word[$0] }
    }
  }

  private static func label(_ block: Span<UInt8>, _ marker: String, from: Int) -> Range<Int>? {
    let marker = Array(marker.utf8)
    var at = from
    while at + marker.count + 5 <= block.count {
      if (0..<marker.count).allSatisfy({ block[at + $0] == marker[$0] }) {
        let start = at + marker.count
        var end = start
        while end + 5 <= block.count, block[end] != 0x2d { end += 1 }
        guard end + 5 <= block.count, (0..<5).allSatisfy({ block[end + $0] == 0x2d }) else { return nil }
        return start..<end
      }
      at += 1
    }
    return nil
  }

  /// The decoded body behind any header fields (`Proc-Type:`, `Version:`) and before OpenPGP's checksum line.
  private static func body(_ block: Span<UInt8>, _ start: Int, _ end: Int) -> [UInt8]? {
    guard start < end else { return nil }
    var lines: [Range<Int>] = []
    var lineStart = start
    var at = start
    while at <= end {
      let isEscape = at + 1 < end && block[at] == 0x5c && block[at + 1] == 0x6e
      if at == end || block[at] == 0x0a || isEscape {
        lines.append(lineStart..<at)
        at += isEscape ? 2 : 1
        lineStart = at
      } else {
        at += 1
      }
    }
    // Quotes, commas and list marks round the lines of an embedded block are not part of it.
    let noise: Set<UInt8> = [0x20, 0x09, 0x0d, 0x22, 0x27, 0x2c, 0x2b, 0x3e, 0x23, 0x2a, 0x5c, 0x7c, 0x3b, 0x60]
    var text: [UInt8] = []
    for line in lines {
      let bytes = line.map { block[$0] }
      if bytes.contains(0x3a) || bytes.first == 0x3d { continue }
      // `+` is a base64 digit, so noise is only what surrounds a line.
      var trimmed = bytes[...]
      while let first = trimmed.first, noise.contains(first), first != 0x2b { trimmed.removeFirst() }
      while let last = trimmed.last, noise.contains(last), last != 0x2b { trimmed.removeLast() }
      text.append(contentsOf: trimmed)
    }
    return Base64.decode(text.span, 0..<text.count)
  }
}
