// Compressed streams of unknown size, through libdeflate: what archives are made of. Nobody's word about a size is taken;
// the output grows up to a limit of the caller's.

internal import Clibdeflate

/// How a stream is wrapped.
public enum CompressedForm: Sendable {
  /// Nothing round it, as in zip files (RFC 1951).
  case deflate
  /// RFC 1950.
  case zlib
  /// One member of RFC 1952.
  case gzip
}

/// What became of a stream.
public enum Unpacked: Sendable {
  /// All of it, and how many bytes of the input it took.
  case whole([UInt8], used: Int)
  /// It grows beyond the limit.
  case tooLarge
  /// It is damaged or cut off.
  case corrupt
}

/// Unpacks one stream after another; for one thread at a time.
@safe public final class Unpacker {
  private let handle: OpaquePointer?
  /// No deflate stream grows more than this, times.
  private static let maximumGrowth = 1_032

  /// An unpacker.
  public init() { unsafe handle = libdeflate_alloc_decompressor() }

  deinit { if let handle = unsafe handle { unsafe libdeflate_free_decompressor(handle) } }

  /// Unpacks the stream that `input` begins with.
  ///
  /// - Parameters:
  ///   - expected: the size in bytes that somebody claims; only a place to begin.
  ///   - maximum: the most bytes it may grow to.
  public func unpack(_ input: Span<UInt8>, _ form: CompressedForm, expected: Int? = nil, maximum: Int) -> Unpacked {
    let growth = input.count.multipliedReportingOverflow(by: Unpacker.maximumGrowth)
    let most = min(max(0, maximum), growth.overflow ? Int.max - 64 : growth.partialValue + 64)
    var capacity = min(most, max(4_096, min(expected ?? 0, most), input.count &* 4))
    while true {
      let (outcome, result) = attempt(input, form, capacity)
      if let outcome { return outcome }
      guard result == LIBDEFLATE_INSUFFICIENT_SPACE else { return .corrupt }
      // A stream that would need more than any can grow to is damaged.
      if capacity >= most { return most < maximum ? .corrupt : .tooLarge }
      capacity = min(most, capacity.multipliedReportingOverflow(by: 4).partialValue)
    }
  }

  private func attempt(_ input: Span<UInt8>, _ form: CompressedForm, _ capacity: Int) -> (Unpacked?, libdeflate_result)
  {
    guard let handle = unsafe handle else { return (nil, LIBDEFLATE_BAD_DATA) }
    var used = 0
    var result = LIBDEFLATE_BAD_DATA
    let output = unsafe [UInt8](unsafeUninitializedCapacity: max(1, capacity)) { output, count in
      var written = 0
      unsafe input.withUnsafeBufferPointer { input in
        switch form {
        case .deflate:
          result = unsafe libdeflate_deflate_decompress_ex(
            handle, input.baseAddress, input.count, output.baseAddress, capacity, &used, &written)
        case .zlib:
          result = unsafe libdeflate_zlib_decompress_ex(
            handle, input.baseAddress, input.count, output.baseAddress, capacity, &used, &written)
        case .gzip:
          result = unsafe libdeflate_gzip_decompress_ex(
            handle, input.baseAddress, input.count, output.baseAddress, capacity, &used, &written)
        }
      }
      count = result == LIBDEFLATE_SUCCESS ? written : 0
    }
    return result == LIBDEFLATE_SUCCESS ? (.whole(output, used: used), result) : (nil, result)
  }
}
