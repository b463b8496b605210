import Testing

@testable import Secrets

@Suite struct SecretTests {
  /// A value that no other test makes, so that finding it in a text means that the text leaks it.
  private let value = SystemRandom().bytes(24).map { 0x41 + $0 % 26 }

  @Test func printsRedacted() {
    let secret = Secret(value)
    let text = String(decoding: value, as: UTF8.self)
    struct Holder { let secret: Secret }
    var dumped = ""
    dump(Holder(secret: secret), to: &dumped)
    for shown in ["\(secret)", String(reflecting: secret), "\(Holder(secret: secret))", "\([secret])", dumped] {
      #expect(!shown.contains(text.dropFirst(4)), "a printed secret shows more than its first characters")
    }
    #expect(secret.redacted == "\(text.prefix(3))…(24)")
  }

  @Test func showsNothingOfShortValues() {
    for length in 0..<8 { #expect(Secret([UInt8](repeating: 0x61, count: length)).redacted == "…(\(length))") }
  }

  @Test func comparesBytes() {
    var other = value
    other[23] ^= 1
    #expect(Secret(value) == Secret(value))
    #expect(Secret(value) != Secret(other))
    #expect(Secret(value) != Secret(Array(value.dropLast())))
    #expect(Secret([]) == Secret([]))
    #expect(Secret(value).copyBytes() == value)
  }

  @Test func wipesWhatItIsGiven() {
    var bytes = value
    wipe(&bytes)
    #expect(bytes == [UInt8](repeating: 0, count: 24))
  }
}

@Suite struct DigestTests {
  @Test func sha256HasItsPublishedValue() {
    // FIPS 180-2, appendix B.1.
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(Hex.encode(SHA256.hash(Array("abc".utf8))) == expected)
  }

  @Test func fingerprintsDependOnKeyAndValue() {
    let first = FingerprintKey(deriving: [1, 2, 3].span)
    let second = FingerprintKey(deriving: [1, 2, 4].span)
    let secret = Secret([5, 6])
    #expect(first.fingerprint(secret).count == 32)
    #expect(first.fingerprint(secret) == FingerprintKey(deriving: [1, 2, 3].span).fingerprint(Secret([5, 6])))
    #expect(first.fingerprint(secret) != second.fingerprint(secret))
    #expect(first.fingerprint(secret) != first.fingerprint(Secret([5, 7])))
    #expect(first.id != second.id)
    #expect(FingerprintKey().id != FingerprintKey().id)
  }

  @Test(arguments: [[], [0], [0xff, 0x10], [UInt8](repeating: 0xa5, count: 64)] as [[UInt8]])
  func hexGoesThereAndBack(_ bytes: [UInt8]) {
    let text = Hex.encode(bytes)
    #expect(Hex.decode(text.utf8) == bytes)
    #expect(Hex.decode(text.uppercased().utf8) == bytes)
  }

  @Test(arguments: ["a", "0g", "é1", "0x11"])
  func hexRefusesWhatIsNone(_ text: String) { #expect(Hex.decode(text.utf8) == nil) }
}

@Suite struct SealedBoxTests {
  private let pair: SealingKeyPair

  init() throws { pair = try SealingKeyPair(seed: SealingKeyPair.makeSeed()) }

  @Test(arguments: [0, 1, 1_000]) func opensWhatItSealed(_ length: Int) throws {
    let message = Secret(SystemRandom().bytes(length))
    let box = try pair.publicKey.seal(message)
    #expect(box.count == length + 48)
    #expect(try pair.open(box) == message)
    #expect(try pair.publicKey.seal(message) != box, "every box has a key of its own")
  }

  @Test func theSeedGivesTheSamePair() throws {
    let seed = SealingKeyPair.makeSeed()
    let box = try SealingKeyPair(seed: seed).publicKey.seal(Secret([1]))
    #expect(try SealingKeyPair(seed: seed).open(box) == Secret([1]))
  }

  @Test func refusesChangedBytesAndOtherKeys() throws {
    var box = try pair.publicKey.seal(Secret([1, 2, 3]))
    let stranger = try SealingKeyPair(seed: SealingKeyPair.makeSeed())
    #expect(throws: SealError.cannotOpen) { try stranger.open(box) }
    box[box.count - 1] ^= 1
    #expect(throws: SealError.cannotOpen) { try pair.open(box) }
    #expect(throws: SealError.cannotOpen) { try pair.open([1, 2, 3]) }
    #expect(throws: SealError.badKey) { try SealingPublicKey([1]) }
    #expect(throws: SealError.badKey) { try SealingKeyPair(seed: Secret([1])) }
  }
}
