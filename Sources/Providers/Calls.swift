// What is asked of a provider: which call, and with which particulars.

public import Secrets

/// Which of a provider's calls.
public enum CallRole: String, Sendable, CaseIterable {
  /// Asks, harmlessly, whether a key works and whose it is.
  case verify
  /// Lists keys.
  case list
  /// Makes another key.
  case create
  /// Replaces a key's value.
  case regenerate
  /// Ends a key's life.
  case revoke
  /// Makes a key useless in a way that can be undone.
  case disable
  /// Reads what is there now.
  case read
  /// Asks when a key was last used.
  case lastUsed = "last_used"

  /// Whether the call changes nothing, so that it may be repeated.
  var isHarmless: Bool { [.verify, .list, .read, .lastUsed].contains(self) }
}

/// The particulars that a call's placeholders stand for. Only trusted configuration and the ledger fill them.
public struct CallContext: Sendable, Equatable {
  /// `{base}`: the service's address; nil for the one of the provider file.
  public var base: String?
  /// `{key_id}`.
  public var keyID: String?
  /// The id that goes with the secret that authorises a call, where a signature needs both; nil means ``keyID``.
  public var authorizationID: String?
  /// `{tenant}`; a header that needs it is left out while it is nil.
  public var tenant: String?
  /// `{reference}`: our own mark on what we make, by which an unknown outcome is recognised later.
  public var reference: String?
  /// `{grace_seconds}`: how long the old value is to live on.
  public var graceSeconds: Int?
  /// `{name}`: the key's name.
  public var name: String?
  /// `{account}`; a header that needs it is left out while it is nil.
  public var account: String?
  /// The plan whose request limit applies; nil for the provider file's default.
  public var plan: String?
  /// `{new_secret}`: the value that we choose, where the service lets us.
  public var newSecret: Secret?
  /// The value that is to be ended, where a service knows it by that and not by an id.
  public var endedSecret: Secret?
  /// `{carry}`: what the service said before, and must be told again.
  public var carry: String?
  /// `{cursor}`: where a list goes on.
  public var cursor: String?
  /// `{admin}`: the user that authorises mutations, where that is not the key's own.
  public var admin: String?
  /// `{idle}`: of two slots, the one that nobody uses.
  public var idleID: String?
  /// The account that the service itself named as the key's.
  public var owner: String?

  /// Particulars as given.
  public init(
    base: String? = nil, keyID: String? = nil, tenant: String? = nil, reference: String? = nil,
    graceSeconds: Int? = nil, name: String? = nil, account: String? = nil, plan: String? = nil,
    authorizationID: String? = nil
  ) {
    self.base = base
    self.keyID = keyID
    self.tenant = tenant
    self.reference = reference
    self.graceSeconds = graceSeconds
    self.name = name
    self.account = account
    self.plan = plan
    self.authorizationID = authorizationID
  }
}
