// From a name to a value that stands in a block of its own: a variable's default, a property's initial value.

extension GenericCursor {
  /// `name{"value"}`, `name { get; set; } = "value"`, `"name" {` and a line with a default.
  mutating func readBlock(_ window: borrowing GenericWindow, _ gap: Bool) -> Bool {
    if !gap { return Bytes.isQuote(window[at + 1]) && window[at + 1] != 0x60 && accept(.assignment, 1) }
    if window.holds("{ get", at: at) {
      guard let close = (at..<at + 40).first(where: { window[$0] == 0x7d }) else { return false }
      let sign = window.skipBlanks(close + 1)
      guard window[sign] == 0x3d, window[sign + 1] != 0x3d, window[sign + 1] != 0x3e else { return false }
      at = sign + 1
      traits.insert(.typed)
      form = .assignment
      return true
    }
    guard traits.contains(.nameQuoted), Bytes.isBreak(window[window.skipBlanks(at + 1)]) else { return false }
    at += 1
    return readDefault(window)
  }

  /// Lines that say of what type a parameter is, up to its default: Terraform's variables, CloudFormation's parameters,
  /// tokens beside their type.
  mutating func readDefault(_ window: borrowing GenericWindow) -> Bool {
    let facts: [(StaticString, Int)] = [
      ("type", 4), ("description", 11), ("sensitive", 9), ("noecho", 6), ("nullable", 8), ("minlength", 9),
      ("maxlength", 9), ("allowedpattern", 14), ("constraintdescription", 21), ("ephemeral", 9), ("format", 6),
      ("title", 5),
    ]
    var place = window.skipBlanks(at)
    for _ in 0..<8 {
      let line = window.skipBlanksAndBreak(place)
      guard line > place else { return false }
      let word = window.holds("default", at: line) ? 7 : window.holds("value", at: line) ? 5 : 0
      if word > 0 {
        let sign = window.skipBlanks(line + word)
        guard window[sign] == 0x3a || window[sign] == 0x3d, window[sign + 1] != window[sign] else { return false }
        at = sign + 1
        form = .pair
        return true
      }
      guard facts.contains(where: { window.holds($0.0, at: line) && !Bytes.isWord(window[line + $0.1]) }) else {
        return false
      }
      place = line
      while place < line + 160, !Bytes.isBreak(window[place]) { place += 1 }
    }
    return false
  }

  /// `key, err := decode("value")`: what a call of Go gives beside the value.
  mutating func readResults(_ window: borrowing GenericWindow) -> Bool {
    let start = window.skipBlanks(at + 1, most: 2)
    var place = start
    while place < start + 8, Bytes.isWord(window[place]) { place += 1 }
    guard place > start else { return false }
    place = window.skipBlanks(place, most: 2)
    let isNew = window[place] == 0x3a && window[place + 1] == 0x3d
    guard isNew || window[place] == 0x3d && window[place + 1] == 0x20,
      window.holds("_", at: start)
        || window.holds("err", at: start) || window.holds("ok", at: start)
    else { return false }
    at = place + (isNew ? 2 : 1)
    form = .assignment
    return true
  }

  /// `userpass username=…`: the word before the operator names something of its own.
  func isOfAnother(_ words: Range<Int>, _ window: borrowing GenericWindow) -> Bool {
    var end = words.upperBound
    while end > words.lowerBound, !Bytes.isWord(window[end - 1]) { end -= 1 }
    var start = end
    while start > words.lowerBound, Bytes.isWord(window[start - 1]) { start -= 1 }
    guard start < end, end == words.upperBound else { return false }
    let role = GenericRoles(start..<end, of: window.bytes).last
    return role == .user || role == .place
  }
}
