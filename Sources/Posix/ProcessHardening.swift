// What the process gives away when it fails: no core file, no memory for other processes of the user, no death by a
// closed pipe.

internal import Glibc

/// Precautions to take before a secret is in memory.
public enum ProcessHardening {
  /// Forbids core files and the reading of our memory by others, and ignores SIGPIPE (a closed pipe is an error of
  /// `write` then). Best effort: a kernel that refuses is no reason to stop.
  public static func apply() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    let setDumpable: Int32 = 4
    _ = LibraryCalls.processControl?(setDumpable, 0, 0, 0, 0)
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
