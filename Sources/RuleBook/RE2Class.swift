// A set of characters as RE2 means it, written out for a matcher that knows bytes only.

/// Characters by their code points, as sorted ranges that neither touch nor overlap.
struct RE2Class: Equatable {
  private(set) var ranges: [ClosedRange<UInt32>] = []

  static let last: UInt32 = 0x10ffff
  private static let firstBeyondASCII: UInt32 = 0x80

  /// One character beyond ASCII, whatever its length. Bytes that are no UTF-8 count as one with those that go on behind
  /// them, so that a count of characters is right in all text that is text.
  private static let anyBeyondASCII = #"[\x80-\xff][\x80-\xbf]{0,3}"#

  init(_ ranges: [ClosedRange<UInt32>] = []) {
    for range in ranges { insert(range) }
  }

  init(ascii text: String) {
    for scalar in text.unicodeScalars { insert(scalar.value...scalar.value) }
  }

  mutating func insert(_ range: ClosedRange<UInt32>) {
    var low = range.lowerBound
    var high = range.upperBound
    var rest: [ClosedRange<UInt32>] = []
    for other in ranges {
      // Ranges that touch become one.
      if other.upperBound < low && low - other.upperBound > 1 || other.lowerBound > high && other.lowerBound - high > 1
      {
        rest.append(other)
      } else {
        low = min(low, other.lowerBound)
        high = max(high, other.upperBound)
      }
    }
    rest.append(low...high)
    ranges = rest.sorted { $0.lowerBound < $1.lowerBound }
  }

  mutating func insert(_ other: RE2Class) {
    for range in other.ranges { insert(range) }
  }

  /// Every other character.
  var inverted: RE2Class {
    var result = RE2Class()
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { result.insert(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= RE2Class.last { result.insert(next...RE2Class.last) }
    return result
  }

  /// With both cases of every ASCII letter that is in it.
  var ignoringCase: RE2Class {
    var result = self
    for letter in UInt32(0x41)...0x5a {
      let small = letter + 0x20
      if contains(letter) { result.insert(small...small) }
      if contains(small) { result.insert(letter...letter) }
    }
    return result
  }

  /// Whether it holds some, but not all, of what lies beyond ASCII.
  var isPartBeyondASCII: Bool {
    let beyond = ranges.filter { $0.upperBound >= RE2Class.firstBeyondASCII }
    return !beyond.isEmpty && !(beyond.count == 1 && isAllBeyondASCII)
  }

  private var isAllBeyondASCII: Bool {
    ranges.last.map { $0.lowerBound <= RE2Class.firstBeyondASCII && $0.upperBound == RE2Class.last } ?? false
  }

  func contains(_ value: UInt32) -> Bool { ranges.contains { $0.contains(value) } }

  /// The same as PCRE2 reads it over raw bytes: one item, to which a quantifier can be put.
  var pattern: String {
    var ascii = ""
    for range in ranges where range.lowerBound < RE2Class.firstBeyondASCII {
      ascii += RE2Class.byteRange(range.lowerBound, min(range.upperBound, 0x7f))
    }
    var alternatives = ascii.isEmpty ? [] : ["[\(ascii)]"]
    if isAllBeyondASCII {
      alternatives.append(RE2Class.anyBeyondASCII)
    } else {
      for range in ranges where range.upperBound >= RE2Class.firstBeyondASCII {
        alternatives += RE2Class.sequences(max(range.lowerBound, RE2Class.firstBeyondASCII), range.upperBound)
      }
    }
    switch alternatives.count {
    case 0: return "(?!)"
    case 1 where !ascii.isEmpty: return alternatives[0]
    // Atomic, because a character can't be taken apart again.
    default: return "(?>\(alternatives.joined(separator: "|")))"
    }
  }

  private static func byteRange(_ low: UInt32, _ high: UInt32) -> String {
    low == high ? byte(low) : "\(byte(low))-\(byte(high))"
  }

  /// A byte as it stands in a pattern or in a class: itself only where it can mean nothing else.
  static func byte(_ value: UInt32) -> String {
    switch value {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a:
      return Unicode.Scalar(value).map { String(Character($0)) } ?? ""
    default:
      let digits = String(value, radix: 16)
      return "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
    }
  }

  /// The UTF-8 of a character beyond ASCII.
  static func bytes(_ value: UInt32) -> [UInt32] {
    switch value {
    case 0..<0x80: [value]
    case 0..<0x800: [0xc0 | value >> 6, 0x80 | value & 0x3f]
    case 0..<0x10000: [0xe0 | value >> 12, 0x80 | value >> 6 & 0x3f, 0x80 | value & 0x3f]
    default: [0xf0 | value >> 18, 0x80 | value >> 12 & 0x3f, 0x80 | value >> 6 & 0x3f, 0x80 | value & 0x3f]
    }
  }

  /// Patterns of bytes that together are exactly the UTF-8 of a range: it is split until in each part every byte runs
  /// over a range of its own.
  private static func sequences(_ low: UInt32, _ high: UInt32) -> [String] {
    guard low <= high else { return [] }
    for boundary in [UInt32(0x7ff), 0xffff] where low <= boundary && high > boundary {
      return sequences(low, boundary) + sequences(boundary + 1, high)
    }
    for shift in stride(from: UInt32(6), through: 18, by: 6) where shift / 6 < UInt32(bytes(low).count) {
      let mask = (UInt32(1) << shift) - 1
      if low & ~mask == high & ~mask { continue }
      if low & mask != 0 { return sequences(low, low | mask) + sequences((low | mask) + 1, high) }
      if high & mask != mask { return sequences(low, (high & ~mask) - 1) + sequences(high & ~mask, high) }
    }
    let text = zip(bytes(low), bytes(high)).map { first, last in
      first == last ? byte(first) : "[\(byteRange(first, last))]"
    }
    return [text.joined()]
  }
}

extension RE2Class {
  static let digit = RE2Class([0x30...0x39])
  static let word = RE2Class([0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
  /// Without the vertical tab, unlike PCRE2's.
  static let space = RE2Class([0x09...0x0a, 0x0c...0x0d, 0x20...0x20])
  static let any = RE2Class([0...last])
  static let anyButLineFeed = RE2Class([0...0x09, 0x0b...last])

  /// The class of `\d`, `\S` and the like.
  static func perl(_ letter: UInt32) -> RE2Class? {
    switch letter {
    case 0x64: digit
    case 0x44: digit.inverted
    case 0x77: word
    case 0x57: word.inverted
    case 0x73: space
    case 0x53: space.inverted
    default: nil
    }
  }

  /// The class that `[:name:]` stands for.
  static func posix(_ name: String) -> RE2Class? {
    switch name {
    case "alnum": RE2Class([0x30...0x39, 0x41...0x5a, 0x61...0x7a])
    case "alpha": RE2Class([0x41...0x5a, 0x61...0x7a])
    case "ascii": RE2Class([0...0x7f])
    case "blank": RE2Class([0x09...0x09, 0x20...0x20])
    case "cntrl": RE2Class([0...0x1f, 0x7f...0x7f])
    case "digit": digit
    case "graph": RE2Class([0x21...0x7e])
    case "lower": RE2Class([0x61...0x7a])
    case "print": RE2Class([0x20...0x7e])
    case "punct": RE2Class([0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e])
    case "space": RE2Class([0x09...0x0d, 0x20...0x20])
    case "upper": RE2Class([0x41...0x5a])
    case "word": word
    case "xdigit": RE2Class([0x30...0x39, 0x41...0x46, 0x61...0x66])
    default: nil
    }
  }

  /// The ASCII part of a Unicode category or script; nil for those that have none, or are not known.
  static func asciiProperty(_ name: String) -> RE2Class? {
    switch name {
    case "L", "Latin": RE2Class([0x41...0x5a, 0x61...0x7a])
    case "Lu": RE2Class([0x41...0x5a])
    case "Ll": RE2Class([0x61...0x7a])
    case "N", "Nd": digit
    case "P": RE2Class(ascii: "!\"#%&'()*,-./:;?@[\\]_{}")
    case "S": RE2Class(ascii: "$+<=>^`|~")
    case "Z", "Zs": RE2Class([0x20...0x20])
    case "C", "Cc": RE2Class([0...0x1f, 0x7f...0x7f])
    default: nil
    }
  }
}
