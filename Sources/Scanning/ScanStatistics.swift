// What a scan cost: time, bytes and memory of each stage, and what the matcher did. Told to whoever asks, in no report.

public import Matching
internal import Posix

/// The cost of one scan.
public struct ScanStatistics: Sendable {
  /// One stage of a scan.
  public struct Stage: Sendable {
    /// What was done.
    public var name: String
    /// Processor time of all threads, in milliseconds.
    public var processorMilliseconds: Int64
    /// Time that passed, in milliseconds.
    public var milliseconds: Int64
    /// Anonymous memory at the end of the stage, in bytes.
    public var anonymousBytes: Int
    /// Bytes that were unpacked; 0 where nothing was.
    public var bytes: Int64
  }
  /// In their order.
  public var stages: [Stage] = []
  /// What the matchers of all threads did.
  public var matching: MatchStatistics?
  /// Bytes of all content that was to be matched.
  public var contentBytes: Int64 = 0
  /// Rules by the numbers that ``matching`` uses.
  public var ruleNames: [String] = []
  /// Whether the result came from the cache, and how much of it.
  public var cache: String?

  /// Nothing done yet.
  public init() {}

  /// The share of the content that the finders of literals and encodings and the patterns read, from 0 to 1 (more where
  /// windows overlap).
  public var touchedShare: Double {
    guard let matching, contentBytes > 0 else { return 0 }
    return Double(max(matching.searchedBytes, matching.decodedBytes) + matching.windowBytes) / Double(contentBytes)
  }
}

/// Measures stages, one after the other.
struct StageMeter {
  private(set) var statistics = ScanStatistics()
  private var processor = ProcessUsage.now().processorMilliseconds
  private var time = SystemClock().monotonic()

  /// Ends a stage and begins the next.
  mutating func lap(_ name: String, bytes: Int64 = 0) {
    let usage = ProcessUsage.now()
    let now = SystemClock().monotonic()
    statistics.stages.append(
      ScanStatistics.Stage(
        name: name, processorMilliseconds: usage.processorMilliseconds - processor, milliseconds: now - time,
        anonymousBytes: usage.anonymousBytes, bytes: bytes))
    processor = usage.processorMilliseconds
    time = now
  }

  /// Adds what a matcher did.
  mutating func add(_ matching: MatchStatistics) {
    if statistics.matching == nil { statistics.matching = matching } else { statistics.matching?.merge(matching) }
  }

  /// Sets the rest.
  mutating func finish(contentBytes: Int64, ruleNames: [String]) {
    statistics.contentBytes = contentBytes
    statistics.ruleNames = ruleNames
  }
}
