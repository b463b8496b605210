// What a provider's answers come to.

public import Model
public import Secrets
public import Transport

/// Whose key it is, in the provider's own words; never the key.
public struct KeyIdentity: Sendable, Equatable {
  /// The account, tenant, user or organisation.
  public var account: String?
  /// The provider's id of the key.
  public var keyID: String?
  /// The key's name.
  public var name: String?
  /// What the key may do, sorted.
  public var scopes: [String]

  /// The account under its other name.
  public var identity: String? { account }

  /// Whether it says whose key it is, or what it may do; only then can two identities be compared.
  public var isTelling: Bool { account != nil || !scopes.isEmpty }

  /// An identity as given.
  public init(account: String? = nil, keyID: String? = nil, name: String? = nil, scopes: [String] = []) {
    self.account = account
    self.keyID = keyID
    self.name = name
    self.scopes = scopes.sorted()
  }
}

/// One harmless question about a key, and what came back.
public struct Probe: Sendable {
  /// The verdict.
  public var liveness: Liveness
  /// One sentence for people.
  public var evidence: String
  /// The host that was asked; nil if none was.
  public var host: String?
  /// The HTTP status; nil if none came.
  public var status: Int?
  /// The provider's id of the request, for its support desk.
  public var requestID: String?
  /// When the answer came, in milliseconds since 1970.
  public var timeMs: Int64
  /// Whose key it is; nil unless it is live.
  public var identity: KeyIdentity?
  /// How long to wait before asking again, where the provider says so.
  public var retryAfterSeconds: Int?

  /// A probe as given.
  public init(
    liveness: Liveness, evidence: String, host: String? = nil, status: Int? = nil, requestID: String? = nil,
    timeMs: Int64, identity: KeyIdentity? = nil, retryAfterSeconds: Int? = nil
  ) {
    self.liveness = liveness
    self.evidence = evidence
    self.host = host
    self.status = status
    self.requestID = requestID
    self.timeMs = timeMs
    self.identity = identity
    self.retryAfterSeconds = retryAfterSeconds
  }
}

/// A key that a provider has just made.
public struct NewKey: Sendable {
  /// Its value.
  public var value: Secret
  /// The provider's id of it.
  public var keyID: String?

  /// A key as given.
  public init(value: Secret, keyID: String? = nil) {
    self.value = value
    self.keyID = keyID
  }
}

/// One line of a provider's list of keys.
public struct ListedKey: Sendable, Equatable {
  /// The provider's id of the key.
  public var keyID: String
  /// Its name.
  public var name: String?
  /// Its state in the provider's words.
  public var status: String?
  /// Our own mark on it.
  public var reference: String?
  /// The id of the key that it took the place of.
  public var replaces: String?
  /// When it was last used, in the provider's words.
  public var lastUsed: String?
  /// By whom or from where it was last used, in the provider's words.
  public var lastUsedBy: String?
  /// The first characters of its value, where the provider shows them.
  public var prefix: String?
  /// The last characters of its value, where the provider shows them.
  public var suffix: String?
  /// When it was made, in the provider's words.
  public var created: String?

  /// A line as given.
  public init(
    keyID: String, name: String? = nil, status: String? = nil, reference: String? = nil, replaces: String? = nil,
    prefix: String? = nil, suffix: String? = nil, created: String? = nil
  ) {
    self.keyID = keyID
    self.name = name
    self.status = status
    self.reference = reference
    self.replaces = replaces
    self.prefix = prefix
    self.suffix = suffix
    self.created = created
  }
}

/// What the response to a mutation proves.
public enum Verdict: Sendable, Equatable {
  /// It was done.
  case success
  /// It was definitely not done, and why.
  case refused(String)
  /// It was definitely not done, because of a limit.
  case limited(retryAfterSeconds: Int)
  /// It may or may not have been done, and why that can't be told.
  case unclear(String)
}

/// Why a call can't be made, or its response can't be used.
public struct ProviderError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence, without any secret.
  public var reason: String
  /// What to do about it.
  public var hint: String?
  /// What is known of the request's fate.
  public var fate: TransportError.Fate

  /// An error as given.
  public init(reason: String, hint: String? = nil, fate: TransportError.Fate = .notSent) {
    self.reason = reason
    self.hint = hint
    self.fate = fate
  }
  /// The reason.
  public var description: String { reason }
}
