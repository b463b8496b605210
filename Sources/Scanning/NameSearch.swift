// Secrets in names: those of files and directories, and those of refs. All names are searched at once; the few that hold
// something are then looked at one by one.

internal import Git
internal import Matching
internal import Model
internal import RuleBook

/// Finds names that hold values.
struct NameSearch {
  /// A shorter name holds no secret.
  static let minimumBytes = 16
  /// Names are searched in pieces of about this many bytes.
  private static let batchBytes = 1 << 20
  /// The most names that are reported; a hostile tree may have millions.
  private static let maximumNames = 10_000

  private let matcher: Matcher
  private let rules: RuleList
  private let values: ValueTable
  private let reportsPublic: Bool
  private var batch: [UInt8] = []
  private var starts: [Int] = []
  /// The names that hold values, and which.
  private(set) var hits: [[UInt8]: [ValueNumber]] = [:]
  /// Whether something was left out.
  private(set) var isCut = false

  init(_ program: MatcherProgram, _ values: ValueTable, _ options: ScanOptions) {
    matcher = Matcher(program)
    rules = program.rules
    self.values = values
    reportsPublic = options.reportsPublic
  }

  /// Looks for values in a name, now or with some of those that follow.
  mutating func add(_ name: some Collection<UInt8>) {
    guard name.count >= NameSearch.minimumBytes else { return }
    starts.append(batch.count)
    batch.append(contentsOf: name)
    batch.append(0x0a)
    if batch.count >= NameSearch.batchBytes { flush() }
  }

  /// Looks at what is left.
  mutating func flush() {
    let matches = matcher.scan(batch.span)
    isCut = isCut || !matches.stopped.isEmpty
    var seen = -1
    for offset in matches.candidates.map(\.secret.lowerBound).sorted() {
      let number = place(of: offset)
      guard number != seen else { continue }
      seen = number
      let end = number + 1 < starts.count ? starts[number + 1] : batch.count
      look(Array(batch[starts[number]..<end - 1]))
    }
    batch.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
  }

  private func place(of offset: Int) -> Int {
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  /// Nothing stands round a name that could speak for a value: only what its own form proves counts.
  private mutating func look(_ name: [UInt8]) {
    guard hits[name] == nil else { return }
    var candidates: [Candidate] = []
    _ = matcher.scan(name.span, into: &candidates)
    candidates = Matcher.resolveOverlaps(candidates, rules: rules).filter {
      $0.confidence >= .structure && $0.decoders.isEmpty && (reportsPublic || !rules.facts[$0.rule].isPublic)
    }
    guard !candidates.isEmpty else { return }
    guard hits.count < NameSearch.maximumNames else {
      isCut = true
      return
    }
    var found: [ValueNumber] = []
    for candidate in candidates {
      guard let number = values.number(name.span.extracting(candidate.secret)) else {
        isCut = true
        continue
      }
      values.claim(number, Claim(rule: candidate.rule, confidence: candidate.confidence))
      found.append(number)
    }
    hits[name] = found
  }
}

/// File names that hold values, as objects of their own among those that trees lead to.
struct NamedObjects: Sendable {
  /// What follows a name of a file in the name of such an object: no file's name can hold it.
  static let mark: UInt8 = 0

  /// By name: the object's place among these, from 0.
  private let places: [[UInt8]: UInt32]
  private let lengths: Set<Int>
  /// By place: the values, and the name with its mark.
  let values: [(set: ValueSetNumber, marked: [UInt8])]

  /// None.
  init() {
    places = [:]
    lengths = []
    values = []
  }

  init(_ hits: [[UInt8]: [ValueNumber]], _ table: ValueTable) {
    let names = hits.keys.sorted { $0.lexicographicallyPrecedes($1) }
    places = Dictionary(names.enumerated().map { ($1, UInt32($0)) }, uniquingKeysWith: { first, _ in first })
    lengths = Set(names.map(\.count))
    values = names.map { (table.set(hits[$0] ?? []), $0 + [NamedObjects.mark]) }
  }

  var isEmpty: Bool { values.isEmpty }

  /// The place of a name; nil for one without values.
  func find(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
    guard lengths.contains(range.count) else { return nil }
    return places[range.map { bytes[$0] }]
  }
}
