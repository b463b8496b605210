// The findings of changed contents. Whole contents are matched; what stands on lines that were there before the change is
// left out, unless it is asked for.

internal import Git
internal import Matching
internal import Model
internal import RuleBook
internal import Secrets

/// One changed content to scan.
struct ChangedContent {
  var change: StagedChange
  /// Contents of paths that the same change takes away: a renamed file's lines are not new.
  var removed: [ObjectID]
  /// What makes the change.
  var source: Source
  /// Where a name may have been before; nil for a content that is named without a path.
  var trees: ChangedTrees?

  enum Source {
    /// A commit that is being made.
    case index
    /// A commit; nil for one that could not be read.
    case commit(CommitInfo?)
    /// A tag, or a ref, that names the content without a commit.
    case tag
  }

  /// The commit that makes the change; nil without one.
  var commit: CommitInfo? {
    if case .commit(let commit) = source { return commit }
    return nil
  }

  fileprivate var place: Place {
    if case .index = source { return .staged }
    return .blob
  }

  fileprivate var reachability: Reachability? {
    switch source {
    case .index: nil
    case .commit: .branch
    case .tag: .tag
    }
  }
}

/// Gathers findings over changes.
struct ChangeFindings {
  private let rules: RuleList
  private let matcher: ContentMatcher
  private let reader: StoreReader
  private let options: ScanOptions
  private let wholeFiles: Bool
  private var occurrences: [ValueNumber: [Occurrence]] = [:]
  private var arrivals: [Spot: Arrival] = [:]
  /// What stands in the contents that were matched; nil where there was too much to keep.
  private var matched: [ObjectID: [Sighting]?] = [:]
  private var keptSightings = 0
  private var names: AddedNames
  var coverage = Coverage()

  /// Of contents with more than this many findings together, those that come later are matched anew at each path.
  private static let maximumKept = 100_000
  /// A renamed file is looked for among this many that the change takes away.
  private static let maximumRemoved = 200

  init(_ program: MatcherProgram, _ reader: StoreReader, _ options: ScanOptions, wholeFiles: Bool) {
    rules = program.rules
    matcher = ContentMatcher(program, ValueTable(program.rules), options)
    names = AddedNames(program, matcher.values, options)
    self.reader = reader
    self.options = options
    self.wholeFiles = wholeFiles
  }

  /// A value at a path, by whichever commit.
  private struct Spot: Hashable {
    var value: ValueNumber
    var path: BytePath
    var place: Place
  }

  /// The first commit that brought it there, and where in the content it stands.
  private struct Arrival {
    var commit: ObjectID?
    var offsets: Set<Int> = []
  }

  /// Something found in a content, whichever paths and commits that has, and the hashes of the lines it stands on.
  private struct Sighting {
    var value: ValueNumber
    var place: Occurrence
    var lines: [Int]
  }

  /// Scans one changed content.
  mutating func scan(_ content: ChangedContent) {
    let blob = content.change.blob
    if let trees = content.trees, content.change.before.isEmpty {
      names.add(content.change.path, content.source, trees)
    }
    // A file that only moves brings nothing.
    if !wholeFiles, content.change.before.isEmpty, content.removed.contains(blob) { return }
    let sightings = sightings(blob, content.change.path)
    if sightings.isEmpty { return }
    let before = wholeFiles ? LineSet() : linesBefore(content)
    for sighting in sightings where wholeFiles || !sighting.lines.allSatisfy(before.contains) {
      var occurrence = sighting.place
      occurrence.place = content.place
      occurrence.path = Occurrence.path(of: content.change.path, member: occurrence.member?.bytes)
      occurrence.introduced = content.commit
      occurrence.reachability = content.reachability
      add(sighting.value, occurrence)
    }
  }

  /// What stands in a content. It is matched once, at however many paths it stands.
  private mutating func sightings(_ blob: ObjectID, _ path: BytePath) -> [Sighting] {
    let isFirst = matched[blob] == nil
    if let known = matched[blob], let sightings = known { return sightings }
    var sightings: [Sighting] = []
    var skips: [Skip] = []
    var size = 0
    do throws(ObjectFailure) {
      try reader.read(blob, maximumBytes: options.maximumBlobBytes) { _, bytes in
        size = bytes.count
        let result = matcher.match(bytes)
        skips = result.skips(rules, object: blob, path: path)
        if let pointer = LFSPointer.describe(bytes) {
          skips.append(Skip(reason: .lfsPointer, object: blob, path: path, detail: pointer))
        }
        for member in result.archive?.members ?? [] {
          for place in member.places { sightings.append(sighting(place, member.path, blob)) }
        }
        if result.hits.isEmpty { return }
        let lines = LineIndex(bytes)
        var hashes = LineHashes(lines)
        for hit in result.hits { sightings.append(sighting(hit, bytes, lines, &hashes, blob)) }
      }
    } catch {
      var skip = Skip(error)
      skip.path = path
      skips.append(skip)
    }
    if isFirst {
      coverage.blobs += 1
      coverage.bytes += Int64(size)
      for skip in skips { coverage.add(skip) }
    }
    let isKept = keptSightings + sightings.count <= ChangeFindings.maximumKept
    keptSightings += isKept ? sightings.count : 0
    matched.updateValue(isKept ? sightings : nil, forKey: blob)
    return sightings
  }

  /// Scans the text of a commit or a tag.
  mutating func scanText(of id: ObjectID, _ place: Place, introduced: CommitInfo?) {
    do throws(ObjectFailure) {
      let (found, skips): ([(ValueNumber, Occurrence)], [Skip]) = try reader.read(id) { _, bytes in
        let start = ObjectText.start(bytes)
        let result = matcher.match(bytes.extracting(start..<bytes.count))
        let skips = result.skips(rules, object: id)
        if result.hits.isEmpty { return ([], skips) }
        let lines = LineIndex(bytes)
        let found = result.hits.map { hit in
          let secret = hit.candidate.secret.lowerBound + start..<hit.candidate.secret.upperBound + start
          let extent = lines.extent(secret)
          let occurrence = Occurrence(
            place: place == .commit ? ObjectText.place(bytes, secret.lowerBound) : place, path: BytePath([]),
            line: extent.line, endLine: extent.endLine, column: extent.column,
            endColumn: extent.endColumn, object: id, offset: secret.lowerBound, length: secret.count,
            decoders: hit.candidate.decoders, introduced: introduced, reachability: place == .tag ? .tag : .branch)
          return (hit.value, occurrence)
        }
        return (found, skips)
      }
      for skip in skips { coverage.add(skip) }
      for (value, occurrence) in found { add(value, occurrence) }
    } catch { coverage.add(Skip(error)) }
  }

  private func sighting(
    _ hit: MatchedContent.Hit, _ bytes: Span<UInt8>, _ lines: LineIndex, _ hashes: inout LineHashes, _ blob: ObjectID
  ) -> Sighting {
    let secret = hit.candidate.secret
    let extent = lines.extent(secret)
    let place = Occurrence(
      place: .blob, path: BytePath([]), line: extent.line, endLine: extent.endLine, column: extent.column,
      endColumn: extent.endColumn, object: blob, offset: secret.lowerBound, length: secret.count,
      decoders: hit.candidate.decoders, comment: matcher.comment(on: secret, in: bytes))
    return Sighting(
      value: hit.value, place: place, lines: hashes.hashes(of: extent.line...extent.endLine, in: bytes))
  }

  private func sighting(
    _ found: MatchedArchive.Place, _ member: [UInt8], _ blob: ObjectID
  ) -> Sighting {
    let (secret, extent) = (found.candidate.secret, found.extent)
    let place = Occurrence(
      place: .blob, path: BytePath([]), line: extent.line, endLine: extent.endLine, column: extent.column,
      endColumn: extent.endColumn, object: blob, offset: secret.lowerBound, length: secret.count,
      decoders: found.candidate.decoders, comment: found.comment, member: BytePath(member))
    return Sighting(value: found.value, place: place, lines: found.lines)
  }

  private func linesBefore(_ content: ChangedContent) -> LineSet {
    var lines = LineSet()
    let contents =
      content.change.before.isEmpty
      ? Array(content.removed.prefix(ChangeFindings.maximumRemoved)) : content.change.before
    for blob in contents {
      // What can't be read again has no lines that could excuse anything.
      try? reader.read(blob, maximumBytes: options.maximumBlobBytes) { _, bytes in
        lines.insert(linesOf: bytes)
        matcher.forEachMember(in: bytes) { lines.insert(linesOf: $0) }
      }
    }
    return lines
  }

  /// The first commit that brings a value to a path stands for those after it.
  private mutating func add(_ value: ValueNumber, _ occurrence: Occurrence) {
    let spot = Spot(value: value, path: occurrence.path, place: occurrence.place)
    let commit = occurrence.introduced?.id
    guard arrivals[spot, default: Arrival(commit: commit)].commit == commit,
      arrivals[spot, default: Arrival(commit: commit)].offsets.insert(occurrence.offset).inserted
    else { return }
    occurrences[value, default: []].append(occurrence)
  }

  /// The report.
  mutating func report(target: String, mode: String) -> ScanReport {
    var skips: [Skip] = []
    for (value, place) in names.found(reader, skip: { skips.append($0) }) { add(value, place) }
    for skip in skips { coverage.add(skip) }
    let key = options.fingerprintKey ?? WeakKey.derive([])
    let values = matcher.values.contents().values
    var findings = occurrences.compactMap { value, places -> Finding? in
      guard let claim = values[Int(value)].claim else { return nil }
      return Finding(
        rules[claim.rule], claim.confidence, values[Int(value)].secret, key, places.sorted(by: Occurrence.precedes))
    }
    // The subject of a commit may be where the value stands.
    Concealment.apply(to: &findings)
    var coverage = coverage
    coverage.sort()
    return ScanReport(
      target: target, mode: mode, fingerprintKey: key.id, fingerprintKeyIsWeak: options.fingerprintKey == nil,
      findings: FindingPairs.join(
        findings.sorted { ($0.rule, $0.fingerprint) < ($1.rule, $1.fingerprint) },
        rules.byID(occurrences.keys.compactMap { values[Int($0)].claim })), coverage: coverage)
  }
}

/// The lines of contents, by a hash that is seeded anew in each process: nobody can prepare a line that passes for
/// another.
struct LineSet {
  private var hashes: Set<Int> = []
  private var bytes = 0
  /// Beyond this many bytes of old content, lines count as new.
  private static let maximumBytes = 64 << 20

  /// Adds every line of a content.
  mutating func insert(linesOf content: Span<UInt8>) {
    bytes += content.count
    guard bytes <= LineSet.maximumBytes else { return }
    var start = 0
    for index in 0...content.count where index == content.count || content[index] == 0x0a {
      hashes.insert(LineSet.hash(content.extracting(start..<index)))
      start = index + 1
    }
  }

  /// Whether a line of that hash was added.
  func contains(_ hash: Int) -> Bool { hashes.contains(hash) }

  /// The hash by which a line is known.
  static func hash(_ line: Span<UInt8>) -> Int {
    var hasher = Hasher()
    // A changed line ending changes no line.
    let count = line.count > 0 && line[line.count - 1] == 0x0d ? line.count - 1 : line.count
    hasher.combine(bytesOf: line.extracting(0..<count))
    return hasher.finalize()
  }
}

/// The hashes of a content's lines, each reckoned once however much stands on it.
struct LineHashes {
  private let index: LineIndex
  private var known: [Int: Int] = [:]

  init(_ index: LineIndex) { self.index = index }

  /// The hashes of some lines, counted from 1.
  mutating func hashes(of lines: ClosedRange<Int>, in content: Span<UInt8>) -> [Int] {
    lines.map { line in
      if let hash = known[line] { return hash }
      let hash = LineSet.hash(content.extracting(index.bytes(of: line, count: content.count)))
      known[line] = hash
      return hash
    }
  }
}

extension Hasher {
  /// Feeds the bytes of a span, eight at a time.
  fileprivate mutating func combine(bytesOf span: Span<UInt8>) {
    var word: UInt64 = 0
    for index in span.indices {
      word = word << 8 | UInt64(span[index])
      if index & 7 == 7 {
        combine(word)
        word = 0
      }
    }
    combine(word)
    combine(span.count)
  }
}
