// Joins the units of the escape encodings into the stretches of a buffer that are read: what stands round each unit,
// those that overlap as one.

internal import Model

/// A stretch to decode.
struct EscapeStretch {
  var kind: EscapeKind
  var range: Range<Int>
  /// Where the chain of stretches begins that overlap this one and each other.
  var chainStart: Int
}

/// Finds stretches.
struct EscapeStretches {
  /// What may change a stretch lies at most so many bytes before its chain, and behind it: a unit whose window would
  /// reach it.
  static let margin = 416
  /// A longer stretch is read in parts.
  static let maximumBytes = 1 << 16

  private struct Pending {
    var lower = 0
    var upper = -1
    var chainStart = 0
  }
  private var pending = [Pending](repeating: Pending(), count: EscapeKind.allCases.count)

  /// Calls `found` with the stretches round these marks, which are sorted by place.
  static func forEach(_ marks: [EscapeMark], _ found: (EscapeStretch) -> Void) {
    if marks.isEmpty { return }
    var stretches = EscapeStretches()
    for mark in marks { stretches.add(mark, found) }
    for kind in EscapeKind.allCases { stretches.close(kind.rawValue, found) }
  }

  private mutating func add(_ mark: EscapeMark, _ found: (EscapeStretch) -> Void) {
    let window = mark.window
    let kind = Int(mark.kind)
    let known = pending[kind]
    guard known.upper >= window.lowerBound else {
      close(kind, found)
      pending[kind] = Pending(
        lower: window.lowerBound, upper: window.upperBound, chainStart: window.lowerBound)
      return
    }
    pending[kind].upper = max(known.upper, window.upperBound)
    if window.upperBound - known.lower > EscapeStretches.maximumBytes {
      report(kind, known.lower..<window.upperBound, known.chainStart, found)
      // The next part begins with the last window of this one, so that nothing is cut through unseen.
      pending[kind].lower = max(known.lower + 1, window.lowerBound)
    }
  }

  private mutating func close(_ kind: Int, _ found: (EscapeStretch) -> Void) {
    let last = pending[kind]
    pending[kind] = Pending()
    if last.upper > last.lower { report(kind, last.lower..<last.upper, last.chainStart, found) }
  }

  private func report(_ kind: Int, _ range: Range<Int>, _ chainStart: Int, _ found: (EscapeStretch) -> Void) {
    if let kind = EscapeKind(rawValue: kind) {
      found(EscapeStretch(kind: kind, range: range, chainStart: chainStart))
    }
  }
}
