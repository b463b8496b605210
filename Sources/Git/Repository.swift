// Opens a repository through libgit2: discovery, linked worktrees, bare repositories, ownership. Objects are not read
// through it; the ObjectStore does that. Nothing of the repository's configuration is ever executed.

internal import Clibgit2
internal import Glibc
public import Model
internal import Synchronization

/// libgit2's global state, set up when the first repository is opened (it costs 6 ms, most of it a certificate bundle).
enum LibGit2 {
  private static let lock = Mutex(())

  static let isReady: Bool = {
    guard git_libgit2_init() > 0 else { return false }
    // Both only say where configuration and objects lie. `objectformat` must never be added: this libgit2 would read a
    // SHA-256 repository as SHA-1.
    let names = ["worktreeconfig", "partialclone"]
    return unsafe withCStrings(names) { unsafe keywright_git_set_extensions($0, names.count) == 0 }
  }()

  private static func withCStrings(_ texts: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Bool)
    -> Bool
  {
    let copies = unsafe texts.map { unsafe strdup($0) }
    defer { unsafe copies.forEach { unsafe free($0) } }
    var pointers = unsafe copies.map { unsafe UnsafePointer($0) }
    return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return false }
      return unsafe body(base)
    }
  }

  /// What libgit2 says of its last failure on this thread.
  static var lastError: String {
    guard let error = unsafe git_error_last(), let message = unsafe error.pointee.message else {
      return "unknown error"
    }
    return unsafe String(cString: message)
  }

  /// Runs `body` with the ownership check off. The switch is global, so everything else waits.
  static func withoutOwnerValidation<R>(_ body: () -> R) -> R {
    lock.withLock { _ in
      _ = keywright_git_set_owner_validation(0)
      defer { _ = keywright_git_set_owner_validation(1) }
      return body()
    }
  }
}

/// An opened repository: where its parts lie, and what refers to its objects.
@safe public final class Repository: Sendable {
  // libgit2 allows a repository to be read from several threads if no two of them use it at once; this class uses it
  // in its initialiser and under `lock` only.
  private nonisolated(unsafe) let raw: OpaquePointer
  private let lock = Mutex(())
  /// The repository's own directory (of a linked worktree: the worktree's), absolute, with a final slash.
  public let gitDirectory: String
  /// The directory that all worktrees share, absolute, with a final slash.
  public let commonDirectory: String
  /// The checked-out files' directory; nil for a bare repository.
  public let workTree: String?
  /// Commits whose parents were left out when the repository was cloned with a depth.
  public let shallowCommits: Set<ObjectID>
  /// Whether objects were left out on purpose, to be fetched from a remote when needed.
  public let isPartialClone: Bool

  /// The object database's directory.
  public var objectsDirectory: String { commonDirectory + "objects" }

  /// Opens the repository at `path` or, as git does, the one that `path` lies in.
  public static func open(_ path: String) throws(GitError) -> Repository {
    guard LibGit2.isReady else { throw GitError(reason: "libgit2 could not be set up: \(LibGit2.lastError)") }
    var (status, raw) = unsafe openRaw(path)
    if status == GIT_EOWNER.rawValue, SafeDirectories.trustEverything {
      unsafe (status, raw) = LibGit2.withoutOwnerValidation { unsafe openRaw(path) }
    }
    guard status == 0, let raw = unsafe raw else { throw refusal(status, path) }
    return unsafe try Repository(raw)
  }

  private static func openRaw(_ path: String) -> (Int32, OpaquePointer?) {
    var raw: OpaquePointer?
    let status = unsafe git_repository_open_ext(&raw, path, 0, nil)
    return unsafe (status, raw)
  }

  private init(_ raw: OpaquePointer) throws(GitError) {
    unsafe self.raw = raw
    func text(_ pointer: UnsafePointer<CChar>?) -> String? { unsafe pointer.map { unsafe String(cString: $0) } }
    gitDirectory = unsafe text(git_repository_path(raw)) ?? ""
    commonDirectory = unsafe text(git_repository_commondir(raw)) ?? ""
    workTree = unsafe text(git_repository_workdir(raw))
    shallowCommits = Set(SmallFile.lines(commonDirectory + "shallow").compactMap { ObjectID(hex: $0) })
    isPartialClone = unsafe Repository.hasPromisor(raw)
  }

  deinit { unsafe git_repository_free(raw) }

  private static func refusal(_ status: Int32, _ path: String) -> GitError {
    let message = LibGit2.lastError
    switch status {
    case GIT_ENOTFOUND.rawValue:
      return GitError(
        reason: "not a git repository (or any of the parent directories): \(path)",
        hint: "to scan files without git: keywright scan --dir \(path)")
    case GIT_EOWNER.rawValue:
      // libgit2 names the repository in quotes; git names the work tree, which is what safe.directory holds.
      let named = message.split(separator: "'").dropFirst().first.map(String.init) ?? path
      let place =
        named.hasSuffix("/.git/") ? String(named.dropLast(6)) : named.hasSuffix("/") ? String(named.dropLast()) : named
      return GitError(
        reason: "detected dubious ownership in repository at '\(place)'",
        hint: "to add an exception for this directory, call: git config --global --add safe.directory \(place)")
    default:
      if message.contains("objectformat") {
        return GitError(
          reason: "\(path) is a SHA-256 repository, which can't be scanned as a history yet",
          hint: "to scan its files as they are: keywright scan --dir \(path)")
      }
      return GitError(reason: "\(path) can't be opened: \(message)")
    }
  }

  private static func hasPromisor(_ raw: OpaquePointer) -> Bool {
    var config: OpaquePointer?
    guard unsafe git_repository_config_snapshot(&config, raw) == 0 else { return false }
    defer { unsafe git_config_free(config) }
    var iterator: OpaquePointer?
    guard unsafe git_config_iterator_glob_new(&iterator, config, "^remote\\..*\\.promisor$") == 0 else { return false }
    defer { unsafe git_config_iterator_free(iterator) }
    var entry: UnsafeMutablePointer<git_config_entry>?
    while unsafe git_config_next(&entry, iterator) == 0 {
      if let value = unsafe entry?.pointee.value, unsafe String(cString: value) != "false" { return true }
    }
    return false
  }

  /// Every ref by name, with what it names directly. Symbolic refs are followed; those that lead nowhere are left out.
  public func references() throws(GitError) -> [Reference] {
    let found: [Reference]? = lock.withLock { _ in
      var iterator: OpaquePointer?
      guard unsafe git_reference_iterator_new(&iterator, raw) == 0 else { return nil }
      defer { unsafe git_reference_iterator_free(iterator) }
      var references: [Reference] = []
      var pointer: OpaquePointer?
      while unsafe git_reference_next(&pointer, iterator) == 0 {
        defer { unsafe git_reference_free(pointer) }
        guard let name = unsafe git_reference_name(pointer) else { continue }
        var id = git_oid()
        guard unsafe git_reference_name_to_id(&id, raw, name) == 0, let target = ObjectID(id) else { continue }
        unsafe references.append(Reference(name: String(cString: name), target: target))
      }
      return references
    }
    guard let found else {
      throw GitError(reason: "the refs of \(commonDirectory) can't be listed: \(LibGit2.lastError)")
    }
    return found
  }
}

extension ObjectID {
  fileprivate init?(_ id: git_oid) {
    let bytes = unsafe withUnsafeBytes(of: id.id) { unsafe Array($0) }
    self.init(bytes.span)
  }
}

/// The user's consent to repositories of other users.
private enum SafeDirectories {
  /// Whether `safe.directory=*` stands in the user's or the system's configuration. libgit2 knows single paths only.
  static var trustEverything: Bool {
    var config: OpaquePointer?
    guard unsafe git_config_open_default(&config) == 0 else { return false }
    defer { unsafe git_config_free(config) }
    var iterator: OpaquePointer?
    guard unsafe git_config_multivar_iterator_new(&iterator, config, "safe.directory", nil) == 0 else { return false }
    defer { unsafe git_config_iterator_free(iterator) }
    var trusted = false
    var entry: UnsafeMutablePointer<git_config_entry>?
    while unsafe git_config_next(&entry, iterator) == 0 {
      guard let value = unsafe entry?.pointee.value else { continue }
      // An empty value takes back everything before it.
      switch unsafe String(cString: value) {
      case "": trusted = false
      case "*": trusted = true
      default: break
      }
    }
    return trusted
  }
}
