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
  /// What may change a run of digits lies at most so many bytes before it or behind: the wrapped line next to it.
  private static let digitMargin = 192

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
      forEachRun(in: bytes, 0..<bytes.count) { run, depends in follow(run, depends, bytes, into: &matches) }
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
    var done = 0
    for gap in pieces.gaps(margin: EscapeStretches.unitMargin) {
      guard let start = quietPlace(before: gap.lowerBound, in: bytes) else { return scan(bytes) }
      let part = max(done, start)..<max(done, start, gap.upperBound)
      done = part.upperBound
      forEachRun(in: bytes, part) { run, depends in
        if !pieces.hold(depends) { follow(run, depends, bytes, into: &matches) }
      }
    }
    if let known {
      for gap in pieces.gaps(margin: known.margin) {
        addKnown(in: bytes, gap, into: &matches) { !pieces.hold($0) }
      }
    }
    return matches.isCut ? scan(bytes) : matches
  }

  /// A place at or before `place` that no run reaches over; nil if there is none near enough to be worth it.
  private func quietPlace(before place: Int, in bytes: Span<UInt8>) -> Int? {
    var place = place
    for _ in 0..<32 {
      if place <= 0 { return 0 }
      let lower = max(0, place - EscapeStretches.quietBytes)
      var isQuiet = EscapeStretches.isQuiet(lower..<place, in: bytes)
      DigitRuns.forEach(in: bytes, from: lower, to: place) { run in
        isQuiet = false
        return run.upperBound
      }
      if isQuiet { return place }
      place = lower
    }
    return nil
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
    if !matcher.scan(text, into: &inner).stopped.isEmpty { isCut = true }
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
    forEachRun(in: text, 0..<text.count) { nested, _ in
      let wide = max(0, nested.range.lowerBound - 1)..<min(text.count, nested.range.upperBound + 1)
      if run.isDigits || run.changes(wide, of: bytes) { found(nested) }
    }
  }

  /// Calls `found` with every run that begins in a part of `bytes`, and with what it depends on.
  private func forEachRun(in bytes: Span<UInt8>, _ part: Range<Int>, _ found: (DecodedRun, Range<Int>) -> Void) {
    DigitRuns.forEach(in: bytes, from: part.lowerBound, to: part.upperBound) { digits in
      func report(_ run: DecodedRun) {
        let margin = DecodingPass.digitMargin
        found(run, run.range.lowerBound - margin..<run.range.upperBound + margin)
      }
      DigitRuns.hex(digits, in: bytes, report)
      let (run, end) = DigitRuns.base64(digits, in: bytes)
      if let run { report(run) }
      return end
    }
    EscapeStretches.forEach(in: bytes, from: part.lowerBound, to: part.upperBound) { stretch in
      let margin = EscapeStretches.margin
      found(stretch.run(bytes), stretch.chainStart - margin..<stretch.range.upperBound + margin)
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
