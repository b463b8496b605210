// Goes through a pattern of RE2's and writes PCRE2's: groups, flags, repetition.

/// The flags that hold at some place of a pattern.
struct RE2Flags {
  var ignoresCase = false
  var isMultiLine = false
  var dotIsAny = false
  var isLazy = false
}

struct RE2Parser {
  /// RE2's own limit of a count.
  private static let maximumCount = 1_000
  private static let maximumDepth = 200

  let text: [UInt32]
  var at = 0
  var flags = RE2Flags()
  private var outer: [RE2Flags] = []
  /// Whether something stands here that can be repeated.
  private var hasItem = false
  private(set) var output = ""
  private(set) var groupCount = 0
  private(set) var notes: [String] = []

  init(_ text: String) { self.text = text.unicodeScalars.map(\.value) }

  func error(_ reason: String, at place: Int? = nil) -> RE2Error {
    RE2Error(position: (place ?? at) + 1, reason: reason)
  }

  func peek(_ ahead: Int = 0) -> UInt32? { at + ahead < text.count ? text[at + ahead] : nil }

  func isNext(_ word: String) -> Bool {
    let values = word.unicodeScalars.map(\.value)
    return at + values.count <= text.count && Array(text[at..<at + values.count]) == values
  }

  mutating func note(_ what: String) {
    if !notes.contains(what) { notes.append(what) }
  }

  mutating func item(_ pattern: String) {
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

  mutating func literal(_ value: UInt32) {
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

  static func text(_ value: UInt32) -> String {
    Unicode.Scalar(value).map { String(Character($0)) } ?? ""
  }
}
