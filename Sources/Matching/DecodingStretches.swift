// Finds the stretches of a buffer that are worth reading as one of the escape encodings: round every unit beside which
// something stands that may be part of a key. Ordinary text is passed over two bytes at a time.

internal import Model

/// A stretch to decode.
struct EscapeStretch {
  var kind: EscapeKind
  var range: Range<Int>
  /// Where the chain of stretches begins that overlap this one and each other.
  var chainStart: Int
}

/// Finds stretches.
struct EscapeStretches {
  /// What may change a stretch lies at most so many bytes before its chain, and behind it.
  static let margin = 336
  /// A unit of a stretch that bytes may change lies at most so many bytes from them.
  static let unitMargin = margin + reachBehind + 128
  /// Between two units that are further apart than this, stretches end: their windows and the units themselves fit in.
  static let quietBytes = 512
  /// How far a window reaches before its unit, and behind it, within the unit's line.
  private static let reachBefore = 128
  private static let reachBehind = 192
  /// A longer stretch is read in parts.
  static let maximumBytes = 1 << 16
  /// The longest token that is measured beside a unit.
  private static let tokenBytes = 16
  /// The shortest one that makes a unit worthwhile.
  private static let minimumToken = 8
  /// The shortest that makes it so with a part on either side.
  private static let minimumParts = 10

  private struct Pending {
    var lower = 0
    var upper = -1
    var chainStart = 0
  }
  private var pending = [Pending](repeating: Pending(), count: EscapeKind.allCases.count)

  /// Calls `found` with the stretches round every unit in `bytes` from `start` on; those that begin before `end` are
  /// followed to their own end.
  static func forEach(
    in bytes: Span<UInt8>, from start: Int, to end: Int, _ found: (EscapeStretch) -> Void
  ) {
    var stretches = EscapeStretches()
    var limit = end
    PairTable.shared.forEachPair(in: bytes, from: start) { place, kinds in
      if place >= limit {
        limit = max(end, stretches.reach)
        if place >= limit { return false }
      }
      for kind in EscapeKind.allCases where kinds & 1 << UInt8(kind.rawValue) != 0 {
        guard let unit = kind.unit(at: place, in: bytes), isWorthwhile(kind, place, unit, bytes) else { continue }
        stretches.add(kind, place..<place + unit.width, bytes, found)
      }
      return true
    }
    for kind in EscapeKind.allCases { stretches.close(kind, found) }
  }

  /// Whether a stretch begins in the range.
  static func isQuiet(_ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
    var isQuiet = true
    forEach(in: bytes, from: range.lowerBound, to: range.upperBound) { _ in isQuiet = false }
    return isQuiet
  }

  /// Up to where a unit would still be joined to a stretch that is open.
  private var reach: Int { pending.reduce(0) { max($0, $1.upper) } + EscapeStretches.reachBehind }

  private mutating func add(
    _ kind: EscapeKind, _ unit: Range<Int>, _ bytes: Span<UInt8>, _ found: (EscapeStretch) -> Void
  ) {
    let window = EscapeStretches.window(kind, unit, bytes)
    let known = pending[kind.rawValue]
    guard known.upper >= window.lowerBound else {
      close(kind, found)
      pending[kind.rawValue] = Pending(
        lower: window.lowerBound, upper: window.upperBound, chainStart: window.lowerBound)
      return
    }
    pending[kind.rawValue].upper = max(known.upper, window.upperBound)
    if window.upperBound - known.lower > EscapeStretches.maximumBytes {
      found(EscapeStretch(kind: kind, range: known.lower..<window.upperBound, chainStart: known.chainStart))
      // The next part begins with the last window of this one, so that nothing is cut through unseen.
      pending[kind.rawValue].lower = max(known.lower + 1, window.lowerBound)
    }
  }

  private mutating func close(_ kind: EscapeKind, _ found: (EscapeStretch) -> Void) {
    let last = pending[kind.rawValue]
    pending[kind.rawValue] = Pending()
    if last.upper > last.lower {
      found(EscapeStretch(kind: kind, range: last.lower..<last.upper, chainStart: last.chainStart))
    }
  }

  /// What is read round a unit: enough for the name of a value before it and the value behind it.
  private static func window(_ kind: EscapeKind, _ unit: Range<Int>, _ bytes: Span<UInt8>) -> Range<Int> {
    if kind.crossesLines {
      return max(0, unit.lowerBound - reachBehind)..<min(bytes.count, unit.upperBound + reachBehind)
    }
    var lower = unit.lowerBound
    while lower > 0, unit.lowerBound - lower < reachBefore, bytes[lower - 1] != 0x0a { lower -= 1 }
    var upper = unit.upperBound
    while upper < bytes.count, upper - unit.upperBound < reachBehind, bytes[upper] != 0x0a { upper += 1 }
    return lower..<upper
  }

  // MARK: What is worth it

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
    return (60...76).contains(count)
  }

  private static func tokenBefore(_ place: Int, _ bytes: Span<UInt8>) -> Int {
    var count = 0
    while count < tokenBytes, count < place, Octet.isToken(bytes[place - count - 1]) { count += 1 }
    return count
  }

  private static func tokenBehind(_ place: Int, _ bytes: Span<UInt8>) -> Int {
    var count = 0
    while count < tokenBytes, place + count < bytes.count, Octet.isToken(bytes[place + count]) { count += 1 }
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

  /// Calls `found` with every place where a unit may begin, and the kinds' bits, until it returns false.
  func forEachPair(in bytes: Span<UInt8>, from start: Int, _ found: (_ place: Int, _ kinds: UInt8) -> Bool) {
    let end = bytes.count - 1
    guard start >= 0, start < end else { return }
    unsafe table.withUnsafeBufferPointer { table in
      unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let table = table.baseAddress, let base = bytes.baseAddress else { return }
        var at = start
        var current = unsafe table[Int(base[at])]
        while at &+ 4 <= end {
          let b = unsafe table[Int(base[at &+ 1])]
          let c = unsafe table[Int(base[at &+ 2])]
          let d = unsafe table[Int(base[at &+ 3])]
          let e = unsafe table[Int(base[at &+ 4])]
          let hits = (current & b &>> 8) | (b & c &>> 8) | (c & d &>> 8) | (d & e &>> 8)
          if hits & 0xff != 0 {
            let (first, second) = (UInt8(truncatingIfNeeded: current & b &>> 8), UInt8(truncatingIfNeeded: b & c &>> 8))
            let (third, fourth) = (UInt8(truncatingIfNeeded: c & d &>> 8), UInt8(truncatingIfNeeded: d & e &>> 8))
            if first != 0, !found(at, first) { return }
            if second != 0, !found(at + 1, second) { return }
            if third != 0, !found(at + 2, third) { return }
            if fourth != 0, !found(at + 3, fourth) { return }
          }
          current = e
          at &+= 4
        }
        while at < end {
          let next = unsafe table[Int(base[at &+ 1])]
          let kinds = UInt8(truncatingIfNeeded: current & next >> 8)
          if kinds != 0, !found(at, kinds) { return }
          current = next
          at &+= 1
        }
      }
    }
  }
}
