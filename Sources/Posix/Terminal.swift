// The controlling terminal: where a person is asked for a value, whatever standard input and output are connected to.

internal import Glibc

/// The controlling terminal of this process.
public final class Terminal: Sendable {
  private let descriptor: Int32
  private static let maximumBytes = 16_384

  /// The terminal; nil where the process has none.
  public init?() {
    let opened = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard opened >= 0 else { return nil }
    descriptor = opened
  }

  deinit { close(descriptor) }

  /// Writes text.
  public func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Reads a line.
  ///
  /// - Parameters:
  ///   - echoes: whether what is typed is shown.
  ///   - isCancelled: asked about every 100 ms.
  /// - Returns: the line without its end, to be wiped by whoever asked; nil where nothing whole was typed.
  public func line(echoes: Bool, isCancelled: () -> Bool = { false }) -> [UInt8]? {
    var before = termios()
    let isSettable = unsafe tcgetattr(descriptor, &before) == 0
    if isSettable, !echoes {
      var silent = before
      silent.c_lflag &= ~tcflag_t(ECHO)
      // What was typed ahead is dropped: it was shown.
      guard unsafe tcsetattr(descriptor, TCSAFLUSH, &silent) == 0 else { return nil }
    } else if !echoes {
      return nil
    }
    defer {
      if isSettable, !echoes {
        _ = unsafe tcsetattr(descriptor, TCSAFLUSH, &before)
        write("\n")
      }
    }
    var line: [UInt8] = []
    line.reserveCapacity(Terminal.maximumBytes)
    while !isCancelled() {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = unsafe poll(&waiting, 1, 100)
      if ready < 0 && errno != EINTR { break }
      if ready <= 0 { continue }
      var byte: UInt8 = 0
      let count = unsafe read(descriptor, &byte, 1)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      if byte == 0x0a || byte == 0x0d { return line }
      if line.count == Terminal.maximumBytes { break }
      line.append(byte)
    }
    for index in line.indices { line[index] = 0 }
    return nil
  }
}
