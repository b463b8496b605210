// Reads a configuration. Every mistake is noted with its line, all of them at once.

internal import Formats
internal import Posix
internal import Transport

extension Configuration {
  static let fields = [
    "key", "state", "policy", "environment", "freeze", "metrics", "hooks", "budget", "scan", "lease",
  ]
  static let policyFields = [
    "max_age", "window", "grace", "settle", "proofs", "reload_timeout", "soak", "quiet", "quiet_limit", "on_leak",
  ]
  static let keyFields =
    [
      "name", "provider", "base", "key_id", "environment", "tenant", "account", "plan", "variable", "files", "dialects",
      "format", "list", "reload", "deliver", "allow_plain_http",
      "database", "admin", "program", "page", "id_variable", "certificates",
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
    let text = ConfigurationText.parse(bytes, path)
    guard let root = text.root else { throw ConfigurationErrors(mistakes: text.mistakes.sorted { $0.line < $1.line }) }
    var reader = ConfigurationReader(file: path, unreadable: text.mistakes)
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
      reader.allow(["on_failure", "webhook"], in: hooks, of: "[hooks]")
      configuration.onFailure = hooks["on_failure"].map { command($0, "on_failure", &reader) } ?? []
      configuration.webhook = webhook(hooks, &reader)
    }
    (configuration.lease, configuration.leaseNode) = lease(root, folder, &reader)
    configuration.budget = RotationBudget.read(root, &reader)
    configuration.freezes = reader.tables("freeze", in: root).compactMap { FreezePeriod.read($0, &reader) }
    let policies = Policies(root, &reader)
    configuration.keys = reader.tables("key", in: root).map { key($0, folder, policies, &reader) }
    if let value = root["key"], configuration.keys.count > maximumKeys {
      reader.mistake(value, "more than \(maximumKeys) keys")
    }
    if let providers { checkProviders(root, providers, &reader) }
    checkDuplicates(configuration, &reader)
    checkFreezes(configuration, root, &reader)
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
        node["name"] ?? node, "name must be 1 to 64 letters, digits, '.', '_' or '-', not beginning with '-'",
        hint: "such as \"shop-production\"")
    }
    let variable = reader.requiredText("variable", in: node, of: owner) ?? ""
    let format = format(node, &reader)
    if !variable.isEmpty, format != nil || node["format"] == nil, namesVariables(format),
      !files(node).contains(where: isOtherFormat), !isVariable(variable)
    {
      reader.mistake(
        node["variable"] ?? node, "variable must be a name that environment files can hold: letters, digits and '_'",
        hint: "such as \"API_KEY\"; other kinds of files name their settings like /a/b, with format = \"json\"")
    }
    let files = files(of: node, owner, folder, &reader)
    let environment = reader.text("environment", in: node)
    var key = ConfiguredKey(
      name: name, provider: reader.requiredText("provider", in: node, of: owner) ?? "",
      base: base(node, owner, &reader), keyID: reader.text("key_id", in: node), environment: environment,
      tenant: reader.text("tenant", in: node), account: reader.text("account", in: node),
      plan: reader.text("plan", in: node), variable: variable, files: files.paths,
      dialects: dialects(node, &reader), format: format, reload: reload(node, &reader),
      policy: policies.policy(of: node, environment: environment, &reader),
      line: node.line)
    key.places = files.places
    key.deliveries = deliveries(node, owner, folder, &reader)
    key.service = service(node, folder, owner, &reader)
    key.idVariable = reader.text("id_variable", in: node)
    if let id = key.idVariable, id == key.variable {
      reader.mistake(node["id_variable"] ?? node, "id_variable and variable are the same")
    }
    return key
  }

  /// Where failures are told: anybody on the way could read a plain one.
  private static func webhook(_ node: Node, _ reader: inout ConfigurationReader) -> String? {
    guard let value = node["webhook"], let text = reader.text("webhook", in: node) else { return nil }
    guard let address = WebAddress(text), address.scheme == "https" || isLocal(address.host) else {
      reader.mistake(
        value, "webhook must be an https address without user or fragment",
        hint: "such as \"https://alerts.example.org/keywright\"")
      return nil
    }
    return text
  }

  static func isLocal(_ host: String) -> Bool {
    ["localhost", "::1", "[::1]"].contains(host) || host.hasPrefix("127.")
  }

  /// Names of environments and keys that nothing has are mistakes of the pen.
  private static func checkFreezes(_ configuration: Configuration, _ root: Node, _ reader: inout ConfigurationReader) {
    let environments = Array(Set(configuration.keys.compactMap(\.environment))).sorted()
    let names = configuration.keys.map(\.name)
    for node in root["freeze"]?.array ?? [] where node.kind == .table {
      for (field, known) in [("environments", environments), ("keys", names)] {
        for item in node[field]?.array ?? [] {
          guard let text = item.string, !text.isEmpty, !known.contains(text) else { continue }
          let what = field == "keys" ? "no key is named" : "no key is in the environment"
          reader.mistake(
            item, "\(what) '\(ConfigurationReader.shown(text))', so this freeze would not hold for anything",
            hint: known.isEmpty ? nil : ConfigurationReader.hint(text, among: Array(known.prefix(50))))
        }
      }
    }
  }

  private static func base(_ node: Node, _ owner: String, _ reader: inout ConfigurationReader) -> String? {
    guard let text = address("base", node, owner, &reader) else { return nil }
    return text.hasSuffix("/") ? String(text.dropLast()) : text
  }

  static func checkAddress(_ node: Node, _ reader: inout ConfigurationReader) {
    _ = address("address", node, "the key", &reader)
  }

  /// An address that values may be sent to.
  private static func address(
    _ field: String, _ node: Node, _ owner: String, _ reader: inout ConfigurationReader
  ) -> String? {
    let plain = node["allow_plain_http"]
    if let plain, plain.boolean == nil { reader.mistake(plain, "allow_plain_http must be true or false") }
    guard let value = node[field], let text = reader.text(field, in: node) else { return nil }
    guard let address = WebAddress(text), !address.path.contains("?") else {
      reader.mistake(
        value, "\(field) must be an address without user, query or fragment",
        hint: "such as \"https://api.example.org\"")
      return nil
    }
    if address.scheme != "https", !isLocal(address.host), plain?.boolean != true {
      reader.mistake(
        value, "\(field) is plain http, so the value of \(owner) would cross the network for all to read",
        hint: "use https, or consent with allow_plain_http = true")
    }
    return text
  }

  private static func checkProviders(_ root: Node, _ known: [String], _ reader: inout ConfigurationReader) {
    for node in root["key"]?.array ?? [] {
      guard let value = node["provider"], let name = value.string, !name.isEmpty, !known.contains(name) else {
        continue
      }
      let near = ConfigurationReader.nearest(name, among: known).map { "did you mean '\($0)'?" }
      reader.mistake(
        value, "no provider is named '\(ConfigurationReader.shown(name))'", hint: near ?? "see: keywright rules list")
    }
  }

  private static func checkDuplicates(_ configuration: Configuration, _ reader: inout ConfigurationReader) {
    var names: [String: Int] = [:]
    var places: [String: ConfiguredKey] = [:]
    for key in configuration.keys where !key.name.isEmpty {
      if let first = names[key.name] {
        reader.mistake(
          key.line, "a key '\(key.name)' is already defined on line \(first)", hint: "give it another name")
      } else {
        names[key.name] = key.line
      }
      for file in key.files {
        let variable = key.variable(in: file)
        let place = "\(variable)\u{0}\(file)"
        if let other = places[place] {
          // Lists hold several keys: that is what they are for.
          if other.line != key.line, other.places[file]?.isList == true, key.places[file]?.isList == true { continue }
          reader.mistake(
            key.line,
            other.line == key.line
              ? "\(file) is listed twice"
              : "\(variable) in \(file) is already the place of the key '\(other.name)' (line \(other.line))")
        } else {
          places[place] = key
        }
      }
    }
  }
}
