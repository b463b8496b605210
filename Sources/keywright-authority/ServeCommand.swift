// serve: listens until it is told to stop.

internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import Glibc
internal import KeyAuthority

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Answers requests until SIGTERM or SIGINT.",
    discussion: """
      One line a request goes to stderr: time, method, path, status, id of the key, milliseconds. Requests under way are
      finished before the program ends. The service speaks plain HTTP: beyond the machine itself, put a proxy with TLS before it.
      """)

  @OptionGroup var database: DatabaseOption
  @Option(help: "The numeric address to listen on.") var host = "127.0.0.1"
  @Option(help: "The port to listen on; 0 takes a free one.") var port: UInt16 = 8787
  @Option(help: ArgumentHelp("Where to write the port, once it is listened on.", valueName: "file")) var portFile:
    String?
  @Option(help: "How many wrong keys a minute one address may try before it is told to wait.")
  var failuresPerMinute = 300

  func validate() throws {
    guard (1...1_000_000).contains(failuresPerMinute) else {
      throw ValidationError("--failures-per-minute must be 1 to 1000000")
    }
  }

  func run() async throws {
    let stopSignals = StopSignals()
    let store = try KeyStore(path: database.database)
    var options = AuthorityServer.Options(host: host, port: port)
    options.failuresPerMinute = failuresPerMinute
    let server = AuthorityServer(
      store: store, options: options, log: { Terminal.note($0.line) },
      report: { Terminal.note("keywright-authority: \($0)") })
    let listening: UInt16
    do {
      listening = try await server.start()
    } catch {
      throw Failure(
        "cannot listen on \(error.host) port \(error.port): \(error.reason)",
        hint: "choose another --port (0 takes a free one) or another --host")
    }
    if !["127.0.0.1", "::1", "localhost"].contains(host) {
      Terminal.note(
        "keywright-authority: \(host) can be reached from elsewhere, and keys travel unencrypted: use a TLS proxy")
    }
    try announce(listening)
    await stopSignals.wait()
    await server.stop()
    try await store.close()
    if let portFile { try? FileManager.default.removeItem(atPath: portFile) }
  }

  private func announce(_ listening: UInt16) throws {
    if let portFile {
      do {
        // Atomic: whoever waits for the file never reads half a number.
        try Data("\(listening)\n".utf8).write(to: URL(filePath: portFile), options: .atomic)
      } catch {
        throw Failure(
          "cannot write \(portFile): \(error.localizedDescription)", hint: "name a file in a folder that you may write")
      }
    }
    let address = host.contains(":") ? "[\(host)]" : host
    Terminal.note("keywright-authority: listening on http://\(address):\(listening)")
  }
}

extension AccessLogEntry {
  /// `2026-05-03T10:00:38Z GET /v1/whoami 200 key_... 1.2ms`.
  fileprivate var line: String {
    let time = Date().formatted(.iso8601)
    let tenths = Int((milliseconds * 10).rounded())
    let suffix = fault.map { " fault: \($0)" } ?? ""
    return "\(time) \(method) \(path) \(status) \(keyID ?? "-") \(tenths / 10).\(tenths % 10)ms\(suffix)"
  }
}

/// SIGTERM and SIGINT, received from the moment that this is made.
private struct StopSignals {
  private let stream: AsyncStream<Void>
  private let sources: [any DispatchSourceSignal]

  init() {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    self.stream = stream
    sources = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield() }
      source.activate()
      return source
    }
    signal(SIGPIPE, SIG_IGN)
  }

  func wait() async {
    for await _ in stream { return }
  }
}
