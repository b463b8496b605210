// The model: boosted trees over whole numbers, unpacked once from text that the training script wrote. It says how much
// more likely than not a claim is a credential, and which features said so.

/// Trees in one flat list: inner nodes are followed by their left child.
struct GenericModel: Sendable {
  static let shared = GenericModel(GenericWeights.bias, GenericWeights.trees)
  /// Scores are in 1/512 of a natural logarithm of odds.
  static let unit = 512

  private struct Node: Sendable {
    /// -1 in a leaf.
    var feature: Int16
    var cut: Int16
    var right: Int32
    /// The sum that the node stands for; a leaf's is what counts.
    var value: Int16
  }

  private let bias: Int
  private var nodes: [Node] = []
  private var roots: [Int] = []

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
      nodes.append(Node(feature: Int16(feature), cut: Int16(cut), right: 0, value: Int16(value - 2_048)))
      guard subtree(depth + 1, into: &nodes) else { return false }
      nodes[index].right = Int32(nodes.count)
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
  }

  /// How many trees were read.
  var treeCount: Int { roots.count }
  /// What a claim scores before any measure counts, and by the trees' own starting values.
  var base: Int { roots.reduce(bias) { $0 + Int(nodes[$1].value) } }

  /// The score of the measures: above 0, a credential is likelier than not.
  func score(_ vector: GenericVector) -> Int {
    var sum = bias
    for root in roots {
      var at = root
      while nodes[at].feature >= 0 {
        at = vector.values[Int(nodes[at].feature)] > nodes[at].cut ? Int(nodes[at].right) : at + 1
      }
      sum += Int(nodes[at].value)
    }
    return sum
  }

  /// The score again, by feature: what each step through each tree added, the strongest first. With ``base``, the parts
  /// add up to the score.
  func contributions(_ vector: GenericVector) -> [(feature: Int, score: Int)] {
    var sums: [Int: Int] = [:]
    for root in roots {
      var at = root
      while nodes[at].feature >= 0 {
        let feature = Int(nodes[at].feature)
        let next = vector.values[feature] > nodes[at].cut ? Int(nodes[at].right) : at + 1
        sums[feature, default: 0] += Int(nodes[next].value) - Int(nodes[at].value)
        at = next
      }
    }
    return sums.map { ($0.key, $0.value) }.filter { $0.1 != 0 }.sorted { (abs($0.1), $1.0) > (abs($1.1), $0.0) }
  }
}
