// All providers together, indexed by what the scanner and the rotation ask for.

public import Model

/// A set of providers and their rules.
public struct RuleBook: Sendable {
  /// Sorted by id.
  public let providers: [Provider]
  /// All rules, sorted by id: the indexes that candidates carry.
  public let rules: [Rule]
  private let byID: [RuleID: Int]

  /// Takes providers in any order; of two rules of one id the first counts, and ``duplicates(in:)`` names it.
  public init(_ providers: [Provider]) {
    self.providers = providers.sorted { $0.id < $1.id }
    // A rule is large: its place is moved about, not the rule.
    let unsorted = self.providers.flatMap(\.rules)
    let ids = unsorted.map(\.id)
    rules = ids.indices.sorted { (ids[$0], $0) < (ids[$1], $1) }.map { unsorted[$0] }
    byID = Dictionary(rules.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The rule of that id, or of that alias.
  public subscript(_ id: RuleID) -> Rule? {
    byID[id].map { rules[$0] } ?? rules.first { $0.aliases.contains(id.rawValue) }
  }

  /// The provider of that id.
  public func provider(_ id: String) -> Provider? { providers.first { $0.id == id } }

  /// The ids that more than one rule has.
  public static func duplicates(in providers: [Provider]) -> [RuleID] {
    let counts = Dictionary(grouping: providers.flatMap(\.rules), by: \.id)
    return counts.filter { $0.value.count > 1 }.keys.sorted()
  }
}
