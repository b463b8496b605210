// The rules that are part of the program, unpacked when first asked for.

public import RuleBook

/// The provider files of `Rules/`, checked and packed when the program was built.
public enum BuiltinRules {
  /// The rules as they lie in the program, which is all that a scan needs.
  public static var packed: PackedBook { packedBook }

  /// The matcher's tables for these rules.
  public static var tables: String { packedTables }

  /// All providers, without their examples.
  public static let ruleBook = RuleBook(packedBook.providers.compactMap { $0.unpack() })

  /// All providers with their examples, for checking and showing; unpacked anew at each call.
  public static func withExamples() -> RuleBook {
    RuleBook(packedBook.providers.compactMap { $0.unpack(examples: true) })
  }
}
