// A real HTTP server on loopback that answers as a test says: for places that keys are delivered to.

import Foundation
import Glibc
import Synchronization
import Testing

/// One request as it came over the wire.
struct PeerRequest: Sendable {
  var method: String
  var path: String
  var headers: [String: String]
  var body: String

  var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:] }
}

/// What is answered.
struct PeerAnswer: Sendable {
  var status: Int
  var body: String
  /// Whether the connection is closed instead, after the work was done.
  var isLost = false

  init(_ status: Int, _ body: String = "{}", isLost: Bool = false) {
    self.status = status
    self.body = body
    self.isLost = isLost
  }

  static func json(_ status: Int, _ body: [String: Any]) -> PeerAnswer {
    let data = (try? JSONSerialization.data(withJSONObject: body, options: .sortedKeys)) ?? Data()
    return PeerAnswer(status, String(decoding: data, as: UTF8.self))
  }
}

final class LoopbackPeer: Sendable {
  let port: Int
  private let listener: Int32
  private let log: Log

  private final class Log: Sendable { let requests = Mutex<[PeerRequest]>([]) }

  init(_ answer: @escaping @Sendable (PeerRequest) -> PeerAnswer) throws {
    let log = Log()
    self.log = log
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(listener, pointer, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, pointer, &length) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    self.listener = listener
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread {
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { break }
        Thread.detachNewThread {
          if let request = LoopbackPeer.read(connection) {
            log.requests.withLock { $0.append(request) }
            let reply = answer(request)
            if !reply.isLost { LoopbackPeer.write(connection, reply) }
          }
          close(connection)
        }
      }
      close(listener)
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  var base: String { "http://127.0.0.1:\(port)" }
  var requests: [PeerRequest] { log.requests.withLock { $0 } }

  private static func read(_ connection: Int32) -> PeerRequest? {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.range(of: "\r\n\r\n") {
        var lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let first = lines.removeFirst().components(separatedBy: " ")
        var headers: [String: String] = [:]
        for line in lines {
          let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
          if parts.count == 2 { headers[parts[0].lowercased()] = parts[1] }
        }
        let body = String(text[end.upperBound...])
        if body.utf8.count >= Int(headers["content-length"] ?? "0") ?? 0, first.count > 1 {
          return PeerRequest(method: first[0], path: first[1], headers: headers, body: body)
        }
      }
      let count = unsafe chunk.withUnsafeMutableBufferPointer { unsafe recv(connection, $0.baseAddress, $0.count, 0) }
      if count <= 0 { return nil }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  private static func write(_ connection: Int32, _ reply: PeerAnswer) {
    let text =
      "HTTP/1.1 \(reply.status) Status\r\nContent-Type: application/json\r\nConnection: close\r\n"
      + "Content-Length: \(reply.body.utf8.count)\r\n\r\n" + reply.body
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe send(connection, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      sent += count
    }
  }
}
