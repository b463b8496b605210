// What can't be a credential, seen at little cost, before anything is measured: names that name something else, values
// that are a variable, a placeholder's stars, a word of a sentence.

enum GenericSieve {
  /// Whether the claim is worth measuring.
  static func passes(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    switch claim.form {
    case .url, .basic, .bearer, .login, .hash, .webToken, .armour: return passesValue(claim, bytes)
    default: break
    }
    if GenericProse.isNone(claim, bytes) { return false }
    let roles = GenericRoles(claim.name, of: bytes)
    // A password stays one however public the thing is that it opens.
    if roles.isPublic, roles.best == .key || roles.best == .token { return false }
    switch roles.last {
    // What a name ends in is what it names: `token_url`, `key_length`, `password_hash`, `client_id`.
    case .digest where roles.best == .password && GenericKind.isHash(bytes.extracting(claim.value)): break
    case .place, .measure, .digest: return false
    case .user where roles.before != .secret && !isAccessKey(claim, bytes): return false
    default: break
    }
    guard roles.best != .none || isForeign(claim, bytes) else { return false }
    let value = bytes.extracting(claim.value)
    if roles.best == .key || roles.best == .token {
      if isData(value, isBare: roles.best == .key && claim.name.count <= 5) { return false }
    }
    return passesValue(claim, bytes)
  }

  /// Bytes written out as `\x00` (serialised data, whose keys are those of a table), or a number or a UUID under a bare
  /// `key`.
  private static func isData(_ value: Span<UInt8>, isBare: Bool) -> Bool {
    var (escapes, digits) = (0, 0)
    if isBare, value.count == 36, value[8] == 0x2d, value[13] == 0x2d, value[18] == 0x2d { return true }
    for at in 0..<min(value.count, 200) {
      if value[at] == 0x5c, at + 1 < value.count, value[at + 1] | 0x20 == 0x78 { escapes += 1 }
      if Bytes.isDigit(value[at]) { digits += 1 }
    }
    return escapes * 8 >= min(value.count, 200) || isBare && (digits == value.count || value.count < 12)
  }

  /// The id of an AWS key, which begins like that and is half of the credential.
  private static func isAccessKey(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let at = claim.value.lowerBound
    guard claim.value.count >= 16 else { return false }
    return bytes[at] == 0x41 && (bytes[at + 1] == 0x4b || bytes[at + 1] == 0x53) && bytes[at + 2] == 0x49
      && bytes[at + 3] == 0x41
  }

  /// A name in another script: its words are not in the vocabulary, but the literal that led here is.
  private static func isForeign(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    bytes[claim.name.lowerBound] >= 0x80
  }

  /// `"$NAME"`.
  private static func isVariable(_ value: Span<UInt8>) -> Bool {
    var at = 0
    while at < value.count, value[at] == 0x20 { at += 1 }
    guard at + 2 < value.count, value[at] == 0x24 else { return false }
    return (at + 1..<value.count).allSatisfy { Bytes.isUpper(value[$0]) || value[$0] == 0x5f }
  }

  /// `name = [{"key": …`: what was read is itself a key.
  private static func isKey(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    guard claim.traits.contains(.nested) || claim.form == .argument, claim.quote != .none else { return false }
    // Behind a comma in backquotes: the next of SQL's columns.
    if claim.form == .argument, claim.quote == .back { return true }
    let next = claim.value.upperBound + 1
    return next < bytes.count && bytes[next] == 0x3a
  }

  /// `Guid.Parse("…")`: made to identify, whatever it is given to.
  private static func isIdentifier(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    var identifies = false
    if !claim.callee.isEmpty {
      GenericVector.forEachWord(claim.callee, of: bytes, splitsCase: true) { hash, _ in
        if identifierWords[hash] != nil { identifies = true }
      }
    }
    return identifies
  }

  private static let identifierWords = GenericVocabulary("guid uuid")

  /// `urn:uuid:…`, `opaquelocktoken:…`: names by their scheme.
  private static func isName(_ value: Span<UInt8>) -> Bool {
    let heads: [StaticString] = ["urn:", "opaquelocktoken:"]
    return heads.contains { head in
      let count = head.utf8CodeUnitCount
      return value.count > count && (0..<count).allSatisfy { Bytes.lowered(value[$0]) == head.byte($0) }
    }
  }

  /// Whether most of the value counts up or down.
  private static func isSequence(_ value: Span<UInt8>) -> Bool {
    guard value.count >= 8, value.count <= 200 else { return false }
    var steps = 0
    for at in 1..<value.count where value[at] == value[at - 1] &+ 1 || value[at] &+ 1 == value[at - 1] { steps += 1 }
    return steps * 2 > value.count
  }

  /// `2006-01-02T15:04:05Z` and shorter.
  private static func isTime(_ value: Span<UInt8>) -> Bool {
    guard value.count >= 10, value[4] == 0x2d, value[7] == 0x2d else { return false }
    for at in [0, 1, 2, 3, 5, 6, 8, 9] where !Bytes.isDigit(value[at]) { return false }
    return value.count == 10 || value[10] == 0x54 || value[10] == 0x20
  }

  /// Whether a value that stands in data, where nothing is code, is worth measuring.
  static func passesData(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool { passesValue(claim, bytes) }

  private static func passesValue(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let value = bytes.extracting(claim.value)
    guard value.count >= GenericLimits.leastBytes else { return false }
    if isTime(value) || value[0] == 0x3f || isVariable(value) || isKey(claim, bytes) || isIdentifier(claim, bytes) {
      return false
    }
    // A lock's name, `abcdefgh…`.
    if isName(value) || isSequence(value) { return false }
    // `&lt;` and its like: markup.
    if value[0] == 0x26, value.count > 3, value[1] == 0x6c || value[1] == 0x67, value[2] == 0x74 { return false }
    var (letters, others, stars) = (0, 0, 0)
    for at in 0..<min(value.count, 128) {
      let byte = value[at]
      if Bytes.isAlphanumeric(byte) || byte >= 0x80 { letters += 1 } else { others += 1 }
      stars = byte == 0x2a ? stars + 1 : 0
      if stars >= 3 { return false }
    }
    if letters < 2 && others < 4 { return false }
    if isDigestOfFile(claim, bytes) || isPublic(value) || isForeignText(value) { return false }
    return claim.quote != .none || passesBare(claim, bytes, value)
  }

  /// Whether a value without quotes can be a literal: elsewhere it is a variable, a call, a word.
  private static func passesBare(_ claim: GenericClaim, _ bytes: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
    let first = value[0]
    let second = value.count > 1 ? value[1] : 0
    let next = claim.value.upperBound < bytes.count ? bytes[claim.value.upperBound] : 0
    switch claim.form {
    case .url, .armour, .hash, .webToken, .basic, .bearer: return true
    case .call, .argument, .comparison: return false
    case .words:
      var (digits, brackets) = (0, 0)
      for at in 0..<value.count {
        if Bytes.isDigit(value[at]) { digits += 1 }
        if [0x28, 0x29, 0x3b, 0x2c, 0x2a].contains(value[at]) { brackets += 1 }
      }
      if first == 0x2d || value.count > 5 && value[value.count - 1] == 0x2d && value[value.count - 4] == 0x2d {
        return false
      }
      if claim.traits.contains(.nested) { return false }
      // A column of a table.
      if digits == 0, claim.value.lowerBound - claim.name.upperBound > 4 { return false }
      // `IDENTIFIED BY value;`
      let isStatement = next == 0x3b && claim.name.count < 13 && !(digits > 1 && value.count >= 12)
      if isStatement || next == 0x28 || brackets > 0 && digits < 2 { return false }
      if digits == 0, GenericRoles(claim.name, of: bytes).best != .password,
        bytes[claim.name.upperBound - 1] | 0x20 != 0x79
      {
        return false
      }
      return !isMacro(claim, bytes)
    default: break
    }
    if first == 0x28 || first == 0x5b || next == 0x28 { return false }
    // `$NAME`, `${NAME}`, `$(command)`, `/pattern/`, `qr/pattern/`.
    if first == 0x24, second == 0x7b || second == 0x28 || Bytes.isLetter(second) || second == 0x5f { return false }
    if first == 0x2f && (second == 0x5e || second == 0x28 || second == 0x5b)
      || first == 0x71 && second == 0x72 && value.count > 3 && value[2] == 0x2f
    {
      return false
    }
    if first == 0x7b, second == 0x7b || second == 0x25 { return false }
    if first == 0x3c || first == 0x2d { return value.count > 20 }
    return true
  }

  private static let publicHeads: [[UInt8]] = [
    "MIIBIjANBgkqhkiG9w0BAQEFAAOC", "MIICIjANBgkqhkiG9w0BAQEFAAOC", "MIGfMA0GCSqGSIb3DQEBAQUAA4GN", "MFkwEwYHKoZIzj0C",
    "MHYwEAYHKoZIzj0C", "MCowBQYDK2V", "ssh-rsa", "ssh-ed25519", "ecdsa-sha2", "ssh-dss", "-----BEGIN PUBLIC",
    "-----BEGIN CERT", "-----BEGIN RSA PUBLIC", "-----END", "LS0tLS1CRUdJTiBDRVJU", "LS0tLS1CRUdJTiBQVUJM",
  ].map { Array($0.utf8) }

  /// What is known by its head to be a public key: those of X.509 (the object identifiers of RSA, of elliptic curves), of
  /// OpenSSH, and armour that says so.
  private static func isPublic(_ value: Span<UInt8>) -> Bool {
    // In a literal of several lines it stands behind blanks.
    var start = 0
    while start < min(value.count, 64), Bytes.isBlank(value[start]) || Bytes.isBreak(value[start]) { start += 1 }
    return publicHeads.contains { head in
      value.count >= start + head.count && head.indices.allSatisfy { value[start + $0] == head[$0] }
    }
  }

  /// A translation: several characters beyond ASCII, as such with blanks or written as `\u….`.
  private static func isForeignText(_ value: Span<UInt8>) -> Bool {
    var (escapes, foreign, blanks) = (0, 0, 0)
    for at in 0..<min(value.count, 200) {
      let byte = value[at]
      if byte >= 0x80 { foreign += 1 }
      if byte == 0x20 { blanks += 1 }
      // `\u00e9` and above; the first 128 are only another way to write ASCII.
      if byte == 0x5c, at + 5 < value.count, value[at + 1] == 0x75, Bytes.isHex(value[at + 2]),
        Bytes.isHex(value[at + 5])
      {
        let isASCII = value[at + 2] == 0x30 && value[at + 3] == 0x30 && value[at + 4] < 0x38
        escapes += isASCII ? 0 : 1
      }
    }
    return escapes >= 1 || foreign > 0 && (blanks > 0 || foreign * 3 > value.count)
  }

  /// `#define NAME OTHER`.
  private static func isMacro(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let start = max(0, claim.name.lowerBound - 8)
    let word: [UInt8] = [0x64, 0x65, 0x66, 0x69, 0x6e, 0x65]
    guard claim.name.lowerBound - start == 8 else { return false }
    return word.indices.allSatisfy { bytes[start + 1 + $0] == word[$0] }
  }

  /// `h1:…`, `sha512-…`: what package managers write behind a name.
  private static func isDigestOfFile(_ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let at = claim.value.lowerBound
    if at >= 3, bytes[at - 1] == 0x3a, bytes[at - 2] == 0x31, bytes[at - 3] == 0x68 { return true }
    let value = bytes.extracting(claim.value)
    guard value.count > 20, Bytes.lowered(value[0]) == 0x73, Bytes.lowered(value[1]) == 0x68,
      Bytes.lowered(value[2]) == 0x61
    else { return false }
    return [0x2d, 0x3a].contains(value[4]) || [0x2d, 0x3a].contains(value[6])
  }
}
