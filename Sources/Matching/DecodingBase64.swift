// Base64 and hex: where their digits stand in a buffer, and what they decode to.

internal import Model

/// A stretch of a buffer that a decoder has read.
struct DecodedRun {
  var decoder: Decoder
  /// The stretch.
  var range: Range<Int>
  var text: DecodedText
  /// Whether the stretch was cut out of a longer one at its beginning, and at its end.
  var isCutAtStart = false
  var isCutAtEnd = false
}

/// Runs of digits.
enum DigitRuns {
  /// The shortest base64 that is looked at, in digits.
  static let minimumBase64 = 20
  /// The shortest hex that is looked at, in digits.
  static let minimumHex = 32
  /// What decoded bytes must hold to be worth a search: that many bytes of text in a row.
  static let minimumText = 12
  /// Lines of wrapped base64 have at least and at most that many digits.
  static let wrappedLines = 40...128
  /// Blanks before a line of wrapped base64.
  static let maximumIndent = 32

  /// Calls `found` with every maximal run of base64 digits, at least ``minimumBase64`` long, that begins before `end`;
  /// it returns where the search goes on. Returns where that was at last.
  static func forEach(
    in bytes: Span<UInt8>, from start: Int, to end: Int, _ found: (Range<Int>) -> Int
  ) -> Int {
    let lastStart = bytes.count - minimumBase64
    guard start >= 0 else { return start }
    return unsafe Octet.base64.withUnsafeBufferPointer { table in
      unsafe bytes.withUnsafeBufferPointer { buffer in
        guard let digits = table.baseAddress, table.count == 256, let base = buffer.baseAddress else { return start }
        var at = start
        while at < end, at <= lastStart {
          // In ordinary text one of a few bytes is none, mostly, and all before it is passed over. No branch tells which.
          let upper = at &+ minimumBase64
          let last = unsafe Int(digits[Int(base[upper &- 1])] &>> 7) &* minimumBase64
          let middle = unsafe Int(digits[Int(base[at &+ 13])] &>> 7) &* 14
          let first = unsafe Int(digits[Int(base[at &+ 6])] &>> 7) &* 7
          let skip = max(last, max(middle, first))
          if skip > 0 {
            at &+= skip
            continue
          }
          var probe = upper &- 1
          while probe >= at, unsafe digits[Int(base[probe])] < 64 { probe &-= 1 }
          if probe >= at {
            at = probe &+ 1
            continue
          }
          var stop = upper
          while stop < buffer.count, unsafe digits[Int(base[stop])] < 64 { stop &+= 1 }
          at = max(stop, found(at..<stop))
        }
        return at
      }
    }
  }

  /// Places behind separators that are tried as the beginning of base64.
  private static let maximumStarts = 8

  // MARK: Base64

  /// What a run of base64, with the lines that continue it, decodes to, and where it ends; nil if that is no text.
  static func base64(_ run: Range<Int>, in bytes: Span<UInt8>) -> (run: DecodedRun?, end: Int) {
    let lines = wrapped(run, in: bytes)
    let end = lines.last?.upperBound ?? run.upperBound
    var text = DecodedText(capacity: (end - run.lowerBound) / 4 * 3 + 3)
    for line in lines { decode(line, in: bytes, into: &text) }
    if isWorthwhile(text.bytes.span) {
      return (DecodedRun(decoder: .base64, range: run.lowerBound..<end, text: text), end)
    }
    guard lines.count == 1, let start = laterStart(run, in: bytes) else { return (nil, end) }
    text = DecodedText(capacity: run.count / 4 * 3 + 3)
    decode(start..<run.upperBound, in: bytes, into: &text)
    guard isWorthwhile(text.bytes.span) else { return (nil, end) }
    return (DecodedRun(decoder: .base64, range: run, text: text), end)
  }

  /// A run may have begun with something else (`path/…`): the first place behind a separator from where it is text.
  static func laterStart(_ run: Range<Int>, in bytes: Span<UInt8>) -> Int? {
    var tries = 0
    for place in run.lowerBound + 1..<run.upperBound - minimumBase64 + 1 {
      let separator = bytes[place - 1]
      guard separator == 0x2f || separator == 0x2d || separator == 0x5f || separator == 0x2b else { continue }
      if isText(sixteenFrom: place, in: bytes) { return place }
      tries += 1
      if tries == maximumStarts { return nil }
    }
    return nil
  }

  /// The run, and the lines behind it that go on with it.
  private static func wrapped(_ run: Range<Int>, in bytes: Span<UInt8>) -> [Range<Int>] {
    var lines = [run]
    var read = 0
    guard wrappedLines.contains(run.count), run.count % 4 == 0 else { return lines }
    while let last = lines.last, last.count == run.count,
      let next = nextLine(last.upperBound, run.count, in: bytes, &read)
    {
      lines.append(next)
    }
    return lines
  }

  /// The line of digits that goes on behind the line which ends at `end`; `read` is moved behind what was looked at.
  static func nextLine(_ end: Int, _ width: Int, in bytes: Span<UInt8>, _ read: inout Int) -> Range<Int>? {
    func byte(_ at: Int) -> UInt8 {
      read = max(read, at + 1)
      return at < bytes.count ? bytes[at] : 0x0a
    }
    var at = byte(end) == 0x0d ? end + 1 : end
    guard at < bytes.count, byte(at) == 0x0a else { return nil }
    at += 1
    let line = at
    while at < line + maximumIndent, byte(at) == 0x20 || byte(at) == 0x09 { at += 1 }
    let start = at
    while at < bytes.count, at <= start + width, Octet.isDigit(byte(at)) { at += 1 }
    guard at > start, at - start <= width else { return nil }
    var behind = at
    while behind < at + 2, byte(behind) == 0x3d { behind += 1 }
    // Words may follow a block; a line of it has nothing behind it but what closes it.
    guard [0x0a, 0x0d, 0x22, 0x27, 0x60, 0x3c, 0x29, 0x2c, 0x00].contains(byte(behind)) else { return nil }
    return start..<at
  }

  /// Appends what one line's digits decode to. A digit that is left over at the end tells nothing.
  static func decode(_ line: Range<Int>, in bytes: Span<UInt8>, into text: inout DecodedText) {
    text.beginGroups(origin: line.lowerBound)
    let digits = Octet.base64
    var at = line.lowerBound
    while at < line.upperBound {
      var group: UInt32 = 0
      let count = min(4, line.upperBound - at)
      for offset in 0..<4 {
        group = group << 6 | (offset < count ? UInt32(digits[Int(bytes[at + offset])]) & 63 : 0)
      }
      if count > 1 { text.append(group: group, count: count - 1) }
      at += 4
    }
  }

  // MARK: Hex

  /// What a stretch of hex digits decodes to, if that is text.
  static func hex(_ digits: Range<Int>, in bytes: Span<UInt8>, _ found: (DecodedRun) -> Void) {
    let range = digits.lowerBound..<digits.upperBound - digits.count % 2
    var text = DecodedText(capacity: range.count / 2)
    decodeHex(range, in: bytes, into: &text)
    if isWorthwhile(text.bytes.span) { found(DecodedRun(decoder: .hex, range: range, text: text)) }
  }

  static func decodeHex(_ range: Range<Int>, in bytes: Span<UInt8>, into text: inout DecodedText) {
    for at in stride(from: range.lowerBound, to: range.upperBound - 1, by: 2) {
      let byte = (Octet.hex(bytes[at]) ?? 0) << 4 | (Octet.hex(bytes[at + 1]) ?? 0)
      text.append(byte, origin: at, width: 2)
    }
  }

  /// Whether decoded bytes hold text, in bytes or in wider units. Nearly all that only looks encoded (names, paths, hashes)
  /// ends here.
  private static func isWorthwhile(_ bytes: Span<UInt8>) -> Bool {
    Octet.longestText(bytes) >= minimumText || WideText.form(of: bytes) != nil
  }
}
