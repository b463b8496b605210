// What a provider file says, after parsing. Rules/README.md documents the file format.

public import Model

/// How an unknown outcome of a mutation can be recovered from; the letters are those of the documentation.
public enum Recoverability: String, Sendable, CaseIterable {
  /// Independent keys: create another, delete the old one.
  case createDelete = "A"
  /// The old key dies at once; the new one can be read again.
  case replaceReadable = "B1"
  /// The old key dies at once; the new one is shown once.
  case replaceOnce = "B2"
  /// The old key lives on for a grace period.
  case replaceWithGrace = "C"
  /// Two slots.
  case twoSlots = "D"
  /// We choose the value.
  case callerChosen = "E"
  /// No programming interface.
  case manual = "F"
}

/// An HTTP call of a provider, as a template. Placeholders in `{…}`: `{secret}`, `{base}`, `{key_id}`, `{tenant}`,
/// `{reference}`, `{grace_seconds}`, and the names of sibling credentials.
public struct CallTemplate: Sendable, Equatable {
  /// `GET`, `POST`...
  public var method: String
  /// The address. Its host must be literal, or come from `{base}`, which only trusted configuration sets.
  public var url: String
  /// Header fields, in order.
  public var headers: [HeaderTemplate]
  /// The body; nil sends none.
  public var body: String?
  /// Statuses that mean it worked (for `verify`: the key is live).
  public var success: [Int]
  /// Statuses that are a definite refusal of the key (for `verify`: the key is dead).
  public var refused: [Int]
  /// JSON pointer of a string that the response must hold for `success` to count (guards against login pages).
  public var mustHold: String?
  /// JSON pointers by role: `identity`, `secret`, `key_id`, `list`, `reference`...
  public var fields: [String: String]

  /// A call as given.
  public init(
    method: String, url: String, headers: [HeaderTemplate] = [], body: String? = nil, success: [Int] = [200],
    refused: [Int] = [401], mustHold: String? = nil, fields: [String: String] = [:]
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.success = success
    self.refused = refused
    self.mustHold = mustHold
    self.fields = fields
  }
}

/// One header field of a call.
public struct HeaderTemplate: Sendable, Equatable {
  /// The field's name.
  public var name: String
  /// Its value, with placeholders. A header whose only placeholder is optional and unset (`{tenant}`) is left out.
  public var value: String
  /// A field as given.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// A checksum that a credential carries inside itself.
public enum ChecksumKind: String, Sendable, CaseIterable {
  /// Last six characters are the base62 CRC-32 of everything before them after the last `_` (GitHub, npm, `aitbc_`).
  case crc32Base62 = "crc32-base62"
  /// The same over the whole token before the last six characters, prefix included.
  case crc32Base62Whole = "crc32-base62-whole"
  /// The last eight hex digits are the CRC-32 of what stands between the prefix and the last `_` (Grafana).
  case crc32Hex = "crc32-hex"
  /// Structure of a JSON Web Token: three base64url parts, the first two JSON objects, `alg` present.
  case jwt
  /// Structure of a PEM block: matching labels, base64 body that decodes to a plausible DER or OpenSSH key.
  case pem
  /// Structure of a PyPI macaroon.
  case pypi
}

/// One kind of credential: how it is found.
public struct Rule: Sendable, Equatable {
  /// The largest `width`.
  public static let maximumWidthBytes = 16_384

  /// Unique over all files.
  public var id: RuleID
  /// The provider file's id.
  public var provider: String
  /// A name for people.
  public var name: String
  /// Other scanners' ids of the same thing.
  public var aliases: [String]
  /// What the credential can do.
  public var severity: Severity
  /// What a match rests on before any checksum.
  public var confidence: Confidence
  /// At least one of these must stand within `width` bytes for the pattern to be tried; never empty.
  public var literals: [String]
  /// Whether ASCII case matters in `literals` (it always matters in the pattern unless that says `(?i)`).
  public var literalsIgnoreCase: Bool
  /// PCRE2, over raw bytes.
  public var pattern: String
  /// The capture group that is the secret; 0 is the whole match.
  public var secretGroup: Int
  /// The widest match of the pattern with its look-arounds, in bytes: the window on either side of a literal.
  public var width: Int
  /// The least Shannon entropy of the secret, in bits per byte; nil asks for none.
  public var minimumEntropy: Double?
  /// Lower-case words that, anywhere in the secret, make it a placeholder.
  public var stopWords: [String]
  /// The checksum; a secret that fails it is not reported.
  public var checksum: ChecksumKind?
  /// Whether the credential is meant to be public (publishable keys): reported at the lowest severity only on request.
  public var isPublic: Bool
  /// Templates of texts in which the rule must find exactly one secret.
  public var matches: [String]
  /// Templates of texts in which it must find none.
  public var rejects: [String]
  /// Where the format is documented.
  public var source: String

  /// A rule as given.
  public init(
    id: RuleID, provider: String, name: String, aliases: [String] = [], severity: Severity, confidence: Confidence,
    literals: [String], literalsIgnoreCase: Bool = false, pattern: String, secretGroup: Int = 0, width: Int,
    minimumEntropy: Double? = nil, stopWords: [String] = [], checksum: ChecksumKind? = nil, isPublic: Bool = false,
    matches: [String] = [], rejects: [String] = [], source: String
  ) {
    self.id = id
    self.provider = provider
    self.name = name
    self.aliases = aliases
    self.severity = severity
    self.confidence = confidence
    self.literals = literals
    self.literalsIgnoreCase = literalsIgnoreCase
    self.pattern = pattern
    self.secretGroup = secretGroup
    self.width = width
    self.minimumEntropy = minimumEntropy
    self.stopWords = stopWords
    self.checksum = checksum
    self.isPublic = isPublic
    self.matches = matches
    self.rejects = rejects
    self.source = source
  }
}

/// How a provider's keys are managed.
public struct Management: Sendable, Equatable {
  /// How an unknown outcome is recovered from.
  public var recoverability: Recoverability
  /// The default `{base}`; nil where only configuration can know it.
  public var base: String?
  /// Asks, harmlessly, whether a key works and whose it is.
  public var verify: CallTemplate?
  /// Lists keys.
  public var list: CallTemplate?
  /// Makes another key.
  public var create: CallTemplate?
  /// Replaces a key's value.
  public var regenerate: CallTemplate?
  /// Ends a key's life.
  public var revoke: CallTemplate?
  /// Requests per minute by plan; the empty plan name is the default.
  public var requestsPerMinute: [String: Int]

  /// Management as given.
  public init(
    recoverability: Recoverability, base: String? = nil, verify: CallTemplate? = nil, list: CallTemplate? = nil,
    create: CallTemplate? = nil, regenerate: CallTemplate? = nil, revoke: CallTemplate? = nil,
    requestsPerMinute: [String: Int] = [:]
  ) {
    self.recoverability = recoverability
    self.base = base
    self.verify = verify
    self.list = list
    self.create = create
    self.regenerate = regenerate
    self.revoke = revoke
    self.requestsPerMinute = requestsPerMinute
  }
}

/// One provider file.
public struct Provider: Sendable, Equatable {
  /// The file's name without its ending.
  public var id: String
  /// The provider's name for people.
  public var name: String
  /// The provider's home.
  public var homepage: String
  /// Kinds of credential.
  public var rules: [Rule]
  /// How its keys are managed; nil where the file says nothing.
  public var management: Management?

  /// A provider as given.
  public init(id: String, name: String, homepage: String, rules: [Rule], management: Management? = nil) {
    self.id = id
    self.name = name
    self.homepage = homepage
    self.rules = rules
    self.management = management
  }
}
