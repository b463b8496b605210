// What this process has used of the machine: processor time and memory.

internal import Glibc

/// What a process has used so far.
public struct ProcessUsage: Sendable, Equatable {
  /// Processor time of all threads, user and system, in milliseconds.
  public var processorMilliseconds: Int64
  /// Anonymous memory that is in RAM now, in bytes; 0 where the kernel does not say.
  public var anonymousBytes: Int

  /// Gives memory that was freed back to the system: the allocator keeps it otherwise, and it counts as this process's.
  public static func giveBack() { _ = trim?(0) }

  private typealias Trim = @convention(c) (Int) -> Int32
  /// `malloc_trim`, which only glibc has, and whose header is in no module.
  private static let trim: Trim? = unsafe dlsym(nil, "malloc_trim").map { unsafe unsafeBitCast($0, to: Trim.self) }

  /// This process, now.
  public static func now() -> ProcessUsage {
    var time = timespec()
    let isKnown = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0
    let milliseconds = isKnown ? Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000 : 0
    return ProcessUsage(processorMilliseconds: milliseconds, anonymousBytes: anonymous())
  }

  private static let prefix = Array("RssAnon:".utf8)

  /// `RssAnon:    1234 kB` in `/proc/self/status`.
  private static func anonymous() -> Int {
    guard let text = try? Files.read("/proc/self/status", maximumBytes: 1 << 16) else { return 0 }
    guard let line = text.split(separator: 0x0a).first(where: { $0.starts(with: prefix) }) else { return 0 }
    let digits = line.filter { (0x30...0x39).contains($0) }.prefix(15)
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } * 1_024
  }
}
