// The way from a name to its value: what closes the name, and the operator.

/// The way from a name to its value.
struct GenericCursor {
  var name: Range<Int>
  var at: Int
  var form = GenericForm.assignment
  var traits: GenericTraits = []
  var callee = 0..<0
  /// Whether line ends may be passed over.
  var mayBreak = false

  init(name: Range<Int>, at: Int) {
    self.name = name
    self.at = at
  }

  /// Passes over what closes the name: quotes, brackets, an empty argument list.
  mutating func readClosers(_ window: borrowing GenericWindow) {
    for _ in 0..<6 {
      switch window[at] {
      case 0x22, 0x27, 0x60:
        traits.insert(.nameQuoted)
        at += 1
      case 0x5c where Bytes.isQuote(window[at + 1]): at += 1
      case 0x26 where window.holds("&quot;", at: at):
        traits.insert(.nameQuoted)
        at += 6
      case 0x28 where window[at + 1] == 0x29: at += 2
      case 0x5b where Bytes.isDigit(window[at + 1]) || window[at + 1] == 0x5d:
        guard let end = (at + 1..<at + 8).first(where: { window[$0] == 0x5d }) else { return }
        at = end + 1
      case 0x5d, 0x29, 0x3f, 0x21, 0x2a:
        if window[at] == 0x21, window[at + 1] == 0x3d { return }
        if window[at] == 0x3f, window[at + 1] == 0x3d { return }
        // `key *= 0x9e37`: arithmetic.
        if window[at] == 0x2a, window[at + 1] == 0x3d { return }
        at += 1
      case 0x7d where window[at + 1] != 0x0a: at += 1
      default: return
      }
    }
  }

  /// Reads the operator; false where none leads to a value.
  mutating func readOperator(_ window: borrowing GenericWindow) -> Bool {
    let start = at
    at = window.skipBlanks(at, most: 64)
    let gap = at > start
    switch window[at] {
    case 0x3d: return readEquals(window)
    case 0x3a: return readColon(window)
    case 0x21 where window[at + 1] == 0x3d: return accept(.comparison, window[at + 2] == 0x3d ? 3 : 2, .unusualOperator)
    case 0x2d where window[at + 1] == 0x3e: return accept(.arrow, 2)
    // `key *= 0x9e37`: arithmetic.
    case 0x2a where window[at + 1] == 0x3d, 0x5e where window[at + 1] == 0x3d: return false
    case 0x3c where window[at + 1] == 0x2d: return accept(.assignment, 2)
    case 0x3c where window[at + 1] == 0x2f: return readPair(window)
    case 0x2b where window[at + 1] == 0x3d, 0x3f where window[at + 1] == 0x3d:
      return accept(.assignment, 2, .unusualOperator)
    case 0x7c where window[at + 1] == 0x7c && window[at + 2] == 0x3d: return accept(.assignment, 3, .unusualOperator)
    // `process.env.NAME || "value"`.
    case 0x7c where window[at + 1] == 0x7c && isEnvironment(window),
      0x3f where (window[at + 1] == 0x3f || window[at + 1] == 0x3a) && isEnvironment(window):
      return Bytes.isQuote(window[window.skipBlanks(at + 2)]) && accept(.fallback, 2)
    case 0x2c:
      if readPair(window) || readResults(window) { return true }
      guard traits.contains(.nameQuoted) || symbolic(window) || isBinary(window) else { return false }
      return accept(.argument, 1)
    case 0x2e where traits.contains(.nameQuoted) || window[at - 1] == 0x29:
      // `get("password").and_return("value")`: the call's own literal.
      return readMethod(window)
    case 0x28 where !gap: return accept(.call, 1)
    // `password{"…"}` of C++; `{ get; set; } = "…"` of C#; a block with a default in it.
    case 0x7b: return readBlock(window, gap) || gap && readGap(window)
    case 0x3e where !gap: return accept(.element, 1)
    case 0x0a, 0x0d: return readPair(window) || readLength(window)
    default: return gap && readGap(window)
    }
  }

  mutating func accept(_ form: GenericForm, _ count: Int, _ trait: GenericTraits = []) -> Bool {
    self.form = form
    traits.formUnion(trait)
    at += count
    return true
  }

  /// `:name,` or `NAME,`: a symbol or a constant, which may name what follows it in a list of arguments.
  private func symbolic(_ window: borrowing GenericWindow) -> Bool {
    window[name.lowerBound - 1] == 0x3a || name.allSatisfy { !Bytes.isLower(window[$0]) }
  }

  /// Whether the name is a variable of the environment: `env.NAME`, `ENV['NAME']`.
  private func isEnvironment(_ window: borrowing GenericWindow) -> Bool {
    (max(window.low, name.lowerBound - 28)..<name.upperBound).contains { window.holds("env", at: $0) }
  }

  /// `{name, <<"value">>}` of Erlang.
  private func isBinary(_ window: borrowing GenericWindow) -> Bool {
    let next = window.skipBlanks(at + 1)
    return window[next] == 0x3c && window[next + 1] == 0x3c && window[next + 2] == 0x22
  }

  private mutating func readEquals(_ window: borrowing GenericWindow) -> Bool {
    switch window[at + 1] {
    case 0x3d: return accept(.comparison, window[at + 2] == 0x3d ? 3 : 2)
    case 0x3e: return accept(.arrow, 2)
    case 0x7e: return accept(.comparison, 2, .unusualOperator)
    default:
      mayBreak = true
      return accept(isOption(window) ? .option : .assignment, 1)
    }
  }

  private mutating func readColon(_ window: borrowing GenericWindow) -> Bool {
    switch window[at + 1] {
    case 0x3a: return false
    case 0x3d: return accept(.assignment, 2)
    case 0x2d where window[name.lowerBound - 1] == 0x7b: return accept(.fallback, 2)
    default:
      at += 1
      if Bytes.isBreak(window[window.skipBlanks(at)]), readDefault(window) { return true }
      form = .colon
      mayBreak = true
      readType(window)
      return true
    }
  }

  /// `name: Type = value`.
  private mutating func readType(_ window: borrowing GenericWindow) {
    var place = window.skipBlanks(at, most: 4)
    let start = place
    while place < start + 40, isTypeByte(window[place]) { place += 1 }
    guard place > start else { return }
    place = window.skipBlanks(place, most: 4)
    guard window[place] == 0x3d, window[place + 1] != 0x3d, window[place + 1] != 0x3e else { return }
    let next = window[place + 1]
    guard next == 0x20 || Bytes.isQuote(next), window[place - 1] == 0x20 else { return }
    at = place + 1
    form = .assignment
    traits.insert(.typed)
  }

  private func isTypeByte(_ byte: UInt8) -> Bool {
    Bytes.isAlphanumeric(byte)
      || [0x5f, 0x3c, 0x3e, 0x3f, 0x5b, 0x5d, 0x26, 0x27, 0x2e, 0x2a, 0x21, 0x20].contains(byte)
  }

  func isOption(_ window: borrowing GenericWindow) -> Bool {
    window[name.lowerBound - 1] == 0x2d && !Bytes.isWord(window[name.lowerBound - 2])
  }
}

extension GenericCursor {
  /// `name: "X", value: "Y"`, `<add key="X" value="Y"/>`, `<key>X</key><string>Y</string>`.
  mutating func readPair(_ window: borrowing GenericWindow) -> Bool {
    var place = at
    let limit = at + 64
    while place < limit {
      switch window[place] {
      case 0x20, 0x09, 0x0a, 0x0d, 0x2c, 0x22, 0x27, 0x2d, 0x3c, 0x3e, 0x5c, 0x7b, 0x7d, 0x3a: place += 1
      case 0x2f:
        // A closing tag's name.
        place += 1
        while place < limit, Bytes.isWord(window[place]) { place += 1 }
      default:
        guard let length = valueWord(window, place) else { return false }
        var next = GenericCursor(name: name, at: place + length)
        next.traits = traits
        next.readClosers(window)
        guard next.readPairOperator(window) else { return false }
        self = next
        form = .pair
        return true
      }
    }
    return false
  }

  /// `password`, `V 12` and the value, each on a line of its own: what Subversion keeps.
  private mutating func readLength(_ window: borrowing GenericWindow) -> Bool {
    var place = window.skipBlanksAndBreak(at)
    guard window[place] == 0x56, window[place + 1] == 0x20, Bytes.isDigit(window[place + 2]) else { return false }
    place += 2
    while place < at + 12, Bytes.isDigit(window[place]) { place += 1 }
    guard Bytes.isBreak(window[place]) else { return false }
    at = window.skipBlanksAndBreak(place)
    form = .pair
    return true
  }

  private mutating func readPairOperator(_ window: borrowing GenericWindow) -> Bool {
    at = window.skipBlanks(at, most: 8)
    switch window[at] {
    case 0x3a where window[at + 1] != 0x3a, 0x3d where window[at + 1] != 0x3d: at += window[at + 1] == 0x3e ? 2 : 1
    case 0x3e: at += 1
    default: return false
    }
    return true
  }

  private func valueWord(_ window: borrowing GenericWindow, _ at: Int) -> Int? {
    let words: [(StaticString, Int)] = [
      ("value", 5), ("string", 6), ("default", 7), ("text", 4), ("content", 7), ("initial", 7), ("example", 7),
      ("defaultvalue", 12), ("default_value", 13), ("fallback", 8),
    ]
    for (word, count) in words where window.holds(word, at: at) && !Bytes.isWord(window[at + count]) { return count }
    return nil
  }

  /// `.and_return("value")` behind a name that was an argument; `.unwrap_or_else(|_| "value"…)`.
  mutating func readMethod(_ window: borrowing GenericWindow) -> Bool {
    var place = at + 1
    while place < at + 32, Bytes.isWord(window[place]) { place += 1 }
    guard window[place] == 0x28 else { return false }
    var inner = place + 1
    if window[inner] == 0x7c {
      inner += window[inner + 1] == 0x7c ? 2 : 3
      guard window[inner - 1] == 0x7c else { return false }
      inner = window.skipBlanks(inner)
    } else if window.holds("() ->", at: inner) || window.holds("() =>", at: inner) {
      inner = window.skipBlanks(inner + 5)
    }
    guard Bytes.isQuote(window[inner]) else { return false }
    callee = at + 1..<place
    traits.insert(.wrapped)
    at = inner
    form = .argument
    return true
  }

  /// After a gap: an option's or a command's value, a type, an attribute, a further word of the name.
  mutating func readGap(_ window: borrowing GenericWindow) -> Bool {
    let next = window[at]
    // `<add key="password" value="…"/>`.
    if traits.contains(.nameQuoted), readPair(window) { return true }
    // `<Setting name="Proxy password" type="string">value<`.
    if traits.contains(.nameQuoted), Bytes.isLetter(next), isInTag(window), let end = tagEnd(window) {
      at = end + 1
      form = .element
      return true
    }
    // `<Pass encoding="base64">value<`: attributes, then the element's text.
    if window[name.lowerBound - 1] == 0x3c, Bytes.isLetter(next), let end = tagEnd(window) {
      at = end + 1
      form = .element
      return true
    }
    if isOption(window) { return accept(.option, 0) }
    // `os.environ.get('NAME') or 'value'`.
    if window.holds("or ", at: at), isEnvironment(window), Bytes.isQuote(window[window.skipBlanks(at + 3)]) {
      at = window.skipBlanks(at + 3)
      form = .fallback
      return true
    }
    if window.holds("d by", at: name.upperBound - 4) { return accept(.words, passwordWord(window)) }
    // `IDENTIFIED WITH plugin BY 'value'`.
    if window.holds("identified", at: name.lowerBound), window.holds("with", at: name.upperBound - 4) {
      guard let by = (at..<at + 40).first(where: { window.holds(" by ", at: $0) || window.holds(" as ", at: $0) })
      else {
        return false
      }
      at = window.skipBlanks(by + 4)
      return accept(.words, 0)
    }
    // `password 7 0822455D0A16`, `secret 0 value`: the number says how it is written.
    if Bytes.isDigit(next), window[at + 1] == 0x20, !Bytes.isBreak(window[at + 2]) { return accept(.words, 2) }
    if Bytes.isQuote(next) || next == 0x5c && Bytes.isQuote(window[at + 1]) || next == 0x40 && window[at + 1] == 0x22 {
      return accept(.words, 0)
    }
    if !traits.contains(.nameQuoted), Bytes.isLetter(next) || next == 0x5b || next == 0x2a {
      if readWordAndOperator(window) { return true }
    }
    return accept(.words, 0)
  }

  /// Whether a tag is open where the name stands.
  private func isInTag(_ window: borrowing GenericWindow) -> Bool {
    var place = name.lowerBound - 1
    while place > name.lowerBound - 80, window[place] != 0x3c {
      if window[place] == 0x3e || Bytes.isBreak(window[place]) { return false }
      place -= 1
    }
    return window[place] == 0x3c
  }

  private func tagEnd(_ window: borrowing GenericWindow) -> Int? {
    (at..<at + 80).first { window[$0] == 0x3e || Bytes.isBreak(window[$0]) }
      .flatMap { window[$0] == 0x3e && window[$0 - 1] != 0x2f ? $0 : nil }
  }

  /// `BY PASSWORD 'hash'`: how far it is to the literal.
  private func passwordWord(_ window: borrowing GenericWindow) -> Int {
    window.holds("password ", at: at) ? window.skipBlanks(at + 9) - at : 0
  }

  /// `password string = "x"`, `Access token value: x`: at most three further words, then an operator.
  private mutating func readWordAndOperator(_ window: borrowing GenericWindow) -> Bool {
    var place = at
    for _ in 0..<3 {
      let start = place
      while place < start + 24,
        Bytes.isWord(window[place]) || [0x2e, 0x5b, 0x5d, 0x2a, 0x28, 0x29].contains(window[place])
      { place += 1 }
      if place == start { return false }
      place = window.skipBlanks(place, most: 24)
      let byte = window[place]
      let next = window[place + 1]
      guard byte == 0x3d || byte == 0x3a else { continue }
      guard next != byte, next != 0x7e, !isOfAnother(start..<place, window) else { return false }
      traits.insert(.spacedName)
      at = place + (next == 0x3d || next == 0x3e ? 2 : 1)
      form = byte == 0x3d ? .assignment : .colon
      if byte == 0x3d { traits.insert(.typed) }
      mayBreak = true
      return true
    }
    return false
  }
}
