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
    /// The root tree that leads to it, where one is known.
    var root: ObjectID?
    /// Where the value lies, if that is known without matching; the line counts from there.
    var span: Range<Int>?
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
  private let named: NamedObjects
  private var valuesAtHead: Set<ValueNumber>
  private var occurrences: [ValueNumber: [Occurrence]] = [:]
  private var isCut = false
  private var steps = 0
  private var sightings: [ObjectID: [Sighting]] = [:]
  private var placed: Set<ValueNumber> = []
  private var infos: [Int: CommitInfo] = [:]
  /// What could not be read for a second time.
  private(set) var skips: [Skip] = []

  /// Paths that are listed for one value.
  private static let maximumPaths = 10_000
  private static let maximumPathBytes = 128 << 20
  /// Directories that are looked into for one question, and for all of them together.
  private static let maximumPathSteps = 20_000
  private static let maximumSteps = 2_000_000
  /// Places that are listed for one value: a file may repeat a token a million times.
  private static let maximumPlaces = 20_000

  init(
    _ store: ObjectStore, _ program: MatcherProgram, _ options: ScanOptions, _ key: FingerprintKey,
    _ values: [ValueTable.Value], _ objects: ObjectTable, _ attribution: Attribution, _ boundary: Set<Int>,
    _ named: NamedObjects
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
    self.named = named
    valuesAtHead = Set(attribution.atHead.map(\.value))
  }

  private func isReported(_ value: ValueNumber) -> Bool { values[Int(value)].claim != nil }

  /// Adds places at heads that no rule found: there is nothing to say of them but that the value is still there.
  mutating func addHeads(_ hits: [HeadHit]) {
    for hit in hits {
      valuesAtHead.insert(hit.value)
      add(
        hit.blob,
        Sighting(
          value: hit.value, place: .blob, path: hit.path, introduced: attribution.introductions[hit.value]?.first,
          reachability: .branch, atHead: true, span: hit.range))
    }
  }

  /// Adds what lies at a path of some commit.
  mutating func addPlaces() {
    var byValue: [ValueNumber: [(path: BytePath, node: UInt32, seen: FirstSeen)]] = [:]
    var pathBytes = 0
    for (place, seen) in attribution.firstSeen where isReported(place.value) {
      // Directories may lie so deep that their paths would fill the memory.
      guard pathBytes <= FindingAssembly.maximumPathBytes || byValue[place.value] == nil else {
        if !isCut { skips.append(Skip(reason: .matchLimit, detail: "the paths are too long to list them all")) }
        isCut = true
        continue
      }
      let path = attribution.paths.path(place.path, attribution.graph.names)
      pathBytes += path.bytes.count
      byValue[place.value, default: []].append((path, place.path, seen))
    }
    for (value, places) in byValue.sorted(by: { $0.key < $1.key }) {
      placed.insert(value)
      let best = places.sorted { ($0.seen.reachability, $0.path) < ($1.seen.reachability, $1.path) }
      for (path, node, seen) in best.prefix(FindingAssembly.maximumPaths) {
        var sighting = Sighting(
          value: value, place: .blob, path: path,
          introduced: seen.commit.map { introducing(value, $0) }, reachability: seen.reachability,
          atHead: attribution.atHead.contains(ValuePlace(value: value, path: node)),
          root: seen.commit.flatMap { rootTree($0) })
        if Int(seen.blob) > objects.count {
          addName(&sighting)
        } else {
          add(objects.id(seen.blob), sighting)
        }
      }
    }
  }

  private func rootTree(_ commit: Int) -> ObjectID? {
    let tree = attribution.commits.trees[commit]
    return tree == 0 ? nil : objects.id(tree)
  }

  /// Adds a name that holds a value: the tree that it stands in is the object.
  private mutating func addName(_ sighting: inout Sighting) {
    sighting.place = .fileName
    if sighting.path.bytes.last == NamedObjects.mark { sighting.path = BytePath(Array(sighting.path.bytes.dropLast())) }
    guard let found = entry(sighting) else {
      skips.append(Skip(reason: .matchLimit, detail: "a secret in a file's name lies too deep to be told where"))
      return
    }
    sighting.span = found.entry.name
    add(found.tree, sighting)
  }

  /// What a tree says of a sighting's path; nil where it lies too deep to be asked about.
  private mutating func entry(_ sighting: Sighting) -> (tree: ObjectID, entry: TreeEntry)? {
    guard let root = sighting.root else { return nil }
    let depth = sighting.path.bytes.count { $0 == 0x2f }
    guard depth <= FindingAssembly.maximumPathSteps, steps <= FindingAssembly.maximumSteps else { return nil }
    steps += depth + 1
    return (try? reader.entry(at: sighting.path.bytes, in: root, idCount: root.count)) ?? nil
  }

  /// Adds what stands in names of refs.
  mutating func addRefs(_ refs: [NamedRef]) {
    for ref in refs {
      let name = Array(ref.reference.name.utf8)
      for value in ref.values {
        guard let range = values[Int(value)].secret.withBytes({ Needle.find($0, in: name.span, 0..<name.count) }) else {
          continue
        }
        occurrences[value, default: []].append(
          Occurrence(
            place: .refName, path: BytePath(name), line: 1, endLine: 1, column: range.lowerBound + 1,
            endColumn: range.upperBound + 1, object: ref.reference.target, offset: range.lowerBound,
            length: range.count, atHead: ref.reference.reachability.isBranch,
            reachability: ref.reference.reachability))
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
  mutating func addUnplaced(_ holders: [Holder], _ named: [ObjectID: Reachability], _ staged: StagedBlobs) {
    for holder in holders {
      let reachability = named[holder.id] ?? .dangling
      for value in attribution.sets[Int(holder.values)] where isReported(value) {
        if reachability == .dangling && placed.contains(value) { continue }
        var sighting = Sighting(
          value: value, place: .blob, path: BytePath([]), introduced: nil, reachability: reachability, atHead: false)
        if reachability == .dangling, let path = staged.path(of: holder.id) {
          sighting.path = path
          sighting.reachability = .index
        }
        add(holder.id, sighting)
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

  /// Where values were found, by number: of each one place whose bytes can be read again.
  var places: [ValueNumber: Occurrence] {
    occurrences.compactMapValues { $0.first { [.blob, .symlink, .tag].contains($0.place) || $0.place.isCommitText } }
  }

  /// Reads the objects again and makes the findings, sorted by rule, then fingerprint.
  mutating func findings() -> [Finding] {
    for (object, sightings) in sightings.sorted(by: { $0.key < $1.key }) {
      do throws(ObjectFailure) {
        var isShort = false
        let spans = try reader.read(object) { kind, bytes in
          isShort = kind == .blob && LinkTarget.isPossible(bytes)
          return locate(kind, bytes, sightings)
        }
        for (seen, found) in zip(sightings, spans) where !found.isEmpty {
          var sighting = seen
          if isShort, sighting.place == .blob, entry(sighting)?.entry.isLink == true { sighting.place = .symlink }
          let room = max(0, FindingAssembly.maximumPlaces - occurrences[sighting.value, default: []].count)
          if found.count > room { skips.append(FindingAssembly.tooManyPlaces(object)) }
          for span in found.prefix(room) {
            occurrences[sighting.value, default: []].append(occurrence(object, sighting, span))
          }
        }
      } catch { skips.append(Skip(error)) }
    }
    let findings = occurrences.compactMap { value, places in finding(value, places) }
      .sorted { ($0.rule, $0.fingerprint) < ($1.rule, $1.fingerprint) }
    return FindingPairs.join(findings, rules.byID(occurrences.keys.compactMap { values[Int($0)].claim }))
  }

  private static func tooManyPlaces(_ object: ObjectID) -> Skip {
    Skip(
      reason: .matchLimit, object: object,
      detail: "a secret has more than \(maximumPlaces) places: the rest is not listed")
  }

  private typealias Located = (
    candidate: Candidate, line: Int, column: Int, endLine: Int, endColumn: Int, comment: Suppression?, place: Place?,
    member: [UInt8]?
  )

  /// A place that was known beforehand: of a name, counted from the name's beginning.
  private func known(_ span: Range<Int>, _ sighting: Sighting, _ bytes: Span<UInt8>, _ lines: LineIndex) -> [Located] {
    let isName = sighting.place == .fileName
    let found = values[Int(sighting.value)].secret.withBytes { Needle.find($0, in: bytes, span) }
    guard let range = found, let claim = values[Int(sighting.value)].claim else { return [] }
    let candidate = Candidate(rule: claim.rule, secret: range, match: range, confidence: claim.confidence)
    if isName {
      let column = range.lowerBound - span.lowerBound + 1
      return [(candidate, 1, column, 1, column + range.count, nil, nil, nil)]
    }
    let extent = lines.extent(range)
    let comment = matcher.comment(on: range, in: bytes)
    return [(candidate, extent.line, extent.column, extent.endLine, extent.endColumn, comment, nil, nil)]
  }

  /// For each sighting the spans of its value.
  private func locate(_ kind: ObjectKind, _ bytes: Span<UInt8>, _ sightings: [Sighting]) -> [[Located]] {
    let start = kind == .commit || kind == .tag ? ObjectText.start(bytes) : 0
    let isKnown = sightings.allSatisfy { $0.span != nil }
    let content = isKnown ? nil : matcher.match(bytes.extracting(start..<bytes.count))
    let hits = content?.hits ?? []
    let lines = LineIndex(bytes)
    return sightings.map { sighting in
      if let span = sighting.span { return known(span, sighting, bytes, lines) }
      let wanted = values[Int(sighting.value)].secret
      let number = wanted.withBytes { table.number($0) }
      var spans: [Located] = []
      for hit in hits where hit.value == number {
        var candidate = hit.candidate
        candidate.secret = candidate.secret.lowerBound + start..<candidate.secret.upperBound + start
        if let last = spans.last, last.candidate.secret == candidate.secret { continue }
        let extent = lines.extent(candidate.secret)
        let comment = matcher.comment(on: candidate.secret, in: bytes)
        let place = kind == .commit ? ObjectText.place(bytes, candidate.secret.lowerBound) : nil
        spans.append((candidate, extent.line, extent.column, extent.endLine, extent.endColumn, comment, place, nil))
      }
      for member in content?.archive?.members ?? [] {
        for place in member.places where place.value == number {
          let extent = place.extent
          if let last = spans.last, last.candidate.secret == place.candidate.secret, last.member == member.path {
            continue
          }
          spans.append(
            (
              place.candidate, extent.line, extent.column, extent.endLine, extent.endColumn, place.comment, nil,
              member.path
            ))
        }
      }
      return spans
    }
  }

  private mutating func occurrence(_ object: ObjectID, _ sighting: Sighting, _ span: Located) -> Occurrence {
    let isContent = [.blob, .symlink, .fileName].contains(sighting.place)
    let isGone = isContent && !valuesAtHead.contains(sighting.value)
    let removed = isGone && sighting.introduced != nil ? attribution.removals[sighting.value] : nil
    var reachability = sighting.reachability
    if reachability == .dangling, reader.isCruft(object) { reachability = .cruft }
    // A stash's commit has several parents, too, but merges nothing.
    let isMerge = isContent && reachability != .stashWorktree
    return Occurrence(
      place: span.place ?? sighting.place, path: Occurrence.path(of: sighting.path, member: span.member),
      line: span.line, endLine: span.endLine,
      column: span.column,
      endColumn: span.endColumn, object: object, offset: span.candidate.secret.lowerBound,
      length: span.candidate.secret.count, decoders: span.candidate.decoders,
      introduced: sighting.introduced.flatMap { info($0) }, removed: removed.flatMap { info($0) },
      atHead: sighting.atHead, reachability: reachability, comment: span.comment,
      isMergeOnly: isMerge && (sighting.introduced.map { attribution.commits.parents($0).count > 1 } ?? false),
      member: span.member.map { BytePath($0) })
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
  /// A finding of a rule; nil where the places say that it is none.
  init?(
    _ rule: Rule, _ confidence: Confidence, _ secret: Secret, _ key: FingerprintKey, _ occurrences: [Occurrence]
  ) {
    let confidence = CredentialFiles.confidence(confidence, rule, in: occurrences.map(\.path))
    guard let confidence else { return nil }
    self.init(
      rule: rule.id, title: rule.name, provider: rule.provider, severity: rule.severity,
      confidence: confidence,
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
