// Time, behind a protocol: what waits or compares dates can be tested without waiting.

internal import Glibc
internal import Synchronization

/// Wall-clock time, monotonic time, and waiting.
public protocol WallClock: Sendable {
  /// Milliseconds since the beginning of 1970 (UTC). May jump; for dates only.
  func now() -> Int64
  /// Milliseconds since some moment before the process began. Never goes back; for durations and deadlines.
  func monotonic() -> Int64
  /// Waits; returns at once for 0 or less.
  func sleep(milliseconds: Int64)
}

/// The machine's clock.
public struct SystemClock: WallClock {
  /// The clock.
  public init() {}

  /// Milliseconds since the beginning of 1970 (UTC).
  public func now() -> Int64 { SystemClock.read(CLOCK_REALTIME) }

  /// Milliseconds since the machine was started, time asleep included.
  public func monotonic() -> Int64 { SystemClock.read(CLOCK_BOOTTIME) }

  /// Waits, however often signals interrupt it.
  public func sleep(milliseconds: Int64) {
    guard milliseconds > 0 else { return }
    var left = timespec(tv_sec: Int(milliseconds / 1_000), tv_nsec: Int(milliseconds % 1_000) * 1_000_000)
    var rest = timespec()
    while unsafe nanosleep(&left, &rest) != 0 && errno == EINTR { left = rest }
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    guard unsafe clock_gettime(clock, &time) == 0 else { return 0 }
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// A clock that stands still until it is told to go on, or somebody sleeps.
public final class ManualClock: WallClock {
  private struct Times {
    var now: Int64
    var monotonic: Int64
    var slept: [Int64] = []
  }
  private let times: Mutex<Times>

  /// A clock that shows `now` (milliseconds since 1970).
  public init(now: Int64 = 1_780_000_000_000) { times = Mutex(Times(now: now, monotonic: 0)) }

  /// The time that was set.
  public func now() -> Int64 { times.withLock(\.now) }

  /// The time that went by, in milliseconds.
  public func monotonic() -> Int64 { times.withLock(\.monotonic) }

  /// Moves both clocks on at once.
  public func sleep(milliseconds: Int64) {
    guard milliseconds > 0 else { return }
    times.withLock { times in
      times.now = times.now.addingReportingOverflow(milliseconds).partialValue
      times.monotonic = times.monotonic.addingReportingOverflow(milliseconds).partialValue
      times.slept.append(milliseconds)
    }
  }

  /// Moves both clocks on without being counted as a sleep.
  public func advance(milliseconds: Int64) {
    times.withLock { times in
      times.now += milliseconds
      times.monotonic += milliseconds
    }
  }

  /// Sets the wall clock alone, as an administrator may, backwards too.
  public func jump(to now: Int64) { times.withLock { $0.now = now } }

  /// Every wait so far, in milliseconds.
  public var sleeps: [Int64] { times.withLock(\.slept) }
}
