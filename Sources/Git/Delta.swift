// Git's delta format: a base's size, a result's size, then copies from the base and bytes to insert. Everything in a
// delta is hostile until checked: sizes, offsets and lengths are tested before any byte is moved.

internal import Glibc
internal import Model

enum Delta {
  /// The sizes that a delta opens with.
  struct Header {
    var baseCount: Int
    var resultCount: Int
    /// Where the instructions begin.
    var instructions: Int
  }

  /// The most bytes that the two sizes take.
  static let maximumHeaderCount = 20

  /// Reads the sizes; nil if they are cut off or overflow.
  static func header(_ delta: Span<UInt8>) -> Header? {
    var at = 0
    guard let base = size(delta, &at), let result = size(delta, &at) else { return nil }
    return Header(baseCount: base, resultCount: result, instructions: at)
  }

  private static func size(_ bytes: Span<UInt8>, _ at: inout Int) -> Int? {
    var value = 0
    var shift = 0
    while at < bytes.count, shift < 56 {
      let byte = bytes[at]
      at += 1
      value |= Int(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    return nil
  }

  /// Applies `delta`, whose header has been read, to `base`. True if every instruction stayed within its bounds and
  /// `result`, of the header's size, was filled exactly. With `recordsRuns` the copies are appended to `runs`, joined.
  static func apply(
    _ delta: UnsafeBufferPointer<UInt8>, from start: Int, base: UnsafeBufferPointer<UInt8>,
    into result: UnsafeMutableBufferPointer<UInt8>, recordsRuns: Bool, runs: inout [CopyRun]
  ) -> Bool {
    guard let code = delta.baseAddress else { return false }
    let end = delta.count
    var at = start
    var filled = 0
    var run = CopyRun(baseOffset: 0, offset: 0, count: 0)
    while at < end {
      let instruction = unsafe code[at]
      at += 1
      let room = result.count - filled
      if instruction & 0x80 == 0 {
        let count = Int(instruction)
        guard count > 0, count <= end - at, count <= room, let target = result.baseAddress else { return false }
        unsafe memcpy(target + filled, code + at, count)
        at += count
        filled += count
        continue
      }
      guard let copy = unsafe copyOperands(instruction, code, &at, end) else { return false }
      guard copy.offset <= base.count, copy.count <= base.count - copy.offset, copy.count <= room,
        let target = result.baseAddress, let source = base.baseAddress
      else { return false }
      unsafe memcpy(target + filled, source + copy.offset, copy.count)
      if recordsRuns {
        if run.count > 0, run.baseOffset + run.count == copy.offset, run.offset + run.count == filled {
          run.count += copy.count
        } else {
          if run.count > 0 { runs.append(run) }
          run = CopyRun(baseOffset: copy.offset, offset: filled, count: copy.count)
        }
      }
      filled += copy.count
    }
    if run.count > 0 { runs.append(run) }
    return filled == result.count
  }

  /// The offset and length that follow a copy instruction, whose low seven bits say which of their bytes are there.
  @inline(__always)
  private static func copyOperands(
    _ instruction: UInt8, _ code: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int
  ) -> (offset: Int, count: Int)? {
    guard (instruction & 0x7f).nonzeroBitCount <= end - at else { return nil }
    var offset = 0
    var count = 0
    if instruction & 0x01 != 0 {
      offset = Int(unsafe code[at])
      at += 1
    }
    if instruction & 0x02 != 0 {
      offset |= Int(unsafe code[at]) << 8
      at += 1
    }
    if instruction & 0x04 != 0 {
      offset |= Int(unsafe code[at]) << 16
      at += 1
    }
    if instruction & 0x08 != 0 {
      offset |= Int(unsafe code[at]) << 24
      at += 1
    }
    if instruction & 0x10 != 0 {
      count = Int(unsafe code[at])
      at += 1
    }
    if instruction & 0x20 != 0 {
      count |= Int(unsafe code[at]) << 8
      at += 1
    }
    if instruction & 0x40 != 0 {
      count |= Int(unsafe code[at]) << 16
      at += 1
    }
    return (offset, count == 0 ? 0x10000 : count)
  }
}
