// libcurl against servers that answer, stall, lie and hang up.

import Foundation
import Secrets
import Synchronization
import Testing

@testable import Transport

/// A transport that may reach the server, and keeps it alive.
private struct Carrier: HTTPTransport {
  let server: LoopbackServer
  func send(_ request: HTTPRequest) throws(TransportError) -> HTTPResponse {
    defer { withExtendedLifetime(server) {} }
    return try CurlTransport(policy: EgressPolicy(internalBases: [server.base])).send(request)
  }
}

private func transport(_ server: LoopbackServer) -> Carrier { Carrier(server: server) }

private func text(_ secret: Secret) -> String { String(decoding: secret.copyBytes(), as: UTF8.self) }

@Suite(.timeLimit(.minutes(20))) struct CurlTransportTests {
  @Test func statusHeadersAndBodyComeBackAsSent() throws {
    let server = try LoopbackServer(
      answering: response(418, "{\"a\":1}", headers: ["X-Request-ID:  abc-1 ", "x-twice: 1", "X-Twice: 2", "Empty:"]))
    let answer = try transport(server).send(HTTPRequest(method: "GET", url: server.base + "/path?q=1"))
    #expect(answer.status == 418)
    #expect(answer.header("x-request-id") == "abc-1")
    #expect(answer.headers.filter { $0.name == "x-twice" }.map(\.value) == ["1", "2"])
    #expect(answer.header("empty")?.isEmpty == true)
    #expect(text(answer.body) == "{\"a\":1}")
    let request = try #require(server.requests.first)
    #expect(request.hasPrefix("GET /path?q=1 HTTP/1.1\r\n"))
    #expect(request.contains("User-Agent: keywright\r\n"))
    #expect(!request.lowercased().contains("accept-encoding"), "no compression is asked for")
  }

  @Test func headersAndBodiesWithSecretsAreSentWhole() throws {
    let server = try LoopbackServer(answering: response(201))
    let key = Secret("value-\(UInt64.random(in: 0 ... .max))")
    let request = HTTPRequest(
      method: "POST", url: server.base + "/keys",
      headers: [
        ("Authorization", SensitiveText(pieces: [.text("Bearer "), .secret(key)])), ("X-Empty", SensitiveText("")),
        ("Content-Type", SensitiveText("application/json")),
      ], body: Secret("{\"grace_seconds\":5}"))
    #expect(try transport(server).send(request).status == 201)
    let seen = try #require(server.requests.first)
    #expect(seen.hasPrefix("POST /keys HTTP/1.1\r\n"))
    #expect(seen.contains("\r\nAuthorization: Bearer \(text(key))\r\n"))
    #expect(seen.contains("\r\nX-Empty:\r\n"))
    #expect(seen.components(separatedBy: "Content-Type").count == 2)
    #expect(seen.hasSuffix("\r\n\r\n{\"grace_seconds\":5}"))
  }

  @Test(arguments: ["POST", "PUT", "PATCH", "DELETE", "GET"])
  func methodsWithoutABody(method: String) throws {
    let server = try LoopbackServer(answering: response(204))
    #expect(try transport(server).send(HTTPRequest(method: method, url: server.base + "/x")).status == 204)
    let seen = try #require(server.requests.first)
    #expect(seen.hasPrefix("\(method) /x HTTP/1.1\r\n"))
    #expect(!seen.contains("Content-Type"))
    #expect(seen.contains("Content-Length: 0") == ["POST", "PUT", "PATCH"].contains(method))
  }

  @Test func aSecretInTheAddressIsEncodedAndSent() throws {
    let server = try LoopbackServer(answering: response(200))
    var request = HTTPRequest(method: "GET", url: server.base + "/bot{secret}/me?k={secret}")
    request.urlSecret = Secret("1:a/b?c=d&e f%\r\n")
    _ = try transport(server).send(request)
    let encoded = "1:a%2Fb%3Fc%3Dd%26e%20f%25%0D%0A"
    #expect(server.requests.first?.hasPrefix("GET /bot\(encoded)/me?k=\(encoded) HTTP/1.1\r\n") == true)
    request.url = "https://{secret}/"
    #expect(throws: TransportError.self) { try CurlTransport().send(request) }
  }

  @Test func aHeadRequestWaitsForNoBody() throws {
    let server = try LoopbackServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    let answer = try transport(server).send(HTTPRequest(method: "HEAD", url: server.base + "/"))
    #expect(answer.status == 200 && answer.body.count == 0)
  }

  @Test func aLargeBodyArrivesWhole() throws {
    let server = try LoopbackServer(answering: response(200, String(repeating: "0123456789", count: 90_000)))
    let answer = try transport(server).send(
      HTTPRequest(method: "PUT", url: server.base + "/", body: Secret(String(repeating: "b", count: 2_000_000))))
    #expect(answer.body.count == 900_000)
    #expect(server.requests.first?.utf8.count ?? 0 > 2_000_000)
    #expect(server.requests.first?.contains("Expect") == false)
  }

  @Test func aRedirectIsAnAnswerLikeAnyOther() throws {
    let other = try LoopbackServer(answering: response(200))
    let server = try LoopbackServer(answering: response(307, headers: ["Location: \(other.base)/stolen"]))
    let both = CurlTransport(policy: EgressPolicy(internalBases: [server.base, other.base]))
    let answer = try both.send(HTTPRequest(method: "GET", url: server.base + "/"))
    #expect(answer.status == 307)
    #expect(other.requests.isEmpty)
  }

  @Test func interimResponsesLeaveNoHeadersBehind() throws {
    let server = try LoopbackServer(
      answering: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + response(200, "ok", headers: ["A: b"]))
    let answer = try transport(server).send(HTTPRequest(method: "GET", url: server.base + "/"))
    #expect(answer.status == 200)
    #expect(answer.header("link") == nil)
    #expect(answer.header("a") == "b")
  }

  @Test func chunkedBodiesAreJoined() throws {
    let server = try LoopbackServer(
      answering: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
    #expect(text(try transport(server).send(HTTPRequest(method: "GET", url: server.base)).body) == "abcdefg")
  }

  @Test func manyThreadsAtOnce() throws {
    let server = try LoopbackServer { connection, request in
      connection.write(response(200, String(request.prefix { !$0.isNewline })))
    }
    let carrier = transport(server)
    let answers = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 32) { index in
      let body = try? carrier.send(HTTPRequest(method: "GET", url: server.base + "/\(index)")).body
      answers.withLock { $0.append(body.map(text) ?? "failed") }
    }
    #expect(answers.withLock { Set($0) } == Set((0..<32).map { "GET /\($0) HTTP/1.1" }))
  }
}

@Suite(.timeLimit(.minutes(20))) struct FateTests {
  private func failure(_ request: HTTPRequest, _ carrier: any HTTPTransport) throws -> TransportError {
    try #require(throws: TransportError.self) { try carrier.send(request) }
  }

  @Test func hangingUpAfterTheRequestLeavesItsFateUnknown() throws {
    let server = try LoopbackServer { _, _ in }
    let error = try failure(HTTPRequest(method: "POST", url: server.base + "/"), transport(server))
    #expect(error.fate == .unknown)
    #expect(error.reason.contains("closed the connection without an answer"))
    #expect(server.requests.count == 1, "it is not sent again")
  }

  @Test func aResetAfterTheRequestLeavesItsFateUnknown() throws {
    let server = try LoopbackServer { connection, _ in connection.reset() }
    #expect(try failure(HTTPRequest(method: "POST", url: server.base + "/"), transport(server)).fate == .unknown)
    #expect(server.requests.count == 1)
  }

  @Test func halfAnAnswerIsNone() throws {
    for half in [
      "HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{\"api_key\":",
      "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nabc", "HTTP/1.1 201 Cre",
      "HTTP/1.1 201 Created\r\nA: b",
    ] {
      let server = try LoopbackServer(answering: half)
      #expect(try failure(HTTPRequest(method: "POST", url: server.base), transport(server)).fate == .unknown, "\(half)")
    }
  }

  /// What came before an answer broke off is handed over with the error: a new key may be in it.
  @Test func whatCameOfABrokenAnswerIsKept() throws {
    let body = #"{"api_key":"0123456789","key_id":"#
    let framings = [
      "HTTP/1.1 201 Created\r\nX-Request-Id: r1\r\nContent-Length: 500\r\n\r\n\(body)",
      "HTTP/1.1 201 Created\r\nX-Request-Id: r1\r\nTransfer-Encoding: chunked\r\n\r\n\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n",
    ]
    for framing in framings {
      let server = try LoopbackServer(answering: framing)
      let error = try failure(HTTPRequest(method: "POST", url: server.base), transport(server))
      let partial = try #require(error.partial, "\(framing)")
      #expect(error.fate == .unknown && partial.status == 201 && partial.header("x-request-id") == "r1")
      #expect(text(partial.body) == body)
    }
    let large = try LoopbackServer(answering: response(200, String(repeating: "x", count: 5_000)))
    let error = try failure(
      HTTPRequest(method: "POST", url: large.base, maximumResponseBytes: 1_000), transport(large))
    #expect(error.partial == nil || (error.partial?.body.count ?? 0) <= 1_000)
    let silent = try LoopbackServer { _, _ in }
    #expect(try failure(HTTPRequest(method: "POST", url: silent.base), transport(silent)).partial == nil)
  }

  @Test(arguments: ["", "nonsense\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 9 x\r\n\r\n", "HTTP/1.1 -1 x\r\n\r\n"])
  func garbageIsNoAnswer(garbage: String) throws {
    let server = try LoopbackServer(answering: garbage)
    #expect(try failure(HTTPRequest(method: "GET", url: server.base), transport(server)).fate == .unknown)
  }

  @Test func silenceEndsAtTheDeadline() throws {
    let server = try LoopbackServer { connection, _ in connection.waitForEnd() }
    let start = ContinuousClock.now
    let error = try failure(
      HTTPRequest(method: "POST", url: server.base, timeoutSeconds: 0.3), transport(server))
    #expect(error.fate == .unknown)
    #expect(error.reason.contains("did not answer in time"))
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func aTrickleEndsAtTheDeadline() throws {
    let server = try LoopbackServer { connection, _ in
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
      while connection.write([0x61]) { usleep(20_000) }
    }
    let error = try failure(HTTPRequest(method: "GET", url: server.base, timeoutSeconds: 0.5), transport(server))
    #expect(error.fate == .unknown)
  }

  @Test func aClosedPortIsNotSent() throws {
    let server = try LoopbackServer(listening: false)
    let error = try failure(HTTPRequest(method: "POST", url: server.base), transport(server))
    #expect(error.fate == .notSent)
    #expect(error.reason.contains("could not be connected to"))
  }

  @Test func aNameThatDoesNotExistIsNotSent() throws {
    // Without a network the resolver waits; the deadline ends that too.
    let start = ContinuousClock.now
    let request = HTTPRequest(method: "POST", url: "https://keywright.invalid/", timeoutSeconds: 1)
    let error = try failure(request, CurlTransport())
    #expect(error.fate == .notSent)
    #expect(error.reason.contains("keywright.invalid could not be"), "\(error.reason)")
    #expect(ContinuousClock.now - start < .seconds(10))
  }

  @Test func aServerThatSpeaksNoTLSIsNotSent() throws {
    let server = try LoopbackServer(answering: response(200))
    let base = "https://127.0.0.1:\(server.port)"
    let carrier = CurlTransport(policy: EgressPolicy(internalBases: [base]))
    let headers = [(name: "X-API-Key", value: SensitiveText(Secret("k-123456")))]
    let error = try failure(HTTPRequest(method: "POST", url: base, headers: headers, timeoutSeconds: 1), carrier)
    #expect(error.fate == .notSent)
    #expect(server.requests.allSatisfy { !$0.contains("k-123456") })
  }

  @Test func tooLargeABodyIsRefused() throws {
    for answer in [
      response(200, String(repeating: "x", count: 5_000)),
      "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 5_000),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + String(repeating: "400\r\n" + String(repeating: "y", count: 1_024) + "\r\n", count: 5) + "0\r\n\r\n",
    ] {
      let server = try LoopbackServer(answering: answer)
      let error = try failure(
        HTTPRequest(method: "GET", url: server.base, maximumResponseBytes: 4_999), transport(server))
      #expect(error.fate == .unknown)
      #expect(error.reason.contains("larger than 4999 bytes"))
    }
  }

  @Test func aBodyOfExactlyTheLimitIsTaken() throws {
    let server = try LoopbackServer(answering: response(200, String(repeating: "x", count: 5_000)))
    let request = HTTPRequest(method: "GET", url: server.base, maximumResponseBytes: 5_000)
    #expect(try transport(server).send(request).body.count == 5_000)
  }

  @Test func headersWithoutEndAreRefused() throws {
    let server = try LoopbackServer { connection, _ in
      connection.write("HTTP/1.1 200 OK\r\n")
      while connection.write(Array("X-Filler: \(String(repeating: "f", count: 1_000))\r\n".utf8)) {}
    }
    let error = try failure(HTTPRequest(method: "GET", url: server.base), transport(server))
    #expect(error.reason.contains("bytes of headers"))
  }

  @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "a\0b", "\u{7f}"])
  func aValueCanNotBecomeAnotherHeader(value: String) throws {
    let server = try LoopbackServer(answering: response(200))
    for header in [SensitiveText(value), SensitiveText(Secret(value))] {
      let error = try failure(
        HTTPRequest(method: "GET", url: server.base, headers: [("X-A", header)]), transport(server))
      #expect(error.fate == .notSent)
      #expect(!error.reason.contains(value))
    }
    #expect(server.requests.isEmpty)
  }

  @Test(arguments: ["", "A B", "A:B", "Ä", "A\r\nB", "Host", "content-length", "Transfer-Encoding"])
  func namesOfHeadersAreChecked(name: String) throws {
    let server = try LoopbackServer(answering: response(200))
    let request = HTTPRequest(method: "GET", url: server.base, headers: [(name, SensitiveText("1"))])
    #expect(try failure(request, transport(server)).fate == .notSent)
    #expect(server.requests.isEmpty)
  }

  @Test(arguments: ["TRACE", "CONNECT", "get", "GET /x HTTP/1.1\r\nA: b\r\n\r\nGET", ""])
  func methodsAreChecked(method: String) throws {
    let server = try LoopbackServer(answering: response(200))
    #expect(try failure(HTTPRequest(method: method, url: server.base), transport(server)).fate == .notSent)
    #expect(server.requests.isEmpty)
  }

  @Test(arguments: [0, -1, .nan, .infinity, 1e300] as [Double])
  func absurdTimesAreRefused(seconds: Double) throws {
    let request = HTTPRequest(method: "GET", url: "https://example.com", timeoutSeconds: seconds)
    #expect(try failure(request, CurlTransport()).fate == .notSent)
  }
}
