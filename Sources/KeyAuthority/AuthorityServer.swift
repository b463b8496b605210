// Listening, staying up, and stopping without cutting anybody off.

internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Synchronization

/// The key service on a socket.
public actor AuthorityServer {
  /// Where and how to serve.
  public struct Options: Sendable {
    /// A numeric address, IPv4 or IPv6, or `localhost`.
    public var host: String
    /// The port; 0 takes a free one.
    public var port: UInt16
    /// How many wrong keys a minute one address may try before it is told to wait.
    public var failuresPerMinute: Int
    /// How many seconds a connection may take for the next request to arrive whole, or for an answer to be read.
    public var patience: Double
    /// How many seconds requests under way get when the service stops.
    public var farewell: Double

    /// Loopback, port 8787.
    public init(host: String = "127.0.0.1", port: UInt16 = 8787) {
      self.host = host
      self.port = port
      failuresPerMinute = 300
      patience = 30
      farewell = 5
    }
  }

  private let store: KeyStore
  private let service: KeyService
  private let options: Options
  private let report: @Sendable (String) -> Void
  private var server: HTTPServer?
  private var keeper: Task<Void, Never>?
  private var isStopping = false

  /// The port that is listened on; 0 before ``start()``.
  public private(set) var port: UInt16 = 0

  /// - Parameters:
  ///   - log: is given one entry for each request.
  ///   - report: is given a sentence when the service is in trouble.
  public init(
    store: KeyStore, options: Options = Options(), log: @escaping @Sendable (AccessLogEntry) -> Void = { _ in },
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.store = store
    self.options = options
    self.report = report
    service = KeyService(
      store: store, failuresPerMinute: options.failuresPerMinute, patience: Patience(seconds: options.patience),
      log: log)
  }

  /// Listens, and returns the port when connections are accepted.
  public func start() async throws(ListenError) -> UInt16 {
    let first = try makeServer(port: options.port)
    let run = Run(first)
    guard let listening = await run.port() else {
      throw ListenError(host: options.host, port: options.port, reason: run.reason ?? "it can't be listened on")
    }
    port = listening
    server = first
    keeper = Task { await self.keep(run) }
    return listening
  }

  /// Serves until ``stop()``; when listening fails (no file descriptor is left, say) starts again on the same port. Meanwhile
  /// writes down once a second what was counted.
  private func keep(_ first: Run) async {
    let writing = Task { [store, report] in
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        if !store.usage.isEmpty { await AuthorityServer.flush(store, report) }
      }
    }
    var run = first
    while true {
      await run.finish()
      if isStopping { break }
      report("listening failed, trying again: \(run.reason ?? "unknown reason")")
      try? await Task.sleep(for: .milliseconds(200))
      if isStopping { break }
      guard let next = try? makeServer(port: port) else { break }
      server = next
      run = Run(next)
    }
    writing.cancel()
    await writing.value
  }

  private static func flush(_ store: KeyStore, _ report: @escaping @Sendable (String) -> Void) async {
    // In a task of its own, which the end of the caller does not interrupt.
    let writing = Task {
      do throws(AuthorityError) { try await store.flushUsage() } catch { report(error.message) }
    }
    await writing.value
  }

  private func makeServer(port: UInt16) throws(ListenError) -> HTTPServer {
    let pool = PatientPool(base: HTTPServer.defaultPool(), patience: service.patience)
    let host = options.host == "localhost" ? "127.0.0.1" : options.host
    if let address = try? sockaddr_in.inet(ip4: host, port: port) {
      return HTTPServer(address: address, pool: pool, logger: .disabled, handler: service)
    }
    if let address = try? sockaddr_in6.inet6(ip6: host, port: port) {
      return HTTPServer(address: address, pool: pool, logger: .disabled, handler: service)
    }
    throw ListenError(host: options.host, port: options.port, reason: "it is not a numeric address")
  }

  /// Accepts nothing more, lets requests under way end, and writes down what was counted.
  public func stop() async {
    guard !isStopping else { return }
    isStopping = true
    if let server { await farewell(server) }
    await keeper?.value
    await AuthorityServer.flush(store, report)
  }
}

extension AuthorityServer {
  /// How many requests have begun and are not yet answered.
  nonisolated var requestsUnderWay: Int { service.attendance.count }

  /// Whether connections are accepted.
  var isServing: Bool {
    get async { await server?.isListening ?? false }
  }

  /// FlyingFox would wait out its timeout even when nothing is under way: so its wait is cut short as soon as that is so.
  private func farewell(_ server: HTTPServer) async {
    let deadline = ContinuousClock.now + .seconds(options.farewell)
    let stopping = Task { await server.stop(timeout: options.farewell) }
    while await server.isListening || service.attendance.count > 0, ContinuousClock.now < deadline {
      try? await Task.sleep(for: .milliseconds(2))
    }
    stopping.cancel()
    await stopping.value
  }
}

/// Why the service could not listen.
public struct ListenError: Error, Equatable, Sendable {
  /// The address that was asked for.
  public let host: String
  /// The port that was asked for.
  public let port: UInt16
  /// The system's words.
  public let reason: String
}

/// One run of a server, from binding its socket to its end.
private final class Run: Sendable {
  private let server: HTTPServer
  private let task: Task<Void, Never>
  private let ending: Ending

  final class Ending: Sendable {
    let reason = Mutex<String?>(nil)
  }

  init(_ server: HTTPServer) {
    self.server = server
    let ending = Ending()
    self.ending = ending
    task = Task {
      do {
        try await server.run()
        ending.reason.withLock { $0 = "it stopped" }
      } catch {
        ending.reason.withLock { $0 = Run.words(error) }
      }
    }
  }

  /// Why it has ended; nil while it runs.
  var reason: String? { ending.reason.withLock { $0 } }

  /// The port, as soon as there is one; nil if the server ends before.
  func port() async -> UInt16? {
    while reason == nil {
      switch await server.listeningAddress {
      case .ip4(_, let port), .ip6(_, let port): return port
      case .unix, nil: try? await Task.sleep(for: .milliseconds(1))
      }
    }
    return nil
  }

  func finish() async { await task.value }

  private static func words(_ error: any Error) -> String {
    if case SocketError.failed(_, _, let message) = error { return message.lowercased() }
    return error.localizedDescription
  }
}
