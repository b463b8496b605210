// Real servers for tests: each started on a free port of loopback in a folder of its own, as an unprivileged user where it
// insists on that, and ended with the process that started it.

import Foundation
import Glibc
import Synchronization

/// A server of somebody else's, at work for as long as this process lives or the value does.
final class Peer: Sendable {
  let root: String
  private let process: Mutex<Process>
  private let life: Pipe

  /// A folder that the unprivileged user owns.
  static func folder(_ name: String) throws -> String {
    var template = Array("/tmp/kw-\(name)-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if geteuid() == 0 { _ = unsafe chown(path, unprivileged, unprivileged) }
    return path
  }

  static let unprivileged: uid_t = 65_534

  /// The words that run a program as the unprivileged user.
  static func words(_ program: [String]) -> [String] {
    geteuid() == 0
      ? ["/usr/bin/setpriv", "--reuid=\(unprivileged)", "--regid=\(unprivileged)", "--clear-groups"] + program : program
  }

  /// Runs a program to its end; what it wrote, if it ended well.
  @discardableResult
  static func run(_ program: [String], _ environment: [String: String] = [:], folder: String = "/") throws -> String {
    let process = Process()
    let words = words(program)
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    process.environment = base.merging(environment) { $1 }
    process.currentDirectoryURL = URL(filePath: folder)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw PeerFailure(words: "\(program): \(text.suffix(2_000))") }
    return text
  }

  private static let base = ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "LANG": "C"]

  /// Starts a server. A shell between us and it ends it, and removes its folder, as soon as we are gone.
  init(
    _ program: [String], _ environment: [String: String] = [:], root: String, asOurselves: Bool = false
  ) throws {
    self.root = root
    let life = Pipe()
    self.life = life
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    let script = """
      set -m; "$@" </dev/null >"$ROOT/peer.log" 2>&1 & child=$!; set +m
      read -r _; kill -KILL -- -$child 2>/dev/null; wait 2>/dev/null; rm -rf -- "$ROOT"
      """
    process.arguments = ["-c", script, "peer"] + (asOurselves ? program : Peer.words(program))
    process.environment = Peer.base.merging(environment) { $1 }.merging(["ROOT": root]) { $1 }
    process.currentDirectoryURL = URL(filePath: root)
    process.standardInput = life
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.process = Mutex(process)
  }

  deinit { try? life.fileHandleForWriting.close() }

  var log: String { (try? String(contentsOfFile: root + "/peer.log", encoding: .utf8)) ?? "" }

  /// Tries until it succeeds, or so many seconds are over.
  func await<T>(seconds: Double, _ what: String, _ body: () throws -> T) throws -> T {
    let deadline = Date().addingTimeInterval(seconds)
    while true {
      do { return try body() } catch {
        guard Date() < deadline else { throw PeerFailure(words: "\(what): \(error); \(log.suffix(2_000))") }
        usleep(100_000)
      }
    }
  }

  /// The first of the files that can be run.
  static func program(_ paths: String...) -> String? {
    paths.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// A port at which nobody listens just now.
  static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  /// A password that nobody chose.
  static func password(_ random: inout some RandomNumberGenerator) -> String {
    "Pw-" + (0..<24).map { _ in "abcdefghijkmnpqrstuvwxyz23456789".randomElement(using: &random) ?? "a" }
  }
  static func password() -> String {
    var random = SystemRandomNumberGenerator()
    return password(&random)
  }
}

/// A server could not be used.
struct PeerFailure: Error, CustomStringConvertible {
  var words: String
  var description: String { words }
}
