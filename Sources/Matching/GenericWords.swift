// What the value says: words that mark a placeholder, a test's value, a type or a null; the heads of well-known tokens.

/// The words that are looked for anywhere in a value, of all lists at once.
private struct GenericWordLists: Sendable {
  static let shared = GenericWordLists()

  private static let texts: [(feature: GenericFeature, words: String)] = [
    (
      .placeholder,
      """
      example sample dummy fake placeholder changeme change_me change-me your insert replace todo redact xxx fixme here_ _here \
      -here goes enter put_ fill ****  template
      """
    ),
    (.testWord, "test foo bar baz mock demo tmp temp spec lorem hello"),
    (.secretWord, "pass secret token key pwd auth cred private"),
    (.userWord, "user admin root login name guest email account client"),
    (.negativeWord, "invalid wrong bad correct incorrect new old none not_ not- non another other different"),
    (.fillerWord, "my some the very super please this that any"),
    (.sequence, "123 abc qwe asd 987 321 xyz 1111 0000 aaaa"),
  ]

  /// The words, sorted by their first byte.
  private var words: [GenericWord] = []
  /// By word: its number in the order of the lists.
  private var numbers: [Int] = []
  /// By byte: where the words begin that begin with it.
  private var starts = [Int](repeating: 0, count: 257)
  /// By list: the numbers of its words.
  private var lists: [(feature: GenericFeature, numbers: Range<Int>)] = []

  private init() {
    var all: [(word: [UInt8], number: Int)] = []
    for (feature, text) in GenericWordLists.texts {
      let first = all.count
      for word in text.split(separator: " ") { all.append((Array(word.utf8), all.count)) }
      lists.append((feature, first..<all.count))
    }
    all.sort { ($0.word[0], $0.number) < ($1.word[0], $1.number) }
    words = all.map { GenericWord($0.word) }
    numbers = all.map(\.number)
    for (word, _) in all { starts[Int(word[0]) + 1] += 1 }
    for byte in 1...256 { starts[byte] += starts[byte - 1] }
  }

  /// Calls `use` with each list's feature and how many of its words stand in the head of a value.
  func count(in head: GenericHead, _ use: (GenericFeature, Int) -> Void) {
    var found: (UInt64, UInt64) = (0, 0)
    for at in 0..<head.count {
      let first = Int(head[at])
      var index = starts[first]
      let end = starts[first + 1]
      while index < end {
        let number = numbers[index]
        if words[index].stands(in: head, at: at) {
          if number < 64 { found.0 |= 1 << UInt64(number) } else { found.1 |= 1 << UInt64(number & 63) }
        }
        index += 1
      }
    }
    if found == (0, 0) { return }
    for (feature, numbers) in lists {
      use(feature, numbers.count { ($0 < 64 ? found.0 : found.1) >> UInt64($0 & 63) & 1 == 1 })
    }
  }
}

/// A word of at most sixteen bytes, in lower case, as two machine words.
private struct GenericWord: Sendable {
  let count: Int
  private var low: UInt64 = 0
  private var high: UInt64 = 0
  private var lowMask: UInt64 = 0
  private var highMask: UInt64 = 0

  init(_ bytes: [UInt8]) {
    count = bytes.count
    for (index, byte) in bytes.prefix(16).enumerated() {
      let shift = UInt64(index & 7) * 8
      if index < 8 {
        low |= UInt64(byte) << shift
        lowMask |= 0xff << shift
      } else {
        high |= UInt64(byte) << shift
        highMask |= 0xff << shift
      }
    }
  }

  /// The first of several that a text begins with, which is longer than it.
  static func firstBeginning(_ head: GenericHead, of words: [GenericWord], isWhole: Bool) -> Int? {
    words.firstIndex { word in
      (isWhole ? word.count == head.total : word.count < head.total) && word.stands(in: head, at: 0)
    }
  }

  @inline(__always)
  func stands(in head: GenericHead, at place: Int) -> Bool {
    head.word(at: place) & lowMask == low && (highMask == 0 || head.word(at: place + 8) & highMask == high)
  }
}

/// The first bytes of a value, in lower case, with zeroes behind them.
private struct GenericHead {
  /// The most that is looked at, in bytes.
  private static let maximum = 100
  private var words = InlineArray<16, UInt64>(repeating: 0)
  /// How many there are, and how long the value is.
  let count: Int
  let total: Int

  init(_ text: Span<UInt8>) {
    total = text.count
    count = min(text.count, GenericHead.maximum)
    for at in 0..<count { words[at >> 3] |= UInt64(Bytes.lowered(text[at])) << UInt64((at & 7) * 8) }
  }

  @inline(__always)
  subscript(_ at: Int) -> UInt8 { UInt8(truncatingIfNeeded: words[at >> 3] >> UInt64((at & 7) * 8)) }

  /// The eight bytes from a place on.
  @inline(__always)
  func word(at place: Int) -> UInt64 {
    let (index, shift) = (place >> 3, UInt64((place & 7) * 8))
    guard index < 15 else { return 0 }
    return shift == 0 ? words[index] : words[index] >> shift | words[index + 1] << (64 - shift)
  }
}

extension GenericVector {
  private static func list(_ text: String) -> [GenericWord] {
    text.split(separator: " ").map { GenericWord(Array($0.utf8)) }
  }

  private static let nulls = list(
    """
    null none nil undefined true false yes no on off string str text int integer number bool boolean object any void default \
    required optional varchar char binary bytes byte uint8 base64 never unknown self this function return async await new \
    const let var public private static final end then else env file path password secret token key user admin n/a auto \
    enabled disabled plain basic bearer oauth2 jwt md5 sha256 sha1 hmac aes rsa read write value data json
    """)
  private static let prefixes = list(
    """
    sk_ pk_ rk_ sk- ghp_ gho_ ghs_ github_pat_ glpat- akia asia xox aiza ya29. sg. eyj ey0 key- npm_ pypi- dop_v1_ shpat_ sq0 \
    ac sk ls0t mii aaaa sha256: sha1- sha512- md5: ssh-rsa $2a$ $2y$ pbkdf2
    """)

  mutating func measureWords(_ text: Span<UInt8>) {
    let head = GenericHead(text)
    GenericWordLists.shared.count(in: head) { self[$0] = $1 }
    if text.count <= 12, GenericWord.firstBeginning(head, of: GenericVector.nulls, isWhole: true) != nil {
      self[.nullWord] = 1
    }
    if let index = GenericWord.firstBeginning(head, of: GenericVector.prefixes, isWhole: false) {
      self[.knownPrefix] = index + 1
    }
  }

  /// How the value is like its name: the same letters, or the name's last part in it.
  mutating func compareWithName(_ claim: GenericClaim, _ bytes: Span<UInt8>) {
    // The letters and digits of both, one after the other; the last part of the name is its end.
    var isSame = true
    var (nameCount, lastPart) = (0, 0)
    var value = claim.value.lowerBound
    let valueEnd = min(claim.value.upperBound, claim.value.lowerBound + 100)
    for at in claim.name where at < bytes.count {
      let byte = bytes[at]
      if Bytes.isUpper(byte), at > claim.name.lowerBound,
        Bytes.isLower(bytes[at - 1]) || !Bytes.isWord(byte) || byte == 0x5f
      {
        lastPart = 0
      }
      guard Bytes.isAlphanumeric(byte) else {
        lastPart = 0
        continue
      }
      nameCount += 1
      lastPart += 1
      while value < valueEnd, !Bytes.isAlphanumeric(bytes[value]) { value += 1 }
      if isSame, value < valueEnd, Bytes.lowered(bytes[value]) == Bytes.lowered(byte) {
        value += 1
      } else {
        isSame = false
      }
    }
    while value < valueEnd, !Bytes.isAlphanumeric(bytes[value]) { value += 1 }
    self[.equalsName] = isSame && value == valueEnd ? 1 : 0
    if lastPart >= 4, holdsPart(claim, lastPart, valueEnd, bytes) { self[.sharesName] = 1 }
  }

  /// Whether the letters and digits of the value hold the last so many of the name.
  private func holdsPart(_ claim: GenericClaim, _ count: Int, _ valueEnd: Int, _ bytes: Span<UInt8>) -> Bool {
    var part: [UInt8] = []
    var at = min(claim.name.upperBound, bytes.count)
    while at > claim.name.lowerBound, part.count < count {
      at -= 1
      if Bytes.isAlphanumeric(bytes[at]) { part.append(Bytes.lowered(bytes[at])) }
    }
    part.reverse()
    guard part.count == count else { return false }
    for start in claim.value.lowerBound..<valueEnd where Bytes.lowered(bytes[start]) == part[0] {
      var (place, matched) = (start, 0)
      while place < valueEnd, matched < count {
        let byte = bytes[place]
        place += 1
        guard Bytes.isAlphanumeric(byte) else { continue }
        guard Bytes.lowered(byte) == part[matched] else { break }
        matched += 1
      }
      if matched == count { return true }
    }
    return false
  }
}
