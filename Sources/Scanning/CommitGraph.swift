// Commits by number, how each is reached, and an order in which parents come before children.

internal import Git
internal import Model

/// The history's shape. Commits are numbered from 0 in the order of their ids.
struct CommitGraph: Sendable {
  /// Object numbers, in the order of the ids.
  private let numbers: [UInt32]
  private let objects: ObjectTable
  /// By object number: the commit's number, or -1.
  private let places: [Int32]
  /// Root trees by object number; 0 where the tree is not there.
  let trees: [UInt32]
  /// The ids of root trees that are not there.
  let absentTrees: [(commit: Int, tree: ObjectID)]
  private let parentStarts: [Int]
  private let parentNumbers: [Int32]
  /// Parents that are not there.
  let absentParents: [(commit: Int, parent: ObjectID)]
  /// How each commit is reached.
  private(set) var reachability: [Reachability]
  /// The length of the longest way to a commit without parents.
  private(set) var generations: [Int32]

  var count: Int { numbers.count }

  /// The commit's id.
  func id(_ commit: Int) -> ObjectID { objects.id(numbers[commit]) }

  /// The parents that are there, in order.
  func parents(_ commit: Int) -> ArraySlice<Int32> { parentNumbers[parentStarts[commit]..<parentStarts[commit + 1]] }

  /// The commit's number; nil if it is not there.
  func find(_ id: ObjectID) -> Int? {
    let number = objects.find(id)
    guard number != 0, Int(number) < places.count, places[Int(number)] >= 0 else { return nil }
    return Int(places[Int(number)])
  }

  init(_ links: CommitLinks, _ objects: ObjectTable) {
    self.objects = objects
    // A commit without a number is one of more objects than can be numbered.
    let known = (0..<links.count).filter { objects.find(links.id($0)) != 0 }
    let order = known.sorted { links.id($0) < links.id($1) }
    numbers = order.map { objects.find(links.id($0)) }
    var places = [Int32](repeating: -1, count: objects.count + 1)
    for (commit, number) in numbers.enumerated() { places[Int(number)] = Int32(commit) }
    var trees: [UInt32] = []
    var starts = [0]
    var parents: [Int32] = []
    var absent: [(commit: Int, parent: ObjectID)] = []
    var absentTrees: [(commit: Int, tree: ObjectID)] = []
    for (commit, index) in order.enumerated() {
      trees.append(objects.find(links.tree(index)))
      if trees[commit] == 0 { absentTrees.append((commit, links.tree(index))) }
      for number in 0..<links.parentCount(index) {
        let parent = links.parent(index, number)
        let place = places[Int(objects.find(parent))]
        if place >= 0 { parents.append(place) } else { absent.append((commit, parent)) }
      }
      starts.append(parents.count)
    }
    self.places = places
    self.trees = trees
    self.absentTrees = absentTrees
    parentStarts = starts
    parentNumbers = parents
    absentParents = absent
    reachability = Array(repeating: .dangling, count: order.count)
    generations = Array(repeating: 0, count: order.count)
    number()
  }

  /// Sets the generations. Commits on a cycle (of ids that lie) keep 0.
  private mutating func number() {
    var waiting = (0..<count).map { parentStarts[$0 + 1] - parentStarts[$0] }
    var childStarts = [Int](repeating: 0, count: count + 1)
    for parent in parentNumbers { childStarts[Int(parent) + 1] += 1 }
    for index in 0..<count { childStarts[index + 1] += childStarts[index] }
    var fill = childStarts
    var children = [Int32](repeating: 0, count: parentNumbers.count)
    for commit in 0..<count {
      for parent in parents(commit) {
        children[fill[Int(parent)]] = Int32(commit)
        fill[Int(parent)] += 1
      }
    }
    var ready = (0..<count).filter { waiting[$0] == 0 }
    while let commit = ready.popLast() {
      for child in children[childStarts[commit]..<childStarts[commit + 1]] {
        let child = Int(child)
        generations[child] = max(generations[child], generations[commit] + 1)
        waiting[child] -= 1
        if waiting[child] == 0 { ready.append(child) }
      }
    }
  }

  /// Labels everything that the roots reach; the best-known root comes first and keeps what it reaches.
  mutating func label(_ roots: [(commit: Int, reachability: Reachability)]) {
    for root in roots.sorted(by: { $0.reachability < $1.reachability }) where reachability[root.commit] == .dangling {
      reachability[root.commit] = root.reachability
      var stack = [root.commit]
      while let commit = stack.popLast() {
        for parent in parents(commit) where reachability[Int(parent)] == .dangling {
          reachability[Int(parent)] = root.reachability
          stack.append(Int(parent))
        }
      }
    }
  }

  /// Commits without parents that branches reach; what a repository's name is derived from.
  func rootIDs(_ boundary: Set<Int>) -> [ObjectID] {
    (0..<count).filter { parents($0).isEmpty && !boundary.contains($0) && reachability[$0].isBranch }.map { id($0) }
  }

  /// Commits one of whose parents is not there.
  var boundary: Set<Int> { Set(absentParents.map(\.commit)) }

  /// All commits, the best reached first, parents before children.
  func ordered() -> [Int] {
    (0..<count).sorted {
      (reachability[$0], generations[$0], $0) < (reachability[$1], generations[$1], $1)
    }
  }
}
