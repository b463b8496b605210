// Places beyond files that hold a key: secret stores, CI variables, clusters, or whatever a program of the user's reaches.

internal import Formats

/// A place beyond files that holds a key's value.
public struct DeliveryTarget: Sendable, Equatable {
  /// What kind of place.
  public enum Kind: String, Sendable, CaseIterable {
    /// A program that reads the value from its standard input.
    case command
    /// HashiCorp Vault or OpenBao, the key-value store, version 2.
    case vault
    /// A secret of GitHub Actions.
    case github
    /// A variable of GitLab CI.
    case gitlab
    /// A Secret in a Kubernetes cluster.
    case kubernetes
    /// AWS Secrets Manager.
    case aws = "aws-secrets-manager"

    /// The fields that must be there, and those that may.
    var fields: (needed: [String], optional: [String]) {
      switch self {
      case .command: (["run"], [])
      case .vault: (["address", "path", "field", "token_file"], ["mount", "namespace", "certificates"])
      case .github: (["repository", "name", "token_file"], ["address", "environment", "certificates"])
      case .gitlab: (["project", "name", "token_file"], ["address", "scope", "certificates"])
      case .kubernetes: (["address", "namespace", "secret", "field", "token_file"], ["certificates"])
      case .aws: (["region", "secret", "credentials_file"], ["address", "field", "profile", "certificates"])
      }
    }
  }

  /// What kind of place.
  public var kind: Kind
  /// Its particulars by the names of the configuration's fields; never a secret.
  public var settings: [String: String]
  /// The program and its arguments; empty for other kinds.
  public var command: [String]

  /// A place as given.
  public init(_ kind: Kind, _ settings: [String: String] = [:], command: [String] = []) {
    self.kind = kind
    self.settings = settings
    self.command = command
  }

  /// Where requests go, without a slash at the end; nil for programs.
  public var address: String? {
    let text: String? =
      switch kind {
      case .command: nil
      case .github: settings["address"] ?? "https://api.github.com"
      case .gitlab: settings["address"] ?? "https://gitlab.com"
      case .aws: settings["address"] ?? "https://secretsmanager.\(self["region"]).amazonaws.com"
      case .vault, .kubernetes: settings["address"]
      }
    return text.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
  }

  /// A setting, empty where it is not there.
  subscript(_ name: String) -> String { settings[name] ?? "" }

  /// What journals and people call it.
  public var label: String {
    switch kind {
    case .command: "command \(command.joined(separator: " "))"
    case .vault: "vault \(self["address"]) \(settings["mount"] ?? "secret")/\(self["path"])#\(self["field"])"
    case .github:
      "github \(self["repository"])\(settings["environment"].map { " (\($0))" } ?? "") \(self["name"])"
    case .gitlab: "gitlab \(self["project"]) \(self["name"]) (\(settings["scope"] ?? "*"))"
    case .kubernetes: "kubernetes \(self["address"]) \(self["namespace"])/\(self["secret"])#\(self["field"])"
    case .aws: "aws \(self["region"]) \(self["secret"])\(settings["field"].map { "#\($0)" } ?? "")"
    }
  }

  var facts: Facts {
    var facts = Facts()
    facts.set("to", kind.rawValue)
    facts.set("names", settings.keys.sorted())
    facts.set("values", settings.keys.sorted().map { settings[$0] ?? "" })
    facts.set("command", command)
    return facts
  }

  init?(_ node: Node) {
    guard let kind = node["to"]?.string.flatMap(Kind.init(rawValue:)) else { return nil }
    self.init(
      kind, Dictionary(zip(node.texts("names"), node.texts("values")), uniquingKeysWith: { $1 }),
      command: node.texts("command"))
  }
}

extension Configuration {
  /// The places beyond files of a key.
  static func deliveries(_ node: Node, _ owner: String, _ folder: String, _ reader: inout ConfigurationReader)
    -> [DeliveryTarget]
  {
    guard let value = node["deliver"] else { return [] }
    guard let list = value.array, list.allSatisfy({ $0.kind == .table }) else {
      reader.mistake(
        value, "deliver must be a list of tables",
        hint: "write deliver = [{ to = \"command\", run = [\"/usr/local/bin/put-secret\"] }]")
      return []
    }
    return list.compactMap { delivery($0, owner, folder, &reader) }
  }

  private static func delivery(
    _ node: Node, _ owner: String, _ folder: String, _ reader: inout ConfigurationReader
  ) -> DeliveryTarget? {
    let known = DeliveryTarget.Kind.allCases.map(\.rawValue)
    guard let name = reader.requiredText("to", in: node, of: "the delivery of \(owner)") else { return nil }
    guard let kind = DeliveryTarget.Kind(rawValue: name) else {
      reader.mistake(
        node["to"] ?? node, "'\(ConfigurationReader.shown(name))' is no place that a key can be delivered to",
        hint: ConfigurationReader.hint(name, among: known))
      return nil
    }
    let fields = kind.fields
    let what = "the delivery to \(name) of \(owner)"
    reader.allow(["to", "allow_plain_http"] + fields.needed + fields.optional, in: node, of: what)
    var target = DeliveryTarget(kind)
    if kind == .command {
      guard let run = node["run"] else {
        reader.missing(node, "\(what) has no run", hint: "write run = [\"/usr/local/bin/put-secret\"]")
        return nil
      }
      target.command = command(run, "run", &reader)
      return target.command.isEmpty ? nil : target
    }
    for field in fields.needed { target.settings[field] = reader.requiredText(field, in: node, of: what) }
    for field in fields.optional { target.settings[field] = reader.text(field, in: node) }
    for field in ["token_file", "credentials_file", "certificates"] {
      target.settings[field] = target.settings[field].map { resolve($0, folder) }
    }
    for field in ["path", "mount", "namespace", "repository"] {
      if let text = target.settings[field], !isPath(text) {
        reader.mistake(
          node[field] ?? node, "\(field) holds what no \(field) holds", hint: "letters, digits and - . _ /")
      }
    }
    checkAddress(node, &reader)
    return target
  }

  private static func isPath(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return parts.allSatisfy { part in
      !part.isEmpty && part != "." && part != ".."
        && part.utf8.allSatisfy { byte in
          switch byte {
          case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
          default: false
          }
        }
    }
  }
}
