// Uninitialised memory for unpacked objects, and a small pool of it. The only owner of raw memory among the readers;
// what leaves it is a span, or a buffer pointer handed to Inflate.swift and Delta.swift for the length of a call.

/// Bytes on the heap that may be replaced, but do not keep their content when they grow.
@safe final class ByteBuffer {
  private var memory: UnsafeMutableBufferPointer<UInt8>
  /// How many bytes are in use.
  private(set) var count = 0

  init(capacity: Int = 0) {
    unsafe memory = .allocate(capacity: capacity)
  }

  deinit { unsafe memory.deallocate() }

  var capacity: Int { unsafe memory.count }

  /// Makes room for exactly `count` bytes of undefined content.
  func reset(count: Int) {
    if unsafe count > memory.count {
      unsafe memory.deallocate()
      // Rounded up, so that buffers of about one size can stand in for each other.
      unsafe memory = .allocate(capacity: count + count / 8 + 256)
    }
    self.count = count
  }

  /// Forgets all but the first `count` bytes.
  func truncate(to count: Int) { self.count = min(self.count, max(0, count)) }

  /// The bytes in use, for writing.
  var writable: UnsafeMutableBufferPointer<UInt8> {
    unsafe UnsafeMutableBufferPointer(rebasing: memory[..<count])
  }

  /// The bytes in use. The pointer is good until the buffer is reset or dropped.
  var readable: UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(rebasing: memory[..<count])
  }

  /// Lends the bytes in use.
  func withSpan<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    let bytes = unsafe readable
    return try body(unsafe bytes.span)
  }
}

/// Buffers that are between two uses.
struct BufferPool {
  private static let maximumCount = 24
  /// Bytes that may lie idle; a larger buffer goes back to the system.
  private static let maximumIdleBytes = 8 << 20
  private var idle: [ByteBuffer] = []
  private var idleBytes = 0

  /// A buffer of `count` bytes of undefined content.
  mutating func take(count: Int) -> ByteBuffer {
    let buffer: ByteBuffer
    if let index = idle.lastIndex(where: { $0.capacity >= count }) {
      idle.swapAt(index, idle.count - 1)
      buffer = idle.removeLast()
      idleBytes -= buffer.capacity
    } else {
      buffer = ByteBuffer()
    }
    buffer.reset(count: count)
    return buffer
  }

  /// Gives a buffer back that nobody else holds.
  mutating func give(_ buffer: ByteBuffer) {
    guard idle.count < BufferPool.maximumCount, idleBytes + buffer.capacity <= BufferPool.maximumIdleBytes else {
      return
    }
    idleBytes += buffer.capacity
    idle.append(buffer)
  }
}
