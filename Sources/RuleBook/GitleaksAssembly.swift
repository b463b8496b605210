// Makes rules of ours from a gitleaks file: its own become rules over whole contents, and where it speaks of one of gitleaks'
// default rules, the program's own rules of that alias are meant.

internal import Model

struct GitleaksAssembly {
  private var builtin: [Rule]
  private var reader: GitleaksReader
  private var own: [Rule] = []
  private(set) var configuration = GitleaksConfiguration()

  var mistakes: [RuleMistake] { reader.mistakes }
  var notes: [RuleMistake] { reader.notes }

  init(builtin: [Rule], _ reader: GitleaksReader) {
    self.builtin = builtin
    self.reader = reader
  }

  private mutating func mistake(_ file: String, _ line: Int, _ reason: String) {
    reader.mistakes.append(RuleMistake(file: file, line: line, reason: reason))
  }

  private mutating func note(_ file: String, _ line: Int, _ reason: String) {
    reader.notes.append(RuleMistake(file: file, line: line, reason: reason))
  }

  mutating func add(_ file: GitleaksFile) {
    if file.usesDefault {
      for entry in file.disabled where !file.rules.contains(where: { $0.id == entry.id }) { disable(entry) }
    }
    var names: Set<String> = []
    for rule in file.rules {
      if !names.insert(rule.id).inserted {
        mistake(rule.file, rule.line, "there is another rule '\(rule.id)' in the same file")
      }
      if builtin.contains(where: { GitleaksAssembly.isNamed($0, rule.id) }) {
        override(rule)
      } else {
        addOwn(rule, keywords: rule.keywords)
      }
    }
    configuration.rules = builtin + own
    for rule in file.rules {
      require(rule)
      for list in rule.allowlists { add(list.allowlist, to: Set(named(rule.id))) }
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
    let before = builtin.count
    builtin.removeAll { GitleaksAssembly.isNamed($0, entry.id) }
    if builtin.count == before {
      note(entry.file, entry.line, "disabledRules: the program has no rule '\(entry.id)' to disable")
    }
  }

  /// A rule that has the id of a default one: with a pattern of its own it takes that one's place, without it changes it.
  private mutating func override(_ rule: GitleaksFile.RuleText) {
    if rule.regex != nil {
      let replaced = builtin.filter { GitleaksAssembly.isNamed($0, rule.id) }
      builtin.removeAll { GitleaksAssembly.isNamed($0, rule.id) }
      addOwn(rule, keywords: replaced.flatMap(\.literals).map { $0.lowercased() } + rule.keywords)
      return
    }
    if !rule.keywords.isEmpty { note(rule.file, rule.line, "\(rule.id): keywords without a regex change nothing here") }
    if rule.secretGroup != 0 {
      note(rule.file, rule.line, "\(rule.id): secretGroup without a regex changes nothing here")
    }
    if !rule.isReported { note(rule.file, rule.line, "\(rule.id): skipReport without a regex is not honoured") }
    if !rule.required.isEmpty { note(rule.file, rule.line, "\(rule.id): required without a regex is not honoured") }
    for index in builtin.indices where GitleaksAssembly.isNamed(builtin[index], rule.id) {
      builtin[index].name = rule.description ?? builtin[index].name
      builtin[index].minimumEntropy = rule.entropy ?? builtin[index].minimumEntropy
      configuration.tags[builtin[index].id] = rule.tags
      setPath(rule, of: builtin[index].id)
    }
  }

  private mutating func setPath(_ rule: GitleaksFile.RuleText, of id: RuleID) {
    guard let path = rule.path else { return }
    configuration.paths[id] = translate(path, "path", rule)?.pattern
  }

  private mutating func translate(
    _ text: String, _ field: String, _ rule: GitleaksFile.RuleText
  ) -> RE2Translation? {
    var own = GitleaksReader(file: rule.file)
    let translation = own.pattern(text, "\(rule.id): \(field)", rule.line)
    reader.mistakes += own.mistakes
    reader.notes += own.notes
    return translation
  }

  private mutating func addOwn(_ rule: GitleaksFile.RuleText, keywords: [String]) {
    guard let regex = rule.regex else {
      if rule.path == nil {
        mistake(rule.file, rule.line, "\(rule.id): regex and path are both empty, so the rule would have no effect")
      } else {
        _ = translate(rule.path ?? "", "path", rule)
        note(rule.file, rule.line, "\(rule.id): a rule of a path alone finds no value and is not honoured")
      }
      return
    }
    guard let translation = translate(regex, "regex", rule) else { return }
    if rule.secretGroup > translation.groupCount {
      mistake(
        rule.file, rule.line,
        "\(rule.id): secretGroup is \(rule.secretGroup), but the regex has \(translation.groupCount) groups")
    }
    own.append(
      Rule(
        id: RuleID(rule.id), provider: GitleaksConfiguration.provider, name: rule.description ?? rule.id,
        severity: .high, confidence: .structure, literals: [], pattern: translation.pattern,
        secretGroup: rule.secretGroup, width: 1, minimumEntropy: rule.entropy, source: "\(rule.file):\(rule.line)",
        content: ContentScope(
          keywords: keywords.filter { !$0.isEmpty }, takesFirstGroup: true, isReported: rule.isReported)))
    configuration.tags[RuleID(rule.id)] = rule.tags
    setPath(rule, of: RuleID(rule.id))
  }

  /// Fills in what a rule requires, once all rules are known.
  private mutating func require(_ rule: GitleaksFile.RuleText) {
    for required in rule.required {
      let rules = named(required.id)
      if rules.isEmpty {
        mistake(rule.file, required.line, "\(rule.id): required names the rule '\(required.id)', which is not there")
      }
      for index in configuration.rules.indices where configuration.rules[index].id.rawValue == rule.id {
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
      let found = named(id)
      if found.isEmpty {
        mistake(list.allowlist.file, list.allowlist.line, "targetRules names the rule '\(id)', which is not there")
      }
      rules.formUnion(found)
    }
    add(list.allowlist, to: rules)
  }
}
