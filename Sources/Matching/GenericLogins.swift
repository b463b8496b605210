// Logins whose place in a line is their grammar: `.pgpass`, `/etc/passwd`, `smbpasswd`, OmniAuth's providers.

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
}

extension GenericStructures {
  /// Hashes in a line of `/etc/passwd` (`user:hash:1000:1000:…:/bin/sh`) or of `smbpasswd`
  /// (`user:1000:LM hash:NT hash:[U …`), from the place of the shell or of the flags.
  static func record(
    at place: Int, _ count: Int, _ window: borrowing GenericWindow, into claims: inout [GenericClaim]
  ) {
    let start = window.lineStart(place)
    var colons: [Int] = []
    var at = start
    while at <= place, at < start + GenericLimits.bytesBefore {
      if window[at] == 0x3a { colons.append(at) }
      if Bytes.isQuote(window[at]) || window[at] == 0x3d { return }
      at += 1
    }
    guard let first = colons.first, first > start else { return }
    func add(_ value: Range<Int>, _ isHash: (UInt8) -> Bool) {
      guard value.allSatisfy({ isHash(window[$0]) }) else { return }
      claims.append(
        GenericClaim(form: .hash, quote: .none, traits: .grammar, name: start..<first, callee: 0..<0, value: value))
    }
    func isNumber(_ field: Int) -> Bool {
      let range = colons[field - 1] + 1..<colons[field]
      return !range.isEmpty && range.allSatisfy { Bytes.isDigit(window[$0]) }
    }
    if count == 3 {
      guard colons.count == 4, isNumber(1) else { return }
      for field in 2...3 {
        let value = colons[field - 1] + 1..<colons[field]
        if value.count == 32 { add(value) { Bytes.isHex($0) } }
      }
    } else if colons.count == 6, isNumber(2), isNumber(3) {
      let value = first + 1..<colons[1]
      // crypt's oldest form: two letters of salt and eleven of hash.
      if value.count == 13 { add(value) { Bytes.isAlphanumeric($0) || $0 == 0x2e || $0 == 0x2f } }
    }
  }
}
