// Where requests may go.

import Foundation
import Secrets
import Testing

@testable import Transport

private func bytes(_ text: String) throws -> [UInt8] {
  let isIPv6 = text.contains(":")
  var buffer = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
  try #require(unsafe inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &buffer) == 1, "\(text)")
  return buffer
}

@Suite(.timeLimit(.minutes(20))) struct EgressTests {
  @Test(arguments: [
    ("8.8.8.8", AddressKind.global), ("1.1.1.1", .global), ("172.15.0.1", .global), ("172.32.0.1", .global),
    ("100.63.255.255", .global), ("100.128.0.0", .global), ("2606:4700::1111", .global), ("2a00:1450::1", .global),
    ("::ffff:8.8.8.8", .global), ("64:ff9b::808:808", .global),
    ("127.0.0.1", .loopback), ("127.255.255.254", .loopback), ("::1", .loopback), ("::ffff:127.0.0.1", .loopback),
    ("10.0.0.1", .local), ("172.16.0.1", .local), ("172.31.255.255", .local), ("192.168.1.1", .local),
    ("100.64.0.1", .local), ("100.127.255.255", .local), ("fc00::1", .local), ("fd12:3456::1", .local),
    ("fec0::1", .local), ("::ffff:10.1.2.3", .local), ("64:ff9b::a00:1", .local), ("2002:a00:1::", .local),
    ("169.254.169.254", .metadata), ("169.254.0.1", .metadata), ("fe80::1", .metadata), ("febf::1", .metadata),
    ("100.100.100.200", .metadata), ("168.63.129.16", .metadata), ("fd00:ec2::254", .metadata),
    ("::ffff:169.254.169.254", .metadata), ("64:ff9b::a9fe:a9fe", .metadata), ("2002:a9fe:a9fe::", .metadata),
    ("0.0.0.0", .special), ("0.1.2.3", .special), ("224.0.0.1", .special), ("240.0.0.1", .special),
    ("255.255.255.255", .special), ("192.0.2.1", .special), ("198.18.0.1", .special), ("::", .special),
    ("::127.0.0.1", .special), ("ff02::1", .special), ("2001:db8::1", .special), ("2001::1", .special),
    ("100::1", .special), ("64:ff9b:1::1", .special),
  ]) func addressesAreKnownForWhatTheyAre(text: String, kind: AddressKind) throws {
    #expect(NetworkAddress.kind(try bytes(text)) == kind)
  }

  @Test func otherLengthsAreNoAddresses() {
    #expect(NetworkAddress.kind([]) == .special)
    #expect(NetworkAddress.kind([127, 0, 0]) == .special)
  }

  @Test(arguments: [
    "https://127.0.0.1", "https://localhost", "https://[::1]", "https://0", "https://0x7f000001", "https://2130706433",
    "https://[::ffff:127.0.0.1]", "https://127.1",
  ])
  func loopbackIsRefusedUnlessItIsNamed(host: String) throws {
    let server = try LoopbackServer(answering: response(200))
    let error = try #require(throws: TransportError.self) {
      try CurlTransport().send(HTTPRequest(method: "GET", url: "\(host):\(server.port)/"))
    }
    #expect(error.fate == .notSent)
    #expect(
      error.reason.contains("loopback") || error.reason.contains("this machine") || error.reason.contains("special"),
      "\(error.reason)")
    #expect(server.requests.isEmpty)
  }

  @Test func aNameThatLeadsToLoopbackIsRefusedAfterResolution() throws {
    // The machine's own name, by Debian's custom 127.0.1.1; where it leads elsewhere it leads to a private address.
    let server = try LoopbackServer(answering: response(200))
    let name = ProcessInfo.processInfo.hostName
    guard WebAddress("https://\(name):1") != nil else { return }
    let error = try #require(throws: TransportError.self) {
      try CurlTransport().send(HTTPRequest(method: "GET", url: "https://\(name):\(server.port)/", timeoutSeconds: 5))
    }
    #expect(error.fate == .notSent)
    #expect(server.requests.isEmpty)
  }

  @Test func localhostByNameIsReachedWhenItIsNamed() throws {
    let server = try LoopbackServer(answering: response(200, "hello"))
    let base = "http://localhost:\(server.port)"
    let carrier = CurlTransport(policy: EgressPolicy(internalBases: [base + "/v1/"]))
    #expect(try carrier.send(HTTPRequest(method: "GET", url: base + "/other")).body.count == 5)
  }

  @Test func namingOnePortNamesNoOther() throws {
    let server = try LoopbackServer(answering: response(200))
    let policy = EgressPolicy(internalBases: [
      "http://127.0.0.1:1", "http://127.0.0.1", "https://127.0.0.1:\(server.port)",
    ])
    let error = try #require(throws: TransportError.self) {
      try CurlTransport(policy: policy).send(HTTPRequest(method: "GET", url: server.base))
    }
    #expect(error.reason.contains("not named as an internal base"))
    #expect(server.requests.isEmpty)
  }

  @Test func keysGoToPublicAddressesOverHTTPSOnly() throws {
    let address = try #require(WebAddress("http://api.example.com/"))
    #expect(EgressPolicy().objection(to: address) != nil)
    let named = EgressPolicy(internalBases: ["http://api.example.com"])
    #expect(named.objection(to: address) == nil, "it may still turn out to be private")
    #expect(named.objection(to: [93, 184, 215, 14], of: address)?.contains("https only") == true)
    #expect(named.objection(to: [10, 0, 0, 1], of: address) == nil)
    #expect(named.objection(to: [169, 254, 169, 254], of: address) != nil, "metadata stays out of reach")
  }

  @Test func aLiteralAddressIsJudgedBeforeAProxyCouldSeeIt() throws {
    let policy = EgressPolicy(environment: ["https_proxy": "http://127.0.0.1:1"])
    for host in ["169.254.169.254", "10.0.0.1", "127.0.0.1", "localhost", "a.localhost"] {
      #expect(policy.objection(to: try #require(WebAddress("https://\(host)/"))) != nil, "\(host)")
    }
  }

  @Test func proxiesComeFromTheGivenEnvironmentAlone() throws {
    let policy = EgressPolicy(environment: [
      "HTTPS_PROXY": "http://proxy:3128", "HTTP_PROXY": "http://evil:1", "NO_PROXY": "internal.example,.corp, 10.1.2.3",
    ])
    func proxy(_ url: String) throws -> String? { policy.proxy(for: try #require(WebAddress(url))) }
    #expect(try proxy("https://api.example.com") == "http://proxy:3128")
    #expect(try proxy("http://api.example.com") == nil)
    #expect(try proxy("https://internal.example") == nil)
    #expect(try proxy("https://a.internal.example:8443") == nil)
    #expect(try proxy("https://notinternal.example") == "http://proxy:3128")
    #expect(try proxy("https://x.corp") == nil)
    #expect(try proxy("https://10.1.2.3") == nil)
    #expect(try proxy("https://127.0.0.1") == nil)
    #expect(EgressPolicy().proxy(for: try #require(WebAddress("https://a.example"))) == nil)
  }

  @Test func aRequestGoesThroughTheProxy() throws {
    let proxy = try LoopbackServer(answering: response(403))
    let policy = EgressPolicy(environment: ["https_proxy": proxy.base])
    let error = try #require(throws: TransportError.self) {
      try CurlTransport(policy: policy).send(
        HTTPRequest(
          method: "POST", url: "https://api.example.com/", headers: [("X-Key", SensitiveText(Secret("abcdefgh")))]))
    }
    #expect(error.fate == .notSent, "the tunnel was refused, so the request stayed here")
    #expect(proxy.requests.first?.hasPrefix("CONNECT api.example.com:443 HTTP/1.1\r\n") == true)
    #expect(proxy.requests.allSatisfy { !$0.contains("abcdefgh") })
  }
}

@Suite struct WebAddressTests {
  @Test func thePartsOfAnAddress() throws {
    let address = try #require(WebAddress("HTTPS://API.Example.com:8443/v1/keys?x=1"))
    #expect(address.scheme == "https" && address.host == "api.example.com" && address.port == 8443)
    #expect(address.path == "/v1/keys?x=1")
    #expect(address.origin == "https://api.example.com:8443")
    #expect(try #require(WebAddress("http://[::1]:80")).host == "[::1]")
    #expect(try #require(WebAddress("https://a.b?x")).path == "?x")
  }

  @Test(arguments: [
    "", "https://", "https:///path", "ftp://a", "file:///etc/passwd", "https://user@host/", "https://user:pass@host",
    "https://a@b@c", "https://ho st", "https://host\\@evil", "https://host\r\n", "https://host#f", "https://host:0",
    "https://host:65536", "https://host:", "https://host:80:80", "https://host:8x", "https://hö", "https://[::1",
    "https://[]", "https://[::1]x:5", "//host", "https:host", "https://%31", "https://a,b",
    "https://" + String(repeating: "a", count: 300),
  ]) func whatIsNoPlainAddressIsRefused(text: String) {
    #expect(WebAddress(text) == nil)
  }
}
