// The report of a repository's last scan, for when nothing has changed since: refs, objects, rules, options and program are
// all in the digest that it is kept under. It is a JSON report without values, so it holds no secret. Replaced atomically,
// so that a killed writer leaves the old one, and of two writers the last wins; a damaged one is not used. Beside it lies what
// the scans have learnt of single objects, for when something has changed.

internal import Matching
internal import Model
internal import Posix
internal import Report
internal import Scanning
internal import Secrets

struct ScanCache {
  private static let maximumBytes = 256 << 20
  private static let mark = "keywright scan cache 1 "
  private let path: String
  private let digest: () -> [UInt8]?
  private let before: [UInt8]

  /// Nil where there is no place for a cache, or nothing that could be cached.
  init?(_ target: String, _ program: MatcherProgram, _ options: ScanOptions) {
    guard let stem = ScanCache.stem(target), let salt = ScanCache.salt else { return nil }
    digest = {
      guard let state = try? Scanner.state(of: target, program: program, options: options) else { return nil }
      return SHA256.hash(state + salt + Array(target.utf8))
    }
    guard let now = digest() else { return nil }
    before = now
    path = stem + ".json"
  }

  /// Where is kept what scans of a repository have learnt of its objects; nil where there is no place for a cache.
  static func objects(of target: String) -> ObjectCacheFile? {
    guard let stem = stem(target), let salt else { return nil }
    return ObjectCacheFile(path: stem + ".objects", salt: salt)
  }

  private static func stem(_ target: String) -> String? {
    guard let directory = try? Surroundings.cacheDirectory(), let real = try? Files.realPath(target) else { return nil }
    return "\(directory)/scans/\(Hex.encode(SHA256.hash(Array(real.utf8)).prefix(16)))"
  }

  /// A build of the same version may hold other rules.
  private static var salt: [UInt8]? {
    guard let binary = try? Files.status("/proc/self/exe") else { return nil }
    return Array("\(programVersion) \(binary) ".utf8)
  }

  private var head: [UInt8] { Array("\(ScanCache.mark)\(Hex.encode(before))\n".utf8) }

  /// The last report, if nothing has changed.
  func load() -> ScanReport? {
    guard let bytes = try? Files.read(path, maximumBytes: ScanCache.maximumBytes), bytes.starts(with: head) else {
      return nil
    }
    return try? JSONReport.read(Array(bytes.dropFirst(head.count)), name: path)
  }

  /// Keeps a report, unless the repository has changed while it was made or the report says more than JSON can keep.
  func store(_ report: ScanReport) {
    let skips = report.coverage.skipCounts.values.reduce(0, +)
    let isStable = !report.coverage.skipCounts.keys.contains(.unreadable) && skips < Coverage.maximumListed
    guard isStable, digest() == before else { return }
    let bytes = head + JSONReport.write(report, showSecrets: false, version: programVersion)
    // A cache that can't be written costs time, nothing else.
    do {
      try Files.makeDirectory(Files.parent(path), mode: 0o700)
      try Files.replaceAtomically(path, bytes, mode: 0o600)
    } catch {}
  }
}
