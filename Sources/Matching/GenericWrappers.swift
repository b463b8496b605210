// What stands between an operator and a literal: brackets, a call, a prefix letter, the end of a line.

extension GenericCursor {
  /// Passes over what wraps a literal: brackets, a call, a prefix letter.
  mutating func readWrappers(_ window: borrowing GenericWindow) {
    var start = window.skipBlanks(at)
    // `name = \` of Python: the value stands on the next line.
    if mayBreak, window[start] == 0x5c, window[start + 1] == 0x0a { start += 1 }
    if mayBreak, Bytes.isBreak(window[start]) {
      let next = window.skipBlanksAndBreak(start)
      // Only a literal may stand on the next line: elsewhere the next line is another setting.
      if Bytes.isQuote(window[next]) && next > start {
        at = next
        traits.insert(.nextLine)
        return
      }
    }
    at = start
    // The text of an element is itself.
    if form == .element { return readElement(window) }
    for _ in 0..<3 {
      switch window[at] {
      case 0x3c where window[at + 1] == 0x3c && window[at + 2] == 0x22: at += 2
      case 0x5b, 0x7b, 0x28:
        if window[at] == 0x7b, window[at + 1] == 0x7b || window[at + 1] == 0x25 || isScheme(window) { return }
        traits.insert(.nested)
        at = window.skipBlanksAndBreak(at + 1)
        if let inner = nestedValue(window) { at = inner }
      default:
        guard readCall(window) else { return }
      }
    }
  }

  /// `{SSHA}…`: how a hash was made, not a block.
  private func isScheme(_ window: borrowing GenericWindow) -> Bool {
    var place = at + 1
    while place < at + 20, Bytes.isAlphanumeric(window[place]) || window[place] == 0x2d { place += 1 }
    return place > at + 2 && window[place] == 0x7d && (Bytes.isBase64(window[place + 1]) || window[place + 1] == 0x24)
  }

  /// The text of an element may stand in an element of its own (`<Password><Value>…`), as character data, or, where a file
  /// is embedded, on the line behind the user's.
  private mutating func readElement(_ window: borrowing GenericWindow) {
    var place = at
    while place < at + 64, Bytes.isBlank(window[place]) || Bytes.isBreak(window[place]) && window[place] != 0 {
      place += 1
    }
    if window.holds("<![cdata[", at: place) {
      at = place + 9
    } else if window.holds("<value>", at: place) || window.holds("<plain>", at: place) {
      at = place + 7
    } else if place > at, window.holds("user-pass", at: name.upperBound - 9), !window.holds("<", at: place) {
      var end = place
      while end < place + 80, !Bytes.isBreak(window[end]) { end += 1 }
      at = window.skipBlanksAndBreak(end)
    }
  }

  /// Behind `{`: the value of its first key, where that is `value` or a host: `auth: {"example.com": "…"}`.
  private func nestedValue(_ window: borrowing GenericWindow) -> Int? {
    let isQuoted = Bytes.isQuote(window[at])
    let start = isQuoted ? at + 1 : at
    var place = start
    var hasDot = false
    while place < start + 64, Bytes.isWord(window[place]) || [0x2e, 0x2d, 0x2f, 0x3a].contains(window[place]) {
      if window[place] == 0x3a && !(window[place + 1] == 0x2f || isQuoted) { break }
      if window[place] == 0x2e { hasDot = true }
      place += 1
    }
    guard hasDot || window.holds("value", at: start) && place == start + 5 else { return nil }
    if isQuoted {
      guard window[place] == window[at] else { return nil }
      place += 1
    }
    place = window.skipBlanks(place)
    guard window[place] == 0x3a else { return nil }
    place = window.skipBlanks(place + 1)
    return Bytes.isQuote(window[place]) ? place : nil
  }

  /// `Some(`, `new Password(`, `[]byte(`, `b"`, `@"`: up to the quote of the literal.
  private mutating func readCall(_ window: borrowing GenericWindow) -> Bool {
    var place = at
    if window.holds("new ", at: place) { place += 4 }
    if window[place] == 0x26 { place += 1 }
    if window[place] == 0x40 || window[place] == 0x24, Bytes.isQuote(window[place + 1]) {
      at = place + 1
      traits.insert(.prefixed)
      return false
    }
    while place < at + 64,
      Bytes.isWord(window[place]) || [0x2e, 0x3a, 0x21, 0x5b, 0x5d, 0x3c, 0x3e].contains(window[place])
    { place += 1 }
    if place > at, place - at <= 2, Bytes.isQuote(window[place]) {
      at = place
      traits.insert(.prefixed)
      return false
    }
    guard place > at, window[place] == 0x28 || window[place] == 0x7b || window[place] == 0x20 else { return false }
    // `allow: [{id: "…"`: a key of what is nested.
    if window[place - 1] == 0x3a, window[place] == 0x20, traits.contains(.nested) { return false }
    var inner = window.skipBlanks(place + 1)
    if window[inner] == 0x40 || window[inner] == 0x62 || window[inner] == 0x75 || window[inner] == 0x5c,
      Bytes.isQuote(window[inner + 1])
    {
      inner += 1
    }
    guard Bytes.isQuote(window[inner]), window[place] != 0x20 || window[inner] == 0x22 && window[inner + 1] != 0x24
    else {
      // A call within a call: `hash(encode("…"))`.
      let nested = window[place] == 0x28 && Bytes.isLetter(window[inner])
      guard nested else { return false }
      traits.insert(.wrapped)
      callee = at..<place
      at = inner
      return true
    }
    traits.insert(.wrapped)
    callee = at..<place
    at = inner
    return false
  }
}
