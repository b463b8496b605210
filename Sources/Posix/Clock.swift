// Time as a thing that can be handed in: tests and replays bring their own.

internal import Glibc

/// Where the time comes from, and who waits.
public protocol WallClock: Sendable {
  /// Milliseconds since 1970; may jump.
  func now() -> Int64
  /// Milliseconds since some moment; never goes back.
  func monotonic() -> Int64
  /// Waits.
  func sleep(milliseconds: Int64)
}

/// The operating system's clocks.
public struct SystemClock: WallClock {
  /// A clock without state of its own.
  public init() {}

  /// Milliseconds since 1970.
  public func now() -> Int64 { read(CLOCK_REALTIME) }

  /// Milliseconds since the machine started.
  public func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }

  /// Waits; a signal does not cut it short.
  public func sleep(milliseconds: Int64) {
    guard milliseconds > 0 else { return }
    var left = timespec(tv_sec: Int(milliseconds / 1_000), tv_nsec: Int(milliseconds % 1_000) * 1_000_000)
    var rest = timespec()
    while unsafe nanosleep(&left, &rest) != 0 && errno == EINTR { left = rest }
  }

  private func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}
