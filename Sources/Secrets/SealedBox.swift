// Sealed boxes (X25519, XSalsa20-Poly1305, BLAKE2b nonce: libsodium's crypto_box_seal).
// Whoever holds only the public key can put a value away that he can't read back.

internal import Csodium

/// What sealing adds: an ephemeral public key (32 bytes) and an authenticator (16). The C macro is a function call,
/// which Swift does not import.
private let sealOverhead = 48

/// Why a sealed box could not be made or opened.
public enum SealError: Error, Equatable, Sendable {
  /// A key of the wrong length.
  case badKey
  /// The box was not made for this key, or its bytes were changed.
  case cannotOpen
}

/// The public half: anyone may seal with it.
public struct SealingPublicKey: Sendable, Equatable {
  /// 32 bytes.
  public let bytes: [UInt8]

  /// Takes exactly 32 bytes.
  public init(_ bytes: [UInt8]) throws(SealError) {
    guard bytes.count == Int(crypto_box_PUBLICKEYBYTES) else { throw .badKey }
    self.bytes = bytes
  }

  /// The sealed form of `message`, 48 bytes longer than it.
  public func seal(_ message: Span<UInt8>) throws(SealError) -> [UInt8] {
    guard Sodium.ready else { throw .badKey }
    var box = [UInt8](repeating: 0, count: message.count + sealOverhead)
    let status = unsafe message.withUnsafeBufferPointer { input in
      unsafe bytes.withUnsafeBufferPointer { key in
        unsafe box.withUnsafeMutableBufferPointer { output in
          guard let out = output.baseAddress, let key = key.baseAddress else { return Int32(-1) }
          return unsafe crypto_box_seal(
            out, input.baseAddress, UInt64(input.count), key)
        }
      }
    }
    guard status == 0 else { throw .badKey }
    return box
  }

  /// The sealed form of a secret.
  public func seal(_ secret: Secret) throws(SealError) -> [UInt8] {
    try secret.withBytes { (bytes) throws(SealError) in try seal(bytes) }
  }
}

/// Both halves. The private half is a ``Secret``.
public struct SealingKeyPair: Sendable {
  /// The half that seals.
  public let publicKey: SealingPublicKey
  private let privateKey: Secret

  /// The pair that belongs to a 32-byte seed: the form in which an install keeps its key.
  public init(seed: Secret) throws(SealError) {
    guard Sodium.ready, seed.count == Int(crypto_box_SEEDBYTES) else { throw .badKey }
    var publicBytes = [UInt8](repeating: 0, count: Int(crypto_box_PUBLICKEYBYTES))
    var privateBytes = [UInt8](repeating: 0, count: Int(crypto_box_SECRETKEYBYTES))
    defer { wipe(&privateBytes) }
    seed.withBytes { seed in
      unsafe seed.withUnsafeBufferPointer { seed in
        unsafe publicBytes.withUnsafeMutableBufferPointer { publicHalf in
          unsafe privateBytes.withUnsafeMutableBufferPointer { privateHalf in
            guard let out = publicHalf.baseAddress, let key = privateHalf.baseAddress,
              let seed = seed.baseAddress
            else { return }
            _ = unsafe crypto_box_seed_keypair(out, key, seed)
          }
        }
      }
    }
    publicKey = try SealingPublicKey(publicBytes)
    privateKey = Secret(privateBytes)
  }

  /// A seed for a new pair.
  public static func makeSeed(random: some RandomSource = SystemRandom()) -> Secret {
    Secret(random.bytes(Int(crypto_box_SEEDBYTES)))
  }

  /// The message inside `box`.
  public func open(_ box: [UInt8]) throws(SealError) -> Secret {
    guard box.count >= sealOverhead else { throw .cannotOpen }
    var message = [UInt8](repeating: 0, count: box.count - sealOverhead)
    defer { wipe(&message) }
    let status = privateKey.withBytes { key in
      unsafe key.withUnsafeBufferPointer { key in
        unsafe publicKey.bytes.withUnsafeBufferPointer { publicHalf in
          unsafe box.withUnsafeBufferPointer { input in
            unsafe message.withUnsafeMutableBufferPointer { output in
              guard let key = key.baseAddress, let publicHalf = publicHalf.baseAddress, let box = input.baseAddress
              else {
                return Int32(-1)
              }
              return unsafe crypto_box_seal_open(
                output.baseAddress, box, UInt64(input.count), publicHalf,
                key)
            }
          }
        }
      }
    }
    guard status == 0 else { throw .cannotOpen }
    return Secret(message)
  }
}
