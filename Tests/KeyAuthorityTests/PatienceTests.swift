// How long connections are waited for: each for itself, whatever address it comes from.

import FlyingFox
import Testing

@testable import KeyAuthority

@Suite struct PatienceTests {
  /// Clients have few ports: an address comes again, and what is left over of an earlier connection must not count.
  @Test func anAddressThatComesAgainIsAnotherConnection() async throws {
    let patience = Patience(seconds: 0.05)
    let peer = HTTPRequest.Address.ip4("127.0.0.1", port: 40_000)
    #expect(patience.rest(peer, socket: "socket:[1]") > .zero)
    try await Task.sleep(for: .milliseconds(60))
    // The same connection has used its time up; another one from the same port has all of it.
    #expect(patience.rest(peer, socket: "socket:[1]") <= .zero)
    #expect(patience.rest(peer, socket: "socket:[2]") > .milliseconds(40))
    patience.renew(peer)
    #expect(patience.rest(peer, socket: "socket:[2]") > .milliseconds(40))
  }
}
