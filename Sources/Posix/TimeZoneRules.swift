// Named time zones: reads the system's compiled zone files (TZif, RFC 9636), so that "six in the evening in Berlin" means
// what it means there, summer time, changes of law and all.

/// The offsets of one zone from UTC, past and to come.
public struct TimeZoneRules: Sendable, Equatable {
  /// The name, such as `Europe/Berlin`.
  public let name: String
  /// Moments at which the offset changes, in seconds since 1970, ascending.
  private let moments: [Int64]
  /// The offset from each moment on, in seconds east of UTC.
  private let offsets: [Int]
  /// The offset before the first moment.
  private let first: Int
  /// What holds after the last moment.
  private let rule: TimeZoneFooter?

  /// UTC.
  public static let utc = TimeZoneRules(name: "UTC", moments: [], offsets: [], first: 0, rule: nil)

  private static let directory = "/usr/share/zoneinfo"
  private static let maximumBytes = 1 << 20

  init(name: String, moments: [Int64], offsets: [Int], first: Int, rule: TimeZoneFooter?) {
    self.name = name
    self.moments = moments
    self.offsets = offsets
    self.first = first
    self.rule = rule
  }

  /// The zone of that name as this system knows it; nil where it knows none. `UTC` needs no file.
  public init?(named name: String) {
    if name == "UTC" {
      self = .utc
      return
    }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isName = parts.allSatisfy { part in
      !part.isEmpty && part.utf8.count <= 64
        && part.utf8.allSatisfy { byte in
          switch byte {
          case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2b, 0x5f: true
          default: false
          }
        }
    }
    guard isName, parts.count <= 4,
      let bytes = try? Files.read("\(TimeZoneRules.directory)/\(name)", maximumBytes: TimeZoneRules.maximumBytes),
      let zone = TimeZoneRules(name: name, bytes)
    else { return nil }
    self = zone
  }

  /// The zone in the bytes of a TZif file; nil where they are none.
  public init?(name: String, _ bytes: [UInt8]) {
    var reader = TZifReader(bytes: bytes)
    guard var counts = reader.header() else { return nil }
    var width = 4
    if counts.version >= 2 {
      // The first block is for old readers; the second has 64 bits.
      guard reader.skip(counts.size(4)), let second = reader.header() else { return nil }
      counts = second
      width = 8
    }
    guard let block = reader.block(counts, width) else { return nil }
    let footer = counts.version >= 2 ? reader.footer() : nil
    self.init(
      name: name, moments: block.moments, offsets: block.offsets, first: block.first,
      rule: footer.flatMap { TimeZoneFooter($0) })
  }

  /// Seconds east of UTC at a moment, given in seconds since 1970.
  public func offset(at moment: Int64) -> Int {
    guard let last = moments.last, moment < last else {
      return rule?.offset(at: moment) ?? offsets.last ?? rule?.standard ?? first
    }
    var low = 0
    var high = moments.count
    while low < high {
      let middle = (low + high) / 2
      if moments[middle] <= moment { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? first : offsets[low - 1]
  }

  /// What clocks show there at a moment.
  public func civil(at moment: Int64) -> CivilTime { CivilTime(seconds: moment + Int64(offset(at: moment))) }

  /// The moments at which clocks there show a time, in seconds since 1970.
  ///
  /// One moment nearly always. Twice a year it differs: an hour that comes twice has two, and for one that is left out
  /// both are the moment of the change.
  public func moments(showing time: CivilTime) -> ClosedRange<Int64> {
    let local = time.seconds
    // No offset has ever been more than a day, and none changes twice within two.
    let before = local - 86_400
    let after = local + 86_400
    let found = Set([offset(at: before), offset(at: after)]).map { local - Int64($0) }
      .filter { $0 + Int64(offset(at: $0)) == local }.sorted()
    if let first = found.first, let last = found.last { return first...last }
    let change = self.change(between: before, and: after)
    return change...change
  }

  /// The moment at which the offset changes from what it is at `low` to what it is at `high`.
  private func change(between low: Int64, and high: Int64) -> Int64 {
    var (low, high) = (low, high)
    let start = offset(at: low)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if offset(at: middle) == start { low = middle } else { high = middle }
    }
    return high
  }
}

/// Takes the parts out of a TZif file.
private struct TZifReader {
  let bytes: [UInt8]
  var at = 0

  struct Counts {
    var version: Int
    var isUT: Int
    var isStandard: Int
    var leaps: Int
    var times: Int
    var types: Int
    var characters: Int

    func size(_ width: Int) -> Int {
      times * (width + 1) + types * 6 + characters + leaps * (width + 4) + isStandard + isUT
    }
  }

  struct Block {
    var moments: [Int64]
    var offsets: [Int]
    var first: Int
  }

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func number(_ count: Int) -> Int64? {
    guard count <= bytes.count - at else { return nil }
    var value: UInt64 = 0
    for offset in 0..<count { value = value << 8 | UInt64(bytes[at + offset]) }
    at += count
    return count == 8 ? Int64(bitPattern: value) : Int64(Int32(truncatingIfNeeded: value))
  }

  mutating func skip(_ count: Int) -> Bool {
    guard count >= 0, count <= bytes.count - at else { return false }
    at += count
    return true
  }

  mutating func header() -> Counts? {
    guard bytes.count - at >= 44, Array(bytes[at..<at + 4]) == Array("TZif".utf8) else { return nil }
    let version = bytes[at + 4] >= 0x32 ? Int(bytes[at + 4] - 0x30) : 1
    at += 20
    var numbers: [Int] = []
    for _ in 0..<6 {
      guard let value = number(4), (0...1 << 16).contains(value) else { return nil }
      numbers.append(Int(value))
    }
    guard numbers[4] > 0 else { return nil }
    return Counts(
      version: version, isUT: numbers[0], isStandard: numbers[1], leaps: numbers[2], times: numbers[3],
      types: numbers[4], characters: numbers[5])
  }

  mutating func block(_ counts: Counts, _ width: Int) -> Block? {
    guard counts.size(width) <= bytes.count - at else { return nil }
    let end = at + counts.size(width)
    defer { at = end }
    var moments: [Int64] = []
    for _ in 0..<counts.times {
      guard let value = number(width), moments.last.map({ $0 < value }) ?? true else { return nil }
      moments.append(value)
    }
    let kinds = bytes[at..<at + counts.times].map(Int.init)
    at += counts.times
    var types: [Int] = []
    for _ in 0..<counts.types {
      guard let offset = number(4), abs(offset) < 93_600, skip(2) else { return nil }
      types.append(Int(offset))
    }
    guard kinds.allSatisfy(types.indices.contains) else { return nil }
    return Block(moments: moments, offsets: kinds.map { types[$0] }, first: types[0])
  }

  /// The rule between two line feeds at the end.
  mutating func footer() -> String? {
    guard at < bytes.count, bytes[at] == 0x0a, let end = bytes[(at + 1)...].firstIndex(of: 0x0a) else { return nil }
    return String(decoding: bytes[(at + 1)..<end], as: UTF8.self)
  }
}
