// Whole files by path: read, replaced atomically, looked at, removed.

internal import Glibc

/// Files by path.
public enum Files {
  /// All bytes of a regular file; EFBIG when there are more than `maximumBytes`. FIFOs and devices are refused.
  public static func read(_ path: String, maximumBytes: Int) throws(SystemError) -> [UInt8] {
    try OpenFile(path).read(maximumBytes: maximumBytes)
  }

  /// Replaces (or makes) a file so that nobody ever sees a part of it, and a crash leaves the old or the new content.
  ///
  /// A symbolic link stays, and its target is replaced. What is neither a file nor missing, such as a terminal or
  /// `/dev/null`, is written to as it is.
  ///
  /// - Parameters:
  ///   - path: the file; its directory must exist.
  ///   - bytes: the new content.
  ///   - mode: the permission bits of the new file, whatever the umask is.
  public static func replaceAtomically(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(SystemError) {
    var target = path
    if let status = try? status(path) {
      switch status.kind {
      case .regular: target = try realPath(path)
      case .directory: throw SystemError("write", path, code: EISDIR)
      default: return try writeThrough(path, bytes)
      }
    }
    let name = Array(lastPart(target).utf8)
    guard !name.isEmpty else { throw SystemError("write", path, code: EISDIR) }
    // A request to stop waits: nothing half-written is left beside the file.
    try SignalWatch.uninterrupted { () throws(SystemError) in
      let directory = try Directory(parent(target))
      let staged = try StagedFile(in: directory, name: temporaryName())
      try staged.write(bytes.span)
      try staged.setMode(mode)
      try staged.synchronize()
      try staged.commit(as: name)
    }
  }

  private static func writeThrough(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
    let number = unsafe open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
    guard number >= 0 else { throw .current("open", path) }
    try Descriptor(number).write(bytes.span, path)
  }

  private static func temporaryName() -> [UInt8] {
    Array(".keywright-\(String(UInt64.random(in: .min ... .max), radix: 16)).tmp".utf8)
  }

  /// Removes what killed writers of ``replaceAtomically(_:_:mode:)`` left in a directory of the program's own: the user's files
  /// of such names that nobody has written to for `seconds`.
  public static func removeAbandoned(in path: String, seconds: Int = 3_600) {
    guard let directory = try? Directory(path), let entries = try? directory.entries(maximum: 100_000) else { return }
    let latest = Int(SystemClock().now() / 1_000) - seconds
    for entry in entries where entry.kind == .regular && isTemporary(entry.name) {
      guard let status = try? directory.status(of: entry.name), status.owner == Identity.user,
        status.modifiedSeconds < latest
      else { continue }
      _ = try? directory.remove(entry.name)
    }
  }

  private static func isTemporary(_ name: [UInt8]) -> Bool {
    name.starts(with: ".keywright-".utf8) && name.suffix(4).elementsEqual(".tmp".utf8)
  }

  /// Makes a directory and those above it that are missing; one that exists is left as it is.
  public static func makeDirectory(_ path: String, mode: UInt32) throws(SystemError) {
    var missing: [String] = []
    var current = path
    while !exists(current) {
      missing.append(current)
      let above = parent(current)
      if above == current { break }
      current = above
    }
    for directory in missing.reversed() {
      guard unsafe mkdir(directory, mode) != 0 else { continue }
      if errno != EEXIST { throw .current("create directory", directory) }
    }
    guard try status(path).kind == .directory else { throw SystemError("create directory", path, code: ENOTDIR) }
  }

  /// The path without its last part: `/` for `/a`, `.` for `a`.
  public static func parent(_ path: String) -> String {
    var bytes = Array(path.utf8)
    func dropSlashes() { while bytes.count > 1, bytes.last == 0x2f { bytes.removeLast() } }
    dropSlashes()
    guard let slash = bytes.lastIndex(of: 0x2f) else { return "." }
    bytes.removeSubrange(max(slash, 1)...)
    dropSlashes()
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The last part of the path, without slashes; empty for `/`.
  public static func lastPart(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? ""
  }

  /// Whether anything has this name, a dangling link too.
  public static func exists(_ path: String) -> Bool { (try? status(path, followsLinks: false)) != nil }

  /// The metadata of what the path leads to, or of a link itself.
  public static func status(_ path: String, followsLinks: Bool = true) throws(SystemError) -> FileStatus {
    var raw = stat()
    let result = unsafe followsLinks ? stat(path, &raw) : lstat(path, &raw)
    guard result == 0 else { throw .current("stat", path) }
    return FileStatus(raw)
  }

  /// The absolute path without links, `.` and `..`; it must exist.
  public static func realPath(_ path: String) throws(SystemError) -> String {
    guard let resolved = unsafe realpath(path, nil) else { throw .current("resolve", path) }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// Removes a file or link, or an empty directory; true if it was there.
  @discardableResult
  public static func remove(_ path: String) throws(SystemError) -> Bool {
    if unsafe Glibc.remove(path) == 0 { return true }
    if errno == ENOENT { return false }
    throw .current("remove", path)
  }

  /// The bytes free to us on the file system that holds `path`, and the user and group who ask.
  public static func freeBytes(_ path: String) throws(SystemError) -> UInt64 {
    var raw = statvfs()
    guard unsafe statvfs(path, &raw) == 0 else { throw .current("statvfs", path) }
    let (bytes, overflow) = UInt64(raw.f_bavail).multipliedReportingOverflow(by: UInt64(raw.f_frsize))
    return overflow ? .max : bytes
  }

  /// Gives a file another name in the same file system; one that is there under the new name is replaced.
  public static func move(_ path: String, to newPath: String) throws(SystemError) {
    guard unsafe rename(path, newPath) == 0 else { throw .current("rename", path) }
  }

  /// What a symbolic link names.
  public static func linkTarget(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe buffer.withUnsafeMutableBufferPointer { room in
      guard let start = room.baseAddress else { return -1 }
      return unsafe readlink(path, start, room.count)
    }
    guard count > 0 else { return nil }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
