// Hashes, keyed fingerprints and random bytes, all from libsodium.

internal import Csodium

/// libsodium must be initialised before use; a second call is cheap and harmless.
enum Sodium {
  static let ready: Bool = sodium_init() >= 0
}

/// Randomness from the operating system (or from a seed, where a run must be repeatable).
public protocol RandomSource: Sendable {
  /// `count` random bytes.
  func bytes(_ count: Int) -> [UInt8]
}

/// The operating system's generator.
public struct SystemRandom: RandomSource {
  /// A generator without state of its own.
  public init() {}

  /// `count` bytes fit for keys.
  public func bytes(_ count: Int) -> [UInt8] {
    precondition(Sodium.ready, "libsodium could not be initialised")
    var result = [UInt8](repeating: 0, count: count)
    unsafe result.withUnsafeMutableBytes { buffer in
      if let base = buffer.baseAddress { unsafe randombytes_buf(base, count) }
    }
    return result
  }
}

/// SHA-256 of bytes.
public enum SHA256 {
  /// The 32-byte digest of `bytes`.
  public static func hash(_ bytes: Span<UInt8>) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    unsafe bytes.withUnsafeBufferPointer { input in
      unsafe digest.withUnsafeMutableBufferPointer { output in
        guard let out = output.baseAddress else { return }
        _ = unsafe crypto_hash_sha256(
          out, input.baseAddress, UInt64(input.count))
      }
    }
    return digest
  }

  /// The digest of the array's bytes.
  public static func hash(_ bytes: [UInt8]) -> [UInt8] { hash(bytes.span) }
}

/// A 32-byte key for HMAC-SHA256.
public struct FingerprintKey: Sendable {
  private let key: Secret
  /// A short public name of the key: the first eight bytes of the SHA-256 of its SHA-256, in hex.
  public let id: String

  /// A key from existing bytes, whatever their number (they are hashed to 32 bytes).
  public init(deriving material: Span<UInt8>) {
    self.init(exactly: SHA256.hash(material))
  }

  /// A fresh random key.
  public init(random: some RandomSource = SystemRandom()) {
    self.init(exactly: random.bytes(32))
  }

  private init(exactly bytes: [UInt8]) {
    key = Secret(bytes)
    id = Hex.encode(SHA256.hash(SHA256.hash(bytes)).prefix(8))
  }

  /// HMAC-SHA256 of `bytes`, 32 bytes.
  public func authenticate(_ bytes: Span<UInt8>) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
    key.withBytes { key in
      unsafe key.withUnsafeBufferPointer { key in
        unsafe bytes.withUnsafeBufferPointer { input in
          unsafe code.withUnsafeMutableBufferPointer { output in
            guard let out = output.baseAddress, let key = key.baseAddress else { return }
            _ = unsafe crypto_auth_hmacsha256(
              out, input.baseAddress, UInt64(input.count),
              key)
          }
        }
      }
    }
    return code
  }

  /// The fingerprint of a secret: the first 16 bytes of its HMAC-SHA256, in hex (32 characters).
  public func fingerprint(_ secret: Secret) -> String {
    secret.withBytes { Hex.encode(authenticate($0).prefix(16)) }
  }
}

/// Lower-case hexadecimal.
public enum Hex {
  /// Two lower-case characters a byte.
  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of an even number of hex digits of either case; nil for anything else.
  public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2)
    var high: UInt8?
    for character in text {
      guard let digit = value(of: character) else { return nil }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return bytes
  }

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case 0x30...0x39: character - 0x30
    case 0x41...0x46: character - 0x41 + 10
    case 0x61...0x66: character - 0x61 + 10
    default: nil
    }
  }
}

/// Overwrites the array with zeros in a way that the optimiser may not leave out.
public func wipe(_ bytes: inout [UInt8]) {
  unsafe bytes.withUnsafeMutableBytes { buffer in
    if let base = buffer.baseAddress { unsafe sodium_memzero(base, buffer.count) }
  }
}
