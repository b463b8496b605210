// Reads a pattern in RE2's syntax and writes one for PCRE2 that finds the same in raw bytes.
//
// Both choose the first alternative that fits, so groups and greed carry over. What differs is written out: characters are
// one to four bytes, `\s` lacks the vertical tab, `$` is the very end, `^` and `$` know the line feed alone. What PCRE2 would
// read as something else is escaped, and what RE2 does not know is refused, with its place.

/// Why a pattern is refused.
public struct RE2Error: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where in the pattern, in characters, counted from 1.
  public var position: Int
  /// What is wrong.
  public var reason: String
  /// `at character N: reason`.
  public var description: String { "at character \(position): \(reason)" }
}

/// A pattern that has been translated.
public struct RE2Translation: Sendable, Equatable {
  /// The pattern for PCRE2, without any of its options.
  public var pattern: String
  /// The number of capture groups.
  public var groupCount: Int
  /// What is not quite the same, in words for people.
  public var notes: [String]

  /// The longest pattern, in bytes.
  public static let maximumBytes = 32_768

  /// Translates a pattern.
  public init(_ text: String) throws(RE2Error) {
    guard text.utf8.count <= RE2Translation.maximumBytes else {
      throw RE2Error(position: 1, reason: "the pattern is longer than \(RE2Translation.maximumBytes) bytes")
    }
    var parser = RE2Parser(text)
    try parser.run()
    pattern = parser.output
    groupCount = parser.groupCount
    notes = parser.notes
  }
}

/// The flags that hold at some place of a pattern.
private struct RE2Flags {
  var ignoresCase = false
  var isMultiLine = false
  var dotIsAny = false
  var isLazy = false
}

private struct RE2Parser {
  /// RE2's own limit of a count.
  private static let maximumCount = 1_000
  private static let maximumDepth = 200

  private let text: [UInt32]
  private var at = 0
  private var flags = RE2Flags()
  private var outer: [RE2Flags] = []
  /// Whether something stands here that can be repeated.
  private var hasItem = false
  private(set) var output = ""
  private(set) var groupCount = 0
  private(set) var notes: [String] = []

  init(_ text: String) { self.text = text.unicodeScalars.map(\.value) }

  private func error(_ reason: String, at place: Int? = nil) -> RE2Error {
    RE2Error(position: (place ?? at) + 1, reason: reason)
  }

  private func peek(_ ahead: Int = 0) -> UInt32? { at + ahead < text.count ? text[at + ahead] : nil }

  private func isNext(_ word: String) -> Bool {
    let values = word.unicodeScalars.map(\.value)
    return at + values.count <= text.count && Array(text[at..<at + values.count]) == values
  }

  private mutating func note(_ what: String) {
    if !notes.contains(what) { notes.append(what) }
  }

  private mutating func item(_ pattern: String) {
    output += pattern
    hasItem = true
  }

  mutating func run() throws(RE2Error) {
    while let value = peek() {
      switch value {
      case 0x28: try open()
      case 0x29: try close()
      case 0x7c:
        output += "|"
        hasItem = false
        at += 1
      case 0x2a, 0x2b, 0x3f: try simpleRepeat(value)
      case 0x7b: try countedRepeat()
      case 0x5b: try bracket()
      case 0x5c: try escape()
      case 0x5e: anchor(flags.isMultiLine ? #"(?<![^\n])"# : #"\A"#)
      case 0x24: anchor(flags.isMultiLine ? #"(?![^\n])"# : #"\z"#)
      case 0x2e:
        item((flags.dotIsAny ? RE2Class.any : .anyButLineFeed).pattern)
        at += 1
      default:
        literal(value)
        at += 1
      }
    }
    guard outer.isEmpty else { throw error("a '(' is not closed") }
  }

  private mutating func anchor(_ pattern: String) {
    item("(?:\(pattern))")
    at += 1
  }

  private mutating func literal(_ value: UInt32) {
    if value < 0x80 { return item(RE2Class.byte(value)) }
    if flags.ignoresCase { note("case is ignored for ASCII letters only") }
    item("(?:" + RE2Class.bytes(value).map(RE2Class.byte).joined() + ")")
  }

  // MARK: Groups

  private mutating func open() throws(RE2Error) {
    guard outer.count < RE2Parser.maximumDepth else { throw error("groups are nested too deep") }
    let start = at
    at += 1
    hasItem = false
    guard peek() == 0x3f else {
      outer.append(flags)
      groupCount += 1
      output += "("
      return
    }
    at += 1
    if isNext("P<") || isNext("<") && !isNext("<=") && !isNext("<!") {
      try name(start)
      outer.append(flags)
      groupCount += 1
      output += "("
      return
    }
    try setFlags(start)
  }

  private mutating func name(_ start: Int) throws(RE2Error) {
    at += isNext("P<") ? 2 : 1
    let first = at
    while let value = peek(), RE2Class.word.contains(value) { at += 1 }
    guard at > first, peek() == 0x3e else { throw error("the name of a group is missing or ill-formed", at: start) }
    at += 1
  }

  /// `(?i)` up to the end of the group it stands in, `(?i:` for a group of its own.
  private mutating func setFlags(_ start: Int) throws(RE2Error) {
    var changed = flags
    var isOn = true
    var count = 0
    while let value = peek() {
      at += 1
      switch value {
      case 0x69: changed.ignoresCase = isOn
      case 0x6d: changed.isMultiLine = isOn
      case 0x73: changed.dotIsAny = isOn
      case 0x55: changed.isLazy = isOn
      case 0x2d where isOn:
        isOn = false
        count = -1
      case 0x29 where count > 0:
        flags = changed
        output += changed.ignoresCase ? "(?i)" : "(?-i)"
        return
      case 0x3a where count >= 0:
        outer.append(flags)
        flags = changed
        output += changed.ignoresCase ? "(?i:" : "(?-i:"
        return
      default: throw error("RE2 has no group of this kind (look-around, atomic, comment, conditional)", at: start)
      }
      count += 1
    }
    throw error("a '(' is not closed", at: start)
  }

  private mutating func close() throws(RE2Error) {
    guard let before = outer.popLast() else { throw error("a ')' without its '('") }
    flags = before
    item(")")
    at += 1
  }

  // MARK: Repetition

  private mutating func simpleRepeat(_ value: UInt32) throws(RE2Error) {
    guard hasItem else { throw error("nothing to repeat") }
    at += 1
    output += RE2Parser.text(value)
    try greed()
  }

  private mutating func countedRepeat() throws(RE2Error) {
    guard let (low, high, end) = counts() else {
      // Not a count: the brace is itself.
      literal(0x7b)
      at += 1
      return
    }
    guard hasItem else { throw error("nothing to repeat") }
    guard low <= RE2Parser.maximumCount, high.map({ $0 <= RE2Parser.maximumCount && $0 >= low }) ?? true else {
      throw error("a count must be 0 to \(RE2Parser.maximumCount), the lower one first")
    }
    at = end
    output += high == low ? "{\(low)}" : "{\(low),\(high.map { "\($0)" } ?? "")}"
    try greed()
  }

  /// `{2}`, `{2,}` or `{2,3}`.
  private func counts() -> (low: Int, high: Int?, end: Int)? {
    var place = at + 1
    func number() -> Int? {
      let start = place
      var value = 0
      while place < text.count, RE2Class.digit.contains(text[place]) {
        value = min(value * 10 + Int(text[place] - 0x30), 1_000_000)
        place += 1
      }
      return place > start ? value : nil
    }
    guard let low = number(), place < text.count else { return nil }
    if text[place] == 0x7d { return (low, low, place + 1) }
    guard text[place] == 0x2c else { return nil }
    place += 1
    let high = number()
    guard place < text.count, text[place] == 0x7d else { return nil }
    return (low, high, place + 1)
  }

  /// The `?` behind a repetition, which `(?U)` turns round. What PCRE2 reads as possessive, RE2 refuses.
  private mutating func greed() throws(RE2Error) {
    var isLazy = flags.isLazy
    if peek() == 0x3f {
      isLazy.toggle()
      at += 1
    }
    if isLazy { output += "?" }
    if let next = peek(), [0x2a, 0x2b, 0x3f].contains(next) || next == 0x7b && counts() != nil {
      throw error("a repetition of a repetition")
    }
    hasItem = false
    // What follows must not be taken for a part of the quantifier; nothing that this writes begins with '?' or '+'.
  }

  private static func text(_ value: UInt32) -> String {
    Unicode.Scalar(value).map { String(Character($0)) } ?? ""
  }

  // MARK: Escapes

  private mutating func escape() throws(RE2Error) {
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

  private mutating func bracket() throws(RE2Error) {
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
