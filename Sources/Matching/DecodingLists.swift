// Text that a program writes as a list of numbers or characters: `{0x41, 0x42}`, `[65, 66]`, `{'A', 'B'}`.

internal import Model

/// A list of bytes, read.
enum ByteList {
  /// The shortest list that is looked at, and the longest, in elements.
  static let minimumCount = 12
  static let maximumCount = 4_096
  /// Of other lists the first elements tell: they are no text.
  private static let probe = 6

  /// What leads to a list: its opening, and what must stand behind it.
  static let literals: [(text: String, tail: [ByteSet])] = {
    let hex = ByteSet(Array("0123456789abcdefABCDEF".utf8))
    let digit = ByteSet(Array("0123456789".utf8))
    let element = ByteSet(Array("0123456789'".utf8))
    let any = ByteSet(0x20...0x7e)
    let quote = ByteSet([0x27])
    return ["{0x", "{ 0x", "[0x", "[ 0x"].map { ($0, [hex, hex, ByteSet(Array(", \n".utf8))]) }
      + ["= {'", "={'", "[]{'", "[] {'", "= ['", "=['"].map { ($0, [any, quote]) }
      // Without a call round them, decimal digits are followed from the second on.
      + ["= [", "= [ ", "=[", ": [", ": [ ", ":[", "= {", "= { ", "={"].map {
        ($0, [digit, digit, ByteSet(Array("0123456789, ".utf8))])
      }
      + ["bytes([", "bytearray([", "Array([", ".from([", "CharCode(", "pack('C*', "].map { ($0, [digit]) }
      + ["byte{", "byte {", "byte[]{", "byte[] {", "uint8{", "uint8 {", "char[]{", "char[] {"].map { ($0, [element]) }
  }()

  /// The text of the list whose elements begin near a place; nil where that is none.
  static func text(from start: Int, in bytes: Span<UInt8>) -> (text: DecodedText, end: Int)? {
    var text = DecodedText()
    var at = start
    while text.bytes.count < maximumCount {
      skipBlanks(&at, bytes)
      guard let (value, width) = element(at: at, in: bytes) else { break }
      if text.bytes.count < probe, !Octet.isText(value) { return nil }
      text.append(value, origin: at, width: width)
      at += width
      let end = at
      skipBlanks(&at, bytes)
      guard at < bytes.count, bytes[at] == 0x2c else {
        at = end
        break
      }
      at += 1
    }
    // A closing zero belongs to the array, not to the text.
    guard text.bytes.count >= minimumCount else { return nil }
    return (text, at)
  }

  /// What the elements in a range mean; nil where something else stands between them.
  static func decode(_ bytes: Span<UInt8>) -> [UInt8]? {
    var value: [UInt8] = []
    var at = 0
    while at < bytes.count {
      skipBlanks(&at, bytes)
      guard let (byte, width) = element(at: at, in: bytes) else { return nil }
      value.append(byte)
      at += width
      skipBlanks(&at, bytes)
      if at == bytes.count { break }
      guard bytes[at] == 0x2c else { return nil }
      at += 1
    }
    return value.isEmpty ? nil : value
  }

  private static func skipBlanks(_ at: inout Int, _ bytes: Span<UInt8>) {
    while at < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[at]) { at += 1 }
  }

  /// `0x41`, `65`, `'A'`.
  private static func element(at place: Int, in bytes: Span<UInt8>) -> (value: UInt8, width: Int)? {
    guard place < bytes.count else { return nil }
    func byte(_ offset: Int) -> UInt8 { place + offset < bytes.count ? bytes[place + offset] : 0 }
    if byte(0) == 0x27 {
      if byte(1) != 0x5c, byte(1) != 0x27, byte(2) == 0x27 { return (byte(1), 3) }
      if byte(1) == 0x5c, byte(2) == 0x78, byte(5) == 0x27, let high = Octet.hex(byte(3)), let low = Octet.hex(byte(4))
      {
        return (high << 4 | low, 6)
      }
      return byte(1) == 0x5c && byte(3) == 0x27 && [0x27, 0x5c, 0x22].contains(byte(2)) ? (byte(2), 4) : nil
    }
    if byte(0) == 0x30, byte(1) | 0x20 == 0x78 {
      guard let high = Octet.hex(byte(2)) else { return nil }
      guard let low = Octet.hex(byte(3)) else { return (high, 3) }
      return Octet.hex(byte(4)) == nil ? (high << 4 | low, 4) : nil
    }
    var (value, count) = (0, 0)
    while count < 4, Bytes.isDigit(byte(count)) {
      value = value * 10 + Int(byte(count) & 15)
      count += 1
    }
    return count > 0 && value < 256 && !Bytes.isWord(byte(count)) ? (UInt8(value), count) : nil
  }
}

extension ContentDetector {
  /// What is read before a list for the name that it is given, in bytes.
  private static let nameBytes = 96

  /// What the lists at these hits lead to, once they are written as one literal behind the name that they have.
  func readLists(_ hits: [LiteralHit], _ bytes: Span<UInt8>, _ matcher: Matcher, _ found: inout [Candidate]) {
    var done = 0
    for hit in hits where hit.offset >= done {
      // The hit is of the opening and of what must follow it.
      var start = hit.offset
      while start < hit.end, ![0x7b, 0x5b, 0x28, 0x2c].contains(bytes[start]) { start += 1 }
      // `[]` belongs to the type before the list.
      start += start + 1 < bytes.count && bytes[start + 1] == 0x5d ? 2 : 1
      while start < hit.end, [0x5b, 0x7b, 0x20].contains(bytes[start]) { start += 1 }
      guard start < bytes.count else { continue }
      guard let (list, end) = ByteList.text(from: start, in: bytes) else {
        readKey(start, hit.offset, bytes, &found)
        continue
      }
      done = end
      var head = hit.offset
      while head > 0, hit.offset - head < ContentDetector.nameBytes, bytes[head - 1] != 0x0a { head -= 1 }
      var name = (head..<hit.offset).map { bytes[$0] }
      // What stands between the operator and the list (`new`, a type, a call) is no part of the name.
      if let sign = name.lastIndex(where: { $0 == 0x3d || $0 == 0x3a }) { name.removeSubrange((sign + 1)...) }
      var value = list.bytes
      while value.last == 0 { value.removeLast() }
      let isAssigned = name.last == 0x3d || name.last == 0x3a
      let text = name + Array((isAssigned ? " \"" : " = \"").utf8)
      let shift = text.count
      var inner: [Candidate] = []
      _ = matcher.scan((text + value + [0x22, 0x0a]).span, into: &inner)
      for candidate in inner {
        let secret = candidate.secret.lowerBound - shift..<candidate.secret.upperBound - shift
        guard secret.lowerBound >= 0, secret.upperBound <= value.count, candidate.decoders.isEmpty,
          candidate.confidence >= .context
        else { continue }
        var outer = candidate
        outer.secret = list.origin(of: secret)
        outer.match = outer.secret
        outer.decoders = [.bytes]
        outer.decoded = Array(value[secret])
        if ByteList.decode(bytes.extracting(outer.secret)) == outer.decoded { found.append(outer) }
      }
    }
  }

  /// `static const uint8_t secret_key[16] = { 0xcf, 0x3c, … }`: a key that is no text, as it is written.
  private func readKey(_ start: Int, _ opening: Int, _ bytes: Span<UInt8>, _ found: inout [Candidate]) {
    guard let rule = rules[.key], let end = ByteList.key(from: start, in: bytes) else { return }
    var head = opening
    while head > 0, opening - head < ContentDetector.nameBytes, bytes[head - 1] != 0x0a { head -= 1 }
    var close = opening
    for at in head..<opening where bytes[at] == 0x3d || bytes[at] == 0x3a { close = at }
    while close > head, !Bytes.isAlphanumeric(bytes[close - 1]) || isCount(close, head, bytes) { close -= 1 }
    var begin = close
    while begin > head, Bytes.isWord(bytes[begin - 1]) { begin -= 1 }
    guard begin < close else { return }
    let roles = GenericRoles(begin..<close, of: bytes)
    // `key` alone is that of a table, or a test's vector.
    let isNamed = roles.last == .secret || roles.last == .key && close - begin > 5 || roles.last == .password
    guard isNamed, !roles.isPublic else { return }
    found.append(Candidate(rule: rule, secret: start..<end, match: start..<end, confidence: .context))
  }

  /// Whether the byte before a place belongs to the count in the brackets behind a name.
  private func isCount(_ place: Int, _ head: Int, _ bytes: Span<UInt8>) -> Bool {
    var at = place - 1
    while at > head, Bytes.isWord(bytes[at]) { at -= 1 }
    return bytes[at] == 0x5b
  }
}

extension ByteList {
  /// The lengths of keys, in bytes.
  private static let lengths: Set<Int> = [16, 20, 24, 32, 48, 64]

  /// The end of a list that may be a key: of a key's length, with nothing that counts up or repeats.
  static func key(from start: Int, in bytes: Span<UInt8>) -> Int? {
    var values: [UInt8] = []
    var (at, end) = (start, start)
    while values.count <= 64 {
      skipBlanks(&at, bytes)
      guard let (value, width) = element(at: at, in: bytes) else { break }
      values.append(value)
      at += width
      end = at
      skipBlanks(&at, bytes)
      guard at < bytes.count, bytes[at] == 0x2c else { break }
      at += 1
    }
    guard lengths.contains(values.count), Set(values).count * 3 >= values.count * 2 else { return nil }
    let steps = zip(values, values.dropFirst()).count { $1 == $0 &+ 1 || $0 == $1 &+ 1 }
    return steps * 3 < values.count ? end : nil
  }
}
