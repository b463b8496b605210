// The header of one entry in a pack: its type, its unpacked size, and for a delta where its base is.

internal import Model

/// A parsed entry header.
struct PackEntry {
  enum Content {
    /// The object itself.
    case whole(ObjectKind)
    /// A delta against the entry at this offset of the same pack.
    case offsetDelta(base: Int)
    /// A delta against the object with this id.
    case referenceDelta(base: ObjectID)
  }

  var content: Content
  /// Bytes that the zlib stream unpacks to: of the object, or of the delta.
  var size: Int
  /// Bytes before the zlib stream.
  var headerCount: Int

  /// The longest header: ten bytes of size, then ten of offset or an id.
  static let maximumHeaderCount = 10 + 32

  /// Parses the header that `bytes`, which stand at `offset` of the pack, begin with; nil if it is cut off, of no
  /// known type, or points outside the part of the pack before it.
  init?(_ bytes: Span<UInt8>, offset: Int, idCount: Int) {
    guard bytes.count > 0 else { return nil }
    var at = 1
    var byte = bytes[0]
    let type = byte >> 4 & 7
    var size = Int(byte & 15)
    var shift = 4
    while byte & 0x80 != 0 {
      guard at < bytes.count, shift < 56 else { return nil }
      byte = bytes[at]
      at += 1
      size |= Int(byte & 0x7f) << shift
      shift += 7
    }
    self.size = size
    switch type {
    case 1...4:
      guard let kind = ObjectKind(rawValue: type) else { return nil }
      content = .whole(kind)
    case 6:
      guard let distance = PackEntry.distance(bytes, &at), distance > 0, distance < offset else { return nil }
      content = .offsetDelta(base: offset - distance)
    case 7:
      guard bytes.count - at >= idCount else { return nil }
      content = .referenceDelta(base: ObjectID(bytes, at: at, count: idCount))
      at += idCount
    default: return nil
    }
    headerCount = at
  }

  /// The distance back to the base: seven bits a byte, most significant first, one added at each step.
  private static func distance(_ bytes: Span<UInt8>, _ at: inout Int) -> Int? {
    guard at < bytes.count else { return nil }
    var byte = bytes[at]
    at += 1
    var value = Int(byte & 0x7f)
    while byte & 0x80 != 0 {
      guard at < bytes.count, value < 1 << 48 else { return nil }
      byte = bytes[at]
      at += 1
      value = (value + 1) << 7 | Int(byte & 0x7f)
    }
    return value
  }
}
