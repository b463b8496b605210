// What every match of a pattern begins with, read off the pattern where it is plain to see. A pattern whose matches all
// begin with one of its rule's literals is tried at the literal alone, not all over the window round it; and where the
// classes of the bytes behind the literal are plain, too, a literal that other bytes follow is none.

struct PatternHead {
  /// The sets of the bytes that a match begins with.
  fileprivate struct Prefix: Equatable {
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
  fileprivate enum Item {
    case nothing
    case set(ByteSet)
    case anything
    case oneOf([Prefix])
  }

  private static let maximumPrefixes = 64
  private static let maximumBytes = 48

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

  /// Reads a pattern; nil wherever it meets something that it does not know.
  fileprivate struct Reader {
    var bytes: [UInt8]
    var at = 0
    fileprivate var ignoresCase = false
    /// Whether nothing that is read can add to a prefix.
    private var isBlind = false

    init(bytes: [UInt8]) { self.bytes = bytes }

    fileprivate func peek(_ ahead: Int = 0) -> UInt8? { at + ahead < bytes.count ? bytes[at + ahead] : nil }
    fileprivate func begins(_ text: String) -> Bool { bytes[at...].starts(with: text.utf8) }

    /// Alternatives up to a closing parenthesis or the end.
    mutating func alternatives() -> [Prefix]? {
      var all: [Prefix] = []
      while true {
        guard let sequence = sequence() else { return nil }
        PatternHead.formUnion(&all, sequence)
        guard all.count <= maximumPrefixes else { return nil }
        guard peek() == 0x7c else { return all }
        at += 1
      }
    }

    private mutating func sequence() -> [Prefix]? {
      var prefixes = isBlind ? [] : [Prefix()]
      let outer = isBlind
      defer { isBlind = outer }
      while let byte = peek(), byte != 0x29, byte != 0x7c {
        guard let item = item(), let (least, most) = quantifier() else { return nil }
        if isBlind { continue }
        if least == 0 {
          PatternHead.join(&prefixes, most == 1 ? PatternHead.optional(item) : .anything)
        } else {
          for _ in 0..<min(least, maximumBytes) { PatternHead.join(&prefixes, item) }
          if most != least { PatternHead.join(&prefixes, .anything) }
        }
        guard prefixes.count <= maximumPrefixes else { return nil }
        // Whatever follows adds nothing: it is read only to see that it is understood.
        isBlind = !prefixes.contains { $0.isOpen }
      }
      return prefixes
    }

    /// How often the item before may stand: `{3,5}`, `?`, and what makes it lazy or possessive.
    fileprivate mutating func quantifier() -> (least: Int, most: Int)? {
      var result = (1, 1)
      switch peek() {
      case 0x3f: result = (0, 1)
      case 0x2a: result = (0, .max)
      case 0x2b: result = (1, .max)
      case 0x7b:
        guard let close = bytes[at...].firstIndex(of: 0x7d) else { return nil }
        let bounds = bytes[at + 1..<close].split(separator: 0x2c, omittingEmptySubsequences: false)
          .map { Int(String(decoding: $0, as: UTF8.self)) }
        guard let least = bounds[0], least >= 0, bounds.count <= 2 else { return nil }
        result = (least, bounds.count == 1 ? least : bounds[1] ?? .max)
        at = close
      default: return result
      }
      at += 1
      if peek() == 0x3f || peek() == 0x2b { at += 1 }
      return result
    }

    private mutating func item() -> Item? {
      guard let byte = peek() else { return nil }
      switch byte {
      case 0x28: return group()
      case 0x5b: return characterClass().map { .set(ignoresCase ? $0.anyCase : $0) }
      case 0x5c:
        guard let next = peek(1) else { return nil }
        at += 2
        if next == 0x62 || next == 0x42 { return .nothing }
        return Reader.escape(next).map { .set($0) } ?? .anything
      case 0x2e:
        at += 1
        return .set(ByteSet([0x0a]).complement)
      case 0x5e, 0x24:
        at += 1
        return .anything
      default:
        at += 1
        var set = ByteSet()
        set.insert(byte)
        return .set(ignoresCase ? set.anyCase : set)
      }
    }

    /// What `\x` stands for; nil for what is no plain set.
    fileprivate static func escape(_ byte: UInt8) -> ByteSet? {
      switch byte {
      case 0x64: return .digits
      case 0x77: return .word
      case 0x73: return .space
      case 0x6e: return ByteSet([0x0a])
      case 0x72: return ByteSet([0x0d])
      case 0x74: return ByteSet([0x09])
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: return nil
      default: return ByteSet([byte])
      }
    }

    private mutating func group() -> Item? {
      if ["(?=", "(?!", "(?<=", "(?<!"].contains(where: begins) { return skipGroup() ? .nothing : nil }
      let outer = ignoresCase
      if begins("(?:") || begins("(?i:") {
        if begins("(?i:") { ignoresCase = true }
        at = (bytes[at...].firstIndex(of: 0x3a) ?? at) + 1
      } else if peek(1) == 0x3f || peek(1) == 0x2a {
        return nil
      } else {
        at += 1
      }
      guard let inner = alternatives(), peek() == 0x29 else { return nil }
      ignoresCase = outer
      at += 1
      return .oneOf(inner)
    }

    /// Passes over a group and all in it.
    fileprivate mutating func skipGroup() -> Bool {
      var depth = 0
      while let byte = peek() {
        switch byte {
        case 0x5c: at += 1
        case 0x5b:
          guard characterClass() != nil else { return false }
          continue
        case 0x28: depth += 1
        case 0x29: depth -= 1
        default: break
        }
        at += 1
        if depth == 0 { return true }
      }
      return false
    }

    fileprivate mutating func characterClass() -> ByteSet? {
      at += 1
      let isNegated = peek() == 0x5e
      if isNegated { at += 1 }
      var set = ByteSet()
      var isFirst = true
      while let byte = peek(), isFirst || byte != 0x5d {
        isFirst = false
        if byte == 0x5b, peek(1) == 0x3a { return nil }
        guard let member = member() else { return nil }
        guard peek() == 0x2d, let next = peek(1), next != 0x5d else {
          set.formUnion(member.set)
          continue
        }
        at += 1
        guard let low = member.byte, let high = self.member()?.byte, low <= high else { return nil }
        set.formUnion(ByteSet(low...high))
      }
      guard peek() == 0x5d else { return nil }
      at += 1
      return isNegated ? set.complement : set
    }

    /// One member of a class, as a set and, where it is one byte, that byte.
    private mutating func member() -> (set: ByteSet, byte: UInt8?)? {
      guard let byte = peek() else { return nil }
      guard byte == 0x5c else {
        at += 1
        return (ByteSet([byte]), byte)
      }
      guard let next = peek(1), let set = Reader.escape(next) else { return nil }
      at += 2
      let isPlain = !(0x61...0x7a).contains(next)
      return (set, isPlain ? next : nil)
    }
  }

  /// Adds those that are not there yet.
  private static func formUnion(_ all: inout [Prefix], _ more: [Prefix]) {
    if all.isEmpty {
      all = more
      return
    }
    for prefix in more where !all.contains(prefix) { all.append(prefix) }
  }

  private static func optional(_ item: Item) -> Item {
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
  private static func join(_ prefixes: inout [Prefix], _ item: Item) {
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

// MARK: Runs

/// Bytes of one class that stand side by side in every match of a pattern.
struct PatternRun: Sendable {
  var set: ByteSet
  var count: Int

  /// The longest that the pattern shows plainly; nil where none is worth looking for.
  init?(_ pattern: String) {
    var reader = PatternHead.Reader(bytes: Array(pattern.utf8))
    guard let run = reader.requiredRun(), reader.at == reader.bytes.count, let run else { return nil }
    self = run
  }

  fileprivate init(_ set: ByteSet, _ count: Int) {
    self.set = set
    self.count = count
  }

  /// Whether there is one in a range, of which few bytes are looked at where there is none.
  func stands(in bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var at = range.lowerBound
    while at + count <= range.upperBound {
      var probe = at + count - 1
      while probe >= at, set.contains(bytes[probe]) { probe -= 1 }
      if probe < at { return true }
      at = probe + 1
    }
    return false
  }
}

extension PatternHead.Reader {
  /// The shortest run that is worth looking for.
  private static let minimumRun = 8

  /// The longest run that every match of the alternatives up to a closing parenthesis or the end has, which may be none;
  /// nil where there is something that this does not know.
  fileprivate mutating func requiredRun() -> PatternRun?? {
    var best: PatternRun?
    var hasAlternatives = false
    while let byte = peek(), byte != 0x29 {
      if byte == 0x7c {
        hasAlternatives = true
        at += 1
        continue
      }
      guard let found = requiredItem(byte), let (least, _) = quantifier() else { return nil }
      guard least > 0, var run = found else { continue }
      run.count *= run.count == 1 ? min(least, PatternHead.Reader.longestRun) : 1
      if run.count >= PatternHead.Reader.minimumRun, run.count > best?.count ?? 0 { best = run }
    }
    return .some(hasAlternatives ? nil : best)
  }

  /// Longer runs are not looked for.
  private static let longestRun = 1_000

  /// The set of one item as a run of one, or the run of a group.
  private mutating func requiredItem(_ byte: UInt8) -> PatternRun?? {
    var set: ByteSet?
    switch byte {
    case 0x28: return requiredGroup()
    case 0x5b:
      guard let members = characterClass() else { return nil }
      set = members
    case 0x5c:
      guard let next = peek(1) else { return nil }
      at += 2
      if next == 0x62 || next == 0x42 { return .some(nil) }
      guard let members = PatternHead.Reader.escape(next) else { return nil }
      set = members
    case 0x2e, 0x5e, 0x24: at += 1
    default:
      at += 1
      set = ByteSet([byte])
    }
    return .some(set.map { PatternRun(ignoresCase ? $0.anyCase : $0, 1) })
  }

  private mutating func requiredGroup() -> PatternRun?? {
    if ["(?=", "(?!", "(?<=", "(?<!"].contains(where: begins) { return skipGroup() ? .some(nil) : nil }
    let outer = ignoresCase
    if begins("(?:") || begins("(?i:") {
      if begins("(?i:") { ignoresCase = true }
      at = (bytes[at...].firstIndex(of: 0x3a) ?? at) + 1
    } else if peek(1) == 0x3f || peek(1) == 0x2a {
      return nil
    } else {
      at += 1
    }
    guard let inner = requiredRun(), peek() == 0x29 else { return nil }
    ignoresCase = outer
    at += 1
    return .some(inner)
  }
}
