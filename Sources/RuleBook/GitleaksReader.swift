// Reads the TOML of a gitleaks configuration. As there, the case of keys does not matter, one text may stand for a list of
// one, and an unknown key is no mistake; but it is told.

internal import Formats
internal import Model

struct GitleaksReader {
  let file: String
  var mistakes: [RuleMistake] = []
  var notes: [RuleMistake] = []
  /// How deep gitleaks follows `extend.path`.
  private static let maximumDepth = 2

  init(file: String) { self.file = file }

  /// The file with those that it extends.
  mutating func read(_ bytes: [UInt8], depth: Int, load: (String) -> [UInt8]?) -> GitleaksFile {
    guard bytes.count <= GitleaksConfiguration.maximumBytes else {
      mistake(0, "the file is longer than \(GitleaksConfiguration.maximumBytes) bytes")
      return GitleaksFile()
    }
    let root: Node
    do { root = try TOML.parse(bytes, name: file) } catch {
      mistake(error.line, error.reason)
      return GitleaksFile()
    }
    know(
      ["title", "description", "minversion", "betterleaksminversion", "extend", "rules", "allowlist", "allowlists"],
      in: root)
    var result = GitleaksFile()
    for table in tables("rules", in: root) {
      guard let rule = rule(table) else { continue }
      // As in gitleaks, of two rules of one id the last counts.
      if let place = result.rules.firstIndex(where: { $0.id == rule.id }) {
        note(result.rules[place].line, "\(rule.id): the rule of the same id in line \(rule.line) takes its place")
        result.rules.remove(at: place)
      }
      result.rules.append(rule)
    }
    result.allowlists = allowlists(in: root, isGlobal: true)
    guard let extend = value("extend", in: root) else { return result }
    know(["usedefault", "path", "url", "disabledrules"], in: extend)
    result.disabled = lines("disabledrules", in: extend).map { ($0.text, file, $0.line) }
    result.usesDefault = flag("usedefault", in: extend)
    result.extends = result.usesDefault
    if let url = text("url", in: extend), !url.isEmpty {
      note(value("url", in: extend)?.line ?? extend.line, "extend.url is not fetched (nor does gitleaks)")
    }
    guard let path = text("path", in: extend), !path.isEmpty else { return result }
    result.extends = true
    let line = value("path", in: extend)?.line ?? extend.line
    if result.usesDefault { mistake(line, "extend.path and extend.useDefault can't be used together") }
    extended(path, line, depth, &result, load)
    return result
  }

  private mutating func extended(
    _ path: String, _ line: Int, _ depth: Int, _ result: inout GitleaksFile, _ load: (String) -> [UInt8]?
  ) {
    guard depth < GitleaksReader.maximumDepth else {
      return note(line, "extend.path is followed \(GitleaksReader.maximumDepth) files deep, so '\(path)' is not read")
    }
    guard let bytes = load(path) else { return mistake(line, "extend.path: '\(path)' can't be read") }
    var reader = GitleaksReader(file: path)
    let base = reader.read(bytes, depth: depth + 1, load: load)
    mistakes += reader.mistakes
    notes += reader.notes
    var rules = base.rules
    for entry in result.disabled {
      if !base.usesDefault && !rules.contains(where: { $0.id == entry.id }) {
        note(entry.line, "disabledRules: there is no rule '\(entry.id)' to disable")
      }
      rules.removeAll { $0.id == entry.id }
    }
    for rule in result.rules {
      if let place = rules.firstIndex(where: { $0.id == rule.id }) {
        rules[place] = rule.extending(rules[place])
      } else {
        rules.append(rule)
      }
    }
    result.usesDefault = result.usesDefault || base.usesDefault
    result.disabled += base.disabled
    result.rules = rules
    result.allowlists = base.allowlists + result.allowlists
  }

  private mutating func rule(_ node: Node) -> GitleaksFile.RuleText? {
    know(
      [
        "id", "description", "regex", "path", "secretgroup", "entropy", "keywords", "tags", "skipreport", "allowlist",
        "allowlists", "required", "components",
      ], in: node)
    let id = text("id", in: node) ?? ""
    if id.isEmpty { mistake(node.line, "rule: id is missing") }
    var rule = GitleaksFile.RuleText(file: file, line: node.line, id: id)
    rule.description = text("description", in: node).flatMap { $0.isEmpty ? nil : $0 }
    rule.regex = text("regex", in: node).flatMap { $0.isEmpty ? nil : $0 }
    rule.regexOrigin = origin("regex", in: node)
    rule.path = text("path", in: node).flatMap { $0.isEmpty ? nil : $0 }
    rule.pathOrigin = origin("path", in: node)
    rule.secretGroup = integer("secretgroup", in: node) ?? 0
    rule.secretGroupOrigin = origin("secretgroup", in: node)
    if let value = value("entropy", in: node) {
      rule.entropy = value.double.flatMap { $0 == 0 ? nil : $0 }
      if !(value.double?.isFinite ?? false) { mistake(value.line, "entropy must be a number") }
    }
    rule.keywords = texts("keywords", in: node).map { $0.lowercased() }
    rule.tags = texts("tags", in: node)
    rule.isReported = !flag("skipreport", in: node)
    rule.allowlists = allowlists(in: node, isGlobal: false)
    rule.required =
      tables("required", in: node).map { required($0, "required") }
      + tables("components", in: node).map { required($0, "components") }
    return id.isEmpty ? nil : rule
  }

  /// Another rule that a rule requires: gitleaks' `required`, or betterleaks' `components`, which write the distance as
  /// `within = "5L"` (lines) or `"40C"` (columns).
  private mutating func required(_ node: Node, _ field: String) -> GitleaksFile.Required {
    know(["id", "withinlines", "withincolumns", "within"], in: node)
    let id = text("id", in: node) ?? ""
    if id.isEmpty { mistake(node.line, "\(field): id is missing") }
    var required = GitleaksFile.Required(
      id: id, line: node.line, withinLines: integer("withinlines", in: node),
      withinColumns: integer("withincolumns", in: node))
    guard let within = text("within", in: node), !within.isEmpty else { return required }
    let number = Int(within.dropLast()).flatMap { (0...1_000_000).contains($0) ? $0 : nil }
    switch (number, within.last) {
    case (let lines?, "L"), (let lines?, "l"): required.withinLines = lines
    case (let columns?, "C"), (let columns?, "c"): required.withinColumns = columns
    default: mistake(node.line, "\(field): within must be a number of lines or columns such as \"5L\"")
    }
    return required
  }

  // MARK: Allowlists

  private mutating func allowlists(in node: Node, isGlobal: Bool) -> [GitleaksFile.AllowlistText] {
    var nodes = tables("allowlists", in: node)
    if let legacy = value("allowlist", in: node) {
      if !nodes.isEmpty { mistake(legacy.line, "[allowlist] can't be used beside [[allowlists]]") }
      // Both spellings of the old form: a table, and a list of them.
      nodes += tables("allowlist", in: node)
    }
    return nodes.map { allowlist($0, isGlobal: isGlobal) }
  }

  private mutating func allowlist(_ node: Node, isGlobal: Bool) -> GitleaksFile.AllowlistText {
    know(
      ["description", "condition", "commits", "paths", "regextarget", "regexes", "stopwords"]
        + (isGlobal ? ["targetrules"] : []), in: node)
    var list = Allowlist()
    list.file = file
    list.line = node.line
    list.purpose = text("description", in: node) ?? ""
    switch (text("condition", in: node) ?? "").uppercased() {
    case "", "OR", "||": list.requiresAll = false
    case "AND", "&&": list.requiresAll = true
    case let other: mistake(node.line, "allowlist: the condition must be OR or AND, not '\(other)'")
    }
    let target = (text("regextarget", in: node) ?? "").lowercased()
    if let known = Allowlist.Target(rawValue: target.isEmpty ? "secret" : target) {
      list.target = known
    } else {
      mistake(node.line, "allowlist: regexTarget must be secret, match or line, not '\(target)'")
    }
    list.commits = texts("commits", in: node).map { $0.lowercased() }
    list.paths = lines("paths", in: node).compactMap { pattern($0.text, "paths", $0.line)?.pattern }
    list.expressions = lines("regexes", in: node).compactMap { pattern($0.text, "regexes", $0.line)?.pattern }
    list.stopWords = texts("stopwords", in: node).map { $0.lowercased() }.filter { !$0.isEmpty }
    let wantsSomething = ["commits", "paths", "regexes", "stopwords"].contains { value($0, in: node) != nil }
    if list.isEmpty && !wantsSomething {
      mistake(node.line, "an allowlist needs at least one of commits, paths, regexes and stopwords")
    }
    return GitleaksFile.AllowlistText(allowlist: list, targetRules: isGlobal ? texts("targetrules", in: node) : [])
  }

  /// A translated expression; nil, with the mistake noted, if it can't be.
  mutating func pattern(_ text: String, _ field: String, _ line: Int) -> RE2Translation? {
    do {
      let translation = try RE2Translation(text)
      for what in translation.notes { note(line, "\(field): \(what)") }
      return translation
    } catch {
      mistake(line, "\(field): \(error)")
      return nil
    }
  }

  // MARK: Values

  mutating func mistake(_ line: Int, _ reason: String) {
    mistakes.append(RuleMistake(file: file, line: line, reason: reason))
  }

  mutating func note(_ line: Int, _ reason: String) {
    notes.append(RuleMistake(file: file, line: line, reason: reason))
  }

  /// What betterleaks has beyond gitleaks, and what is lost without it.
  private static let betterleaks = [
    "prefilter": "an expression of betterleaks', so more is found than there",
    "filter": "an expression of betterleaks', so more is found than there",
    "tokenefficiency": "betterleaks' test of a value's words, so more is found than there",
    "validate": "betterleaks' program for asking a provider; keywright verify asks by its own rules",
    "specificity": "betterleaks' way of choosing between rules", "confidence": "betterleaks' rating of a rule",
  ]

  private mutating func know(_ keys: [String], in node: Node) {
    for entry in node.entries ?? [] where !keys.contains(entry.key.lowercased()) {
      if let what = GitleaksReader.betterleaks[entry.key.lowercased()] {
        note(entry.keyLine, "'\(entry.key)' is not honoured: it is \(what)")
      } else {
        note(entry.keyLine, "'\(entry.key)' is not known and not honoured")
      }
    }
  }

  private func origin(_ key: String, in node: Node) -> GitleaksFile.Origin? {
    value(key, in: node).map { GitleaksFile.Origin(file: file, line: $0.line) }
  }

  private func value(_ key: String, in node: Node) -> Node? {
    node.entries?.last { $0.key.lowercased() == key }?.value
  }

  private mutating func tables(_ key: String, in node: Node) -> [Node] {
    guard let found = value(key, in: node) else { return [] }
    let list = found.array ?? [found]
    guard list.allSatisfy({ $0.kind == .table }) else {
      mistake(found.line, "\(key) must be tables")
      return []
    }
    return list
  }

  private mutating func text(_ key: String, in node: Node) -> String? {
    guard let found = value(key, in: node) else { return nil }
    if found.string == nil { mistake(found.line, "\(key) must be text") }
    return found.string
  }

  private mutating func texts(_ key: String, in node: Node) -> [String] { lines(key, in: node).map(\.text) }

  /// A list of texts, each with its line; one text stands for a list with commas between.
  private mutating func lines(_ key: String, in node: Node) -> [(text: String, line: Int)] {
    guard let found = value(key, in: node) else { return [] }
    if let one = found.string { return one.split(separator: ",").map { (String($0), found.line) } }
    guard let list = found.array, list.allSatisfy({ $0.kind == .string }) else {
      mistake(found.line, "\(key) must be a list of texts")
      return []
    }
    return list.compactMap { item in item.string.map { ($0, item.line) } }
  }

  private mutating func integer(_ key: String, in node: Node) -> Int? {
    guard let found = value(key, in: node) else { return nil }
    guard let number = found.integer, (0...1_000_000).contains(number) else {
      mistake(found.line, "\(key) must be a whole number from 0")
      return nil
    }
    return number
  }

  private mutating func flag(_ key: String, in node: Node) -> Bool {
    guard let found = value(key, in: node) else { return false }
    if found.boolean == nil { mistake(found.line, "\(key) must be true or false") }
    return found.boolean ?? false
  }
}
