// Cuts a template into texts and the words of its actions.

struct TemplateToken: Equatable {
  enum Kind: Equatable {
    /// What stands outside of actions.
    case text(String)
    /// `{{`
    case open
    /// `}}`
    case close
    /// A name: a keyword or a function.
    case name(String)
    /// `.Name`
    case field(String)
    /// `$` or `$name`
    case variable(String)
    case string(String)
    case integer(Int)
    case float(Double)
    /// One of `.` `|` `(` `)` `,` `:=` `=`
    case mark(String)
  }
  var kind: Kind
  /// In bytes, from the beginning of the template.
  var offset: Int
  /// Whether a blank stands before it: `.A.B` is one operand, `.A .B` are two.
  var afterBlank = false
}

struct TemplateScanner {
  private let bytes: [UInt8]
  private var at = 0
  private(set) var tokens: [TemplateToken] = []

  /// A place and what is wrong there.
  struct Mistake: Error {
    var offset: Int
    var reason: String
  }

  init(_ text: String) { bytes = Array(text.utf8) }

  /// All tokens.
  static func scan(_ text: String) throws(Mistake) -> [TemplateToken] {
    var scanner = TemplateScanner(text)
    while scanner.at < scanner.bytes.count { try scanner.text() }
    return scanner.tokens
  }

  private func starts(_ text: String, at place: Int) -> Bool {
    let wanted = Array(text.utf8)
    return place + wanted.count <= bytes.count && bytes[place..<place + wanted.count].elementsEqual(wanted)
  }

  private func isBlank(_ place: Int) -> Bool { place < bytes.count && [0x20, 0x09, 0x0a, 0x0d].contains(bytes[place]) }

  /// A text up to the next action, and that action.
  private mutating func text() throws(Mistake) {
    let start = at
    while at < bytes.count, !starts("{{", at: at) { at += 1 }
    var end = at
    let trims = starts("{{-", at: at) && isBlank(at + 3)
    if trims { while end > start, isBlank(end - 1) { end -= 1 } }
    add(start, end)
    guard at < bytes.count else { return }
    let open = at
    at += trims ? 3 : 2
    var probe = at
    while isBlank(probe) { probe += 1 }
    if starts("/*", at: probe) { return try comment(open, probe) }
    tokens.append(TemplateToken(kind: .open, offset: open))
    try action(open)
  }

  private mutating func add(_ start: Int, _ end: Int) {
    guard start < end else { return }
    tokens.append(TemplateToken(kind: .text(String(decoding: bytes[start..<end], as: UTF8.self)), offset: start))
  }

  private mutating func comment(_ open: Int, _ start: Int) throws(Mistake) {
    at = start + 2
    while at < bytes.count, !starts("*/", at: at) { at += 1 }
    guard at < bytes.count else { throw Mistake(offset: open, reason: "the comment is not closed") }
    at += 2
    let hadBlank = isBlank(at)
    while isBlank(at) { at += 1 }
    if hadBlank, starts("-}}", at: at) {
      at += 3
      while isBlank(at) { at += 1 }
    } else if starts("}}", at: at) {
      at += 2
    } else {
      throw Mistake(offset: at, reason: "after a comment the action must end")
    }
  }

  private mutating func action(_ open: Int) throws(Mistake) {
    var depth = 0
    while true {
      let before = at
      while isBlank(at) { at += 1 }
      let blank = at > before
      guard at < bytes.count else { throw Mistake(offset: open, reason: "the action is not closed with }}") }
      if blank, starts("-}}", at: at) {
        tokens.append(TemplateToken(kind: .close, offset: at))
        at += 3
        while isBlank(at) { at += 1 }
        break
      }
      if starts("}}", at: at) {
        tokens.append(TemplateToken(kind: .close, offset: at))
        at += 2
        break
      }
      let offset = at
      let kind = try word()
      if kind == .mark("(") { depth += 1 }
      if kind == .mark(")") { depth -= 1 }
      guard depth >= 0 else { throw Mistake(offset: offset, reason: "there is no ( for this )") }
      tokens.append(TemplateToken(kind: kind, offset: offset, afterBlank: blank))
    }
    if depth > 0 { throw Mistake(offset: open, reason: "a ( is not closed") }
  }

  private mutating func word() throws(Mistake) -> TemplateToken.Kind {
    let offset = at
    switch bytes[at] {
    case UInt8(ascii: "\""): return .string(try quoted())
    case UInt8(ascii: "`"):
      at += 1
      while at < bytes.count, bytes[at] != UInt8(ascii: "`") { at += 1 }
      guard at < bytes.count else { throw Mistake(offset: offset, reason: "the text is not closed with `") }
      at += 1
      return .string(String(decoding: bytes[offset + 1..<at - 1], as: UTF8.self))
    case UInt8(ascii: "'"): return try character()
    case UInt8(ascii: ":"):
      guard starts(":=", at: at) else { throw Mistake(offset: offset, reason: "':' must be ':='") }
      at += 2
      return .mark(":=")
    case UInt8(ascii: "|"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: "="):
      at += 1
      return .mark(String(UnicodeScalar(bytes[offset])))
    case UInt8(ascii: "."):
      at += 1
      let name = identifier()
      if name.isEmpty, at < bytes.count, (0x30...0x39).contains(bytes[at]) {
        at = offset
        return try number()
      }
      return name.isEmpty ? .mark(".") : .field(name)
    case UInt8(ascii: "$"):
      at += 1
      return .variable("$" + identifier())
    case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"): return try number()
    default:
      let name = identifier()
      guard !name.isEmpty else { throw Mistake(offset: offset, reason: "this character can't stand in an action") }
      return .name(name)
    }
  }

  private mutating func identifier() -> String {
    let start = at
    while at < bytes.count {
      let byte = bytes[at]
      let isLetter = (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f || byte >= 0x80
      guard isLetter || at > start && (0x30...0x39).contains(byte) else { break }
      at += 1
    }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  private mutating func number() throws(Mistake) -> TemplateToken.Kind {
    let start = at
    at += 1
    while at < bytes.count {
      let byte = bytes[at]
      let isSign = (byte == 0x2b || byte == 0x2d) && [0x65, 0x45].contains(bytes[at - 1]) && bytes[start] != 0x30
      let isWord = (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
      guard isWord || byte == 0x2e || byte == 0x5f || isSign else { break }
      at += 1
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self).replacing("_", with: "")
    let (sign, digits) =
      text.hasPrefix("-")
      ? ("-", String(text.dropFirst())) : ("", text.hasPrefix("+") ? String(text.dropFirst()) : text)
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0b", 2), ("0o", 8)] where digits.hasPrefix(prefix) {
      if let value = Int(sign + digits.dropFirst(2), radix: radix) { return .integer(value) }
    }
    if let value = Int(sign + digits) { return .integer(value) }
    if let value = Double(sign + digits), value.isFinite { return .float(value) }
    throw Mistake(offset: start, reason: "this is no number")
  }

  private mutating func character() throws(Mistake) -> TemplateToken.Kind {
    let offset = at
    at += 1
    var text = ""
    while at < bytes.count, bytes[at] != UInt8(ascii: "'"), bytes[at] != 0x0a {
      text.unicodeScalars.append(try scalar())
    }
    guard at < bytes.count, bytes[at] == UInt8(ascii: "'"), text.unicodeScalars.count == 1,
      let value = text.unicodeScalars.first?.value
    else { throw Mistake(offset: offset, reason: "one character must stand between ' and '") }
    at += 1
    return .integer(Int(value))
  }

  private mutating func quoted() throws(Mistake) -> String {
    let offset = at
    at += 1
    var text = ""
    while true {
      guard at < bytes.count, bytes[at] != 0x0a else {
        throw Mistake(offset: offset, reason: "the text is not closed with \"")
      }
      if bytes[at] == UInt8(ascii: "\"") { break }
      text.unicodeScalars.append(try scalar())
    }
    at += 1
    return text
  }

  /// One character of a quoted text, an escape resolved.
  private mutating func scalar() throws(Mistake) -> UnicodeScalar {
    let start = at
    guard bytes[at] == UInt8(ascii: "\\") else {
      at += 1
      while at < bytes.count, bytes[at] & 0xc0 == 0x80 { at += 1 }
      return String(decoding: bytes[start..<at], as: UTF8.self).unicodeScalars.first ?? "\u{fffd}"
    }
    guard at + 1 < bytes.count else { throw Mistake(offset: start, reason: "the escape is cut off") }
    at += 2
    let simple: [UInt8: UnicodeScalar] = [
      0x61: "\u{07}", 0x62: "\u{08}", 0x66: "\u{0c}", 0x6e: "\n", 0x72: "\r", 0x74: "\t", 0x76: "\u{0b}", 0x5c: "\\",
      0x22: "\"", 0x27: "'",
    ]
    if let scalar = simple[bytes[start + 1]] { return scalar }
    let digits: [UInt8: Int] = [0x78: 2, 0x75: 4, 0x55: 8]
    if let count = digits[bytes[start + 1]], at + count <= bytes.count,
      let value = UInt32(String(decoding: bytes[at..<at + count], as: UTF8.self), radix: 16),
      let scalar = UnicodeScalar(value)
    {
      at += count
      return scalar
    }
    throw Mistake(offset: start, reason: "this escape is not known")
  }
}
