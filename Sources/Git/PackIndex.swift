// A pack's index, versions 1 and 2: sorted ids and, for each, where its entry lies in the pack. A single look-up reads
// a few hundred bytes; a walk reads the tables as a whole. Its numbers are checked against the file's size on opening.

internal import Model

/// An open index file.
struct PackIndex: Sendable {
  let file: StoredFile
  let idCount: Int
  /// The number of objects.
  let count: Int
  /// How many ids have a first byte below n, for n from 0 to 256.
  let fanout: [Int]
  /// The checksum of the pack that the index was made for.
  let packChecksum: [UInt8]

  private let isVersion1: Bool
  private let namesStart: Int
  private let nameStride: Int
  private let offsetsStart: Int
  private let largeStart: Int
  private let largeCount: Int

  private static let signature: [UInt8] = [0xff, 0x74, 0x4f, 0x63]
  private static let fanoutCount = 256 * 4

  /// Opens the index of a pack that holds no more than `maximumObjects`.
  init(_ file: StoredFile, idCount: Int, maximumObjects: Int) throws(ObjectFailure) {
    self.file = file
    self.idCount = idCount
    let head = try file.bytes(at: 0, count: 8)
    isVersion1 = Array(head[..<4]) != PackIndex.signature
    if !isVersion1, head.span.bigEndian32(at: 4) != 2 { throw file.corrupt("an index version that is not known") }
    let fanoutStart = isVersion1 ? 0 : 8
    fanout = try PackIndex.readFanout(file, at: fanoutStart)
    count = fanout[256]
    guard count <= maximumObjects else { throw file.corrupt("\(count) objects are more than the limit") }
    let tables = fanoutStart + PackIndex.fanoutCount
    let trailer = 2 * idCount
    if isVersion1 {
      nameStride = idCount + 4
      namesStart = tables + 4
      offsetsStart = tables
      largeStart = 0
      largeCount = 0
      guard file.size == tables + count * nameStride + trailer else { throw file.truncated }
    } else {
      nameStride = idCount
      namesStart = tables
      offsetsStart = tables + count * (idCount + 4)
      largeStart = offsetsStart + count * 4
      let rest = file.size - largeStart - trailer
      guard rest >= 0, rest % 8 == 0, rest / 8 <= count else { throw file.truncated }
      largeCount = rest / 8
    }
    packChecksum = try file.bytes(at: file.size - trailer, count: idCount)
  }

  /// Reads 256 ascending counts; shared with the multi-pack index.
  static func readFanout(_ file: StoredFile, at offset: Int) throws(ObjectFailure) -> [Int] {
    let bytes = try file.bytes(at: offset, count: fanoutCount)
    var fanout = [0]
    for index in 0..<256 {
      let value = Int(bytes.span.bigEndian32(at: 4 * index))
      guard value >= fanout[index] else { throw file.corrupt("its table of counts does not ascend") }
      fanout.append(value)
    }
    return fanout
  }

  /// Where the object's entry lies in the pack; nil if the pack does not hold it.
  func offset(of id: ObjectID) throws(ObjectFailure) -> Int? {
    guard
      let position = try SortedNames.position(
        of: id, file: file, start: namesStart, stride: nameStride, fanout: fanout, idCount: idCount)
    else { return nil }
    if isVersion1 {
      return Int(try file.bigEndian32(at: offsetsStart + position * nameStride))
    }
    let small = try file.bigEndian32(at: offsetsStart + position * 4)
    guard small & 0x8000_0000 != 0 else { return Int(small) }
    let slot = Int(small & 0x7fff_ffff)
    guard slot < largeCount else { throw file.corrupt("an offset lies outside its table") }
    return Int(clamping: try file.bigEndian64(at: largeStart + slot * 8))
  }

  /// The ids at the given positions, one after the other without gaps.
  func names(_ range: Range<Int>) throws(ObjectFailure) -> [UInt8] {
    if !isVersion1 { return try file.bytes(at: namesStart + range.lowerBound * idCount, count: range.count * idCount) }
    guard !range.isEmpty else { return [] }
    let raw = try file.bytes(
      at: offsetsStart + range.lowerBound * nameStride, count: range.count * nameStride)
    var names: [UInt8] = []
    names.reserveCapacity(range.count * idCount)
    for index in 0..<range.count {
      names.append(contentsOf: raw[(index * nameStride + 4)..<((index + 1) * nameStride)])
    }
    return names
  }

  /// The offset of every entry, in the order of the ids. An offset outside the table of large offsets is given as 0,
  /// which no entry has.
  func offsets() throws(ObjectFailure) -> [Int] {
    let stride = isVersion1 ? nameStride : 4
    let raw = try file.bytes(at: offsetsStart, count: count * stride)
    let large = try file.bytes(at: isVersion1 ? 0 : largeStart, count: largeCount * 8)
    var offsets: [Int] = []
    offsets.reserveCapacity(count)
    for index in 0..<count {
      let value = raw.span.bigEndian32(at: index * stride)
      if isVersion1 || value & 0x8000_0000 == 0 {
        offsets.append(Int(value))
      } else {
        let slot = Int(value & 0x7fff_ffff)
        offsets.append(slot < largeCount ? Int(clamping: large.span.bigEndian64(at: slot * 8)) : 0)
      }
    }
    return offsets
  }
}

/// A sorted table of ids in a file.
enum SortedNames {
  /// Ids that are read at once when few are left to choose from.
  private static let blockCount = 32

  /// The position of `id`; a handful of small reads.
  static func position(
    of id: ObjectID, file: StoredFile, start: Int, stride: Int, fanout: [Int], idCount: Int
  ) throws(ObjectFailure) -> Int? {
    guard id.count == idCount else { return nil }
    var low = fanout[Int(id.firstByte)]
    var high = fanout[Int(id.firstByte) + 1]
    while high - low > blockCount {
      let middle = low + (high - low) / 2
      let bytes = try file.bytes(at: start + middle * stride, count: idCount)
      let name = ObjectID.load(bytes.span, at: 0, count: idCount)
      if name == id { return middle }
      if name < id { low = middle + 1 } else { high = middle }
    }
    guard low < high else { return nil }
    let block = try file.bytes(at: start + low * stride, count: (high - low - 1) * stride + idCount)
    for index in 0..<(high - low) where ObjectID.load(block.span, at: index * stride, count: idCount) == id {
      return low + index
    }
    return nil
  }
}

extension ObjectID {
  var firstByte: UInt8 { UInt8(truncatingIfNeeded: words.0 >> 56) }
}

extension StoredFile {
  /// The four bytes at `offset`, most significant first.
  func bigEndian32(at offset: Int) throws(ObjectFailure) -> UInt32 {
    let bytes = try bytes(at: offset, count: 4)
    return bytes.span.bigEndian32(at: 0)
  }

  /// The eight bytes at `offset`, most significant first.
  func bigEndian64(at offset: Int) throws(ObjectFailure) -> UInt64 {
    let bytes = try bytes(at: offset, count: 8)
    return bytes.span.bigEndian64(at: 0)
  }
}

extension Span<UInt8> {
  /// Four bytes at `offset`, which the caller knows to be there.
  func bigEndian32(at offset: Int) -> UInt32 {
    UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16 | UInt32(self[offset + 2]) << 8
      | UInt32(self[offset + 3])
  }

  /// Eight bytes at `offset`, which the caller knows to be there.
  func bigEndian64(at offset: Int) -> UInt64 {
    UInt64(bigEndian32(at: offset)) << 32 | UInt64(bigEndian32(at: offset + 4))
  }
}
