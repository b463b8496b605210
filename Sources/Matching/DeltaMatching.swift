// Matching a buffer that is made of pieces of another one: only what is new goes to the literal finder.
//
// Of a parent that was followed completely,
// - a literal that lies wholly in a copied piece is taken over, moved by the piece's shift. One that does not, touches a
//   gap between two pieces (a gap may be empty), so it lies within the longest literal's length round that gap: there the
//   finder looks.
// - what a literal led to is taken over if its window lies wholly in the same piece; or sticks out of it only over the
//   beginning of both buffers, or over the end of both. Then the clipped windows hold the same bytes and are clipped
//   alike, and a candidate is a function of nothing else. Every other literal is followed anew.
// Limits that depend on a whole buffer end in scanning the whole buffer.

public import Model

extension Matcher {
  /// Everything in `bytes`, of which `copies` says what it takes over from the buffer that `parent` is about: the same as
  /// a scan of all of it.
  ///
  /// - Parameters:
  ///   - copies: ascending and without overlap in `bytes`, joined where one continues another.
  ///   - parent: must be complete.
  public func scan(_ bytes: Span<UInt8>, copies: [CopyRun], parent: BufferMatches) -> BufferMatches {
    guard parent.isComplete, Matcher.areSound(copies, parent.count, bytes.count) else { return scan(bytes) }
    var matches = BufferMatches(count: bytes.count)
    inherit(copies, parent, &matches)
    let inherited = matches.hits.count
    searchGaps(bytes, copies, into: &matches.hits)
    statistics.inheritedHits += inherited
    if matches.hits.isEmpty { return matches }
    // Whole buffers have limits of their own, which must not depend on how a buffer came about.
    if matches.hits.count > Matcher.hitLimit(bytes.count) { return scan(bytes) }
    if matches.hits.count > inherited { matches.hits.sort(by: LiteralHit.precedes) }
    takeOutcomes(parent, &matches, bytes)
    return matches.isComplete && matches.candidates.count < Matcher.maximumCandidates ? matches : scan(bytes)
  }

  private static func areSound(_ copies: [CopyRun], _ parentCount: Int, _ count: Int) -> Bool {
    var end = 0
    for copy in copies {
      guard copy.offset >= end, copy.count > 0, copy.count <= count - copy.offset, copy.baseOffset >= 0,
        copy.count <= parentCount - copy.baseOffset
      else { return false }
      end = copy.offset + copy.count
    }
    return true
  }

  /// Takes over the hits in each piece. The number of a parent's hit whose outcome holds here, too, is noted where the
  /// outcome will stand.
  private func inherit(_ copies: [CopyRun], _ parent: BufferMatches, _ matches: inout BufferMatches) {
    if parent.hits.isEmpty { return }
    for copy in copies {
      let end = copy.baseOffset + copy.count
      let shift = copy.offset - copy.baseOffset
      // How far windows may reach, in the parent: over an end that is the same end of both, as far as they like.
      let lowest = copy.baseOffset == 0 && copy.offset == 0 ? Int.min : copy.baseOffset
      let highest = end == parent.count && copy.offset + copy.count == matches.count ? Int.max : end
      var index = parent.hits.partitioningIndex { $0.offset >= copy.baseOffset }
      while index < parent.hits.count, parent.hits[index].offset < end {
        var hit = parent.hits[index]
        if hit.end <= end {
          let window = window(hit)
          let holds = window.lowerBound >= lowest && window.upperBound <= highest
          hit.offset += shift
          // Below zero, so that it is told from an outcome of this buffer: -1 is none, -2 the parent's hit 0.
          hit.firstCandidate = holds ? Int32(truncatingIfNeeded: -2 - index) : LiteralHit.unjudged
          matches.hits.append(hit)
        }
        index += 1
      }
    }
  }

  /// Searches what lies between the pieces, and round every place where two of them meet.
  private func searchGaps(_ bytes: Span<UInt8>, _ copies: [CopyRun], into hits: inout [LiteralHit]) {
    let margin = max(0, program.finder.longest - 1)
    var pending = 0..<0
    for index in 0...copies.count {
      let start = index == 0 ? 0 : copies[index - 1].offset + copies[index - 1].count
      let end = index < copies.count ? copies[index].offset : bytes.count
      if start == end && (start == 0 || end == bytes.count) { continue }
      let lower = max(0, start - margin)
      let upper = min(bytes.count, end + margin)
      // Stretches that overlap are searched as one, so that nothing is found twice.
      if !pending.isEmpty && lower <= pending.upperBound {
        pending = pending.lowerBound..<upper
      } else {
        search(bytes, pending, into: &hits) { !Matcher.isCopied($0, copies) }
        pending = lower..<upper
      }
    }
    search(bytes, pending, into: &hits) { !Matcher.isCopied($0, copies) }
  }

  /// Whether one of the pieces holds the whole range.
  private static func isCopied(_ range: Range<Int>, _ copies: [CopyRun]) -> Bool {
    let place = copies.partitioningIndex { $0.offset + $0.count > range.lowerBound }
    return place < copies.count && copies[place].offset <= range.lowerBound
      && copies[place].offset + copies[place].count >= range.upperBound
  }

  /// Puts the candidates of all hits together in the order of the hits: the parent's, moved, or new ones.
  private func takeOutcomes(_ parent: BufferMatches, _ matches: inout BufferMatches, _ bytes: Span<UInt8>) {
    for index in matches.hits.indices {
      let hit = matches.hits[index]
      guard hit.firstCandidate < LiteralHit.unjudged else {
        follow(index, bytes, &matches)
        continue
      }
      let source = parent.hits[Int(-2 - hit.firstCandidate)]
      statistics.inheritedOutcomes += 1
      matches.hits[index].firstCandidate = Int32(matches.candidates.count)
      let shift = hit.offset - source.offset
      for number in 0..<Int32(source.candidateCount) {
        let origin = source.firstCandidate + number
        matches.candidates.append(parent.candidates[Int(origin)].moved(by: shift))
        matches.origins.append(origin)
      }
    }
  }
}

extension Candidate {
  /// The same candidate that many bytes further on.
  fileprivate func moved(by shift: Int) -> Candidate {
    if shift == 0 { return self }
    var candidate = self
    candidate.secret = secret.lowerBound + shift..<secret.upperBound + shift
    candidate.match = match.lowerBound + shift..<match.upperBound + shift
    return candidate
  }
}
