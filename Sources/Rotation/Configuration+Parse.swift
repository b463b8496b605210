// Reads a configuration. Every mistake is noted with its line, all of them at once.

internal import Formats
internal import Posix
internal import Transport

extension Configuration {
  static let fields = ["key", "state", "policy", "environment", "freeze", "metrics", "hooks"]
  static let policyFields = ["max_age", "window", "grace", "settle", "proofs", "reload_timeout"]
  static let keyFields =
    [
      "name", "provider", "base", "key_id", "environment", "tenant", "account", "plan", "variable", "files", "dialects",
      "format", "reload",
      "allow_plain_http",
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
    return ConfiguredKey(
      name: name, provider: reader.requiredText("provider", in: node, of: owner) ?? "",
      base: base(node, owner, &reader), keyID: reader.text("key_id", in: node), environment: environment,
      tenant: reader.text("tenant", in: node), account: reader.text("account", in: node),
      plan: reader.text("plan", in: node), variable: variable, files: files.map { resolve($0.text, folder) },
      dialects: dialects(node, &reader), format: format, reload: reload(node, &reader),
      policy: policies.policy(of: node, environment: environment, &reader),
      line: node.line)
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

  private static func format(_ node: Node, _ reader: inout ConfigurationReader) -> SettingFormat? {
    guard let value = node["format"], let name = reader.text("format", in: node) else { return nil }
    guard let format = SettingFormat(name) else {
      reader.mistake(
        value,
        "'\(ConfigurationReader.shown(name))' is no kind of file (known: json, toml, yaml, kubernetes-secret, ini, npmrc, "
          + "properties, netrc, systemd-unit, tfvars, and the dialects of environment files)")
      return nil
    }
    if node["dialects"] != nil { reader.mistake(value, "give either format or dialects") }
    return format
  }

  private static func namesVariables(_ format: SettingFormat?) -> Bool {
    switch format {
    case nil, .dotenv, .systemdUnit: true
    default: false
    }
  }

  private static func files(_ node: Node) -> [String] { node["files"]?.array?.compactMap(\.string) ?? [] }

  /// Whether the file's name says that its settings are not called like variables.
  private static func isOtherFormat(_ path: String) -> Bool {
    !SettingFormat.inferred(from: path).contains { namesVariables($0) }
  }

  private static func reload(_ node: Node, _ reader: inout ConfigurationReader) -> [[String]] {
    guard let value = node["reload"] else { return [] }
    guard let list = value.array, list.allSatisfy({ $0.kind == .array }) else {
      reader.mistake(
        value, "reload must be a list of commands, each a list: [[\"/usr/bin/systemctl\", \"restart\", \"shop\"]]")
      return []
    }
    return list.map { command($0, "reload", &reader) }.filter { !$0.isEmpty }
  }

  /// A program with its arguments. No shell looks at them.
  private static func command(_ node: Node, _ field: String, _ reader: inout ConfigurationReader) -> [String] {
    let words = node.array?.compactMap(\.string) ?? []
    guard let program = words.first, words.count == node.array?.count, !words.contains(where: { $0.utf8.contains(0) })
    else {
      reader.mistake(
        node, "\(field) must be a program and its arguments, such as [\"/usr/bin/systemctl\", \"restart\", \"shop\"]")
      return []
    }
    guard program.hasPrefix("/") else {
      reader.mistake(
        node, "\(field) must name its program by an absolute path, not '\(ConfigurationReader.shown(program))'")
      return []
    }
    return words
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

  private static func isWord(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && !text.hasPrefix("-")
      && text.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
        default: false
        }
      }
  }

  private static func isVariable(_ text: String) -> Bool {
    text.utf8.count <= 256 && !(0x30...0x39).contains(text.utf8.first ?? 0x30)
      && text.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f: true
        default: false
        }
      }
  }

  /// An absolute path without `.`, `..` and doubled slashes. Links are looked at when the file is.
  static func resolve(_ path: String, _ folder: String) -> String {
    var parts: [Substring] = []
    let whole = path.hasPrefix("/") ? path : "\(folder)/\(path)"
    for part in whole.split(separator: "/") {
      if part == "." { continue }
      if part == "..", parts.last.map({ $0 != ".." }) ?? whole.hasPrefix("/") {
        _ = parts.popLast()
      } else {
        parts.append(part)
      }
    }
    return (whole.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }
}

/// The policy of everything, and what environments say differently.
private struct Policies {
  private var general = KeyPolicy()
  private var byEnvironment: [String: KeyPolicy] = [:]

  init(_ root: Node, _ reader: inout ConfigurationReader) {
    if let node = reader.table("policy", in: root) {
      reader.allow(Configuration.policyFields, in: node, of: "[policy]")
      general = Policies.read(node, over: general, &reader)
    }
    for entry in reader.table("environment", in: root)?.entries ?? [] {
      guard entry.value.kind == .table else {
        reader.mistake(entry.keyLine, "environment.\(ConfigurationReader.shown(entry.key)) must be a table")
        continue
      }
      reader.allow(
        Configuration.policyFields, in: entry.value, of: "[environment.\(ConfigurationReader.shown(entry.key))]")
      byEnvironment[entry.key] = Policies.read(entry.value, over: general, &reader)
    }
  }

  func policy(of key: Node, environment: String?, _ reader: inout ConfigurationReader) -> KeyPolicy {
    Policies.read(key, over: environment.flatMap { byEnvironment[$0] } ?? general, &reader)
  }

  private static func read(_ node: Node, over policy: KeyPolicy, _ reader: inout ConfigurationReader) -> KeyPolicy {
    var policy = policy
    let minute: Int64 = 60_000
    if let age = reader.duration("max_age", in: node, minute...DurationText.maximumMilliseconds) {
      policy.maximumAgeMs = age
    }
    if let window = reader.duration("window", in: node, 0...365 * 86_400_000) { policy.windowMs = window }
    if let grace = reader.duration("grace", in: node, 0...7 * 86_400_000) { policy.graceMs = grace }
    if let settle = reader.duration("settle", in: node, 1_000...3_600_000) { policy.settleMs = settle }
    if let timeout = reader.duration("reload_timeout", in: node, 1_000...3_600_000) { policy.reloadTimeoutMs = timeout }
    if let proofs = reader.integer("proofs", in: node, 1...20) { policy.proofs = proofs }
    if let age = policy.maximumAgeMs, policy.windowMs >= age {
      reader.mistake(node["window"] ?? node["max_age"] ?? node, "window must be shorter than max_age")
    }
    return policy
  }
}
