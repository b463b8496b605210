// HTTP as the rest of the house sees it: a request, a response, and who carries them.

public import Secrets

/// A header's or a query's value: public text, or text with secrets in it, which is only put together when it is sent.
public struct SensitiveText: Sendable {
  /// A piece of the text.
  public enum Piece: Sendable {
    /// Anyone may read it.
    case text(String)
    /// Nobody may.
    case secret(Secret)
  }
  /// The pieces, in order.
  public var pieces: [Piece]
  /// Public text.
  public init(_ text: String) { pieces = [.text(text)] }
  /// A secret alone.
  public init(_ secret: Secret) { pieces = [.secret(secret)] }
  /// Pieces in order.
  public init(pieces: [Piece]) { self.pieces = pieces }
}

/// One HTTP request. It is never retried by the transport.
public struct HTTPRequest: Sendable {
  /// `GET`, `POST`...
  public var method: String
  /// An absolute `http` or `https` address without user information. Secrets don't belong here.
  public var url: String
  /// Takes the place of every `{secret}` behind the address's host, percent-encoded: for the services that want a key in
  /// the path or the query.
  public var urlSecret: Secret?
  /// Header fields, in order.
  public var headers: [(name: String, value: SensitiveText)]
  /// The body; nil sends none. A ``Secret``, because a body may hold one.
  public var body: Secret?
  /// How long the whole exchange may take, in seconds.
  public var timeoutSeconds: Double
  /// The largest response body that is accepted, in bytes.
  public var maximumResponseBytes: Int

  /// A request as given.
  public init(
    method: String, url: String, headers: [(name: String, value: SensitiveText)] = [], body: Secret? = nil,
    timeoutSeconds: Double = 30, maximumResponseBytes: Int = 1 << 20
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeoutSeconds = timeoutSeconds
    self.maximumResponseBytes = maximumResponseBytes
  }
}

/// One HTTP response, whatever its status.
public struct HTTPResponse: Sendable {
  /// The status code.
  public var status: Int
  /// Header fields with lower-case names, in order.
  public var headers: [(name: String, value: String)]
  /// The body as received. A ``Secret``, because a new key may be in it.
  public var body: Secret

  /// A response as given.
  public init(status: Int, headers: [(name: String, value: String)], body: Secret) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The first field of that (lower-case) name.
  public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// Why no response came.
public struct TransportError: Error, Sendable, CustomStringConvertible {
  /// What is known of the request's fate. A mutation after anything but ``notSent`` has an unknown outcome.
  public enum Fate: String, Sendable {
    /// Not a byte of the request left this machine.
    case notSent
    /// The request, or part of it, was sent; no whole response came back.
    case unknown
  }
  /// The request's fate.
  public var fate: Fate
  /// One sentence, without any secret.
  public var reason: String
  /// What had come of a response when it broke off: its status, its headers, and its body as far as it came; nil where
  /// not even a status came. The answer to a mutation may hold the new key although it is not whole.
  public var partial: HTTPResponse?

  /// An error as given.
  public init(fate: Fate, reason: String, partial: HTTPResponse? = nil) {
    self.fate = fate
    self.reason = reason
    self.partial = partial
  }
  /// The reason.
  public var description: String { reason }
}

/// Whoever carries a request. Blocking: callers that want many at once use threads.
public protocol HTTPTransport: Sendable {
  /// Sends one request and returns its response; redirects are not followed.
  func send(_ request: HTTPRequest) throws(TransportError) -> HTTPResponse
}
