// An open directory: names are bytes, and everything is reached from the descriptor, so that nobody can swap a
// directory for a link between two steps.

internal import Glibc

/// A name in a directory.
public struct DirectoryEntry: Sendable, Equatable {
  /// The name as stored; not always UTF-8.
  public let name: [UInt8]
  /// What it is, links not followed.
  public let kind: FileKind
}

/// A directory, open for as long as the value lives.
public final class Directory: Sendable {
  let descriptor: Descriptor
  /// What errors call it.
  public let path: String

  /// Opens a directory.
  public init(_ path: String) throws(SystemError) {
    let number = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else { throw .current("open", path) }
    descriptor = Descriptor(number)
    self.path = path
  }

  /// Opens `name` (one part) inside `parent`; a link is refused.
  public init(_ name: [UInt8], in parent: Directory) throws(SystemError) {
    path = Directory.join(parent.path, name)
    let number = unsafe CString.with(name) {
      unsafe openat(parent.descriptor.number, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
    guard number >= 0 else { throw .current("open", path) }
    descriptor = Descriptor(number)
  }

  /// Opens the directory above `child`, wherever that is by now; `path` is what errors call it.
  init(parentOf child: Directory, path: String) throws(SystemError) {
    let number = unsafe openat(child.descriptor.number, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else { throw .current("open", path) }
    descriptor = Descriptor(number)
    self.path = path
  }

  /// Its own metadata.
  public func status() throws(SystemError) -> FileStatus {
    var raw = stat()
    guard unsafe fstat(descriptor.number, &raw) == 0 else { throw .current("stat", path) }
    return FileStatus(raw)
  }

  /// The metadata of a name in it, links not followed.
  public func status(of name: [UInt8]) throws(SystemError) -> FileStatus {
    var raw = stat()
    let result = unsafe CString.with(name) { name in
      unsafe fstatat(descriptor.number, name, &raw, AT_SYMLINK_NOFOLLOW)
    }
    guard result == 0 else { throw .current("stat", Directory.join(path, name)) }
    return FileStatus(raw)
  }

  /// Opens a regular file in it for reading; a link is refused with ELOOP.
  public func open(_ name: [UInt8]) throws(SystemError) -> OpenFile {
    let full = Directory.join(path, name)
    let number = unsafe CString.with(name) {
      unsafe openat(descriptor.number, $0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    }
    guard number >= 0 else { throw .current("open", full) }
    return try OpenFile(checking: Descriptor(number), path: full)
  }

  /// Where a symbolic link in it points to, as stored.
  public func target(ofLink name: [UInt8]) throws(SystemError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = unsafe CString.with(name) { name in
      unsafe buffer.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return -1 }
        return unsafe readlinkat(descriptor.number, name, base.assumingMemoryBound(to: CChar.self), bytes.count)
      }
    }
    guard count >= 0 else { throw .current("readlink", Directory.join(path, name)) }
    return Array(buffer.prefix(count))
  }

  /// The names in it but for `.` and `..`, in byte order; EFBIG when there are more than `maximum`.
  public func entries(maximum: Int = 10_000_000) throws(SystemError) -> [DirectoryEntry] {
    // A descriptor of its own: the stream moves its position, and closes it.
    let number = unsafe openat(descriptor.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else { throw .current("open", path) }
    guard let stream = unsafe fdopendir(number) else {
      close(number)
      throw .current("list", path)
    }
    defer { unsafe closedir(stream) }
    var found: [DirectoryEntry] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe Directory.name(entry)
      if name == [0x2e] || name == [0x2e, 0x2e] { continue }
      guard found.count < maximum else {
        throw SystemError("list", path, code: EFBIG, explanation: "more than \(maximum) entries")
      }
      let kind = unsafe kind(entry.pointee.d_type, name)
      if let kind { found.append(DirectoryEntry(name: name, kind: kind)) }
    }
    guard errno == 0 else { throw .current("list", path) }
    return found.sorted { $0.name.lexicographicallyPrecedes($1.name) }
  }

  /// Nil when the name is gone already.
  private func kind(_ type: UInt8, _ name: [UInt8]) -> FileKind? {
    switch Int(type) {
    case Int(DT_REG): .regular
    case Int(DT_DIR): .directory
    case Int(DT_LNK): .symbolicLink
    case Int(DT_FIFO): .fifo
    case Int(DT_UNKNOWN): try? status(of: name).kind
    default: .other
    }
  }

  private static func name(_ entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
    unsafe withUnsafeBytes(of: &entry.pointee.d_name) { field in
      unsafe Array(field.prefix { $0 != 0 })
    }
  }

  /// Removes a name in it that is not a directory; true if it was there.
  @discardableResult
  public func remove(_ name: [UInt8]) throws(SystemError) -> Bool {
    if unsafe CString.with(name, { unsafe unlinkat(descriptor.number, $0, 0) }) == 0 { return true }
    if errno == ENOENT { return false }
    throw .current("remove", Directory.join(path, name))
  }

  /// Makes renames and removals in it durable. Some file systems have nothing to do for this, and say EINVAL.
  public func synchronize() throws(SystemError) {
    do throws(SystemError) {
      try descriptor.synchronize(path)
    } catch {
      if error.code != EINVAL && error.code != EBADF && error.code != EROFS { throw error }
    }
  }

  static func join(_ path: String, _ name: [UInt8]) -> String {
    let part = String(decoding: name, as: UTF8.self)
    return path == "/" ? path + part : path.isEmpty ? part : "\(path)/\(part)"
  }
}

/// Bytes as C takes them.
enum CString {
  /// Lends `bytes` with a zero behind them. A zero inside ends the text there, as no file name can hold one.
  static func with<R>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> R) -> R {
    var text = bytes.map { CChar(bitPattern: $0) }
    text.append(0)
    return unsafe text.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return unsafe body("") }
      return unsafe body(base)
    }
  }
}
