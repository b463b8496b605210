// Reads one rule of a provider file, in any of its three kinds. Rules/README.md says what the fields mean.

internal import Formats
internal import Model

enum RuleReader {
  private static let common = [
    "kind", "id", "name", "aliases", "severity", "confidence", "width", "entropy", "stop_words", "checksum",
    "checksum_optional", "public", "matches", "rejects", "source", "pair", "within_lines", "paths", "verify",
  ]

  /// The rule that `node` describes; what is wrong with it is noted.
  static func rule(_ node: Node, provider: String, homepage: String, _ reader: inout TableReader) -> Rule {
    let kind = kind(node, &reader)
    var rule = Rule(
      id: RuleID(reader.text("id", in: node)), kind: kind, provider: provider, name: reader.text("name", in: node),
      aliases: reader.texts("aliases", in: node), severity: reader.choice("severity", in: node) ?? .medium,
      confidence: reader.optionalChoice("confidence", in: node) ?? (kind == .pattern ? .structure : .context),
      literals: [], pattern: "", width: 1, minimumEntropy: reader.number("entropy", in: node),
      stopWords: reader.texts("stop_words", in: node).map { $0.lowercased() },
      checksum: reader.optionalChoice("checksum", in: node),
      checksumIsOptional: reader.flag("checksum_optional", in: node), isPublic: reader.flag("public", in: node),
      matches: reader.texts("matches", in: node), rejects: reader.texts("rejects", in: node),
      source: reader.optionalText("source", in: node) ?? homepage,
      pairs: reader.texts("pair", in: node).map { RuleID($0) },
      pairLines: reader.optionalInteger("within_lines", in: node) ?? Rule.defaultPairLines,
      paths: reader.texts("paths", in: node),
      verify: reader.table("verify", in: node).map { CallReader.call($0, &reader) })
    checkCommon(rule, node, &reader)
    switch kind {
    case .pattern: readPattern(&rule, node, &reader, isRequired: true)
    case .keyword: readKeyword(&rule, node, &reader)
    case .detector: readDetector(&rule, node, &reader)
    }
    return rule
  }

  /// A rule that names a detector is of that kind without saying so.
  private static func kind(_ node: Node, _ reader: inout TableReader) -> RuleKind {
    reader.optionalChoice("kind", in: node) ?? (node["detector"] == nil ? .pattern : .detector)
  }

  private static func checkCommon(_ rule: Rule, _ node: Node, _ reader: inout TableReader) {
    if !isRuleID(rule.id.rawValue) {
      let id = node["id"] ?? node
      reader.mistake(id, "a rule's id is lower-case words joined by hyphens, not '\(rule.id)'")
    }
    if rule.checksumIsOptional && rule.checksum == nil {
      reader.mistake(node["checksum_optional"] ?? node, "checksum_optional without a checksum says nothing")
    }
    if !(0...1_000).contains(rule.pairLines) {
      reader.mistake(node["within_lines"] ?? node, "within_lines must be 0 to 1000")
    }
    if node["within_lines"] != nil && rule.pairs.isEmpty {
      reader.mistake(node["within_lines"] ?? node, "within_lines is about a pair, and the rule has none")
    }
    for id in rule.pairs where !isRuleID(id.rawValue) || id == rule.id {
      reader.mistake(node["pair"] ?? node, "pair names other rules by their ids, not '\(id)'")
    }
    for path in rule.paths where path.utf8.count < 2 {
      reader.mistake(node["paths"] ?? node, "the ending '\(path)' is too short to say anything of a file")
    }
  }

  private static func readPattern(
    _ rule: inout Rule, _ node: Node, _ reader: inout TableReader, isRequired: Bool
  ) {
    let extra = isRequired ? [] : ["detector"]
    reader.allow(common + ["literals", "ignore_case", "pattern", "secret_group"] + extra, in: node)
    rule.literals = reader.texts("literals", in: node)
    rule.literalsIgnoreCase = reader.flag("ignore_case", in: node)
    rule.secretGroup = reader.optionalInteger("secret_group", in: node) ?? 0
    if !(0...9).contains(rule.secretGroup) {
      reader.mistake(node["secret_group"] ?? node, "secret_group must be 0 to 9")
    }
    rule.pattern = (isRequired ? reader.text("pattern", in: node) : reader.optionalText("pattern", in: node)) ?? ""
    if rule.pattern.isEmpty && !isRequired && rule.literals.isEmpty { return }
    if rule.literals.isEmpty { reader.mistake(node, "the rule needs at least one literal") }
    for literal in rule.literals where literal.utf8.count < 3 {
      reader.mistake(node["literals"] ?? node, "the literal '\(literal)' is shorter than three bytes")
    }
    rule.width = width(node, &reader, missing: nil)
  }

  private static func readDetector(_ rule: inout Rule, _ node: Node, _ reader: inout TableReader) {
    let name = reader.text("detector", in: node)
    if node["detector"]?.string != nil && !isRuleID(name) {
      reader.mistake(node["detector"] ?? node, "a detector's name is lower-case words joined by hyphens, not '\(name)'")
    }
    rule.detector = name
    if node["pattern"] == nil && node["literals"] == nil && node["width"] != nil {
      rule.width = width(node, &reader, missing: nil)
    }
    readPattern(&rule, node, &reader, isRequired: false)
  }

  /// The short form: names beside a value of some class. It is written out into a pattern here.
  private static func readKeyword(_ rule: inout Rule, _ node: Node, _ reader: inout TableReader) {
    reader.allow(common + ["keywords", "value", "example"], in: node)
    let keywords = reader.texts("keywords", in: node)
    if keywords.isEmpty { reader.mistake(node["keywords"] ?? node, "the rule needs at least one keyword") }
    for keyword in keywords where !KeywordPattern.isKeyword(keyword) {
      reader.mistake(
        node["keywords"] ?? node,
        "a keyword is three to forty letters, digits and single '_' between words, not '\(keyword)'")
    }
    let value = reader.text("value", in: node)
    let example = reader.text("example", in: node)
    let longest = width(node, &reader, missing: KeywordPattern.defaultValueBytes)
    KeywordPattern.expand(&rule, keywords: keywords, value: value)
    rule.width = min(KeywordPattern.width(keywords, value: longest), Rule.maximumWidthBytes)
    rule.minimumEntropy = rule.minimumEntropy ?? KeywordPattern.defaultEntropy(example: example)
    if let first = keywords.first {
      rule.matches = KeywordPattern.matches(first, example: example) + rule.matches
      rule.rejects = KeywordPattern.rejects(first, example: example) + rule.rejects
    }
  }

  private static func width(_ node: Node, _ reader: inout TableReader, missing: Int?) -> Int {
    if let missing, node["width"] == nil { return missing }
    let width = reader.integer("width", in: node) ?? 0
    if !(1...Rule.maximumWidthBytes).contains(width) {
      reader.mistake(node["width"] ?? node, "width must be 1 to \(Rule.maximumWidthBytes) bytes")
      return 1
    }
    return width
  }

  private static func isRuleID(_ id: String) -> Bool {
    let words = id.split(separator: "-", omittingEmptySubsequences: false)
    return words.allSatisfy { word in
      !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) }
    }
  }
}
