// A folder of its own for each test, values made at run time, and other programs to ask.

import Foundation
import Secrets
import Synchronization
import Testing

@testable import EnvFiles

final class Scratch {
  let root: String

  /// In memory where many files are made durable and nothing else matters of the file system.
  init(inMemory: Bool = false) throws {
    let parent = inMemory && FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/keywright-env-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
    root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: root)
  }

  func path(_ name: String) -> String { "\(root)/\(name)" }

  @discardableResult
  func write(_ text: String, to name: String = ".env") throws -> String {
    try write(Array(text.utf8), to: name)
  }

  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: URL(filePath: path(name)))
    return path(name)
  }

  func read(_ name: String = ".env") throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path(name))), as: UTF8.self)
  }

  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: root).sorted() }

  func setMode(_ mode: mode_t, of name: String = ".env") throws {
    guard unsafe chmod(path(name), mode) == 0 else { throw POSIXError(.EPERM) }
  }

  /// Gives the file to another owner; false where only root may.
  func giveAway(_ owner: uid_t, _ group: gid_t, of name: String = ".env") throws -> Bool {
    guard geteuid() == 0 else { return false }
    guard unsafe chown(path(name), owner, group) == 0 else { throw POSIXError(.EPERM) }
    return true
  }

  func makePipe(_ name: String = ".env") throws {
    guard unsafe mkfifo(path(name), 0o600) == 0 else { throw POSIXError(.EPERM) }
  }

  func attributes(_ name: String = ".env") throws -> [FileAttributeKey: Any] {
    try FileManager.default.attributesOfItem(atPath: path(name))
  }
}

/// Values of the portable alphabet, from a seed that is printed when a test fails.
struct Dice: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  mutating func text(_ alphabet: String, _ count: ClosedRange<Int>) -> String {
    let letters = Array(alphabet)
    return String(
      (0..<Int.random(in: count, using: &self)).map { _ in letters[Int.random(in: letters.indices, using: &self)] })
  }

  mutating func key(_ count: ClosedRange<Int> = 20...48) -> String {
    text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", count)
  }
}

/// Other programs.
enum Program {
  private static let spawning = Mutex(())

  static func find(_ name: String) -> String? {
    ["/usr/bin/", "/bin/", "/usr/local/bin/", "/usr/sbin/"].map { $0 + name }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Standard output, and how it ended.
  static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let file = FileManager.default.temporaryDirectory.appending(path: "keywright-\(UUID().uuidString)")
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: file) }
    process.standardOutput = FileHandle(forWritingAtPath: file.path)
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try spawning.withLock { _ in try process.run() }
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: try Data(contentsOf: file), as: UTF8.self))
  }

  /// A python that can import the module.
  static let pythonWithDotenv: String? = {
    let found = (try? run("/usr/bin/env", ["python3", "-c", "import dotenv, sys; print(sys.executable)"]))
    guard let found, found.status == 0 else { return nil }
    return found.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }()

  static let node: String? = {
    guard let found = try? run("/usr/bin/env", ["node", "-e", "require('util').parseEnv('')"]), found.status == 0 else {
      return nil
    }
    return "/usr/bin/env"
  }()
}
