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
    var seen: [String: String] = [:]
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
          remark(.shared, "it has the same value as \(other): who holds one holds both")
        }
        seen[fingerprint] = seen[fingerprint] ?? key.name
      } catch {
        remark(.unreadable, error.reason)
      }
      for file in key.files { place(file, isTracked, remark) }
    }
    return remarks
  }

  private static func place(_ file: String, _ isTracked: (String) -> Bool, _ remark: (KeyRemark.Kind, String) -> Void) {
    guard let real = try? Files.realPath(file), let status = try? Files.status(real) else { return }
    if status.mode & 0o007 != 0 {
      remark(.readable, "everybody on this machine can open \(file); run: chmod o-rwx \(real)")
    }
    if isTracked(real) { remark(.tracked, "git tracks \(file): run git rm --cached, and ignore it") }
  }
}
