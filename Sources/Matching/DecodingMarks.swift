// Where units of the escape encodings stand in a buffer that are worth reading: beside each of them stands something that
// may be part of a key. Ordinary text is passed over eight bytes at a time.
//
// A mark is a function of few bytes round its place, so that a buffer that is made of pieces of another one takes over
// those that a piece holds, and looks for others only round the pieces' ends.

internal import Model

/// A unit worth reading, and how far its stretch reaches.
struct EscapeMark: Sendable, Equatable {
  var place: Int
  var kind: UInt8
  var width: UInt8
  /// Bytes of the window before the unit, and behind it.
  var before: UInt8
  var behind: UInt8

  /// What is read round the unit.
  var window: Range<Int> { place - Int(before)..<place + Int(width) + Int(behind) }
}

enum EscapeMarks {
  /// How far a window reaches before its unit, and behind it, within the unit's line.
  private static let reachBefore = 128
  private static let reachBehind = 192
  /// What decides on a unit of one line, and on the units that follow it, reaches at most so far, in bytes.
  private static let unitBytes = 80
  /// Lines that quoted-printable breaks are nearly full.
  private static let fullLine = 60...76
  /// The longest token that is measured beside a unit.
  private static let tokenBytes = 16
  /// The shortest one that makes a unit worthwhile.
  private static let minimumToken = 8
  /// The shortest that makes it so with a part on either side.
  private static let minimumParts = 10

  /// How many marks are kept of a buffer of `count` bytes; what has more is read as a whole each time.
  static func limit(_ count: Int) -> Int { 4_096 + count / 16 }

  /// Appends the marks whose places lie in a range and are wanted, in their order.
  static func find(
    in bytes: Span<UInt8>, _ places: Range<Int>, into marks: inout [EscapeMark], where isWanted: (EscapeMark) -> Bool
  ) {
    PairTable.shared.forEachPair(in: bytes, places) { place, kinds in
      var bits = kinds
      while bits != 0 {
        let number = bits.trailingZeroBitCount
        bits &= bits &- 1
        guard let kind = EscapeKind(rawValue: number), mayBeWorthwhile(kind, place, bytes),
          let unit = kind.unit(at: place, in: bytes), isWorthwhile(kind, place, unit, bytes)
        else { continue }
        let mark = mark(kind, place, unit.width, bytes)
        if isWanted(mark) { marks.append(mark) }
      }
    }
  }

  /// The mark of a unit, with its window: enough for the name of a value before it and the value behind it.
  private static func mark(_ kind: EscapeKind, _ place: Int, _ width: Int, _ bytes: Span<UInt8>) -> EscapeMark {
    let end = place + width
    var (before, behind) = (min(reachBehind, place), min(reachBehind, bytes.count - end))
    if !kind.crossesLines {
      before = 0
      while before < reachBefore, before < place, bytes[place - before - 1] != 0x0a { before += 1 }
      behind = 0
      while behind < reachBehind, end + behind < bytes.count, bytes[end + behind] != 0x0a { behind += 1 }
    }
    return EscapeMark(
      place: place, kind: UInt8(truncatingIfNeeded: kind.rawValue), width: UInt8(clamping: width),
      before: UInt8(clamping: before), behind: UInt8(clamping: behind))
  }

  /// A mark of another buffer that stands at `place` here, with the window that it has here.
  static func moved(_ mark: EscapeMark, to place: Int, in bytes: Span<UInt8>) -> EscapeMark {
    EscapeKind(rawValue: Int(mark.kind)).map { self.mark($0, place, Int(mark.width), bytes) } ?? mark
  }

  // MARK: What a mark depends on

  /// The bytes that decide whether there is this mark at a place.
  static func depends(_ mark: EscapeMark, at place: Int) -> Range<Int> {
    switch EscapeKind(rawValue: Int(mark.kind)) {
    case .joint: place - tokenBytes - 1..<place + Int(mark.width) + tokenBytes + 1
    case .quotedPrintable: place - fullLine.upperBound - 8..<place + unitBytes
    default: place - tokenBytes - 1..<place + unitBytes
    }
  }

  /// The same, and those that decide on its window.
  static func dependsWhole(_ mark: EscapeMark, at place: Int) -> Range<Int> {
    let own = depends(mark, at: place)
    return min(
      own.lowerBound, place - Int(mark.before) - 1)..<max(
        own.upperBound, place + Int(mark.width) + Int(mark.behind) + 1)
  }

  /// The places of all marks that may depend on bytes of a range, or on what lies on either side of an empty one.
  static func places(dependingOn range: Range<Int>, in bytes: Span<UInt8>) -> Range<Int> {
    // The longest units are joints: quotes, blanks, an operator, a letter or two.
    var lower = max(0, min(range.lowerBound, bytes.count) - tokenBytes - 1)
    let least = max(0, lower - EscapeKind.longestJoint - 4)
    while lower > least, EscapeKind.isOfJoint(bytes[lower - 1]) { lower -= 1 }
    var upper = range.upperBound + tokenBytes + 1
    // A soft line break depends on all of its line.
    var line = range.upperBound
    let limit = min(bytes.count, line + fullLine.upperBound + 8)
    while line < limit, bytes[line] != 0x0a { line += 1 }
    if line < limit, line > 1, bytes[line - 1] == 0x3d || bytes[line - 1] == 0x0d && bytes[line - 2] == 0x3d {
      upper = max(upper, line)
    }
    return max(0, min(lower, range.lowerBound - unitBytes))..<min(upper, bytes.count)
  }

  // MARK: What is worth it

  /// The cheapest question first: most quotes and backslashes have no key on either side.
  @inline(__always)
  private static func mayBeWorthwhile(_ kind: EscapeKind, _ place: Int, _ bytes: Span<UInt8>) -> Bool {
    switch kind {
    case .joint: return place >= 4 && Octet.isToken(bytes[place - 1]) && Octet.isToken(bytes[place - 2])
    case .backslash:
      // A line feed, a tab: a token must follow at once.
      guard place + 1 < bytes.count, bytes[place + 1] & 0xe0 == 0x60, bytes[place + 1] & 0xfd != 0x75,
        bytes[place + 1] != 0x78
      else { return true }
      return place + 1 + tokenBytes < bytes.count && Octet.isToken(bytes[place + 1 + tokenBytes])
    default: return true
    }
  }

  private static func isWorthwhile(
    _ kind: EscapeKind, _ place: Int, _ unit: EscapeUnit, _ bytes: Span<UInt8>
  ) -> Bool {
    let before = tokenBefore(place, bytes)
    let behind = tokenBehind(place + unit.width, bytes)
    switch kind {
    case .joint: return before >= 4 && behind >= 4 && before + behind >= tokenBytes
    case .quotedPrintable where unit.scalar == nil: return behind > 0 && before > 0 && isFullLine(place, bytes)
    case .backslash where unit.width == 2 && unit.scalar != 0x2f: return behind >= tokenBytes
    default:
      return before >= minimumToken || behind >= minimumToken || before + behind >= minimumParts
        || isChain(kind, place + unit.width, bytes)
    }
  }

  /// Whether three more units follow, nearly side by side: something is written in them altogether.
  private static func isChain(_ kind: EscapeKind, _ start: Int, _ bytes: Span<UInt8>) -> Bool {
    var at = start
    for _ in 0..<3 {
      let last = min(at + 2, bytes.count - 1)
      while at < last, kind.unit(at: at, in: bytes) == nil { at += 1 }
      guard at <= last, let unit = kind.unit(at: at, in: bytes) else { return false }
      at += unit.width
    }
    return true
  }

  /// Lines that quoted-printable breaks are nearly full.
  private static func isFullLine(_ place: Int, _ bytes: Span<UInt8>) -> Bool {
    var count = 0
    while count < 80, place - count > 0, bytes[place - count - 1] != 0x0a { count += 1 }
    return fullLine.contains(count)
  }

  private static func tokenBefore(_ place: Int, _ bytes: Span<UInt8>) -> Int {
    let most = min(tokenBytes, place)
    var count = 0
    while count < most, Octet.isToken(bytes[place &- count &- 1]) { count &+= 1 }
    return count
  }

  private static func tokenBehind(_ place: Int, _ bytes: Span<UInt8>) -> Int {
    let most = min(tokenBytes, bytes.count - place)
    var count = 0
    while count < most, Octet.isToken(bytes[place &+ count]) { count &+= 1 }
    return count
  }
}

/// Tells for two bytes side by side which encodings may have a unit there.
@safe struct PairTable: Sendable {
  static let shared = PairTable()

  /// Low byte: kinds whose units begin with this byte. High byte: kinds whose units go on with it.
  private var table = [UInt16](repeating: 0, count: 256)

  private init() {
    add(.percent, "%", "0123456789abcdefABCDEF")
    add(.backslash, "\\", "uUx/nrt0123")
    add(.entity, "&", "#abcdefghijklmnopqrstuvwxyzTN")
    add(.quotedPrintable, "=", "\n\r23")
    add(.joint, "\"'`\\", " \t\n\r+.&~|<")
  }

  private mutating func add(_ kind: EscapeKind, _ first: String, _ second: String) {
    let bit = UInt16(1) << UInt16(kind.rawValue)
    for byte in first.utf8 { table[Int(byte)] |= bit }
    for byte in second.utf8 { table[Int(byte)] |= bit << 8 }
  }

  /// Calls `found` with every place in a range where a unit may begin, and the kinds' bits.
  @inline(__always)
  func forEachPair(in bytes: Span<UInt8>, _ places: Range<Int>, _ found: (_ place: Int, _ kinds: UInt8) -> Void) {
    let end = min(places.upperBound, bytes.count - 1)
    guard places.lowerBound >= 0, places.lowerBound < end else { return }
    unsafe table.withUnsafeBufferPointer { table in
      unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let table = table.baseAddress, let base = bytes.baseAddress else { return }
        var at = places.lowerBound
        // Eight bytes at a time: most of them begin no unit of any kind, and of the rest few go on like one.
        let last = bytes.count &- 8
        while at < end, at <= last {
          let word = unsafe UInt64(littleEndian: UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self))
          var firsts = PairTable.firsts(word)
          while firsts != 0 {
            let place = at &+ firsts.trailingZeroBitCount &>> 3
            firsts &= firsts &- 1
            if place >= end { return }
            let pair = unsafe table[Int(base[place])] & table[Int(base[place &+ 1])] &>> 8
            if pair & 0xff != 0 { found(place, UInt8(truncatingIfNeeded: pair)) }
          }
          at &+= 8
        }
        while at < end {
          let pair = unsafe table[Int(base[at])] & table[Int(base[at &+ 1])] &>> 8
          if pair & 0xff != 0 { found(at, UInt8(truncatingIfNeeded: pair)) }
          at &+= 1
        }
      }
    }
  }

  /// The high bit of each of eight bytes that may begin a unit: `"` to `'`, `=`, `\\`, `` ` ``.
  @inline(__always)
  private static func firsts(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = word & (ones &* 0x7f)
    // Sums of two bytes below 128 do not run over into the next.
    let range = (low &+ ones &* (0x80 - 0x22)) & ~(low &+ ones &* (0x80 - 0x28))
    let others =
      ((low ^ ones &* 0x3d) &+ ones &* 0x7f) & ((low ^ ones &* 0x5c) &+ ones &* 0x7f)
      & ((low ^ ones &* 0x60) &+ ones &* 0x7f)
    return (range | ~others) & ~word & (ones &* 0x80)
  }
}
