// Reading a pattern as far as it is plain: classes, groups, quantifiers. Whoever reads gives up at whatever it does not know.

extension PatternHead {
  /// Reads a pattern; nil wherever it meets something that it does not know.
  struct Reader {
    var bytes: [UInt8]
    var at = 0
    var ignoresCase = false
    /// Whether nothing that is read can add to a prefix.
    private var isBlind = false

    init(bytes: [UInt8]) { self.bytes = bytes }

    func peek(_ ahead: Int = 0) -> UInt8? { at + ahead < bytes.count ? bytes[at + ahead] : nil }
    func begins(_ text: String) -> Bool { bytes[at...].starts(with: text.utf8) }

    /// Alternatives up to a closing parenthesis or the end.
    mutating func alternatives() -> [Prefix]? {
      var all: [Prefix] = []
      while true {
        guard let sequence = sequence() else { return nil }
        PatternHead.formUnion(&all, sequence)
        guard all.count <= PatternHead.maximumPrefixes else { return nil }
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
          let shorter = prefixes
          PatternHead.join(&prefixes, most == 1 ? PatternHead.optional(item) : .anything)
          if prefixes.count > PatternHead.maximumPrefixes {
            prefixes = shorter
            PatternHead.join(&prefixes, .anything)
          }
        } else {
          for _ in 0..<min(least, PatternHead.maximumBytes) { PatternHead.join(&prefixes, item) }
          if most != least { PatternHead.join(&prefixes, .anything) }
        }
        guard prefixes.count <= PatternHead.maximumPrefixes else { return nil }
        // Whatever follows adds nothing: it is read only to see that it is understood.
        isBlind = !prefixes.contains { $0.isOpen }
      }
      return prefixes
    }

    /// How often the item before may stand: `{3,5}`, `?`, and what makes it lazy or possessive.
    mutating func quantifier() -> (least: Int, most: Int)? {
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
    static func escape(_ byte: UInt8) -> ByteSet? {
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
      if isLookAround { return skipGroup() ? .nothing : nil }
      let outer = ignoresCase
      guard enterGroup(), let inner = alternatives(), peek() == 0x29 else { return nil }
      ignoresCase = outer
      at += 1
      return .oneOf(inner)
    }

    /// Whether a group begins here that takes no bytes.
    var isLookAround: Bool { ["(?=", "(?!", "(?<=", "(?<!"].contains(where: begins) }

    /// Steps behind the opening of a group, whose case may be its own; false for a kind that is not understood.
    mutating func enterGroup() -> Bool {
      if begins("(?:") || begins("(?i:") {
        if begins("(?i:") { ignoresCase = true }
        at = (bytes[at...].firstIndex(of: 0x3a) ?? at) + 1
        return true
      }
      if peek(1) == 0x3f || peek(1) == 0x2a { return false }
      at += 1
      return true
    }

    /// Passes over a group and all in it.
    mutating func skipGroup() -> Bool {
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

    mutating func characterClass() -> ByteSet? {
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
}
