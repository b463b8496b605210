// The three standard streams, and the end of the process: only the programs use them.

internal import Glibc

/// Whole writes to the standard streams.
public enum StandardStream: Int32, Sendable {
  /// Data.
  case output = 1
  /// For people.
  case error = 2

  /// Writes all of `bytes`; false when the other end is closed or the device is full.
  @discardableResult
  public func write(_ bytes: [UInt8]) -> Bool { (try? send(bytes)) != nil }

  /// Writes all of `bytes`.
  public func send(_ bytes: [UInt8]) throws(SystemError) {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe Glibc.write(rawValue, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw SystemError.current("write", self == .output ? "standard output" : "standard error")
      }
      sent += count
    }
  }

  /// Whether a terminal is at the other end.
  public var isTerminal: Bool { isatty(rawValue) == 1 }
}

/// Reads standard input to its end.
public enum StandardInput {
  /// All bytes, or nil when there are more than `maximumBytes` of them or reading fails.
  ///
  /// What comes in may be a key: every buffer that it went through is zeroed, but for the one that is handed over.
  public static func readAll(maximumBytes: Int) -> [UInt8]? {
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    defer { zero(&chunk) }
    while true {
      let count = unsafe chunk.withUnsafeMutableBufferPointer { unsafe read(0, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count == 0 { return all }
      guard count > 0, all.count + count <= maximumBytes else {
        zero(&all)
        return nil
      }
      if all.capacity - all.count < count {
        // Grown by hand: an array that grows by itself leaves its old storage as it is.
        var larger: [UInt8] = []
        larger.reserveCapacity(max(2 * all.capacity, all.count + count))
        larger.append(contentsOf: all)
        zero(&all)
        all = larger
      }
      all.append(contentsOf: chunk[0..<count])
    }
  }

  private static func zero(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { buffer in
      if let base = buffer.baseAddress { unsafe explicit_bzero(base, buffer.count) }
    }
  }

  /// Whether a terminal is at the other end.
  public static var isTerminal: Bool { isatty(0) == 1 }
}

/// Ends the process.
public func endProcess(_ status: Int32) -> Never { exit(status) }
