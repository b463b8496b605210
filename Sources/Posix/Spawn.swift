// Other programs: never through a shell, with an environment that is given and not inherited, in a process group of
// their own, with a deadline after which the whole group is ended. What they need to know goes to their standard input.

internal import Glibc

/// A program that was run to its end.
public struct Completion: Sendable, Equatable {
  /// How it ended.
  public enum Ending: Sendable, Equatable {
    /// By itself, with this status.
    case exited(Int32)
    /// By this signal.
    case signalled(Int32)
  }
  /// How it ended.
  public let ending: Ending
  /// What it wrote to standard output, up to the limit.
  public let output: [UInt8]
  /// What it wrote to standard error, up to the limit.
  public let errors: [UInt8]
  /// Whether it wrote more than was kept.
  public let isTruncated: Bool
  /// Whether it was ended because its time was over.
  public let isOverdue: Bool
  /// Whether it was ended because we were asked to stop.
  public let isCancelled: Bool

  /// Whether it ended by itself with status 0.
  public var isSuccess: Bool { ending == .exited(0) && !isOverdue && !isCancelled }
}

/// How to run a program.
public struct Spawn: Sendable {
  /// The program's file; looked up nowhere, so a path.
  public var program: String
  /// The arguments behind the program's name.
  public var arguments: [String]
  /// The whole environment.
  public var environment: [String: String]
  /// Where it starts; nil for where we are.
  public var directory: String?
  /// How long it may take, in milliseconds.
  public var timeoutMilliseconds: Int64
  /// How long it has between SIGTERM and SIGKILL, in milliseconds.
  public var graceMilliseconds: Int64 = 5_000
  /// How much of each output is kept, in bytes; the rest is read and dropped.
  public var maximumOutputBytes = 1 << 20

  /// A program with its arguments.
  public init(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], directory: String? = nil,
    timeoutMilliseconds: Int64 = 60_000
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.timeoutMilliseconds = timeoutMilliseconds
  }

  /// Runs it with the array's bytes as standard input.
  public func run(
    input: [UInt8] = [], clock: some WallClock = SystemClock(), isCancelled: () -> Bool = { false }
  ) throws(SystemError) -> Completion {
    try run(input: input.span, clock: clock, isCancelled: isCancelled)
  }

  /// Runs it to its end, or until its time is over.
  ///
  /// - Parameters:
  ///   - input: what it reads from standard input; lent, so that a secret need not be copied.
  ///   - clock: tells when the time is over.
  ///   - isCancelled: asked about every 20 ms; true ends the program as the deadline does.
  public func run(
    input: Span<UInt8>, clock: some WallClock = SystemClock(), isCancelled: () -> Bool = { false }
  ) throws(SystemError) -> Completion {
    guard program.contains("/") else {
      throw SystemError("run", program, code: ENOENT, explanation: "give the program's path")
    }
    for text in [program] + arguments + environment.flatMap({ [$0.key, $0.value] }) where text.utf8.contains(0) {
      throw SystemError("run", program, code: EINVAL, explanation: "an argument or variable holds a NUL byte")
    }
    let streams = try ChildStreams(program)
    let child = try start(streams)
    streams.closeTheirs()
    let pipes = PipeSignal()
    defer { pipes.restore() }
    var watch = ChildWatch(child: child, spawn: self, start: clock.monotonic())
    while !watch.hasEnded {
      streams.exchange(input, timeoutMilliseconds: 20, maximum: maximumOutputBytes)
      watch.look(clock.monotonic(), isCancelled: isCancelled)
    }
    // What it wrote before it ended is there now; somebody it left behind may keep the pipe open for ever.
    streams.drain(maximum: maximumOutputBytes)
    return Completion(
      ending: watch.ending, output: streams.output, errors: streams.errors, isTruncated: streams.isTruncated,
      isOverdue: watch.isOverdue, isCancelled: watch.isCancelled)
  }

  private func start(_ streams: ChildStreams) throws(SystemError) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (theirs, number) in streams.theirs {
      unsafe posix_spawn_file_actions_adddup2(&actions, theirs, number)
    }
    if let directory {
      guard let change = unsafe LibraryCalls.changeDirectory, unsafe change(&actions, directory) == 0 else {
        throw SystemError("run in another directory", program, code: ENOSYS)
      }
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // What we ignore or block would stay so in the program.
    var every = sigset_t()
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigemptyset(&every)
    for number in [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD] { unsafe sigaddset(&every, number) }
    unsafe posix_spawnattr_setsigdefault(&attributes, &every)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    var child: pid_t = 0
    let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let status = unsafe CStrings.with([program] + arguments) { arguments in
      unsafe CStrings.with(variables) { variables in
        unsafe posix_spawn(&child, program, &actions, &attributes, arguments, variables)
      }
    }
    guard status == 0 else { throw SystemError("run", program, code: status) }
    return child
  }
}

/// Looks whether a child has ended, and ends it when it must.
private struct ChildWatch {
  let child: pid_t
  let spawn: Spawn
  let start: Int64
  var ending = Completion.Ending.exited(-1)
  var hasEnded = false
  var isOverdue = false
  var isCancelled = false
  private var askedAt: Int64?

  init(child: pid_t, spawn: Spawn, start: Int64) {
    self.child = child
    self.spawn = spawn
    self.start = start
  }

  mutating func look(_ now: Int64, isCancelled asked: () -> Bool) {
    var status: Int32 = 0
    let result = unsafe waitpid(child, &status, WNOHANG)
    if result == child {
      hasEnded = true
      let signal = status & 0x7f
      ending = signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
      // Whoever ignored the first signal, or was started by the program, goes with it.
      if askedAt != nil { kill(-child, SIGKILL) }
      return
    }
    if result < 0 && errno != EINTR {
      // Somebody else has waited for it (or children are reaped on their own); its status is lost.
      hasEnded = true
      return
    }
    if let askedAt {
      if now - askedAt >= spawn.graceMilliseconds { kill(-child, SIGKILL) }
      return
    }
    if now - start >= spawn.timeoutMilliseconds { isOverdue = true } else if asked() { isCancelled = true }
    if isOverdue || isCancelled {
      kill(-child, SIGTERM)
      askedAt = now
    }
  }
}

/// Arrays of C strings.
private enum CStrings {
  static func with<R>(_ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R) -> R {
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
    for (index, text) in texts.enumerated() { unsafe pointers[index] = unsafe strdup(text) }
    unsafe pointers[texts.count] = nil
    defer {
      for index in texts.indices { unsafe free(pointers[index]) }
      unsafe pointers.deallocate()
    }
    return unsafe body(pointers)
  }
}
