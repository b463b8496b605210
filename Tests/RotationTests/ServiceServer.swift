// The service of the tests behind real sockets on loopback: what a broken answer does to the bytes on the wire is done here.

import Foundation
import Glibc
import Secrets
import Synchronization
import Transport

/// Serves a ``FakeService`` over HTTP/1.1, one request a connection.
final class ServiceServer: Sendable {
  let service: FakeService
  let port: Int
  private let listener: Int32

  var base: String { "http://127.0.0.1:\(port)" }
  var transport: CurlTransport { CurlTransport(policy: EgressPolicy(internalBases: [base])) }

  init(_ service: FakeService) throws {
    self.service = service
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(listener, pointer, length) == 0 && listen(listener, 32) == 0
          && getsockname(listener, pointer, &length) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    self.listener = listener
    port = Int(UInt16(bigEndian: address.sin_port))
    let base = "http://127.0.0.1:\(port)"
    Thread.detachNewThread {
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { break }
        Thread.detachNewThread {
          ServiceServer.serve(descriptor, service, base)
          close(descriptor)
        }
      }
      close(listener)
    }
  }

  // Closing is left to the thread that accepts: here, it might take the next owner of the number for its own.
  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  private static func serve(_ descriptor: Int32, _ service: FakeService, _ base: String) {
    guard let request = read(descriptor, base) else { return }
    let answer: HTTPResponse
    var cut: Int?
    do throws(TransportError) { answer = try service.send(request) } catch {
      // The connection ends without a word, or in the middle of one.
      guard let partial = error.partial else { return }
      answer = partial
      cut = 9
    }
    let body = answer.body.copyBytes()
    var head = "HTTP/1.1 \(answer.status) Status\r\nConnection: close\r\nContent-Length: \(body.count + (cut ?? 0))\r\n"
    for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
    write(descriptor, Array((head + "\r\n").utf8) + body)
  }

  private static func read(_ descriptor: Int32, _ base: String) -> HTTPRequest? {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.range(of: "\r\n\r\n") {
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let fields = lines.dropFirst().compactMap { line -> (name: String, value: SensitiveText)? in
          guard let colon = line.range(of: ": ") else { return nil }
          return (String(line[..<colon.lowerBound]), SensitiveText(String(line[colon.upperBound...])))
        }
        let length =
          lines.first { $0.lowercased().hasPrefix("content-length:") }
          .flatMap { Int($0.drop { !$0.isNumber }) } ?? 0
        let body = text[end.upperBound...]
        if body.utf8.count >= length {
          let words = lines[0].split(separator: " ")
          guard words.count == 3 else { return nil }
          // The service in memory knows its host under another name.
          return HTTPRequest(
            method: String(words[0]), url: "http://service.test" + words[1], headers: fields,
            body: length > 0 ? Secret(String(body)) : nil)
        }
      }
      let count = unsafe chunk.withUnsafeMutableBufferPointer { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count <= 0 { return nil }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  private static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe Glibc.send(
          descriptor, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      sent += count
    }
  }
}
