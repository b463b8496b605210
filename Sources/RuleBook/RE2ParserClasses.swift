// Goes through a pattern of RE2's: what is escaped, and classes of characters.

extension RE2Parser {
  // MARK: Escapes

  mutating func escape() throws(RE2Error) {
    let start = at
    guard let value = peek(1) else { throw error("a '\\' at the end") }
    switch value {
    case 0x41: anchorEscape(#"\A"#)
    case 0x7a: anchorEscape(#"\z"#)
    case 0x62: anchorEscape(#"\b"#)
    case 0x42: anchorEscape(#"\B"#)
    case 0x43:
      item(#"[\x00-\xff]"#)
      at += 2
    case 0x51: quoted()
    case 0x70, 0x50: item(try property().pattern)
    default:
      if let perl = RE2Class.perl(value) {
        item(perl.pattern)
        at += 2
      } else {
        literal(try character(start))
      }
    }
  }

  private mutating func anchorEscape(_ pattern: String) {
    item("(?:\(pattern))")
    at += 2
  }

  /// `\Q…\E`.
  private mutating func quoted() {
    at += 2
    while let value = peek(), !isNext("\\E") {
      literal(value)
      at += 1
    }
    if isNext("\\E") { at += 2 }
  }

  /// `\pL`, `\p{Lu}`, `\P{L}`, `\p{^L}`.
  private mutating func property() throws(RE2Error) -> RE2Class {
    let start = at
    var isInverted = peek(1) == 0x50
    at += 2
    var name = ""
    if peek() == 0x7b {
      at += 1
      if peek() == 0x5e {
        isInverted.toggle()
        at += 1
      }
      while let value = peek(), value != 0x7d {
        name += RE2Parser.text(value)
        at += 1
      }
      guard peek() == 0x7d else { throw error("a '{' is not closed", at: start) }
      at += 1
    } else if let value = peek() {
      name = RE2Parser.text(value)
      at += 1
    }
    if name == "Any" { return isInverted ? RE2Class() : .any }
    guard let found = RE2Class.asciiProperty(name) else {
      throw error("the class \\p{\(name)} has no ASCII characters or is not known", at: start)
    }
    note("\\p{\(name)} is read as its ASCII characters only")
    return isInverted ? found.inverted : found
  }

  /// A character that is written as an escape.
  private mutating func character(_ start: Int) throws(RE2Error) -> UInt32 {
    guard let value = peek(1) else { throw error("a '\\' at the end", at: start) }
    at += 2
    switch value {
    case 0x61: return 0x07
    case 0x66: return 0x0c
    case 0x6e: return 0x0a
    case 0x72: return 0x0d
    case 0x74: return 0x09
    case 0x76: return 0x0b
    case 0x78: return try hex(start)
    case 0x30...0x37:
      var code = value - 0x30
      var digits = 1
      while digits < 3, let next = peek(), (0x30...0x37).contains(next) {
        code = code * 8 + next - 0x30
        at += 1
        digits += 1
      }
      guard value == 0x30 || digits > 1 else { throw error("RE2 has no references back to a group", at: start) }
      return code
    case 0x38, 0x39, 0x41...0x5a, 0x62...0x7a, 0x80...:
      throw error("RE2 has no escape '\\\(RE2Parser.text(value))' here", at: start)
    default: return value
    }
  }

  private mutating func hex(_ start: Int) throws(RE2Error) -> UInt32 {
    func digit(_ value: UInt32?) -> UInt32? {
      value.flatMap { Unicode.Scalar($0) }.flatMap { Character($0).hexDigitValue }.map { UInt32($0) }
    }
    var code: UInt32 = 0
    if peek() == 0x7b {
      at += 1
      let first = at
      while let next = digit(peek()), at - first < 6 {
        code = code * 16 + next
        at += 1
      }
      guard at > first, peek() == 0x7d, code <= RE2Class.last else {
        throw error("\\x{…} wants the number of a character", at: start)
      }
      at += 1
      return code
    }
    guard let high = digit(peek()), let low = digit(peek(1)) else { throw error("\\x wants two digits", at: start) }
    at += 2
    return high * 16 + low
  }

  // MARK: Classes

  mutating func bracket() throws(RE2Error) {
    let start = at
    at += 1
    let isInverted = peek() == 0x5e
    if isInverted { at += 1 }
    var found = RE2Class()
    var isFirst = true
    while let value = peek(), isFirst || value != 0x5d {
      isFirst = false
      if try member(value, &found) { continue }
      let place = at
      let low = try single()
      var high = low
      if peek() == 0x2d, let next = peek(1), next != 0x5d {
        at += 1
        high = try single()
        guard high >= low else { throw error("a range runs backwards", at: place) }
      }
      found.insert(low...high)
    }
    guard peek() == 0x5d else { throw error("a '[' is not closed", at: start) }
    at += 1
    if flags.ignoresCase {
      if found.isPartBeyondASCII { note("case is ignored for ASCII letters only") }
      found = found.ignoringCase
    }
    item((isInverted ? found.inverted : found).pattern)
  }

  /// A class within a class; false where a single character stands.
  private mutating func member(_ value: UInt32, _ found: inout RE2Class) throws(RE2Error) -> Bool {
    if value == 0x5b, peek(1) == 0x3a,
      let end = (at + 2..<text.count).first(where: {
        text[$0] == 0x3a && $0 + 1 < text.count && text[$0 + 1] == 0x5d
      })
    {
      var name = text[at + 2..<end].map(RE2Parser.text).joined()
      let isInverted = name.hasPrefix("^")
      if isInverted { name.removeFirst() }
      guard let posix = RE2Class.posix(name) else { throw error("there is no class [:\(name):]") }
      found.insert(isInverted ? posix.inverted : posix)
      at = end + 2
      return true
    }
    guard value == 0x5c, let next = peek(1) else { return false }
    if let perl = RE2Class.perl(next) {
      found.insert(perl)
      at += 2
      return true
    }
    guard next == 0x70 || next == 0x50 else { return false }
    found.insert(try property())
    return true
  }

  private mutating func single() throws(RE2Error) -> UInt32 {
    guard let value = peek() else { throw error("a '[' is not closed") }
    if value == 0x5c { return try character(at) }
    at += 1
    return value
  }
}
