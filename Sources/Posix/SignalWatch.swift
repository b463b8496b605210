// Requests to stop, taken by one thread instead of by whatever thread the kernel picks: a rotation ends at its next
// safe step, never between a request and its answer.

internal import Glibc
internal import Synchronization

/// SIGINT, SIGTERM and SIGHUP as a question to be asked instead of a sudden end.
public enum SignalWatch {
  private static let received = Atomic<Int32>(0)
  private static let count = Atomic<Int>(0)
  private static let installed = Atomic<Bool>(false)

  /// Blocks the signals and starts the thread that takes them. To be called before other threads are started, since
  /// they inherit what is blocked. Returns false if no thread could be started; the signals then end the process.
  @discardableResult
  public static func install() -> Bool {
    if installed.exchange(true, ordering: .sequentiallyConsistent) { return true }
    var signals = set()
    _ = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    var thread = pthread_t()
    let status = unsafe pthread_create(&thread, nil, { _ in unsafe SignalWatch.take() }, nil)
    if status != 0 {
      _ = unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
      installed.store(false, ordering: .sequentiallyConsistent)
      return false
    }
    _ = pthread_detach(thread)
    return true
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

  private static func set() -> sigset_t {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, number) }
    return signals
  }

  private static func take() -> UnsafeMutableRawPointer? {
    var signals = set()
    while true {
      var number: Int32 = 0
      guard unsafe sigwait(&signals, &number) == 0 else { continue }
      _ = received.compareExchange(expected: 0, desired: number, ordering: .acquiringAndReleasing)
      count.add(1, ordering: .releasing)
    }
  }
}
