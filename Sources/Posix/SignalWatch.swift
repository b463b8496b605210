// Requests to stop, as a question instead of a sudden end: a rotation stops at its next safe step, never between a
// request and its answer.
//
// A handler that counts, not a mask with a thread that waits: whatever threads exist already, none can be killed by the
// signal, and programs started later do not inherit a mask, as they would silently go deaf.

internal import Glibc
internal import Synchronization

/// SIGINT, SIGTERM and SIGHUP as a question to be asked.
public enum SignalWatch {
  private static let received = Atomic<Int32>(0)
  private static let count = Atomic<Int>(0)

  /// Takes the three signals from now on. A signal that was ignored when the process began (`nohup`) stays ignored.
  public static func install() {
    // Both are touched here, so that no handler is the first to do so.
    _ = (isInterrupted, signal)
    endNoMore()
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var before = sigaction()
      if unsafe sigaction(number, nil, &before) == 0, isIgnored(before) { continue }
      var action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { SignalWatch.take($0) }
      action.sa_flags = SA_RESTART
      _ = unsafe sigaction(number, &action, nil)
    }
  }

  /// Whether somebody asked us to stop.
  public static var isInterrupted: Bool { count.load(ordering: .acquiring) > 0 }

  /// The signal that asked first (2, 15 or 1), or nil.
  public static var signal: Int32? {
    let number = received.load(ordering: .acquiring)
    return number == 0 ? nil : number
  }

  /// How often we were asked: a second request may be answered with more haste.
  public static var requests: Int { count.load(ordering: .acquiring) }

  /// Waits, and stops waiting when asked to stop; true if the time went by undisturbed.
  public static func wait(milliseconds: Int64, clock: some WallClock = SystemClock()) -> Bool {
    let start = clock.monotonic()
    while !isInterrupted {
      let left = milliseconds - (clock.monotonic() - start)
      if left <= 0 { return true }
      clock.sleep(milliseconds: min(left, 50))
    }
    return false
  }

  /// Runs inside the handler: atomic operations only.
  static func take(_ number: Int32) {
    _ = received.compareExchange(expected: 0, desired: number, ordering: .acquiringAndReleasing)
    count.add(1, ordering: .releasing)
  }

  static func isIgnored(_ action: sigaction) -> Bool {
    let ignoring = unsafe unsafeBitCast(SIG_IGN, to: Int.self)
    return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == ignoring
  }
}
