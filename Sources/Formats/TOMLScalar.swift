// TOML's numbers, booleans, dates and times.

extension TOMLParser {
  /// The value that stands here without quotes or brackets.
  mutating func scalar() throws(FormatError) -> Node {
    let start = at
    while at < bytes.count, isScalarByte(bytes[at]) { at += 1 }
    var end = at
    // A date and its time may be parted by a space.
    if end - start == 10, end + 1 < bytes.count, bytes[end] == 0x20, (0x30...0x39).contains(bytes[end + 1]),
      isDate(text(start..<end))
    {
      at += 1
      while at < bytes.count, isScalarByte(bytes[at]) { at += 1 }
      end = at
    }
    guard end > start else { throw source.error(at: start, "a value should begin here") }
    let word = text(start..<end)
    guard let content = TOMLParser.content(word) else {
      throw source.error(at: start, "\(word) is no value; text goes in quotes")
    }
    return Node(source: source, content: content, span: start..<end)
  }

  private func isScalarByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f, 0x2d, 0x2b, 0x2e, 0x3a: true
    default: false
    }
  }

  private func isDate(_ word: String) -> Bool {
    let bytes = Array(word.utf8)
    return bytes.count == 10 && bytes[4] == 0x2d && bytes[7] == 0x2d
  }

  private static func content(_ word: String) -> Node.Content? {
    switch word {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "inf", "+inf": return .float(.infinity)
    case "-inf": return .float(-.infinity)
    case "nan", "+nan", "-nan": return .float(.nan)
    default: break
    }
    if let value = integer(word) { return .integer(value) }
    if let value = float(word) { return .float(value) }
    return isDateTime(Array(word.utf8)) ? .dateTime : nil
  }

  private static func integer(_ word: String) -> Int? {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where word.hasPrefix(prefix) {
      return digits(word.dropFirst(2), radix: radix).flatMap { Int($0, radix: radix) }
    }
    let unsigned = word.hasPrefix("+") || word.hasPrefix("-") ? word.dropFirst() : word[...]
    guard let plain = digits(unsigned, radix: 10), plain.count == 1 || !plain.hasPrefix("0") else { return nil }
    return Int((word.hasPrefix("-") ? "-" : "") + plain)
  }

  private static func float(_ word: String) -> Double? {
    let unsigned = word.hasPrefix("+") || word.hasPrefix("-") ? word.dropFirst() : word[...]
    let halves = unsigned.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
    let parts = halves[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2 || parts.count == 2, let whole = digits(parts[0], radix: 10),
      whole.count == 1 || !whole.hasPrefix("0")
    else { return nil }
    var plain = whole
    if parts.count == 2 {
      guard let fraction = digits(parts[1], radix: 10) else { return nil }
      plain += "." + fraction
    }
    if halves.count == 2 {
      let signed = halves[1].hasPrefix("+") || halves[1].hasPrefix("-")
      guard let exponent = digits(signed ? halves[1].dropFirst() : halves[1], radix: 10) else { return nil }
      plain += "e" + (halves[1].hasPrefix("-") ? "-" : "") + exponent
    }
    return Double((word.hasPrefix("-") ? "-" : "") + plain)
  }

  /// The digits without their underscores, each of which must stand between two digits.
  private static func digits(_ text: Substring, radix: Int) -> String? {
    guard !text.isEmpty, !text.hasPrefix("_"), !text.hasSuffix("_"), !text.contains("__") else { return nil }
    let plain = text.filter { $0 != "_" }
    return plain.allSatisfy({ $0.isASCII && ($0.hexDigitValue ?? 99) < radix }) ? String(plain) : nil
  }

  private static func isDateTime(_ bytes: [UInt8]) -> Bool {
    func number(_ from: Int, _ count: Int) -> Int? {
      guard from + count <= bytes.count else { return nil }
      let part = bytes[from..<from + count]
      return part.allSatisfy { (0x30...0x39).contains($0) } ? Int(String(decoding: part, as: UTF8.self)) : nil
    }
    func isTime(_ from: Int) -> Int? {
      guard let hour = number(from, 2), hour < 24, from + 8 <= bytes.count, bytes[from + 2] == 0x3a,
        let minute = number(from + 3, 2), minute < 60, bytes[from + 5] == 0x3a, let second = number(from + 6, 2),
        second <= 60
      else { return nil }
      var end = from + 8
      if end < bytes.count, bytes[end] == 0x2e {
        end += 1
        let fraction = end
        while end < bytes.count, (0x30...0x39).contains(bytes[end]) { end += 1 }
        if end == fraction { return nil }
      }
      return end
    }
    if let end = isTime(0) { return end == bytes.count }
    guard number(0, 4) != nil, bytes.count >= 10, bytes[4] == 0x2d, let month = number(5, 2), (1...12).contains(month),
      bytes[7] == 0x2d, let day = number(8, 2), (1...31).contains(day)
    else { return false }
    if bytes.count == 10 { return true }
    guard [0x54, 0x74, 0x20].contains(bytes[10]), let end = isTime(11) else { return false }
    if end == bytes.count || bytes[end] | 0x20 == 0x7a && end + 1 == bytes.count { return true }
    guard bytes[end] == 0x2b || bytes[end] == 0x2d, bytes.count == end + 6, let hours = number(end + 1, 2), hours < 24,
      bytes[end + 3] == 0x3a, let minutes = number(end + 4, 2), minutes < 60
    else { return false }
    return true
  }
}
