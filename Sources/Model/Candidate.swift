// What the matcher hands on: spans of bytes, not yet findings.

/// A span of one buffer that a rule claims. Spans are in bytes of the buffer as stored, also for decoded matches.
public struct Candidate: Sendable, Hashable {
  /// The rule's index in the rule book that the matcher was made from.
  public var rule: Int
  /// The secret itself.
  public var secret: Range<Int>
  /// The whole match of the rule's pattern, which includes `secret`.
  public var match: Range<Int>
  /// How the stored bytes were decoded, outermost first; empty for a plain match.
  public var decoders: [Decoder]
  /// The decoded secret, only where `decoders` is not empty.
  public var decoded: [UInt8]
  /// What the claim rests on, after checksum and context.
  public var confidence: Confidence

  /// A candidate as given.
  public init(
    rule: Int, secret: Range<Int>, match: Range<Int>, decoders: [Decoder] = [], decoded: [UInt8] = [],
    confidence: Confidence
  ) {
    self.rule = rule
    self.secret = secret
    self.match = match
    self.decoders = decoders
    self.decoded = decoded
    self.confidence = confidence
  }
}
