// The rules that are part of the program, unpacked when first asked for.

public import RuleBook

/// The provider files of `Rules/`, checked and packed when the program was built.
public enum BuiltinRules {
  /// All providers, without their examples.
  public static let ruleBook = RuleBook(packedProviders.compactMap { $0.unpack() })

  /// The rules alone, which is all that a scan needs, sorted by id.
  public static let rules = RuleBook(packedProviders.compactMap { $0.unpack(calls: false) }).rules

  /// All providers with their examples, for checking and showing; unpacked anew at each call.
  public static func withExamples() -> RuleBook { RuleBook(packedProviders.compactMap { $0.unpack(examples: true) }) }
}
