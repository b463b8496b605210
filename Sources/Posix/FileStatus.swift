// What the file system says about a file: kind, permissions, owner, identity.

internal import Glibc

/// What kind of thing a name leads to.
public enum FileKind: Sendable, Equatable {
  /// An ordinary file.
  case regular
  /// A directory.
  case directory
  /// A symbolic link.
  case symbolicLink
  /// A pipe with a name.
  case fifo
  /// A socket, a device, or something newer.
  case other

  init(mode: UInt32) {
    self =
      switch mode & UInt32(S_IFMT) {
      case UInt32(S_IFREG): .regular
      case UInt32(S_IFDIR): .directory
      case UInt32(S_IFLNK): .symbolicLink
      case UInt32(S_IFIFO): .fifo
      default: .other
      }
  }
}

/// A file's metadata at one moment.
public struct FileStatus: Sendable, Equatable {
  /// What it is.
  public let kind: FileKind
  /// The permission bits with set-id and sticky bits: `mode & 0o7777`.
  public let mode: UInt32
  /// The owner's user id.
  public let owner: UInt32
  /// The group's id.
  public let group: UInt32
  /// In bytes.
  public let size: Int
  /// When the content last changed: seconds since 1970.
  public let modifiedSeconds: Int
  /// The nanoseconds that belong to ``modifiedSeconds``.
  public let modifiedNanoseconds: Int
  /// The file system's number.
  public let device: UInt64
  /// The number within the file system.
  public let inode: UInt64
  /// How many names the file has.
  public let links: Int

  init(_ raw: stat) {
    kind = FileKind(mode: raw.st_mode)
    mode = raw.st_mode & 0o7777
    owner = raw.st_uid
    group = raw.st_gid
    size = Int(raw.st_size)
    modifiedSeconds = raw.st_mtim.tv_sec
    modifiedNanoseconds = raw.st_mtim.tv_nsec
    device = UInt64(raw.st_dev)
    inode = UInt64(raw.st_ino)
    links = Int(clamping: raw.st_nlink)
  }

  /// Whether both are the same file, whatever has become of it.
  public func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}
