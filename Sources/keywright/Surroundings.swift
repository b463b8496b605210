// The environment variables and folders that the program looks at: the only reader of either.

internal import Posix

enum Surroundings {
  private static let variables = ProcessEnvironment.current

  /// An environment variable; an empty one counts as unset.
  static func variable(_ name: String) -> String? {
    guard let value = variables[name], !value.isEmpty else { return nil }
    return value
  }

  /// The program's own file, for hooks and timers that call it.
  static var programPath: String { Files.linkTarget("/proc/self/exe") ?? "keywright" }

  /// The names of ours that are set, sorted.
  static var ownNames: [String] {
    variables.compactMap { $0.key.hasPrefix("KEYWRIGHT_") && !$0.value.isEmpty ? $0.key : nil }.sorted()
  }

  /// All of them, for the AITBC client.
  static var all: [String: String] { variables }

  /// Where the system's administrator puts a configuration.
  static let systemDirectory = "/etc/keywright"

  /// `$XDG_CONFIG_HOME/keywright`.
  static func configurationDirectory() throws -> String {
    try directory("XDG_CONFIG_HOME", fallback: ".config") + "/keywright"
  }

  /// Where the ledger and the install's key lie: `--state`, `$KEYWRIGHT_STATE`, or `$XDG_STATE_HOME/keywright`.
  static func stateDirectory(_ option: String?) throws -> String {
    if let option { return option }
    if let named = variable("KEYWRIGHT_STATE") { return named }
    return try directory("XDG_STATE_HOME", fallback: ".local/state") + "/keywright"
  }

  /// `$XDG_CACHE_HOME/keywright`.
  static func cacheDirectory() throws -> String {
    try directory("XDG_CACHE_HOME", fallback: ".cache") + "/keywright"
  }

  private static func directory(_ name: String, fallback: String) throws -> String {
    // The base directory specification: a relative path in one of these variables is to be ignored.
    if let value = variable(name), value.hasPrefix("/") { return value }
    guard let home = variable("HOME") else {
      throw Failure(.usage, "HOME is not set", hint: "set HOME, or \(name) to an absolute path")
    }
    return "\(home)/\(fallback)"
  }
}
