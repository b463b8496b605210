// keywright rules: what is looked for, shown and proven.

internal import ArgumentParser
internal import BuiltinRules
internal import Formats
internal import Matching
internal import Model
internal import Posix
internal import RuleBook

struct RulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules",
    abstract: "List, show and prove the rules.",
    subcommands: [
      RulesListCommand.self, RulesShowCommand.self, RulesCheckCommand.self, RulesFeaturesCommand.self,
    ])
}

struct RulesListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List every kind of credential that is looked for.",
    discussion: """
      A line each: id, severity, what a match rests on, whether it can be verified, name.

      Example: keywright rules list --provider github
      """)

  @Option(help: ArgumentHelp("Only this provider's.", valueName: "id"), completion: Completions.providers)
  var provider: String?

  @Option(help: "text or json (default: text).")
  var format: ListFormat = .text

  func run() throws {
    let book = BuiltinRules.ruleBook
    if let provider, book.provider(provider) == nil { throw RulesCommand.noProvider(provider, book) }
    let rules = book.rules.filter { provider == nil || $0.provider == provider }
    switch format {
    case .json: Console.write(json(rules, book))
    case .text:
      let width = rules.map(\.id.rawValue.count).max() ?? 0
      for rule in rules { Console.write(line(rule, book, width) + "\n") }
      let providers = Set(rules.map(\.provider)).count
      Console.note("\(rules.count) kinds of \(providers) provider\(providers == 1 ? "" : "s")")
    }
  }

  private func line(_ rule: Rule, _ book: RuleBook, _ width: Int) -> String {
    func padded(_ text: String, _ count: Int) -> String {
      text + String(repeating: " ", count: max(0, count - text.count))
    }
    let verified = book.provider(rule.provider)?.verifyCall(for: rule.id) == nil ? "" : "verify"
    let rest = rule.checksum?.isSum == true ? "checksum" : rule.confidence.rawValue
    return [
      padded(rule.id.rawValue, width), padded(rule.severity.rawValue, 8), padded(rest, 9), padded(verified, 6),
      rule.name,
    ].joined(separator: "  ")
  }

  private func json(_ rules: [Rule], _ book: RuleBook) -> [UInt8] {
    var writer = JSONWriter()
    writer.array { list in
      for rule in rules {
        list.object { object in
          object.member("id") { $0.string(rule.id.rawValue) }
          object.member("provider") { $0.string(rule.provider) }
          object.member("name") { $0.string(rule.name) }
          object.member("kind") { $0.string(rule.kind.rawValue) }
          object.member("severity") { $0.string(rule.severity.rawValue) }
          object.member("confidence") { $0.string(rule.confidence.rawValue) }
          object.member("checksum") { $0.string(rule.checksum?.rawValue) }
          object.member("public") { $0.boolean(rule.isPublic) }
          object.member("verify") { $0.boolean(book.provider(rule.provider)?.verifyCall(for: rule.id) != nil) }
          object.member("aliases") { list in
            list.array { list in for alias in rule.aliases { list.string(alias) } }
          }
          object.member("source") { $0.string(rule.source) }
        }
      }
    }
    writer.endLine()
    return writer.bytes
  }
}

struct RulesShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show all that is known of a kind of credential, or of a provider's kinds.",
    discussion: """
      Patterns, examples made up anew, how the provider would be asked, where it is documented. The ids of other tools are
      understood.

      Example: keywright rules show github
      """)

  @Argument(
    help: ArgumentHelp("A rule's id or alias, or a provider's id.", valueName: "id"), completion: Completions.rules)
  var id: String

  func run() throws {
    let book = BuiltinRules.withExamples()
    let rules = book.provider(id)?.rules ?? book[RuleID(id)].map { [$0] } ?? []
    guard !rules.isEmpty else { throw RulesCommand.noRule(id, book) }
    Console.write(rules.map { card($0, book) }.joined(separator: "\n"))
  }

  private func card(_ rule: Rule, _ book: RuleBook) -> String {
    let provider = book.provider(rule.provider)
    var lines: [(String, String)] = [
      ("name", rule.name), ("provider", provider?.name ?? rule.provider), ("severity", rule.severity.rawValue),
      ("confidence", rule.confidence.rawValue), ("source", rule.source),
    ]
    if rule.isPublic { lines.append(("public", "meant to be public")) }
    if !rule.aliases.isEmpty { lines.append(("aliases", rule.aliases.joined(separator: ", "))) }
    if let detector = rule.detector { lines.append(("detector", detector)) }
    if rule.kind == .keyword {
      lines += [("keywords", rule.keywords.joined(separator: "  ")), ("value", rule.value)]
    } else if !rule.pattern.isEmpty {
      let anyCase = rule.literalsIgnoreCase ? " (any case)" : ""
      lines.append(("literals", rule.literals.joined(separator: "  ") + anyCase))
      lines.append(("pattern", rule.pattern))
    }
    if let checksum = rule.checksum {
      lines.append(("checksum", checksum.rawValue + (rule.checksumIsOptional ? " (without it a guess)" : "")))
    }
    if let entropy = rule.minimumEntropy { lines.append(("entropy", "at least \(entropy) bits per byte")) }
    if !rule.pairs.isEmpty {
      lines.append(("pair", rule.pairs.map(\.rawValue).joined(separator: ", ") + " within \(rule.pairLines) lines"))
    }
    if !rule.paths.isEmpty { lines.append(("paths", rule.paths.joined(separator: "  "))) }
    if let call = provider?.verifyCall(for: rule.id) { lines.append(("verify", "\(call.method) \(call.url)")) }
    if let management = provider?.management(for: rule.id) {
      let calls = [
        ("list", management.list), ("create", management.create), ("regenerate", management.regenerate),
        ("revoke", management.revoke),
      ].compactMap { name, call in call.map { "\(name): \($0.method) \($0.url)" } }
      lines += calls.map { ("manage", $0) }
    }
    lines += rule.matches.map { ("finds", $0) } + rule.rejects.map { ("not", $0) }
    let body = lines.map { name, text in "  \(name)\(String(repeating: " ", count: 12 - name.count))\(text)\n" }
    return "\(rule.id)\n" + body.joined()
  }
}

struct RulesCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Prove every rule: its form, its examples, and its neighbours.",
    discussion: """
      Without a file, the built-in rules. With files, those: every mistake at once, with its line, and whatever would
      collide with a built-in rule. Each example is made anew from several seeds.

      Exit status: 0 all hold, 2 mistakes (or, with --strict, advice).
      """)

  @Argument(help: ArgumentHelp("Provider files.", valueName: "file"), completion: .file(extensions: ["toml"]))
  var files: [String] = []

  @Option(help: ArgumentHelp("How many texts to make of each example.", valueName: "n"))
  var seeds = RuleChecker.defaultSeeds

  @Flag(help: "Count advice as mistakes.")
  var strict = false

  static let maximumFileBytes = 4 << 20

  func validate() throws {
    guard (1...10_000).contains(seeds) else { throw ValidationError("--seeds must be 1 to 10000") }
  }

  func run() throws {
    var mistakes: [String] = []
    let own = files.compactMap { read($0, &mistakes) }
    let others = BuiltinRules.withExamples().providers.filter { built in !own.contains { $0.id == built.id } }
    let providers = own + others
    let wanted = files.isEmpty ? nil : Set(own.map(\.id))
    mistakes += RulesCommand.repeated(own.map(\.id)).map { "two files describe the provider \($0)" }
    mistakes += RuleBook.duplicates(in: providers).map { "two rules have the id \($0)" }
    let book = RuleBook(providers)
    let found = RuleChecker.check(book, only: wanted, seeds: seeds)
    mistakes += found.filter(\.isError).map(\.description)
    let advice = (found.filter { !$0.isError } + RuleAdvice.check(book, only: wanted)).map(\.description)
    for text in mistakes { Console.note("mistake: \(text)") }
    for text in advice { Console.note("advice: \(text)") }
    let count = book.rules.count { wanted?.contains($0.provider) ?? true }
    Console.note("\(count) rules, \(mistakes.count) mistakes, \(advice.count) pieces of advice")
    if !mistakes.isEmpty || strict && !advice.isEmpty { throw ExitStatus.usage }
  }

  private func read(_ path: String, _ mistakes: inout [String]) -> Provider? {
    do {
      return try ProviderFile.parse(try Files.read(path, maximumBytes: Self.maximumFileBytes), name: path)
    } catch let errors as RuleFileErrors {
      mistakes += errors.mistakes.map(\.description)
    } catch {
      mistakes.append("\(error)")
    }
    return nil
  }
}

extension RulesCommand {
  static func noProvider(_ id: String, _ book: RuleBook) -> Failure {
    let ids = book.providers.map(\.id)
    return Failure(
      .usage, "no provider has the id '\(shortened(id))'", hint: near(id, ids) ?? "see: keywright rules list")
  }

  static func noRule(_ id: String, _ book: RuleBook) -> Failure {
    Failure(
      .usage, "no rule or provider has the id '\(shortened(id))'",
      hint: nearRules(id, book) ?? "see: keywright rules list")
  }

  /// The rules whose ids (or other tools' ids for them) are near to what was written.
  static func nearRules(_ id: String, _ book: RuleBook) -> String? {
    near(id, book.rules.map(\.id.rawValue) + book.rules.flatMap(\.aliases) + book.providers.map(\.id))
  }

  private static func near(_ id: String, _ ids: [String]) -> String? {
    if let hint = Near.hint(id, among: Set(ids)) { return hint }
    let holding = Set(ids.filter { id.utf8.count >= 3 && $0.contains(id.lowercased()) }).sorted()
    return holding.isEmpty ? nil : "did you mean \(holding.prefix(5).map { "'\($0)'" }.joined(separator: ", "))?"
  }

  /// The texts that occur more than once.
  static func repeated(_ texts: [String]) -> [String] {
    Dictionary(grouping: texts) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
  }
}
