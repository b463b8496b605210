// Files that are found by their path alone, as rules of other scanners' configurations want it: what they hold does not
// matter, and there is no value.

public import Git
public import Matching
public import Model
internal import Posix
public import RuleBook
internal import Secrets

/// Finds files by their paths.
public struct PathFindings {
  private let rules: [(rule: PathRule, pattern: TextPattern)]
  private var places: [[BytePath: [Occurrence]]]
  /// Places that are kept of one file; each commit that changes it is one.
  private static let maximumPlaces = 10_000

  private init(_ rules: [(rule: PathRule, pattern: TextPattern)]) {
    self.rules = rules
    places = Array(repeating: [:], count: rules.count)
  }

  private mutating func look(_ path: BytePath, _ place: Place, _ object: ObjectID?, _ commit: CommitInfo?) {
    for number in rules.indices where rules[number].pattern.matches(path.bytes.span) {
      guard places[number][path, default: []].count < PathFindings.maximumPlaces else { continue }
      places[number][path, default: []].append(
        Occurrence(
          place: place, path: path, line: 1, endLine: 1, column: 1, endColumn: 1, object: object, offset: 0, length: 0,
          introduced: commit, reachability: commit == nil ? nil : .branch))
    }
  }

  private func findings(_ key: FingerprintKey) -> [Finding] {
    rules.indices.flatMap { number in
      places[number].map { path, found in
        let rule = rules[number].rule
        return Finding(
          rule: rule.id, title: rule.name, provider: GitleaksConfiguration.provider, severity: .high,
          confidence: .structure, fingerprint: key.fingerprint(Secret(Array("\(rule.id)\u{0}".utf8) + path.bytes)),
          redacted: "a file", secret: nil, occurrences: found)
      }
    }
  }

  private func add(to report: inout ScanReport, _ options: ScanOptions) {
    report.findings += findings(options.fingerprintKey ?? WeakKey.derive([]))
    report.findings.sort { ($0.rule, $0.fingerprint) < ($1.rule, $1.fingerprint) }
  }

  /// Adds what lies below a directory, or one file.
  public static func add(
    _ rules: [(rule: PathRule, pattern: TextPattern)], directory path: String, to report: inout ScanReport,
    options: ScanOptions
  ) {
    if rules.isEmpty { return }
    var found = PathFindings(rules)
    if (try? Files.status(path).kind) == .directory {
      DirectoryWalk.walk(
        path,
        visit: { entry in
          if entry.kind == .directory { return entry.name != Array(".git".utf8) }
          if entry.kind == .regular { found.look(BytePath(entry.path), .file, nil, nil) }
          return false
        }, failed: { (_: [UInt8], _: SystemError) in })
    } else {
      found.look(BytePath(Files.lastPart(path)), .file, nil, nil)
    }
    found.add(to: &report, options)
  }

  /// Adds what a commit of the index would add or change.
  public static func add(
    _ rules: [(rule: PathRule, pattern: TextPattern)], stagedIn path: String, environment: GitEnvironment,
    to report: inout ScanReport, options: ScanOptions
  ) {
    guard !rules.isEmpty, let repository = try? Repository.open(path, environment: environment),
      let reader = try? repository.objectStore(environment).makeReader(),
      let index = try? repository.index(environment)
    else { return }
    let before = [repository.head()].compactMap { $0 } + repository.mergeHeads()
    let trees = before.compactMap { commit in
      (try? reader.read(commit) { kind, bytes in kind == .commit ? CommitHeader(bytes)?.tree : nil }).flatMap { $0 }
    }
    var found = PathFindings(rules)
    let changes = StagedChanges(index, against: trees, reader: reader, idCount: repository.objectIDCount)
    for change in changes.changed { found.look(change.path, .staged, change.blob, nil) }
    found.add(to: &report, options)
  }

  /// Adds what the commits of a range, or all commits that a ref reaches, add or change.
  public static func add(
    _ rules: [(rule: PathRule, pattern: TextPattern)], commits range: CommitRange?, in path: String,
    environment: GitEnvironment, to report: inout ScanReport, options: ScanOptions
  ) {
    guard !rules.isEmpty, let repository = try? Repository.open(path, environment: environment),
      let reader = try? repository.objectStore(environment).makeReader()
    else { return }
    var found = PathFindings(rules)
    for commit in RangeOrder.parentsFirst(commits(range, repository, reader)) {
      let changes = TreeChanges(
        of: commit.tree, against: commit.parentTrees, reader: reader, idCount: repository.objectIDCount)
      if changes.changed.isEmpty { continue }
      let info = try? reader.read(commit.id) { _, bytes in
        CommitInfo(bytes, id: commit.id, isBoundary: commit.isBoundary)
      }
      for change in changes.changed { found.look(change.path, .blob, change.blob, info.flatMap { $0 }) }
    }
    found.add(to: &report, options)
  }

  private static func commits(_ range: CommitRange?, _ repository: Repository, _ reader: StoreReader) -> [RangeCommit] {
    guard let range else {
      let heads = ((try? repository.references()) ?? []).map(\.target) + [repository.head()].compactMap { $0 }
      return RevisionRange(heads: heads, excluding: [], reader: reader).commits
    }
    let heads = range.heads.compactMap { try? repository.revision($0) }
    let bases = range.excluding.flatMap { text -> [ObjectID] in
      guard text.hasSuffix("^@") else { return [try? repository.revision(text)].compactMap { $0 } }
      guard let id = try? repository.revision(String(text.dropLast(2))) else { return [] }
      return (try? reader.read(id) { _, bytes in CommitHeader(bytes)?.parents ?? [] }) ?? []
    }
    return RevisionRange(heads: heads, excluding: bases, reader: reader).commits
  }
}
