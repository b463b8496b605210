// Which rules a scan uses: the built-in ones, the user's own beside them, and what is left out of either.

internal import ArgumentParser
internal import BuiltinRules
internal import Matching
internal import Model
internal import Posix
internal import RuleBook

struct RuleOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Use the rules of this provider file, too (see: keywright rules check FILE).",
      discussion: "May be given several times. A file whose provider is built in takes that one's place.",
      valueName: "file"), completion: .file(extensions: ["toml"]))
  var rules: [String] = []

  @Option(
    help: ArgumentHelp(
      "Use this rule (or all rules of this provider) and no other. May be given several times.", valueName: "id"),
    completion: Completions.rules)
  var enableRule: [String] = []

  @Option(
    help: ArgumentHelp(
      "Do without this rule (or all rules of this provider). May be given several times.", valueName: "id"),
    completion: Completions.rules)
  var disableRule: [String] = []

  /// The rules that the options ask for, and those that other scanners' files add; nil where they are the built-in ones, as
  /// they are.
  ///
  /// - Parameter read: how to read a rule file; nil leaves it out.
  func chosen(
    _ foreign: ForeignFiles = .none, reading read: (String) throws -> [UInt8]? = RuleOptions.fromDisk
  ) throws -> [Rule]? {
    if rules.isEmpty, enableRule.isEmpty, disableRule.isEmpty { return RuleOptions.chosen(foreign) }
    let book = try RuleOptions.book(rules, reading: read)
    let all = book.rules + foreign.rules
    for id in enableRule + disableRule where !all.contains(where: { $0.answers(to: id) }) {
      throw RulesCommand.noRule(id, book)
    }
    let wanted = all.filter { rule in
      (enableRule.isEmpty || enableRule.contains(where: rule.answers)) && !disableRule.contains(where: rule.answers)
    }
    guard !wanted.isEmpty else { throw Failure(.usage, "no rule is left", hint: "leave out --disable-rule") }
    return wanted
  }

  /// The built-in rules and those that other scanners' files add; nil where they add none.
  static func chosen(_ foreign: ForeignFiles) -> [Rule]? {
    let added = foreign.rules
    return added.isEmpty ? nil : BuiltinRules.ruleBook.rules + added
  }

  /// A rule file as it lies there.
  static func fromDisk(_ path: String) throws -> [UInt8]? {
    try Files.read(path, maximumBytes: RulesCheckCommand.maximumFileBytes)
  }

  /// The built-in providers and those of the files; every mistake in the files at once.
  private static func book(_ files: [String], reading read: (String) throws -> [UInt8]?) throws -> RuleBook {
    var mistakes: [String] = []
    var own: [Provider] = []
    for file in files {
      do {
        guard let bytes = try read(file) else { continue }
        let provider = try ProviderFile.parse(bytes, name: file)
        mistakes += provider.rules.flatMap(RuleChecker.checkPattern).map { "\(file): \($0.rule): \($0.reason)" }
        own.append(provider)
      } catch let errors as RuleFileErrors {
        mistakes += errors.mistakes.map(\.description)
      } catch let failure as Failure {
        throw failure
      } catch {
        mistakes.append("\(error)")
      }
    }
    let ids = Set(own.map(\.id))
    let providers = own + BuiltinRules.ruleBook.providers.filter { !ids.contains($0.id) }
    mistakes += RulesCommand.repeated(own.map(\.id)).map { "two files describe the provider \($0)" }
    mistakes += RuleBook.duplicates(in: providers).map { "two rules have the id \($0)" }
    guard mistakes.isEmpty else {
      throw Failure(
        .usage, mistakes.joined(separator: "\nkeywright: "),
        hint: "keywright rules check FILE proves a file's examples, too")
    }
    return RuleBook(providers)
  }
}

extension Rule {
  /// Whether it, or its provider, is what somebody means by an id, one of its aliases included.
  fileprivate func answers(to name: String) -> Bool {
    id.rawValue == name || provider == name || aliases.contains(name)
  }
}
