// The ways to scan: a repository's history, a directory, a stream; and the key that their fingerprints are made with.

internal import Git
public import Matching
public import Model
internal import RuleBook
public import Secrets

/// Scans.
public enum Scanner {
  /// Everything that a repository's object database holds: blobs, commits and tags, whether or not anything still
  /// reaches them. Reads only.
  ///
  /// - Parameters:
  ///   - path: the repository, bare or not, a linked worktree, or a directory inside one.
  ///   - program: the rules.
  ///   - options: limits, threads, progress.
  /// - Throws: only if there is no repository that can be opened; whatever else goes wrong is in the coverage.
  public static func history(
    _ path: String, program: MatcherProgram, options: ScanOptions = ScanOptions()
  ) throws(ScanError) -> ScanReport {
    let repository: Repository
    do { repository = try Repository.open(path) } catch { throw ScanError(error) }
    var report = try HistoryScan(repository, program, options).run(target: path)
    if options.includesSubmodules { try Submodules.add(to: &report, repository, program, options) }
    return report
  }

  /// The key that a report on `target` was fingerprinted with; nil if the target can't be read any more.
  ///
  /// It is derived from public facts (a repository's root commits), so it keeps a fingerprint from being looked up in a
  /// table, not from being tried out by somebody who has the repository.
  public static func fingerprintKey(of target: String, mode: String) -> FingerprintKey? {
    guard mode == "history" else { return WeakKey.derive([]) }
    guard let repository = try? Repository.open(target), let roots = try? HistoryScan.rootCommits(repository) else {
      return nil
    }
    return WeakKey.derive(roots)
  }
}

extension ScanError {
  init(_ error: GitError) { self.init(reason: error.reason, hint: error.hint) }
  init(_ error: ObjectFailure) { self.init(reason: error.description, hint: "run git fsck to see what is damaged") }
}

/// Fingerprint keys from public facts.
enum WeakKey {
  /// The key of a repository with these root commits; of anything else with none.
  static func derive(_ roots: [ObjectID]) -> FingerprintKey {
    var material = Array("keywright weak fingerprint key 1\n".utf8)
    for root in roots.sorted() { material += root.bytes }
    return FingerprintKey(deriving: material.span)
  }
}
