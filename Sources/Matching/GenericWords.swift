// What the value says: words that mark a placeholder, a test's value, a type or a null; the heads of well-known tokens.

extension GenericVector {
  private static func list(_ text: String) -> [[UInt8]] { text.split(separator: " ").map { Array($0.utf8) } }

  private static let placeholderWords = list(
    """
    example sample dummy fake placeholder changeme change_me change-me your insert replace todo redact xxx fixme here_ _here \
    -here goes enter put_ fill ****  template
    """)
  private static let testWords = list("test foo bar baz mock demo tmp temp spec lorem hello")
  private static let secretWords = list("pass secret token key pwd auth cred private")
  private static let userWords = list("user admin root login name guest email account client")
  private static let negativeWords = list(
    "invalid wrong bad correct incorrect new old none not_ not- non another other different")
  private static let fillerWords = list("my some the very super please this that any")
  private static let sequences = list("123 abc qwe asd 987 321 xyz 1111 0000 aaaa")
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
    self[.placeholder] = GenericVector.count(GenericVector.placeholderWords, text)
    self[.testWord] = GenericVector.count(GenericVector.testWords, text)
    self[.secretWord] = GenericVector.count(GenericVector.secretWords, text)
    self[.userWord] = GenericVector.count(GenericVector.userWords, text)
    self[.negativeWord] = GenericVector.count(GenericVector.negativeWords, text)
    self[.fillerWord] = GenericVector.count(GenericVector.fillerWords, text)
    self[.sequence] = GenericVector.count(GenericVector.sequences, text)
    if text.count <= 12,
      GenericVector.nulls.contains(where: { $0.count == text.count && GenericVector.begins(text, 0, $0) })
    {
      self[.nullWord] = 1
    }
    if let index = GenericVector.prefixes.firstIndex(where: {
      $0.count < text.count && GenericVector.begins(text, 0, $0)
    }) {
      self[.knownPrefix] = index + 1
    }
  }

  /// How many of the words stand in the text; they are looked for in its first 100 bytes.
  private static func count(_ words: [[UInt8]], _ text: Span<UInt8>) -> Int {
    var found = 0
    let end = min(text.count, 100)
    for word in words where word.count <= end {
      for at in 0...end - word.count where Bytes.lowered(text[at]) == word[0] && begins(text, at, word) {
        found += 1
        break
      }
    }
    return found
  }

  private static func begins(_ text: Span<UInt8>, _ at: Int, _ word: [UInt8]) -> Bool {
    for offset in word.indices where Bytes.lowered(text[at + offset]) != word[offset] { return false }
    return true
  }

  /// How the value is like its name: the same letters, or the name's last part in it.
  mutating func compareWithName(_ claim: GenericClaim, _ bytes: Span<UInt8>) {
    var name: [UInt8] = []
    var lastPart: [UInt8] = []
    for at in claim.name where at < bytes.count {
      let byte = bytes[at]
      if Bytes.isUpper(byte), at > claim.name.lowerBound,
        Bytes.isLower(bytes[at - 1]) || !Bytes.isWord(byte) || byte == 0x5f
      {
        lastPart.removeAll(keepingCapacity: true)
      }
      guard Bytes.isAlphanumeric(byte) else {
        lastPart.removeAll(keepingCapacity: true)
        continue
      }
      name.append(Bytes.lowered(byte))
      lastPart.append(Bytes.lowered(byte))
    }
    var value: [UInt8] = []
    for at in claim.value.prefix(100) where Bytes.isAlphanumeric(bytes[at]) { value.append(Bytes.lowered(bytes[at])) }
    self[.equalsName] = value == name ? 1 : 0
    if lastPart.count >= 4, value.count >= lastPart.count {
      let span = value.span
      self[.sharesName] = GenericVector.count([lastPart], span)
    }
  }
}
