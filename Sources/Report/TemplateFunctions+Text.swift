// The functions that make texts of texts.

internal import Formats
internal import Secrets

extension TemplateFunctions {
  /// A function of one text, which stands last.
  private static func text(_ body: @escaping @Sendable (String) -> String) -> Function {
    Function(counts: 1...1) { (values, _) throws(TemplateFault) in try bounded(body(text(values[0]))) }
  }

  /// A function of a text, which stands last, and another one.
  private static func text(_ body: @escaping @Sendable (String, String) -> TemplateValue) -> Function {
    Function(counts: 2...2) { (values, _) throws(TemplateFault) in body(text(values[0]), text(values[1])) }
  }

  /// A function of a number and a text.
  private static func text(_ body: @escaping @Sendable (Int, String) throws(TemplateFault) -> String) -> Function {
    Function(counts: 2...2) { (values, _) throws(TemplateFault) in
      try bounded(body(try integer(values[0]), text(values[1])))
    }
  }

  static let texts: [String: Function] = [
    "print": Function(counts: 0...1_000) { (values, _) throws(TemplateFault) in
      var result = ""
      for (number, value) in values.enumerated() {
        // Go puts a blank between two values neither of which is a text.
        if number > 0, !isText(value), !isText(values[number - 1]) { result += " " }
        result += value.printed()
      }
      return try bounded(result)
    },
    "println": Function(counts: 0...1_000) { (values, _) throws(TemplateFault) in
      try bounded(values.map { $0.printed() }.joined(separator: " ") + "\n")
    },
    "printf": Function(counts: 1...1_000) { (values, _) throws(TemplateFault) in
      try bounded(try TemplateFormat.format(try string(values[0]), Array(values.dropFirst())))
    },
    "quote": Function(counts: 0...1_000) { (values, _) throws(TemplateFault) in
      try bounded(values.filter { !isNull($0) }.map { TemplateFormat.quoted(text($0)) }.joined(separator: " "))
    },
    "squote": Function(counts: 0...1_000) { (values, _) throws(TemplateFault) in
      try bounded(values.filter { !isNull($0) }.map { "'\(text($0))'" }.joined(separator: " "))
    },
    "cat": Function(counts: 0...1_000) { (values, _) throws(TemplateFault) in
      try bounded(values.filter { !isNull($0) }.map { text($0) }.joined(separator: " "))
    },
    "toString": text { $0 }, "upper": text { $0.uppercased() }, "lower": text { $0.lowercased() },
    "title": text(titled), "untitle": text { changingWords($0) { $0.lowercased() } },
    "trim": text { trimmed($0) { $0.isWhitespace } }, "nospace": text { $0.filter { !$0.isWhitespace } },
    "trimAll": text { set, text in .text(trimmed(text) { set.contains($0) }) },
    "trimPrefix": text { prefix, text in .text(text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text) },
    "trimSuffix": text { suffix, text in .text(text.hasSuffix(suffix) ? String(text.dropLast(suffix.count)) : text) },
    "contains": text { part, text in .boolean(part.isEmpty || text.contains(part)) },
    "hasPrefix": text { prefix, text in .boolean(text.hasPrefix(prefix)) },
    "hasSuffix": text { suffix, text in .boolean(text.hasSuffix(suffix)) },
    "splitList": text { separator, text in .list(split(text, separator).map { .text($0) }) },
    "trunc": text { (count, text) in
      count >= 0 ? String(text.prefix(count)) : String(text.suffix(-Swift.max(count, -Int.max)))
    },
    "repeat": text { (count, text) throws(TemplateFault) in
      guard count >= 0, text.isEmpty || count <= TemplateLimits.maximumTextBytes / text.utf8.count else {
        throw TemplateFault("the text becomes too long")
      }
      return String(repeating: text, count: count)
    },
    "indent": text { (count, text) throws(TemplateFault) in try indented(text, count) },
    "nindent": text { (count, text) throws(TemplateFault) in "\n" + (try indented(text, count)) },
    "abbrev": text { (width, text) in
      width < 4 || text.count <= width ? text : text.prefix(width - 3) + "..."
    },
    "replace": Function(counts: 3...3) { (values, _) throws(TemplateFault) in
      let (old, new, whole) = (text(values[0]), text(values[1]), text(values[2]))
      guard !old.isEmpty else { throw TemplateFault("what is to be replaced is empty") }
      return try bounded(whole.replacing(old, with: new))
    },
    "substr": Function(counts: 3...3) { (values, _) throws(TemplateFault) in
      let (start, end, whole) = (try integer(values[0]), try integer(values[1]), text(values[2]))
      let bytes = Array(whole.utf8)
      let low = Swift.min(Swift.max(0, start), bytes.count)
      let high = end < 0 || end > bytes.count ? bytes.count : end
      return .text(low < high ? String(decoding: bytes[low..<high], as: UTF8.self) : "")
    },
    "plural": Function(counts: 3...3) { (values, _) throws(TemplateFault) in
      try integer(values[2]) == 1 ? values[0] : values[1]
    },
    "html": text(escapedForHTML), "urlquery": text(escapedForQuery), "js": text(escapedForScript),
  ]

  private static func isNull(_ value: TemplateValue) -> Bool { if case .null = value { true } else { false } }
  private static func isText(_ value: TemplateValue) -> Bool { if case .text = value { true } else { false } }

  private static func changingWords(_ text: String, _ change: (Character) -> String) -> String {
    var atStart = true
    var result = ""
    for character in text {
      result += atStart ? change(character) : String(character)
      atStart = !(character.isLetter || character.isNumber || character == "_" || character == "'")
    }
    return result
  }

  private static func titled(_ text: String) -> String { changingWords(text) { $0.uppercased() } }

  private static func trimmed(_ text: String, _ isUnwanted: (Character) -> Bool) -> String {
    let start = text.drop(while: isUnwanted)
    return String(start.reversed().drop(while: isUnwanted).reversed())
  }

  static func split(_ text: String, _ separator: String) -> [String] {
    if separator.isEmpty { return text.map { String($0) } }
    var parts: [String] = []
    var rest = text[...]
    while let found = rest.firstRange(of: separator) {
      parts.append(String(rest[..<found.lowerBound]))
      rest = rest[found.upperBound...]
    }
    return parts + [String(rest)]
  }

  private static func indented(_ text: String, _ count: Int) throws(TemplateFault) -> String {
    guard (0...1_000).contains(count) else { throw TemplateFault("the depth must be 0 to 1000") }
    let blanks = String(repeating: " ", count: count)
    return split(text, "\n").map { blanks + $0 }.joined(separator: "\n")
  }

  private static func escapedForHTML(_ text: String) -> String {
    let escapes: [UnicodeScalar: String] = [
      "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&#34;", "'": "&#39;", "\0": "\u{fffd}",
    ]
    return text.unicodeScalars.reduce(into: "") { $0 += escapes[$1] ?? String($1) }
  }

  private static func escapedForQuery(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: bytes.append(byte)
      case 0x20: bytes.append(0x2b)
      default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func escapedForScript(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "'": result += "\\'"
      case "\"": result += "\\\""
      case "<", ">", "&", "=": result += "\\u00" + String(scalar.value, radix: 16, uppercase: true)
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  // MARK: Encodings

  static let encodings: [String: Function] = [
    "toJson": Function(counts: 1...1) { (values, _) throws(TemplateFault) in try json(values[0], 0, escapes: true) },
    "toRawJson": Function(counts: 1...1) { (values, _) throws(TemplateFault) in try json(values[0], 0, escapes: false)
    },
    "toPrettyJson": Function(counts: 1...1) { (values, _) throws(TemplateFault) in try json(values[0], 2, escapes: true)
    },
    "mustToJson": Function(counts: 1...1) { (values, _) throws(TemplateFault) in try json(values[0], 0, escapes: true)
    },
    "mustToRawJson": Function(counts: 1...1) { (values, _) throws(TemplateFault) in
      try json(values[0], 0, escapes: false)
    },
    "mustToPrettyJson": Function(counts: 1...1) { (values, _) throws(TemplateFault) in
      try json(values[0], 2, escapes: true)
    },
    "sha256sum": text { Hex.encode(SHA256.hash(Array($0.utf8))) },
    "b64enc": text { base64(Array($0.utf8)) },
  ]

  private static func json(_ value: TemplateValue, _ indent: Int, escapes: Bool) throws(TemplateFault) -> TemplateValue
  {
    var writer = JSONWriter(indent: indent)
    value.write(to: &writer)
    var text = String(decoding: writer.bytes, as: UTF8.self)
    if escapes {
      // These three can stand only inside of texts.
      for (plain, escaped) in [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")] {
        text = text.replacing(plain, with: escaped)
      }
    }
    return try bounded(text)
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<Swift.min(start + 3, bytes.count)]
      let word = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
      for place in 0..<4 {
        result.append(place <= group.count ? alphabet[word >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
