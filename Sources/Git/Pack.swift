// One pack: its file, its index, and a window through which its entries are read.

internal import Model

/// An open pack.
final class Pack: Sendable {
  /// `pack-<hash>` without an extension.
  let name: String
  let file: StoredFile
  let index: PackIndex
  let isCruft: Bool
  /// Where the entries end and the checksum begins.
  let entriesEnd: Int
  /// Why pack and index may not belong together, or not be whole: what is read here counts only if it hashes to its id.
  let doubt: ObjectFailure?

  private static let headerCount = 12
  /// One byte of header, and the zlib stream of nothing.
  private static let minimumEntryCount = 9

  /// Opens `<stem>.pack` and `<stem>.idx` and looks whether they belong to each other.
  init(
    stem: String, name: String, isCruft: Bool, idCount: Int, limits: ObjectStoreLimits, staysOpen: Bool
  ) throws(ObjectFailure) {
    self.name = name
    self.isCruft = isCruft
    file = try StoredFile(stem + ".pack", staysOpen: staysOpen)
    index = try PackIndex(
      StoredFile(stem + ".idx", staysOpen: staysOpen), idCount: idCount, maximumObjects: limits.maximumObjectsPerPack)
    guard file.size >= Pack.headerCount + idCount else { throw file.truncated }
    let head = try file.bytes(at: 0, count: Pack.headerCount)
    guard Array(head[..<4]) == Array("PACK".utf8), 2...3 ~= head.span.bigEndian32(at: 4) else {
      throw file.corrupt("not a pack of a known version")
    }
    entriesEnd = file.size - idCount
    // A file with holes costs its maker nothing; tables of as many objects as it claims would cost us.
    guard index.count <= file.size / Pack.minimumEntryCount else {
      throw file.corrupt("it is too short for as many objects as its index lists")
    }
    // Much of a pack that is cut off can still be read.
    if Int(head.span.bigEndian32(at: 8)) != index.count {
      doubt = file.corrupt("its index is of another number of objects")
    } else if try file.bytes(at: entriesEnd, count: idCount) != index.packChecksum {
      doubt = file.corrupt("its index is of another pack, or it is cut off")
    } else {
      doubt = nil
    }
  }
}

/// A stretch of a pack in memory. Deltas mostly lie near their bases, so that one read often serves several entries.
/// For one thread at a time.
struct PackWindow {
  /// Bytes read at once. Larger windows read more that is then not used.
  static let defaultCount = 1 << 16

  private let buffer = ByteBuffer()
  private var pack: ObjectIdentifier?
  private var start = 0
  private let count: Int

  init(count: Int = PackWindow.defaultCount) { self.count = count }

  /// Lends the bytes of `pack` from `offset` on: `wanted` of them, fewer only where its entries end.
  mutating func withBytes<R>(
    _ pack: Pack, at offset: Int, count wanted: Int, _ body: (Span<UInt8>) -> R
  ) throws(ObjectFailure) -> R {
    let available = max(0, min(wanted, pack.entriesEnd - offset))
    if self.pack != ObjectIdentifier(pack) || offset < start || offset + available > start + buffer.count {
      self.pack = nil
      let count = max(available, min(count, max(0, pack.entriesEnd - offset)))
      buffer.reset(count: count)
      buffer.truncate(to: unsafe try pack.file.read(at: offset, into: buffer.writable))
      self.pack = ObjectIdentifier(pack)
      start = offset
    }
    let skipped = offset - start
    let given = min(available, buffer.count - skipped)
    return buffer.withSpan { body($0.extracting(skipped..<(skipped + given))) }
  }

  /// The header of the entry at `offset`.
  mutating func entry(_ pack: Pack, at offset: Int, idCount: Int) throws(ObjectFailure) -> PackEntry {
    guard offset > 0, offset < pack.entriesEnd else {
      throw ObjectFailure(id: nil, reason: .corrupt, detail: "its offset lies outside \(pack.name)")
    }
    let entry = try withBytes(pack, at: offset, count: PackEntry.maximumHeaderCount) { bytes in
      PackEntry(bytes, offset: offset, idCount: idCount)
    }
    guard let entry else {
      throw ObjectFailure(id: nil, reason: .corrupt, detail: "its entry's header in \(pack.name) makes no sense")
    }
    return entry
  }

  /// Unpacks the zlib stream of an entry, of which at most `extent` bytes belong to it, into `output`.
  mutating func inflate(
    _ pack: Pack, _ entry: PackEntry, at offset: Int, extent: Int, into output: ByteBuffer, by inflater: Inflater
  ) throws(ObjectFailure) {
    let stream = offset + entry.headerCount
    let count = min(extent - entry.headerCount, Inflater.maximumCompressed(entry.size))
    output.reset(count: entry.size)
    let isSound = try withBytes(pack, at: stream, count: count) { bytes in
      unsafe bytes.withUnsafeBufferPointer { unsafe inflater.inflate($0, into: output.writable) }
    }
    guard isSound else {
      throw ObjectFailure(id: nil, reason: .corrupt, detail: "its compressed bytes in \(pack.name) are damaged")
    }
  }
}
