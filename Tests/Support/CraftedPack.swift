// A pack put together by hand, with an index that says what a test wants it to say.

/// A pack under construction.
public struct CraftedPack {
  /// The pack so far, with a count of 0 in its head.
  public private(set) var bytes: [UInt8] = Array("PACK".utf8) + bigEndian(2, 4) + bigEndian(0, 4)
  /// What the index will list.
  public private(set) var entries: [(id: [UInt8], offset: Int)] = []

  /// An id that is easy to recognise.
  public static func id(_ number: Int) -> [UInt8] { bigEndian(number, 4) + Array(repeating: 0x11, count: 16) }

  /// A number in so many bytes.
  public static func bigEndian(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
  }

  /// A zlib stream of stored blocks.
  public static func zlib(_ content: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x78, 0x01]
    var at = 0
    repeat {
      let count = min(65_535, content.count - at)
      out.append(at + count == content.count ? 1 : 0)
      for value in [count, ~count] { out += [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)] }
      out += content[at..<(at + count)]
      at += count
    } while at < content.count
    var (low, high) = (1, 0)
    for byte in content {
      low = (low + Int(byte)) % 65_521
      high = (high + low) % 65_521
    }
    return out + bigEndian(high << 16 | low, 4)
  }

  /// A number as deltas and entry headers write it, least significant bits first.
  public static func varint(_ value: Int) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7f) | 0x80] + varint(value >> 7)
  }

  /// A delta of instructions.
  public static func delta(base: Int, result: Int, _ code: [UInt8]) -> [UInt8] { varint(base) + varint(result) + code }

  /// Adds an entry; `size` is what its header says, by default the truth.
  @discardableResult
  public mutating func add(_ number: Int, type: UInt8, link: [UInt8] = [], _ content: [UInt8], size: Int? = nil) -> Int
  {
    let offset = bytes.count
    entries.append((CraftedPack.id(number), offset))
    let size = size ?? content.count
    bytes.append(type << 4 | UInt8(size & 15) | (size > 15 ? 0x80 : 0))
    if size > 15 { bytes += CraftedPack.varint(size >> 4) }
    bytes += link + CraftedPack.zlib(content)
    return offset
  }

  /// Adds a delta against the entry `distance` bytes before.
  @discardableResult
  public mutating func addOffsetDelta(_ number: Int, base: Int, _ content: [UInt8]) -> Int {
    var distance = bytes.count - base
    var link = [UInt8(distance & 0x7f)]
    while distance >> 7 > 0 {
      distance = (distance >> 7) - 1
      link.insert(UInt8(distance & 0x7f) | 0x80, at: 0)
    }
    return add(number, type: 6, link: link, content)
  }

  /// Lists an object at any offset.
  public mutating func list(_ number: Int, at offset: Int) { entries.append((CraftedPack.id(number), offset)) }

  /// An empty pack.
  public init() {}

  /// The pack and its index as files.
  public func files() -> (pack: [UInt8], index: [UInt8]) {
    var pack = bytes
    pack.replaceSubrange(8..<12, with: CraftedPack.bigEndian(entries.count, 4))
    pack += Array(repeating: 0x77, count: 20)
    let sorted = entries.sorted { $0.id.lexicographicallyPrecedes($1.id) }
    var index: [UInt8] = [0xff, 0x74, 0x4f, 0x63] + CraftedPack.bigEndian(2, 4)
    var counts = [Int](repeating: 0, count: 256)
    for entry in sorted { counts[Int(entry.id[0])] += 1 }
    for byte in 0..<256 {
      if byte > 0 { counts[byte] += counts[byte - 1] }
      index += CraftedPack.bigEndian(counts[byte], 4)
    }
    index += sorted.flatMap(\.id)
    index += Array(repeating: 0, count: 4 * sorted.count)
    var large: [UInt8] = []
    for entry in sorted {
      if entry.offset < 1 << 31 {
        index += CraftedPack.bigEndian(entry.offset, 4)
      } else {
        index += CraftedPack.bigEndian(0x8000_0000 | large.count / 8, 4)
        large += CraftedPack.bigEndian(entry.offset, 8)
      }
    }
    index += large + Array(repeating: 0x77, count: 20) + Array(repeating: 0, count: 20)
    return (pack, index)
  }
}
