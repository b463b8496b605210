// What can go wrong when the AITBC service is asked. No error holds a key.

/// The service refused the key: it is wrong, revoked or expired.
public struct AuthenticationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// An error.
  public init() {}
  /// `Invalid API key`.
  public var description: String { "Invalid API key" }
}

/// The plan's limit of requests is reached, and waiting would take longer than the client may wait.
public struct RateLimitError: Error, Sendable, Equatable, CustomStringConvertible {
  /// How long to wait before the next request, in seconds.
  public var retryAfterSeconds: Int
  /// An error as given.
  public init(retryAfterSeconds: Int) { self.retryAfterSeconds = retryAfterSeconds }
  /// One sentence.
  public var description: String { "the limit of requests is reached; try again in \(retryAfterSeconds) seconds" }
}

/// The service answered with an error of another kind.
public struct APIError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The HTTP status.
  public var status: Int
  /// The service's own words, as one line; nil where it gave none.
  public var detail: String?
  /// An error as given.
  public init(status: Int, detail: String?) {
    self.status = status
    self.detail = detail
  }
  /// One sentence.
  public var description: String { "the service answered \(status)" + (detail.map { ": \($0)" } ?? "") }
}

/// No usable answer came.
public struct ServiceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence.
  public var reason: String
  /// Whether the service may have done what was asked: after a change, look before asking again.
  public var mayHaveBeenDone: Bool
  /// An error as given.
  public init(reason: String, mayHaveBeenDone: Bool) {
    self.reason = reason
    self.mayHaveBeenDone = mayHaveBeenDone
  }
  /// The reason, and what it means.
  public var description: String { mayHaveBeenDone ? reason + "; it may have been done all the same" : reason }
}

/// The client can't work as it was set up.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence.
  public var reason: String
  /// An error as given.
  public init(reason: String) { self.reason = reason }
  /// The reason.
  public var description: String { reason }
}
