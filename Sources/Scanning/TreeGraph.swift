// Which tree leads to which, over all threads of the second walk; then only the part of it that leads to values.

internal import Git
internal import Model

/// The edges of trees, by object number.
struct TreeGraph: Sendable {
  /// By object number: where the object's edges lie. One more than there are objects.
  private var starts: [Int]
  private var edges: [TreeEdge]
  private(set) var names: NameTable

  /// The edges of one tree, sorted by name number once ``pruned(leads:)`` has made the graph.
  func edges(_ tree: UInt32) -> ArraySlice<TreeEdge> { edges[starts[Int(tree)]..<starts[Int(tree) + 1]] }

  /// Whether the tree leads anywhere.
  func isEmpty(_ tree: UInt32) -> Bool { starts[Int(tree)] == starts[Int(tree) + 1] }

  /// Joins what the threads found; `objectCount` is the number of objects.
  init(_ parts: [TreeEdges], objectCount: Int) {
    names = NameTable()
    starts = Array(repeating: 0, count: objectCount + 2)
    for part in parts { for tree in part.trees { starts[Int(tree.number) + 1] = Int(tree.count) } }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    edges = Array(repeating: TreeEdge(child: 0, name: 0), count: starts[objectCount + 1])
    for part in parts {
      let translated = (0..<UInt32(part.names.count)).map { number in
        let bytes = Array(part.names[number])
        return names.number(bytes.span, 0..<bytes.count)
      }
      for tree in part.trees {
        let place = starts[Int(tree.number)]
        for index in 0..<Int(tree.count) {
          let edge = part.edges[tree.start + index]
          edges[place + index] = TreeEdge(child: edge.child, name: translated[Int(edge.name)])
        }
      }
    }
  }

  private init(starts: [Int], edges: [TreeEdge], names: NameTable) {
    self.starts = starts
    self.edges = edges
    self.names = names
  }

  /// By object number, whether a tree leads to a blob that holds values. Edges that lead back to a tree on the way, which only
  /// ids that lie can make, are taken out, so that what is left has no circle.
  mutating func leadsToValues(_ blobValues: [ValueSetNumber]) -> [Bool] {
    // Depth first without recursion: trees may lie as deep as anybody likes. A tree that is under way counts as
    // leading nowhere, so that a cycle (of ids that lie) ends.
    var leads = blobValues.map { $0 != 0 }
    var isSeen = [Bool](repeating: false, count: leads.count)
    var isUnderWay = [Bool](repeating: false, count: leads.count)
    var stack: [(tree: Int, next: Int)] = []
    for start in 1..<max(1, leads.count) where !isSeen[start] && starts[start] < starts[start + 1] {
      isSeen[start] = true
      isUnderWay[start] = true
      stack.append((start, starts[start]))
      while let (tree, next) = stack.last {
        guard next < starts[tree + 1] else {
          stack.removeLast()
          isUnderWay[tree] = false
          if leads[tree], let above = stack.last { leads[above.tree] = true }
          continue
        }
        stack[stack.count - 1].next = next + 1
        let child = Int(edges[next].child)
        if isUnderWay[child] {
          // Number 0 is no object, and leads nowhere.
          edges[next].child = 0
          continue
        }
        if leads[child] { leads[tree] = true }
        if !isSeen[child], starts[child] < starts[child + 1] {
          isSeen[child] = true
          isUnderWay[child] = true
          stack.append((child, starts[child]))
        }
      }
    }
    return leads
  }

  /// The graph without what leads nowhere, the edges of each tree sorted by name number.
  func pruned(leads: [Bool]) -> TreeGraph {
    var kept: [TreeEdge] = []
    var places = [Int](repeating: 0, count: starts.count)
    for tree in 1..<max(1, starts.count - 1) {
      places[tree] = kept.count
      let own = edges[starts[tree]..<starts[tree + 1]].filter { leads[Int($0.child)] }
      kept.append(contentsOf: own.sorted { ($0.name, $0.child) < ($1.name, $1.child) })
    }
    places[starts.count - 1] = kept.count
    return TreeGraph(starts: places, edges: kept, names: names)
  }

  /// By object number, whether a tree is reached from one of `roots`.
  func reached(from roots: some Sequence<UInt32>) -> [Bool] {
    var isReached = [Bool](repeating: false, count: starts.count - 1)
    var stack: [UInt32] = []
    for root in roots where !isReached[Int(root)] {
      isReached[Int(root)] = true
      stack.append(root)
      while let tree = stack.popLast() {
        for edge in edges(tree) where !isReached[Int(edge.child)] {
          isReached[Int(edge.child)] = true
          stack.append(edge.child)
        }
      }
    }
    return isReached
  }
}

/// Paths as nodes: a parent's node and a name's number.
struct PathTable: Sendable {
  /// The repository's top.
  static let root: UInt32 = 0
  private var parents: [UInt32] = [0]
  private var names: [UInt32] = [0]
  private var known: [UInt64: UInt32] = [:]

  /// The node of `name` below `parent`.
  mutating func node(_ parent: UInt32, _ name: UInt32) -> UInt32 {
    let key = UInt64(parent) << 32 | UInt64(name)
    if let node = known[key] { return node }
    let node = UInt32(parents.count)
    parents.append(parent)
    names.append(name)
    known[key] = node
    return node
  }

  /// The path that a node stands for.
  func path(_ node: UInt32, _ table: NameTable) -> BytePath {
    var parts: [ArraySlice<UInt8>] = []
    var node = node
    while node != PathTable.root {
      parts.append(table[names[Int(node)]])
      node = parents[Int(node)]
    }
    return BytePath(Array(parts.reversed().joined(separator: [0x2f])))
  }
}
