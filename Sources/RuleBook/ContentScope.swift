// How a rule is tried that looks at a content as a whole, as the rules of other scanners do.

public import Model

/// What a rule that is tried on whole contents asks of them.
public struct ContentScope: Sendable, Equatable {
  /// Another rule that must have found something nearby.
  public struct Required: Sendable, Equatable {
    /// The rules that stand for it; one of them must have found something.
    public var rules: [RuleID]
    /// How many lines apart at most; nil for any number.
    public var withinLines: Int?
    /// How many columns apart at most; nil for any number.
    public var withinColumns: Int?

    /// A requirement as given.
    public init(rules: [RuleID], withinLines: Int? = nil, withinColumns: Int? = nil) {
      self.rules = rules
      self.withinLines = withinLines
      self.withinColumns = withinColumns
    }
  }

  /// Lower-case texts one of which must stand somewhere in the content, in any case of its ASCII letters; empty asks for
  /// none.
  public var keywords: [String]
  /// Whether, where the rule names no capture group, the first group that took part is the secret.
  public var takesFirstGroup: Bool
  /// All of these must be there.
  public var required: [Required]
  /// Whether it is reported by itself, or there only for others to require.
  public var isReported: Bool

  /// A scope as given.
  public init(
    keywords: [String] = [], takesFirstGroup: Bool = true, required: [Required] = [], isReported: Bool = true
  ) {
    self.keywords = keywords
    self.takesFirstGroup = takesFirstGroup
    self.required = required
    self.isReported = isReported
  }
}
