// What the process gives away when it fails: no core file, no memory for other processes of the user, no death by a
// closed pipe, and no file of ours where a closed standard stream was.

internal import Glibc

/// Precautions to take before a secret is in memory.
public enum ProcessHardening {
  /// Forbids core files and the reading of our memory by others, and ignores SIGPIPE (a closed pipe is an error of
  /// `write` then). Best effort: a kernel that refuses is no reason to stop.
  public static func apply() {
    occupyStandardStreams()
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    let setDumpable: Int32 = 4
    _ = LibraryCalls.processControl?(setDumpable, 0, 0, 0, 0)
    _ = signal(SIGPIPE, SIG_IGN)
  }

  /// A file opened while a standard stream is closed would take its number, and what is said would be written into it.
  /// What stands there instead can't be written, so that saying anything is the error that it was.
  private static func occupyStandardStreams() {
    for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 {
      // The lowest free number is taken, which is this one.
      _ = unsafe open("/dev/null", O_RDONLY)
    }
  }
}
