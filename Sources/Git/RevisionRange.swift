// The commits that one set of revisions has and another lacks (`git rev-list HEADS --not BASES`), by random access: what
// a gate and a push hook look at. Works without a commit graph, on clocks that lie, and where history is cut off.

public import Model

/// One commit of a range.
public struct RangeCommit: Sendable {
  /// Its id.
  public var id: ObjectID
  /// Its root tree.
  public var tree: ObjectID
  /// Its parents, in order.
  public var parents: [ObjectID]
  /// Whether a parent is not in the object database: a shallow clone's boundary.
  public var isBoundary: Bool
  /// The parents' root trees, of those that could be read.
  public var parentTrees: [ObjectID]
}

/// Commits that the heads reach and the bases don't.
public struct RevisionRange: Sendable {
  /// More commits than this are not listed, and the range is said to be cut off.
  public static let maximumCommits = 1_000_000

  /// In no particular order.
  public private(set) var commits: [RangeCommit] = []
  /// Commits that are named but could not be read.
  public private(set) var failures: [ObjectFailure] = []
  /// Whether there were more commits than can be listed.
  public private(set) var isCutOff = false

  /// Walks from the heads and the bases at once, the youngest commit first, until all that is left is known to be reached
  /// from the bases.
  ///
  /// - Parameters:
  ///   - heads: commits whose history is wanted.
  ///   - bases: commits whose history is not.
  public init(heads: [ObjectID], excluding bases: [ObjectID], reader: StoreReader) {
    var walk = RangeWalk(reader: reader)
    for base in bases { walk.add(base, isExcluded: true) }
    for head in heads { walk.add(head, isExcluded: false) }
    walk.run(limit: RevisionRange.maximumCommits)
    isCutOff = walk.isCutOff
    failures = walk.failures
    for (id, node) in walk.nodes where !node.isExcluded {
      guard let tree = node.tree else { continue }
      let known = node.parents.map { walk.nodes[$0]?.tree ?? walk.tree(of: $0) }
      commits.append(
        RangeCommit(
          id: id, tree: tree, parents: node.parents, isBoundary: known.contains { $0 == nil },
          parentTrees: known.compactMap { $0 }))
    }
    commits.sort { $0.id < $1.id }
  }
}

private struct RangeWalk {
  struct Node {
    var tree: ObjectID?
    var parents: [ObjectID] = []
    var time: Int64 = 0
    var isExcluded = false
    var isDone = false
  }

  let reader: StoreReader
  var nodes: [ObjectID: Node] = [:]
  var failures: [ObjectFailure] = []
  var isCutOff = false
  private var queue = CommitQueue()
  /// Commits in the queue that are not known to be excluded.
  private var open = 0

  init(reader: StoreReader) { self.reader = reader }

  mutating func add(_ name: ObjectID, isExcluded: Bool) {
    if isKnown(name, isExcluded) { return }
    // A tag stands for its commit, which another name may have brought already.
    let (id, found) = read(name)
    if id != name, isKnown(id, isExcluded) { return }
    var node = found
    node.isExcluded = isExcluded
    nodes[id] = node
    guard node.tree != nil else { return }
    queue.push(time: node.time, id)
    if !isExcluded { open += 1 }
  }

  private mutating func isKnown(_ id: ObjectID, _ isExcluded: Bool) -> Bool {
    guard let known = nodes[id] else { return false }
    if isExcluded && !known.isExcluded { exclude(id) }
    return true
  }

  /// A commit that was thought to be wanted is not: neither is anything behind it that has been seen.
  private mutating func exclude(_ id: ObjectID) {
    var stack = [id]
    while let id = stack.popLast() {
      guard var node = nodes[id], !node.isExcluded else { continue }
      node.isExcluded = true
      nodes[id] = node
      if node.isDone { stack.append(contentsOf: node.parents) } else if node.tree != nil { open -= 1 }
    }
  }

  mutating func run(limit: Int) {
    // Dates may lie: when nothing open is left, a few more excluded commits are followed to see whether they reach back
    // to one that was taken for wanted. A whole walk would be exact; git goes on for a little, too.
    var patience = 64
    while let id = queue.pop() {
      guard var node = nodes[id], !node.isDone else { continue }
      if open == 0 {
        patience -= 1
        if patience < 0 { return }
      }
      node.isDone = true
      nodes[id] = node
      if !node.isExcluded { open -= 1 }
      for parent in node.parents { add(parent, isExcluded: node.isExcluded) }
      guard nodes.count <= limit else {
        isCutOff = true
        return
      }
    }
  }

  /// The root tree of a commit that the walk did not come to.
  func tree(of id: ObjectID) -> ObjectID? {
    do throws(ObjectFailure) {
      return try reader.read(id) { kind, bytes in kind == .commit ? CommitHeader(bytes)?.tree : nil }
    } catch { return nil }
  }

  /// The commit that the id is, or that the tag of that id leads to; one without a tree where there is none.
  private mutating func read(_ id: ObjectID) -> (ObjectID, Node) {
    var target = id
    // A tag may stand for a tag.
    for _ in 0..<16 {
      let current = target
      var next: ObjectID?
      do throws(ObjectFailure) {
        let node: Node? = try reader.read(current) { kind, bytes in
          if kind == .tag {
            next = TagHeader.target(bytes)
            return nil
          }
          guard kind == .commit, let header = CommitHeader(bytes) else { return nil }
          return Node(tree: header.tree, parents: header.parents, time: CommitTime.seconds(bytes))
        }
        if let node { return (current, node) }
      } catch {
        failures.append(error)
        return (id, Node())
      }
      guard let next else { return (id, Node()) }
      target = next
    }
    return (id, Node())
  }
}

/// When a commit was committed.
enum CommitTime {
  /// Seconds since 1970 of the `committer` line; 0 where there is none.
  static func seconds(_ bytes: Span<UInt8>) -> Int64 {
    let label = Array("\ncommitter ".utf8)
    var at = 0
    while at + label.count < bytes.count {
      if bytes[at] == 0x0a {
        if bytes[at + 1] == 0x0a { return 0 }
        if label.indices.allSatisfy({ bytes[at + $0] == label[$0] }) { return number(bytes, at + label.count) }
      }
      at += 1
    }
    return 0
  }

  /// The number behind the last `>` of the line.
  private static func number(_ bytes: Span<UInt8>, _ start: Int) -> Int64 {
    var end = start
    var close = start
    while end < bytes.count, bytes[end] != 0x0a {
      if bytes[end] == 0x3e { close = end }
      end += 1
    }
    var at = close + 2
    var value: Int64 = 0
    while at < end, (0x30...0x39).contains(bytes[at]), value < 1 << 50 {
      value = value * 10 + Int64(bytes[at] - 0x30)
      at += 1
    }
    return value
  }
}

/// Commits by date, the youngest first: a binary heap.
private struct CommitQueue {
  private var heap: [(time: Int64, id: ObjectID)] = []

  mutating func push(time: Int64, _ id: ObjectID) {
    heap.append((time, id))
    var at = heap.count - 1
    while at > 0, heap[(at - 1) / 2].time < heap[at].time {
      heap.swapAt(at, (at - 1) / 2)
      at = (at - 1) / 2
    }
  }

  mutating func pop() -> ObjectID? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if heap.isEmpty { return first.id }
    heap[0] = last
    var at = 0
    while true {
      var largest = at
      for child in [2 * at + 1, 2 * at + 2] where child < heap.count && heap[child].time > heap[largest].time {
        largest = child
      }
      if largest == at { return first.id }
      heap.swapAt(at, largest)
      at = largest
    }
  }
}
