// A regular file that is open. Nothing else is opened for reading: a FIFO or a device could hold us for ever.

internal import Glibc

/// A descriptor that is closed with the last reference to it.
final class Descriptor: Sendable {
  let number: Int32
  init(_ number: Int32) { self.number = number }
  deinit { close(number) }

  /// Makes what was written durable.
  func synchronize(_ path: String) throws(SystemError) {
    while fsync(number) != 0 {
      if errno == EINTR { continue }
      throw .current("fsync", path)
    }
  }

  /// Writes everything at the descriptor's own position.
  func write(_ bytes: Span<UInt8>, _ path: String) throws(SystemError) {
    var failure: SystemError?
    unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      var done = 0
      while done < buffer.count {
        let count = unsafe Glibc.write(number, base + done, buffer.count - done)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 {
          failure = .current("write", path)
          return
        }
        done += count
      }
    }
    if let failure { throw failure }
  }
}

/// A regular file, open for as long as the value lives.
public final class OpenFile: Sendable {
  let descriptor: Descriptor
  /// What errors call it.
  public let path: String

  init(_ descriptor: Descriptor, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  /// Opens a file for reading.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - followsLinks: whether the last part of the path may be a symbolic link (ELOOP otherwise).
  ///   - writable: whether it is opened for writing too.
  public convenience init(_ path: String, followsLinks: Bool = true, writable: Bool = false) throws(SystemError) {
    let flags = (writable ? O_RDWR : O_RDONLY) | (followsLinks ? 0 : O_NOFOLLOW)
    let number = unsafe open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard number >= 0 else { throw .current("open", path) }
    try self.init(checking: Descriptor(number), path: path)
  }

  convenience init(checking descriptor: Descriptor, path: String) throws(SystemError) {
    self.init(descriptor, path: path)
    switch try status().kind {
    case .regular: return
    case .directory: throw SystemError("open", path, code: EISDIR)
    default: throw SystemError("open", path, code: EINVAL, explanation: "not a regular file")
    }
  }

  /// The metadata now.
  public func status() throws(SystemError) -> FileStatus {
    var raw = stat()
    guard unsafe fstat(descriptor.number, &raw) == 0 else { throw .current("stat", path) }
    return FileStatus(raw)
  }

  /// The whole content from the beginning; EFBIG when there is more than `maximumBytes` of it.
  public func read(maximumBytes: Int) throws(SystemError) -> [UInt8] {
    let size = try status().size
    guard size <= maximumBytes else { throw tooLarge(maximumBytes) }
    // One byte more than there should be: the end is then seen without growing, which would leave copies behind.
    // Files of /proc say 0 and hold more.
    var capacity = max(size, 4_095) + 1
    while true {
      let bytes = try readOnce(capacity)
      if bytes.count < capacity { return try within(maximumBytes, bytes) }
      guard bytes.count <= maximumBytes else { throw tooLarge(maximumBytes) }
      capacity = capacity.multipliedReportingOverflow(by: 2).partialValue
    }
  }

  private func readOnce(_ capacity: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
      while filled < capacity, let base = buffer.baseAddress {
        let count = unsafe pread(descriptor.number, base + filled, capacity - filled, filled)
        if count < 0 && errno == EINTR { continue }
        if count < 0 { failure = .current("read", path) }
        if count <= 0 { return }
        filled += count
      }
    }
    if let failure { throw failure }
    return bytes
  }

  private func within(_ maximum: Int, _ bytes: [UInt8]) throws(SystemError) -> [UInt8] {
    guard bytes.count <= maximum else { throw tooLarge(maximum) }
    return bytes
  }

  private func tooLarge(_ maximum: Int) -> SystemError {
    SystemError("read", path, code: EFBIG, explanation: "larger than \(maximum) bytes")
  }
}
