// A file being written beside the one it will replace: complete and durable before its name changes, gone if it fails.

internal import Glibc

/// A temporary file in the directory of its target. Dropped without ``commit(as:)``, it is removed.
public final class StagedFile {
  private let directory: Directory
  private let name: [UInt8]
  private let descriptor: Descriptor
  private var isCommitted = false
  private var reserved = 0
  private var written = 0

  private var path: String { Directory.join(directory.path, name) }

  /// Creates the file, mode 0600; EEXIST if the name is taken, by a link too.
  public init(in directory: Directory, name: [UInt8]) throws(SystemError) {
    self.directory = directory
    self.name = name
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let number = unsafe CString.with(name) { unsafe openat(directory.descriptor.number, $0, flags, 0o600) }
    guard number >= 0 else { throw .current("create", Directory.join(directory.path, name)) }
    descriptor = Descriptor(number)
  }

  deinit {
    if !isCommitted { _ = try? directory.remove(name) }
  }

  /// Appends bytes.
  public func write(_ bytes: Span<UInt8>) throws(SystemError) {
    try descriptor.write(bytes, path)
    written += bytes.count
  }

  /// Makes sure that the disk has room for `count` bytes, where the file system can tell. What is not written by the
  /// time of ``synchronize()`` is given back.
  public func reserve(_ count: Int) throws(SystemError) {
    guard count > 0 else { return }
    let result = posix_fallocate(descriptor.number, 0, count)
    if result != 0 && result != EOPNOTSUPP && result != EINVAL && result != ENODEV {
      throw SystemError("reserve space for", path, code: result)
    }
    reserved = max(reserved, count)
  }

  /// Sets the permission bits, whatever the umask is.
  public func setMode(_ mode: UInt32) throws(SystemError) {
    guard fchmod(descriptor.number, mode & 0o7777) == 0 else { throw .current("chmod", path) }
  }

  /// Takes over owner, group, permissions and extended attributes (access lists and security labels among them).
  ///
  /// The owner comes first: changing it clears the set-id bits. Attributes come before the permissions, which a
  /// read-only mode would otherwise forbid on some file systems.
  public func copyMetadata(from original: OpenFile) throws(SystemError) {
    let status = try original.status()
    let own = try OpenFile(descriptor, path: path).status()
    if own.owner != status.owner || own.group != status.group {
      guard fchown(descriptor.number, status.owner, status.group) == 0 else { throw .current("chown", path) }
    }
    try ExtendedAttributes.copy(from: original, to: OpenFile(descriptor, path: path))
    try setMode(status.mode)
  }

  /// Makes the content durable.
  public func synchronize() throws(SystemError) {
    if reserved > written {
      guard ftruncate(descriptor.number, written) == 0 else { throw .current("truncate", path) }
      reserved = written
    }
    try descriptor.synchronize(path)
  }

  /// Gives the file its final name in the same directory, replacing what has it, and makes that durable.
  public func commit(as target: [UInt8]) throws(SystemError) {
    let number = directory.descriptor.number
    let result = unsafe CString.with(name) { from in
      unsafe CString.with(target) { to in unsafe renameat(number, from, number, to) }
    }
    guard result == 0 else { throw .current("rename to", Directory.join(directory.path, target)) }
    isCommitted = true
    try directory.synchronize()
  }
}
