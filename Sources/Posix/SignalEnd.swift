// Requests to stop work that changes nothing: the process ends at once, but never while it is writing a file, so that no
// temporary file is left behind.

internal import Glibc
internal import Synchronization

extension SignalWatch {
  private static let held = Atomic<Int>(0)
  private static let chosen = Atomic<Int32>(0)  // 0: a request is a question
  private static let erases = Atomic<Bool>(false)

  /// From now on SIGINT, SIGTERM and SIGHUP end the process with `status`. A signal that was ignored when the process
  /// began (`nohup`) stays ignored.
  ///
  /// - Parameter erasesLine: whether a progress line may stand on the terminal behind stderr, to be taken away.
  public static func installEnding(status: Int32, erasesLine: Bool) {
    chosen.store(status, ordering: .releasing)
    erases.store(erasesLine, ordering: .releasing)
    // Touched here, so that no handler is the first to do so.
    _ = (held.load(ordering: .acquiring), isInterrupted)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var before = sigaction()
      if unsafe sigaction(number, nil, &before) == 0, isIgnored(before) { continue }
      var action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { SignalWatch.endOrTake($0) }
      action.sa_flags = SA_RESTART
      _ = unsafe sigaction(number, &action, nil)
    }
    // Whoever started us from a thread that blocks them has handed that on, and we would be deaf.
    var requests = sigset_t()
    unsafe sigemptyset(&requests)
    for number in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&requests, number) }
    _ = unsafe pthread_sigmask(SIG_UNBLOCK, &requests, nil)
  }

  /// From now on a request to stop is a question again.
  static func endNoMore() { chosen.store(0, ordering: .releasing) }

  /// Does something that is not to be broken off, such as writing a file; a request to stop is answered after it.
  public static func uninterrupted<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    held.add(1, ordering: .acquiringAndReleasing)
    defer {
      held.subtract(1, ordering: .acquiringAndReleasing)
      if isInterrupted, chosen.load(ordering: .acquiring) != 0 { end() }
    }
    return try body()
  }

  /// Runs inside the handler: atomic operations, `write` and `_exit` only.
  private static func endOrTake(_ number: Int32) {
    if held.load(ordering: .acquiring) > 0 { return take(number) }
    end()
  }

  private static func end() -> Never {
    if erases.load(ordering: .acquiring) {
      // A tuple on the stack: a handler must not allocate. CR, ESC [ 2 K.
      var line: (UInt8, UInt8, UInt8, UInt8, UInt8) = (0x0d, 0x1b, 0x5b, 0x32, 0x4b)
      _ = unsafe withUnsafeBytes(of: &line) { unsafe write(2, $0.baseAddress, $0.count) }
    }
    _exit(chosen.load(ordering: .acquiring))
  }
}
