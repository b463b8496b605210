// From values and their timelines to findings: one for each value, with every place it was seen. The objects that hold
// them are read once more for offsets and lines; nothing of that was kept during the walk.

internal import Git
internal import Matching
internal import Model
internal import RuleBook
internal import Secrets

/// Gathers the places of all values, then makes the findings.
struct FindingAssembly {
  /// One value in one object, seen one way.
  private struct Sighting {
    var value: ValueNumber
    var place: Place
    var path: BytePath
    var introduced: Int?
    var reachability: Reachability
    var atHead: Bool
  }

  private let reader: StoreReader
  private let matcher: ContentMatcher
  private let table: ValueTable
  private let rules: RuleList
  private let key: FingerprintKey
  private let values: [ValueTable.Value]
  private let objects: ObjectTable
  private let attribution: Attribution
  private let boundary: Set<Int>
  private let valuesAtHead: Set<ValueNumber>
  private var sightings: [ObjectID: [Sighting]] = [:]
  private var placed: Set<ValueNumber> = []
  private var infos: [Int: CommitInfo] = [:]
  /// What could not be read for a second time.
  private(set) var skips: [Skip] = []

  /// Paths that are listed for one value.
  private static let maximumPaths = 10_000

  init(
    _ store: ObjectStore, _ program: MatcherProgram, _ options: ScanOptions, _ key: FingerprintKey,
    _ values: [ValueTable.Value], _ objects: ObjectTable, _ attribution: Attribution, _ boundary: Set<Int>
  ) {
    reader = store.makeReader()
    table = ValueTable(program.rules)
    matcher = ContentMatcher(program, table, options)
    rules = program.rules
    self.key = key
    self.values = values
    self.objects = objects
    self.attribution = attribution
    self.boundary = boundary
    valuesAtHead = Set(attribution.atHead.map(\.value))
  }

  private func isReported(_ value: ValueNumber) -> Bool { values[Int(value)].claim != nil }

  /// Adds what lies at a path of some commit.
  mutating func addPlaces() {
    var byValue: [ValueNumber: [(path: BytePath, node: UInt32, seen: FirstSeen)]] = [:]
    for (place, seen) in attribution.firstSeen where isReported(place.value) {
      let path = attribution.paths.path(place.path, attribution.graph.names)
      byValue[place.value, default: []].append((path, place.path, seen))
    }
    for (value, places) in byValue {
      placed.insert(value)
      let best = places.sorted { ($0.seen.reachability, $0.path) < ($1.seen.reachability, $1.path) }
      for (path, node, seen) in best.prefix(FindingAssembly.maximumPaths) {
        add(
          objects.id(seen.blob),
          Sighting(
            value: value, place: .blob, path: path,
            introduced: seen.commit.map { introducing(value, $0) }, reachability: seen.reachability,
            atHead: attribution.atHead.contains(ValuePlace(value: value, path: node))))
      }
    }
  }

  private mutating func add(_ object: ObjectID, _ sighting: Sighting) {
    sightings[object, default: []].append(sighting)
  }

  /// The commit that introduced the value which was first seen at some path in `commit`: that commit itself or, after a
  /// rename or a copy, the last one before it that brought the value into the tree.
  private func introducing(_ value: ValueNumber, _ commit: Int) -> Int {
    guard let all = attribution.introductions[value], !all.contains(commit) else { return commit }
    let graph = attribution.commits
    let before = all.last {
      graph.generations[$0] <= graph.generations[commit] && graph.reachability[$0] <= graph.reachability[commit]
    }
    return before ?? all.first ?? commit
  }

  /// Adds blobs whose values no commit's tree has: those that refs name, and dangling ones.
  mutating func addUnplaced(_ holders: [Holder], _ named: [ObjectID: Reachability]) {
    for holder in holders {
      let reachability = named[holder.id] ?? .dangling
      for value in attribution.sets[Int(holder.values)] where isReported(value) {
        if reachability == .dangling && placed.contains(value) { continue }
        add(
          holder.id,
          Sighting(
            value: value, place: .blob, path: BytePath([]), introduced: nil, reachability: reachability, atHead: false))
      }
    }
  }

  /// Adds what stands in the text of commits and tags.
  mutating func addTexts(_ holders: [Holder], _ tags: [ObjectID: Reachability]) {
    for holder in holders {
      let commit = attribution.commits.find(holder.id)
      let reachability = commit.map { attribution.commits.reachability[$0] } ?? tags[holder.id] ?? .dangling
      for value in attribution.sets[Int(holder.values)] where isReported(value) {
        add(
          holder.id,
          Sighting(
            value: value, place: commit == nil ? .tag : .commit, path: BytePath([]), introduced: commit,
            reachability: reachability, atHead: false))
      }
    }
  }

  /// Reads the objects again and makes the findings, sorted by rule, then fingerprint.
  mutating func findings() -> [Finding] {
    var occurrences: [ValueNumber: [Occurrence]] = [:]
    for (object, sightings) in sightings.sorted(by: { $0.key < $1.key }) {
      do throws(ObjectFailure) {
        let spans = try reader.read(object) { kind, bytes in locate(kind, bytes, sightings) }
        for (sighting, found) in zip(sightings, spans) {
          for span in found {
            occurrences[sighting.value, default: []].append(occurrence(object, sighting, span))
          }
        }
      } catch { skips.append(Skip(error)) }
    }
    return occurrences.compactMap { value, places in finding(value, places) }
      .sorted { ($0.rule, $0.fingerprint) < ($1.rule, $1.fingerprint) }
  }

  private typealias Located = (
    candidate: Candidate, line: Int, column: Int, endLine: Int, endColumn: Int, comment: Suppression?
  )

  /// For each sighting the spans of its value.
  private func locate(_ kind: ObjectKind, _ bytes: Span<UInt8>, _ sightings: [Sighting]) -> [[Located]] {
    let start = kind == .commit || kind == .tag ? ObjectText.start(bytes) : 0
    let hits = matcher.match(bytes.extracting(start..<bytes.count)).hits
    let lines = LineIndex(bytes)
    return sightings.map { sighting in
      let wanted = values[Int(sighting.value)].secret
      let number = wanted.withBytes { table.number($0) }
      var spans: [Located] = []
      for hit in hits where hit.value == number {
        var candidate = hit.candidate
        candidate.secret = candidate.secret.lowerBound + start..<candidate.secret.upperBound + start
        if let last = spans.last, last.candidate.secret == candidate.secret { continue }
        let extent = lines.extent(candidate.secret)
        let comment = matcher.comment(on: candidate.secret, in: bytes)
        spans.append((candidate, extent.line, extent.column, extent.endLine, extent.endColumn, comment))
      }
      return spans
    }
  }

  private mutating func occurrence(_ object: ObjectID, _ sighting: Sighting, _ span: Located) -> Occurrence {
    let isGone = sighting.place == .blob && !valuesAtHead.contains(sighting.value)
    let removed = isGone && sighting.introduced != nil ? attribution.removals[sighting.value] : nil
    return Occurrence(
      place: sighting.place, path: sighting.path, line: span.line, endLine: span.endLine, column: span.column,
      endColumn: span.endColumn, object: object, offset: span.candidate.secret.lowerBound,
      length: span.candidate.secret.count, decoders: span.candidate.decoders,
      introduced: sighting.introduced.flatMap { info($0) }, removed: removed.flatMap { info($0) },
      atHead: sighting.atHead, reachability: sighting.reachability, comment: span.comment)
  }

  private mutating func info(_ commit: Int) -> CommitInfo? {
    if let known = infos[commit] { return known }
    let id = attribution.commits.id(commit)
    let info = try? reader.read(id) { _, bytes in CommitInfo(bytes, id: id, isBoundary: boundary.contains(commit)) }
    if let info { infos[commit] = info }
    return info
  }

  private func finding(_ value: ValueNumber, _ places: [Occurrence]) -> Finding? {
    guard let claim = values[Int(value)].claim else { return nil }
    return Finding(
      rules[claim.rule], claim.confidence, values[Int(value)].secret, key, places.sorted(by: Occurrence.precedes))
  }
}

extension Finding {
  /// A finding of a rule.
  init(
    _ rule: Rule, _ confidence: Confidence, _ secret: Secret, _ key: FingerprintKey, _ occurrences: [Occurrence]
  ) {
    self.init(
      rule: rule.id, title: rule.name, provider: rule.provider, severity: rule.severity,
      confidence: CredentialFiles.confidence(confidence, rule, in: occurrences.map(\.path)),
      fingerprint: key.fingerprint(secret), redacted: secret.redacted, secret: secret, occurrences: occurrences,
      suppression: Finding.suppression(by: occurrences))
  }
}

extension Finding {
  /// What comments say of a value as a whole: those at branch heads decide, or where none is at a head all of them; one
  /// place without a comment keeps the finding open.
  static func suppression(by occurrences: [Occurrence]) -> Suppression? {
    let current = occurrences.filter { $0.atHead || $0.place == .file || $0.place == .staged }
    let deciding = current.isEmpty ? occurrences : current
    // In the history the lines before the comment was added are still there: of those at no head one comment is enough.
    if current.isEmpty { return deciding.lazy.compactMap(\.comment).first }
    return deciding.allSatisfy { $0.comment != nil } ? deciding.first?.comment : nil
  }
}

extension Occurrence {
  /// The best reached first, then by path and place in it.
  static func precedes(_ left: Occurrence, _ right: Occurrence) -> Bool {
    let (a, b) = (left.reachability ?? .dangling, right.reachability ?? .dangling)
    if a != b { return a < b }
    if left.path != right.path { return left.path < right.path }
    if left.object != right.object { return (left.object?.description ?? "") < (right.object?.description ?? "") }
    return (left.offset, left.length) < (right.offset, right.length)
  }
}
