// Rotation over https, against a certificate that a test's own authority has signed: named in the configuration, and
// refused where it is not, has expired, or is for another host.

import Foundation
import Glibc
import Testing

/// Ends TLS before the key service.
private final class TLSFront {
  let port: Int
  let folder: String
  private let process = Process()
  private let life = Pipe()

  var authority: String { folder + "/authority.pem" }

  init(_ sandbox: Sandbox, to upstream: Int, name: String = "IP:127.0.0.1", days: Int = 2) throws {
    folder = sandbox.root + "/tls-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    let ec = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    let made = try sandbox.run(
      "/bin/sh",
      [
        "-ec",
        "cd \(folder); openssl req -x509 \(ec) -days 2 -subj /CN=authority -keyout authority.key -out authority.pem; "
          + "openssl req \(ec) -subj /CN=front -keyout key.pem -out request; echo subjectAltName=\(name) >names; "
          + "openssl x509 -req -in request -CA authority.pem -CAkey authority.key -CAcreateserial -days \(days) "
          + "-extfile names -out cert.pem",
      ])
    try #require(made.status == 0, "\(made.errors)")
    let script = """
      import os, socket, ssl, sys, threading
      folder, upstream = sys.argv[1], int(sys.argv[2])
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain(folder + '/cert.pem', folder + '/key.pem')
      listener = socket.create_server(('127.0.0.1', 0))
      open(folder + '/port.new', 'w').write(str(listener.getsockname()[1])); os.rename(folder + '/port.new', folder + '/port')
      def pump(a, b):
        try:
          while True:
            data = a.recv(65536)
            if not data: break
            b.sendall(data)
        except OSError: pass
        finally:
          try: b.shutdown(socket.SHUT_WR)
          except OSError: pass
      def serve(raw):
        try: client = context.wrap_socket(raw, server_side=True)
        except OSError: return
        server = socket.create_connection(('127.0.0.1', upstream))
        threading.Thread(target=pump, args=(client, server), daemon=True).start()
        pump(server, client)
        client.close(); server.close()
      threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
      while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
      """
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, folder, "\(upstream)"]
    process.standardInput = life
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try process.run()
    let deadline = Date().addingTimeInterval(30)
    var found: Int?
    while found == nil, Date() < deadline, process.isRunning {
      found = (try? String(contentsOfFile: folder + "/port", encoding: .utf8)).flatMap { Int($0) }
      if found == nil { usleep(20_000) }
    }
    port = try #require(found, "the TLS front did not start")
  }

  deinit { try? life.fileHandleForWriting.close() }

  var base: String { "https://127.0.0.1:\(port)" }
}

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "openssl is not installed"))
struct TLSRotationTests {
  @Test func aNamedAuthorityIsTrustedForItsKeyAlone() throws {
    let shop = try Shop()
    let front = try TLSFront(shop.sandbox, to: shop.authority.port)
    let key = try shop.add("secure", base: front.base, more: "certificates = \"\(front.authority)\"")
    let other = try shop.add("plain", base: front.base)
    let outcome = try shop.run("rotate", "secure")
    #expect(outcome.status == 0, "\(outcome.errors)")
    try shop.checkGood(key, "over https")
    #expect(try shop.value(key) != key.value)
    let refused = try shop.run("rotate", "plain")
    #expect(refused.status != 0 && refused.errors.contains("is not trusted"), "\(refused.errors)")
    #expect(try shop.value(other) == other.value)
    try shop.checkNoLeaks()
  }

  /// The journal keeps whom to trust: a resume needs no configuration.
  @Test func aResumeTrustsTheSame() throws {
    let shop = try Shop()
    let front = try TLSFront(shop.sandbox, to: shop.authority.port)
    let key = try shop.add("secure", base: front.base, more: "certificates = \"\(front.authority)\"")
    #expect(try shop.run("rotate", "secure", fault: "kill@RECEIVED:after").status == 128 + 9)
    let resumed = try shop.run("resume")
    #expect(resumed.status == 0, "\(resumed.errors)")
    try shop.checkGood(key, "resumed over https")
    #expect(try shop.value(key) != key.value)
  }

  @Test(arguments: [("IP:127.0.0.1", -1), ("DNS:example.org", 2)])
  func whatHasExpiredOrIsForAnotherIsRefused(_ name: String, _ days: Int) throws {
    let shop = try Shop()
    let front = try TLSFront(shop.sandbox, to: shop.authority.port, name: name, days: days)
    let key = try shop.add("secure", base: front.base, more: "certificates = \"\(front.authority)\"")
    let refused = try shop.run("rotate", "secure")
    #expect(
      refused.status != 0 && refused.errors.contains("is not trusted, or is not for that name"), "\(refused.errors)")
    #expect(refused.errors.contains("nothing was changed"))
    try shop.checkGood(key, "refused")
    #expect(try shop.value(key) == key.value)
  }

  @Test func anAuthorityThatIsNotThereIsSaid() throws {
    let shop = try Shop()
    let front = try TLSFront(shop.sandbox, to: shop.authority.port)
    _ = try shop.add("secure", base: front.base, more: "certificates = \"nowhere.pem\"")
    let refused = try shop.run("rotate", "secure")
    #expect(refused.status != 0 && refused.errors.contains("trusted certificates can't be read"), "\(refused.errors)")
  }
}
