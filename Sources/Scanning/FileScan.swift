// Files as they are: a directory and everything below it, one file, or a stream.

internal import Glibc
public import Matching
public import Model
internal import Posix
internal import RuleBook
internal import Secrets
internal import Synchronization

/// Gathers findings from whole files, by value.
struct FileFindings {
  private let matcher: ContentMatcher
  private var occurrences: [ValueNumber: [Occurrence]] = [:]
  private(set) var coverage = Coverage()

  init(_ matcher: ContentMatcher) { self.matcher = matcher }

  /// Scans one file's bytes.
  mutating func scan(_ bytes: Span<UInt8>, path: BytePath) {
    coverage.blobs += 1
    coverage.bytes += Int64(bytes.count)
    if let pointer = LFSPointer.describe(bytes) {
      coverage.add(Skip(reason: .lfsPointer, path: path, detail: pointer))
    }
    let result = matcher.match(bytes)
    for skip in result.skips(matcher.rules, path: path) { coverage.add(skip) }
    for member in result.archive?.members ?? [] {
      for place in member.places { add(place, in: member.path, of: path) }
    }
    if result.hits.isEmpty { return }
    let lines = LineIndex(bytes)
    for hit in result.hits {
      let extent = lines.extent(hit.candidate.secret)
      let place = Occurrence(
        place: .file, path: path, line: extent.line, endLine: extent.endLine, column: extent.column,
        endColumn: extent.endColumn, offset: hit.candidate.secret.lowerBound, length: hit.candidate.secret.count,
        decoders: hit.candidate.decoders, comment: matcher.comment(on: hit.candidate.secret, in: bytes))
      if occurrences[hit.value]?.last?.isSamePlace(as: place) == true { continue }
      occurrences[hit.value, default: []].append(place)
    }
  }

  /// Something found in a member of an archive.
  private mutating func add(_ found: MatchedArchive.Place, in member: [UInt8], of path: BytePath) {
    let secret = found.candidate.secret
    let place = Occurrence(
      place: .file, path: Occurrence.path(of: path, member: member), line: found.extent.line,
      endLine: found.extent.endLine, column: found.extent.column, endColumn: found.extent.endColumn,
      offset: secret.lowerBound, length: secret.count, decoders: found.candidate.decoders, comment: found.comment,
      member: BytePath(member))
    if occurrences[found.value]?.last?.isSamePlace(as: place) == true { return }
    occurrences[found.value, default: []].append(place)
  }

  /// Notes what could not be read.
  mutating func skip(_ skip: Skip) { coverage.add(skip) }

  /// The report over the parts of all threads, which share one table of values.
  static func report(
    _ parts: [FileFindings], _ values: ValueTable, target: String, mode: String, _ options: ScanOptions
  ) -> ScanReport {
    let key = options.fingerprintKey ?? WeakKey.derive([])
    var coverage = Coverage()
    var occurrences: [ValueNumber: [Occurrence]] = [:]
    var rules: RuleList = []
    for part in parts {
      coverage.merge(part.coverage)
      occurrences.merge(part.occurrences) { $0 + $1 }
      rules = part.matcher.rules
    }
    coverage.sort()
    let found = values.contents().values
    let findings = occurrences.compactMap { value, places -> Finding? in
      guard let claim = found[Int(value)].claim else { return nil }
      return Finding(
        rules[claim.rule], claim.confidence, found[Int(value)].secret, key, places.sorted(by: Occurrence.precedes))
    }
    return ScanReport(
      target: target, mode: mode, fingerprintKey: key.id, fingerprintKeyIsWeak: options.fingerprintKey == nil,
      findings: FindingPairs.join(
        findings.sorted { ($0.rule, $0.fingerprint) < ($1.rule, $1.fingerprint) },
        rules.byID(occurrences.keys.compactMap { found[Int($0)].claim })), coverage: coverage)
  }
}

extension Occurrence {
  fileprivate func isSamePlace(as other: Occurrence) -> Bool {
    path == other.path && offset == other.offset && length == other.length
  }
}

extension Scanner {
  /// The file `path`, or every file below the directory `path`, `.git` left out and links not followed.
  ///
  /// - Throws: if there is nothing at `path`; what can't be read below it is in the coverage.
  public static func directory(
    _ path: String, program: MatcherProgram, options: ScanOptions = ScanOptions()
  ) throws(ScanError) -> ScanReport {
    let values = ValueTable(program.rules)
    var files = FileFindings(ContentMatcher(program, values, options))
    let progress = ProgressCounter("reading files", options.progress)
    let kind: FileKind
    do { kind = try Files.status(path).kind } catch {
      throw ScanError(reason: error.description, hint: "name a directory or a file that can be read")
    }
    if kind != .directory {
      do {
        let bytes = try Files.read(path, maximumBytes: options.maximumBlobBytes)
        files.scan(bytes.span, path: BytePath(Files.lastPart(path)))
      } catch { files.skip(Skip(error, BytePath(Files.lastPart(path)))) }
      return FileFindings.report([files], values, target: path, mode: "directory", options)
    }
    DirectoryWalk.walk(
      path,
      visit: { entry in
        if entry.kind == .directory { return entry.name != Array(".git".utf8) }
        guard entry.kind == .regular else { return false }
        progress.advance()
        do throws(SystemError) {
          let bytes = try entry.directory.open(entry.name).read(maximumBytes: options.maximumBlobBytes)
          files.scan(bytes.span, path: BytePath(entry.path))
        } catch { files.skip(Skip(error, BytePath(entry.path))) }
        return false
      },
      failed: { place, error in files.skip(Skip(error, BytePath(place))) })
    return FileFindings.report([files], values, target: path, mode: "directory", options)
  }

  /// Bytes that came from somewhere, under a name of the caller's.
  public static func stream(
    name: String, bytes: [UInt8], program: MatcherProgram, options: ScanOptions = ScanOptions()
  ) throws(ScanError) -> ScanReport {
    let values = ValueTable(program.rules)
    var files = FileFindings(ContentMatcher(program, values, options))
    files.scan(bytes.span, path: BytePath(name))
    return FileFindings.report([files], values, target: name, mode: "stdin", options)
  }
}

extension Skip {
  /// A file that could not be read.
  init(_ error: SystemError, _ path: BytePath) {
    self.init(
      reason: error.code == EFBIG ? .tooLarge : .unreadable, path: path, detail: "\(error.operation): \(error.reason)")
  }
}
