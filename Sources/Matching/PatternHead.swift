// What every match of a pattern begins with, read off the pattern where it is plain to see. A pattern whose matches all
// begin with one of its rule's literals is tried at the literal alone, not all over the window round it; and where the
// classes of the bytes behind the literal are plain, too, a literal that other bytes follow is none.

struct PatternHead {
  /// The sets of the bytes that a match begins with.
  struct Prefix: Equatable {
    var sets: [ByteSet] = []
    /// Whether what comes next in the pattern goes on with it.
    var isOpen = true
    static let closed = Prefix(isOpen: false)

    mutating func append(_ set: ByteSet) {
      guard isOpen else { return }
      sets.append(set)
      isOpen = sets.count < PatternHead.maximumBytes
    }
  }

  /// What one item of a pattern may be.
  enum Item {
    case nothing
    case set(ByteSet)
    case anything
    case oneOf([Prefix])
  }

  static let maximumPrefixes = 96
  static let maximumBytes = 48

  private let prefixes: [Prefix]

  /// Nil for a pattern that this does not understand.
  init?(_ pattern: String) {
    var reader = Reader(bytes: Array(pattern.utf8))
    guard let all = reader.alternatives(), reader.at == reader.bytes.count, !all.isEmpty else { return nil }
    prefixes = all
  }

  /// Whether every match begins with one of the literals.
  func beginsWith(oneOf literals: [[UInt8]], ignoresCase: Bool) -> Bool {
    // A pattern may take more spellings than its rule lists: those that it does not list are not looked for.
    let heads = literals.map { literal in literal.map { ByteSet([$0]).anyCase } }
    return prefixes.allSatisfy { prefix in
      heads.contains { head in
        head.count <= prefix.sets.count && head.indices.allSatisfy { prefix.sets[$0].isSubset(of: head[$0]) }
      }
    }
  }

  /// For a pattern that begins with one of the literals: the sets that the bytes behind this one must belong to, as far
  /// as they are known, at most `limit` of them.
  func sets(behind literal: [UInt8], limit: Int) -> [ByteSet] {
    let own = prefixes.filter { prefix in
      literal.indices.allSatisfy { $0 >= prefix.sets.count || prefix.sets[$0].anyCase.contains(literal[$0]) }
    }
    let known = own.map(\.sets.count).min() ?? 0
    guard known > literal.count else { return [] }
    return (literal.count..<min(known, literal.count + max(0, limit))).map { place in
      own.reduce(into: ByteSet()) { $0.formUnion($1.sets[place]) }
    }
  }

  /// Adds those that are not there yet.
  static func formUnion(_ all: inout [Prefix], _ more: [Prefix]) {
    if all.isEmpty {
      all = more
      return
    }
    for prefix in more where !all.contains(prefix) { all.append(prefix) }
  }

  static func optional(_ item: Item) -> Item {
    var prefixes = [Prefix()]
    switch item {
    case .nothing: return .nothing
    case .set(let set): prefixes.append(Prefix(sets: [set]))
    case .anything: prefixes.append(.closed)
    case .oneOf(let inner): formUnion(&prefixes, inner)
    }
    return .oneOf(prefixes)
  }

  /// Goes on with every open prefix.
  static func join(_ prefixes: inout [Prefix], _ item: Item) {
    switch item {
    case .nothing: break
    case .set(let set): for index in prefixes.indices { prefixes[index].append(set) }
    case .anything:
      for index in prefixes.indices { prefixes[index].isOpen = false }
      prefixes = distinct(prefixes)
    case .oneOf(let items):
      var joined: [Prefix] = []
      for prefix in prefixes {
        guard prefix.isOpen else {
          joined.append(prefix)
          continue
        }
        for item in items {
          var longer = prefix
          for set in item.sets { longer.append(set) }
          longer.isOpen = longer.isOpen && item.isOpen
          joined.append(longer)
        }
      }
      prefixes = distinct(joined)
    }
  }

  private static func distinct(_ prefixes: [Prefix]) -> [Prefix] {
    if prefixes.count < 2 { return prefixes }
    var distinct: [Prefix] = []
    // What is more than can be kept is given up anyway.
    for prefix in prefixes where distinct.count <= maximumPrefixes && !distinct.contains(prefix) {
      distinct.append(prefix)
    }
    return distinct
  }
}
