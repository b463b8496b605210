// What a decoder makes of a stretch of bytes, and which stored bytes each decoded byte comes from.

/// Decoded bytes with their origins.
struct DecodedText {
  /// A stretch of units of one kind: each takes `width` bytes of the original and gives `yield` bytes.
  private struct Piece {
    var decoded: Int
    var origin: Int
    var width: Int
    var yield: Int
    /// Groups of base64, whose bytes do not end where characters do.
    var isGroup = false
  }

  private(set) var bytes: [UInt8] = []
  private var pieces: [Piece] = []

  /// Reserves room, so that growing does not copy.
  init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  var isEmpty: Bool { bytes.isEmpty }

  /// Appends one byte that stands for the `width` bytes from `origin` on.
  mutating func append(_ byte: UInt8, origin: Int, width: Int) {
    extend(origin: origin, width: width, yield: 1)
    bytes.append(byte)
  }

  /// Appends bytes that stand for themselves.
  mutating func append(_ source: Span<UInt8>, _ range: Range<Int>) {
    extend(origin: range.lowerBound, width: 1, yield: 1)
    unsafe source.extracting(range).withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
  }

  /// Appends a character that stands for the `width` bytes from `origin` on, in UTF-8. What is no character becomes U+FFFD.
  mutating func append(scalar: UInt32, origin: Int, width: Int) {
    if scalar < 0x80 { return append(UInt8(truncatingIfNeeded: scalar), origin: origin, width: width) }
    let encoded = UTF8.encode(Unicode.Scalar(scalar) ?? "\u{fffd}") ?? UTF8.encodedReplacementCharacter
    extend(origin: origin, width: width, yield: encoded.count)
    bytes.append(contentsOf: encoded)
  }

  /// Begins a stretch of base64 at a group's first character: what is appended with ``append(group:)`` comes from there.
  mutating func beginGroups(origin: Int) {
    pieces.append(Piece(decoded: bytes.count, origin: origin, width: 4, yield: 3, isGroup: true))
  }

  /// Appends up to three bytes of the next group.
  mutating func append(group: UInt32, count: Int) {
    bytes.append(UInt8(truncatingIfNeeded: group >> 16))
    if count > 1 { bytes.append(UInt8(truncatingIfNeeded: group >> 8)) }
    if count > 2 { bytes.append(UInt8(truncatingIfNeeded: group)) }
  }

  private mutating func extend(origin: Int, width: Int, yield: Int) {
    if let last = pieces.last, !last.isGroup, last.width == width, last.yield == yield,
      last.origin + (bytes.count - last.decoded) / yield * width == origin
    {
      return
    }
    pieces.append(Piece(decoded: bytes.count, origin: origin, width: width, yield: yield))
  }

  /// The bytes of the original that the decoded bytes in `range`, which must not be empty, come from.
  func origin(of range: Range<Int>) -> Range<Int> {
    let (start, end) = (place(range.lowerBound).lowerBound, place(range.upperBound - 1).upperBound)
    return start..<max(start, end)
  }

  /// The bytes that one decoded byte comes from. In base64 those characters that hold bits of it.
  private func place(_ index: Int) -> Range<Int> {
    let next = pieces.partitioningIndex { $0.decoded > index }
    guard next > 0 else { return 0..<0 }
    let piece = pieces[next - 1]
    let (unit, rest) = (index - piece.decoded).quotientAndRemainder(dividingBy: piece.yield)
    let start = piece.origin + unit * piece.width
    if piece.isGroup { return start + rest..<start + rest + 2 }
    return start..<start + piece.width
  }
}

/// Classes of bytes that the decoders tell apart.
enum Octet {
  /// Whether it is a character of a token: base64's alphabets, and what stands in keys and addresses.
  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    // `+`, `-` to `9`, `=`; `A` to `Z`, `_`, `a` to `z`, `~`.
    holds(byte, 0x23ff_e800_0000_0000, 0x47ff_fffe_87ff_fffe)
  }
  /// Whether it is printable ASCII, a blank or a line break.
  @inline(__always)
  static func isText(_ byte: UInt8) -> Bool { holds(byte, 0xffff_ffff_0000_2600, 0x7fff_ffff_ffff_ffff) }
  /// Whether it is a base64 digit of either alphabet.
  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { holds(byte, 0x03ff_a800_0000_0000, 0x07ff_fffe_87ff_fffe) }

  /// Whether one of two words, for the bytes below 64 and for those below 128, has the byte's bit.
  @inline(__always)
  private static func holds(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
    byte < 0x80 && (byte < 0x40 ? low : high) &>> UInt64(byte & 63) & 1 == 1
  }

  /// The value of a base64 digit of either alphabet; of another byte, anything.
  @inline(__always)
  static func digit(_ byte: UInt8) -> UInt32 {
    switch byte {
    case 0x61...: UInt32(byte &- 71)
    case 0x5f, 0x2f: 63
    case 0x41...: UInt32(byte &- 65)
    case 0x30...: UInt32(byte &+ 4)
    default: 62
    }
  }
  /// The value of a hex digit of either case; nil for other bytes.
  static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  /// The value of a base64 digit of either alphabet; above 63 for other bytes.
  static let base64: [UInt8] = {
    var table = [UInt8](repeating: 255, count: 256)
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    for (value, digit) in digits.enumerated() { table[Int(digit)] = UInt8(value) }
    table[0x2d] = 62
    table[0x5f] = 63
    return table
  }()

  /// The length of the longest stretch of text.
  static func longestText(_ bytes: Span<UInt8>) -> Int {
    var longest = 0
    var current = 0
    for index in bytes.indices {
      current = isText(bytes[index]) ? current + 1 : 0
      if current > longest { longest = current }
    }
    return longest
  }
}
