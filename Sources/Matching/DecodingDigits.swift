// What can be said of runs of digits before they are decoded: where a search for them may begin, where one ends, and
// whether text may come of it. Nearly all that only looks encoded (names, paths, hashes) ends here, with nothing
// allocated.

internal import Model

extension DigitRuns {
  /// How far back a search's beginning is looked for, in bytes.
  private static let farthestStart = 1 << 14
  /// What is looked at of a line to tell whether it goes on with the one before: more than indent and digits of the longest.
  private static let lineHead = maximumIndent + wrappedLines.upperBound + 8
  /// Before the beginning of any buffer, whatever is added.
  private static let nowhere = -1 << 48

  /// A place at or before `place` that no run reaches over, and no block of lines that continue one, and the first byte
  /// that this depends on; nil if there is none near enough to be worth it.
  static func start(before place: Int, in bytes: Span<UInt8>) -> (place: Int, low: Int)? {
    var at = min(place, bytes.count)
    let lowest = max(0, at - farthestStart)
    while true {
      while at > 0, isDigit(bytes, at - 1) {
        at -= 1
        if at < lowest { return nil }
      }
      let floor = max(0, at - lineHead)
      var line = at
      while line > floor, bytes[line - 1] != 0x0a { line -= 1 }
      // Behind the head of its line, or in the first line.
      guard line > floor || line > 0 && bytes[line - 1] == 0x0a else { return (at, at == 0 ? -1 : floor - 1) }
      // The line before may be one that this line continues.
      let tail = tail(of: line - 1, notBefore: 0, in: bytes)
      guard isWrapped(tail) else { return (at, tail.lowerBound - 1) }
      at = tail.lowerBound
      if at < lowest { return nil }
    }
  }

  /// A place at or behind `place` such that no run that begins there or later depends on bytes before `place`.
  static func stop(behind place: Int, in bytes: Span<UInt8>) -> Int {
    var from = place
    let farthest = min(bytes.count, place + farthestStart)
    while from < farthest {
      let limit = min(bytes.count, from + 2 * lineHead)
      var line = from
      while line < limit, bytes[line] != 0x0a { line += 1 }
      guard line < limit else { return limit }
      let tail = tail(of: line, notBefore: from, in: bytes)
      if tail.lowerBound > from, !isWrapped(tail) { return line + 1 }
      from = line + 1
    }
    return bytes.count
  }

  /// The digits, as far as they matter, right before the end of a line.
  private static func tail(of end: Int, notBefore floor: Int, in bytes: Span<UInt8>) -> Range<Int> {
    let end = end > floor && bytes[end - 1] == 0x0d ? end - 1 : end
    var start = end
    while start > floor, end - start <= wrappedLines.upperBound, Octet.isDigit(bytes[start - 1]) { start -= 1 }
    return start..<end
  }

  /// Whether a line may follow that goes on with these digits.
  private static func isWrapped(_ line: Range<Int>) -> Bool { wrappedLines.contains(line.count) && line.count % 4 == 0 }

  /// A digit, or the half of a line break behind one.
  private static func isDigit(_ bytes: Span<UInt8>, _ at: Int) -> Bool {
    Octet.isDigit(bytes[at]) || bytes[at] == 0x0d && at > 0 && Octet.isDigit(bytes[at - 1])
  }

  /// Where a run ends, with the lines that continue it, and all bytes that it is a function of.
  static func extent(_ run: Range<Int>, in bytes: Span<UInt8>) -> (end: Int, depends: Range<Int>) {
    var read = run.upperBound + 1
    var last = run
    if isWrapped(run) {
      while last.count == run.count, let next = nextLine(last.upperBound, run.count, in: bytes, &read) { last = next }
    }
    return (last.upperBound, (start(before: run.lowerBound, in: bytes)?.low ?? nowhere)..<read)
  }

  /// Calls `found` with every stretch of hex in a run that is long enough.
  static func forEachHex(_ run: Range<Int>, in bytes: Span<UInt8>, _ found: (Range<Int>) -> Void) {
    guard run.count >= minimumHex else { return }
    var start = run.lowerBound
    var at = start
    while at < run.upperBound {
      // Where one byte is none, all before it are too few.
      if at == start, run.upperBound - at >= minimumHex {
        let probe = at + minimumHex - 1
        if Octet.hex(bytes[probe]) == nil {
          at = probe + 1
          start = at
          continue
        }
      }
      if Octet.hex(bytes[at]) == nil {
        if at - start >= minimumHex { found(start..<at) }
        start = at + 1
      }
      at += 1
    }
    if run.upperBound - start >= minimumHex { found(start..<run.upperBound) }
  }

  /// Whether a stretch of hex may decode to text.
  static func mayBeHex(_ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
    var streak = TextStreak()
    var at = range.lowerBound
    while at + 1 < range.upperBound {
      if streak.add((Octet.hex(bytes[at]) ?? 0) << 4 | (Octet.hex(bytes[at + 1]) ?? 0)) { return true }
      at += 2
    }
    return false
  }

  /// Whether a run on one line may decode to text: from its beginning, or from behind a separator.
  static func mayBeBase64(_ run: Range<Int>, in bytes: Span<UInt8>) -> Bool {
    var streak = TextStreak()
    let head = min(run.upperBound, run.lowerBound + 12)
    if hasText(run.lowerBound..<head, in: bytes, &streak) { return true }
    // Twelve bytes of text hold three whole groups side by side: every third one is looked at before all are.
    var at = run.lowerBound + 8
    while at + 4 <= run.upperBound {
      if isText(group(at, 4, in: bytes)) {
        if hasText(head..<run.upperBound, in: bytes, &streak) { return true }
        break
      }
      at += 12
    }
    return laterStart(run, in: bytes) != nil
  }

  private static func hasText(_ digits: Range<Int>, in bytes: Span<UInt8>, _ streak: inout TextStreak) -> Bool {
    var at = digits.lowerBound
    while at < digits.upperBound {
      let count = min(4, digits.upperBound - at)
      let group = group(at, count, in: bytes)
      if count > 1, streak.add(UInt8(truncatingIfNeeded: group >> 16)) { return true }
      if count > 2, streak.add(UInt8(truncatingIfNeeded: group >> 8)) { return true }
      if count > 3, streak.add(UInt8(truncatingIfNeeded: group)) { return true }
      at += 4
    }
    return false
  }

  /// Up to four digits as 24 bits.
  @inline(__always)
  private static func group(_ at: Int, _ count: Int, in bytes: Span<UInt8>) -> UInt32 {
    var group: UInt32 = 0
    for offset in 0..<4 { group = group << 6 | (offset < count ? Octet.digit(bytes[at + offset]) & 63 : 0) }
    return group
  }

  @inline(__always)
  private static func isText(_ group: UInt32) -> Bool {
    Octet.isText(UInt8(truncatingIfNeeded: group >> 16)) && Octet.isText(UInt8(truncatingIfNeeded: group >> 8))
      && Octet.isText(UInt8(truncatingIfNeeded: group))
  }

  /// Whether sixteen digits decode to twelve bytes of text.
  static func isText(sixteenFrom place: Int, in bytes: Span<UInt8>) -> Bool {
    isText(group(place, 4, in: bytes)) && isText(group(place + 4, 4, in: bytes))
      && isText(group(place + 8, 4, in: bytes)) && isText(group(place + 12, 4, in: bytes))
  }
}

/// Looks for a stretch of text in decoded bytes as they come, or for what may be the head of text in wider units.
private struct TextStreak {
  private var count = 0
  private var longest = 0
  private var first: UInt8 = 0

  /// Whether, with this byte, there is enough of it.
  @inline(__always)
  mutating func add(_ byte: UInt8) -> Bool {
    count += 1
    if count <= 8 {
      // A zero, or a mark of the order of bytes.
      if byte == 0 || count == 2 && first ^ byte == 1 && first & byte == 0xfe { return true }
      if count == 1 { first = byte }
    }
    longest = Octet.isText(byte) ? longest + 1 : 0
    return longest >= DigitRuns.minimumText
  }
}
