// What one thread of the first walk has read, for the next scan to know.

internal import Model

/// Objects that were read to their end, with the bytes of each that count as covered.
struct ScanRecord: Sendable {
  private(set) var ids: PackedIDs
  private(set) var sizes: [UInt32] = []
  /// What was left out of them.
  var skips: [Skip] = []

  /// Stands for an object that is known and does not count as covered, such as one that is too large.
  static let uncounted = UInt32.max

  init(idCount: Int) { ids = PackedIDs(idCount: idCount) }

  /// Notes an object; nil for one that does not count.
  mutating func add(_ id: ObjectID, _ size: Int?) {
    // One of four gigabytes and more is read again each time.
    if let size, size >= Int(ScanRecord.uncounted) { return }
    ids.append(id)
    sizes.append(size.map { UInt32(truncatingIfNeeded: $0) } ?? ScanRecord.uncounted)
  }
}
