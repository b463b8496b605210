// The real key service as a process of its own, and a proxy before it that spoils answers the way networks do.

import Foundation
import Glibc
import Synchronization
import Testing

/// `keywright-authority serve` on a free port of 127.0.0.1, ended when it is dropped.
final class Authority {
  let port: Int
  let database: String
  private let sandbox: Sandbox
  private let process: Process

  init(_ sandbox: Sandbox) throws {
    self.sandbox = sandbox
    database = sandbox.root + "/authority.sqlite"
    _ = try Authority.issue(sandbox, database, name: "first")
    let portFile = sandbox.root + "/port"
    let process = Process()
    process.executableURL = URL(filePath: Sandbox.products + "/keywright-authority")
    process.arguments = [
      "serve", "--database", database, "--port", "0", "--port-file", portFile, "--failures-per-minute", "100000",
    ]
    process.environment = sandbox.environment
    let log = sandbox.root + "/authority.log"
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    process.standardError = FileHandle(forWritingAtPath: log)
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    self.process = process
    let deadline = Date().addingTimeInterval(30)
    var port: Int?
    while port == nil, Date() < deadline, process.isRunning {
      port = (try? String(contentsOfFile: portFile, encoding: .utf8))
        .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
      if port == nil { usleep(20_000) }
    }
    self.port = try #require(port, "the key service did not start: \((try? sandbox.read(log)) ?? "")")
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
  }

  var base: String { "http://127.0.0.1:\(port)" }

  /// A new key of the enterprise plan: its id and value.
  func issue(
    name: String, scopes: [String] = ["jobs"], tenant: String = "demo"
  ) throws -> (id: String, value: String) {
    try Authority.issue(sandbox, database, name: name, scopes: scopes, tenant: tenant)
  }

  private static func issue(
    _ sandbox: Sandbox, _ database: String, name: String, scopes: [String] = ["jobs"], tenant: String = "demo"
  ) throws -> (id: String, value: String) {
    let file = sandbox.root + "/\(name).issued"
    let outcome = try sandbox.run(
      Sandbox.products + "/keywright-authority",
      [
        "issue", "--database", database, "--tenant", tenant, "--plan", "enterprise", "--name", name,
        "--output", file,
      ] + scopes.flatMap { ["--scope", $0] })
    try #require(outcome.status == 0, "\(outcome.errors)")
    let value = try sandbox.read(file).trimmingCharacters(in: .whitespacesAndNewlines)
    try FileManager.default.removeItem(atPath: file)
    let id = try #require(try outcome.json()["key_id"] as? String)
    return (id, sandbox.keep(value))
  }

  /// The status with which the service answers a value.
  func status(of value: String) throws -> Int {
    let answer = try Wire.exchange(
      port, "GET /v1/whoami HTTP/1.1\r\nHost: x\r\nX-API-Key: \(value)\r\nConnection: close\r\n\r\n")
    return Wire.status(answer)
  }

  /// How many keys of the service are live, as its administrator sees it.
  func liveKeys(named name: String) throws -> [String] {
    let outcome = try sandbox.run(
      Sandbox.products + "/keywright-authority", ["list", "--database", database, "--json"])
    let keys = try outcome.json()["api_keys"] as? [[String: Any]] ?? []
    return keys.filter { $0["name"] as? String == name && ["active", "retiring"].contains($0["status"] as? String) }
      .compactMap { $0["key_id"] as? String }
  }
}

/// A proxy that hands requests on, and spoils the next answer to a method when told to.
final class SpoilingProxy: Sendable {
  enum Fault: Sendable {
    /// Handed on, then the connection is closed without an answer.
    case dropAfter
    /// Closed without being handed on.
    case dropBefore
    /// Handed on, then answered with this instead.
    case answerAfter(String)
    /// Answered with this, and not handed on.
    case answerBefore(String)
  }

  let port: Int
  private let listener: Int32
  private let state: Box

  private final class Box: Sendable {
    let faults = Mutex<[String: [Fault]]>([:])
    let seen = Mutex<[String]>([])
  }

  init(to upstream: Int) throws {
    let box = Box()
    state = box
    (listener, port) = try Wire.listen()
    let listener = listener
    Thread.detachNewThread {
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { break }
        Thread.detachNewThread {
          SpoilingProxy.serve(connection, upstream, box)
          close(connection)
        }
      }
      close(listener)
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  var base: String { "http://127.0.0.1:\(port)" }
  /// The first line of every request so far.
  var requests: [String] { state.seen.withLock { $0 } }
  /// Spoils the next answers to a method, in turn.
  func spoil(_ method: String, _ faults: Fault...) { state.faults.withLock { $0[method, default: []] += faults } }

  private static func serve(_ connection: Int32, _ upstream: Int, _ box: Box) {
    let request = Wire.readMessage(connection)
    guard let line = request.components(separatedBy: "\r\n").first, !line.isEmpty else { return }
    box.seen.withLock { $0.append(line) }
    let method = String(line.prefix { $0 != " " })
    let fault = box.faults.withLock { faults -> Fault? in
      faults[method]?.isEmpty == false ? faults[method]?.removeFirst() : nil
    }
    if case .dropBefore = fault { return }
    if case .answerBefore(let answer) = fault { return Wire.write(connection, answer) }
    let answer = (try? Wire.exchange(upstream, request)) ?? ""
    switch fault {
    case .dropAfter: return
    case .answerAfter(let other): Wire.write(connection, other)
    default: Wire.write(connection, answer)
    }
  }
}

/// Plain sockets on loopback.
enum Wire {
  static func answer(_ status: Int, _ body: String, headers: [String] = []) -> String {
    (["HTTP/1.1 \(status) Status", "Content-Length: \(body.utf8.count)", "Connection: close"] + headers)
      .joined(separator: "\r\n") + "\r\n\r\n" + body
  }

  static func status(_ answer: String) -> Int { Int(answer.split(separator: " ").dropFirst().first ?? "") ?? 0 }

  /// A free port that is listened on.
  static func listen() throws -> (descriptor: Int32, port: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(descriptor, pointer, length) == 0 && Glibc.listen(descriptor, 64) == 0
          && getsockname(descriptor, pointer, &length) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
  }

  /// Sends a message to a port and returns the answer.
  static func exchange(_ port: Int, _ message: String) throws -> String {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port)
    let isOpen = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isOpen else { throw POSIXError(.ECONNREFUSED) }
    write(descriptor, message)
    return readMessage(descriptor)
  }

  /// Reads a head, and as much body as it announces.
  static func readMessage(_ descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.range(of: "\r\n\r\n") {
        let length = text[..<end.lowerBound].lowercased().components(separatedBy: "content-length: ").dropFirst().first
          .flatMap { Int($0.prefix { $0.isNumber }) }
        if text[end.upperBound...].utf8.count >= length ?? 0 { return text }
      }
      let count = unsafe chunk.withUnsafeMutableBufferPointer { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count <= 0 { return text }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  static func write(_ descriptor: Int32, _ text: String) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe send(descriptor, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      sent += count
    }
  }

  private static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }
}
