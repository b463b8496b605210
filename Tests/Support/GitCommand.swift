// Running git for tests: with no configuration but its own, output and input through files, so that no pipe can fill up.

public import Foundation

/// A command that ended with another status than 0.
public struct CommandFailed: Error {
  /// What git was told.
  public var command: [String]
  /// How it ended.
  public var status: Int32
  /// What it said.
  public var message: String

  /// A failure as given.
  public init(command: [String], status: Int32, message: String = "") {
    self.command = command
    self.status = status
    self.message = message
  }
}

/// Git, run for a test.
public enum GitCommand {
  /// Runs git and returns what it printed.
  ///
  /// - Parameters:
  ///   - directory: where it runs; its HOME, too.
  ///   - extra: variables besides the fixed ones.
  @discardableResult
  public static func run(
    _ arguments: [String], in directory: String, input: Data? = nil, extra: [String: String] = [:]
  ) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["git"] + arguments
    process.currentDirectoryURL = URL(filePath: directory)
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin", "HOME": directory, "GIT_CONFIG_NOSYSTEM": "1",
      "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada",
      "GIT_COMMITTER_EMAIL": "ada@example.org", "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+01:00",
      "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+01:00", "GIT_ALLOW_PROTOCOL": "file",
    ].merging(extra) { $1 }
    let stem = NSTemporaryDirectory() + "keywright-git-" + UUID().uuidString
    let ends = [".in", ".out", ".err"]
    defer { for end in ends { try? FileManager.default.removeItem(atPath: stem + end) } }
    for end in ends { _ = FileManager.default.createFile(atPath: stem + end, contents: end == ".in" ? input : nil) }
    process.standardInput = FileHandle(forReadingAtPath: stem + ".in")
    process.standardOutput = FileHandle(forWritingAtPath: stem + ".out")
    process.standardError = FileHandle(forWritingAtPath: stem + ".err")
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let said = FileManager.default.contents(atPath: stem + ".err") ?? Data()
      throw CommandFailed(
        command: arguments, status: process.terminationStatus, message: String(decoding: said, as: UTF8.self))
    }
    return FileManager.default.contents(atPath: stem + ".out") ?? Data()
  }

  /// A directory of its own that does not exist yet.
  public static func freshPath(_ name: String) -> String {
    NSTemporaryDirectory() + "keywright-" + name + "-" + UUID().uuidString
  }
}
