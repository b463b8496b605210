// The install's own key: a seed in a file that only its owner may read. From it follow the pair that seals values in the
// ledger and the key under which the ledger's fingerprints are made.

internal import Posix
public import Secrets

/// What follows from the install's seed.
public struct InstallKey: Sendable {
  /// Seals and opens values in the ledger.
  public let sealing: SealingKeyPair
  /// Makes the ledger's fingerprints.
  public let fingerprints: FingerprintKey

  init(seed: Secret) throws(SealError) {
    sealing = try SealingKeyPair(seed: seed)
    var material = Array("keywright fingerprints ".utf8) + seed.copyBytes()
    defer { wipe(&material) }
    fingerprints = FingerprintKey(deriving: material.span)
  }

  /// A public name of the sealing key, which the ledger remembers to notice that it was exchanged.
  var id: String { Hex.encode(SHA256.hash(sealing.publicKey.bytes).prefix(8)) }

  static let seedBytes = 32
  private static let fileHeader = "keywright install key v1\n"

  /// Reads the seed's file; nil where there is none.
  static func read(_ path: String) throws(LedgerError) -> InstallKey? {
    var text: [UInt8]
    do {
      let status = try Files.status(path)
      guard status.mode & 0o077 == 0 else {
        throw LedgerError(
          .unusable, "others can read the install's key \(path)",
          hint: "run: chmod 600 \(path), and rotate what was sealed to it")
      }
      text = try Files.read(path, maximumBytes: 4_096)
    } catch let error as SystemError {
      if error.isMissing { return nil }
      throw LedgerError(.unusable, "\(error)", hint: "the install's key must be readable by whoever runs keywright")
    } catch let error as LedgerError {
      throw error
    } catch {
      throw LedgerError(.unusable, "the install's key can't be read")
    }
    defer { wipe(&text) }
    let header = Array(fileHeader.utf8)
    guard text.starts(with: header),
      var seed = Hex.decode(text.dropFirst(header.count).filter { $0 != 0x0a }), seed.count == seedBytes
    else { throw LedgerError(.keyLost, "\(path) does not hold an install key", hint: "restore it from a backup") }
    defer { wipe(&seed) }
    return try make(Secret(seed))
  }

  /// Makes a new seed and puts it away durably. The caller holds a lock, so no other process makes one at the same time.
  static func create(_ path: String, _ random: some RandomSource) throws(LedgerError) -> InstallKey {
    let seed = SealingKeyPair.makeSeed(random: random)
    var text = Array(fileHeader.utf8)
    text.reserveCapacity(256)
    seed.withBytes { bytes in
      let digits = Array("0123456789abcdef".utf8)
      for index in 0..<bytes.count {
        text.append(digits[Int(bytes[index] >> 4)])
        text.append(digits[Int(bytes[index] & 15)])
      }
    }
    text.append(0x0a)
    defer { wipe(&text) }
    do {
      try Files.replaceAtomically(path, text, mode: 0o600)
    } catch {
      throw LedgerError(.unusable, "the install's key can't be written: \(error)")
    }
    return try make(seed)
  }

  private static func make(_ seed: Secret) throws(LedgerError) -> InstallKey {
    do {
      return try InstallKey(seed: seed)
    } catch {
      throw LedgerError(.keyLost, "the install's key is not one")
    }
  }
}
