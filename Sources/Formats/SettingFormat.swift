// The kinds of files that hold values, behind one question: which settings are in it, and how may a value be written?

public import Secrets

/// A kind of configuration file.
public enum SettingFormat: Sendable, Hashable, CustomStringConvertible {
  /// An environment file, as one of its readers reads it.
  case dotenv(DotenvDialect)
  /// JSON; a setting's key is its JSON pointer.
  case json
  /// TOML; a setting's key is its JSON pointer.
  case toml
  /// YAML, as far as scalars in block mappings and sequences go; a setting's key is its JSON pointer.
  case yaml
  /// A Kubernetes Secret in YAML; a setting's key is the name under `data` (base64) or `stringData`.
  case kubernetesSecret
  /// Sections and keys without quoting: AWS credentials, `.pypirc`. A setting's key is `section/key`.
  case ini
  /// npm's configuration.
  case npmrc
  /// Java properties.
  case properties
  /// `.netrc`; a setting's key is `machine/password`, `machine/login`, with `default` for the machine of that name.
  case netrc
  /// `Environment=` in a systemd unit or drop-in; a setting's key is the variable's name.
  case systemdUnit
  /// Terraform's variables.
  case tfvars

  /// `json`, `dotenv`, `compose` and so on.
  public var description: String {
    switch self {
    case .dotenv(let dialect): dialect.rawValue
    case .json: "json"
    case .toml: "toml"
    case .yaml: "yaml"
    case .kubernetesSecret: "kubernetes-secret"
    case .ini: "ini"
    case .npmrc: "npmrc"
    case .properties: "properties"
    case .netrc: "netrc"
    case .systemdUnit: "systemd-unit"
    case .tfvars: "tfvars"
    }
  }

  /// The format of that name; nil for others.
  public init?(_ name: String) {
    if let dialect = DotenvDialect(rawValue: name) {
      self = .dotenv(dialect)
      return
    }
    let others: [SettingFormat] = [
      .json, .toml, .yaml, .kubernetesSecret, .ini, .npmrc, .properties, .netrc, .systemdUnit, .tfvars,
    ]
    guard let found = others.first(where: { $0.description == name }) else { return nil }
    self = found
  }

  /// The readers that a file's path suggests; environment files where it suggests nothing.
  public static func inferred(from path: String) -> [SettingFormat] {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
    switch (name, ending) {
    case (".npmrc", _), ("npmrc", _): return [.npmrc]
    case (".netrc", _), ("_netrc", _): return [.netrc]
    case (".pypirc", _): return [.ini]
    case ("credentials", _) where path.hasSuffix("/.aws/credentials"): return [.ini]
    default: break
    }
    if name.hasPrefix(".env") { return DotenvDialect.inferred(from: path).map { .dotenv($0) } }
    switch ending {
    case "json": return [.json]
    case "toml": return [.toml]
    case "yaml", "yml": return [.yaml]
    case "ini", "cfg": return [.ini]
    case "properties": return [.properties]
    case "service": return [.systemdUnit]
    case "conf" where path.contains(".service.d/"): return [.systemdUnit]
    case "tfvars": return [.tfvars]
    default: return DotenvDialect.inferred(from: path).map { .dotenv($0) }
    }
  }

  /// The settings in `bytes`, in the file's order; where a key repeats, the last one counts.
  public func parse(_ bytes: [UInt8], name: String) throws(FormatError) -> [Setting] {
    let settings = try all(bytes, name)
    guard settings.count < Setting.maximumCount else {
      throw FormatError(file: name, line: 1, column: 1, reason: "\(Setting.maximumCount) settings or more")
    }
    return settings
  }

  private func all(_ bytes: [UInt8], _ name: String) throws(FormatError) -> [Setting] {
    switch self {
    case .dotenv(let dialect): return try Dotenv.parse(bytes, name: name, dialect: dialect)
    case .json: return SettingTree.settings(of: try JSON.parse(bytes, name: name))
    case .toml: return SettingTree.settings(of: try TOML.parse(bytes, name: name))
    default: break
    }
    let source = SourceText(bytes, name: name)
    if let place = bytes.firstIndex(of: 0) { throw source.error(at: place, "a NUL byte") }
    if String(validating: bytes, as: UTF8.self) == nil { throw source.error(at: 0, "not UTF-8") }
    return try source.withBytes { (span) throws(FormatError) in
      var lines = LineReader(source: source, bytes: span)
      switch self {
      case .ini, .npmrc: lines.sections(isNPM: self == .npmrc)
      case .properties: lines.properties()
      case .netrc: lines.machines()
      case .systemdUnit: lines.unit()
      case .tfvars: try lines.variables()
      default: try lines.yaml(isSecret: self == .kubernetesSecret)
      }
      return lines.settings
    }
  }

  /// Tokens that may stand for a value in place of `setting`'s, quotes included, the best first. Which of them is right
  /// is decided by reading the result back.
  public func tokens(for value: Secret, inPlaceOf setting: Setting) -> [Secret] {
    func wrap(_ tokens: [[UInt8]]) -> [Secret] {
      tokens.map { token in
        var token = token
        defer { wipe(&token) }
        return Secret(token)
      }
    }
    switch self {
    case .dotenv: return wrap(Dotenv.tokens(for: value, quoting: setting.quoting))
    default: return wrap(value.withBytes { TokenWriter(bytes: $0).tokens(self, setting) })
    }
  }
}
