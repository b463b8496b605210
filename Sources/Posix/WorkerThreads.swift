// Plain threads for work that waits for disks and networks: it has no place in a pool made for tasks that never block.

internal import Glibc

/// Threads that are begun together and waited for.
public enum WorkerThreads {
  private final class Start {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Runs `body` with every number below `count` at once, the first on the calling thread, and waits for all. A number
  /// for which no thread can be had is run afterwards.
  public static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    var threads: [pthread_t] = []
    var refused: [Int] = []
    for number in 1..<max(1, count) {
      let start = unsafe Unmanaged.passRetained(Start { body(number) })
      var thread = pthread_t()
      let code = unsafe pthread_create(
        &thread, nil,
        { argument in
          guard let argument = unsafe argument else { return nil }
          unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
          return nil
        }, start.toOpaque())
      if code == 0 {
        threads.append(thread)
      } else {
        unsafe start.release()
        refused.append(number)
      }
    }
    if count > 0 { body(0) }
    for thread in threads { pthread_join(thread, nil) }
    for number in refused { body(number) }
  }
}
