// Finds what is encoded in a buffer and gives it to the matcher, again and again for encodings within encodings.
//
// Every run is judged on its own: what it leads to is a function of its bytes and of few bytes round it, and what may be
// decoded in it is bounded in proportion to its length. So a run that another buffer takes over unchanged leads to the
// same there, and no arrangement of encodings makes a buffer cost more than a few times its size.

public import Model

/// Decodes and matches one buffer after another; one for each thread.
public final class DecodingPass {
  /// Encodings within encodings that are followed.
  public static let maximumDepth = 5
  /// What decoding a run may make, in bytes: so many times its length, and the allowance on top.
  private static let growth = 4
  private static let allowance = 4_096

  let matcher: Matcher
  let known: KnownValues?
  /// Whether the run that is being followed has more in it than is followed.
  private var isCut = false
  private var budget = 0

  /// A pass that gives what it decodes to `matcher`, and looks for known values, encoded or not, if there are some: the
  /// matcher's program must then be ``KnownValues/program(with:)``.
  public init(_ matcher: Matcher, known: KnownValues? = nil) {
    self.matcher = matcher
    self.known = known
  }

  /// Everything that is encoded in `bytes`, and the known values.
  public func scan(_ bytes: Span<UInt8>) -> DecodedMatches {
    var matches = DecodedMatches(count: bytes.count)
    if let form = WideText.form(of: bytes) {
      matches.isWide = true
      follow(form.run(bytes), 0..<bytes.count, bytes, into: &matches)
    } else {
      forEachDigits(in: bytes, from: 0, to: bytes.count) { _ in
        true
      } _: { run, depends in
        follow(run, depends, bytes, into: &matches)
      }
      EscapeMarks.find(in: bytes, 0..<bytes.count, into: &matches.marks) { _ in true }
      forEachStretch(matches.marks, in: bytes) { _ in
        true
      } _: { run, depends in
        follow(run, depends, bytes, into: &matches)
      }
      drop(&matches)
    }
    addKnown(in: bytes, 0..<bytes.count, into: &matches) { _ in true }
    return matches
  }

  /// The same, for bytes of which `copies` says what they take over from the buffer that `parent` is about: only runs that
  /// a piece does not hold, with what they depend on, are decoded.
  ///
  /// - Parameter copies: ascending and without overlap in `bytes`, joined where one continues another.
  public func scan(_ bytes: Span<UInt8>, copies: [CopyRun], parent: DecodedMatches) -> DecodedMatches {
    guard parent.isComplete, WideText.form(of: bytes) == nil,
      let pieces = CopiedPieces(copies, parentCount: parent.count, count: bytes.count)
    else { return scan(bytes) }
    var matches = DecodedMatches(count: bytes.count)
    for record in parent.records {
      pieces.shifts(of: record.depends) { shift in
        let depends = record.depends.lowerBound + shift..<record.depends.upperBound + shift
        matches.records.append(.init(depends: depends, candidates: record.candidates.map { $0.shifted(by: shift) }))
      }
    }
    guard scanDigits(bytes, pieces, into: &matches) else { return scan(bytes) }
    takeMarks(parent.marks, pieces, bytes, into: &matches.marks)
    forEachStretch(matches.marks, in: bytes) {
      !pieces.hold($0)
    } _: { run, depends in
      follow(run, depends, bytes, into: &matches)
    }
    drop(&matches)
    if let known {
      pieces.forEachGap {
        $0.lowerBound - known.margin..<$0.upperBound + known.margin
      } _: { gap in
        addKnown(in: bytes, gap, into: &matches) { !pieces.hold($0) }
      }
    }
    return matches.isCut ? scan(bytes) : matches
  }

  /// Forgets marks that are too many to keep.
  private func drop(_ matches: inout DecodedMatches) {
    guard matches.marks.count > EscapeMarks.limit(matches.count) else { return }
    matches.marks = []
    matches.isDense = true
  }

  /// Runs of digits that no piece holds; false if the place where one begins is too far away to be worth it.
  private func scanDigits(_ bytes: Span<UInt8>, _ pieces: CopiedPieces, into matches: inout DecodedMatches) -> Bool {
    var done = 0
    var isWhole = true
    pieces.forEachGap { gap in
      guard isWhole else { return }
      var from = done
      if gap.lowerBound > done {
        guard let start = DigitRuns.start(before: gap.lowerBound, in: bytes) else {
          isWhole = false
          return
        }
        from = max(done, start.place)
      }
      done = forEachDigits(in: bytes, from: from, to: DigitRuns.stop(behind: gap.upperBound, in: bytes)) {
        !pieces.hold($0)
      } _: { run, depends in
        follow(run, depends, bytes, into: &matches)
      }
    }
    return isWhole
  }

  /// The parent's marks that a piece holds, and those that are found round the pieces' ends.
  private func takeMarks(
    _ marks: [EscapeMark], _ pieces: CopiedPieces, _ bytes: Span<UInt8>, into taken: inout [EscapeMark]
  ) {
    var next = 0
    pieces.forEachGap {
      EscapeMarks.places(dependingOn: $0, in: bytes)
    } _: { gap in
      while next < pieces.copies.count, pieces.copies[next].offset < gap.lowerBound {
        inherit(marks, pieces.copies[next], pieces, bytes, into: &taken)
        next += 1
      }
      EscapeMarks.find(in: bytes, gap, into: &taken) { !pieces.hold(EscapeMarks.depends($0, at: $0.place)) }
    }
    for copy in pieces.copies[next...] { inherit(marks, copy, pieces, bytes, into: &taken) }
  }

  private func inherit(
    _ marks: [EscapeMark], _ copy: CopyRun, _ pieces: CopiedPieces, _ bytes: Span<UInt8>,
    into taken: inout [EscapeMark]
  ) {
    if marks.isEmpty { return }
    let shift = copy.offset - copy.baseOffset
    var index = marks.partitioningIndex { $0.place >= copy.baseOffset }
    while index < marks.count, marks[index].place < copy.baseOffset + copy.count {
      var mark = marks[index]
      index += 1
      guard pieces.holds(copy, EscapeMarks.depends(mark, at: mark.place)) else { continue }
      if pieces.holds(copy, EscapeMarks.dependsWhole(mark, at: mark.place)) {
        mark.place += shift
      } else {
        mark = EscapeMarks.moved(mark, to: mark.place + shift, in: bytes)
      }
      taken.append(mark)
    }
  }

  private func follow(
    _ run: DecodedRun, _ depends: Range<Int>, _ bytes: Span<UInt8>, into matches: inout DecodedMatches
  ) {
    isCut = false
    budget = run.range.count * DecodingPass.growth + DecodingPass.allowance
    let found = candidates(in: run, of: bytes, depth: 1).filter { candidate in
      // What a report names must lead back to the value.
      candidate.decoders.isEmpty
        || Decoders.decode(bytes.extracting(candidate.secret), candidate.decoders) == candidate.decoded
    }
    if isCut { matches.isCut = true }
    if !found.isEmpty { matches.records.append(.init(depends: depends, candidates: found)) }
  }

  /// What the text of a run leads to, in terms of the bytes that the run was read from.
  private func candidates(in run: DecodedRun, of bytes: Span<UInt8>, depth: Int) -> [Candidate] {
    budget -= run.text.bytes.count
    guard budget >= 0 else {
      isCut = true
      return []
    }
    let text = run.text.bytes.span
    var inner: [Candidate] = []
    // A pattern that is stopped in a decoded run was made to be; the plain text says what there is to be said of rules.
    // Names beside values that stand in the original just the same are found there.
    if EscapeKind(run.decoder) != nil { matcher.detector.encoded = run.text }
    if !matcher.scan(text, into: &inner).stopped.isEmpty { isCut = true }
    matcher.detector.encoded = nil
    known?.search(text, 0..<text.count) { candidate, _ in inner.append(candidate) }
    forEachNested(in: run, of: bytes) { nested in
      if depth < DecodingPass.maximumDepth {
        inner += candidates(in: nested, of: text, depth: depth + 1)
      } else {
        isCut = true
      }
    }
    return inner.compactMap { DecodingPass.accept($0, in: run, of: bytes) }
  }

  /// Runs within the text of a run, as far as they do not stand in the original just the same.
  private func forEachNested(in run: DecodedRun, of bytes: Span<UInt8>, _ found: (DecodedRun) -> Void) {
    let text = run.text.bytes.span
    if run.isDigits, let form = WideText.form(of: text) { return found(form.run(text)) }
    forEachRun(in: text) { nested in
      let wide = max(0, nested.range.lowerBound - 1)..<min(text.count, nested.range.upperBound + 1)
      if run.isDigits || run.changes(wide, of: bytes) { found(nested) }
    }
  }

  /// Calls `found` with every run in `bytes`.
  private func forEachRun(in bytes: Span<UInt8>, _ found: (DecodedRun) -> Void) {
    forEachDigits(in: bytes, from: 0, to: bytes.count) { _ in
      true
    } _: { run, _ in
      found(run)
    }
    var marks: [EscapeMark] = []
    EscapeMarks.find(in: bytes, 0..<bytes.count, into: &marks) { _ in true }
    forEachStretch(marks, in: bytes) { _ in
      true
    } _: { run, _ in
      found(run)
    }
  }

  /// Calls `found` with every run of digits that begins in a part of `bytes`, is wanted for what it depends on and leads
  /// to text. Returns where the search ended.
  @discardableResult
  private func forEachDigits(
    in bytes: Span<UInt8>, from start: Int, to end: Int, where isWanted: (Range<Int>) -> Bool,
    _ found: (DecodedRun, Range<Int>) -> Void
  ) -> Int {
    let stop = DigitRuns.forEach(in: bytes, from: start, to: end) { digits in
      let (end, depends) = DigitRuns.extent(digits, in: bytes)
      guard isWanted(depends) else { return end }
      DigitRuns.forEachHex(digits, in: bytes) { range in
        if DigitRuns.mayBeHex(range, in: bytes) { DigitRuns.hex(range, in: bytes) { found($0, depends) } }
      }
      if end > digits.upperBound || DigitRuns.mayBeBase64(digits, in: bytes) {
        if let run = DigitRuns.base64(digits, in: bytes).run { found(run, depends) }
      }
      return end
    }
    matcher.statistics.decodedBytes += max(0, min(stop, bytes.count) - start)
    return stop
  }

  /// Calls `found` with every stretch round these marks that is wanted for what it depends on.
  private func forEachStretch(
    _ marks: [EscapeMark], in bytes: Span<UInt8>, where isWanted: (Range<Int>) -> Bool,
    _ found: (DecodedRun, Range<Int>) -> Void
  ) {
    EscapeStretches.forEach(marks) { stretch in
      let margin = EscapeStretches.margin
      let depends = stretch.chainStart - margin..<stretch.range.upperBound + margin
      if isWanted(depends) { found(stretch.run(bytes), depends) }
    }
  }

  private func addKnown(
    in bytes: Span<UInt8>, _ range: Range<Int>, into matches: inout DecodedMatches, where isWanted: (Range<Int>) -> Bool
  ) {
    known?.search(bytes, range) { candidate, depends in
      if isWanted(depends) { matches.records.append(.init(depends: depends, candidates: [candidate])) }
    }
  }
}

extension DecodingPass {
  /// The least that decoded text must hold to be taken for a text in which names stand beside values.
  private static let minimumContext = 24

  /// A candidate of a run's text in terms of the original; nil if it is too weak a claim for something that had to be
  /// decoded, or a look at less than there is.
  private static func accept(_ inner: Candidate, in run: DecodedRun, of bytes: Span<UInt8>) -> Candidate? {
    let text = run.text.bytes.span
    guard !inner.secret.isEmpty, !inner.match.isEmpty, inner.secret.upperBound <= text.count,
      !(run.isCutAtStart && inner.match.lowerBound == 0), !(run.isCutAtEnd && inner.match.upperBound == text.count)
    else { return nil }
    let changes = run.changes(inner.secret, of: bytes)
    guard
      run.decoder == .utf16 || run.decoder == .utf32 || inner.confidence >= .structure
        || inner.confidence == .context && changes && run.isContext && inner.isASCII(text)
    else { return nil }
    // A joint that is not in the value has nothing to do with it.
    if run.decoder == .concat && !changes { return nil }
    var candidate = inner
    candidate.secret = run.text.origin(of: inner.secret)
    candidate.match = run.text.origin(of: inner.match)
    guard candidate.secret.lowerBound >= 0, candidate.secret.upperBound <= bytes.count else { return nil }
    if changes {
      candidate.decoders = [run.decoder] + inner.decoders
      if inner.decoders.isEmpty { candidate.decoded = Array(run.text.bytes[inner.secret]) }
    }
    return candidate
  }
}

extension DecodedRun {
  var isDigits: Bool { decoder == .base64 || decoder == .hex }

  /// Whether a range of the text is written in another way in the original.
  func changes(_ range: Range<Int>, of bytes: Span<UInt8>) -> Bool {
    let origin = text.origin(of: range)
    guard origin.count == range.count, origin.upperBound <= bytes.count else { return true }
    return zip(origin, range).contains { bytes[$0] != text.bytes[$1] }
  }

  /// Whether names beside values count in the text: it is text altogether.
  fileprivate var isContext: Bool {
    !isDigits || text.bytes.count >= 24 && Octet.longestText(text.bytes.span) == text.bytes.count
  }
}

extension Candidate {
  /// Whether the secret, in these bytes, is visible ASCII.
  fileprivate func isASCII(_ bytes: Span<UInt8>) -> Bool {
    decoders.isEmpty
      ? secret.allSatisfy { (0x21...0x7e).contains(bytes[$0]) } : decoded.allSatisfy { (0x21...0x7e).contains($0) }
  }
}

extension WideText {
  /// The whole of a buffer, read.
  fileprivate func run(_ bytes: Span<UInt8>) -> DecodedRun {
    var text = DecodedText(capacity: bytes.count / width + bytes.count / 16)
    decode(mark..<bytes.count, in: bytes, into: &text)
    return DecodedRun(decoder: decoder, range: 0..<bytes.count, text: text)
  }
}

extension EscapeStretch {
  /// The stretch, read.
  fileprivate func run(_ bytes: Span<UInt8>) -> DecodedRun {
    var text = DecodedText(capacity: range.count)
    kind.decode(range, in: bytes, into: &text)
    var run = DecodedRun(decoder: kind.decoder, range: range, text: text)
    run.isCutAtStart = range.lowerBound > 0 && bytes[range.lowerBound - 1] != 0x0a
    run.isCutAtEnd = range.upperBound < bytes.count && bytes[range.upperBound] != 0x0a
    return run
  }
}
