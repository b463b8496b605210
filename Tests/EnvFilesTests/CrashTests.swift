// SIGKILL, and errors, at each system call of a rewrite: the file is the old one or the new one, and whole. A process of
// its own does the rewrite, under strace where that is installed and allowed.

import Foundation
import Secrets
import Testing

@testable import EnvFiles

@Suite struct CrashTests {
  private static let variable = "KEYWRIGHT_TEST_REWRITE"
  private static let old = "old-value-0123456789"
  private static let new = "new-value-9876543210"

  /// What the process of its own does; nothing in an ordinary run.
  @Test func rewriteWhenAsked() throws {
    guard let path = ProcessInfo.processInfo.environment[CrashTests.variable] else { return }
    _ = try EnvFiles.replace(
      EnvTarget(path: path, variable: "KEY"), old: Secret(CrashTests.old), new: Secret(CrashTests.new),
      transaction: "tx")
  }

  static let misfortunes: [(injected: String, isNew: Bool)] = [
    ("fallocate:signal=KILL:when=1", false), ("fchmod:signal=KILL:when=1", false), ("fsync:signal=KILL:when=1", false),
    ("renameat:signal=KILL:when=1", false), ("fsync:signal=KILL:when=2", true),
    ("fallocate:error=ENOSPC:when=1", false),
    ("fchmod:error=EPERM:when=1", false), ("fsync:error=EIO:when=1", false), ("renameat:error=EBUSY:when=1", false),
    ("fsync:error=EIO:when=2", true),
  ]

  @Test(.enabled(if: Program.find("strace") != nil)) func theFileIsWholeWhateverHappens() throws {
    guard ProcessInfo.processInfo.environment[CrashTests.variable] == nil, let strace = Program.find("strace") else {
      return
    }
    // Not every container may trace.
    guard try Program.run(strace, ["-o", "/dev/null", "/bin/true"]).status == 0 else { return }
    let text = "A=1\nKEY='\(CrashTests.old)' # c\nB=2"
    for (injected, isNew) in CrashTests.misfortunes {
      let scratch = try Scratch(inMemory: true)
      let path = try scratch.write(text)
      _ = try Program.run(
        strace,
        [
          "-f", "-o", "/dev/null", "-e", "trace=fallocate,fchmod,fsync,renameat", "-e", "inject=\(injected)", "-E",
          "\(CrashTests.variable)=\(path)", CommandLine.arguments[0], "--testing-library", "swift-testing", "--filter",
          "CrashTests/rewriteWhenAsked",
        ])
      let found = try scratch.read()
      let expected = isNew ? text.replacingOccurrences(of: CrashTests.old, with: CrashTests.new) : text
      #expect(found == expected, "\(injected)")
      // Only a kill leaves something behind.
      let target = EnvTarget(path: path, variable: "KEY")
      let isKilled = injected.contains("KILL") && !isNew
      #expect(try EnvFiles.sweep(directoryOf: target, transaction: "tx") == isKilled, "\(injected)")
      let done = try EnvFiles.replace(
        target, old: Secret(CrashTests.old), new: Secret(CrashTests.new), transaction: "tx")
      #expect(done.wasInPlace == isNew)
      #expect(try scratch.names() == [".env"])
    }
  }
}
