// A lock between processes. The kernel drops it when its holder dies, so there is no stale lock to judge.

internal import Glibc

/// An exclusive lock on a lock file of its own, held for as long as the value lives. The file stays behind.
public final class FileLock: Sendable {
  /// The lock file.
  public let path: String
  private let descriptor: Descriptor

  private init(_ descriptor: Descriptor, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  // Closing alone would not do: a child that was forked elsewhere in this process and has not yet reached its program holds
  // a copy of the descriptor, and with it the lock.
  deinit { _ = flock(descriptor.number, LOCK_UN) }

  /// Takes the lock if nobody holds it; nil otherwise. The file (mode 0600) is made where it is missing.
  public static func attempt(_ path: String) throws(SystemError) -> FileLock? {
    while true {
      let number = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0o600)
      guard number >= 0 else { throw .current("open", path) }
      let descriptor = Descriptor(number)
      let file = try OpenFile(checking: descriptor, path: path)
      while flock(number, LOCK_EX | LOCK_NB) != 0 {
        if errno == EWOULDBLOCK { return nil }
        if errno != EINTR { throw .current("lock", path) }
      }
      // Whoever removed the file in the meantime left us a lock on nothing.
      let ours = try file.status()
      if let named = try? Files.status(path, followsLinks: false), named.isSameFile(as: ours) {
        return FileLock(descriptor, path: path)
      }
    }
  }

  /// Waits for the lock for at most so many milliseconds; nil when the time is over.
  public static func acquire(
    _ path: String, timeoutMilliseconds: Int64, clock: some WallClock = SystemClock()
  ) throws(SystemError) -> FileLock? {
    let start = clock.monotonic()
    var pause: Int64 = 5
    while true {
      if let lock = try attempt(path) { return lock }
      let left = timeoutMilliseconds - (clock.monotonic() - start)
      if left <= 0 { return nil }
      clock.sleep(milliseconds: min(pause, left))
      pause = min(pause * 2, 200)
    }
  }
}
