// How a key is written where it is a part of something longer.

internal import Secrets

enum NeedleText {
  static let upper = Array("0123456789ABCDEF".utf8)
  static let lower = Array("0123456789abcdef".utf8)
  private static let unsafeInLists = Array("\"'\\,;`$#&|<>(){}[]".utf8)

  /// Written as it is, or as the text round it demands: percent-encoded in a URL, escaped in JSON. Nil where no writing
  /// is safe.
  static func plain(_ new: Secret, in value: Span<UInt8>) -> Secret? {
    if new.withBytes({ bytes in bytes.indices.allSatisfy { isUnreserved(bytes[$0]) } }) { return new }
    if Needle.first(Array("://".utf8).span, in: value, from: 0) != nil { return percent(new, upper) }
    // Elsewhere it may stand in a comma list or behind `Bearer `: nothing that separates or quotes there.
    let isSafe = new.withBytes { bytes in
      bytes.indices.allSatisfy { (0x21...0x7e).contains(bytes[$0]) && !unsafeInLists.contains(bytes[$0]) }
    }
    if isSafe { return new }
    let isText = new.withBytes { String(validating: copy($0), as: UTF8.self) != nil }
    return isText && isDocument(value) ? json(new) : nil
  }

  /// Whether the value is a JSON list or object, in whose texts a key may be escaped.
  private static func isDocument(_ value: Span<UInt8>) -> Bool {
    guard let first = value.indices.first(where: { value[$0] > 0x20 }),
      let last = value.indices.last(where: { value[$0] > 0x20 })
    else { return false }
    return (value[first] == 0x5b && value[last] == 0x5d) || (value[first] == 0x7b && value[last] == 0x7d)
  }

  static func percent(_ value: Secret, _ digits: [UInt8]) -> Secret {
    var text: [UInt8] = []
    text.reserveCapacity(value.count * 3)
    defer { wipe(&text) }
    value.withBytes { bytes in
      for index in bytes.indices {
        let byte = bytes[index]
        if isUnreserved(byte) {
          text.append(byte)
        } else {
          text += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
      }
    }
    return Secret(text)
  }

  /// As the inside of a JSON string.
  static func json(_ value: Secret) -> Secret {
    var text: [UInt8] = []
    text.reserveCapacity(value.count * 6)
    defer { wipe(&text) }
    value.withBytes { bytes in
      for index in bytes.indices {
        switch bytes[index] {
        case 0x22, 0x5c: text += [0x5c, bytes[index]]
        case 0x0a: text += [0x5c, 0x6e]
        case 0x0d: text += [0x5c, 0x72]
        case 0x09: text += [0x5c, 0x74]
        case let byte where byte < 0x20: text += [0x5c, 0x75, 0x30, 0x30, lower[Int(byte >> 4)], lower[Int(byte & 15)]]
        case let byte: text.append(byte)
        }
      }
    }
    return Secret(text)
  }

  static func isUnreserved(_ byte: UInt8) -> Bool { isWord(byte) || byte == 0x2e || byte == 0x7e }

  static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f, 0x2d: true
    default: false
    }
  }

  static func standsAlone(_ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
    // `%2F` before it and `\n` before it are no part of a word.
    let start = range.lowerBound
    let isEscaped =
      start >= 3 && bytes[start - 3] == 0x25 && isHex(bytes[start - 2]) && isHex(bytes[start - 1])
      || start >= 2 && bytes[start - 2] == 0x5c && bytes[start - 1] == 0x6e
    return (start == 0 || isEscaped || !isWord(bytes[start - 1]))
      && (range.upperBound == bytes.count || !isWord(bytes[range.upperBound]))
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
  }

  static func copy(_ bytes: Span<UInt8>) -> [UInt8] {
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for index in bytes.indices { copy.append(bytes[index]) }
    return copy
  }
}
