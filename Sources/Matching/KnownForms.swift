// The ways in which a known value may be written.

internal import Model

/// A value, written in one way.
struct KnownForm: Hashable, Sendable {
  /// The bytes to look for.
  var bytes: [UInt8]
  /// Digits of base64 before and behind them that hold bits of the value, too.
  var lead = 0
  var tail = 0
  /// What leads back to the value, outermost first.
  var decoders: [Decoder] = []

  /// All forms of a value, each once, the plain one first.
  static func all(of value: [UInt8]) -> [KnownForm] {
    var forms = [KnownForm(bytes: value)]
    var seen: Set<[UInt8]> = [value]
    func add(_ form: KnownForm) {
      if form.bytes.count >= 6, seen.insert(form.bytes).inserted { forms.append(form) }
    }
    for form in base64(value, [.base64]) { add(form) }
    for digits in ["0123456789abcdef", "0123456789ABCDEF"] {
      add(KnownForm(bytes: hex(value, Array(digits.utf8)), decoders: [.hex]))
    }
    for text in percent(value) { add(KnownForm(bytes: text, decoders: [.percent])) }
    guard String(validating: value, as: UTF8.self) != nil else { return forms }
    for text in escaped(value) { add(KnownForm(bytes: text, decoders: [.escape])) }
    for text in entities(value) { add(KnownForm(bytes: text, decoders: [.html])) }
    for isBigEndian in [false, true] {
      let wide = wide(value, isBigEndian)
      add(KnownForm(bytes: wide, decoders: [.utf16]))
      if !isBigEndian { for form in base64(wide, [.base64, .utf16]) { add(form) } }
    }
    return forms
  }

  // MARK: Base64

  private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let urlSafe = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// What the value looks like in a longer text's base64, wherever in a group it begins: the digits that it alone decides.
  private static func base64(_ value: [UInt8], _ decoders: [Decoder]) -> [KnownForm] {
    var forms: [KnownForm] = []
    for alphabet in [standard, urlSafe] {
      for phase in 0..<3 {
        let padded = [UInt8](repeating: 0, count: phase) + value + [0, 0]
        var digits: [UInt8] = []
        for at in stride(from: 0, to: padded.count - 2, by: 3) {
          let group = UInt32(padded[at]) << 16 | UInt32(padded[at + 1]) << 8 | UInt32(padded[at + 2])
          for shift in [18, 12, 6, 0] as [UInt32] { digits.append(alphabet[Int(group >> shift & 63)]) }
        }
        let lead = phase == 0 ? 0 : 1
        let end = (phase + value.count) * 8
        // Digits that lie wholly within the value's bits.
        let whole = (phase * 8 + 5) / 6..<end / 6
        guard whole.upperBound <= digits.count, !whole.isEmpty else { continue }
        forms.append(
          KnownForm(bytes: Array(digits[whole]), lead: lead, tail: end % 6 == 0 ? 0 : 1, decoders: decoders))
      }
    }
    return forms
  }

  // MARK: The rest

  private static func hex(_ value: [UInt8], _ digits: [UInt8]) -> [UInt8] {
    value.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }

  private static func wide(_ value: [UInt8], _ isBigEndian: Bool) -> [UInt8] {
    String(decoding: value, as: UTF8.self).utf16.flatMap { unit in
      let (high, low) = (UInt8(unit >> 8), UInt8(truncatingIfNeeded: unit))
      return isBigEndian ? [high, low] : [low, high]
    }
  }

  /// As forms, paths and whole addresses are written: they differ in what may stand as it is.
  private static func percent(_ value: [UInt8]) -> [[UInt8]] {
    let plain = ["-._~", "-._~!*'()", "-._~!*'();,/?:@&=+$#", "-_.*", "-._~!$&'()*+,;=:@"].map { Set($0.utf8) }
    return plain.flatMap { plain in
      ["0123456789ABCDEF", "0123456789abcdef"].map { digits in
        value.flatMap { byte in
          isAlphanumeric(byte) || plain.contains(byte) ? [byte] : [0x25] + hex([byte], Array(digits.utf8))
        }
      }
    }
  }

  /// As JSON and most languages write a string.
  private static func escaped(_ value: [UInt8]) -> [[UInt8]] {
    let short: [UInt32: String] = [
      0x22: "\\\"", 0x5c: "\\\\", 0x0a: "\\n", 0x0d: "\\r", 0x09: "\\t", 0x2f: "\\/", 0x27: "\\'",
    ]
    func write(_ long: (UInt32) -> Bool, _ brief: (UInt32) -> Bool, _ isUpper: Bool) -> [UInt8] {
      String(decoding: value, as: UTF8.self).unicodeScalars.flatMap { scalar -> [UInt8] in
        if let text = short[scalar.value], brief(scalar.value) { return Array(text.utf8) }
        guard long(scalar.value) else { return Array(String(scalar).utf8) }
        return String(scalar).utf16.flatMap { unit -> [UInt8] in
          let digits = String(unit, radix: 16, uppercase: isUpper)
          return Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
        }
      }
    }
    let isBeyond: (UInt32) -> Bool = { $0 > 0x7e || $0 < 0x20 }
    // What web frameworks write in their own way so that JSON may stand in HTML.
    let isMarkup: (UInt32) -> Bool = { isBeyond($0) || [0x22, 0x26, 0x27, 0x2b, 0x3c, 0x3e, 0x60].contains($0) }
    let isUsual: (UInt32) -> Bool = { $0 != 0x2f && $0 != 0x27 }
    return [false, true].flatMap { isUpper in
      [
        write({ _ in false }, isUsual, isUpper), write(isBeyond, isUsual, isUpper),
        write(isBeyond, { $0 != 0x27 }, isUpper), write({ _ in false }, { $0 == 0x27 || $0 == 0x5c }, isUpper),
        write(isMarkup, { $0 == 0x5c || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }, isUpper),
        write({ isBeyond($0) || [0x26, 0x3c, 0x3e].contains($0) }, isUsual, isUpper),
        write({ isBeyond($0) || [0x26, 0x3c, 0x3d, 0x3e].contains($0) }, isUsual, isUpper),
      ]
    }
  }

  private static func entities(_ value: [UInt8]) -> [[UInt8]] {
    let tables: [[UInt8: String]] = [
      [0x26: "&amp;", 0x3c: "&lt;", 0x3e: "&gt;"],
      [0x26: "&amp;", 0x3c: "&lt;", 0x3e: "&gt;", 0x22: "&quot;"],
      [0x26: "&amp;", 0x3c: "&lt;", 0x3e: "&gt;", 0x22: "&quot;", 0x27: "&#39;"],
      [0x26: "&amp;", 0x3c: "&lt;", 0x3e: "&gt;", 0x22: "&quot;", 0x27: "&#x27;"],
      [0x26: "&amp;", 0x3c: "&lt;", 0x3e: "&gt;", 0x22: "&#34;", 0x27: "&#39;"],
      [0x26: "&amp;", 0x3c: "&lt;", 0x3e: "&gt;", 0x22: "&quot;", 0x27: "&apos;"],
    ]
    return tables.map { table in value.flatMap { table[$0].map { Array($0.utf8) } ?? [$0] } }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf)
  }
}
