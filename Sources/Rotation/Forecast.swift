// What the schedule will do: the future played through in the order of time, so that no key takes another's place in it.

public import Ledger

/// What a schedule will do.
public struct ScheduledRotation: Sendable, Equatable {
  /// The key's name.
  public var name: String
  /// The environment.
  public var environment: String?
  /// When, in milliseconds since 1970.
  public var timeMs: Int64
  /// What holds it back from its proper moment: a freeze, a budget; nil if nothing does.
  public var delayedBy: String?
}

/// The future as far as it was played through.
public struct RotationForecast: Sendable, Equatable {
  /// In the order of time.
  public var rotations: [ScheduledRotation]
  /// Where it ends before the moment that was asked for, because there are too many; nil where it is whole.
  public var cutOffMs: Int64?
}

extension Due {
  /// The most rotations of one forecast.
  public static let maximumForecast = 100_000
  /// As many freezes may follow each other without a gap; then the key is said to be held for good.
  private static let maximumFreezes = 2_000

  /// Every rotation that is to be expected before a moment, if each goes well: the simulation behind `schedule show`.
  public static func forecast(
    _ configuration: Configuration, _ ledger: Ledger, nowMs: Int64, untilMs: Int64, maximum: Int = maximumForecast
  ) throws(LedgerError) -> RotationForecast {
    let known = Dictionary(try ledger.inventory().map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    var queue = ForecastQueue()
    for (index, key) in configuration.keys.enumerated() where key.policy.maximumAgeMs != nil {
      let since = known[key.name].map { $0.lastSuccessMs ?? $0.firstSeenMs } ?? nowMs
      plan(index, configuration, since: since, nowMs, untilMs, &queue)
    }
    var forecast = RotationForecast(rotations: [], cutOffMs: nil)
    var recent: [String: [Int64]] = [:]
    while let next = queue.pop() {
      guard forecast.rotations.count < maximum else {
        forecast.cutOffMs = next.timeMs
        break
      }
      let key = configuration.keys[next.index]
      if let limit = configuration.budget.hourly(key.provider) {
        let begun = (recent[key.provider] ?? []).filter { $0 > next.timeMs - RotationBudget.hourMs }
        if begun.count >= limit {
          // The first of them makes room an hour after it began.
          let moment = begun[begun.count - limit] + RotationBudget.hourMs
          settle(next.index, configuration, max(moment, next.timeMs + 1), "budget", untilMs, &queue)
          continue
        }
        recent[key.provider] = begun + [next.timeMs]
      }
      forecast.rotations.append(
        ScheduledRotation(
          name: key.name, environment: key.environment, timeMs: next.timeMs, delayedBy: next.delayedBy))
      plan(next.index, configuration, since: next.timeMs, nowMs, untilMs, &queue)
    }
    return forecast
  }

  private static func plan(
    _ index: Int, _ configuration: Configuration, since: Int64, _ nowMs: Int64, _ untilMs: Int64,
    _ queue: inout ForecastQueue
  ) {
    let key = configuration.keys[index]
    guard let maximum = key.policy.maximumAgeMs else { return }
    let due = since + maximum - offset(key.name, since, key.policy.windowMs)
    settle(index, configuration, max(due, nowMs), nil, untilMs, &queue)
  }

  /// Puts the key at the first moment from `timeMs` on at which no freeze holds.
  private static func settle(
    _ index: Int, _ configuration: Configuration, _ timeMs: Int64, _ delayedBy: String?, _ untilMs: Int64,
    _ queue: inout ForecastQueue
  ) {
    let key = configuration.keys[index]
    let freezes = configuration.freezes.filter { $0.concerns(key.name, key.environment) }
    var (time, delay) = (timeMs, delayedBy)
    var count = 0
    while time < untilMs,
      let held = freezes.lazy.compactMap({ freeze in freeze.end(at: time).map { ($0, freeze.reason) } }).first
    {
      count += 1
      guard count < maximumFreezes else { return }
      time = held.0
      delay = held.1
    }
    if time < untilMs { queue.push(ForecastQueue.Item(timeMs: time, index: index, delayedBy: delay)) }
  }
}

/// What comes next: a binary heap, so that 100,000 keys are no burden.
struct ForecastQueue {
  struct Item {
    var timeMs: Int64
    var index: Int
    var delayedBy: String?
  }
  private var items: [Item] = []

  private static func precedes(_ left: Item, _ right: Item) -> Bool {
    (left.timeMs, left.index) < (right.timeMs, right.index)
  }

  mutating func push(_ item: Item) {
    items.append(item)
    var child = items.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard ForecastQueue.precedes(items[child], items[parent]) else { return }
      items.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> Item? {
    guard let top = items.first else { return nil }
    let last = items.removeLast()
    guard !items.isEmpty else { return top }
    items[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
        if ForecastQueue.precedes(items[child], items[least]) { least = child }
      }
      if least == parent { return top }
      items.swapAt(parent, least)
      parent = least
    }
  }
}
