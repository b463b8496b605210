// Everything below a directory, depth first and in byte order. The way down is kept as names and identities, with only
// the last few directories open, so that a tree as deep as a disk allows needs few descriptors and no recursion.

/// A name met on the walk.
public struct WalkedEntry: Sendable {
  /// The path below the root, as bytes.
  public let path: [UInt8]
  /// Its last part.
  public let name: [UInt8]
  /// What it is, links not followed.
  public let kind: FileKind
  /// The directory that holds it: open files and links from here.
  public let directory: Directory
}

/// Walks directory trees.
public enum DirectoryWalk {
  private struct Level {
    var directory: Directory?
    var identity: FileStatus
    var path: String
    var pending: [DirectoryEntry]
    var prefix: [UInt8]
  }

  private static let maximumOpen = 64

  /// Visits everything below `root`. Links are shown and never followed.
  ///
  /// - Parameters:
  ///   - root: the directory to begin in; an error of its own is thrown.
  ///   - visit: called for each entry; for a directory, true means to go into it.
  ///   - failed: called for each directory that could not be read, with its path below the root.
  public static func walk<E: Error>(
    _ root: String, visit: (WalkedEntry) throws(E) -> Bool, failed: ([UInt8], SystemError) throws(E) -> Void
  ) throws(E) {
    var levels: [Level] = []
    do throws(SystemError) {
      levels.append(try enter(Directory(root), prefix: []))
    } catch {
      return try failed([], error)
    }
    while var level = levels.popLast() {
      guard let entry = level.pending.popLast() else {
        if levels.last?.directory == nil, let child = level.directory, !levels.isEmpty {
          try reopen(&levels, from: child, failed)
        }
        continue
      }
      guard let directory = level.directory else { continue }
      let path = level.prefix.isEmpty ? entry.name : level.prefix + [0x2f] + entry.name
      levels.append(level)
      let wanted = try visit(WalkedEntry(path: path, name: entry.name, kind: entry.kind, directory: directory))
      guard wanted, entry.kind == .directory else { continue }
      do throws(SystemError) {
        levels.append(try enter(Directory(entry.name, in: directory), prefix: path))
        if levels.count > maximumOpen { levels[levels.count - 1 - maximumOpen].directory = nil }
      } catch {
        try failed(path, error)
      }
    }
  }

  private static func enter(_ directory: Directory, prefix: [UInt8]) throws(SystemError) -> Level {
    // Taken from the end, so the last comes first.
    Level(
      directory: directory, identity: try directory.status(), path: directory.path,
      pending: try directory.entries().reversed(), prefix: prefix)
  }

  /// Opens the directory above again, which must still be the one that we came from; otherwise its rest is given up.
  private static func reopen<E: Error>(
    _ levels: inout [Level], from child: Directory, _ failed: ([UInt8], SystemError) throws(E) -> Void
  ) throws(E) {
    let last = levels.count - 1
    do throws(SystemError) {
      let parent = try Directory(parentOf: child, path: levels[last].path)
      guard try parent.status().isSameFile(as: levels[last].identity) else {
        throw SystemError("open", parent.path, code: 0, explanation: "the directory was moved while it was read")
      }
      levels[last].directory = parent
    } catch {
      try failed(levels[last].prefix, error)
      levels.removeAll()
    }
  }
}
