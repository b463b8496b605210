// Keeps this process below a provider's request limit.

internal import Posix
internal import Synchronization

/// At most so many requests in any sixty seconds, for each host. Share one between clients that share a limit.
public final class RateLimiter: Sendable {
  /// The moments of the latest requests to a host, the oldest first, as a ring.
  private struct Window {
    var moments: [Int64] = []
    var oldest = 0
  }
  private let windows = Mutex<[String: Window]>([:])

  /// A window is a little longer than the provider's, because requests don't all take the same time to get there.
  static let windowMilliseconds: Int64 = 60_250

  /// A limiter that has seen nothing yet.
  public init() {}

  /// Reserves the next free moment for a request to `host` and says how long it is until then, in milliseconds.
  func reserve(_ host: String, perMinute limit: Int, now: Int64) -> Int64 {
    guard limit > 0 else { return 0 }
    return windows.withLock { windows in
      var window = windows[host] ?? Window()
      defer { windows[host] = window }
      if window.moments.count != limit, window.moments.count > limit || window.oldest != 0 {
        // The limit has changed: put the ring in order, keep the newest.
        let ordered = window.moments[window.oldest...] + window.moments[..<window.oldest]
        window = Window(moments: Array(ordered.suffix(limit)))
      }
      if window.moments.count < limit {
        // Never before one that is reserved already.
        let moment = max(now, window.moments.last ?? now)
        window.moments.append(moment)
        return moment - now
      }
      let moment = max(now, window.moments[window.oldest] + RateLimiter.windowMilliseconds)
      window.moments[window.oldest] = moment
      window.oldest = (window.oldest + 1) % limit
      return moment - now
    }
  }
}
