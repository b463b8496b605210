// zlib streams whose unpacked size is known, through libdeflate. Streams of unknown size are not its business.

internal import Clibdeflate

/// One libdeflate decompressor; for one thread at a time.
@safe final class Inflater {
  private let handle: OpaquePointer?

  init() { unsafe handle = libdeflate_alloc_decompressor() }

  deinit { if let handle = unsafe handle { unsafe libdeflate_free_decompressor(handle) } }

  /// Unpacks the zlib stream that `input` begins with. True if it was sound and filled `output` exactly; what follows
  /// it in `input` is left alone.
  func inflate(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) -> Bool {
    guard let handle = unsafe handle else { return false }
    var used = 0
    var written = 0
    // libdeflate wants an address even for an empty output.
    var nothing: UInt8 = 0
    let result = unsafe withUnsafeMutablePointer(to: &nothing) { spare in
      unsafe libdeflate_zlib_decompress_ex(
        handle, input.baseAddress, input.count, output.baseAddress ?? spare, output.count, &used, &written)
    }
    return result == LIBDEFLATE_SUCCESS && written == output.count
  }

  /// The most bytes that a sensible zlib stream of `count` bytes of content takes. Stored blocks cost five bytes each;
  /// only a stream made to waste room needs more than this.
  static func maximumCompressed(_ count: Int) -> Int { min(count, 1 << 60) / 2 * 3 + 4_096 }
}
