// Certificates, against OpenSSL's own test server.

import Foundation
import Secrets
import Testing

@testable import Transport

private let openssl = "/usr/bin/openssl"

/// `openssl s_server` on a free port, with a certificate of its own making for one address.
private final class TLSServer {
  let folder: URL
  let port: Int
  private let process = Process()

  init(certificateFor name: String) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "keywright-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let (certificate, key) = (folder.appending(path: "cert.pem").path, folder.appending(path: "key.pem").path)
    let maker = Process()
    maker.executableURL = URL(filePath: openssl)
    maker.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
      "/CN=keywright test", "-addext", "subjectAltName=\(name)", "-keyout", key, "-out", certificate,
    ]
    maker.standardError = FileHandle.nullDevice
    try maker.run()
    maker.waitUntilExit()
    let said = Pipe()
    process.executableURL = URL(filePath: openssl)
    process.arguments = ["s_server", "-4", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"]
    process.standardOutput = said
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    var text = ""
    while !text.contains("ACCEPT ") || !text.hasSuffix("\n") {
      let more = said.fileHandleForReading.availableData
      if more.isEmpty { break }
      text += String(decoding: more, as: UTF8.self)
    }
    let number = text.components(separatedBy: "ACCEPT ").last?.split(separator: ":").last
    port = try #require(number.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }, "\(text)")
  }

  var bundle: String { folder.appending(path: "cert.pem").path }
  var base: String { "https://127.0.0.1:\(port)" }

  deinit {
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  func send(_ policy: EgressPolicy) throws -> HTTPResponse {
    defer { withExtendedLifetime(self) {} }
    return try CurlTransport(policy: policy).send(HTTPRequest(method: "GET", url: base + "/", timeoutSeconds: 10))
  }
}

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: openssl)), .timeLimit(.minutes(1))) struct TLSTests {
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

  @Test func aBundleThatIsNotThereIsAnErrorAndNotTheSystems() throws {
    let server = try TLSServer(certificateFor: "IP:127.0.0.1")
    let named = EgressPolicy(internalBases: [server.base], certificateBundle: "/nowhere/bundle.pem")
    let error = try #require(throws: TransportError.self) { try server.send(named) }
    #expect(error.fate == .notSent)
    #expect(error.reason.contains("trusted certificates can't be read"), "\(error.reason)")
  }
}
