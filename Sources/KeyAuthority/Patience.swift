// How long a connection may keep us waiting. FlyingFox itself waits for ever, so that whoever opens enough connections and
// sends a byte now and then would take all of them.

internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Glibc
internal import Synchronization

/// When each connection began to be waited for, by the address at its other end.
final class Patience: Sendable {
  // The same address may come again: clients have few ports. What tells connections apart is the socket itself.
  private typealias Waits = [HTTPRequest.Address: (socket: String, begin: ContinuousClock.Instant)]

  private let limit: Duration
  private let waits = Mutex<Waits>([:])

  init(seconds: Double) { limit = .seconds(seconds) }

  /// A request has arrived whole: what is waited for from now on is something else.
  func renew(_ peer: HTTPRequest.Address?) {
    guard let peer else { return }
    _ = waits.withLock { $0.removeValue(forKey: peer) }
  }

  /// How long may still be waited; it does not grow when bytes trickle in.
  func rest(_ peer: HTTPRequest.Address, socket: String) -> Duration {
    let now = ContinuousClock.now
    return waits.withLock { waits in
      // Of connections that have ended in another way entries are left over.
      if waits.count >= 4096 { waits = waits.filter { $0.value.begin + limit > now } }
      var begin = now
      if let known = waits[peer], known.socket == socket { begin = known.begin }
      waits[peer] = (socket, begin)
      return begin + limit - now
    }
  }
}

/// Sockets that are given up when patience ends.
struct PatientPool: AsyncSocketPool {
  let base: any AsyncSocketPool
  let patience: Patience

  func prepare() async throws { try await base.prepare() }
  func run() async throws { try await base.run() }

  func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
    // FlyingFox sends head and body apart; held back for the receipt of the head, the body would come 40 ms late. Connections
    // inherit the option from the listening socket.
    try? socket.setValue(true, for: BoolSocketOption(level: Int32(IPPROTO_TCP), name: TCP_NODELAY))
    // The listening socket has no peer, and may wait for ever.
    guard let address = try? socket.remotePeer() else {
      return try await base.suspendSocket(socket, untilReadyFor: events)
    }
    let peer = HTTPRequest.Address.make(from: address)
    // `socket:[12345]`: the kernel gives no two open sockets the same number.
    let name = "/proc/self/fd/\(socket.file.rawValue)"
    let rest = patience.rest(peer, socket: (try? FileManager.default.destinationOfSymbolicLink(atPath: name)) ?? "")
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await base.suspendSocket(socket, untilReadyFor: events) }
        group.addTask {
          try await Task.sleep(for: rest)
          throw SocketError.timeout(message: "waited for too long")
        }
        defer { group.cancelAll() }
        try await group.next()
      }
    } catch {
      patience.renew(peer)
      throw error
    }
  }
}
