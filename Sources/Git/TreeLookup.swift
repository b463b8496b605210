// One file of a commit by its path: what a gate reads its policy with, without listing whole trees.

public import Model

extension StoreReader {
  /// A commit's root tree, and its parents in order; nil for what is no commit. A tag is followed to what it names.
  public func commit(_ id: ObjectID) throws(ObjectFailure) -> CommitHeader? {
    var id = id
    for _ in 0..<16 {
      var next: ObjectID?
      let header: CommitHeader? = try read(id) { kind, bytes in
        if kind == .tag { next = TagHeader.target(bytes) }
        return kind == .commit ? CommitHeader(bytes) : nil
      }
      if let header { return header }
      guard let target = next else { return nil }
      id = target
    }
    return nil
  }

  /// The blob at a path below a tree; nil where there is none, or something else.
  ///
  /// - Throws: if a tree on the way can't be read, so that nobody takes that for a missing file.
  public func blob(at path: [UInt8], in tree: ObjectID, idCount: Int) throws(ObjectFailure) -> ObjectID? {
    var tree = tree
    let parts = path.split(separator: 0x2f, omittingEmptySubsequences: true)
    for (number, part) in parts.enumerated() {
      guard let entry = try entry(named: part, in: tree, idCount: idCount) else { return nil }
      let isLast = number == parts.count - 1
      switch entry.kind {
      case .blob: return isLast ? entry.id : nil
      case .tree: tree = entry.id
      case .submodule: return nil
      }
    }
    return nil
  }

  /// The entry at a path below a tree, with the tree that it stands in; nil where there is none.
  public func entry(
    at path: [UInt8], in root: ObjectID, idCount: Int
  ) throws(ObjectFailure) -> (tree: ObjectID, entry: TreeEntry)? {
    var tree = root
    var found: (tree: ObjectID, entry: TreeEntry)?
    for part in path.split(separator: 0x2f, omittingEmptySubsequences: true) {
      if let above = found {
        guard above.entry.kind == .tree else { return nil }
        tree = above.entry.id
      }
      guard let entry = try entry(named: part, in: tree, idCount: idCount) else { return nil }
      found = (tree, entry)
    }
    return found
  }

  private func entry(named name: ArraySlice<UInt8>, in tree: ObjectID, idCount: Int) throws(ObjectFailure)
    -> TreeEntry?
  {
    var isMalformed = false
    let found: TreeEntry? = try read(tree) { kind, bytes in
      guard kind == .tree else {
        isMalformed = true
        return nil
      }
      var reader = TreeReader(bytes, idCount: idCount)
      while let entry = reader.next() {
        if entry.name.count == name.count, zip(entry.name, name).allSatisfy({ bytes[$0] == $1 }) { return entry }
      }
      isMalformed = reader.isMalformed
      return nil
    }
    if isMalformed { throw ObjectFailure(id: tree, reason: .corrupt, detail: "the tree is malformed") }
    return found
  }
}

extension StoreReader {
  /// The blobs that a tree itself holds under the given names; nil for each that it has not.
  public func blobs(named names: [[UInt8]], in tree: ObjectID, idCount: Int) throws(ObjectFailure) -> [ObjectID?] {
    try read(tree) { kind, bytes in
      var found = [ObjectID?](repeating: nil, count: names.count)
      guard kind == .tree else { return found }
      var reader = TreeReader(bytes, idCount: idCount)
      while let entry = reader.next() {
        guard entry.kind == .blob else { continue }
        for (number, name) in names.enumerated()
        where name.count == entry.name.count && zip(entry.name, name).allSatisfy({ bytes[$0] == $1 }) {
          found[number] = entry.id
        }
      }
      return found
    }
  }
}

extension Repository {
  /// The branch that a remote's HEAD names, as its clone noted it; nil where it noted nothing.
  public func defaultBranch(of remote: String) -> String? {
    let prefix = "refs/remotes/\(remote)/"
    guard !remote.split(separator: "/").contains(".."),
      let line = SmallFile.lines(commonDirectory + prefix + "HEAD", maximumBytes: 4_096).first
    else { return nil }
    let text = String(decoding: line, as: UTF8.self)
    guard text.hasPrefix("ref: " + prefix) else { return nil }
    return String(text.dropFirst(5 + prefix.utf8.count))
  }

  /// The full name of the branch that HEAD stands for, whether or not it has a commit yet; nil where HEAD is detached.
  public var headBranch: String? {
    guard let line = SmallFile.lines(gitDirectory + "HEAD", maximumBytes: 4_096).first else { return nil }
    let text = String(decoding: line, as: UTF8.self)
    return text.hasPrefix("ref: ") ? String(text.dropFirst(5)) : nil
  }
}
