// What refers to objects: refs, the heads of all worktrees, reflogs. Each with how well known it is.

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
    if name == "HEAD" || name.hasPrefix("refs/heads/") || name.hasPrefix("refs/remotes/") { return .branch }
    if name.hasPrefix("refs/tags/") { return .tag }
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
  public func roots() throws(GitError) -> [Root] {
    var roots = Set(try references().map { Root(target: $0.target, reachability: $0.reachability) })
    for directory in headDirectories {
      for name in ["HEAD", "ORIG_HEAD", "MERGE_HEAD", "FETCH_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD"] {
        for line in SmallFile.lines(directory + name) {
          guard let id = ObjectID(hex: line.prefix { $0 != 0x09 && $0 != 0x20 }) else { continue }
          roots.insert(Root(target: id, reachability: name == "HEAD" ? .branch : .reflog))
        }
      }
    }
    for directory in headDirectories { collectReflogs(directory + "logs", into: &roots) }
    return roots.sorted { ($0.reachability, $0.target) < ($1.reachability, $1.target) }
  }

  /// The common directory, and that of each linked worktree.
  private var headDirectories: [String] {
    [commonDirectory] + SmallFile.names(commonDirectory + "worktrees").map { commonDirectory + "worktrees/\($0)/" }
  }

  private func collectReflogs(_ top: String, into roots: inout Set<Root>) {
    var directories = [top]
    while let directory = directories.popLast() {
      for name in SmallFile.names(directory) {
        let path = directory + "/" + name
        if SmallFile.isDirectory(path) {
          directories.append(path)
          continue
        }
        let reachability: Reachability = path.hasSuffix("logs/refs/stash") ? .stash : .reflog
        for line in SmallFile.lines(path) {
          for id in line.split(separator: 0x20, maxSplits: 2).prefix(2).compactMap({ ObjectID(hex: $0) })
          where !id.isZero {
            roots.insert(Root(target: id, reachability: reachability))
          }
        }
      }
    }
  }
}
