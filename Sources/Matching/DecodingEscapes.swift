// Encodings that leave most of a text as it is and write some characters in another way: percent, backslashes, entities,
// quoted-printable, and literals that are joined. Each is read unit by unit.

internal import Model

/// One of these encodings.
enum EscapeKind: Int, CaseIterable {
  case percent
  case backslash
  case entity
  case quotedPrintable
  case joint

  var decoder: Decoder {
    switch self {
    case .percent: .percent
    case .backslash: .escape
    case .entity: .html
    case .quotedPrintable: .quotedPrintable
    case .joint: .concat
    }
  }

  init?(_ decoder: Decoder) {
    guard let kind = EscapeKind.allCases.first(where: { $0.decoder == decoder }) else { return nil }
    self = kind
  }

  /// Whether a unit may stand for a line break that the text does not have, so that a stretch goes on beyond its line.
  var crossesLines: Bool { self == .quotedPrintable || self == .joint }
}

/// What stands at one place in the encoded text.
struct EscapeUnit {
  /// How many bytes it takes.
  var width: Int
  /// The character; nil where it stands for nothing.
  var scalar: UInt32?
  /// Whether `scalar` is a byte and not a character.
  var isByte = false
}

extension EscapeKind {
  /// The unit at a place; nil where the byte stands for itself. It looks at no byte before the place, so that a stretch
  /// which begins with a unit is read alike wherever it stands.
  func unit(at place: Int, in bytes: Span<UInt8>) -> EscapeUnit? {
    switch self {
    case .percent: bytes[place] == 0x25 ? EscapeKind.hexByte(at: place, 1, in: bytes) : nil
    case .backslash: bytes[place] == 0x5c ? EscapeKind.backslash(at: place, in: bytes) : nil
    case .entity: bytes[place] == 0x26 ? EscapeKind.entity(at: place, in: bytes) : nil
    case .quotedPrintable: bytes[place] == 0x3d ? EscapeKind.quoted(at: place, in: bytes) : nil
    case .joint: EscapeKind.joint(at: place, in: bytes).map { EscapeUnit(width: $0, scalar: nil) }
    }
  }

  /// Whether a unit may begin with this byte.
  @inline(__always)
  private func begins(_ byte: UInt8) -> Bool {
    switch self {
    case .percent: byte == 0x25
    case .backslash: byte == 0x5c
    case .entity: byte == 0x26
    case .quotedPrintable: byte == 0x3d
    case .joint: byte == 0x22 || byte == 0x27 || byte == 0x60 || byte == 0x5c
    }
  }

  /// Appends what the bytes in a range mean.
  func decode(_ range: Range<Int>, in bytes: Span<UInt8>, into text: inout DecodedText) {
    let limited = bytes.extracting(0..<range.upperBound)
    var at = range.lowerBound
    while at < range.upperBound {
      var plain = at
      while plain < range.upperBound, !begins(limited[plain]) { plain += 1 }
      if plain > at {
        text.append(limited, at..<plain)
        at = plain
        continue
      }
      guard let unit = unit(at: at, in: limited) else {
        text.append(bytes[at], origin: at, width: 1)
        at += 1
        continue
      }
      if let scalar = unit.scalar {
        if unit.isByte {
          text.append(UInt8(truncatingIfNeeded: scalar), origin: at, width: unit.width)
        } else {
          text.append(scalar: scalar, origin: at, width: unit.width)
        }
      }
      at += unit.width
    }
  }

  /// Two hex digits behind `lead` bytes.
  private static func hexByte(at place: Int, _ lead: Int, in bytes: Span<UInt8>) -> EscapeUnit? {
    number(at: place + lead, digits: 2, in: bytes).map { EscapeUnit(width: lead + 2, scalar: $0, isByte: true) }
  }

  private static func number(at place: Int, digits: Int, in bytes: Span<UInt8>) -> UInt32? {
    guard digits <= bytes.count - place else { return nil }
    var value: UInt32 = 0
    for at in place..<place + digits {
      guard let digit = Octet.hex(bytes[at]) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  // MARK: Backslashes

  private static func backslash(at place: Int, in bytes: Span<UInt8>) -> EscapeUnit? {
    guard place + 1 < bytes.count else { return nil }
    switch bytes[place + 1] {
    case 0x75:
      if place + 2 < bytes.count, bytes[place + 2] == 0x7b { return braced(at: place, in: bytes) }
      return shortEscape(at: place, in: bytes)
    case 0x55: return number(at: place + 2, digits: 8, in: bytes).map { EscapeUnit(width: 10, scalar: $0) }
    case 0x78: return hexByte(at: place, 2, in: bytes)
    case 0x6e: return EscapeUnit(width: 2, scalar: 0x0a)
    case 0x72: return EscapeUnit(width: 2, scalar: 0x0d)
    case 0x74: return EscapeUnit(width: 2, scalar: 0x09)
    case 0x22, 0x27, 0x2f, 0x5c: return EscapeUnit(width: 2, scalar: UInt32(bytes[place + 1]))
    case 0x30...0x33:
      guard place + 3 < bytes.count, (0x30...0x37).contains(bytes[place + 2]), (0x30...0x37).contains(bytes[place + 3])
      else { return nil }
      let value = (1...3).reduce(UInt32(0)) { $0 << 3 | UInt32(bytes[place + $1] & 7) }
      return EscapeUnit(width: 4, scalar: value, isByte: true)
    default: return nil
    }
  }

  /// `\u0041`; two of them for a character beyond U+FFFF.
  private static func shortEscape(at place: Int, in bytes: Span<UInt8>) -> EscapeUnit? {
    guard let high = number(at: place + 2, digits: 4, in: bytes) else { return nil }
    if high & 0xfc00 == 0xd800, place + 8 < bytes.count, bytes[place + 6] == 0x5c, bytes[place + 7] == 0x75,
      let low = number(at: place + 8, digits: 4, in: bytes), low & 0xfc00 == 0xdc00
    {
      return EscapeUnit(width: 12, scalar: 0x10000 + (high & 0x3ff) << 10 + (low & 0x3ff))
    }
    return EscapeUnit(width: 6, scalar: high)
  }

  /// `\u{41}`.
  private static func braced(at place: Int, in bytes: Span<UInt8>) -> EscapeUnit? {
    var value: UInt32 = 0
    var at = place + 3
    while at < bytes.count, at < place + 9, let digit = Octet.hex(bytes[at]) {
      value = value << 4 | UInt32(digit)
      at += 1
    }
    guard at > place + 3, at < bytes.count, bytes[at] == 0x7d else { return nil }
    return EscapeUnit(width: at + 1 - place, scalar: value)
  }

  // MARK: Entities

  /// The longest entity that is read, in bytes.
  private static let longestEntity = 12

  private static func entity(at place: Int, in bytes: Span<UInt8>) -> EscapeUnit? {
    var end = place + 1
    while end < bytes.count, end < place + longestEntity, bytes[end] != 0x3b { end += 1 }
    guard end < bytes.count, bytes[end] == 0x3b, end > place + 1 else { return nil }
    let width = end + 1 - place
    guard bytes[place + 1] == 0x23 else {
      let name = bytes.extracting(place + 1..<end)
      return names.first { entry in
        entry.name.count == name.count && entry.name.indices.allSatisfy { entry.name[$0] == name[$0] }
      }.map { EscapeUnit(width: width, scalar: $0.scalar) }
    }
    let isHex = bytes[place + 2] | 0x20 == 0x78
    let digits = place + (isHex ? 3 : 2)..<max(end, place + (isHex ? 3 : 2))
    guard !digits.isEmpty, digits.count <= 7 else { return nil }
    var value: UInt32 = 0
    for at in digits {
      guard let digit = Octet.hex(bytes[at]), isHex || digit < 10 else { return nil }
      value = value * (isHex ? 16 : 10) + UInt32(digit)
    }
    return EscapeUnit(width: width, scalar: value)
  }

  private static let names: [(name: [UInt8], scalar: UInt32)] = [
    ("amp", 0x26), ("lt", 0x3c), ("gt", 0x3e), ("quot", 0x22), ("apos", 0x27), ("nbsp", 0xa0), ("sol", 0x2f),
    ("plus", 0x2b), ("equals", 0x3d), ("lowbar", 0x5f), ("hyphen", 0x2d), ("dash", 0x2010), ("period", 0x2e),
    ("colon", 0x3a), ("semi", 0x3b), ("comma", 0x2c), ("commat", 0x40), ("dollar", 0x24), ("num", 0x23),
    ("percnt", 0x25), ("excl", 0x21), ("ast", 0x2a), ("lpar", 0x28), ("rpar", 0x29), ("bsol", 0x5c), ("lsqb", 0x5b),
    ("rsqb", 0x5d), ("lcub", 0x7b), ("rcub", 0x7d), ("verbar", 0x7c), ("quest", 0x3f), ("Tab", 0x09), ("NewLine", 0x0a),
  ].map { (Array($0.0.utf8), $0.1) }

  // MARK: Quoted-printable

  private static func quoted(at place: Int, in bytes: Span<UInt8>) -> EscapeUnit? {
    guard place + 1 < bytes.count else { return nil }
    if bytes[place + 1] == 0x0a { return EscapeUnit(width: 2, scalar: nil) }
    if bytes[place + 1] == 0x0d, place + 2 < bytes.count, bytes[place + 2] == 0x0a {
      return EscapeUnit(width: 3, scalar: nil)
    }
    return hexByte(at: place, 1, in: bytes)
  }
}
