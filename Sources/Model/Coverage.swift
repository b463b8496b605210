// What a scan read, and what it was asked to read and could not.

/// Why something was left out.
public enum SkipReason: String, Sendable, CaseIterable, Comparable {
  /// Larger than the limit.
  case tooLarge = "too-large"
  /// Named by another object, but not in the object database (a partial clone, a damaged repository).
  case missing
  /// Behind the boundary of a shallow clone.
  case shallow
  /// Stored bytes that can't be decoded, or do not match their id.
  case corrupt
  /// A git-lfs pointer: its content lies elsewhere.
  case lfsPointer = "lfs-pointer"
  /// A file that could not be opened or read.
  case unreadable
  /// A rule's pattern was stopped by its match limit here.
  case matchLimit = "match-limit"
  /// Something in an archive: damaged, encrypted, nested too deep, or growing beyond all measure.
  case archive

  /// Whether a scan that skipped something for this reason is incomplete (exit code 3).
  public var isIncomplete: Bool { self != .lfsPointer }

  /// Alphabetical.
  public static func < (left: SkipReason, right: SkipReason) -> Bool { left.rawValue < right.rawValue }
}

/// One thing left out.
public struct Skip: Sendable, Hashable {
  /// Why.
  public var reason: SkipReason
  /// The object, if it has an id.
  public var object: ObjectID?
  /// A path that leads to it, if one is known.
  public var path: BytePath?
  /// One sentence for people.
  public var detail: String

  /// A skip as given.
  public init(reason: SkipReason, object: ObjectID? = nil, path: BytePath? = nil, detail: String) {
    self.reason = reason
    self.object = object
    self.path = path
    self.detail = detail
  }
}

/// What was read and what was not.
public struct Coverage: Sendable {
  /// The longest list of single skips that a report carries; the counts go on.
  public static let maximumListed = 1_000

  /// Commits walked.
  public var commits = 0
  /// Trees read.
  public var trees = 0
  /// Annotated tags read.
  public var tags = 0
  /// Distinct blobs (or files) scanned.
  public var blobs = 0
  /// Bytes of content scanned, before any decoding.
  public var bytes: Int64 = 0
  /// Refs that the walk started from.
  public var refs = 0
  /// The first skips, up to ``maximumListed``.
  public private(set) var skips: [Skip] = []
  /// How many skips there were of each reason.
  public private(set) var skipCounts: [SkipReason: Int] = [:]

  /// Nothing read yet.
  public init() {}

  /// Notes a skip.
  public mutating func add(_ skip: Skip) {
    skipCounts[skip.reason, default: 0] += 1
    if skips.count < Coverage.maximumListed { skips.append(skip) }
  }

  /// Adds what another worker covered.
  public mutating func merge(_ other: Coverage) {
    commits += other.commits
    trees += other.trees
    tags += other.tags
    blobs += other.blobs
    bytes += other.bytes
    refs += other.refs
    for (reason, count) in other.skipCounts { skipCounts[reason, default: 0] += count }
    skips.append(contentsOf: other.skips.prefix(Coverage.maximumListed - skips.count))
  }

  /// Sorts the listed skips, so that two runs print the same.
  public mutating func sort() {
    skips.sort {
      ($0.reason, $0.object?.description ?? "", $0.path ?? BytePath([]))
        < ($1.reason, $1.object?.description ?? "", $1.path ?? BytePath([]))
    }
  }

  /// Whether something that was asked for was left out.
  public var isIncomplete: Bool { skipCounts.contains { $0.key.isIncomplete && $0.value > 0 } }
}

/// The result of a scan.
public struct ScanReport: Sendable {
  /// What was scanned: a path, or `-` for standard input.
  public var target: String
  /// `history`, `directory`, `stdin`, `staged`, `range`.
  public var mode: String
  /// The id of the key that the fingerprints were made with, and whether it can be guessed by others.
  public var fingerprintKey: String
  /// Whether the fingerprint key was derived from public facts (root commit ids) instead of being random.
  public var fingerprintKeyIsWeak: Bool
  /// Sorted by rule, then fingerprint.
  public var findings: [Finding]
  /// What was read and what was not.
  public var coverage: Coverage

  /// A report as given.
  public init(
    target: String, mode: String, fingerprintKey: String, fingerprintKeyIsWeak: Bool, findings: [Finding],
    coverage: Coverage
  ) {
    self.target = target
    self.mode = mode
    self.fingerprintKey = fingerprintKey
    self.fingerprintKeyIsWeak = fingerprintKeyIsWeak
    self.findings = findings
    self.coverage = coverage
  }
}
