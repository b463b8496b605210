// Which tree leads to which, over all threads of the second walk; then only the part of it that leads to values.

internal import Git
internal import Model

/// What one thread found, or an earlier scan.
struct TreePart: Sendable {
  var names: NameTable
  var trees: [TreeVisitor.Tree]
  /// As in an ``EdgeList``.
  var pieces: [[TreeEdge]]

  init(_ visitor: TreeVisitor) {
    names = visitor.names
    trees = visitor.trees
    pieces = visitor.edges.pieces
  }

  init(_ kept: TreeEdges) {
    names = kept.names
    trees = kept.trees
    pieces = [kept.edges]
  }
}

/// The edges of trees, by object number.
struct TreeGraph: Sendable {
  /// By object number: where the object's edges lie, the piece above the place in it, and how many they are.
  private var starts: [Int]
  private var counts: [UInt32]
  private var pieces: [[TreeEdge]]
  private(set) var names: NameTable

  /// The edges of one tree, sorted by name number once ``pruned(leads:)`` has made the graph.
  func edges(_ tree: UInt32) -> ArraySlice<TreeEdge> {
    let count = Int(counts[Int(tree)])
    if count == 0 { return [] }
    let start = starts[Int(tree)]
    return pieces[start >> 32][start & 0xffff_ffff..<start & 0xffff_ffff + count]
  }

  /// Whether the tree leads anywhere.
  func isEmpty(_ tree: UInt32) -> Bool { counts[Int(tree)] == 0 }

  /// Joins what the threads found, whose edges are taken over where they are; `objectCount` is the number of objects.
  init(_ given: consuming [TreePart], objectCount: Int) {
    var parts = given
    names = NameTable()
    pieces = []
    starts = Array(repeating: 0, count: objectCount + 1)
    counts = Array(repeating: 0, count: objectCount + 1)
    parts.reverse()
    while var part = parts.popLast() {
      for tree in part.trees {
        starts[Int(tree.number)] = tree.start + pieces.count << 32
        counts[Int(tree.number)] = tree.count
      }
      if names.count == 0 {
        names = part.names
      } else {
        let translated = (0..<UInt32(part.names.count)).map { number in
          let bytes = Array(part.names[number])
          return names.number(bytes.span, 0..<bytes.count)
        }
        for piece in part.pieces.indices {
          for index in part.pieces[piece].indices {
            part.pieces[piece][index].name = translated[Int(part.pieces[piece][index].name)]
          }
        }
      }
      pieces += part.pieces
    }
  }

  private init(starts: [Int], counts: [UInt32], edges: [TreeEdge], names: NameTable) {
    self.starts = starts
    self.counts = counts
    self.pieces = [edges]
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
    for start in 1..<max(1, leads.count) where !isSeen[start] && counts[start] > 0 {
      isSeen[start] = true
      isUnderWay[start] = true
      stack.append((start, 0))
      while let (tree, next) = stack.last {
        guard next < Int(counts[tree]) else {
          stack.removeLast()
          isUnderWay[tree] = false
          if leads[tree], let above = stack.last { leads[above.tree] = true }
          continue
        }
        stack[stack.count - 1].next = next + 1
        let (piece, place) = (starts[tree] >> 32, starts[tree] & 0xffff_ffff + next)
        let child = Int(pieces[piece][place].child)
        if isUnderWay[child] {
          // Number 0 is no object, and leads nowhere.
          pieces[piece][place].child = 0
          continue
        }
        if leads[child] { leads[tree] = true }
        if !isSeen[child], counts[child] > 0 {
          isSeen[child] = true
          isUnderWay[child] = true
          stack.append((child, 0))
        }
      }
    }
    return leads
  }

  /// The graph without what leads nowhere, the edges of each tree sorted by name number.
  func pruned(leads: [Bool]) -> TreeGraph {
    var kept: [TreeEdge] = []
    var places = [Int](repeating: 0, count: counts.count)
    var sizes = [UInt32](repeating: 0, count: counts.count)
    for tree in 1..<max(1, counts.count) where counts[tree] > 0 {
      places[tree] = kept.count
      let own = edges(UInt32(tree)).filter { leads[Int($0.child)] }
      kept.append(contentsOf: own.sorted { ($0.name, $0.child) < ($1.name, $1.child) })
      sizes[tree] = UInt32(own.count)
    }
    return TreeGraph(starts: places, counts: sizes, edges: kept, names: names)
  }

  /// By object number, whether a tree is reached from one of `roots`.
  func reached(from roots: some Sequence<UInt32>) -> [Bool] {
    var isReached = [Bool](repeating: false, count: counts.count)
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
