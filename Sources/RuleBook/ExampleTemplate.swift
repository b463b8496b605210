// Texts for examples, made from a template when they are needed: nothing that looks like a key stands in a file.

/// A generator that a seed replays (SplitMix64). Not for keys.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A generator of one sequence for each seed.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Why a template can't be expanded.
public struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence.
  public var description: String
}

/// Expands example templates. `{base62:36}` is 36 random characters of a class, `{hex:8-12}` between 8 and 12, `{{` and
/// `}}` are braces; `{crc32-base62}` and its like are computed from the word before them. Rules/README.md has the list.
public enum ExampleTemplate {
  /// The text that the template stands for, the same for the same seed.
  public static func expand(_ template: String, seed: UInt64) throws(TemplateError) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var result: [UInt8] = []
    let bytes = Array(template.utf8)
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      let isDoubled = at + 1 < bytes.count && bytes[at + 1] == byte
      if byte == 0x7b || byte == 0x7d, isDoubled {
        result.append(byte)
        at += 2
      } else if byte == 0x7b {
        guard let end = bytes[at...].firstIndex(of: 0x7d) else {
          throw TemplateError(description: "a { without a } in '\(template)'")
        }
        let field = String(decoding: bytes[at + 1..<end], as: UTF8.self)
        try append(field, to: &result, &generator)
        at = end + 1
      } else if byte == 0x7d {
        throw TemplateError(description: "a } without a { in '\(template)'")
      } else {
        result.append(byte)
        at += 1
      }
    }
    return result
  }

  private static let classes: [String: String] = {
    let digits = "0123456789"
    let lower = "abcdefghijklmnopqrstuvwxyz"
    let upper = lower.uppercased()
    return [
      "digits": digits, "lower": lower, "upper": upper, "letters": lower + upper, "alnum": digits + lower,
      "ALNUM": digits + upper, "base62": digits + lower + upper, "hex": digits + "abcdef", "HEX": digits + "ABCDEF",
      "base64": digits + lower + upper + "+/", "base64url": digits + lower + upper + "-_",
      "base32": upper + "234567", "word": digits + lower + upper + "_", "slug": digits + lower + "-",
      "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    ]
  }()

  private static func append(
    _ field: String, to result: inout [UInt8], _ generator: inout SeededGenerator
  ) throws(TemplateError) {
    let parts = field.split(separator: ":", maxSplits: 1).map(String.init)
    let name = parts.first ?? ""
    // `bech32` is both a class and, with a human-readable part, a checksum.
    if let alphabet = classes[name], parts.last?.contains(":") == false {
      let characters = Array(alphabet.utf8)
      guard parts.count == 2, let count = count(parts[1], &generator) else {
        throw TemplateError(description: "'{\(field)}' needs a count, such as {\(name):32}")
      }
      for _ in 0..<count { result.append(characters[Int.random(in: 0..<characters.count, using: &generator)]) }
      return
    }
    switch name {
    case "uuid": appendUUID(to: &result, &generator)
    case "crc32-base62", "crc32-base62-whole", "crc32-hex", "crc32-base36", "crc32-base64":
      appendSum(name, to: &result)
    case "base58check", "bech32", "crc16-base32": try appendKey(name, field, to: &result, &generator)
    case "jwt": result.append(contentsOf: jwt(&generator))
    case "pem": result.append(contentsOf: pem(parts.count == 2 ? parts[1] : "PRIVATE KEY", &generator))
    case "pypi": result.append(contentsOf: macaroon(&generator))
    case "tab": result.append(0x09)
    case "newline": result.append(0x0a)
    default: throw TemplateError(description: "'{\(field)}' is no known field")
    }
  }

  private static func count(_ text: String, _ generator: inout SeededGenerator) -> Int? {
    let bounds = text.split(separator: "-").compactMap { Int($0) }
    guard let low = bounds.first, let high = bounds.last, low <= high, high <= 8_192 else { return nil }
    return Int.random(in: low...high, using: &generator)
  }

  private static func random(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  private static func appendUUID(to result: inout [UInt8], _ generator: inout SeededGenerator) {
    let digits = Array("0123456789abcdef".utf8)
    for (place, byte) in random(16, &generator).enumerated() {
      if [4, 6, 8, 10].contains(place) { result.append(0x2d) }
      let value = place == 6 ? byte & 0x0f | 0x40 : place == 8 ? byte & 0x3f | 0x80 : byte
      result.append(digits[Int(value >> 4)])
      result.append(digits[Int(value & 15)])
    }
  }

  /// The checksum of the word that ends here.
  private static func appendSum(_ name: String, to result: inout [UInt8]) {
    let extra: [UInt8] = name == "crc32-base36" ? [0x2e] : name == "crc32-base64" ? [0x2b, 0x2f] : []
    let start = (result.lastIndex { !isWord($0) && !extra.contains($0) } ?? -1) + 1
    let word = Array(result[start...])
    switch name {
    case "crc32-base36":
      result.append(contentsOf: Checksum.base36(Checksum.crc32(word.span, 0..<word.count), count: 7))
    case "crc32-base64":
      result.append(contentsOf: Checksum.base64Sum(word.span, min(4, word.count)..<word.count))
    case "crc32-hex":
      // The `_` before the sum is part of the template.
      let code = Checksum.crc32(word.span, 0..<max(0, word.count - 1))
      let text = String(code, radix: 16)
      result.append(contentsOf: (String(repeating: "0", count: 8 - text.count) + text).utf8)
    case "crc32-base62-whole":
      result.append(contentsOf: Checksum.base62(Checksum.crc32(word.span, 0..<word.count)))
    default:
      let body = Checksum.afterPrefix(word.span)
      result.append(contentsOf: Checksum.base62(Checksum.crc32(word.span, body..<word.count)))
    }
  }

  /// `{base58check:80:32}`: leading bytes in hex and the number of random bytes behind them; `{bech32:PART:32}` has a
  /// human-readable part in place of the bytes.
  private static func appendKey(
    _ name: String, _ field: String, to result: inout [UInt8], _ generator: inout SeededGenerator
  ) throws(TemplateError) {
    let parts = field.split(separator: ":").map(String.init)
    guard parts.count == 3, let count = Int(parts[2]), (1...128).contains(count), let head = hexBytes(parts[1], name)
    else {
      throw TemplateError(description: "'{\(field)}' needs what it begins with and a number of bytes")
    }
    let body = head + random(count, &generator)
    switch name {
    case "base58check": result.append(contentsOf: Checksum.encodeBase58Check(body))
    case "crc16-base32": result.append(contentsOf: Checksum.encodeCRC16Base32(body))
    default: result.append(contentsOf: Checksum.encodeBech32(parts[1], body))
    }
  }

  private static func hexBytes(_ text: String, _ name: String) -> [UInt8]? {
    if name == "bech32" { return [] }
    let digits = Array(text.utf8)
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { at in
      UInt8(String(decoding: digits[at..<min(at + 2, digits.count)], as: UTF8.self), radix: 16)
    }
    return digits.count % 2 == 0 && bytes.count == digits.count / 2 ? bytes : nil
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f, 0x2d: true
    default: false
    }
  }

  private static func jwt(_ generator: inout SeededGenerator) -> [UInt8] {
    let header = Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8)
    let claims = Array(#"{"sub":"\#(UInt64.random(in: 0...UInt64.max, using: &generator))","iat":1767323045}"#.utf8)
    return Base64.encode(header, urlSafe: true) + [0x2e] + Base64.encode(claims, urlSafe: true) + [0x2e]
      + Base64.encode(random(32, &generator), urlSafe: true)
  }

  private static func pem(_ label: String, _ generator: inout SeededGenerator) -> [UInt8] {
    let magic: [UInt8]
    switch label {
    case "OPENSSH PRIVATE KEY": magic = Array("openssh-key-v1\0".utf8)
    case let label where label.hasPrefix("PGP"): magic = [0x95]
    default: magic = [0x30, 0x82, 0x01, 0x0a]
    }
    let body = Base64.encode(magic + random(269 - magic.count, &generator), urlSafe: false)
    var text = Array("-----BEGIN \(label)-----\n".utf8)
    for start in stride(from: 0, to: body.count, by: 64) { text += body[start..<min(start + 64, body.count)] + [0x0a] }
    return text + Array("-----END \(label)-----".utf8)
  }

  private static func macaroon(_ generator: inout SeededGenerator) -> [UInt8] {
    let host = Array("pypi.org".utf8)
    let bytes =
      [2, 1, UInt8(host.count)] + host + [2, 36] + random(36, &generator) + [0, 2, 24] + random(60, &generator)
    return Array("pypi-".utf8) + Base64.encode(bytes, urlSafe: true)
  }
}
