// What a scan is told, and what it tells while it goes on: options, progress, the error that ends it.

internal import Glibc
public import Matching
public import Secrets

/// Why a scan could not begin at all. What can't be read on the way is in the report's coverage.
public struct ScanError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong, without a final period.
  public var reason: String
  /// What to do about it, if anything is known to help.
  public var hint: String?

  /// An error as given.
  public init(reason: String, hint: String? = nil) {
    self.reason = reason
    self.hint = hint
  }
  /// The reason.
  public var description: String { reason }
}

/// How far a scan is.
public struct ScanProgress: Sendable, Equatable {
  /// What is being done, in a word or two.
  public var stage: String
  /// Things done so far (objects, commits, files).
  public var done: Int
  /// Things there are, where that is known.
  public var total: Int?
  /// Bytes read so far, where they are counted.
  public var bytes: Int64?

  /// A progress as given.
  public init(stage: String, done: Int, total: Int? = nil, bytes: Int64? = nil) {
    self.stage = stage
    self.done = done
    self.total = total
    self.bytes = bytes
  }
}

/// What a scan may do, and what it must.
public struct ScanOptions: Sendable {
  /// Content larger than this many bytes is skipped, and counted as such.
  public var maximumBlobBytes = 64 << 20
  /// Worker threads, at least one.
  public var threads = max(1, min(64, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  /// Told how far the scan is, from any of its threads.
  public var progress: (@Sendable (ScanProgress) -> Void)?
  /// Whether credentials that are meant to be public (publishable keys) are reported.
  public var reportsPublic = false
  /// Whether every blob is matched as a whole, without taking over what holds for the blob that its delta rests on. The
  /// result is the same; this is for proving that.
  public var isFull = false
  /// Told what a scan of a history cost, at its end.
  public var statistics: (@Sendable (ScanStatistics) -> Void)?
  /// The key that fingerprints are made with: a baseline's; nil derives a weak one from public facts.
  public var fingerprintKey: FingerprintKey?
  /// Values to look for besides what the rules find, encoded or not; the program must be made with
  /// ``KnownValues/program(with:)``.
  public var known: KnownValues?
  /// Whether the submodules' own repositories are read, too, as far as they have been fetched.
  public var includesSubmodules = false
  /// Where a history scan keeps what it has learnt of objects, so that the next one reads only those that are new; nil for
  /// nowhere. The file holds no value; it is used only by a scan with the same rules and options.
  public var objectCache: ObjectCacheFile?
  /// Told in a sentence of what is odd and does no harm, such as a cache that can't be used.
  public var notice: (@Sendable (String) -> Void)?
  /// Whether archives and compressed files are opened, and what lies in them is scanned.
  public var opensArchives = false
  /// Whether comments that allow a line count.
  public var honoursComments = true

  /// The defaults.
  public init() {}
}
