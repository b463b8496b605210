// Who introduced a value and who removed it, without diffs: a commit introduces a value that its root tree leads to and
// none of its parents' does, and removes one in the opposite case. Commits are compared with their parents only down
// trees that lead to values, and never where the ids are the same.

internal import Model

/// A value at a path.
struct ValuePlace: Hashable {
  var value: ValueNumber
  var path: UInt32
}

/// Where and when a value was first seen at a path.
struct FirstSeen {
  /// The blob there.
  var blob: UInt32
  /// The commit whose tree has it and whose parents' do not have the value at that path; nil for a tree or blob that a
  /// ref names directly.
  var commit: Int?
  /// How it is reached.
  var reachability: Reachability
}

/// The timeline of all values.
struct Attribution {
  let graph: TreeGraph
  let commits: CommitGraph
  /// By object number.
  let blobValues: [ValueSetNumber]
  let sets: [[ValueNumber]]
  private(set) var paths = PathTable()
  private(set) var firstSeen: [ValuePlace: FirstSeen] = [:]
  /// The commits that introduced a value, the best reached and earliest first.
  private(set) var introductions: [ValueNumber: [Int]] = [:]
  /// The last commit that removed the value, among the best reached.
  private(set) var removals: [ValueNumber: Int] = [:]
  /// What the heads hold.
  private(set) var atHead: Set<ValuePlace> = []
  /// Commits whose trees have too many paths to follow them all.
  private(set) var unfinished: [Int] = []
  /// Whether trees of heads or of refs have too many paths, or values lie at more of them than are kept.
  private(set) var isCut = false
  /// Steps that are left for all commits together.
  private var remainingSteps = 40_000_000
  /// By value: at how many paths it was seen.
  private var placeCounts: [ValueNumber: Int] = [:]
  private var cache: [UInt32: Set<ValueNumber>] = [:]

  /// Pairs of trees that are compared for one commit. A tree that repeats itself can have paths without number.
  private static let maximumSteps = 1_000_000
  private static let maximumIntroductions = 64
  private static let maximumPlaces = 20_000
  private static let maximumCachedTrees = 16

  init(_ graph: TreeGraph, _ commits: CommitGraph, _ blobValues: [ValueSetNumber], _ sets: [[ValueNumber]]) {
    self.graph = graph
    self.commits = commits
    self.blobValues = blobValues
    self.sets = sets
  }

  /// Compares every commit with its parents.
  mutating func run(_ progress: ProgressCounter) {
    for commit in commits.ordered() {
      progress.advance()
      let parents = commits.parents(commit).map { commits.trees[Int($0)] }
      let tree = commits.trees[commit]
      if parents.contains(tree) { continue }
      if tree != 0, !graph.isEmpty(tree) { findIntroduced(commit, tree, parents) }
      if let first = parents.first, first != 0, !graph.isEmpty(first), tree != 0 {
        findRemoved(commit, tree, parents)
      }
    }
  }

  /// Whether the place was first seen through better-known refs or earlier; the order of the commits decides.
  private mutating func see(_ value: ValueNumber, _ path: UInt32, _ seen: FirstSeen) {
    let place = ValuePlace(value: value, path: path)
    if firstSeen[place] != nil { return }
    guard placeCounts[value, default: 0] < Attribution.maximumPlaces else {
      isCut = true
      return
    }
    placeCounts[value, default: 0] += 1
    firstSeen[place] = seen
  }

  private mutating func findIntroduced(_ commit: Int, _ tree: UInt32, _ parents: [UInt32]) {
    var fresh: Set<ValueNumber> = []
    var stack = [(tree: tree, parents: parents.filter { $0 != 0 }, path: PathTable.root)]
    var steps = 0
    while let (tree, parents, path) = stack.popLast() {
      for edge in graph.edges(tree) {
        steps += 1
        let others = parents.compactMap { child($0, edge.name) }
        if others.contains(edge.child) { continue }
        guard steps < min(Attribution.maximumSteps, remainingSteps) else {
          remainingSteps -= min(steps, remainingSteps)
          unfinished.append(commit)
          return
        }
        let node = paths.node(path, edge.name)
        let set = blobValues[Int(edge.child)]
        if set == 0 {
          stack.append((edge.child, others.filter { blobValues[Int($0)] == 0 }, node))
          continue
        }
        let known = others.map { blobValues[Int($0)] }
        if known.contains(set) { continue }
        for value in sets[Int(set)] where !known.contains(where: { holds($0, value) }) {
          fresh.insert(value)
          see(value, node, FirstSeen(blob: edge.child, commit: commit, reachability: commits.reachability[commit]))
        }
      }
    }
    remainingSteps -= min(steps, remainingSteps)
    for parent in parents where parent != 0 && !fresh.isEmpty { fresh.subtract(values(under: parent)) }
    for value in fresh where introductions[value, default: []].count < Attribution.maximumIntroductions {
      introductions[value, default: []].append(commit)
    }
  }

  private mutating func findRemoved(_ commit: Int, _ tree: UInt32, _ parents: [UInt32]) {
    var gone: Set<ValueNumber> = []
    var stack: [(old: UInt32, new: UInt32)] = [(parents[0], tree)]
    var seen: Set<UInt64> = []
    while let (old, new) = stack.popLast() {
      guard seen.insert(UInt64(old) << 32 | UInt64(new)).inserted else { continue }
      guard remainingSteps > 0, seen.count < Attribution.maximumSteps else {
        unfinished.append(commit)
        return
      }
      remainingSteps -= 1
      for edge in graph.edges(old) {
        let other = new == 0 ? nil : child(new, edge.name)
        if other == edge.child { continue }
        let set = blobValues[Int(edge.child)]
        if set == 0 {
          stack.append((edge.child, other.flatMap { blobValues[Int($0)] == 0 ? $0 : nil } ?? 0))
        } else {
          let known = other.map { blobValues[Int($0)] } ?? 0
          for value in sets[Int(set)] where known == 0 || !holds(known, value) { gone.insert(value) }
        }
      }
    }
    if gone.isEmpty { return }
    gone.subtract(values(under: tree))
    for parent in parents.dropFirst() where parent != 0 && !gone.isEmpty {
      gone.formIntersection(values(under: parent))
    }
    for value in gone {
      // Commits come best reached first, then in the order of time: the last of the best counts.
      if let known = removals[value], commits.reachability[known] < commits.reachability[commit] { continue }
      removals[value] = commit
    }
  }

  /// What a tree has under a name; nil for nothing that leads to values.
  private func child(_ tree: UInt32, _ name: UInt32) -> UInt32? {
    let edges = graph.edges(tree)
    var low = edges.startIndex
    var high = edges.endIndex
    while low < high {
      let middle = (low + high) / 2
      if edges[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low < edges.endIndex && edges[low].name == name ? edges[low].child : nil
  }

  private func holds(_ set: ValueSetNumber, _ value: ValueNumber) -> Bool {
    let values = sets[Int(set)]
    return values.count < 8 ? values.contains(value) : values.containsSorted(value)
  }

  /// All values that a tree leads to.
  private mutating func values(under root: UInt32) -> Set<ValueNumber> {
    if let known = cache[root] { return known }
    var found: Set<ValueNumber> = []
    forEachBlob(under: root) { found.formUnion(sets[Int(blobValues[Int($0)])]) }
    if cache.count >= Attribution.maximumCachedTrees { cache.removeAll(keepingCapacity: true) }
    cache[root] = found
    return found
  }

  private func forEachBlob(under root: UInt32, _ body: (UInt32) -> Void) {
    var seen: Set<UInt32> = [root]
    var stack = [root]
    while let tree = stack.popLast() {
      for edge in graph.edges(tree) where seen.insert(edge.child).inserted {
        if blobValues[Int(edge.child)] == 0 { stack.append(edge.child) } else { body(edge.child) }
      }
    }
  }

  /// Notes what the trees of heads hold.
  mutating func noteHeads(_ roots: [UInt32]) {
    walkPaths(roots) { attribution, set, node, _ in
      for value in attribution.sets[Int(set)] { attribution.atHead.insert(ValuePlace(value: value, path: node)) }
    }
  }

  /// Notes what trees hold that refs name directly, without a commit.
  mutating func noteTree(_ root: UInt32, _ reachability: Reachability) {
    walkPaths([root]) { attribution, set, node, blob in
      for value in attribution.sets[Int(set)] {
        attribution.see(value, node, FirstSeen(blob: blob, commit: nil, reachability: reachability))
      }
    }
  }

  private mutating func walkPaths(
    _ roots: [UInt32], _ body: (inout Attribution, ValueSetNumber, UInt32, UInt32) -> Void
  ) {
    var seen: Set<UInt64> = []
    var stack = roots.filter { $0 != 0 && !graph.isEmpty($0) }.map { (tree: $0, path: PathTable.root) }
    var steps = 0
    while let (tree, path) = stack.popLast() {
      guard steps < Attribution.maximumSteps else {
        isCut = true
        return
      }
      guard seen.insert(UInt64(tree) << 32 | UInt64(path)).inserted else { continue }
      for edge in graph.edges(tree) {
        steps += 1
        let node = paths.node(path, edge.name)
        let set = blobValues[Int(edge.child)]
        if set == 0 { stack.append((edge.child, node)) } else { body(&self, set, node, edge.child) }
      }
    }
  }
}

extension Array where Element: Comparable {
  /// Whether a sorted array holds the element.
  func containsSorted(_ element: Element) -> Bool {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < element { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low] == element
  }
}
