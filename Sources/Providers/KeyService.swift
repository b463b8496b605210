// What a rotation asks of a service, whatever language the service speaks.

public import Secrets
public import Transport

/// A service whose keys can be tried, made and ended.
///
/// Questions may be repeated at will. A mutation is sent once; where it fails, the error's fate says whether the service
/// may have acted. Blocking.
public protocol KeyService: Sendable {
  /// Whether the service knows such a call.
  func has(_ role: CallRole) -> Bool
  /// The call in a few words, for plans and evidence; secrets never stand in it.
  func describe(_ role: CallRole, _ context: CallContext) -> String
  /// Asks, once, whether a key works, and whose it is.
  func probe(_ secret: Secret, _ context: CallContext) -> Probe
  /// Sends a call, once.
  ///
  /// - Parameters:
  ///   - role: the call.
  ///   - authorization: what authorises it.
  ///   - context: its particulars.
  func perform(
    _ role: CallRole, authorization: Secret, _ context: CallContext
  ) throws(TransportError) -> HTTPResponse
  /// What the response to a mutation proves.
  func judge(
    _ role: CallRole, status: Int, headers: [(name: String, value: String)], body: Secret
  ) -> Verdict
  /// The key in the raw body of a successful response.
  func newKey(_ role: CallRole, body: Secret) throws(ProviderError) -> NewKey
  /// The new key out of a body that broke off, if it stands there whole; nil if it does not.
  func newKey(_ role: CallRole, status: Int, partialBody body: Secret) -> NewKey?
  /// The service's keys, all pages of the list.
  func list(authorization: Secret, _ context: CallContext) throws(ProviderError) -> [ListedKey]
  /// What is there now: the value of a key that can be read again, and what a change must carry over.
  func read(authorization: Secret, _ context: CallContext) throws(ProviderError) -> CurrentKey
  /// Whether the service says when a key was last used.
  var tellsLastUse: Bool { get }
  /// When the context's key was last used, as far as the service says it.
  func lastUse(authorization: Secret, _ context: CallContext) throws(ProviderError) -> LastUse
  /// Whether a question that succeeds proves that the context's key id belongs to the key that was asked about.
  var provesKeyID: Bool { get }
}

/// What a service says about the last use of a key.
public struct LastUse: Sendable, Equatable {
  /// Whether the service still has the key.
  public var isThere: Bool
  /// When, in milliseconds since 1970; nil for never.
  public var timeMs: Int64?
  /// By whom or from where, where the service says that.
  public var by: String?

  /// A use as given.
  public init(isThere: Bool, timeMs: Int64? = nil, by: String? = nil) {
    self.isThere = isThere
    self.timeMs = timeMs
    self.by = by
  }
}

extension KeyService {
  /// Services of no list say nothing.
  public var tellsLastUse: Bool { false }

  /// Services of no list say nothing.
  public func lastUse(authorization: Secret, _ context: CallContext) throws(ProviderError) -> LastUse {
    throw ProviderError(reason: "the service does not say when a key was last used")
  }
}

/// What a service says about a key as it is now.
public struct CurrentKey: Sendable {
  /// Its value; nil where the service does not show it.
  public var value: Secret?
  /// The provider's id of it.
  public var keyID: String?
  /// What a change must carry over (`{carry}`).
  public var carry: String?

  /// A key as given.
  public init(value: Secret? = nil, keyID: String? = nil, carry: String? = nil) {
    self.value = value
    self.keyID = keyID
    self.carry = carry
  }
}

/// The service's own id of a request, as far as it can be shown.
public enum RequestID {
  private static let headers = [
    "x-request-id", "request-id", "x-amzn-requestid", "x-github-request-id", "cf-ray", "x-correlation-id",
  ]
  static let maximumCharacters = 128

  /// The id in a response: letters, digits and a few signs only, at most 128 of them; nil where there is none, or where it
  /// holds one of the secrets or comes out of the body, which may hold a key.
  public static func of(_ response: HTTPResponse, hiding secrets: [Secret]) -> String? {
    guard let text = headers.lazy.compactMap({ response.header($0) }).first else { return nil }
    let bytes = Array(text.utf8)
    guard !secrets.contains(where: { $0.isInside(bytes) }) else { return nil }
    let kept = bytes.filter(isPlain).prefix(maximumCharacters)
    guard !kept.isEmpty else { return nil }
    if kept.count >= 8, Secret(Array(kept)).isInside(response.body.copyBytes()) { return nil }
    return String(decoding: kept, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "-._:/=+@".utf8.contains(byte)
    }
  }
}
