// A pattern that is tried on a text as a whole: for rules and allowlists of other scanners' configurations, which have
// neither literals nor a bound.

internal import Cpcre2

/// A compiled pattern over raw bytes, with limits of its own. Shared by all threads.
@safe public final class TextPattern: @unchecked Sendable {
  // Sendable because PCRE2's compiled code is only read after pcre2_jit_compile.
  private let code: OpaquePointer
  /// The number of capture groups.
  public let groupCount: Int

  /// How many internal steps one search may take: patterns that were written for a matcher that never goes back may go
  /// back a lot here.
  private static let matchLimit: UInt32 = 5_000_000
  private static let heapLimitKiB: UInt32 = 65_536
  private static let stackBytes = 1 << 20

  /// Compiles a pattern.
  public init(_ text: String) throws(PatternError) {
    var errorCode: Int32 = 0
    var errorOffset = 0
    let bytes = Array(text.utf8)
    let compiled = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe pcre2_compile_8(buffer.baseAddress, buffer.count, 0, &errorCode, &errorOffset, nil)
    }
    guard let compiled = unsafe compiled else {
      throw PatternError(offset: errorOffset, reason: Pattern.message(errorCode))
    }
    unsafe code = compiled
    _ = unsafe pcre2_jit_compile_8(compiled, UInt32(PCRE2_JIT_COMPLETE))
    var count: UInt32 = 0
    _ = unsafe pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
    groupCount = Int(count)
  }

  deinit { unsafe pcre2_code_free_8(code) }

  /// Whether it matches anywhere; what runs into a limit does not.
  public func matches(_ bytes: Span<UInt8>) -> Bool {
    var found = false
    _ = forEachMatch(in: bytes) { _ in
      found = true
      return false
    }
    return found
  }

  /// Goes through the matches from left to right, as long as `body` says so. It is given the range of the whole match and
  /// those of the groups, nil where one took no part.
  ///
  /// - Returns: false if a limit ended the search.
  public func forEachMatch(in bytes: Span<UInt8>, _ body: ([Range<Int>?]) -> Bool) -> Bool {
    let data = unsafe pcre2_match_data_create_from_pattern_8(code, nil)
    let context = unsafe pcre2_match_context_create_8(nil)
    let stack = unsafe pcre2_jit_stack_create_8(32 * 1024, TextPattern.stackBytes, nil)
    defer {
      unsafe pcre2_match_data_free_8(data)
      unsafe pcre2_match_context_free_8(context)
      unsafe pcre2_jit_stack_free_8(stack)
    }
    guard let data = unsafe data, let context = unsafe context else { return false }
    unsafe pcre2_set_match_limit_8(context, TextPattern.matchLimit)
    unsafe pcre2_set_heap_limit_8(context, TextPattern.heapLimitKiB)
    if let stack = unsafe stack {
      unsafe pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
    }
    var at = 0
    while at <= bytes.count {
      let status = unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe pcre2_match_8(code, buffer.baseAddress, buffer.count, at, 0, data, context)
      }
      if status == PCRE2_ERROR_NOMATCH { return true }
      guard status > 0, let offsets = unsafe pcre2_get_ovector_pointer_8(data) else { return false }
      let ranges = (0...groupCount).map { group -> Range<Int>? in
        guard group < Int(status) else { return nil }
        let low = unsafe offsets[2 * group]
        let high = unsafe offsets[2 * group + 1]
        // A group that took no part has both offsets at their largest.
        return low <= high && high <= bytes.count ? low..<high : nil
      }
      guard let whole = ranges[0] else { return false }
      if !body(ranges) { return true }
      at = whole.isEmpty ? whole.upperBound + 1 : whole.upperBound
    }
    return true
  }
}
