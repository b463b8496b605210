// What a claim is reported as, and what it takes to be reported.

internal import RuleBook

/// The kinds that the generic case is reported as. A rule names one as its detector.
enum GenericKind: String, CaseIterable {
  case password = "generic-password"
  case secret = "generic-secret"
  case token = "generic-token"
  case key = "generic-key"
  case credential = "generic-credential"
  case url = "url-credentials"
  case basic = "basic-authorization"
  case bearer = "bearer-authorization"
  case login = "command-line-login"
  case hash = "password-hash"
  case webToken = "web-token"
  case armour = "private-key-block"
  case file = "credential-file"

  /// The kind that a rule stands for.
  init?(_ rule: Rule) {
    guard let kind = rule.detector.flatMap({ GenericKind(rawValue: $0) }) else { return nil }
    self = kind
  }

  /// What a claim is reported as.
  init(_ claim: GenericClaim, _ bytes: Span<UInt8>) {
    switch claim.form {
    case .url: self = .url
    case .basic: self = .basic
    case .bearer: self = .bearer
    case .login: self = .login
    case .hash: self = .hash
    case .webToken: self = .webToken
    case .armour: self = .armour
    default:
      // A header's scheme says more than its name.
      if GenericKind.follows("basic", claim, bytes) {
        self = .basic
        return
      }
      if GenericKind.follows("bearer", claim, bytes) {
        self = .bearer
        return
      }
      if GenericKind.isArmour(bytes.extracting(claim.value)) {
        self = .armour
        return
      }
      if GenericKind.isWebToken(bytes.extracting(claim.value)) {
        self = .webToken
        return
      }
      let roles = GenericRoles(claim.name, of: bytes)
      if roles.best == .password || roles.best == .secret, GenericHashes.isHash(bytes.extracting(claim.value)) {
        self = .hash
        return
      }
      switch roles.best {
      case .password: self = roles.last == .digest ? .hash : .password
      case .secret: self = .secret
      case .token: self = .token
      case .key: self = .key
      default: self = .credential
      }
    }
  }
}

extension GenericKind {
  /// Whether the word and a blank stand right before the value.
  private static func follows(_ word: StaticString, _ claim: GenericClaim, _ bytes: Span<UInt8>) -> Bool {
    let start = claim.value.lowerBound - word.utf8CodeUnitCount - 1
    guard start >= 0, bytes[claim.value.lowerBound - 1] == 0x20 else { return false }
    return (0..<word.utf8CodeUnitCount).allSatisfy { Bytes.lowered(bytes[start + $0]) == word.byte($0) }
  }
}

extension GenericKind {
  /// Whether a value is what is kept of a password: hex of a digest's length, base64 of one, one of crypt's forms.
  static func isHash(_ value: Span<UInt8>) -> Bool {
    guard value.count >= 32, value.count <= 200 else { return false }
    if value[0] == 0x24 || value[0] == 0x7b || value[0] == 0x2a || GenericHashes.isHash(value) { return true }
    var (hex, base64, digits, uppers, signs) = (0, 0, 0, 0, 0)
    for at in value.indices {
      if Bytes.isHex(value[at]) { hex += 1 }
      if [0x2b, 0x2f, 0x3d].contains(value[at]) { signs += 1 }
      if Bytes.isBase64(value[at]) || value[at] == 0x3d { base64 += 1 }
      if Bytes.isDigit(value[at]) { digits += 1 }
      if Bytes.isUpper(value[at]) { uppers += 1 }
    }
    if hex == value.count, [32, 40, 56, 64, 96, 128].contains(hex) { return digits > 3 }
    // Letters and digits alone, in a length that no digest has, are an id as well as anything.
    guard signs > 0 || value.count == 64 else { return false }
    return base64 == value.count && value.count % 4 == 0 && digits > 0 && uppers > 3 && value.count - uppers > 8
  }

  /// Whatever names a private key, it is one.
  private static func isArmour(_ value: Span<UInt8>) -> Bool {
    let head: StaticString = "-----BEGIN "
    return value.count > 64 && (0..<head.utf8CodeUnitCount).allSatisfy { value[$0] == head.byte($0) }
  }

  /// `eyJ….eyJ….…`: header and claims of a web token, both JSON objects in base64url, and a signature.
  private static func isWebToken(_ value: Span<UInt8>) -> Bool {
    func begins(_ at: Int) -> Bool {
      at + 3 < value.count && value[at] == 0x65 && value[at + 1] == 0x79 && value[at + 2] == 0x4a
    }
    guard begins(0) else { return false }
    var dots: [Int] = []
    for at in 0..<value.count {
      if value[at] == 0x2e { dots.append(at) } else if !Bytes.isBase64(value[at]) { return false }
    }
    return dots.count == 2 && begins(dots[0] + 1) && value.count - dots[1] > 16
  }
}

/// What the score must reach, in the model's units.
enum GenericThreshold {
  /// To be reported by default.
  static let context = 64
  /// To be reported at all.
  static let guess = -768
}
