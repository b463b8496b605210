// What can go wrong in the store, each case with the words for the person who has to do something about it.

/// Why the store could not do what it was asked.
public enum AuthorityError: Error, Equatable, Sendable {
  /// The database could not be opened.
  case cannotOpen(path: String, reason: String)
  /// The file is a database of something else, or of a newer version.
  case notAKeyDatabase(path: String, reason: String)
  /// SQLite refused; nothing was changed.
  case storage(reason: String)
  /// A field of a request breaks a rule.
  case invalid(reason: String)
  /// No such key, as far as the caller is to know.
  case unknownKey
  /// The caller may not do this.
  case forbidden(reason: String)
  /// The reference was used before, and made this key.
  case duplicateReference(keyID: String)
  /// The state of a key, or a limit, stands against it.
  case conflict(reason: String)

  /// One sentence.
  public var message: String {
    switch self {
    case .cannotOpen(let path, let reason): "cannot open the key database \(path): \(reason)"
    case .notAKeyDatabase(let path, let reason): "\(path) is not a key database of this program: \(reason)"
    case .storage(let reason): "the key database refused: \(reason)"
    case .invalid(let reason), .forbidden(let reason), .conflict(let reason): reason
    case .unknownKey: "no such key"
    case .duplicateReference(let keyID): "this reference has already made the key \(keyID)"
    }
  }
}
