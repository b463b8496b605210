// The model: boosted trees over whole numbers, unpacked once from text that the training script wrote. It says how much
// more likely than not a claim is a credential, and which features said so.

internal import Model

/// Trees in one flat list: inner nodes are followed by their left child.
struct GenericModel: Sendable {
  static let shared = GenericModel(GenericWeights.bias, GenericWeights.trees)
  /// Scores are in 1/512 of a natural logarithm of odds.
  static let unit = 512

  private struct Node: Sendable {
    /// -1 in a leaf; with ``nearBit`` for what is measured of the lines round a claim's own.
    var feature: Int16
    var cut: Int16
    /// How much further on the right child is.
    var right: UInt16
    /// The sum that the node stands for; a leaf's is what counts.
    var value: Int16
  }

  private static let nearBit: Int16 = 1 << 13

  private let bias: Int
  private var nodes: [Node] = []
  /// By node: the least and the most that the leaves below it are worth.
  private var lows: [Int16] = []
  private var highs: [Int16] = []
  /// Those trees first that move a score most.
  private var roots: [Int] = []
  /// By place among the roots: the least and the most that the trees from there on are worth together.
  private var remainingLows: [Int] = []
  private var remainingHighs: [Int] = []

  /// Unpacks trees: six bits a character from '0'; an inner node is feature, cut and value (two characters each), a leaf
  /// the feature 4095 and its value. What is cut short or out of range ends the reading.
  init(_ bias: Int, _ text: StaticString) {
    self.bias = bias
    var at = 0
    func number() -> Int? {
      guard at + 1 < text.utf8CodeUnitCount else { return nil }
      let (high, low) = (Int(text.byte(at)) - 48, Int(text.byte(at + 1)) - 48)
      at += 2
      return (0..<64).contains(high) && (0..<64).contains(low) ? high << 6 | low : nil
    }
    /// Reads a subtree in its order; false where the text is spoilt.
    func subtree(_ depth: Int, into nodes: inout [Node]) -> Bool {
      guard depth < 32, let feature = number() else { return false }
      let index = nodes.count
      if feature == 4_095 {
        guard let value = number() else { return false }
        nodes.append(Node(feature: -1, cut: 0, right: 0, value: Int16(value - 2_048)))
        return true
      }
      guard feature < GenericLayout.count, let cut = number(), let value = number() else { return false }
      let bit = GenericLayout.isNear(feature) ? GenericModel.nearBit : 0
      nodes.append(Node(feature: Int16(feature) | bit, cut: Int16(cut), right: 0, value: Int16(value - 2_048)))
      guard subtree(depth + 1, into: &nodes), let right = UInt16(exactly: nodes.count - index) else { return false }
      nodes[index].right = right
      return subtree(depth + 1, into: &nodes)
    }
    while at < text.utf8CodeUnitCount {
      let root = nodes.count
      guard subtree(0, into: &nodes) else {
        nodes.removeSubrange(root...)
        break
      }
      roots.append(root)
    }
    order()
  }

  /// Works out what each tree is worth, and sorts them by it.
  private mutating func order() {
    lows = nodes.map(\.value)
    highs = lows
    for index in nodes.indices.reversed() where nodes[index].feature >= 0 {
      let (left, right) = (index + 1, index + Int(nodes[index].right))
      lows[index] = min(lows[left], lows[right])
      highs[index] = max(highs[left], highs[right])
    }
    roots.sort { left, right in
      let (a, b) = (Int(highs[left]) - Int(lows[left]), Int(highs[right]) - Int(lows[right]))
      return a != b ? a > b : left < right
    }
    (remainingLows, remainingHighs) = (Array(repeating: 0, count: roots.count), Array(repeating: 0, count: roots.count))
    var (low, high) = (0, 0)
    for place in roots.indices.reversed() {
      low += Int(lows[roots[place]])
      high += Int(highs[roots[place]])
      (remainingLows[place], remainingHighs[place]) = (low, high)
    }
  }

  /// How many trees were read.
  var treeCount: Int { roots.count }
  /// What a claim scores before any measure counts, and by the trees' own starting values.
  var base: Int { roots.reduce(bias) { $0 + Int(nodes[$1].value) } }

  /// The score of the measures: above 0, a credential is likelier than not.
  func score(_ vector: GenericVector) -> Int {
    roots.reduce(bias) { $0 + Int(nodes[walk(from: $1, vector)].value) }
  }

  /// Goes down a tree to a leaf; unless `isAll`, only to where something near is asked for.
  @inline(__always)
  private func walk(from root: Int, _ vector: GenericVector, isAll: Bool = true) -> Int {
    unsafe nodes.withUnsafeBufferPointer { nodes in
      unsafe vector.values.withUnsafeBufferPointer { values in
        // Every index was checked when the trees were read: of children, and of features.
        var at = root
        while true {
          let node = unsafe nodes[at]
          if node.feature < 0 || !isAll && node.feature & GenericModel.nearBit != 0 { return at }
          let value = unsafe values[Int(node.feature & ~GenericModel.nearBit)]
          at = value > node.cut ? at &+ Int(node.right) : at &+ 1
        }
      }
    }
  }

  /// The rank of the score, kept within `ranks`. Most claims are worth so little that few trees settle it; what stands near
  /// a claim is measured last, by `measureNear`, where without it the rank is open.
  func rank(
    _ vector: inout GenericVector, within ranks: ClosedRange<GenericRank>, measureNear: (inout GenericVector) -> Void
  ) -> GenericRank {
    var (low, high) = (bias, bias)
    var open: [Int] = []
    for place in roots.indices {
      if place & 7 == 0,
        let known = GenericRank.of(low + remainingLows[place], high + remainingHighs[place], within: ranks)
      {
        return known
      }
      let node = walk(from: roots[place], vector, isAll: false)
      low += Int(lows[node])
      high += Int(highs[node])
      if nodes[node].feature >= 0 { open.append(node) }
    }
    if let known = GenericRank.of(low, high, within: ranks) { return known }
    measureNear(&vector)
    for node in open {
      let leaf = Int(nodes[walk(from: node, vector)].value)
      low += leaf - Int(lows[node])
      high += leaf - Int(highs[node])
      if let known = GenericRank.of(low, high, within: ranks) { return known }
    }
    return ranks.lowerBound
  }

  /// The score again, by feature: what each step through each tree added, the strongest first. With ``base``, the parts
  /// add up to the score.
  func contributions(_ vector: GenericVector) -> [(feature: Int, score: Int)] {
    var sums: [Int: Int] = [:]
    for root in roots {
      var at = root
      while nodes[at].feature >= 0 {
        let feature = Int(nodes[at].feature & ~GenericModel.nearBit)
        let next = vector.values[feature] > nodes[at].cut ? at + Int(nodes[at].right) : at + 1
        sums[feature, default: 0] += Int(nodes[next].value) - Int(nodes[at].value)
        at = next
      }
    }
    return sums.map { ($0.key, $0.value) }.filter { $0.1 != 0 }.sorted { (abs($0.1), $1.0) > (abs($1.1), $0.0) }
  }
}

/// What a score is enough for.
enum GenericRank: Int, Comparable {
  case nothing, guess, context

  static func < (left: GenericRank, right: GenericRank) -> Bool { left.rawValue < right.rawValue }

  init(_ score: Int) {
    self = score >= GenericThreshold.context ? .context : score >= GenericThreshold.guess ? .guess : .nothing
  }

  var confidence: Confidence? {
    switch self {
    case .nothing: nil
    case .guess: .guess
    case .context: .context
    }
  }

  /// The rank of a score between two, within some; nil while it may be one or the other.
  static func of(_ low: Int, _ high: Int, within ranks: ClosedRange<GenericRank>) -> GenericRank? {
    let least = min(max(GenericRank(low), ranks.lowerBound), ranks.upperBound)
    let most = min(max(GenericRank(high), ranks.lowerBound), ranks.upperBound)
    return least == most ? least : nil
  }
}
