// What a change adds: a commit that is being made (the index against HEAD), or a range of commits that is being pushed
// or judged.

public import Git
public import Matching
public import Model

/// Which commits a range scan looks at: those that the heads have and the bases lack.
public struct CommitRange: Sendable {
  /// Commits, refs or git's other notations.
  public var heads: [String]
  /// The same; empty for the heads' whole history.
  public var excluding: [String]

  /// A range as given.
  public init(heads: [String], excluding: [String]) {
    self.heads = heads
    self.excluding = excluding
  }

  /// `A..B`, `..B`, `A..`, or a single revision, which stands for that one commit.
  public init?(_ text: String) {
    guard let dots = text.firstRange(of: "..") else {
      guard !text.isEmpty, !text.hasPrefix("-") else { return nil }
      self.init(heads: [text], excluding: [text + "^@"])
      return
    }
    let base = String(text[..<dots.lowerBound])
    var rest = text[dots.upperBound...]
    // Three dots mean the same here: what the other side alone has is not asked for.
    if rest.first == "." { rest.removeFirst() }
    guard !base.hasPrefix("-"), !rest.hasPrefix("-") else { return nil }
    self.init(heads: [rest.isEmpty ? "HEAD" : String(rest)], excluding: [base.isEmpty ? "HEAD" : base])
  }
}

extension Scanner {
  /// What a commit of the index would add.
  ///
  /// - Parameters:
  ///   - path: the repository, or a directory in it.
  ///   - environment: git's variables.
  ///   - wholeFiles: whether to report what stands on lines that were there before, too.
  public static func staged(
    _ path: String, environment: GitEnvironment, program: MatcherProgram, options: ScanOptions = ScanOptions(),
    wholeFiles: Bool = false
  ) throws(ScanError) -> ScanReport {
    let opened = try Opened(path, environment, options)
    let index: IndexFile
    do { index = try opened.repository.index(environment) } catch {
      throw ScanError(
        reason: "the index can't be read: \(error.reason)", hint: "git status says whether git can read it")
    }
    let before = ([opened.repository.head()].compactMap { $0 } + opened.repository.mergeHeads())
    let trees = before.compactMap { opened.tree(of: $0) }
    var findings = ChangeFindings(program, opened.reader, options, wholeFiles: wholeFiles)
    if trees.count < before.count {
      findings.coverage.add(Skip(reason: .missing, detail: "HEAD can't be read: every staged line counts as new"))
    }
    let changes = StagedChanges(index, against: trees, reader: opened.reader, idCount: opened.repository.objectIDCount)
    for failure in changes.failures { findings.coverage.add(Skip(failure)) }
    for change in changes.changed {
      let trees = ChangedTrees(before: trees, after: nil)
      findings.scan(ChangedContent(change: change, removed: changes.removed, source: .index, trees: trees))
    }
    return findings.report(target: path, mode: "staged")
  }

  /// What the commits of a range add, their messages included, and what its heads are besides commits: annotated tags,
  /// and what such a tag names.
  public static func range(
    _ path: String, _ range: CommitRange, environment: GitEnvironment, program: MatcherProgram,
    options: ScanOptions = ScanOptions(), wholeFiles: Bool = false
  ) throws(ScanError) -> ScanReport {
    let opened = try Opened(path, environment, options)
    let heads = try range.heads.map { (text) throws(ScanError) in try opened.revision(text) }
    var bases: [ObjectID] = []
    for text in range.excluding {
      if text.hasSuffix("^@") {
        bases += opened.parents(of: try opened.revision(String(text.dropLast(2))))
      } else {
        bases.append(try opened.revision(text))
      }
    }
    return opened.scan(heads, bases, path, program, options, wholeFiles)
  }
}

/// A repository that has been opened for looking at changes.
private struct Opened {
  let repository: Repository
  let reader: StoreReader

  init(_ path: String, _ environment: GitEnvironment, _ options: ScanOptions) throws(ScanError) {
    do { repository = try Repository.open(path, environment: environment) } catch { throw ScanError(error) }
    var limits = ObjectStoreLimits()
    limits.maximumObjectBytes = max(limits.maximumObjectBytes, options.maximumBlobBytes)
    do { reader = try repository.objectStore(environment, limits: limits).makeReader() } catch {
      throw ScanError(error)
    }
  }

  func revision(_ text: String) throws(ScanError) -> ObjectID {
    do { return try repository.revision(text) } catch { throw ScanError(error) }
  }

  func tree(of commit: ObjectID) -> ObjectID? {
    (try? reader.read(commit) { kind, bytes in kind == .commit ? CommitHeader(bytes)?.tree : nil }).flatMap { $0 }
  }

  /// The parents of a commit, or of the one that a tag stands for.
  func parents(of name: ObjectID) -> [ObjectID] {
    var id = name
    for _ in 0..<16 {
      var target: ObjectID?
      let parents = try? reader.read(id) { kind, bytes in
        if kind == .tag { target = TagHeader.target(bytes) }
        return CommitHeader(bytes)?.parents ?? []
      }
      guard let next = target else { return parents ?? [] }
      id = next
    }
    return []
  }

  func scan(
    _ heads: [ObjectID], _ bases: [ObjectID], _ path: String, _ program: MatcherProgram, _ options: ScanOptions,
    _ wholeFiles: Bool
  ) -> ScanReport {
    var findings = ChangeFindings(program, reader, options, wholeFiles: wholeFiles)
    let range = RevisionRange(heads: heads, excluding: bases, reader: reader)
    for failure in range.failures {
      var skip = Skip(failure)
      // Of a base that is not here nothing is wanted; but without it nobody knows where the range begins.
      if repository.shallowCommits.isEmpty == false, failure.reason == .missing { skip.reason = .shallow }
      findings.coverage.add(skip)
    }
    if range.isCutOff {
      findings.coverage.add(
        Skip(reason: .matchLimit, detail: "the range has more than \(RevisionRange.maximumCommits) commits"))
    }
    let progress = ProgressCounter("reading commits", total: range.commits.count, options.progress)
    for commit in RangeOrder.parentsFirst(range.commits) {
      progress.advance()
      findings.coverage.commits += 1
      let info = try? reader.read(commit.id) { _, bytes in
        CommitInfo(bytes, id: commit.id, isBoundary: commit.isBoundary)
      }
      if commit.isBoundary, !repository.shallowCommits.contains(commit.id) {
        findings.coverage.add(Skip(reason: .missing, object: commit.id, detail: "a parent of this commit is missing"))
      }
      let changes = TreeChanges(
        of: commit.tree, against: commit.parentTrees, reader: reader, idCount: repository.objectIDCount)
      for failure in changes.failures { findings.coverage.add(Skip(failure)) }
      for change in changes.changed {
        let trees = ChangedTrees(before: commit.parentTrees, after: commit.tree)
        findings.scan(ChangedContent(change: change, removed: changes.removed, source: .commit(info), trees: trees))
      }
      if let info { findings.scanText(of: commit.id, .commit, introduced: info) }
    }
    findings.scanNames(heads, excluding: bases, reader, idCount: repository.objectIDCount)
    return findings.report(target: path, mode: "range")
  }
}

/// An order of commits in which parents come before their children; of two that are not related, the one with the
/// smaller id comes first, so that two runs agree.
enum RangeOrder {
  static func parentsFirst(_ commits: [RangeCommit]) -> [RangeCommit] {
    let places = Dictionary(commits.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var waiting = commits.map { commit in Set(commit.parents.compactMap { places[$0] }).count }
    var children = [[Int]](repeating: [], count: commits.count)
    for (number, commit) in commits.enumerated() {
      for parent in Set(commit.parents.compactMap({ places[$0] })) { children[parent].append(number) }
    }
    var ready = commits.indices.filter { waiting[$0] == 0 }
    var ordered: [RangeCommit] = []
    var next = 0
    while next < ready.count {
      let number = ready[next]
      next += 1
      ordered.append(commits[number])
      for child in children[number] {
        waiting[child] -= 1
        if waiting[child] == 0 { ready.append(child) }
      }
    }
    return ordered
  }
}
