// Logins whose place in a line is their grammar: `.pgpass`, OmniAuth's providers, `-p` of programs that take a password there.

extension GenericStructures {
  /// `host:port:database:user:value`, a line of its own, from any place within it.
  static func account(at place: Int, _ window: borrowing GenericWindow) -> GenericClaim? {
    let start = window.lineStart(place)
    var colons: [Int] = []
    var at = start
    while at < start + 200, !Bytes.isBreak(window[at]), !Bytes.isBlank(window[at]), !Bytes.isQuote(window[at]) {
      // A colon or a backslash of a field is written behind a backslash.
      if window[at] == 0x5c { at += 1 } else if window[at] == 0x3a { colons.append(at) }
      at += 1
    }
    guard Bytes.isBreak(window[at]), colons.count == 4, colons[0] > start, colons[3] > colons[2] + 1 else { return nil }
    let port = colons[0] + 1..<colons[1]
    guard !port.isEmpty, port.allSatisfy({ Bytes.isDigit(window[$0]) || window[$0] == 0x2a }) else { return nil }
    guard at - colons[3] - 1 >= GenericLimits.leastBytes else { return nil }
    return GenericClaim(
      form: .login, quote: .none, traits: .grammar, name: colons[2] + 1..<colons[3], callee: 0..<0,
      value: colons[3] + 1..<at)
  }

  /// `provider :name, "id", "secret"`: the second literal.
  static func provider(at place: Int, _ count: Int, _ window: borrowing GenericWindow) -> GenericClaim? {
    var at = place + count
    let start = at
    while at < start + 40, Bytes.isWord(window[at]) { at += 1 }
    let name = start..<at
    var value = 0..<0
    for _ in 0..<2 {
      guard window[at] == 0x2c else { return nil }
      at = window.skipBlanksAndBreak(at + 1)
      let quote = window[at]
      guard quote == 0x22 || quote == 0x27 else { return nil }
      let first = at + 1
      at = first
      while at < first + 200, window[at] != quote, !Bytes.isBreak(window[at]) { at += 1 }
      guard window[at] == quote else { return nil }
      value = first..<at
      at = window.skipBlanks(at + 1)
    }
    guard !name.isEmpty, value.count >= 8 else { return nil }
    return GenericClaim(form: .login, quote: .none, traits: .grammar, name: name, callee: 0..<0, value: value)
  }

  /// `mysql … -pvalue`, `sshpass -p value`.
  static func client(at place: Int, _ count: Int, _ window: borrowing GenericWindow) -> GenericClaim? {
    let takesBlank = count == 7
    guard !Bytes.isWord(window[place - 1]) else { return nil }
    var at = place + count
    while at < place + 160, !Bytes.isBreak(window[at]), window[at] != 0x7c, window[at] != 0x3b {
      if window[at] == 0x20, window[at + 1] == 0x2d, window[at + 2] == 0x70 { break }
      at += 1
    }
    guard window[at] == 0x20, window[at + 2] == 0x70 else { return nil }
    at += 3
    if takesBlank { at = window.skipBlanks(at, most: 4) }
    let quote = window[at]
    let isQuoted = quote == 0x22 || quote == 0x27
    if isQuoted { at += 1 }
    let start = at
    while at < start + 100, !Bytes.isBreak(window[at]), isQuoted ? window[at] != quote : !Bytes.isBlank(window[at]) {
      if !isQuoted, Bytes.isQuote(window[at]) || window[at] == 0x7c || window[at] == 0x3b { break }
      at += 1
    }
    // `-p 3306`, `-port`, `-proxy`: another program's options.
    guard at - start >= GenericLimits.leastBytes, window[start] != 0x24, window[start] != 0x2d, window[start] != 0x3c
    else { return nil }
    guard takesBlank || !window.holds("ort", at: start) && !window.holds("ro", at: start) else { return nil }
    return GenericClaim(
      form: .login, quote: .none, traits: .grammar, name: place..<place + count, callee: 0..<0, value: start..<at)
  }
}
