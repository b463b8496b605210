// PCRE2 behind a small face: compiled patterns are shared by all threads; what a match needs belongs to one.

internal import Cpcre2

/// Why a pattern can't be used.
public struct PatternError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where in the pattern, in bytes.
  public var offset: Int
  /// PCRE2's own words.
  public var reason: String
  /// `at byte N: reason`.
  public var description: String { "at byte \(offset): \(reason)" }
}

/// A compiled pattern over raw bytes: no UTF mode, so `.` is one byte and classes are ASCII. Immutable once made.
@safe final class Pattern: @unchecked Sendable {
  // Sendable because PCRE2's compiled code is only read after pcre2_jit_compile.
  fileprivate let code: OpaquePointer

  /// With `isAnchored` a match begins where the search does, and nowhere else.
  init(_ text: String, isAnchored: Bool = false) throws(PatternError) {
    var errorCode: Int32 = 0
    var errorOffset = 0
    let bytes = Array(text.utf8)
    let options = isAnchored ? UInt32(PCRE2_ANCHORED) : 0
    let compiled = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe pcre2_compile_8(buffer.baseAddress, buffer.count, options, &errorCode, &errorOffset, nil)
    }
    guard let compiled = unsafe compiled else {
      throw PatternError(offset: errorOffset, reason: Pattern.message(errorCode))
    }
    unsafe code = compiled
    // Without JIT (a hardened kernel may refuse executable memory) the interpreter runs the same pattern.
    _ = unsafe pcre2_jit_compile_8(compiled, UInt32(PCRE2_JIT_COMPLETE))
  }

  deinit { unsafe pcre2_code_free_8(code) }

  /// The number of capture groups.
  var groupCount: Int {
    var count: UInt32 = 0
    _ = unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
    return Int(count)
  }

  static func message(_ code: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = unsafe buffer.withUnsafeMutableBufferPointer {
      unsafe pcre2_get_error_message_8(code, $0.baseAddress, $0.count)
    }
    return count > 0 ? String(decoding: buffer.prefix(Int(count)), as: UTF8.self) : "error \(code)"
  }
}

/// What one thread needs to match: match data, a stack for compiled code, and the limits.
@safe final class PatternScratch {
  /// How many internal match steps one call may take.
  static let matchLimit: UInt32 = 200_000
  /// How deep the interpreter may backtrack.
  static let depthLimit: UInt32 = 10_000
  /// How much heap the interpreter may take, in KiB.
  static let heapLimitKiB: UInt32 = 16_384
  private static let maximumGroups: UInt32 = 16
  private static let stackBytes = 512 * 1024

  private let data: OpaquePointer?
  private let context: OpaquePointer?
  private let stack: OpaquePointer?

  init() {
    unsafe data = unsafe pcre2_match_data_create_8(PatternScratch.maximumGroups, nil)
    unsafe context = unsafe pcre2_match_context_create_8(nil)
    unsafe stack = unsafe pcre2_jit_stack_create_8(32 * 1024, PatternScratch.stackBytes, nil)
    if let context = unsafe context {
      unsafe pcre2_set_match_limit_8(context, PatternScratch.matchLimit)
      unsafe pcre2_set_depth_limit_8(context, PatternScratch.depthLimit)
      unsafe pcre2_set_heap_limit_8(context, PatternScratch.heapLimitKiB)
      if let stack = unsafe stack {
        unsafe pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
      }
    }
  }

  deinit {
    unsafe pcre2_match_data_free_8(data)
    unsafe pcre2_match_context_free_8(context)
    unsafe pcre2_jit_stack_free_8(stack)
  }

  enum Result {
    case match(whole: Range<Int>, group: Range<Int>)
    case noMatch
    case limit
  }

  /// The first match of `pattern` that begins at or behind `start`. Nothing outside `window` is looked at, before it or
  /// behind it. `group` is that capture group's range, or the whole match's where the group took no part.
  func firstMatch(_ pattern: Pattern, _ bytes: Span<UInt8>, window: Range<Int>, from start: Int, group: Int) -> Result {
    guard let data = unsafe data, let context = unsafe context, window.lowerBound >= 0,
      window.upperBound <= bytes.count, start >= window.lowerBound, start <= window.upperBound
    else { return .noMatch }
    let status = unsafe bytes.extracting(window).withUnsafeBufferPointer { buffer in
      unsafe pcre2_match_8(
        pattern.code, buffer.baseAddress, buffer.count, start - window.lowerBound, 0, data, context)
    }
    if status == PCRE2_ERROR_NOMATCH { return .noMatch }
    guard status >= 0, let offsets = unsafe pcre2_get_ovector_pointer_8(data) else { return .limit }
    func range(_ number: Int) -> Range<Int>? {
      guard number < Int(status) || status == 0 && number < Int(PatternScratch.maximumGroups) else { return nil }
      let low = unsafe offsets[2 * number]
      let high = unsafe offsets[2 * number + 1]
      // An unset group has both offsets at their largest; \K can put the start behind the end.
      return low <= high && high <= window.count ? low + window.lowerBound..<high + window.lowerBound : nil
    }
    guard let whole = range(0) else { return .noMatch }
    return .match(whole: whole, group: range(group) ?? whole)
  }
}
