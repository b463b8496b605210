// What the result of a scan of a history depends on, as one digest: where nothing of it has changed, the result has not.

internal import Git
public import Matching
internal import Model
internal import Secrets

extension Scanner {
  /// The digest of everything that a scan of this history reads, and how: refs, reflogs and heads, packs and loose objects,
  /// rules and options. It says nothing of the program's own version.
  ///
  /// - Throws: if there is no repository that can be opened.
  public static func state(
    of path: String, program: MatcherProgram, options: ScanOptions = ScanOptions()
  ) throws(ScanError) -> [UInt8] {
    let repository: Repository
    let roots: [Root]
    let store: ObjectStore
    do { repository = try Repository.open(path) } catch { throw ScanError(error) }
    let listing = repository.refListing()
    do {
      roots = try repository.roots(listing.references)
    } catch { throw ScanError(error) }
    do { store = try HistoryScan.store(repository, maximumBlobBytes: options.maximumBlobBytes) } catch {
      throw ScanError(error)
    }
    var text =
      "\(repository.gitDirectory)\n\(repository.isPartialClone) \(options.maximumBlobBytes) \(options.reportsPublic) "
    text += "\(options.opensArchives) \(options.honoursComments) \(options.fingerprintKey?.id ?? "")\n"
    for id in repository.shallowCommits.sorted() { text += "shallow \(id)\n" }
    var bytes = Array(text.utf8)
    for root in roots { bytes += root.target.bytes + Array(root.reachability.rawValue.utf8) }
    for problem in listing.problems { bytes += Array(problem.description.utf8) + [0] }
    for reference in listing.references { bytes += Array(reference.name.utf8) + [0] + reference.target.bytes }
    bytes += HistoryMemoryFile.digest(of: program.rules) + repository.indexChecksums()
    return SHA256.hash(bytes + SHA256.hash(store.identity()))
  }
}
