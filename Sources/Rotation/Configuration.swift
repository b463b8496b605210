// What the configuration says: which keys are ours, where they are used, and how they are to be rotated.

public import Formats
public import Providers

/// One key of ours.
public struct ConfiguredKey: Sendable, Equatable {
  /// What commands call it: letters, digits, `.`, `_`, `-`.
  public var name: String
  /// The provider file's id.
  public var provider: String
  /// The service's address, where the provider file does not name it.
  public var base: String?
  /// The provider's id of the key, as it was when the configuration was written.
  public var keyID: String?
  /// `production`, `staging`...; for people and for policy.
  public var environment: String?
  /// The tenant or account that the provider wants to be told.
  public var tenant: String?
  /// The account that the provider wants to be told.
  public var account: String?
  /// The plan whose request limit applies.
  public var plan: String?
  /// The variable that holds the value.
  public var variable: String
  /// Every file that holds it: absolute paths.
  public var files: [String]
  /// What some of the files say differently, by path.
  public var places: [String: FilePlace] = [:]
  /// The places beyond files that hold it.
  public var deliveries: [DeliveryTarget] = []
  /// Who reads the files (`compose`, `systemd`...); empty for what can be told from a file's name.
  public var dialects: [DotenvDialect]
  /// What kind of files they are, where that can't be told from their names and they are no environment files.
  public var format: SettingFormat?
  /// Programs that make the key's users read it anew, each with its arguments: run once every file has the new value.
  public var reload: [[String]]
  /// What applies to it.
  public var policy: KeyPolicy
  /// Where a service that is no HTTP service is, who may change the key there, which programs do it.
  public var service: ServiceSettings?
  /// The variable beside ``variable`` that holds the key's id, where consumers need both; nil where they don't.
  public var idVariable: String?
  /// The line of its `[[key]]` in the configuration, counted from 1.
  public var line: Int

  /// A key as given.
  public init(
    name: String, provider: String, base: String? = nil, keyID: String? = nil, environment: String? = nil,
    tenant: String? = nil, account: String? = nil, plan: String? = nil, variable: String, files: [String],
    dialects: [DotenvDialect] = [], format: SettingFormat? = nil, reload: [[String]] = [],
    policy: KeyPolicy = KeyPolicy(), line: Int = 1
  ) {
    self.name = name
    self.provider = provider
    self.base = base
    self.keyID = keyID
    self.environment = environment
    self.tenant = tenant
    self.account = account
    self.plan = plan
    self.variable = variable
    self.files = files
    self.dialects = dialects
    self.format = format
    self.reload = reload
    self.policy = policy
    self.line = line
  }
}

/// What one file says differently from its key.
public struct FilePlace: Sendable, Equatable {
  /// The variable that holds the value there; nil for the key's.
  public var variable: String?
  /// Who reads the file; empty for the key's.
  public var dialects: [DotenvDialect]
  /// What kind of file it is; nil for the key's.
  public var format: SettingFormat?
  /// Whether its value is a list that holds the new key and the old one while the rotation lasts.
  public var isList: Bool

  /// A place as given.
  public init(
    variable: String? = nil, dialects: [DotenvDialect] = [], format: SettingFormat? = nil, isList: Bool = false
  ) {
    self.variable = variable
    self.dialects = dialects
    self.format = format
    self.isList = isList
  }
}

/// What is done about a key that has leaked.
public enum LeakResponse: String, Sendable, CaseIterable {
  /// The new key is in its place before the old one is ended: nothing stands still.
  case replaceFirst = "replace-first"
  /// The old key is ended as soon as the new one is proven, before any file has it: what uses it stands still until then.
  case revokeFirst = "revoke-first"
}

/// How a key is rotated. Durations are in milliseconds.
public struct KeyPolicy: Sendable, Equatable {
  /// The age at which it is due; nil for never.
  public var maximumAgeMs: Int64?
  /// How long before that it may already be rotated, so that not all keys are due at once.
  public var windowMs: Int64 = 0
  /// How long the service is asked to keep the old value alive, where it offers that.
  public var graceMs: Int64 = 3_600_000
  /// How long a new key may take to be known everywhere, and an old one to be forgotten.
  public var settleMs: Int64 = 120_000
  /// How often in a row the new key must be accepted, and the old one refused.
  public var proofs: Int = 3
  /// How long one reload command may take.
  public var reloadTimeoutMs: Int64 = 60_000
  /// How long the old key is left alone after everything has the new one, before it is ended.
  public var soakMs: Int64 = 0
  /// How long nobody may have used the old key, by the service's own account, before it is ended; 0 does not ask.
  public var quietMs: Int64 = 0
  /// When it is no longer waited for that, counted from when everything has the new key: a person is told.
  public var quietLimitMs: Int64 = 86_400_000
  /// What is done when it has leaked.
  public var onLeak = LeakResponse.replaceFirst

  /// The longest that a service is asked to keep a value alive that has leaked and is to be ended at once: an answer that
  /// is lost can be made good within it.
  static let containmentGraceMs: Int64 = 300_000

  /// How long the service is asked to keep the old value alive.
  func grace(because reason: String) -> Int64 {
    reason == "leaked" && onLeak == .revokeFirst ? min(graceMs, KeyPolicy.containmentGraceMs) : graceMs
  }

  /// The defaults.
  public init() {}
}

/// A configuration file.
public struct Configuration: Sendable, Equatable {
  /// The file's path.
  public var path: String
  /// In the file's order.
  public var keys: [ConfiguredKey]
  /// The install's key; nil is `install.key` in the state directory.
  public var installKeyPath: String?
  /// Where Prometheus' text-file collector looks; nil writes no metrics.
  public var metricsPath: String?
  /// When no scheduled rotation begins.
  public var freezes: [FreezePeriod]
  /// A program that is told about every rotation that did not end well, with its arguments; empty for none.
  public var onFailure: [String]
  /// An address that is told the same, by a POST of JSON; nil for none.
  public var webhook: String?
  /// How much a scheduler may begin.
  public var budget: RotationBudget
  /// Where hosts agree on who works on which key; nil where this is the only one.
  public var lease: LeaseSettings?
  /// This host's name among them; nil for the one that the machine has.
  public var leaseNode: String?

  /// A configuration as given.
  public init(
    path: String, keys: [ConfiguredKey], installKeyPath: String? = nil, metricsPath: String? = nil,
    freezes: [FreezePeriod] = [], onFailure: [String] = [], webhook: String? = nil,
    budget: RotationBudget = RotationBudget()
  ) {
    self.path = path
    self.keys = keys
    self.installKeyPath = installKeyPath
    self.metricsPath = metricsPath
    self.freezes = freezes
    self.onFailure = onFailure
    self.webhook = webhook
    self.budget = budget
  }

  /// The key of that name.
  public func key(named name: String) -> ConfiguredKey? { keys.first { $0.name == name } }
}
