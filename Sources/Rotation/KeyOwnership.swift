// Which of a service's keys a value is: the id that is revoked in the end must be the old value's, not that of another key
// which somebody uses.

internal import Providers
internal import Secrets

enum KeyOwnership {
  enum Verdict: Equatable {
    /// How it is known, and the id.
    case proven(String, id: String)
    case refuted(String)
    /// The service tells nothing by which its keys could be told apart.
    case untold
  }

  /// Compares a value, and the id that configuration gives it, with the service's list of keys.
  static func judge(_ value: Secret, keyID: String?, _ listed: [ListedKey]) -> Verdict {
    guard let keyID else {
      let fitting = listed.filter { fits($0, value) == true }
      guard let only = fitting.first, fitting.count == 1 else { return .untold }
      return .proven("its shown characters", id: only.keyID)
    }
    guard let mine = listed.first(where: { $0.keyID == keyID }) else {
      return .refuted("the service lists no key \(keyID)")
    }
    switch fits(mine, value) {
    case false: return .refuted("the key \(keyID) begins or ends with other characters than the value")
    case true:
      let others = listed.filter { $0.keyID != keyID && fits($0, value) == true }
      return others.isEmpty ? .proven("its shown characters", id: keyID) : .untold
    default: break
    }
    // Some services make the id a part of the value.
    if keyID.utf8.count >= 8, Secret(keyID).isInside(value.copyBytes()) {
      return .proven("the value holds it", id: keyID)
    }
    return listed.count == 1 ? .proven("the only key", id: keyID) : .untold
  }

  /// Whether the characters that the service shows of a key are the value's; nil where it shows none.
  private static func fits(_ key: ListedKey, _ value: Secret) -> Bool? {
    let prefix = key.prefix.map { Array($0.utf8) }.flatMap { $0.isEmpty ? nil : $0 }
    let suffix = key.suffix.map { Array($0.utf8) }.flatMap { $0.isEmpty ? nil : $0 }
    if prefix == nil && suffix == nil { return nil }
    return value.withBytes { bytes in
      if let prefix {
        guard prefix.count <= bytes.count else { return false }
        for index in 0..<prefix.count where bytes[index] != prefix[index] { return false }
      }
      if let suffix {
        guard suffix.count <= bytes.count else { return false }
        let start = bytes.count - suffix.count
        for index in 0..<suffix.count where bytes[start + index] != suffix[index] { return false }
      }
      return true
    }
  }
}
