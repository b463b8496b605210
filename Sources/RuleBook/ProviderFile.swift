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
    let rules = reader.tables("rule", in: root).map { rule($0, provider: id, homepage: homepage, &reader) }
    return Provider(
      id: id, name: reader.text("name", in: root), homepage: homepage, rules: rules,
      management: reader.table("manage", in: root).map { management($0, &reader) })
  }

  private static func rule(_ node: Node, provider: String, homepage: String, _ reader: inout TableReader) -> Rule {
    reader.allow(
      [
        "id", "name", "aliases", "severity", "confidence", "literals", "ignore_case", "pattern", "secret_group",
        "width", "entropy", "stop_words", "checksum", "public", "matches", "rejects", "source",
      ], in: node)
    let id = reader.text("id", in: node)
    if !isRuleID(id) { reader.mistake(node["id"] ?? node, "a rule's id is lower-case words joined by hyphens, not '\(id)'") }
    let literals = reader.texts("literals", in: node)
    if literals.isEmpty { reader.mistake(node, "the rule needs at least one literal") }
    for literal in literals where literal.utf8.count < 3 {
      reader.mistake(node["literals"] ?? node, "the literal '\(literal)' is shorter than three bytes")
    }
    let width = reader.integer("width", in: node) ?? 0
    if !(1...Rule.maximumWidthBytes).contains(width) {
      reader.mistake(node["width"] ?? node, "width must be 1 to \(Rule.maximumWidthBytes) bytes")
    }
    let group = reader.optionalInteger("secret_group", in: node) ?? 0
    if !(0...9).contains(group) { reader.mistake(node["secret_group"] ?? node, "secret_group must be 0 to 9") }
    return Rule(
      id: RuleID(id), provider: provider, name: reader.text("name", in: node),
      aliases: reader.texts("aliases", in: node), severity: reader.choice("severity", in: node) ?? .medium,
      confidence: reader.choice("confidence", in: node) ?? .structure, literals: literals,
      literalsIgnoreCase: reader.flag("ignore_case", in: node), pattern: reader.text("pattern", in: node),
      secretGroup: group, width: width, minimumEntropy: reader.number("entropy", in: node),
      stopWords: reader.texts("stop_words", in: node).map { $0.lowercased() },
      checksum: reader.optionalChoice("checksum", in: node), isPublic: reader.flag("public", in: node),
      matches: reader.texts("matches", in: node), rejects: reader.texts("rejects", in: node),
      source: reader.optionalText("source", in: node) ?? homepage)
  }

  private static func isRuleID(_ id: String) -> Bool {
    let words = id.split(separator: "-", omittingEmptySubsequences: false)
    return words.allSatisfy { word in
      !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) }
    }
  }

  private static func management(_ node: Node, _ reader: inout TableReader) -> Management {
    reader.allow(
      ["class", "base", "requests_per_minute", "verify", "list", "create", "regenerate", "revoke"], in: node)
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
    return Management(
      recoverability: reader.choice("class", in: node) ?? .manual, base: reader.optionalText("base", in: node),
      verify: call("verify", &reader), list: call("list", &reader), create: call("create", &reader),
      regenerate: call("regenerate", &reader), revoke: call("revoke", &reader), requestsPerMinute: limits)
  }
}

/// Reads the tables that describe an HTTP call.
private enum CallReader {
  static let placeholders: Set<String> = [
    "secret", "base", "key_id", "tenant", "reference", "grace_seconds", "name", "account",
  ]

  static func call(_ node: Node, _ reader: inout TableReader) -> CallTemplate {
    reader.allow(["request", "headers", "body", "success", "refused", "must_hold", "fields"], in: node)
    let request = reader.text("request", in: node)
    let words = request.split(separator: " ", maxSplits: 1)
    let method = words.first.map(String.init) ?? ""
    let url = words.count == 2 ? String(words[1]) : ""
    if !["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].contains(method) {
      reader.mistake(node["request"] ?? node, "request must be a method and an address, such as 'GET https://…'")
    }
    if !(url.hasPrefix("https://") || url.hasPrefix("{base}/")) {
      reader.mistake(node["request"] ?? node, "the address must begin with https:// or {base}/")
    }
    let headers = (reader.table("headers", in: node)?.entries ?? []).map { entry in
      HeaderTemplate(name: entry.key, value: entry.value.string ?? "")
    }
    let body = reader.optionalText("body", in: node)
    for text in [url] + headers.map(\.value) { check(text, node, &reader) }
    return CallTemplate(
      method: method, url: url, headers: headers, body: body,
      success: reader.integers("success", in: node) ?? [200], refused: reader.integers("refused", in: node) ?? [401],
      mustHold: reader.optionalText("must_hold", in: node),
      fields: Dictionary(
        (reader.table("fields", in: node)?.entries ?? []).map { ($0.key, $0.value.string ?? "") },
        uniquingKeysWith: { $1 }))
  }

  /// Every `{word}` of an address or a header must be a placeholder. (A body is JSON, which has braces of its own.)
  private static func check(_ text: String, _ node: Node, _ reader: inout TableReader) {
    for part in text.split(separator: "{").dropFirst(text.hasPrefix("{") ? 0 : 1) {
      guard let end = part.firstIndex(of: "}") else {
        reader.mistake(node, "'\(text)' has a { without a }")
        continue
      }
      let word = String(part[..<end])
      if !placeholders.contains(word) { reader.mistake(node, "'{\(word)}' is no placeholder") }
    }
  }
}
