// Certificates, against OpenSSL's own test server.

import Foundation
import Secrets
import Testing

@testable import Transport

private let openssl = "/usr/bin/openssl"

/// `openssl s_server` on a free port, with a certificate of its own making for one address.
@safe private final class TLSServer {
  let folder: String
  let port: Int
  private let process: pid_t
  private let pipe: UnsafeMutablePointer<FILE>

  /// A server whose certificate a test authority has signed, for so many days from now.
  convenience init(signedFor name: String, days: Int = 2) throws {
    try self.init(
      certificate: """
        \(openssl) req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=test authority' \
        -keyout authority.key -out authority.pem 2>/dev/null && \(openssl) req -newkey ec \
        -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=keywright test' -keyout key.pem -out request.pem \
        2>/dev/null && echo subjectAltName=\(name) >extensions && \(openssl) x509 -req -in request.pem -CA authority.pem \
        -CAkey authority.key -CAcreateserial -days \(days) -extfile extensions -out cert.pem 2>/dev/null
        """)
  }

  convenience init(certificateFor name: String) throws {
    try self.init(
      certificate: """
        \(openssl) req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=keywright test' \
        -addext subjectAltName=\(name) -keyout key.pem -out cert.pem 2>/dev/null
        """)
  }

  private init(certificate commands: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "keywright-tls-\(UUID().uuidString)").path
    // One shell that becomes the server: its id is the server's.
    let script = """
      mkdir -p \(folder) && cd \(folder) && \(commands) && \
      echo PID $$ && exec \(openssl) s_server -4 -accept 127.0.0.1:0 -cert cert.pem -key key.pem -www </dev/null 2>/dev/null
      """
    guard let pipe = unsafe popen(script, "re") else { throw POSIXError(.EAGAIN) }
    var said: [String: Int] = [:]
    var line = [CChar](repeating: 0, count: 1_024)
    while said["ACCEPT"] == nil, unsafe fgets(&line, 1_024, pipe) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let words = text.split { $0 == " " || $0 == ":" || $0 == "\n" }.map(String.init)
      if let first = words.first, let last = words.last.flatMap({ Int($0) }) { said[first] = last }
    }
    self.folder = folder
    unsafe self.pipe = pipe
    process = pid_t(try #require(said["PID"]))
    port = try #require(said["ACCEPT"], "openssl did not start")
  }

  var bundle: String { folder + "/cert.pem" }
  var authority: String { folder + "/authority.pem" }
  var base: String { "https://127.0.0.1:\(port)" }

  deinit {
    kill(process, SIGKILL)
    unsafe pclose(pipe)
    try? FileManager.default.removeItem(atPath: folder)
  }

  func send(_ policy: EgressPolicy) throws -> HTTPResponse {
    defer { withExtendedLifetime(self) {} }
    return try CurlTransport(policy: policy).send(HTTPRequest(method: "GET", url: base + "/", timeoutSeconds: 10))
  }
}

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: openssl)), .timeLimit(.minutes(20))) struct TLSTests {
  @Test func aCertificateThatNobodyVouchesForIsRefused() throws {
    let server = try TLSServer(certificateFor: "IP:127.0.0.1")
    let error = try #require(throws: TransportError.self) {
      try server.send(EgressPolicy(internalBases: [server.base]))
    }
    #expect(error.fate == .notSent)
    #expect(error.reason.contains("is not trusted, or is not for that name"))
  }

  @Test func aCertificateOfTheGivenBundleIsAccepted() throws {
    let server = try TLSServer(certificateFor: "IP:127.0.0.1")
    let answer = try server.send(EgressPolicy(internalBases: [server.base], certificateBundle: server.bundle))
    #expect(answer.status == 200)
  }

  @Test func aCertificateForAnotherNameIsRefused() throws {
    let server = try TLSServer(certificateFor: "DNS:example.org")
    let error = try #require(throws: TransportError.self) {
      try server.send(EgressPolicy(internalBases: [server.base], certificateBundle: server.bundle))
    }
    #expect(error.fate == .notSent)
  }

  @Test func whatATestAuthoritySignedIsAccepted() throws {
    let server = try TLSServer(signedFor: "IP:127.0.0.1")
    let answer = try server.send(EgressPolicy(internalBases: [server.base], certificateBundle: server.authority))
    #expect(answer.status == 200 && answer.body.count > 0)
    // Another authority of the same name has not signed it.
    let other = try TLSServer(signedFor: "IP:127.0.0.1")
    let error = #expect(throws: TransportError.self) {
      try server.send(EgressPolicy(internalBases: [server.base], certificateBundle: other.authority))
    }
    #expect(error?.fate == .notSent)
  }

  @Test(arguments: [("IP:127.0.0.1", -1), ("IP:127.0.0.2", 2), ("DNS:localhost.example.org", 2)])
  func whatHasExpiredOrIsForAnotherIsRefused(_ name: String, _ days: Int) throws {
    let server = try TLSServer(signedFor: name, days: days)
    let error = try #require(throws: TransportError.self) {
      try server.send(EgressPolicy(internalBases: [server.base], certificateBundle: server.authority))
    }
    #expect(error.fate == .notSent && error.reason.contains("is not trusted, or is not for that name"))
  }

  @Test func aBundleThatIsNotThereIsAnErrorAndNotTheSystems() throws {
    let server = try TLSServer(certificateFor: "IP:127.0.0.1")
    let named = EgressPolicy(internalBases: [server.base], certificateBundle: "/nowhere/bundle.pem")
    let error = try #require(throws: TransportError.self) { try server.send(named) }
    #expect(error.fate == .notSent)
    #expect(error.reason.contains("trusted certificates can't be read"), "\(error.reason)")
  }
}
