// Opening a repository without libgit2, whose initialisation alone takes longer than a hook should: git's own rules for
// where a repository's parts lie, and its environment variables. Whatever is unusual is left to libgit2.

internal import Glibc
public import Model

/// What git's environment variables say, as git sets them for its hooks.
public struct GitEnvironment: Sendable {
  /// `GIT_DIR`.
  public var gitDirectory: String?
  /// `GIT_COMMON_DIR`.
  public var commonDirectory: String?
  /// `GIT_WORK_TREE`.
  public var workTree: String?
  /// `GIT_INDEX_FILE`: `git commit -a` and `git commit PATH` use an index of their own.
  public var indexFile: String?
  /// `GIT_OBJECT_DIRECTORY`: what a push brings lies in quarantine until it is accepted.
  public var objectDirectory: String?
  /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`, split at its colons.
  public var alternateObjectDirectories: [String] = []

  /// Nothing set.
  public init() {}

  /// What the variables say; empty ones count as unset.
  public init(_ variables: [String: String]) {
    func value(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }
    gitDirectory = value("GIT_DIR")
    commonDirectory = value("GIT_COMMON_DIR")
    workTree = value("GIT_WORK_TREE")
    indexFile = value("GIT_INDEX_FILE")
    objectDirectory = value("GIT_OBJECT_DIRECTORY")
    alternateObjectDirectories = value("GIT_ALTERNATE_OBJECT_DIRECTORIES")?.split(separator: ":").map(String.init) ?? []
  }
}

extension Repository {
  /// Opens the repository that `path` lies in, or that the environment names, without libgit2 where nothing is unusual
  /// about it.
  public static func open(_ path: String, environment: GitEnvironment) throws(GitError) -> Repository {
    if let quick = QuickOpen(path, environment).repository() { return quick }
    if let named = environment.gitDirectory { return try open(named) }
    return try open(path)
  }

  /// The index: the environment's, or the repository's own.
  public func index(_ environment: GitEnvironment) throws(IndexError) -> IndexFile {
    let path = environment.indexFile ?? gitDirectory + "index"
    return try IndexFile(path: path, sharedDirectory: String(gitDirectory.dropLast()), idCount: objectIDCount)
  }

  /// The object database, with what the environment adds to it.
  public func objectStore(
    _ environment: GitEnvironment, limits: ObjectStoreLimits = ObjectStoreLimits()
  ) throws(ObjectFailure) -> ObjectStore {
    var extra = environment.alternateObjectDirectories
    if environment.objectDirectory != nil { extra.append(objectsDirectory) }
    return try ObjectStore(
      objects: environment.objectDirectory ?? objectsDirectory, alternates: extra, idCount: objectIDCount,
      limits: limits)
  }

  /// The commit that HEAD names; nil before the first commit.
  public func head() -> ObjectID? { resolve("HEAD") }

  /// The commits that a merge in progress brings in.
  public func mergeHeads() -> [ObjectID] {
    SmallFile.lines(gitDirectory + "MERGE_HEAD").compactMap { ObjectID(hex: $0) }
  }

  /// What a full ref name, or one of the special names such as `HEAD`, stands for.
  public func resolve(_ name: String) -> ObjectID? {
    var name = name
    for _ in 0..<6 {
      // A ref's name is a path below the repository; one that climbs out of it is none.
      guard !name.split(separator: "/").contains(".."), !name.hasPrefix("/") else { return nil }
      guard let line = looseLine(name) else { return packed(name) }
      if let id = ObjectID(hex: line.prefix { $0 != 0x20 && $0 != 0x09 }), id.count == objectIDCount { return id }
      let prefix = Array("ref:".utf8)
      guard line.starts(with: prefix) else { return nil }
      name = String(decoding: line.dropFirst(prefix.count).drop { $0 == 0x20 || $0 == 0x09 }, as: UTF8.self)
    }
    return nil
  }

  private func looseLine(_ name: String) -> ArraySlice<UInt8>? {
    // A worktree has a HEAD of its own; branches are shared.
    for directory in gitDirectory == commonDirectory ? [gitDirectory] : [gitDirectory, commonDirectory] {
      if let line = SmallFile.lines(directory + name, maximumBytes: 4_096).first { return line }
    }
    return nil
  }

  private func packed(_ name: String) -> ObjectID? {
    let digits = objectIDCount * 2
    let wanted = Array(name.utf8)
    var found: ObjectID?
    try? SmallFile.forEachLine(Array((commonDirectory + "packed-refs").utf8)) { line in
      guard found == nil, line.count == digits + 1 + wanted.count, line[line.startIndex + digits] == 0x20,
        line.dropFirst(digits + 1).elementsEqual(wanted)
      else { return }
      found = ObjectID(hex: line.prefix(digits))
    }
    return found
  }

  /// The ref or object that a person's word means: a full or short ref name, or a whole id. Anything else (`HEAD~3`, a
  /// shortened id) is libgit2's to find out.
  public func revision(_ text: String) throws(GitError) -> ObjectID {
    if let id = ObjectID(hex: text), id.count == objectIDCount { return id }
    for prefix in ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"] {
      // Without a prefix only names in capitals count: a file of the repository is no revision.
      if prefix.isEmpty && !(text.hasPrefix("refs/") || text.allSatisfy { $0.isUppercase || $0 == "_" }) { continue }
      if let id = resolve(prefix + text) { return id }
    }
    if let id = resolve("refs/remotes/\(text)/HEAD") { return id }
    return try parseRevision(text)
  }
}

/// Where a repository's parts lie, as far as that can be said simply.
private struct QuickOpen {
  private let path: String
  private let environment: GitEnvironment
  private static let maximumDepth = 512

  init(_ path: String, _ environment: GitEnvironment) {
    self.path = path
    self.environment = environment
  }

  /// The repository; nil where libgit2 should have a look.
  func repository() -> Repository? {
    guard let (gitDirectory, workTree) = environment.gitDirectory.map({ named($0) }) ?? discover() else { return nil }
    guard !gitDirectory.isEmpty, SmallFile.lines(gitDirectory + "HEAD", maximumBytes: 4_096).first != nil else {
      return nil
    }
    let commonDirectory = commonDirectory(gitDirectory)
    guard SmallFile.isDirectory(commonDirectory + "objects"), let format = ConfigSketch(commonDirectory + "config")
    else {
      return nil
    }
    // An explicit GIT_DIR is consent, as it is to git.
    if environment.gitDirectory == nil {
      for place in [gitDirectory, workTree] where place.map({ !isOurs($0) }) ?? false { return nil }
    }
    return Repository(
      gitDirectory: gitDirectory, commonDirectory: commonDirectory, workTree: environment.workTree ?? workTree,
      objectIDCount: format.idCount, isPartialClone: format.isPartialClone)
  }

  private func named(_ directory: String) -> (String, String?) {
    guard let real = StoredDirectory.realPath(directory) else { return ("", nil) }
    return (real + "/", real.hasSuffix("/.git") ? String(real.dropLast(5)) : nil)
  }

  private func discover() -> (String, String?)? {
    guard var directory = StoredDirectory.realPath(path) else { return nil }
    for _ in 0..<QuickOpen.maximumDepth {
      let base = directory == "/" ? "" : directory
      if SmallFile.isDirectory(base + "/.git") { return (base + "/.git/", directory) }
      if let line = SmallFile.lines(base + "/.git", maximumBytes: 8_192).first {
        let prefix = Array("gitdir: ".utf8)
        guard line.starts(with: prefix) else { return nil }
        let target = String(decoding: line.dropFirst(prefix.count), as: UTF8.self)
        return StoredDirectory.realPath(target.hasPrefix("/") ? target : base + "/" + target).map {
          ($0 + "/", directory)
        }
      }
      if SmallFile.isDirectory(base + "/objects"), SmallFile.isDirectory(base + "/refs") { return (base + "/", nil) }
      guard directory != "/", let slash = directory.lastIndex(of: "/") else { return nil }
      directory = slash == directory.startIndex ? "/" : String(directory[..<slash])
    }
    return nil
  }

  private func commonDirectory(_ gitDirectory: String) -> String {
    let line = SmallFile.lines(gitDirectory + "commondir", maximumBytes: 8_192).first
    guard let named = environment.commonDirectory ?? line.map({ String(decoding: $0, as: UTF8.self) }) else {
      return gitDirectory
    }
    let joined = named.hasPrefix("/") ? named : gitDirectory + named
    return (StoredDirectory.realPath(joined) ?? joined) + "/"
  }

  /// Whether the place is the user's own; the finer points of other people's repositories are libgit2's.
  private func isOurs(_ place: String) -> Bool {
    var status = stat()
    return unsafe stat(place, &status) == 0 && status.st_uid == geteuid()
  }
}

/// The few lines of a repository's configuration that decide how it is read.
private struct ConfigSketch {
  var idCount = 20
  var isPartialClone = false
  private static let harmless: Set<String> = [
    "objectformat", "worktreeconfig", "partialclone", "noop", "preciousobjects",
  ]

  /// Nil where the configuration holds something that wants a closer look.
  init?(_ path: String) {
    var section = ""
    for raw in SmallFile.lines(path, maximumBytes: 1 << 20) {
      let line = String(decoding: raw, as: UTF8.self).split { $0 == " " || $0 == "\t" || $0 == "\r" }.joined(
        separator: " ")
      if line.hasPrefix("[") {
        section = line.lowercased()
        // `[section] name = value` on one line is legal, and rare.
        guard line.hasSuffix("]") else { return nil }
        continue
      }
      let parts = line.split(separator: "=", maxSplits: 1).map { $0.lowercased().filter { $0 != " " && $0 != "\"" } }
      guard let name = parts.first else { continue }
      let value = parts.count == 2 ? parts[1] : "true"
      if section == "[extensions]" {
        guard ConfigSketch.harmless.contains(name) else { return nil }
        if name == "objectformat" { idCount = value == "sha256" ? 32 : 20 }
        if name == "partialclone" { isPartialClone = true }
      }
      if section.hasPrefix("[remote "), name == "promisor", value != "false" { isPartialClone = true }
    }
  }
}
