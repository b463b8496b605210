// Values that need no name, as their surroundings have a grammar: credentials in addresses, authorization headers, a
// login on the command line, hashes of passwords, web tokens, private keys.

enum GenericStructures {
  /// `scheme://user:value@host`, from the place of `://`.
  static func url(at place: Int, _ window: borrowing GenericWindow) -> GenericClaim? {
    var schemeStart = place
    while schemeStart > place - 24,
      Bytes.isAlphanumeric(window[schemeStart - 1]) || [0x2b, 0x2d, 0x2e].contains(window[schemeStart - 1])
    {
      schemeStart -= 1
    }
    guard schemeStart < place else { return nil }
    let start = place + 3
    var colon: Int?
    var sign: Int?
    var at = start
    scan: while at < start + 256 {
      switch window[at] {
      case 0, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x27, 0x60, 0x3c, 0x3e, 0x2f, 0x5c: break scan
      case 0x3a where colon == nil: colon = at
      case 0x40: sign = at
      case 0x2c where sign != nil: break scan
      case 0x24, 0x7b:
        // A template may hold anything up to its bracket.
        guard window[at] == 0x24 || window[at + 1] == 0x7b else { break }
      default: break
      }
      at += 1
    }
    guard let sign else { return nil }
    let host = window[sign + 1]
    guard Bytes.isWord(host) || host == 0x5b || host == 0x24 || host == 0x7b || host == 0x25 || host == 0x28 else {
      return nil
    }
    var value = start..<sign
    if let colon, colon < sign { value = colon + 1..<sign } else if sign - start < 16 { return nil }
    guard value.count >= GenericLimits.leastBytes else { return nil }
    return GenericClaim(
      form: .url, quote: .none, traits: [], name: schemeStart..<place,
      callee: start..<(colon.map { min($0, sign) } ?? start), value: value)
  }

  /// `Basic value`, `Bearer value`, from the place of the word.
  static func scheme(at place: Int, _ count: Int, _ window: borrowing GenericWindow) -> GenericClaim? {
    guard !Bytes.isWord(window[place - 1]) || window[place - 1] == 0x6e && window[place - 2] == 0x5c else { return nil }
    let isBasic = window.holds("basic", at: place)
    var at = place + count
    if window[at] == 0x3a { at = window.skipBlanks(at + 1) }
    at = window.skipBlanks(at, most: 4)
    let start = at
    while at < window.high, Bytes.isBase64(window[at]) || window[at] == 0x2e && !isBasic || [0x7e].contains(window[at])
    { at += 1 }
    while window[at] == 0x3d, at < window.high { at += 1 }
    guard at - start >= 6 else { return nil }
    let end = window[at]
    guard !Bytes.isWord(end), end != 0x28, end != 0x5b else { return nil }
    return GenericClaim(
      form: isBasic ? .basic : .bearer, quote: .none, traits: at == window.high ? .clipped : [],
      name: place..<place + 5,
      callee: 0..<0, value: start..<at)
  }

  /// `-u user:value`, from the place of the option.
  static func login(at place: Int, _ count: Int, _ window: borrowing GenericWindow) -> GenericClaim? {
    var at = place + count
    while window[at] == 0x20 || window[at] == 0x3d || Bytes.isQuote(window[at]) || window[at] == 0x5c { at += 1 }
    let start = at
    var colon: Int?
    scan: while at < start + 200 {
      switch window[at] {
      case 0, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x27, 0x60, 0x3c, 0x3e, 0x5c: break scan
      case 0x3a where colon == nil: colon = at
      default: break
      }
      at += 1
    }
    guard let colon, colon > start, at - colon - 1 >= GenericLimits.leastBytes, window[colon + 1] != 0x2f else {
      return nil
    }
    return GenericClaim(
      form: .login, quote: .none, traits: .loose, name: start..<colon, callee: 0..<0, value: colon + 1..<at)
  }

  /// The hash of a password in crypt's form, from the place of its first `$` or `{`.
  static func hash(at place: Int, _ count: Int, _ window: borrowing GenericWindow) -> GenericClaim? {
    var at = place + count
    if window.holds("hash = ", at: place) { return listedHash(place, place + count, window) }
    while at < place + 620,
      Bytes.isAlphanumeric(window[at]) || [0x24, 0x2e, 0x2f, 0x2b, 0x3d, 0x2c, 0x5f, 0x2d].contains(window[at])
        || window[at] == 0x3a
          && (at < place + 30 && window[place + count - 1] == 0x3a || window.holds("scram", at: place))
        || window[at] == 0x7d && at < place + 20 && window[place] == 0x7b
    { at += 1 }
    while at > place, [0x2c, 0x2e].contains(window[at - 1]) && at - place < 60 && window[place] == 0x7b { at -= 1 }
    let end = hashEnd(place, at, window)
    guard let end else { return nil }
    return GenericClaim(
      form: .hash, quote: .none, traits: [], name: place..<place + count, callee: 0..<0, value: place..<end)
  }

  /// `Hash = value` with its method and its salt on the lines behind it, as ZNC keeps a password.
  private static func listedHash(_ place: Int, _ start: Int, _ window: borrowing GenericWindow) -> GenericClaim? {
    var at = start
    while at < start + 130, Bytes.isHex(window[at]) { at += 1 }
    guard at - start >= 32, Bytes.isBreak(window[at]), !Bytes.isWord(window[place - 1]) else { return nil }
    guard (at..<at + 80).contains(where: { window.holds("salt = ", at: $0) || window.holds("method = ", at: $0) })
    else { return nil }
    return GenericClaim(
      form: .hash, quote: .none, traits: .grammar, name: place..<place + 4, callee: 0..<0, value: start..<at)
  }

  /// The end of a hash whose parts have the lengths that its kind demands.
  private static func hashEnd(_ place: Int, _ most: Int, _ window: borrowing GenericWindow) -> Int? {
    var marks: [Int] = []
    for at in place..<most where window[at] == 0x24 { marks.append(at) }
    func part(_ index: Int) -> Int {
      guard index < marks.count else { return -1 }
      return (index + 1 < marks.count ? marks[index + 1] : most) - marks[index] - 1
    }
    if window[place] == 0x7b { return most - place >= 25 ? most : nil }
    if window.holds("$2", at: place) { return part(2) == 53 ? most : nil }
    if window.holds("$1$", at: place) || window.holds("$apr1$", at: place) {
      return part(2) == 22 && part(1) <= 8 ? most : nil
    }
    if window.holds("$5$", at: place) { return part(marks.count - 1) == 43 ? most : nil }
    // Mosquitto writes salt and hash in base64.
    if window.holds("$7$", at: place) || window.holds("$6$", at: place) && part(1) == 16 && part(2) == 88 {
      return part(marks.count - 1) == 88 ? most : nil
    }
    if window.holds("$6$", at: place) { return part(marks.count - 1) == 86 ? most : nil }
    if window.holds("$p$", at: place) || window.holds("$h$", at: place) { return part(1) == 31 ? most : nil }
    if window.holds("$s$", at: place) { return part(1) == 52 ? most : nil }
    if window.holds("pbkdf2:", at: place) || window.holds("scrypt:", at: place) {
      return marks.count == 2 && part(0) >= 8 && part(1) >= 40 ? most : nil
    }
    if window.holds("$y$", at: place) { return part(3) == 43 ? most : nil }
    if window.holds("scram", at: place) { return marks.count == 2 && part(0) >= 16 && part(1) >= 64 ? most : nil }
    if window.holds("grub", at: place) { return most - place >= 256 ? most : nil }
    return marks.count >= 3 && most - place >= 48 ? most : nil
  }

  /// A web token, from the place of its `eyJ`.
  static func webToken(at place: Int, _ window: borrowing GenericWindow) -> GenericClaim? {
    guard !Bytes.isBase64(window[place - 1]) || window[place - 2] == 0x5c || window[place - 3] == 0x25 else {
      return nil
    }
    var at = place
    var dots: [Int] = []
    while at < window.high {
      if window[at] == 0x2e, dots.count < 2 {
        dots.append(at)
      } else if !Bytes.isBase64(window[at]) || window[at] == 0x2f {
        break
      }
      at += 1
    }
    guard let first = dots.first, first - place >= 16, window.holds("eyj", at: first + 1), dots.count == 2 else {
      return nil
    }
    guard dots[1] - first >= 10, at - dots[1] > 16 else { return nil }
    return GenericClaim(
      form: .webToken, quote: .none, traits: at == window.high ? .clipped : [], name: place..<place, callee: 0..<0,
      value: place..<at)
  }

  /// A private key, from the place of `-----BEGIN `.
  static func armour(at place: Int, _ count: Int, _ window: borrowing GenericWindow) -> GenericClaim? {
    var at = place + count
    let labelEnd = at + 40
    while at < labelEnd, window[at] != 0x2d, !Bytes.isBreak(window[at]) { at += 1 }
    guard window.holds("-----", at: at) else { return nil }
    let label = place + count..<at
    guard label.contains(where: { window.holds("private key", at: $0) }) else { return nil }
    at += 5
    let body = at
    var solid = 0
    while at < window.high {
      let byte = window[at]
      if byte == 0x2d, window.holds("-----end", at: at) { break }
      if Bytes.isAlphanumeric(byte) || byte == 0x2b || byte == 0x2f { solid += 1 }
      at += 1
    }
    guard solid >= 40 else { return nil }
    let closed = window.holds("-----end", at: at)
    var end = at
    if closed {
      end += 8
      while end < window.high, window[end] != 0x2d, !Bytes.isBreak(window[end]) { end += 1 }
      while end < window.high, window[end] == 0x2d { end += 1 }
    }
    guard closed || solid * 4 >= (at - body) * 3 else { return nil }
    return GenericClaim(
      form: .armour, quote: .none, traits: closed ? [] : .clipped, name: label, callee: 0..<0, value: place..<end)
  }
}
