// What every match of a pattern begins with, read off the pattern where it is plain to see. A pattern whose matches all
// begin with one of its rule's literals is tried at the literal alone, not all over the window round it.

enum PatternHead {
  /// A beginning, folded to lower case.
  private struct Prefix: Hashable {
    var bytes: [UInt8] = []
    /// Whether what comes next in the pattern goes on with it.
    var isOpen = true
  }

  private static let maximumPrefixes = 96
  private static let maximumBytes = 64

  /// Whether every match of `pattern` begins, in some case, with one of `literals`.
  static func isLiteral(_ pattern: String, _ literals: [String]) -> Bool {
    var reader = Reader(bytes: Array(pattern.utf8))
    guard let prefixes = reader.alternatives(), reader.at == reader.bytes.count, !prefixes.isEmpty else { return false }
    let heads = literals.map { $0.utf8.map(lowered) }
    return prefixes.allSatisfy { prefix in heads.contains { prefix.bytes.starts(with: $0) } }
  }

  fileprivate static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

  /// Reads a pattern; nil wherever it meets something that it does not know.
  private struct Reader {
    var bytes: [UInt8]
    var at = 0

    private func peek(_ ahead: Int = 0) -> UInt8? { at + ahead < bytes.count ? bytes[at + ahead] : nil }
    private func begins(_ text: String) -> Bool { bytes[at...].starts(with: text.utf8) }

    /// Alternatives up to a closing parenthesis or the end.
    mutating func alternatives() -> Set<Prefix>? {
      var all: Set<Prefix> = []
      while true {
        guard let sequence = sequence() else { return nil }
        all.formUnion(sequence)
        guard all.count <= maximumPrefixes else { return nil }
        guard peek() == 0x7c else { return all }
        at += 1
      }
    }

    private mutating func sequence() -> Set<Prefix>? {
      var prefixes: Set<Prefix> = [Prefix()]
      while let byte = peek(), byte != 0x29, byte != 0x7c {
        guard var item = item() else { return nil }
        switch peek() {
        case 0x3f:
          at += 1
          item.insert(Prefix())
          skipQuantifier()
        case 0x2a, 0x2b, 0x7b:
          item = [Prefix(isOpen: false)]
          skipQuantifier()
        default: break
        }
        prefixes = PatternHead.join(prefixes, item)
        guard prefixes.count <= maximumPrefixes else { return nil }
      }
      return prefixes
    }

    /// What stands behind an item and says how often it does: `{3,5}`, and what makes it lazy or possessive.
    private mutating func skipQuantifier() {
      if peek() == 0x7b, let close = bytes[at...].firstIndex(of: 0x7d) { at = close + 1 }
      while let byte = peek(), byte == 0x2a || byte == 0x2b || byte == 0x3f { at += 1 }
    }

    private mutating func item() -> Set<Prefix>? {
      guard let byte = peek() else { return nil }
      switch byte {
      case 0x28: return group()
      case 0x5b: return characterClass()
      case 0x5c:
        guard let next = peek(1) else { return nil }
        at += 2
        if next == 0x62 || next == 0x42 { return [Prefix()] }
        let isPlain = !(0x30...0x39).contains(next) && !(0x61...0x7a).contains(next | 0x20)
        return [isPlain ? Prefix(bytes: [next]) : Prefix(isOpen: false)]
      case 0x2e, 0x5e, 0x24:
        at += 1
        return [Prefix(isOpen: false)]
      default:
        at += 1
        return [Prefix(bytes: [lowered(byte)])]
      }
    }

    private mutating func group() -> Set<Prefix>? {
      if ["(?=", "(?!", "(?<=", "(?<!"].contains(where: begins) { return skipGroup() ? [Prefix()] : nil }
      if begins("(?:") || begins("(?i:") {
        at = (bytes[at...].firstIndex(of: 0x3a) ?? at) + 1
      } else if peek(1) == 0x3f || peek(1) == 0x2a {
        return nil
      } else {
        at += 1
      }
      guard let inner = alternatives(), peek() == 0x29 else { return nil }
      at += 1
      return inner
    }

    /// Passes over a group and all in it.
    private mutating func skipGroup() -> Bool {
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

    private mutating func characterClass() -> Set<Prefix>? {
      at += 1
      let isNegated = peek() == 0x5e
      if isNegated { at += 1 }
      var members: Set<Prefix> = []
      var isPlain = !isNegated
      var isFirst = true
      while let byte = peek(), isFirst || byte != 0x5d {
        isFirst = false
        if byte == 0x5b, peek(1) == 0x3a { return nil }
        if byte == 0x5c {
          guard let next = peek(1) else { return nil }
          if (0x30...0x39).contains(next) || (0x61...0x7a).contains(next | 0x20) { isPlain = false }
          members.insert(Prefix(bytes: [next]))
          at += 2
        } else {
          members.insert(Prefix(bytes: [lowered(byte)]))
          at += 1
        }
        // A range, unless the hyphen is the first or the last.
        if peek() == 0x2d, let next = peek(1), next != 0x5d { isPlain = false }
      }
      guard peek() == 0x5d else { return nil }
      at += 1
      return isPlain && members.count <= 8 ? members : [Prefix(isOpen: false)]
    }
  }

  private static func join(_ prefixes: Set<Prefix>, _ items: Set<Prefix>) -> Set<Prefix> {
    if prefixes.allSatisfy({ !$0.isOpen }) { return prefixes }
    var joined: Set<Prefix> = []
    for prefix in prefixes {
      guard prefix.isOpen else {
        joined.insert(prefix)
        continue
      }
      for item in items {
        let bytes = prefix.bytes + item.bytes
        joined.insert(Prefix(bytes: bytes, isOpen: item.isOpen && bytes.count < maximumBytes))
      }
    }
    return joined
  }
}
