// Reads a configuration. Every mistake is noted with its line, all of them at once.

internal import Formats
internal import Posix
internal import Transport

extension Configuration {
  static let fields = ["key", "state", "policy", "environment", "freeze", "metrics", "hooks", "scan"]
  static let policyFields = ["max_age", "window", "grace", "settle", "proofs", "reload_timeout"]
  static let keyFields =
    [
      "name", "provider", "base", "key_id", "environment", "tenant", "account", "plan", "variable", "files", "dialects",
      "format", "reload",
      "allow_plain_http", "database", "admin", "program", "page", "id_variable",
    ] + policyFields
  static let maximumKeys = 100_000

  /// The configuration in `bytes`.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - path: the file's path; relative paths inside are taken from its folder.
  ///   - providers: the known providers' ids; nil leaves that unchecked.
  public static func parse(
    _ bytes: [UInt8], _ path: String, providers: [String]? = nil
  ) throws(ConfigurationErrors) -> Configuration {
    let root: Node
    do {
      root = try TOML.parse(bytes, name: path)
    } catch {
      throw ConfigurationErrors(
        mistakes: [ConfigurationMistake(file: path, line: error.line, reason: error.reason)])
    }
    var reader = ConfigurationReader(file: path)
    reader.allow(fields, in: root, of: "the configuration")
    let folder = Files.parent(path)
    var configuration = Configuration(path: path, keys: [])
    if let state = reader.table("state", in: root) {
      reader.allow(["key_file"], in: state, of: "[state]")
      configuration.installKeyPath = reader.text("key_file", in: state).map { resolve($0, folder) }
    }
    if let metrics = reader.table("metrics", in: root) {
      reader.allow(["file"], in: metrics, of: "[metrics]")
      configuration.metricsPath = reader.text("file", in: metrics).map { resolve($0, folder) }
    }
    if let hooks = reader.table("hooks", in: root) {
      reader.allow(["on_failure"], in: hooks, of: "[hooks]")
      configuration.onFailure = hooks["on_failure"].map { command($0, "on_failure", &reader) } ?? []
    }
    configuration.freezes = reader.tables("freeze", in: root).compactMap { FreezePeriod.read($0, &reader) }
    let policies = Policies(root, &reader)
    configuration.keys = reader.tables("key", in: root).map { key($0, folder, policies, &reader) }
    if let value = root["key"], configuration.keys.count > maximumKeys {
      reader.mistake(value, "more than \(maximumKeys) keys")
    }
    if let providers { checkProviders(root, providers, &reader) }
    checkDuplicates(configuration, &reader)
    guard reader.mistakes.isEmpty else {
      throw ConfigurationErrors(mistakes: reader.mistakes.sorted { $0.line < $1.line })
    }
    return configuration
  }

  private static func key(
    _ node: Node, _ folder: String, _ policies: Policies, _ reader: inout ConfigurationReader
  ) -> ConfiguredKey {
    let name = reader.requiredText("name", in: node, of: "the key") ?? ""
    let owner = name.isEmpty ? "the key" : "the key '\(ConfigurationReader.shown(name))'"
    reader.allow(keyFields, in: node, of: owner)
    if !name.isEmpty, !isWord(name) {
      reader.mistake(
        node["name"] ?? node, "name must be 1 to 64 letters, digits, '.', '_' or '-', not beginning with '-'")
    }
    let variable = reader.requiredText("variable", in: node, of: owner) ?? ""
    let format = format(node, &reader)
    if !variable.isEmpty, format != nil || node["format"] == nil, namesVariables(format),
      !files(node).contains(where: isOtherFormat), !isVariable(variable)
    {
      reader.mistake(
        node["variable"] ?? node, "variable must be a name that environment files can hold: letters, digits and '_'")
    }
    let files = reader.texts("files", in: node)
    if node["files"] == nil {
      reader.mistake(node, "\(owner) has no files: list every file that holds the value")
    } else if files.isEmpty, node["files"]?.array?.isEmpty == true {
      reader.mistake(node["files"] ?? node, "files is empty: list every file that holds the value")
    }
    let environment = reader.text("environment", in: node)
    var key = ConfiguredKey(
      name: name, provider: reader.requiredText("provider", in: node, of: owner) ?? "",
      base: base(node, owner, &reader), keyID: reader.text("key_id", in: node), environment: environment,
      tenant: reader.text("tenant", in: node), account: reader.text("account", in: node),
      plan: reader.text("plan", in: node), variable: variable, files: files.map { resolve($0.text, folder) },
      dialects: dialects(node, &reader), format: format, reload: reload(node, &reader),
      policy: policies.policy(of: node, environment: environment, &reader),
      line: node.line)
    key.service = service(node, folder, owner, &reader)
    key.idVariable = reader.text("id_variable", in: node)
    if let id = key.idVariable, id == key.variable {
      reader.mistake(node["id_variable"] ?? node, "id_variable and variable are the same")
    }
    return key
  }

  private static func base(_ node: Node, _ owner: String, _ reader: inout ConfigurationReader) -> String? {
    let plain = node["allow_plain_http"]
    if let plain, plain.boolean == nil { reader.mistake(plain, "allow_plain_http must be true or false") }
    guard let value = node["base"], let text = reader.text("base", in: node) else { return nil }
    guard let address = WebAddress(text), !address.path.contains("?") else {
      reader.mistake(
        value, "base must be an address such as \"https://api.example.org\", without user, query or fragment")
      return nil
    }
    let local = ["localhost", "::1", "[::1]"].contains(address.host) || address.host.hasPrefix("127.")
    if address.scheme != "https", !local, plain?.boolean != true {
      reader.mistake(
        value,
        "base is plain http, so \(owner)'s value would cross the network for all to read: "
          + "use https, or consent with allow_plain_http = true")
    }
    return text.hasSuffix("/") ? String(text.dropLast()) : text
  }

  private static func dialects(_ node: Node, _ reader: inout ConfigurationReader) -> [DotenvDialect] {
    reader.texts("dialects", in: node).compactMap { item in
      if let dialect = DotenvDialect(rawValue: item.text) { return dialect }
      let known = DotenvDialect.allCases.map(\.rawValue)
      let near = ConfigurationReader.nearest(item.text, among: known).map { "; did you mean '\($0)'?" }
      reader.mistake(
        item.line,
        "'\(ConfigurationReader.shown(item.text))' is no dialect of environment files"
          + (near ?? " (known: \(known.joined(separator: ", ")))"))
      return nil
    }
  }

  private static func checkProviders(_ root: Node, _ known: [String], _ reader: inout ConfigurationReader) {
    for node in root["key"]?.array ?? [] {
      guard let value = node["provider"], let name = value.string, !name.isEmpty, !known.contains(name) else {
        continue
      }
      let near =
        ConfigurationReader.nearest(name, among: known).map { "; did you mean '\($0)'?" }
        ?? "; see: keywright rules list"
      reader.mistake(value, "no provider is named '\(ConfigurationReader.shown(name))'\(near)")
    }
  }

  private static func checkDuplicates(_ configuration: Configuration, _ reader: inout ConfigurationReader) {
    var names: [String: Int] = [:]
    var places: [String: ConfiguredKey] = [:]
    for key in configuration.keys where !key.name.isEmpty {
      if let first = names[key.name] {
        reader.mistake(key.line, "a key '\(key.name)' is already defined on line \(first)")
      } else {
        names[key.name] = key.line
      }
      for file in key.files {
        let place = "\(key.variable)\u{0}\(file)"
        if let other = places[place] {
          reader.mistake(
            key.line,
            other.line == key.line
              ? "\(file) is listed twice"
              : "\(key.variable) in \(file) is already the place of the key '\(other.name)' (line \(other.line))")
        } else {
          places[place] = key
        }
      }
    }
  }
}
