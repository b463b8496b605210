// Ids out of tables and trees, a word at a time: a scan reads some ten million of them.

internal import Model

extension ObjectID {
  /// The id held by the `count` (20 or 32) bytes at `offset`, which must be there.
  @inline(__always)
  static func load(_ bytes: Span<UInt8>, at offset: Int, count: Int) -> ObjectID {
    precondition((count == 20 || count == 32) && offset >= 0 && offset <= bytes.count - count)
    return unsafe bytes.withUnsafeBytes { raw in
      let a = unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      let b = unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
      if count == 20 {
        let tail = unsafe UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: offset + 16, as: UInt32.self))
        return ObjectID(words: (a, b, UInt64(tail) << 32, 0), count: count)
      }
      let c = unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
      let d = unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
      return ObjectID(words: (a, b, c, d), count: count)
    }
  }
}
