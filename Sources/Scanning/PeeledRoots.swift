// What refs, heads and reflogs lead to in the end: commits, trees or blobs, through however many tags.

internal import Git
internal import Model

/// The roots of a walk by what they are.
struct PeeledRoots {
  fileprivate(set) var commits: [(commit: Int, reachability: Reachability)] = []
  private(set) var trees: [(number: UInt32, reachability: Reachability)] = []
  private(set) var blobs: [ObjectID: Reachability] = [:]
  /// How each annotated tag is reached, the best way; those that nothing reaches are not in it.
  private(set) var tagReachability: [ObjectID: Reachability] = [:]
  /// The commits at the tips of branches.
  private(set) var heads: [Int] = []
  /// Objects that a ref or a tag names and that are not there.
  private(set) var absent: [ObjectID] = []

  /// `roots` must be sorted from the best known to the least.
  init(_ roots: [Root], _ graph: CommitGraph, _ tags: [ObjectID: ObjectID], _ objects: ObjectTable) {
    var told: Set<ObjectID> = []
    for root in roots {
      var id = root.target
      var steps = 0
      while let target = tags[id], steps < tags.count + 1 {
        if tagReachability[id] == nil { tagReachability[id] = root.reachability }
        id = target
        steps += 1
      }
      let number = objects.find(id)
      if let commit = graph.find(id) {
        if root.reachability == .stash {
          addStash(commit, graph)
        } else {
          commits.append((commit, root.reachability))
        }
        if root.reachability.isBranch { heads.append(commit) }
      } else if number == 0 {
        // A reflog may well name what has been pruned since.
        if root.reachability < .reflog, told.insert(id).inserted { absent.append(id) }
      } else if objects.kind(number) == .tree {
        trees.append((number, root.reachability))
      } else if objects.kind(number) == .blob, blobs[id] == nil {
        blobs[id] = root.reachability
      }
    }
  }
}

extension PeeledRoots {
  /// A stash is a commit of the work tree, whose parents are the commit it was made on, one of the index, and sometimes one
  /// of the files that were not tracked. What they were made on is labelled first, since all of them lead there.
  private mutating func addStash(_ commit: Int, _ graph: CommitGraph) {
    let parents = graph.parents(commit).map { Int($0) }
    guard parents.count > 1 else { return commits.append((commit, .stash)) }
    commits.append((parents[0], .stash))
    commits.append((parents[1], .stashIndex))
    if parents.count > 2 { commits.append((parents[2], .stashUntracked)) }
    commits.append((commit, .stashWorktree))
  }
}

/// Objects that trees name and the store does not have.
struct AbsentObjects {
  private var entries: [(id: ObjectID, trees: [UInt32])] = []

  var isEmpty: Bool { entries.isEmpty }

  init(_ visitors: [TreeVisitor]) {
    var all: [ObjectID: [UInt32]] = [:]
    for visitor in visitors { all.merge(visitor.absent) { $0 + $1 } }
    entries = all.map { ($0.key, $0.value) }.sorted { $0.id < $1.id }
  }

  /// Those that a tree names which is reached.
  func ids(reachedFrom isReached: [Bool]) -> [ObjectID] {
    entries.filter { entry in entry.trees.contains { isReached[Int($0)] } }.map(\.id)
  }
}
