// What only the mount table and the file's flags tell: places where a rename can't replace a file.

internal import Glibc

/// Obstacles to replacing a file that its permissions don't show.
public enum Mounts {
  /// Whether something is mounted on this very path (absolute, links resolved), such as a single file that a container
  /// was given: its name can't be given to another file.
  public static func isMountPoint(_ path: String) -> Bool {
    // The thread's own view: a thread may have left the process's mount namespace.
    guard let table = try? Files.read("/proc/thread-self/mountinfo", maximumBytes: 64 << 20) else { return false }
    let wanted = Array(path.utf8)
    return table.split(separator: 0x0a).contains { line in
      let fields = line.split(separator: 0x20, maxSplits: 5)
      return fields.count > 4 && unescaped(fields[4]) == wanted
    }
  }

  /// The table writes space, tab, line feed and backslash as three octal digits.
  private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var at = field.startIndex
    while at < field.endIndex {
      let digits = field[at...].dropFirst().prefix(3)
      if field[at] == 0x5c, digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
        result.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }))
        at += 4
      } else {
        result.append(field[at])
        at += 1
      }
    }
    return result
  }

  /// Whether what is open is flagged immutable or append-only; false where the file system has no such flags.
  fileprivate static func isFrozen(_ descriptor: Descriptor) -> Bool {
    // FS_IOC_GETFLAGS, _IOR('f', 1, long); the kernel writes an int.
    let readFlags: UInt = 0x8008_6601
    var flags: UInt64 = 0
    guard unsafe ioctl(descriptor.number, readFlags, &flags) == 0 else { return false }
    let immutable: UInt64 = 0x10
    let appendOnly: UInt64 = 0x20
    return flags & (immutable | appendOnly) != 0
  }
}

extension OpenFile {
  /// Whether the file is flagged immutable or append-only (`chattr +i`, `+a`).
  public var isFrozen: Bool { Mounts.isFrozen(descriptor) }
}

extension Directory {
  /// Whether the directory is flagged immutable or append-only (`chattr +i`, `+a`).
  public var isFrozen: Bool { Mounts.isFrozen(descriptor) }
}

/// Who this process is to the file system.
public enum Identity {
  /// The effective user id.
  public static var user: UInt32 { geteuid() }
}
