// Makes rules of ours from a gitleaks file: its own become rules over whole contents, and where it speaks of one of gitleaks'
// default rules, the program's own rules of that alias are meant.

internal import Model

struct GitleaksAssembly {
  private var builtin: [Rule]
  private let keepsBuiltin: Bool
  private var extends = false
  private var reader: GitleaksReader
  private var own: [Rule] = []
  private(set) var configuration = GitleaksConfiguration()

  var mistakes: [RuleMistake] { reader.mistakes }
  var notes: [RuleMistake] { reader.notes }

  init(builtin: [Rule], keepsBuiltin: Bool, _ reader: GitleaksReader) {
    self.builtin = builtin
    self.keepsBuiltin = keepsBuiltin
    self.reader = reader
  }

  private mutating func mistake(_ file: String, _ line: Int, _ reason: String) {
    reader.mistakes.append(RuleMistake(file: file, line: line, reason: reason))
  }

  private mutating func note(_ file: String, _ line: Int, _ reason: String) {
    reader.notes.append(RuleMistake(file: file, line: line, reason: reason))
  }

  mutating func add(_ file: GitleaksFile) {
    extends = file.extends
    if file.usesDefault {
      for entry in file.disabled where !file.rules.contains(where: { $0.id == entry.id }) { disable(entry) }
    }
    for rule in file.rules {
      if builtin.contains(where: { GitleaksAssembly.isNamed($0, rule.id) }) {
        override(rule)
      } else {
        addOwn(rule, keywords: rule.keywords)
      }
    }
    configuration.rules = builtin + own
    for rule in file.rules {
      require(rule)
      let meant = Set(named(rule.id)).union(configuration.pathRules.map(\.id).filter { $0.rawValue == rule.id })
      for list in rule.allowlists { add(list.allowlist, to: meant) }
    }
    for list in file.allowlists { addGlobal(list) }
  }

  private static func isNamed(_ rule: Rule, _ id: String) -> Bool {
    rule.id.rawValue == id || rule.aliases.contains(id)
  }

  /// The rules that an id of gitleaks' stands for.
  private func named(_ id: String) -> [RuleID] {
    configuration.rules.filter { GitleaksAssembly.isNamed($0, id) }.map(\.id)
  }

  private mutating func disable(_ entry: (id: String, file: String, line: Int)) {
    let meant = Set(builtin.filter { GitleaksAssembly.isNamed($0, entry.id) }.map(\.id))
    if meant.isEmpty {
      note(entry.file, entry.line, "disabledRules: the program has no rule '\(entry.id)' to disable")
    } else if keepsBuiltin {
      restrain(meant, .disabled, entry.file, entry.line)
    } else {
      builtin.removeAll { meant.contains($0.id) }
    }
  }

  private mutating func restrain(_ rules: Set<RuleID>, _ limit: RuleRestraint.Limit, _ file: String, _ line: Int) {
    configuration.restraints.append(RuleRestraint(rules: rules, limit: limit, file: file, line: line))
  }

  /// A rule that has the id of a default one: with a pattern of its own it takes that one's place, without it changes it.
  private mutating func override(_ rule: GitleaksFile.RuleText) {
    let meant = builtin.indices.filter { GitleaksAssembly.isNamed(builtin[$0], rule.id) }
    if rule.regex != nil {
      let keywords = meant.flatMap { builtin[$0].literals }.map { $0.lowercased() } + rule.keywords
      if keepsBuiltin {
        note(rule.file, rule.line, "\(rule.id): the program's own rule for the same counts beside this one")
      } else {
        for index in meant.reversed() { builtin.remove(at: index) }
      }
      return addOwn(rule, keywords: keywords)
    }
    if !rule.keywords.isEmpty { note(rule.file, rule.line, "\(rule.id): keywords without a regex change nothing here") }
    if rule.secretGroup != 0 {
      note(rule.file, rule.line, "\(rule.id): secretGroup without a regex changes nothing here")
    }
    if !rule.isReported { note(rule.file, rule.line, "\(rule.id): skipReport without a regex is not honoured") }
    if !rule.required.isEmpty { note(rule.file, rule.line, "\(rule.id): required without a regex is not honoured") }
    if keepsBuiltin { return restrain(rule, Set(meant.map { builtin[$0].id })) }
    for index in meant {
      builtin[index].name = rule.description ?? builtin[index].name
      builtin[index].minimumEntropy = rule.entropy ?? builtin[index].minimumEntropy
      configuration.tags[builtin[index].id] = rule.tags
      setPath(rule, of: builtin[index].id)
    }
  }

  /// The same, where the default rule must stay as it is.
  private mutating func restrain(_ rule: GitleaksFile.RuleText, _ meant: Set<RuleID>) {
    if let entropy = rule.entropy { restrain(meant, .entropy(entropy), rule.file, rule.line) }
    guard let path = rule.path, let pattern = translate(path, "path", rule.pathOrigin, rule)?.pattern else { return }
    restrain(meant, .path(pattern), rule.pathOrigin?.file ?? rule.file, rule.pathOrigin?.line ?? rule.line)
  }

  private mutating func setPath(_ rule: GitleaksFile.RuleText, of id: RuleID) {
    guard let path = rule.path else { return }
    configuration.paths[id] = translate(path, "path", rule.pathOrigin, rule)?.pattern
  }

  private mutating func translate(
    _ text: String, _ field: String, _ origin: GitleaksFile.Origin?, _ rule: GitleaksFile.RuleText
  ) -> RE2Translation? {
    var own = GitleaksReader(file: origin?.file ?? rule.file)
    let translation = own.pattern(text, "\(rule.id): \(field)", origin?.line ?? rule.line)
    reader.mistakes += own.mistakes
    reader.notes += own.notes
    return translation
  }

  /// A rule without a pattern is one of a path alone, or none at all. In a file that builds on others it may be meant for a
  /// rule that is not there, which does no harm.
  private mutating func addWithoutPattern(_ rule: GitleaksFile.RuleText) {
    guard let path = rule.path else {
      if extends {
        note(rule.file, rule.line, "\(rule.id): there is no such rule to change, and without regex and path it is none")
      } else {
        mistake(rule.file, rule.line, "\(rule.id): regex and path are both empty, so the rule would have no effect")
      }
      return
    }
    guard let pattern = translate(path, "path", rule.pathOrigin, rule)?.pattern else { return }
    configuration.pathRules.append(
      PathRule(
        id: RuleID(rule.id), name: rule.description ?? rule.id, pattern: pattern, file: rule.file, line: rule.line))
    configuration.tags[RuleID(rule.id)] = rule.tags
  }

  private mutating func addOwn(_ rule: GitleaksFile.RuleText, keywords: [String]) {
    guard let regex = rule.regex else { return addWithoutPattern(rule) }
    guard let translation = translate(regex, "regex", rule.regexOrigin, rule) else { return }
    if rule.secretGroup > translation.groupCount {
      mistake(
        rule.secretGroupOrigin?.file ?? rule.file, rule.secretGroupOrigin?.line ?? rule.line,
        "\(rule.id): secretGroup is \(rule.secretGroup), but the regex has \(translation.groupCount) groups")
    }
    // Beside a rule of ours that has the very id, it goes by another.
    let isTaken = builtin.contains { $0.id.rawValue == rule.id }
    let id = RuleID(isTaken ? "gitleaks-\(rule.id)" : rule.id)
    own.append(
      Rule(
        id: id, provider: GitleaksConfiguration.provider, name: rule.description ?? rule.id,
        aliases: isTaken ? [rule.id] : [], severity: .high, confidence: .structure, literals: [],
        pattern: translation.pattern, secretGroup: rule.secretGroup, width: 1, minimumEntropy: rule.entropy,
        source: "\(rule.file):\(rule.line)",
        content: ContentScope(
          keywords: keywords.filter { !$0.isEmpty }, takesFirstGroup: true, isReported: rule.isReported)))
    configuration.tags[id] = rule.tags
    setPath(rule, of: id)
  }

  /// Fills in what a rule requires, once all rules are known.
  private mutating func require(_ rule: GitleaksFile.RuleText) {
    for required in rule.required {
      let rules = named(required.id)
      if rules.isEmpty {
        mistake(rule.file, required.line, "\(rule.id): required names the rule '\(required.id)', which is not there")
      }
      for index in configuration.rules.indices
      where configuration.rules[index].content != nil && GitleaksAssembly.isNamed(configuration.rules[index], rule.id) {
        configuration.rules[index].content?.required.append(
          ContentScope.Required(
            rules: rules, withinLines: required.withinLines, withinColumns: required.withinColumns))
      }
    }
  }

  private mutating func add(_ list: Allowlist, to rules: Set<RuleID>?) {
    if list.isEmpty { return }
    var list = list
    list.rules = rules
    configuration.allowlists.append(list)
  }

  private mutating func addGlobal(_ list: GitleaksFile.AllowlistText) {
    if list.targetRules.isEmpty { return add(list.allowlist, to: nil) }
    var rules: Set<RuleID> = []
    for id in list.targetRules {
      let found = named(id) + configuration.pathRules.map(\.id).filter { $0.rawValue == id }
      if found.isEmpty {
        mistake(list.allowlist.file, list.allowlist.line, "targetRules names the rule '\(id)', which is not there")
      }
      rules.formUnion(found)
    }
    add(list.allowlist, to: rules)
  }
}
