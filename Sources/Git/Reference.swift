// What refers to objects: refs, the heads of all worktrees, reflogs. Each with how well known it is.

internal import Glibc
public import Model

/// A ref and the object it names.
public struct Reference: Sendable, Hashable {
  /// The full name, such as `refs/heads/main`.
  public var name: String
  /// The commit, tag, tree or blob that it names.
  public var target: ObjectID

  /// A ref as given.
  public init(name: String, target: ObjectID) {
    self.name = name
    self.target = target
  }

  /// How something that only this ref reaches is known.
  public var reachability: Reachability {
    if name == "HEAD" || name.hasPrefix("refs/heads/") { return .branch }
    if name.hasPrefix("refs/remotes/") { return .remote }
    if name.hasPrefix("refs/tags/") { return .tag }
    if name.hasPrefix("refs/notes/") { return .notes }
    return name == "refs/stash" ? .stash : .ref
  }
}

/// An object from which a scan walks, and how what it reaches is known.
public struct Root: Sendable, Hashable {
  /// The commit, tag, tree or blob.
  public var target: ObjectID
  /// How it is known.
  public var reachability: Reachability
}

extension Repository {
  /// Everything that a scan walks from: all refs, the heads of all worktrees, what merges and fetches left behind, and
  /// both ids of every line of every reflog. Sorted from the best known to the least, without duplicates.
  ///
  /// - Parameter known: the refs, if they have been read already.
  public func roots(_ known: [Reference]? = nil) throws(GitError) -> [Root] {
    let references: [Reference]
    if let known { references = known } else { references = try self.references() }
    var roots = Set(references.map { Root(target: $0.target, reachability: $0.reachability) })
    for directory in headDirectories {
      for name in ["HEAD", "ORIG_HEAD", "MERGE_HEAD", "FETCH_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD"] {
        try? SmallFile.forEachLine(Array((directory + name).utf8)) { line in
          guard let id = ObjectID(hex: line.prefix { $0 != 0x09 && $0 != 0x20 }) else { return }
          roots.insert(Root(target: id, reachability: name == "HEAD" ? .branch : .reflog))
        }
      }
    }
    for directory in headDirectories { collectReflogs(directory + "logs", into: &roots) }
    return roots.sorted { ($0.reachability, $0.target) < ($1.reachability, $1.target) }
  }

  /// The indexes of all worktrees that can be read, each with its problem where it can't. What is staged there is reached.
  public func indexes() -> [Result<IndexFile, IndexError>] {
    headDirectories.map { directory in
      do throws(IndexError) {
        return .success(
          try IndexFile(
            path: directory + "index", sharedDirectory: String(directory.dropLast()), idCount: objectIDCount))
      } catch { return .failure(error) }
    }
  }

  /// The last bytes of each worktree's index: their checksum, which changes with any entry.
  public func indexChecksums() -> [UInt8] {
    headDirectories.flatMap { directory -> [UInt8] in
      guard let file = try? StoredFile(directory + "index"), file.size >= objectIDCount else { return [0] }
      return (try? file.bytes(at: file.size - objectIDCount, count: objectIDCount)) ?? [0]
    }
  }

  /// The submodules' own repositories: directories below `modules/`, by the names that git gives them there, sorted.
  public func submodules() -> [(name: String, path: String)] {
    var found: [(name: String, path: String)] = []
    var waiting = [(name: "", depth: 0)]
    while let (name, depth) = waiting.popLast(), found.count < Repository.maximumSubmodules {
      for part in SmallFile.names(commonDirectory + "modules/" + name) {
        let inner = name.isEmpty ? part : name + "/" + part
        let path = commonDirectory + "modules/" + inner
        guard SmallFile.isDirectory(path) else { continue }
        // A submodule's name may have slashes; a repository's own directories are no submodules of it.
        if SmallFile.isDirectory(path + "/objects"), SmallFile.isDirectory(path + "/refs") {
          found.append((inner, path))
        } else if depth < Repository.maximumSubmoduleDepth {
          waiting.append((inner, depth + 1))
        }
      }
    }
    return found.sorted { $0.name < $1.name }
  }

  /// The submodule's own repository; this one itself for an empty name.
  public func submodule(_ name: String) throws(GitError) -> Repository {
    if name.isEmpty { return self }
    guard let found = submodules().first(where: { $0.name == name }) else {
      throw GitError(reason: "the repository has no submodule \(name) that has been fetched")
    }
    return try Repository.open(found.path)
  }

  private static let maximumSubmodules = 10_000
  private static let maximumSubmoduleDepth = 16

  /// The common directory, and that of each linked worktree.
  private var headDirectories: [String] {
    [commonDirectory] + SmallFile.names(commonDirectory + "worktrees").map { commonDirectory + "worktrees/\($0)/" }
  }

  /// Reflogs reach what nothing else does; what can't be read of them is scanned as dangling all the same.
  private func collectReflogs(_ top: String, into roots: inout Set<Root>) {
    var directories = [Array(top.utf8)]
    while let directory = directories.popLast() {
      for name in (try? SmallFile.byteNames(directory)) ?? [] {
        let path = directory + [0x2f] + name
        if SmallFile.kind(path) == S_IFDIR {
          directories.append(path)
          continue
        }
        let isStash = path.suffix(15).elementsEqual("logs/refs/stash".utf8)
        try? SmallFile.forEachLine(path) { line in
          for id in line.split(separator: 0x20, maxSplits: 2).prefix(2).compactMap({ ObjectID(hex: $0) })
          where !id.isZero {
            roots.insert(Root(target: id, reachability: isStash ? .stash : .reflog))
          }
        }
      }
    }
  }
}
