// The service on the bare socket: clients that break off, send nonsense, say nothing, or are cut short.

import Foundation
import Glibc
import Testing

@testable import KeyAuthority

/// A TCP connection to the service, with a deadline of 20 seconds for each read.
private final class Wire {
  let descriptor: Int32

  init(_ port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(status == 0)
  }

  deinit { Glibc.close(descriptor) }

  /// False when the connection has ended.
  @discardableResult
  func send(_ text: String) async -> Bool {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let rest = Array(bytes[sent...])
      let count = unsafe Glibc.send(descriptor, rest, rest.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      if count < 0 {
        guard errno == EAGAIN else { return false }
        try? await Task.sleep(for: .milliseconds(1))
      } else {
        sent += count
      }
    }
    return true
  }

  /// Some bytes; empty when the service has closed the connection, nil when nothing comes for 20 seconds. Never blocks the
  /// thread: the service under test runs on the same few.
  private func receive(atMost limit: Int) async -> [UInt8]? {
    let deadline = ContinuousClock.now + .seconds(20)
    var chunk = [UInt8](repeating: 0, count: limit)
    while ContinuousClock.now < deadline {
      let count = unsafe recv(descriptor, &chunk, limit, Int32(MSG_DONTWAIT))
      if count >= 0 { return Array(chunk[0..<count]) }
      if errno == ECONNRESET { return [] }
      guard errno == EAGAIN else { return nil }
      try? await Task.sleep(for: .milliseconds(1))
    }
    return nil
  }

  /// Everything until the service closes the connection; nil when it does not.
  func readToEnd() async -> String? {
    var all: [UInt8] = []
    while let chunk = await receive(atMost: 4096) {
      if chunk.isEmpty { return String(decoding: all, as: UTF8.self) }
      all.append(contentsOf: chunk)
    }
    return nil
  }

  /// Reads until the text ends with `end`, or the connection does.
  func read(through end: String) async -> String {
    var all: [UInt8] = []
    while !all.reversed().starts(with: end.utf8.reversed()), let chunk = await receive(atMost: 1), !chunk.isEmpty {
      all.append(contentsOf: chunk)
    }
    return String(decoding: all, as: UTF8.self)
  }
}

@Suite struct WireTests {
  @Test(arguments: [
    "\r\n\r\n", "GET\r\n\r\n", "nonsense\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "GET \u{0}\u{1} HTTP/1.1\r\n\r\n",
    "POST /v1/jobs HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    "POST /v1/jobs HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST /v1/jobs HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n",
    "GET %%%%/../..//%00 HTTP/1.1\r\nX-API-Key: %s%n\r\n\r\n", "GET /healthz HTTP/9.9\r\n\r\n",
    "\u{16}\u{3}\u{1}\u{2}\u{0}",
  ])
  func nonsenseDoesNotStopTheService(_ text: String) async throws {
    try await withService { service in
      let wire = try Wire(service.port)
      await wire.send(text)
      shutdown(wire.descriptor, Int32(SHUT_WR))
      #expect(await wire.readToEnd() != nil, "the service neither answers nor closes")
      #expect(try await service.send("GET", "/healthz").status == 200)
    }
  }

  @Test func manyRequestsGoOverOneConnection() async throws {
    try await withService { service in
      let key = try await service.issue()
      let wire = try Wire(service.port)
      for _ in 0..<3 {
        await wire.send("POST /v1/jobs HTTP/1.1\r\nX-API-Key: \(key.value)\r\nContent-Type: application/json\r\n")
        await wire.send("Content-Length: 2\r\n\r\n{}")
        #expect(await wire.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 201 Created\r\n"))
        #expect(await wire.read(through: "}").hasPrefix("{\"job_id\":\"job_"))
      }
      // A body that is refused unseen must not be taken for the next request.
      await wire.send("POST /nowhere HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
      await wire.send("1b\r\nGET /v1/smuggled HTTP/1.1\r\n\r\n0\r\n\r\n")
      #expect(await wire.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 404 "))
      _ = await wire.read(through: "}")
      await wire.send("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
      #expect(await wire.readToEnd()?.hasPrefix("HTTP/1.1 200 OK\r\n") == true)
    }
  }

  @Test func twoKeysInOneRequestAreNone() async throws {
    try await withService { service in
      let key = try await service.issue()
      let wire = try Wire(service.port)
      await wire.send("GET /v1/whoami HTTP/1.1\r\nX-API-Key: \(key.value), \(key.value)\r\nConnection: close\r\n\r\n")
      #expect(await wire.readToEnd()?.hasPrefix("HTTP/1.1 401 ") == true)
    }
  }

  @Test func anOversizeBodyEndsTheConnection() async throws {
    try await withService { service in
      let wire = try Wire(service.port)
      await wire.send(
        "POST /v1/jobs HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n" + String(repeating: "x", count: 1_100_000))
      let answer = try #require(await wire.readToEnd())
      #expect(answer.hasPrefix("HTTP/1.1 413 "))
      #expect(answer.contains("\r\nConnection: close\r\n"))
    }
  }

  @Test func silentConnectionsAreClosed() async throws {
    var options = AuthorityServer.Options(port: 0)
    options.patience = 0.2
    try await withService(options) { service in
      let silent = try Wire(service.port)
      let halfway = try Wire(service.port)
      await halfway.send("POST /v1/jobs HTTP/1.1\r\nContent-Le")
      #expect(await silent.readToEnd() == "")
      #expect(await halfway.readToEnd() == "")
      #expect(try await service.send("GET", "/healthz").status == 200)
    }
  }

  @Test func tricklingBytesBuysNoTime() async throws {
    var options = AuthorityServer.Options(port: 0)
    options.patience = 0.5
    try await withService(options) { service in
      let wire = try Wire(service.port)
      await wire.send("GET /healthz HTTP/1.1\r\nX-Slow: ")
      let started = ContinuousClock.now
      while ContinuousClock.now - started < .seconds(20), await wire.send("x") {
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(ContinuousClock.now - started < .seconds(10))
      #expect(await wire.readToEnd() == "")
      // A connection that is used may be older than that.
      let used = try Wire(service.port)
      let begin = ContinuousClock.now
      while ContinuousClock.now - begin < .seconds(1) {
        await used.send("GET /healthz HTTP/1.1\r\n\r\n")
        #expect(await used.read(through: "}").hasPrefix("HTTP/1.1 200 OK"))
      }
    }
  }

  @Test func stoppingIsQuickWithIdleConnectionsOpen() async throws {
    let service = try await Service()
    let idle = try Wire(service.port)
    #expect(try await service.send("GET", "/healthz").status == 200)
    let started = ContinuousClock.now
    try await service.end()
    #expect(ContinuousClock.now - started < .seconds(4), "five seconds are for requests under way")
    #expect(await idle.readToEnd() == "")
  }

  @Test func aRequestUnderWayIsFinishedBeforeTheEnd() async throws {
    let service = try await Service()
    let key = try await service.issue()
    let wire = try Wire(service.port)
    // More than is read before the handler begins, so that the service is in the middle of this request.
    let body = "{\"a\":\"" + String(repeating: "x", count: 8_000) + "\"}"
    await wire.send("POST /v1/jobs HTTP/1.1\r\nX-API-Key: \(key.value)\r\nContent-Type: application/json\r\n")
    await wire.send("Content-Length: \(body.utf8.count)\r\n\r\n" + body.prefix(6_000))
    while service.server.requestsUnderWay == 0 { await Task.yield() }
    let ending = Task { try await service.end() }
    while await service.server.isServing { await Task.yield() }
    await wire.send(String(body.dropFirst(6_000)))
    #expect(await wire.readToEnd()?.hasPrefix("HTTP/1.1 201 Created\r\n") == true)
    try await ending.value
  }

  @Test func aTakenPortIsSaidSo() async throws {
    try await withService { service in
      let second = AuthorityServer(store: service.store, options: .init(port: service.port))
      await #expect(throws: ListenError(host: "127.0.0.1", port: service.port, reason: "address already in use")) {
        try await second.start()
      }
      let nowhere = AuthorityServer(store: service.store, options: .init(host: "no.such.name", port: 0))
      await #expect(throws: ListenError(host: "no.such.name", port: 0, reason: "it is not a numeric address")) {
        try await nowhere.start()
      }
    }
  }

  @Test func theLoopbackOfIPv6ServesToo() async throws {
    guard FileManager.default.fileExists(atPath: "/proc/net/if_inet6"),
      try String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8).contains("00000000000000000000000000000001")
    else { return }
    try await withService(.init(host: "::1", port: 0)) { #expect($0.port > 0) }
  }
}
