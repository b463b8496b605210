// How bad a finding is, and how sure we are of it.

/// What someone who holds the credential can do.
public enum Severity: String, Sendable, Comparable, CaseIterable {
  /// Next to nothing.
  case low
  /// Read, or act in a narrow place.
  case medium
  /// Act for its owner.
  case high
  /// Act for the whole organisation, or move money.
  case critical

  private var rank: Int {
    switch self {
    case .low: 0
    case .medium: 1
    case .high: 2
    case .critical: 3
    }
  }
  /// By harm.
  public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
}

/// What the claim that a match is a credential rests on.
public enum Confidence: String, Sendable, Comparable, CaseIterable {
  /// It looks random, in a place where secrets may be.
  case guess
  /// The words round it say what it is.
  case context
  /// Its shape is the provider's own.
  case structure
  /// It carries a checksum, and the checksum holds.
  case checksum

  private var rank: Int {
    switch self {
    case .guess: 0
    case .context: 1
    case .structure: 2
    case .checksum: 3
    }
  }
  /// By strength.
  public static func < (left: Confidence, right: Confidence) -> Bool { left.rank < right.rank }
}

/// What the provider says of a credential.
public enum Liveness: String, Sendable {
  /// It still opens the door.
  case live
  /// The provider refused it.
  case dead
  /// The provider could not be asked, or its answer proves nothing.
  case unknown
}

/// One step between the bytes as stored and the bytes that matched, outermost first.
public enum Decoder: String, Sendable, CaseIterable {
  /// Base64, standard or URL-safe.
  case base64
  /// Pairs of hex digits.
  case hex
  /// `%41`.
  case percent
  /// `\u0041`, `\x41`.
  case escape
  /// UTF-16, either byte order.
  case utf16
  /// UTF-32, either byte order.
  case utf32
  /// `&#65;`, `&amp;`.
  case html
  /// Quoted-printable: `=41`, and lines that end in `=`.
  case quotedPrintable = "quoted-printable"
  /// String literals that the source joins: `"AB" + "CD"`.
  case concat
  /// A list of numbers or characters: `{0x41, 0x42}`, `['A', 'B']`.
  case bytes
}
