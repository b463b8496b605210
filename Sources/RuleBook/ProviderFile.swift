// Reads a provider file. Rules/README.md says what its fields mean.

internal import Formats
internal import Model

/// The TOML form of a provider.
public enum ProviderFile {
  /// The provider that `bytes` describe.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - name: the file's name; without its ending it is the provider's id.
  public static func parse(_ bytes: [UInt8], name: String) throws(RuleFileErrors) -> Provider {
    let root: Node
    do {
      root = try TOML.parse(bytes, name: name)
    } catch {
      throw RuleFileErrors(mistakes: [RuleMistake(file: name, line: error.line, reason: error.reason)])
    }
    var reader = TableReader(file: name)
    let provider = provider(root, id: stem(name), &reader)
    guard reader.mistakes.isEmpty else { throw RuleFileErrors(mistakes: reader.mistakes.sorted { $0.line < $1.line }) }
    return provider
  }

  private static func stem(_ name: String) -> String {
    let last = name.split(separator: "/").last.map(String.init) ?? name
    return last.hasSuffix(".toml") ? String(last.dropLast(5)) : last
  }

  private static func provider(_ root: Node, id: String, _ reader: inout TableReader) -> Provider {
    reader.allow(["name", "homepage", "rule", "manage"], in: root)
    let homepage = reader.text("homepage", in: root)
    let rules = reader.tables("rule", in: root).map { node in
      RuleReader.rule(node, provider: id, homepage: homepage, &reader)
    }
    return Provider(
      id: id, name: reader.text("name", in: root), homepage: homepage, rules: rules,
      management: reader.table("manage", in: root).map { management($0, &reader) })
  }

  private static func management(_ node: Node, _ reader: inout TableReader) -> Management {
    reader.allow(
      [
        "class", "kinds", "base", "requests_per_minute", "tested", "speaks", "key_limit", "verify", "list", "create",
        "regenerate", "revoke", "disable", "read", "last_used",
      ], in: node)
    var limits: [String: Int] = [:]
    for entry in reader.table("requests_per_minute", in: node)?.entries ?? [] {
      guard let limit = entry.value.integer, limit > 0 else {
        reader.mistake(entry.value, "requests_per_minute.\(entry.key) must be a whole number above 0")
        continue
      }
      limits[entry.key == "default" ? "" : entry.key] = limit
    }
    func call(_ key: String, _ reader: inout TableReader) -> CallTemplate? {
      reader.table(key, in: node).map { CallReader.call($0, &reader) }
    }
    var management = Management(
      recoverability: reader.choice("class", in: node) ?? .manual,
      kinds: reader.texts("kinds", in: node).map { RuleID($0) }, base: reader.optionalText("base", in: node),
      verify: call("verify", &reader), list: call("list", &reader), create: call("create", &reader),
      regenerate: call("regenerate", &reader), revoke: call("revoke", &reader), disable: call("disable", &reader),
      read: call("read", &reader), requestsPerMinute: limits)
    management.lastUsed = call("last_used", &reader)
    management.tested = reader.optionalChoice("tested", in: node) ?? .contract
    management.language = reader.optionalChoice("speaks", in: node) ?? .http
    if let limit = reader.optionalInteger("key_limit", in: node) {
      if limit < 1 { reader.mistake(node["key_limit"] ?? node, "key_limit must be a whole number above 0") }
      management.keyLimit = limit
    }
    return management
  }
}
