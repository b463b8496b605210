// What every match of a pattern has somewhere, so that a window without it needs no trying.

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
    if isLookAround { return skipGroup() ? .some(nil) : nil }
    let outer = ignoresCase
    guard enterGroup(), let inner = requiredRun(), peek() == 0x29 else { return nil }
    ignoresCase = outer
    at += 1
    return .some(inner)
  }
}
