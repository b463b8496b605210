// What stands encoded in a buffer; and what of it a buffer takes over that is made of pieces of this one.

public import Model

/// What stands encoded in a buffer.
public struct DecodedMatches: Sendable {
  /// What one run led to.
  struct Record: Sendable {
    /// The bytes that this is a function of; may reach beyond the buffer's ends.
    var depends: Range<Int>
    var candidates: [Candidate]
  }

  /// Only runs that led to something.
  var records: [Record] = []
  /// Every place where a unit of an escape encoding is worth reading, by place.
  var marks: [EscapeMark] = []
  /// The buffer's size in bytes.
  let count: Int
  /// Whether the buffer was read as a whole, in units of several bytes.
  var isWide = false
  /// Whether something is encoded deeper, or is larger, than is followed.
  public internal(set) var isCut = false

  init(count: Int) { self.count = count }

  /// Everything that was found, each once, by place. Spans are those of the buffer.
  public var candidates: [Candidate] {
    if records.isEmpty { return [] }
    var seen: Set<Candidate> = []
    return records.flatMap(\.candidates).filter { seen.insert($0).inserted }.sorted { left, right in
      let (a, b) = (left.secret, right.secret)
      return (a.lowerBound, a.upperBound, left.rule) < (b.lowerBound, b.upperBound, right.rule)
    }
  }

  /// Whether nothing was found and nothing was left out.
  public var isEmpty: Bool { records.isEmpty && !isCut }

  /// Whether there were too many marks to keep.
  var isDense = false

  /// Whether a buffer that is made of pieces of this one may take over what was found.
  public var isComplete: Bool { !isWide && !isCut && !isDense }

  /// About how much memory this takes, in bytes.
  public var cost: Int {
    records.reduce(marks.count * MemoryLayout<EscapeMark>.stride) { $0 + 64 + $1.candidates.count * 160 }
  }
}

/// The pieces that a buffer takes over from another one.
struct CopiedPieces {
  let copies: [CopyRun]
  private let parentCount: Int
  private let count: Int

  /// Nil if the pieces are not ascending, apart, and inside both buffers.
  init?(_ copies: [CopyRun], parentCount: Int, count: Int) {
    var end = 0
    for copy in copies {
      guard copy.offset >= end, copy.count > 0, copy.count <= count - copy.offset, copy.baseOffset >= 0,
        copy.count <= parentCount - copy.baseOffset
      else { return nil }
      end = copy.offset + copy.count
    }
    self.copies = copies
    self.parentCount = parentCount
    self.count = count
  }

  /// Calls `found` with what lies between the pieces, empty gaps included.
  func forEachGap(_ found: (Range<Int>) -> Void) {
    for index in 0...copies.count {
      let start = index == 0 ? 0 : copies[index - 1].offset + copies[index - 1].count
      let end = index < copies.count ? copies[index].offset : count
      // At a buffer's end that both have nothing is new.
      if start == end, index == 0, index < copies.count, copies[index].baseOffset == 0 { continue }
      if start == end, index == copies.count, index > 0, endsBoth(copies[index - 1]) { continue }
      found(start..<end)
    }
  }

  /// The same, with what `widen` makes of each; those that then overlap are one.
  func forEachGap(_ widen: (Range<Int>) -> Range<Int>, _ found: (Range<Int>) -> Void) {
    var pending: Range<Int>?
    forEachGap { gap in
      let wide = widen(gap).clamped(to: 0..<count)
      if let last = pending, wide.lowerBound > last.upperBound {
        found(last)
        pending = wide
      } else {
        pending =
          min(
            pending?.lowerBound ?? wide.lowerBound, wide.lowerBound)..<max(
            pending?.upperBound ?? 0, wide.upperBound)
      }
    }
    if let pending { found(pending) }
  }

  /// Whether one piece holds these bytes of the buffer; over an end that both buffers share they may reach.
  func hold(_ range: Range<Int>) -> Bool {
    // The last piece that begins at or before the range.
    let next = copies.partitioningIndex { $0.offset > max(0, range.lowerBound) }
    guard next > 0 else { return false }
    let copy = copies[next - 1]
    return (range.lowerBound >= 0 || copy.offset == 0 && copy.baseOffset == 0)
      && (range.upperBound <= copy.offset + copy.count || endsBoth(copy)) && range.overlaps(copy.range)
  }

  /// Calls `found` with the shift of every piece that holds these bytes of the parent.
  func shifts(of range: Range<Int>, _ found: (Int) -> Void) {
    for copy in copies where holds(copy, range) { found(copy.offset - copy.baseOffset) }
  }

  /// Whether a piece holds these bytes of the parent.
  func holds(_ copy: CopyRun, _ range: Range<Int>) -> Bool {
    let end = copy.baseOffset + copy.count
    return (range.lowerBound >= copy.baseOffset || copy.offset == 0 && copy.baseOffset == 0)
      && (range.upperBound <= end || endsBoth(copy)) && range.overlaps(copy.baseOffset..<end)
  }

  private func endsBoth(_ copy: CopyRun) -> Bool {
    copy.offset + copy.count == count && copy.baseOffset + copy.count == parentCount
  }
}

extension Candidate {
  /// The same candidate that many bytes further on.
  func shifted(by shift: Int) -> Candidate {
    if shift == 0 { return self }
    var candidate = self
    candidate.secret = secret.lowerBound + shift..<secret.upperBound + shift
    candidate.match = match.lowerBound + shift..<match.upperBound + shift
    return candidate
  }
}
