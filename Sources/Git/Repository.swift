// Opens a repository through libgit2: discovery, linked worktrees, bare repositories, ownership. Objects are not read
// through it; the ObjectStore does that. Nothing of the repository's configuration is ever executed.

internal import Clibgit2
internal import Glibc
public import Model
internal import Synchronization

/// libgit2, opened and set up when the first repository needs it (it costs 6 ms, most of it a certificate bundle).
enum LibGit2 {
  private static let lock = Mutex(())

  static let isReady: Bool = {
    guard keywright_git_libgit2_init() > 0 else { return false }
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
    if keywright_git_is_there() == 0 {
      return unsafe "\(String(cString: keywright_git_library())) could not be opened"
    }
    guard let error = unsafe keywright_git_error_last(), let message = unsafe error.pointee.message else {
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
public final class Repository: Sendable {
  /// The repository's own directory (of a linked worktree: the worktree's), absolute, with a final slash.
  public let gitDirectory: String
  /// The directory that all worktrees share, absolute, with a final slash.
  public let commonDirectory: String
  /// The checked-out files' directory; nil for a bare repository.
  public let workTree: String?
  /// Bytes in an object's id: 20, or 32 in a SHA-256 repository.
  public let objectIDCount: Int
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
    guard status == 0, let raw = unsafe raw else {
      let message = LibGit2.lastError
      // libgit2 knows no SHA-256: what it says of such a repository is said before it looks at anything else.
      if message.contains("extensions.objectformat") { return try openSHA256(path) }
      throw refusal(status, path, message)
    }
    defer { unsafe keywright_git_repository_free(raw) }
    return unsafe Repository(raw)
  }

  private static func openRaw(_ path: String) -> (Int32, OpaquePointer?) {
    var raw: OpaquePointer?
    let status = unsafe keywright_git_repository_open_ext(&raw, path, 0, nil)
    return unsafe (status, raw)
  }

  private convenience init(_ raw: OpaquePointer) {
    func text(_ pointer: UnsafePointer<CChar>?) -> String? { unsafe pointer.map { unsafe String(cString: $0) } }
    var config: OpaquePointer?
    let status = unsafe keywright_git_repository_config_snapshot(&config, raw)
    defer { unsafe keywright_git_config_free(config) }
    self.init(
      gitDirectory: unsafe text(keywright_git_repository_path(raw)) ?? "",
      commonDirectory: unsafe text(keywright_git_repository_commondir(raw)) ?? "",
      workTree: unsafe text(keywright_git_repository_workdir(raw)), objectIDCount: 20,
      isPartialClone: status == 0 && (unsafe config.map { unsafe Repository.hasPromisor($0) } ?? false))
  }

  init(
    gitDirectory: String, commonDirectory: String, workTree: String?, objectIDCount: Int, isPartialClone: Bool
  ) {
    self.gitDirectory = gitDirectory
    self.commonDirectory = commonDirectory
    self.workTree = workTree
    self.objectIDCount = objectIDCount
    self.isPartialClone = isPartialClone
    shallowCommits = Set(SmallFile.lines(commonDirectory + "shallow").compactMap { ObjectID(hex: $0) })
  }

  private static func refusal(_ status: Int32, _ path: String, _ message: String) -> GitError {
    switch status {
    case GIT_ENOTFOUND.rawValue:
      // On its way up libgit2 passes over repositories of other users, and says in the end that there is none.
      if let place = foreignRepository(path) { return .ownership(place) }
      return GitError(
        reason: "not a git repository (or any of the parent directories): \(path)",
        hint: "to scan files without git: keywright scan --dir \(path)")
    case GIT_EOWNER.rawValue:
      // libgit2 names the repository in quotes; git names the work tree, which is what safe.directory holds.
      let named = message.split(separator: "'").dropFirst().first.map(String.init) ?? path
      return .ownership(named.hasSuffix("/.git/") ? String(named.dropLast(6)) : named.droppingSlash)
    default:
      if message.contains("extensions.refstorage") {
        return GitError(
          reason: "\(path) can't be opened: it keeps its refs in a format (reftable) that is not read here",
          hint: "scan a copy of it: git clone --mirror --ref-format=files \(path) COPY")
      }
      return GitError(reason: "\(path) can't be opened: \(message)")
    }
  }

  /// What a revision means in git's full notation (`HEAD~3`, a shortened id, `v1^{}`).
  func parseRevision(_ text: String) throws(GitError) -> ObjectID {
    guard LibGit2.isReady else { throw GitError(reason: "libgit2 could not be set up: \(LibGit2.lastError)") }
    var (status, raw) = unsafe Repository.openRaw(gitDirectory)
    if status == GIT_EOWNER.rawValue {
      // Whoever opened this repository has been through the owner's check already.
      unsafe (status, raw) = LibGit2.withoutOwnerValidation { unsafe Repository.openRaw(gitDirectory) }
    }
    guard status == 0, let raw = unsafe raw else {
      throw GitError(reason: "'\(text)' is no branch, tag or whole object id of this repository")
    }
    defer { unsafe keywright_git_repository_free(raw) }
    var object: OpaquePointer?
    guard unsafe keywright_git_revparse_single(&object, raw, text) == 0, let object = unsafe object else {
      throw GitError(
        reason: "'\(text)' names no revision of this repository",
        hint: "in a shallow clone, fetch more history: git fetch --deepen 100")
    }
    defer { unsafe keywright_git_object_free(object) }
    guard let id = unsafe keywright_git_object_id(object), let found = unsafe ObjectID(id.pointee) else {
      throw GitError(reason: "'\(text)' names no revision of this repository")
    }
    return found
  }

  /// `core.hooksPath` as git reads it; nil where it is not set. A relative one is relative to where hooks run.
  public func configuredHooksPath() -> String? {
    guard LibGit2.isReady else { return nil }
    var (status, raw) = unsafe Repository.openRaw(gitDirectory)
    if status == GIT_EOWNER.rawValue {
      unsafe (status, raw) = LibGit2.withoutOwnerValidation { unsafe Repository.openRaw(gitDirectory) }
    }
    guard status == 0, let raw = unsafe raw else { return nil }
    defer { unsafe keywright_git_repository_free(raw) }
    var config: OpaquePointer?
    guard unsafe keywright_git_repository_config_snapshot(&config, raw) == 0 else { return nil }
    defer { unsafe keywright_git_config_free(config) }
    var buffer = unsafe git_buf()
    defer { unsafe keywright_git_buf_dispose(&buffer) }
    guard unsafe keywright_git_config_get_path(&buffer, config, "core.hooksPath") == 0, let text = unsafe buffer.ptr
    else {
      return nil
    }
    let path = unsafe String(cString: text)
    return path.hasPrefix("/")
      ? path : (workTree ?? gitDirectory) + (workTree?.hasSuffix("/") == false ? "/" : "") + path
  }

  /// The nearest directory upwards with a `.git` of another user; nil if the nearest one is ours, or there is none.
  private static func foreignRepository(_ path: String) -> String? {
    guard var directory = StoredDirectory.realPath(path) else { return nil }
    while true {
      let base = directory == "/" ? "" : directory
      var status = stat()
      if unsafe lstat(base + "/.git", &status) == 0 { return status.st_uid == geteuid() ? nil : directory }
      guard directory != "/", let slash = directory.lastIndex(of: "/") else { return nil }
      directory = slash == directory.startIndex ? "/" : String(directory[..<slash])
    }
  }

  /// Every ref by name, with what it names directly. Symbolic refs are followed; those that lead nowhere are left out.
  public func references() throws(GitError) -> [Reference] { refListing().references }

  /// The same, with what could not be read.
  public func refListing() -> RefListing {
    var reader = RefReader(self)
    return reader.all()
  }
}

extension Repository {
  /// Extensions that change nothing of what is read here.
  private static let harmlessExtensions: Set<String> = [
    "objectformat", "worktreeconfig", "partialclone", "noop", "preciousobjects", "relativeworktrees",
  ]

  /// Opens a repository that libgit2 refuses for its object format, after the checks that libgit2 would have made.
  private static func openSHA256(_ path: String) throws(GitError) -> Repository {
    var buffer = unsafe git_buf()
    defer { unsafe keywright_git_buf_dispose(&buffer) }
    guard unsafe keywright_git_repository_discover(&buffer, path, 0, nil) == 0, let start = unsafe buffer.ptr else {
      throw refusal(GIT_ENOTFOUND.rawValue, path, LibGit2.lastError)
    }
    let gitDirectory = unsafe String(cString: start)
    var commonDirectory = gitDirectory
    if let line = SmallFile.lines(gitDirectory + "commondir").first {
      let named = String(decoding: line, as: UTF8.self)
      let joined = named.hasPrefix("/") ? named : gitDirectory + named
      commonDirectory = (StoredDirectory.realPath(joined) ?? joined) + "/"
    }
    let workTree = gitDirectory.hasSuffix("/.git/") ? String(gitDirectory.dropLast(5)) : nil
    guard SafeDirectories.trusts(gitDirectory, workTree) else {
      throw GitError.ownership((workTree ?? gitDirectory).droppingSlash)
    }
    var config: OpaquePointer?
    guard unsafe keywright_git_config_open_ondisk(&config, commonDirectory + "config") == 0, let config = unsafe config
    else {
      throw GitError(reason: "\(commonDirectory)config can't be read: \(LibGit2.lastError)")
    }
    defer { unsafe keywright_git_config_free(config) }
    let extensions = unsafe ConfigEntries.matching(config, "^extensions\\..*")
    for (name, _) in extensions where !harmlessExtensions.contains(String(name.dropFirst(11))) {
      throw GitError(reason: "\(path) can't be opened: its format has the unknown \(name)")
    }
    guard extensions.last(where: { $0.name == "extensions.objectformat" })?.value == "sha256" else {
      throw GitError(reason: "\(path) can't be opened: it has an unknown object format")
    }
    return Repository(
      gitDirectory: gitDirectory, commonDirectory: commonDirectory, workTree: workTree, objectIDCount: 32,
      isPartialClone: unsafe hasPromisor(config))
  }

  private static func hasPromisor(_ config: OpaquePointer) -> Bool {
    unsafe ConfigEntries.matching(config, "^remote\\..*\\.promisor$").contains { $0.value != "false" }
  }
}

extension GitError {
  /// Git's own words for a repository of somebody else's.
  fileprivate static func ownership(_ place: String) -> GitError {
    GitError(
      reason: "detected dubious ownership in repository at '\(place)'",
      hint: "to add an exception for this directory, call: git config --global --add safe.directory \(place)")
  }
}

extension String {
  fileprivate var droppingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}

/// Entries of a configuration.
enum ConfigEntries {
  /// The names and values whose name matches a regular expression, in the order of the files.
  static func matching(_ config: OpaquePointer, _ expression: String) -> [(name: String, value: String)] {
    var iterator: OpaquePointer?
    guard unsafe keywright_git_config_iterator_glob_new(&iterator, config, expression) == 0 else { return [] }
    defer { unsafe keywright_git_config_iterator_free(iterator) }
    var found: [(name: String, value: String)] = []
    var entry: UnsafeMutablePointer<git_config_entry>?
    while unsafe keywright_git_config_next(&entry, iterator) == 0 {
      guard let name = unsafe entry?.pointee.name, let value = unsafe entry?.pointee.value else { continue }
      unsafe found.append((String(cString: name), String(cString: value)))
    }
    return found
  }
}

/// The user's consent to repositories of other users.
private enum SafeDirectories {
  /// The values of `safe.directory` in the user's and the system's configuration. An empty one takes back all before.
  private static var listed: [String] {
    var config: OpaquePointer?
    guard unsafe keywright_git_config_open_default(&config) == 0, let config = unsafe config else { return [] }
    defer { unsafe keywright_git_config_free(config) }
    let all = unsafe ConfigEntries.matching(config, "^safe\\.directory$").map(\.value)
    return all.lastIndex(of: "").map { Array(all[($0 + 1)...]) } ?? all
  }

  /// Whether `safe.directory=*` stands there. libgit2 knows single paths only.
  static var trustEverything: Bool { listed.contains("*") }

  /// Whether the repository is the user's own, or consented to.
  static func trusts(_ gitDirectory: String, _ workTree: String?) -> Bool {
    let places = [gitDirectory] + (workTree.map { [$0] } ?? [])
    let user = geteuid()
    let isOwn = places.allSatisfy { place in
      var status = stat()
      return unsafe stat(place, &status) == 0 && status.st_uid == user
    }
    if isOwn { return true }
    let consented = listed
    return consented.contains("*") || consented.contains((workTree ?? gitDirectory).droppingSlash)
  }
}

extension ObjectID {
  fileprivate init?(_ id: git_oid) {
    let bytes = unsafe withUnsafeBytes(of: id.id) { unsafe Array($0) }
    self.init(bytes.span)
  }
}
