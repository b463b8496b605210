// Requests per minute: a window opens with the first request, admits so many, and a new one opens a minute later.

internal import Synchronization

/// What the limiter says about one request, and what goes into the headers.
struct Allowance: Sendable, Equatable {
  /// Requests a minute.
  let limit: Int
  /// How many more are admitted in this window.
  let remaining: Int
  /// Seconds until a new window opens, rounded up: waiting that long is always enough.
  let resetAfter: Int
  /// Whether this request is within the limit.
  let isAdmitted: Bool
}

/// Counts requests per name in windows of one minute. In memory: a restart opens new windows.
final class RateLimiter: Sendable {
  private struct Window {
    var start: Int64
    var used: Int
  }

  private static let length: Int64 = 60_000
  private let windows = Mutex<[String: Window]>([:])
  private let clock: any AuthorityClock
  private let capacity: Int

  /// At most `capacity` windows are kept; beyond that the ended ones go, and if none has ended, all of them: memory stays
  /// bounded however many addresses knock.
  init(clock: any AuthorityClock, capacity: Int = 20_000) {
    self.clock = clock
    self.capacity = capacity
  }

  /// Counts one request under `name`, if it is within the limit.
  func take(_ name: String, limit: Int) -> Allowance {
    let now = clock.now()
    return windows.withLock { windows in
      var window = windows[name] ?? Window(start: now, used: 0)
      // A clock that was set back would otherwise hold the window open for as long.
      if now >= window.start + RateLimiter.length || now < window.start { window = Window(start: now, used: 0) }
      let isAdmitted = window.used < limit
      if isAdmitted { window.used += 1 }
      if windows[name] == nil, windows.count >= capacity { RateLimiter.prune(&windows, now: now, capacity: capacity) }
      windows[name] = window
      let left = window.start + RateLimiter.length - now
      return Allowance(
        limit: limit, remaining: max(0, limit - window.used), resetAfter: Int((left + 999) / 1000),
        isAdmitted: isAdmitted)
    }
  }

  private static func prune(_ windows: inout [String: Window], now: Int64, capacity: Int) {
    windows = windows.filter { now < $0.value.start + length }
    if windows.count >= capacity { windows = [:] }
  }
}
