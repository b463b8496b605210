// A server of plain sockets on loopback that does exactly what a test tells it to, byte by byte.

import Foundation
import Glibc
import Synchronization

/// One accepted connection.
final class Connection: Sendable {
  let descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Reads one request: its head, and as much body as the head announces.
  func readRequest() -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.range(of: "\r\n\r\n") {
        let head = text[..<end.lowerBound].lowercased()
        let length = head.components(separatedBy: "content-length: ").dropFirst().first
          .flatMap { Int($0.prefix { $0.isNumber }) }
        if text[end.upperBound...].utf8.count >= length ?? 0 { return text }
      }
      let count = unsafe chunk.withUnsafeMutableBufferPointer { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count <= 0 { return text }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  func write(_ text: String) { write(Array(text.utf8)) }

  @discardableResult
  func write(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe Glibc.send(
          descriptor, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  /// Waits until the other side closes.
  func waitForEnd() {
    var byte: UInt8 = 0
    while unsafe recv(descriptor, &byte, 1, 0) > 0 {}
  }

  /// Closes so that the other side sees a reset.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }
}

/// Listens on a free port of 127.0.0.1 until it is dropped.
final class LoopbackServer: Sendable {
  let port: Int
  private let listener: Int32
  private let isListening: Bool
  private let seen = Mutex<[String]>([])

  var base: String { "http://127.0.0.1:\(port)" }
  /// The requests that came in.
  var requests: [String] { seen.withLock { $0 } }

  /// Answers every request with `response` and closes.
  convenience init(answering response: String) throws {
    try self.init { connection, _ in connection.write(response) }
  }

  /// Reads one request from every connection and hands it to `handle`; then closes.
  convenience init(_ handle: @escaping @Sendable (Connection, String) -> Void) throws {
    try self.init(listening: true, handle)
  }

  /// With `listening` false, holds a port at which nobody answers.
  init(listening: Bool, _ handle: @escaping @Sendable (Connection, String) -> Void = { _, _ in }) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(listener, pointer, length) == 0 && (!listening || listen(listener, 16) == 0)
          && getsockname(listener, pointer, &length) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    self.listener = listener
    isListening = listening
    port = Int(UInt16(bigEndian: address.sin_port))
    let keep: @Sendable (String) -> Void = { [weak self] request in self?.seen.withLock { $0.append(request) } }
    guard listening else { return }
    Thread.detachNewThread {
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { break }
        Thread.detachNewThread {
          let connection = Connection(descriptor)
          let request = connection.readRequest()
          keep(request)
          handle(connection, request)
          close(descriptor)
        }
      }
      close(listener)
    }
  }

  deinit {
    // Closing is left to the thread that accepts: here, it might take the next owner of the number for its own.
    if isListening { shutdown(listener, Int32(SHUT_RDWR)) } else { close(listener) }
  }
}

/// An HTTP response with a correct length.
func response(_ status: Int, _ body: String = "", headers: [String] = []) -> String {
  let lines = ["HTTP/1.1 \(status) Status", "Content-Length: \(body.utf8.count)", "Connection: close"] + headers
  return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
}
