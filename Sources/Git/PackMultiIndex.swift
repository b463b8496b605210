// A multi-pack index: one sorted table of ids for many packs. Used for single look-ups only; a walk reads the packs' own
// indexes, which git keeps beside it. A damaged one is ignored (and said to be), since nothing depends on it.

internal import Model

/// An open `multi-pack-index`.
struct PackMultiIndex: Sendable {
  /// The names of the packs it covers, as `pack-....idx`.
  let packNames: [String]

  private let file: StoredFile
  private let idCount: Int
  private let fanout: [Int]
  private let namesStart: Int
  private let offsetsStart: Int
  private let large: Range<Int>

  private static let maximumChunks = 64

  /// Opens the file and checks that its tables lie inside it.
  init(_ file: StoredFile, idCount: Int, maximumPacks: Int) throws(ObjectFailure) {
    self.file = file
    self.idCount = idCount
    let head = try file.bytes(at: 0, count: 12)
    guard Array(head[..<4]) == Array("MIDX".utf8), head[4] == 1, head[5] == (idCount == 20 ? 1 : 2) else {
      throw file.corrupt("not a multi-pack index of a known version")
    }
    let packCount = Int(head.span.bigEndian32(at: 8))
    guard packCount <= maximumPacks else { throw file.corrupt("it names more packs than the limit") }
    let chunks = try PackMultiIndex.chunks(file, count: Int(head[6]))
    guard let names = chunks["PNAM"], let counts = chunks["OIDF"], let ids = chunks["OIDL"],
      let offsets = chunks["OOFF"], counts.count >= 1024
    else { throw file.corrupt("a table is missing") }
    fanout = try PackIndex.readFanout(file, at: counts.lowerBound)
    guard ids.count >= fanout[256] * idCount, offsets.count >= fanout[256] * 8 else { throw file.truncated }
    namesStart = ids.lowerBound
    offsetsStart = offsets.lowerBound
    large = chunks["LOFF"] ?? 0..<0
    guard names.count <= maximumPacks * 256 else { throw file.corrupt("its pack names are too long") }
    packNames = try file.bytes(at: names.lowerBound, count: names.count).split(separator: 0).prefix(packCount).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard packNames.count == packCount else { throw file.truncated }
  }

  private static func chunks(_ file: StoredFile, count: Int) throws(ObjectFailure) -> [String: Range<Int>] {
    guard count <= maximumChunks else { throw file.corrupt("too many tables") }
    let table = try file.bytes(at: 12, count: (count + 1) * 12)
    var chunks: [String: Range<Int>] = [:]
    for index in 0..<count {
      let start = Int(clamping: table.span.bigEndian64(at: index * 12 + 4))
      let end = Int(clamping: table.span.bigEndian64(at: index * 12 + 16))
      guard start <= end, end <= file.size else { throw file.truncated }
      chunks[String(decoding: table[(index * 12)..<(index * 12 + 4)], as: UTF8.self)] = start..<end
    }
    return chunks
  }

  /// The pack (its place in ``packNames``) and offset of the object; nil if no covered pack holds it.
  func location(of id: ObjectID) throws(ObjectFailure) -> (pack: Int, offset: Int)? {
    guard
      let position = try SortedNames.position(
        of: id, file: file, start: namesStart, stride: idCount, fanout: fanout, idCount: idCount)
    else { return nil }
    let entry = try file.bytes(at: offsetsStart + position * 8, count: 8)
    let pack = Int(entry.span.bigEndian32(at: 0))
    let small = entry.span.bigEndian32(at: 4)
    guard pack < packNames.count else { throw file.corrupt("it names a pack that it does not list") }
    guard small & 0x8000_0000 != 0, !large.isEmpty else { return (pack, Int(small)) }
    let slot = Int(small & 0x7fff_ffff)
    guard slot < large.count / 8 else { throw file.corrupt("an offset lies outside its table") }
    return (pack, Int(clamping: try file.bigEndian64(at: large.lowerBound + slot * 8)))
  }
}
