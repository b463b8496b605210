// Where a file is, and whether it may be replaced there: what is not an ordinary file with one name, in a directory
// where nobody else interferes, is refused with the reason and the way out.

internal import Posix

/// A file that was opened, in the directory that holds it.
struct EnvPlace {
  /// Absolute, links resolved.
  let path: String
  let directory: Directory
  let name: [UInt8]
  let file: OpenFile
  let status: FileStatus
  private let given: String

  /// Opens the file; a link is followed to the file that it leads to.
  init(_ target: EnvTarget) throws(EnvFileError) {
    given = target.path
    try EnvPlace.refuseStrangeKinds(target.path)
    do throws(SystemError) {
      path = try Files.realPath(target.path)
      directory = try Directory(Files.parent(path))
      name = Array(Files.lastPart(path).utf8)
      file = try directory.open(name)
      status = try file.status()
    } catch {
      throw EnvPlace.failure(error, target.path, reading: true)
    }
  }

  private static func refuseStrangeKinds(_ path: String) throws(EnvFileError) {
    let kind: FileKind
    do throws(SystemError) { kind = try Files.status(path).kind } catch { throw failure(error, path, reading: true) }
    let what: String
    switch kind {
    case .regular: return
    case .directory: what = "a directory"
    case .fifo: what = "a named pipe, which is filled anew for each reader"
    default: what = "not a regular file"
    }
    throw EnvFileError(.unsafePlace, path, what, hint: "name the file that the value comes from")
  }

  /// What stands in the way of replacing the file at all.
  func check(_ policy: EnvPolicy) throws(EnvFileError) {
    func refuse(_ reason: String, _ hint: String) -> EnvFileError {
      EnvFileError(.unsafePlace, path, reason, hint: hint)
    }
    if path.split(separator: "/").dropLast().contains(where: { $0.hasPrefix("..") }) {
      throw refuse(
        "lies in a volume that Kubernetes writes", "change the Secret that the volume is made from instead")
    }
    if status.links > 1 {
      throw refuse(
        "has \(status.links) names (hard links), and a replacement would part them",
        "make it one file, with a symbolic link for the other name")
    }
    if Mounts.isMountPoint(path) {
      throw refuse(
        "is mounted as a single file, so no other file can take its name",
        "rewrite the original outside of the container, or mount its directory")
    }
    if file.isFrozen || directory.isFrozen {
      throw refuse("is flagged immutable or append-only", "clear the flag: chattr -i -a")
    }
    if policy.isTracked(path) && !policy.allowsTracked {
      throw refuse(
        "is tracked by git, so the next commit would publish the new value",
        "take it out of the repository: git rm --cached, and name it in .gitignore")
    }
    let above: FileStatus
    do throws(SystemError) { above = try directory.status() } catch { throw EnvPlace.failure(error, path) }
    let isSticky = above.mode & 0o1000 != 0
    if above.mode & 0o002 != 0 && !isSticky {
      throw refuse("lies in a directory where everybody may rename files", "run: chmod o-w \(directory.path)")
    }
    if isSticky && Identity.user != 0 && ![status.owner, above.owner].contains(Identity.user) {
      throw EnvFileError(
        .notWritable, path, "belongs to another user, in a directory where only the owner may replace it",
        hint: "run as the owner of the file")
    }
  }

  /// What people should know and what does not stop a rewrite.
  func warnings(_ policy: EnvPolicy) -> [String] {
    var warnings: [String] = []
    if policy.isTracked(path) { warnings.append("git tracks \(path): the next commit would publish the new value") }
    if name == Array(".envrc".utf8) { warnings.append("direnv will ask for its consent to \(path) again") }
    if status.mode & 0o004 != 0 { warnings.append("everybody on this machine can read \(path)") }
    let text = String(decoding: name, as: UTF8.self)
    for editor in [".\(text).swp", ".#\(text)", "#\(text)#"]
    where (try? directory.status(of: Array(editor.utf8))) != nil {
      warnings.append("an editor has \(path) open (\(editor)); saving there would bring the old value back")
    }
    for copy in ["\(text)~", "\(text).bak", "\(text).orig", "\(text).old"]
    where (try? directory.status(of: Array(copy.utf8))) != nil {
      warnings.append("\(copy) beside it may hold the old value")
    }
    if given != path, (try? Files.status(given, followsLinks: false))?.kind == .symbolicLink {
      warnings.append("\(given) is a link; \(path) is what is rewritten")
    }
    return warnings
  }

  /// All bytes of the file.
  func read() throws(EnvFileError) -> [UInt8] {
    do throws(SystemError) {
      return try file.read(maximumBytes: EnvText.maximumBytes)
    } catch {
      throw EnvPlace.failure(error, path, reading: true)
    }
  }

  /// The lock of other programs that write this file (`<file>.lock`), where they have made one; nil where they haven't.
  func takePeersLock() throws(EnvFileError) -> FileLock? {
    let lock = path + ".lock"
    guard (try? Files.status(lock, followsLinks: false))?.kind == .regular else { return nil }
    do throws(SystemError) {
      if let held = try FileLock.acquire(lock, timeoutMilliseconds: 2_000) { return held }
    } catch {
      // A lock that we may not open is one that we can't honour.
      return nil
    }
    throw EnvFileError(
      .busy, path, "another program holds \(Files.lastPart(lock))", hint: "try again when it has finished")
  }

  /// A file beside this one with its owner, permissions and attributes, and room for `count` bytes.
  func stage(_ temporary: String, reserving count: Int) throws(EnvFileError) -> StagedFile {
    do throws(SystemError) {
      let staged = try StagedFile(in: directory, name: Array(temporary.utf8))
      try staged.reserve(count)
      try staged.copyMetadata(from: file)
      return staged
    } catch {
      throw EnvPlace.failure(error, path)
    }
  }

  /// Whether the name still leads to the file that was read, with the same content.
  func isUnchanged(_ content: [UInt8]) -> Bool {
    guard let now = try? directory.open(name), let status = try? now.status(), status == self.status,
      let bytes = try? now.read(maximumBytes: EnvText.maximumBytes)
    else { return false }
    return bytes == content
  }

  /// What a failed system call means to the caller.
  static func failure(_ error: SystemError, _ path: String, reading: Bool = false) -> EnvFileError {
    if error.isMissing {
      return EnvFileError(.missing, path, error.reason, hint: "name an existing file; it is never created")
    }
    if error.isDenied {
      return reading
        ? EnvFileError(.unreadable, path, error.reason, hint: "run as a user who may read it")
        : EnvFileError(
          .notWritable, path, "\(error.operation): \(error.reason)",
          hint: "run as the owner of the file, who may also write its directory")
    }
    if error.code == SystemError.tooLarge { return EnvFileError(.tooLarge, path, error.reason) }
    return EnvFileError(.io, path, "\(error.operation): \(error.reason)")
  }
}
