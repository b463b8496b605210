// One kind of credential, as a rule file describes it.

public import Model

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
  /// GitLab's routable tokens: `payload.01.LLccccccc`, where LL is the payload's length and c the CRC-32 of all before
  /// it, both in base 36.
  case gitlabRoutable = "gitlab-routable"
  /// The last six characters are base64 of the little-endian CRC-32 of what stands between a prefix of four characters
  /// and them (Confluent Cloud).
  case crc32Base64 = "crc32-base64"
  /// Base58 whose last four bytes are the start of a double SHA-256 of the rest (Bitcoin's wallet import format).
  case base58check
  /// Bech32 of BIP 173, of any length (age).
  case bech32
  /// Base32 whose last two bytes are the CRC-16/XMODEM of the rest, low byte first (Stellar, NATS).
  case crc16Base32 = "crc16-base32"

  /// Whether it is arithmetic that a made-up value fails, and not just a structure.
  public var isSum: Bool {
    switch self {
    case .jwt, .pem, .pypi: false
    default: true
    }
  }
}

/// How a rule finds what it looks for.
public enum RuleKind: String, Sendable, CaseIterable {
  /// By a pattern of the provider's own shape.
  case pattern
  /// By the provider's name beside a value of some class.
  case keyword
  /// By a detector that is part of the program.
  case detector
}

/// One kind of credential: how it is found.
public struct Rule: Sendable, Equatable {
  /// The largest `width`.
  public static let maximumWidthBytes = 16_384
  /// How many lines apart a pair may stand where the file does not say.
  public static let defaultPairLines = 10

  /// Unique over all files.
  public var id: RuleID
  /// How it finds.
  public var kind: RuleKind
  /// The built-in detector's name, where `kind` is `detector`; such a rule may lack literals and a pattern.
  public var detector: String?
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
  /// Names beside which the value stands, for a rule of the kind `keyword`, whose literals and pattern are made of these.
  public var keywords: [String] = []
  /// The pattern of the value alone, for such a rule.
  public var value = ""
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
  /// The checksum; a secret that fails it is not reported, unless the checksum is optional.
  public var checksum: ChecksumKind?
  /// Whether a secret that fails the checksum is still reported, as a guess: it has the shape, but is made up, damaged,
  /// or of a form that the provider has not documented.
  public var checksumIsOptional: Bool
  /// Whether the credential is meant to be public (publishable keys): reported at the lowest severity only on request.
  public var isPublic: Bool
  /// Templates of texts in which the rule must find exactly one secret.
  public var matches: [String]
  /// Templates of texts in which it must find none.
  public var rejects: [String]
  /// Where the format is documented.
  public var source: String
  /// Rules whose credentials belong together with this one's (an id and its secret): findings of both that stand within
  /// `pairLines` lines are one leak.
  public var pairs: [RuleID]
  /// How many lines apart a pair may stand.
  public var pairLines: Int
  /// Endings of paths (`.npmrc`, `/.docker/config.json`) where the rule counts in full; in any other file its matches
  /// are guesses. Empty: everywhere.
  public var paths: [String]
  /// The harmless call for this kind alone, where it differs from the provider's.
  public var verify: CallTemplate?
  /// For rules of other scanners' configurations, which have neither literals nor a bound: they are tried on a content as
  /// a whole. Such a rule has no `literals` and no use for `width`.
  public var content: ContentScope?

  /// A rule as given.
  public init(
    id: RuleID, kind: RuleKind = .pattern, detector: String? = nil, provider: String, name: String,
    aliases: [String] = [], severity: Severity, confidence: Confidence, literals: [String],
    literalsIgnoreCase: Bool = false, pattern: String, secretGroup: Int = 0, width: Int, minimumEntropy: Double? = nil,
    stopWords: [String] = [], checksum: ChecksumKind? = nil, checksumIsOptional: Bool = false, isPublic: Bool = false,
    matches: [String] = [], rejects: [String] = [], source: String, pairs: [RuleID] = [],
    pairLines: Int = Rule.defaultPairLines, paths: [String] = [], verify: CallTemplate? = nil,
    content: ContentScope? = nil
  ) {
    self.id = id
    self.kind = kind
    self.detector = detector
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
    self.checksumIsOptional = checksumIsOptional
    self.isPublic = isPublic
    self.matches = matches
    self.rejects = rejects
    self.source = source
    self.pairs = pairs
    self.pairLines = pairLines
    self.paths = paths
    self.verify = verify
    self.content = content
  }
}
