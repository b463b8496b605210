// What is wrong with how keys are kept, as far as it can be seen from here without asking anybody.

public import Ledger
internal import Posix
internal import Secrets

/// Something about a key that ought to be put right.
public struct KeyRemark: Sendable, Equatable {
  /// What kind of thing.
  public enum Kind: String, Sendable {
    /// Older than its max_age.
    case overdue
    /// The same value as another key.
    case shared
    /// The same value as a key of another environment.
    case sharedEnvironments = "shared_environments"
    /// A file that others can read.
    case readable
    /// A file that git tracks.
    case tracked
    /// A file that can't be read, or does not hold the key.
    case unreadable
    /// A rotation that has not ended.
    case open
    /// No max_age.
    case ageless
    /// In the ledger, and not in the configuration.
    case unconfigured
    /// The provider does not know it, or has ended it.
    case unknownToProvider = "unknown_to_provider"
    /// The provider has it, and no configured key is it.
    case unmanaged
    /// Not used for long, as the provider says.
    case unused
  }
  /// The key's name.
  public var key: String
  /// What kind of thing.
  public var kind: Kind
  /// One sentence, with what to do about it.
  public var text: String
}

/// Looks at how keys are kept.
public enum KeyAudit {
  /// Everything that is to be remarked, key by key in the configuration's order.
  ///
  /// - Parameters:
  ///   - configuration: the keys.
  ///   - ledger: their ages and rotations.
  ///   - nowMs: milliseconds since 1970.
  ///   - isTracked: whether git tracks a file.
  public static func remarks(
    _ configuration: Configuration, _ ledger: Ledger, nowMs: Int64, isTracked: (String) -> Bool
  ) throws(LedgerError) -> [KeyRemark] {
    var remarks: [KeyRemark] = []
    var seen: [String: ConfiguredKey] = [:]
    let open = Dictionary(try ledger.openRotations().map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    let known = Dictionary(try ledger.inventory().map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    for key in configuration.keys {
      func remark(_ kind: KeyRemark.Kind, _ text: String) {
        remarks.append(KeyRemark(key: key.name, kind: kind, text: text))
      }
      if let record = open[key.name] {
        let age = DurationText.text(milliseconds: nowMs - record.createdMs)
        remark(.open, "its rotation \(record.txid) stands at \(record.state) for \(age); run: keywright resume")
      }
      let due = Due.key(key, known[key.name], configuration, nowMs: nowMs)
      if let time = due.dueMs, time <= nowMs {
        let late = DurationText.text(milliseconds: nowMs - time)
        remark(.overdue, "it is due since \(late); run: keywright rotate \(key.name)")
      }
      if key.policy.maximumAgeMs == nil { remark(.ageless, "it has no max_age, so it is never due") }
      do throws(RotationRefusal) {
        let fingerprint = ledger.install.fingerprints.fingerprint(try KeyFiles.currentValue(key))
        if let other = seen[fingerprint] {
          shared(key, other, remark)
        }
        seen[fingerprint] = seen[fingerprint] ?? key
      } catch {
        remark(.unreadable, error.reason)
      }
      for file in key.files { place(file, isTracked, remark) }
    }
    for name in known.keys.sorted() where configuration.key(named: name) == nil {
      remarks.append(
        KeyRemark(
          key: name, kind: .unconfigured,
          text: "the ledger knows it and the configuration does not: if it still works, nobody rotates it"))
    }
    return remarks
  }

  private static func shared(
    _ key: ConfiguredKey, _ other: ConfiguredKey, _ remark: (KeyRemark.Kind, String) -> Void
  ) {
    guard key.environment != other.environment else {
      return remark(.shared, "it has the same value as \(other.name): who holds one holds both")
    }
    remark(
      .sharedEnvironments,
      "it has the same value in \(key.environment ?? "no environment") as \(other.name) in "
        + "\(other.environment ?? "no environment"): who gets into one gets into both; give each a key of its own")
  }

  private static func place(_ file: String, _ isTracked: (String) -> Bool, _ remark: (KeyRemark.Kind, String) -> Void) {
    guard let real = try? Files.realPath(file), let status = try? Files.status(real) else { return }
    if status.mode & 0o007 != 0 {
      remark(.readable, "everybody on this machine can open \(file); run: chmod o-rwx \(real)")
    }
    if isTracked(real) { remark(.tracked, "git tracks \(file): run git rm --cached, and ignore it") }
  }
}
