// The three pipes to a child: fed and emptied together, so that neither side waits for the other.

internal import Glibc

/// Our ends and the child's ends of its standard streams.
final class ChildStreams {
  private(set) var output: [UInt8] = []
  private(set) var errors: [UInt8] = []
  private(set) var isTruncated = false
  private var input: Descriptor?
  private var outputEnd: Descriptor?
  private var errorEnd: Descriptor?
  private var given: [Descriptor] = []
  private var sent = 0

  /// The child's ends with the numbers that they shall have there.
  var theirs: [(Int32, Int32)] { given.enumerated().map { ($1.number, Int32($0)) } }

  init(_ program: String) throws(SystemError) {
    let (inputRead, inputWrite) = try ChildStreams.pipe(program)
    let (outputRead, outputWrite) = try ChildStreams.pipe(program)
    let (errorRead, errorWrite) = try ChildStreams.pipe(program)
    given = [inputRead, outputWrite, errorWrite]
    for ours in [inputWrite, outputRead, errorRead] { _ = fcntl(ours.number, F_SETFL, O_NONBLOCK) }
    (input, outputEnd, errorEnd) = (inputWrite, outputRead, errorRead)
  }

  private static func pipe(_ program: String) throws(SystemError) -> (read: Descriptor, write: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard let make = unsafe LibraryCalls.pipe, unsafe make(&ends, O_CLOEXEC) == 0 else {
      throw .current("make a pipe for", program)
    }
    return (try above(ends[0], program), try above(ends[1], program))
  }

  /// A descriptor beyond the standard three, which the child's ends would overwrite in turn.
  private static func above(_ number: Int32, _ program: String) throws(SystemError) -> Descriptor {
    let first = Descriptor(number)
    guard number <= 2 else { return first }
    let moved = fcntl(number, F_DUPFD_CLOEXEC, 3)
    guard moved >= 0 else { throw .current("make a pipe for", program) }
    return Descriptor(moved)
  }

  /// To be called when the child has its ends.
  func closeTheirs() { given = [] }

  /// Waits until something can be done, and does it.
  func exchange(_ bytes: Span<UInt8>, timeoutMilliseconds: Int32, maximum: Int) {
    if sent >= bytes.count { input = nil }
    var polled = [
      pollfd(fd: input?.number ?? -1, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: outputEnd?.number ?? -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: errorEnd?.number ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    guard unsafe poll(&polled, nfds_t(polled.count), timeoutMilliseconds) > 0 else { return }
    if polled[0].revents != 0 { send(bytes) }
    if polled[1].revents != 0, let end = outputEnd, !receive(end, &output, maximum) { outputEnd = nil }
    if polled[2].revents != 0, let end = errorEnd, !receive(end, &errors, maximum) { errorEnd = nil }
  }

  /// Takes what is there now.
  func drain(maximum: Int) {
    input = nil
    if let end = outputEnd { _ = receive(end, &output, maximum) }
    if let end = errorEnd { _ = receive(end, &errors, maximum) }
  }

  private func send(_ bytes: Span<UInt8>) {
    guard let input else { return }
    let count = unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      return unsafe write(input.number, base + sent, buffer.count - sent)
    }
    if count > 0 {
      sent += count
    } else if count < 0 && errno != EAGAIN && errno != EINTR {
      // It reads no further; that is its own affair.
      sent = bytes.count
    }
    if sent >= bytes.count { self.input = nil }
  }

  /// Reads until nothing is left for now, at most 16 MiB at a time; false at the end.
  private func receive(_ end: Descriptor, _ kept: inout [UInt8], _ maximum: Int) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    for _ in 0..<256 {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(end.number, $0.baseAddress, $0.count) }
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      if count == 0 { return false }
      let room = maximum - kept.count
      if count > room { isTruncated = true }
      kept += chunk[..<min(count, max(room, 0))]
    }
    return true
  }
}

/// SIGPIPE kept from this thread while it writes to a program that may not read.
struct PipeSignal {
  private var before = sigset_t()
  private var pipe = sigset_t()

  init() {
    unsafe sigemptyset(&pipe)
    unsafe sigaddset(&pipe, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &pipe, &before)
  }

  /// Takes the signal that may be waiting, unless the caller had it blocked himself.
  func restore() {
    var (pipe, before) = (pipe, before)
    if unsafe sigismember(&before, SIGPIPE) == 0 {
      var nothing = timespec()
      while unsafe sigtimedwait(&pipe, nil, &nothing) == -1 && errno == EINTR {}
    }
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
  }
}
