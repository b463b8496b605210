// Why a repository can't be used at all. What is wrong with a single object is an ObjectFailure.

/// A repository that can't be opened, or a part of it that can't be listed.
public struct GitError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong, without a final period.
  public var reason: String
  /// What to do about it, if anything is known to help.
  public var hint: String?

  /// An error as given.
  public init(reason: String, hint: String? = nil) {
    self.reason = reason
    self.hint = hint
  }
  /// The reason.
  public var description: String { reason }
}
