// The environment variables that are ours: one table for the manual, for `config check` and for `doctor`.

enum Variables {
  /// Each with what it is for.
  static let all: [(name: String, about: String)] =
    [
      ("KEYWRIGHT_CONFIG", "The configuration, a keywright.toml."),
      ("KEYWRIGHT_STATE", "The state directory, which holds the ledger."),
      ("KEYWRIGHT_INSTALL_KEY", "The file of the install's key, which seals values in the ledger."),
    ] + ScanSetting.allCases.map { ($0.variable, $0.about) }

  /// What else may be set: what programs that we start are told, and a testing aid.
  private static let others: Set<String> = [
    "KEYWRIGHT_KEY", "KEYWRIGHT_ENVIRONMENT", "KEYWRIGHT_ROTATION", "KEYWRIGHT_OUTCOME", "KEYWRIGHT_REASON",
    "KEYWRIGHT_FAULT",
  ]

  /// The variables of others that are looked at.
  static let foreign: [(name: String, about: String)] = [
    (
      "XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME",
      "Where configuration, state and cache lie (~/.config, ~/.local/state, ~/.cache)."
    ),
    (
      "AITBC_API_KEY, AITBC_BASE_URL, AITBC_TENANT_ID",
      "For keywright keys: the key that authorises, the service, the tenant."
    ),
    ("GITLEAKS_CONFIG, GITLEAKS_CONFIG_TOML", "For the gitleaks commands: the configuration, or its text."),
    ("NO_COLOR", "Any value: no colours."),
    ("SSL_CERT_FILE", "The certificates to trust, instead of the system's."),
    ("HTTPS_PROXY, NO_PROXY", "The proxy for requests to providers."),
  ]

  static func isKnown(_ name: String) -> Bool { others.contains(name) || all.contains { $0.name == name } }
}
