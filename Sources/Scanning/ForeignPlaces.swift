// From another scanner's findings to our own: the place that it names is read again, our rules say what lies there, and the
// value that is found is the finding's.

public import Git
internal import Matching
public import Model
internal import Posix
public import RuleBook
public import Secrets

/// Finds again what another scanner found.
public final class ForeignPlaces {
  private let target: String
  private let reader: StoreReader?
  private let head: CommitContents?
  private let matcher: ContentMatcher
  private let rules: [Rule]
  private let key: FingerprintKey
  private let top: String
  private var commits: [ObjectID: CommitContents?] = [:]
  private var findings: [String: Finding] = [:]
  private var order: [String] = []
  /// What was found in the last object: entries come sorted.
  private var last: (object: ObjectID?, hits: [Hit])?
  /// Entries that were not found again, with the reason, by the line of the report.
  public private(set) var lost: [(entry: ForeignEntry, reason: String)] = []

  private static let maximumBytes = 256 << 20

  /// - Parameters:
  ///   - target: the repository, or the directory, that the report is about.
  ///   - rules: the rules that say what a value is.
  ///   - key: what fingerprints are made with.
  public init(target: String, rules: [Rule], key: FingerprintKey, environment: GitEnvironment) {
    self.target = target
    self.rules = rules
    self.key = key
    let program = MatcherProgram(rules)
    matcher = ContentMatcher(program, ValueTable(program.rules), ScanOptions())
    let repository = try? Repository.open(target, environment: environment)
    let reader = try? repository?.objectStore(environment).makeReader()
    self.reader = reader
    head = reader.flatMap { reader in repository?.head().flatMap { try? CommitContents($0, reader: reader) } }
    top = repository.map { $0.workTree ?? "" } ?? target
  }

  /// Looks for one entry.
  public func add(_ entry: ForeignEntry) {
    let path = relative(entry.path)
    for source in sources(entry, path) {
      if let hit = hit(entry, in: source) { return add(hit, entry, source, path) }
    }
    guard let value = entry.value else {
      let reason = entry.path.isEmpty ? "it names no file" : "nothing of that kind is found there any more"
      return lost.append((entry, reason))
    }
    // The value is known all the same: it can be asked about, and replaced.
    lost.append((entry, "its value is not found there any more, and is taken from the report"))
    add(Hit(rule: named(entry), secret: value), entry, nil, path)
  }

  /// What was found, in the order of the report.
  ///
  /// - Parameters:
  ///   - mode: `history`, or `directory` where there is no repository.
  ///   - isWeak: whether the fingerprints' key follows from public facts.
  public func report(mode: String, isWeak: Bool) -> ScanReport {
    var coverage = Coverage()
    coverage.commits = commits.count
    for (entry, reason) in lost {
      coverage.add(
        Skip(
          reason: .missing, path: BytePath(relative(entry.path)), detail: "line \(entry.line) of the report: \(reason)")
      )
    }
    let found = order.compactMap { findings[$0] }.map { finding in
      var finding = finding
      finding.suppression = Finding.suppression(by: finding.occurrences)
      return finding
    }
    var report = ScanReport(
      target: target, mode: mode, fingerprintKey: key.id, fingerprintKeyIsWeak: isWeak,
      findings: found.sorted { ($0.rule, $0.fingerprint) < ($1.rule, $1.fingerprint) }, coverage: coverage)
    Concealment.apply(to: &report.findings)
    return report
  }

  // MARK: Where to look

  /// A content that may hold an entry's value.
  private struct Source {
    var bytes: [UInt8]
    var object: ObjectID?
    var place: Place
    var commit: CommitInfo?
  }

  /// The path from the top of the repository, however the report writes it.
  private func relative(_ path: String) -> String {
    var path = path.replacing("\\", with: "/")
    for prefix in [top, (try? Files.realPath(top)) ?? top, target] where !prefix.isEmpty && prefix != "." {
      let folder = prefix.hasSuffix("/") ? prefix : prefix + "/"
      if path.hasPrefix(folder) { path = String(path.dropFirst(folder.utf8.count)) }
    }
    while path.hasPrefix("./") { path = String(path.dropFirst(2)) }
    return path
  }

  /// The commit that is named, then the head, then the file as it lies there.
  private func sources(_ entry: ForeignEntry, _ path: String) -> [Source] {
    var sources: [Source] = []
    if let commit = entry.commit, let reader {
      let info = try? reader.read(commit) { kind, bytes in kind == .commit ? CommitInfo(bytes, id: commit) : nil }
      if path.isEmpty, let bytes = try? reader.read(commit, { kind, bytes in kind == .commit ? copy(bytes) : nil }) {
        sources.append(Source(bytes: bytes, object: commit, place: .commit, commit: info ?? nil))
      } else if let blob = blob(at: path, in: contents(commit)) {
        sources.append(Source(bytes: blob.bytes, object: blob.id, place: .blob, commit: info ?? nil))
      }
    }
    if path.isEmpty { return sources }
    if let blob = blob(at: path, in: head), blob.id != sources.first?.object {
      sources.append(Source(bytes: blob.bytes, object: blob.id, place: .blob))
    }
    if let bytes = file(path) { sources.append(Source(bytes: bytes, place: .file)) }
    return sources
  }

  private func contents(_ commit: ObjectID) -> CommitContents? {
    if let known = commits[commit] { return known }
    let made = reader.flatMap { try? CommitContents(commit, reader: $0) }
    commits[commit] = .some(made)
    return made
  }

  private func blob(at path: String, in contents: CommitContents?) -> (id: ObjectID, bytes: [UInt8])? {
    guard let contents, let reader, let id = try? contents.blob(at: BytePath(path)),
      let bytes = try? reader.read(id, maximumBytes: ForeignPlaces.maximumBytes, { _, bytes in copy(bytes) })
    else { return nil }
    return (id, bytes)
  }

  private func copy(_ bytes: Span<UInt8>) -> [UInt8] { bytes.indices.map { bytes[$0] } }

  /// A file below the target; one that a report puts elsewhere is not read.
  private func file(_ path: String) -> [UInt8]? {
    let parts = path.split(separator: "/").map { Array($0.utf8) }
    guard !path.hasPrefix("/"), !parts.contains(Array("..".utf8)), let name = parts.last,
      (try? Files.status(target).kind) == .directory, var directory = try? Directory(target)
    else { return nil }
    for part in parts.dropLast() {
      guard let next = try? Directory(part, in: directory) else { return nil }
      directory = next
    }
    return try? directory.open(name).read(maximumBytes: ForeignPlaces.maximumBytes)
  }

  // MARK: What lies there

  private struct Hit {
    var rule: Rule?
    var confidence = Confidence.context
    var secret: Secret
    var range = 0..<0
    var decoders: [Decoder] = []
  }

  private func hit(_ entry: ForeignEntry, in source: Source) -> Hit? {
    let span = source.bytes.span
    let lines = LineIndex(span)
    let known = known(source)
    func distance(_ hit: Hit) -> Int {
      guard let wanted = entry.lines else { return 0 }
      let extent = lines.extent(hit.range)
      if extent.endLine < wanted.lowerBound { return wanted.lowerBound - extent.endLine }
      return max(0, extent.line - wanted.upperBound)
    }
    if let value = entry.value {
      let same = known.filter { $0.secret == value }
      let nearest = same.map(distance).min()
      let best = same.filter { distance($0) == nearest }.max { $0.confidence < $1.confidence }
      if let best { return preferred(best, entry) }
      let places = ForeignPlaces.places(of: value, in: span).map { Hit(rule: named(entry), secret: value, range: $0) }
      return places.min { distance($0) < distance($1) }
    }
    let near = known.filter { distance($0) == 0 }
    if let digest = entry.digest {
      let same = near.filter { SHA1.hash($0.secret.copyBytes()) == digest }
      if let hit = same.max(by: { $0.confidence < $1.confidence }) { return preferred(hit, entry) }
      return word(entry, digest, span, lines)
    }
    if entry.lines == nil { return nil }
    let fitting = near.filter { hit in
      entry.prefix.map { prefix in ForeignPlaces.begins(hit.secret, with: prefix) } ?? true
    }
    let sameRule = fitting.filter { hit in hit.rule.map { isNamed($0, entry) } ?? false }
    guard let found = (sameRule.isEmpty ? fitting : sameRule).max(by: { $0.confidence < $1.confidence }) else {
      return nil
    }
    // Another rule of ours may know the very value better.
    return near.filter { $0.secret == found.secret }.max { $0.confidence < $1.confidence }
  }

  /// What our rules find in a content.
  private func known(_ source: Source) -> [Hit] {
    if let last, last.object != nil, last.object == source.object { return last.hits }
    let span = source.bytes.span
    let hits = matcher.match(span).hits.map { hit -> Hit in
      let candidate = hit.candidate
      let secret =
        candidate.decoders.isEmpty ? Secret(copying: span.extracting(candidate.secret)) : Secret(candidate.decoded)
      return Hit(
        rule: rules[candidate.rule], confidence: candidate.confidence, secret: secret, range: candidate.secret,
        decoders: candidate.decoders)
    }
    last = (source.object, hits)
    return hits
  }

  /// The rule that the other scanner means, unless ours knows better what the value is.
  private func preferred(_ hit: Hit, _ entry: ForeignEntry) -> Hit {
    if hit.confidence >= .structure { return hit }
    guard let rule = named(entry) else { return hit }
    var hit = hit
    hit.rule = rule
    hit.confidence = max(hit.confidence, .context)
    return hit
  }

  private static func begins(_ secret: Secret, with prefix: Secret) -> Bool {
    let (bytes, start) = (secret.copyBytes(), prefix.copyBytes())
    return bytes.starts(with: start)
  }

  private static func places(of value: Secret, in bytes: Span<UInt8>) -> [Range<Int>] {
    value.withBytes { wanted in
      guard wanted.count > 0 else { return [] }
      var found: [Range<Int>] = []
      var at = 0
      while at + wanted.count <= bytes.count {
        if bytes[at] == wanted[0], wanted.indices.allSatisfy({ bytes[at + $0] == wanted[$0] }) {
          found.append(at..<at + wanted.count)
          at += wanted.count
        } else {
          at += 1
        }
      }
      return found
    }
  }

  /// A word, or a text in quotes, of the line whose SHA-1 is the one that is wanted.
  private func word(_ entry: ForeignEntry, _ digest: [UInt8], _ bytes: Span<UInt8>, _ lines: LineIndex) -> Hit? {
    guard let wanted = entry.lines, wanted.lowerBound <= lines.position(max(0, bytes.count - 1)).line else {
      return nil
    }
    let line = lines.bytes(of: wanted.lowerBound, count: bytes.count)
    guard line.count <= 16_384 else { return nil }
    let marks = Set(" \t\r\"'`=:;,()[]{}<>".utf8)
    let edges = [line.lowerBound - 1] + line.filter { marks.contains(bytes[$0]) } + [line.upperBound]
    // A value may hold marks itself, so that not only neighbours are tried; the first few are enough.
    for (number, start) in edges.enumerated() {
      for end in edges.dropFirst(number + 1).prefix(8) where end > start + 1 {
        let range = start + 1..<end
        let secret = Secret(copying: bytes.extracting(range))
        if SHA1.hash(secret.copyBytes()) == digest { return Hit(rule: named(entry), secret: secret, range: range) }
      }
    }
    return nil
  }

  // MARK: What it is called

  private func isNamed(_ rule: Rule, _ entry: ForeignEntry) -> Bool {
    entry.names.contains { name in
      let last = name.split(separator: ".").last.map(String.init) ?? name
      return [name, last].contains { $0 == rule.id.rawValue || rule.aliases.contains($0) }
    }
  }

  /// The rule of ours that the other scanner's name stands for: by id or alias, or the only rule of a provider of that name.
  private func named(_ entry: ForeignEntry) -> Rule? {
    if let rule = rules.first(where: { isNamed($0, entry) }) { return rule }
    func plain(_ text: String) -> String { text.lowercased().filter { $0.isLetter || $0.isNumber } }
    let names = Set(entry.names.map(plain))
    let ofProvider = rules.filter { names.contains(plain($0.provider)) }
    return ofProvider.count == 1 ? ofProvider[0] : nil
  }

  private func add(_ hit: Hit, _ entry: ForeignEntry, _ source: Source?, _ path: String) {
    let print = key.fingerprint(hit.secret)
    var place = Occurrence(
      place: source?.place ?? .file, path: BytePath(path), line: entry.lines?.lowerBound ?? 1,
      endLine: entry.lines?.upperBound ?? 1, column: 1, endColumn: 1, object: source?.object,
      offset: hit.range.lowerBound, length: hit.range.count, decoders: hit.decoders, introduced: source?.commit,
      reachability: source?.object == nil ? nil : .branch)
    if let source {
      let extent = LineIndex(source.bytes.span).extent(hit.range)
      (place.line, place.column, place.endLine, place.endColumn) =
        (extent.line, extent.column, extent.endLine, extent.endColumn)
      place.comment = matcher.comment(on: hit.range, in: source.bytes.span)
      place.atHead = isAtHead(place, hit.secret)
    }
    if findings[print] == nil {
      let name = entry.names.first ?? "unknown"
      order.append(print)
      findings[print] = Finding(
        rule: hit.rule?.id ?? RuleID("imported-\(ForeignPlaces.slug(name))"), title: hit.rule?.name ?? entry.title,
        provider: hit.rule?.provider ?? GitleaksConfiguration.provider, severity: hit.rule?.severity ?? .high,
        confidence: max(hit.confidence, .context), fingerprint: print, redacted: hit.secret.redacted,
        secret: hit.secret,
        occurrences: [])
    }
    if findings[print]?.occurrences.contains(place) == false { findings[print]?.occurrences.append(place) }
  }

  private func isAtHead(_ place: Occurrence, _ value: Secret) -> Bool {
    guard place.place == .blob, let blob = blob(at: place.path.description, in: head) else { return false }
    return blob.id == place.object || !ForeignPlaces.places(of: value, in: blob.bytes.span).isEmpty
  }

  private static func slug(_ name: String) -> String {
    let plain = name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    return String(plain.prefix(64))
  }
}
