// How many rotations may begin: in one run, and at one provider within an hour. What waits for its turn is not forgotten:
// the longest overdue go first.

internal import Formats
public import Ledger

/// Limits on what a scheduler begins. What a person asks for, and what has leaked, is not limited.
public struct RotationBudget: Sendable, Equatable {
  /// Rotations in one run of `rotate --due`; nil for any number.
  public var perRun: Int?
  /// Rotations begun at one provider within an hour; nil for any number.
  public var perProviderHour: Int?
  /// The same for particular providers.
  public var providers: [String: Int]

  /// Limits as given.
  public init(perRun: Int? = nil, perProviderHour: Int? = nil, providers: [String: Int] = [:]) {
    self.perRun = perRun
    self.perProviderHour = perProviderHour
    self.providers = providers
  }

  static let hourMs: Int64 = 3_600_000
  /// As many of the latest rotations are counted.
  static let lookedAt = 100_000

  /// The hourly limit of a provider.
  public func hourly(_ provider: String) -> Int? { providers[provider] ?? perProviderHour }

  static func read(_ root: Node, _ reader: inout ConfigurationReader) -> RotationBudget {
    var budget = RotationBudget()
    guard let node = reader.table("budget", in: root) else { return budget }
    reader.allow(["per_run", "per_provider_hour", "providers"], in: node, of: "[budget]")
    budget.perRun = reader.integer("per_run", in: node, 1...100_000)
    budget.perProviderHour = reader.integer("per_provider_hour", in: node, 1...100_000)
    guard let providers = reader.table("providers", in: node) else { return budget }
    for entry in providers.entries ?? [] {
      budget.providers[entry.key] = reader.integer(entry.key, in: providers, 1...100_000)
    }
    return budget
  }
}

/// What a scheduler's run does, and what waits and why.
public struct DueChoice: Sendable {
  /// The keys to rotate now, the longest overdue first.
  public var keys: [ConfiguredKey] = []
  /// The keys that are due and wait.
  public var waiting: [(name: String, reason: String)] = []
}

extension Due {
  /// What is to be rotated now, within the budget. Counted is what was begun, whether or not it ended well: a service
  /// that fails must not be asked all the more often.
  public static func choose(
    _ configuration: Configuration, _ ledger: Ledger, nowMs: Int64
  ) throws(LedgerError) -> DueChoice {
    var choice = DueChoice()
    let budget = configuration.budget
    var begun: [String: Int] = [:]
    if budget.perProviderHour != nil || !budget.providers.isEmpty {
      for record in try ledger.rotations(limit: RotationBudget.lookedAt)
      where nowMs - record.createdMs < RotationBudget.hourMs && record.createdMs <= nowMs {
        begun[record.provider, default: 0] += 1
      }
    }
    for due in try all(configuration, ledger, nowMs: nowMs) {
      guard let time = due.dueMs, time <= nowMs else { continue }
      let provider = due.key.provider
      if let reason = due.heldBy {
        choice.waiting.append((due.key.name, reason))
      } else if let limit = budget.perRun, choice.keys.count >= limit {
        choice.waiting.append((due.key.name, "the budget of \(limit) rotations in a run is used up"))
      } else if let limit = budget.hourly(provider), begun[provider, default: 0] >= limit {
        choice.waiting.append((due.key.name, "the budget of \(limit) rotations an hour at \(provider) is used up"))
      } else {
        begun[provider, default: 0] += 1
        choice.keys.append(due.key)
      }
    }
    return choice
  }
}
