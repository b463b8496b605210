// What a provider file says, after parsing. Rules/README.md documents the file format.

public import Model

/// How an unknown outcome of a mutation can be recovered from; the letters are those of the documentation.
public enum Recoverability: String, Sendable, CaseIterable {
  /// Independent keys: create another, delete the old one.
  case createDelete = "A"
  /// The old key dies at once; the new one can be read again.
  case replaceReadable = "B1"
  /// The old key dies at once; the new one is shown once.
  case replaceOnce = "B2"
  /// The old key lives on for a grace period.
  case replaceWithGrace = "C"
  /// Two slots.
  case twoSlots = "D"
  /// We choose the value.
  case callerChosen = "E"
  /// No programming interface.
  case manual = "F"
}

/// Against what a provider file's management was tried.
public enum TestedAgainst: String, Sendable, CaseIterable {
  /// The service itself.
  case real
  /// A program that imitates it.
  case emulator
  /// Only its documentation.
  case contract
}

/// The language in which a service is spoken to.
public enum ServiceLanguage: String, Sendable, CaseIterable {
  /// The calls of the provider file, over HTTP.
  case http
  /// PostgreSQL's protocol.
  case postgresql
  /// MySQL's and MariaDB's protocol.
  case mysql
  /// Redis' and Valkey's protocol.
  case redis
  /// Programs that configuration names.
  case command
  /// A person, step by step.
  case guided
}

/// How a list goes on after its first page.
public struct NextPage: Sendable, Equatable {
  /// Where the answer says what comes next: a JSON pointer of a cursor, `header:NAME` of one, or `header:link` for the
  /// address in `Link: <…>; rel="next"`.
  public var at: String
  /// The next page's address, with `{cursor}`; nil where the first page's serves, or where the answer gives the address.
  public var url: String?
  /// The next page's body, with `{cursor}`; nil where the first page's serves.
  public var body: String?

  /// A continuation as given.
  public init(at: String, url: String? = nil, body: String? = nil) {
    self.at = at
    self.url = url
    self.body = body
  }
}

/// An HTTP call of a provider, as a template. Placeholders in `{…}`: `{secret}`, `{base}`, `{key_id}`, `{tenant}`,
/// `{account}`, `{name}`, `{reference}`, `{grace_seconds}`, `{new_secret}`, `{ended_secret}`,
/// `{carry}`, `{cursor}`, `{admin}`, `{idle}`; `{basic}` is base64 of
/// `secret:`, `{basic:NAME}` of `NAME:secret`, both for `Authorization: Basic`.
public struct CallTemplate: Sendable, Equatable {
  /// `GET`, `POST`...
  public var method: String
  /// The address. Its host must be literal, or come from `{base}`, which only trusted configuration sets.
  public var url: String
  /// Header fields, in order.
  public var headers: [HeaderTemplate]
  /// The body; nil sends none.
  public var body: String?
  /// Statuses that mean it worked (for `verify`: the key is live).
  public var success: [Int]
  /// Statuses that are a definite refusal of the key (for `verify`: the key is dead).
  public var refused: [Int]
  /// JSON pointer of a string that the response must hold for `success` to count (guards against login pages).
  public var mustHold: String?
  /// JSON pointers by role: `identity`, `secret`, `key_id`, `list`, `reference`...
  public var fields: [String: String]
  /// How a list goes on; nil for lists that come whole.
  public var next: NextPage?
  /// For `verify`: what a refusal says that is about something else than the key, so that the key is live.
  public var liveText: String?

  /// A call as given.
  public init(
    method: String, url: String, headers: [HeaderTemplate] = [], body: String? = nil, success: [Int] = [200],
    refused: [Int] = [401], mustHold: String? = nil, fields: [String: String] = [:],
    next: NextPage? = nil, liveText: String? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.success = success
    self.refused = refused
    self.mustHold = mustHold
    self.fields = fields
    self.next = next
    self.liveText = liveText
  }
}

/// One header field of a call.
public struct HeaderTemplate: Sendable, Equatable {
  /// The field's name.
  public var name: String
  /// Its value, with placeholders. A header whose only placeholder is optional and unset (`{tenant}`) is left out.
  public var value: String
  /// A field as given.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// How a provider's keys are managed.
public struct Management: Sendable, Equatable {
  /// The rules whose credentials these calls are about; empty means every rule of the file.
  public var kinds: [RuleID]
  /// How an unknown outcome is recovered from.
  public var recoverability: Recoverability
  /// The default `{base}`; nil where only configuration can know it.
  public var base: String?
  /// Asks, harmlessly, whether a key works and whose it is.
  public var verify: CallTemplate?
  /// Lists keys.
  public var list: CallTemplate?
  /// Makes another key.
  public var create: CallTemplate?
  /// Replaces a key's value.
  public var regenerate: CallTemplate?
  /// Ends a key's life.
  public var revoke: CallTemplate?
  /// Makes a key useless in a way that can be undone.
  public var disable: CallTemplate?
  /// Reads what is there now: the value of a key that can be read again, the attributes that a change must carry over.
  public var read: CallTemplate?
  /// Asks when a key was last used, where the list of keys does not say it.
  public var lastUsed: CallTemplate?
  /// Requests per minute by plan; the empty plan name is the default.
  public var requestsPerMinute: [String: Int]
  /// How many keys of one owner there may be; nil where that is not known.
  public var keyLimit: Int?
  /// Against what it was tried.
  public var tested = TestedAgainst.contract
  /// The language in which the service is spoken to.
  public var language = ServiceLanguage.http

  /// Management as given.
  public init(
    recoverability: Recoverability, kinds: [RuleID] = [], base: String? = nil, verify: CallTemplate? = nil,
    list: CallTemplate? = nil, create: CallTemplate? = nil, regenerate: CallTemplate? = nil,
    revoke: CallTemplate? = nil, disable: CallTemplate? = nil, read: CallTemplate? = nil,
    requestsPerMinute: [String: Int] = [:]
  ) {
    self.kinds = kinds
    self.recoverability = recoverability
    self.base = base
    self.verify = verify
    self.list = list
    self.create = create
    self.regenerate = regenerate
    self.revoke = revoke
    self.disable = disable
    self.read = read
    self.requestsPerMinute = requestsPerMinute
  }
}

/// One provider file.
public struct Provider: Sendable, Equatable {
  /// The file's name without its ending.
  public var id: String
  /// The provider's name for people.
  public var name: String
  /// The provider's home.
  public var homepage: String
  /// Kinds of credential.
  public var rules: [Rule]
  /// How its keys are managed; nil where the file says nothing.
  public var management: Management?

  /// A provider as given.
  public init(id: String, name: String, homepage: String, rules: [Rule], management: Management? = nil) {
    self.id = id
    self.name = name
    self.homepage = homepage
    self.rules = rules
    self.management = management
  }
  /// The management of one kind of credential; nil where this file's calls are not about that kind.
  public func management(for rule: RuleID) -> Management? {
    guard let management, management.kinds.isEmpty || management.kinds.contains(rule) else { return nil }
    return management
  }

  /// The harmless call that tells whether a credential of that kind works: the rule's own, or the provider's.
  public func verifyCall(for rule: RuleID) -> CallTemplate? {
    rules.first { $0.id == rule }?.verify ?? management(for: rule)?.verify
  }
}
