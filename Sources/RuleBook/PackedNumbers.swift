// Numbers and texts as printable characters, so that tables made at build time can lie in the program as one text, in
// place, and are read without a parser.

/// Writes numbers and bytes.
public struct PackedWriter: Sendable {
  /// What was written: characters from `0` to `o` for numbers, and texts as they are.
  public private(set) var bytes: [UInt8] = []

  /// Nothing yet.
  public init() {}

  /// Appends a number (not below 0; one below is written as 0): five bits a character, the lowest first, a sixth where
  /// more follow.
  public mutating func number(_ value: Int) {
    var rest = max(0, value)
    repeat {
      let digit = UInt8(rest & 31)
      rest >>= 5
      bytes.append(0x30 + (rest > 0 ? digit | 32 : digit))
    } while rest > 0
  }

  /// Appends numbers that are anything at all, as two halves.
  public mutating func word(_ value: UInt64) {
    number(Int(value & 0xffff_ffff))
    number(Int(value >> 32))
  }

  /// Appends bytes behind their count: as they are where all of them can be printed, else each as a number.
  public mutating func text(_ text: [UInt8]) {
    let isPlain = text.allSatisfy { (0x20...0x7e).contains($0) }
    number(text.count << 1 | (isPlain ? 1 : 0))
    if isPlain { bytes += text } else { for byte in text { number(Int(byte)) } }
  }

  /// Appends ASCII as it is; the reader has to know its length.
  public mutating func plain(_ text: String) { bytes += text.utf8 }
}

/// Reads what a ``PackedWriter`` wrote. Whatever is not there, or is no number, is 0 and makes the reader spoilt: whoever
/// reads asks once, at the end, and checks numbers that it uses as places.
public struct PackedReader: ~Escapable {
  @usableFromInline let bytes: Span<UInt8>
  @usableFromInline var at = 0
  /// Whether something was missing or malformed.
  public private(set) var isSpoilt = false

  /// A reader at the beginning of `bytes`.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  /// Whether everything was read.
  public var isAtEnd: Bool { at == bytes.count }

  /// The next number.
  @inlinable
  public mutating func number() -> Int {
    var value = 0
    var shift = 0
    while true {
      let digit = Int(byte()) - 0x30
      guard digit >= 0, digit < 64, shift < 60 else {
        spoil()
        return 0
      }
      value |= (digit & 31) << shift
      if digit < 32 { return value }
      shift += 5
    }
  }

  /// The next number if it is below `bound`; a larger one spoils the reader.
  @inlinable
  public mutating func number(below bound: Int) -> Int {
    let value = number()
    if value < bound { return value }
    spoil()
    return 0
  }

  /// The next 64 bits.
  public mutating func word() -> UInt64 {
    let low = UInt64(number(below: 1 << 32))
    return UInt64(number(below: 1 << 32)) << 32 | low
  }

  /// Appends the next bytes to `pool`, and says how many they are.
  public mutating func text(into pool: inout [UInt8]) -> Int {
    let head = number()
    let count = head >> 1
    guard count <= bytes.count - at else {
      spoil()
      return 0
    }
    guard head & 1 == 1 else {
      for _ in 0..<count { pool.append(UInt8(truncatingIfNeeded: number(below: 256))) }
      return count
    }
    for index in at..<at + count { pool.append(bytes[index]) }
    at += count
    return count
  }

  /// Whether the next characters are these, which are then passed over; others spoil the reader.
  public mutating func expect(_ text: String) {
    for byte in text.utf8 where self.byte() != byte { spoil() }
  }

  @usableFromInline
  mutating func spoil() { isSpoilt = true }

  @inlinable
  mutating func byte() -> UInt8 {
    guard at < bytes.count else {
      spoil()
      return 0
    }
    at += 1
    return bytes[at - 1]
  }
}
