// Unpacked delta bases, kept for the next delta on them; bounded in bytes.

/// A cache of two generations: what is not used while one generation fills is dropped with the other.
struct BaseCache {
  struct Key: Hashable {
    var pack: Int
    var offset: Int
  }

  struct Entry {
    var kind: ObjectKind
    var bytes: ByteBuffer
  }

  private let maximumBytes: Int
  private var young: [Key: Entry] = [:]
  private var old: [Key: Entry] = [:]
  private var youngBytes = 0

  /// What an entry costs besides its bytes.
  private static let overheadBytes = 128

  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  /// The base, if it is still here.
  mutating func find(_ key: Key) -> Entry? {
    if let entry = young[key] { return entry }
    guard let entry = old.removeValue(forKey: key) else { return nil }
    keep(key, entry)
    return entry
  }

  /// Keeps a base, unless it would take more than a quarter of the room.
  mutating func keep(_ key: Key, _ entry: Entry) {
    let cost = entry.bytes.capacity + BaseCache.overheadBytes
    guard cost <= maximumBytes / 4 else { return }
    if youngBytes + cost > maximumBytes / 2 {
      old = young
      young = [:]
      youngBytes = 0
    }
    if young.updateValue(entry, forKey: key) == nil { youngBytes += cost }
  }
}
