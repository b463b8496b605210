// A folder of its own for each test, the programs as a user runs them, and git without anybody's configuration.

import Foundation
import Synchronization
import Testing

/// What a process printed and how it ended.
struct Outcome {
  var status: Int32
  var output: String
  var errors: String
  /// Parsed standard output.
  func json() throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], "no JSON object: \(output)")
  }
}

final class Sandbox {
  /// The folder; removed when the test ends.
  let root: String
  /// Values that must appear in no output, report, log or argument.
  private(set) var values: [String] = []

  static let products = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    .path

  init() throws {
    var template = Array("/tmp/keywright-test-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
    root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { _ = try? Sandbox.spawn("/bin/rm", ["-rf", root], [:], directory: "/", input: nil) }

  var environment: [String: String] {
    [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": root, "LC_ALL": "C.UTF-8",
      "XDG_CONFIG_HOME": root + "/config", "KEYWRIGHT_STATE": root + "/state", "GIT_CONFIG_GLOBAL": root + "/gitconfig",
      "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+01:00",
      "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+01:00", "GIT_TERMINAL_PROMPT": "0",
      "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada",
      "GIT_COMMITTER_EMAIL": "ada@example.org",
    ]
  }

  /// Runs `keywright`, checks that it gave no value away, and returns what it said.
  @discardableResult
  func keywright(
    _ arguments: String..., in directory: String? = nil, input: [UInt8]? = nil, extra: [String: String] = [:],
    secretsShown: Bool = false
  ) throws -> Outcome {
    try keywright(arguments, in: directory, input: input, extra: extra, secretsShown: secretsShown)
  }

  func keywright(
    _ arguments: [String], in directory: String? = nil, input: [UInt8]? = nil, extra: [String: String] = [:],
    secretsShown: Bool = false
  ) throws -> Outcome {
    let outcome = try run(
      Sandbox.products + "/keywright", arguments, in: directory, input: input, extra: extra)
    if !secretsShown {
      for value in values {
        #expect(!outcome.output.contains(value), "stdout of keywright \(arguments) holds a value")
        #expect(!outcome.errors.contains(value), "stderr of keywright \(arguments) holds a value")
      }
    }
    return outcome
  }

  /// Runs any program in the sandbox's environment.
  func run(
    _ program: String, _ arguments: [String], in directory: String? = nil, input: [UInt8]? = nil,
    extra: [String: String] = [:]
  ) throws -> Outcome {
    try Sandbox.spawn(
      program, arguments, environment.merging(extra) { $1 }, directory: directory ?? root, input: input)
  }

  /// Runs git and insists that it succeeds.
  @discardableResult
  func git(_ arguments: String..., in directory: String, input: [UInt8]? = nil) throws -> String {
    let outcome = try run("/usr/bin/env", ["git"] + arguments, in: directory, input: input)
    try #require(outcome.status == 0, "git \(arguments): \(outcome.errors)")
    return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// A new repository with a branch `main`.
  func repository(_ name: String = "repository", _ options: String...) throws -> String {
    let path = root + "/" + name
    _ = try run("/usr/bin/env", ["git", "init", "-q", "-b", "main"] + options + [path])
    return path
  }

  /// Writes a file and commits it; returns the commit's id.
  @discardableResult
  func commit(_ content: String?, to path: String, in repository: String, message: String = "Change") throws -> String {
    let file = repository + "/" + path
    if let content {
      try FileManager.default.createDirectory(
        atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try content.write(toFile: file, atomically: false, encoding: .utf8)
      try git("add", "--", path, in: repository)
    } else {
      try git("rm", "-q", "--", path, in: repository)
    }
    try git("commit", "-q", "--allow-empty", "-m", message, in: repository)
    return try git("rev-parse", "HEAD", in: repository)
  }

  /// Remembers a value that must never be shown.
  func keep(_ value: String) -> String {
    values.append(value)
    return value
  }

  func read(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }

  func json(_ path: String) throws -> [String: Any] {
    try Outcome(status: 0, output: read(path), errors: "").json()
  }

  /// Every file below the sandbox that holds one of the remembered values, but for those that are meant to.
  func filesHoldingValues(except allowed: Set<String>) throws -> [String] {
    let files = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    return files.filter { name in
      guard !allowed.contains(where: { name == $0 || name.hasPrefix($0 + "/") }) else { return false }
      var isDirectory: ObjCBool = false
      _ = unsafe FileManager.default.fileExists(atPath: root + "/" + name, isDirectory: &isDirectory)
      guard !isDirectory.boolValue, let bytes = FileManager.default.contents(atPath: root + "/" + name) else {
        return false
      }
      return values.contains { bytes.range(of: Data($0.utf8)) != nil }
    }
  }

  private static let spawning = Mutex(())

  private static func spawn(
    _ program: String, _ arguments: [String], _ environment: [String: String], directory: String, input: [UInt8]?
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = environment
    process.currentDirectoryURL = URL(filePath: directory)
    // Files instead of pipes: nothing to drain, and no descriptor that a sibling's child could hold open.
    let stem = FileManager.default.temporaryDirectory.appending(path: "keywright-\(UUID().uuidString)").path
    defer { for end in [".out", ".err", ".in"] { try? FileManager.default.removeItem(atPath: stem + end) } }
    for (end, content) in [(".out", []), (".err", []), (".in", input ?? [])] {
      _ = FileManager.default.createFile(atPath: stem + end, contents: Data(content))
    }
    process.standardOutput = FileHandle(forWritingAtPath: stem + ".out")
    process.standardError = FileHandle(forWritingAtPath: stem + ".err")
    process.standardInput = FileHandle(forReadingAtPath: stem + ".in")
    try spawning.withLock { _ in try process.run() }
    process.waitUntilExit()
    func text(_ end: String) -> String {
      String(decoding: FileManager.default.contents(atPath: stem + end) ?? Data(), as: UTF8.self)
    }
    let status =
      process.terminationReason == .uncaughtSignal ? 128 + process.terminationStatus : process.terminationStatus
    return Outcome(status: status, output: text(".out"), errors: text(".err"))
  }
}

/// Values of the shape of AITBC keys, made when the test runs.
enum SampleKey {
  private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

  static func aitbc() -> String {
    let body = String((0..<34).map { _ in alphabet[Int.random(in: 0..<62)] })
    return "aitbc_" + body + base62(crc32(Array(body.utf8)))
  }

  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var code: UInt32 = 0xffff_ffff
    for byte in bytes {
      code ^= UInt32(byte)
      for _ in 0..<8 { code = code & 1 == 1 ? code >> 1 ^ 0xedb8_8320 : code >> 1 }
    }
    return ~code
  }

  private static func base62(_ value: UInt32) -> String {
    var digits: [Character] = []
    var rest = value
    for _ in 0..<6 {
      digits.append(alphabet[Int(rest % 62)])
      rest /= 62
    }
    return String(digits.reversed())
  }
}
