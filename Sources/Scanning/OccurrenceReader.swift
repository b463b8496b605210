// Reads round the places of findings again: the whole match of a rule, and the lines it stands on.

public import Git
internal import Matching
public import Model
internal import Posix
public import RuleBook

/// What stands round one occurrence. It may hold the value.
public struct OccurrenceText: Sendable {
  /// The lines from the first to the last that the match touches, without the last line feed.
  public var lines: [UInt8]
  /// The whole match of the rule.
  public var match: [UInt8]
  /// The first line of the match, counted from 1.
  public var line: Int
  /// The last line of the match.
  public var endLine: Int
  /// The column of the first byte of the match, in bytes, counted from 1.
  public var column: Int
  /// The column of the last byte of the match.
  public var endColumn: Int
}

/// Reads the objects or files that a report's occurrences lie in.
public final class OccurrenceReader {
  private static let maximumBytes = 1 << 30
  private static let maximumLineBytes = 65_536

  private let target: String
  private let stream: [UInt8]?
  private let rules: [RuleID: Rule]
  private let environment: GitEnvironment
  private lazy var reader = makeReader()
  private var files: [BytePath: [UInt8]] = [:]
  private var matchers: [RuleID: Matcher] = [:]
  private var contentRules: [RuleID: ContentRules] = [:]

  /// A reader.
  ///
  /// - Parameters:
  ///   - target: what was scanned: a repository, a directory or a file.
  ///   - rules: the rules it was scanned with.
  ///   - environment: git's variables.
  ///   - stream: the bytes, where standard input was scanned.
  public init(target: String, rules: [Rule], environment: GitEnvironment, stream: [UInt8]? = nil) {
    self.target = target
    self.rules = Dictionary(rules.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    self.environment = environment
    self.stream = stream
  }

  private func makeReader() -> StoreReader? {
    guard let repository = try? Repository.open(target, environment: environment),
      let store = try? repository.objectStore(environment)
    else { return nil }
    return store.makeReader()
  }

  /// What the generic case's model saw at an occurrence, the strongest first, in 1/512 of the natural logarithm of the odds;
  /// nil where it claims nothing, or where the value can't be read any more.
  public func evidence(_ occurrence: Occurrence) -> [(name: String, value: Int, score: Int)]? {
    guard occurrence.offset >= 0, occurrence.length > 0, occurrence.offset <= Int.max - occurrence.length else {
      return nil
    }
    let value = occurrence.offset..<occurrence.offset + occurrence.length
    if occurrence.place == .refName || occurrence.submodule != nil { return nil }
    if let object = occurrence.object {
      let found = try? reader?.read(object) { _, bytes in
        guard let member = occurrence.member else { return GenericSample.at(value, in: bytes)?.evidence }
        return OccurrenceReader.content(member, bytes).flatMap { GenericSample.at(value, in: $0.span)?.evidence }
      }
      return (found ?? nil) ?? nil
    }
    return content(occurrence).flatMap { GenericSample.at(value, in: $0.span)?.evidence }
  }

  /// What stands round an occurrence of a rule's finding; nil where it can't be read any more.
  public func text(_ rule: RuleID, _ occurrence: Occurrence) -> OccurrenceText? {
    // Neither a name nor a submodule's object is anything this reader could read.
    if occurrence.place == .refName || occurrence.place == .fileName || occurrence.submodule != nil { return nil }
    if let object = occurrence.object {
      let found: OccurrenceText?? = try? reader?.read(object) { _, bytes in
        guard let member = occurrence.member else { return text(rule, occurrence, bytes) }
        return OccurrenceReader.content(member, bytes).flatMap { text(rule, occurrence, $0.span) }
      }
      return found ?? nil
    }
    guard let bytes = content(occurrence) else { return nil }
    return text(rule, occurrence, bytes.span)
  }

  /// The bytes of a file, or of the member of an archive, that an occurrence outside a repository lies in.
  private func content(_ occurrence: Occurrence) -> [UInt8]? {
    let bytes = stream ?? file(occurrence.containerPath)
    guard let member = occurrence.member else { return bytes }
    return bytes.flatMap { OccurrenceReader.content(member, $0.span) }
  }

  private static func content(_ member: BytePath, _ bytes: Span<UInt8>) -> [UInt8]? {
    ArchiveMembers.read(member, in: bytes, maximumBytes: maximumBytes)
  }

  private func file(_ path: BytePath) -> [UInt8]? {
    if let bytes = files[path] { return bytes }
    let bytes = try? read(path)
    // One file at a time: occurrences come sorted by path.
    files = bytes.map { [path: $0] } ?? [:]
    return bytes
  }

  private func read(_ path: BytePath) throws(SystemError) -> [UInt8] {
    guard try Files.status(target).kind == .directory else {
      return try Files.read(target, maximumBytes: OccurrenceReader.maximumBytes)
    }
    var directory = try Directory(target)
    let parts = path.bytes.split(separator: 0x2f)
    for part in parts.dropLast() { directory = try Directory(Array(part), in: directory) }
    return try directory.open(Array(parts.last ?? [])).read(maximumBytes: OccurrenceReader.maximumBytes)
  }

  private func text(_ rule: RuleID, _ occurrence: Occurrence, _ bytes: Span<UInt8>) -> OccurrenceText? {
    guard occurrence.offset >= 0, occurrence.length >= 0, occurrence.offset <= bytes.count,
      occurrence.length <= bytes.count - occurrence.offset
    else { return nil }
    let secret = occurrence.offset..<occurrence.offset + occurrence.length
    let match = match(rule, secret, bytes)
    var start = match.lowerBound
    while start > 0, bytes[start - 1] != 0x0a, match.lowerBound - start < OccurrenceReader.maximumLineBytes {
      start -= 1
    }
    var end = max(match.upperBound, match.lowerBound)
    while end < bytes.count, bytes[end] != 0x0a, end - match.upperBound < OccurrenceReader.maximumLineBytes { end += 1 }
    func copy(_ range: Range<Int>) -> [UInt8] { range.map { bytes[$0] } }
    var last = match.upperBound
    while last > start, last > match.lowerBound, bytes[last - 1] != 0x0a { last -= 1 }
    let lastStart = last > match.lowerBound ? last : start
    func breaks(_ range: Range<Int>) -> Int { range.count { bytes[$0] == 0x0a } }
    return OccurrenceText(
      lines: copy(start..<end), match: copy(match),
      line: occurrence.line - breaks(match.lowerBound..<secret.lowerBound),
      endLine: occurrence.endLine + breaks(secret.upperBound..<match.upperBound),
      column: match.lowerBound - start + 1, endColumn: max(1, match.upperBound - lastStart))
  }

  /// The match that the secret is of; the secret itself where its rule finds no more (a decoded one, one of a detector).
  private func match(_ id: RuleID, _ secret: Range<Int>, _ bytes: Span<UInt8>) -> Range<Int> {
    guard let rule = rules[id] else { return secret }
    var candidates: [Candidate] = []
    var base = 0
    if rule.content != nil {
      _ = contentRule(rule).scan(bytes, into: &candidates)
    } else if rule.kind != .detector {
      base = max(0, secret.lowerBound - Rule.maximumWidthBytes)
      let window = base..<min(bytes.count, secret.upperBound + Rule.maximumWidthBytes)
      _ = matcher(rule).scan(bytes.extracting(window), into: &candidates)
    }
    let found = candidates.first { $0.secret.lowerBound + base == secret.lowerBound && $0.secret.count == secret.count }
    guard let found else { return secret }
    return found.match.lowerBound + base..<found.match.upperBound + base
  }

  private func matcher(_ rule: Rule) -> Matcher {
    if let known = matchers[rule.id] { return known }
    let made = Matcher(MatcherProgram([rule]))
    matchers[rule.id] = made
    return made
  }

  /// The rule by itself: what it requires was there when it was found.
  private func contentRule(_ rule: Rule) -> ContentRules {
    if let known = contentRules[rule.id] { return known }
    var alone = rule
    alone.content?.required = []
    alone.content?.isReported = true
    let made = ContentRules([alone])
    contentRules[rule.id] = made
    return made
  }
}
