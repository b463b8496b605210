// Randomness that a printed seed repeats.

/// A repeatable generator (SplitMix64).
public struct Seeded: RandomNumberGenerator, Sendable {
  /// The whole state: the seed, at first.
  public var state: UInt64

  /// A generator that begins with a seed.
  public init(state: UInt64) { self.state = state }

  /// The next word.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}
