// What needs another user or another mount table: tried in a process of its own.

import Formats
import Foundation
import Posix
import Secrets
import Testing

@testable import EnvFiles

@Suite struct SystemTests {
  /// The kind of error that `nobody` gets for a file with the given modes.
  private static func kindForNobody(file: mode_t, directory: mode_t) throws -> String {
    let scratch = try Scratch()
    try scratch.write("KEY=old-value-0123456789\n")
    try scratch.setMode(file)
    try scratch.setMode(directory, of: "")
    guard setegid(65_534) == 0, seteuid(65_534) == 0 else { return "not root" }
    defer { _ = (seteuid(0), setegid(0)) }
    do throws(EnvFileError) {
      let target = EnvTarget(path: scratch.path(".env"), variable: "KEY")
      _ = try EnvFiles.preflight(target, old: Secret("old-value-0123456789"))
      return "allowed"
    } catch {
      return error.kind.rawValue
    }
  }

  @Test(.enabled(if: geteuid() == 0)) func anotherUserIsTold() async throws {
    await #expect(processExitsWith: .success) {
      // Others may not give files away, and a sticky directory protects its owner's files.
      let modes: [(mode_t, mode_t)] = [(0o600, 0o755), (0o644, 0o755), (0o644, 0o1777), (0o644, 0o700)]
      let kinds = try modes.map { try SystemTests.kindForNobody(file: $0, directory: $1) }
      #expect(kinds == ["unreadable", "notWritable", "notWritable", "unreadable"])
    }
  }

  @Test(.enabled(if: geteuid() == 0)) func aFileMountedAloneIsRefused() async throws {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      let path = try scratch.write("KEY=old-value-0123456789\n", to: "a file")
      guard let raw = unsafe dlsym(nil, "unshare") else { return }
      let unshare = unsafe unsafeBitCast(raw, to: (@convention(c) (Int32) -> Int32).self)
      let newMounts: Int32 = 0x20000
      // Not every container may do this.
      guard unshare(newMounts) == 0, unsafe mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0,
        unsafe mount(path, path, nil, UInt(MS_BIND), nil) == 0
      else { return }
      let target = EnvTarget(path: path, variable: "KEY")
      let error = #expect(throws: EnvFileError.self) {
        try EnvFiles.preflight(target, old: Secret("old-value-0123456789"))
      }
      #expect(error?.kind == .unsafePlace)
      unsafe umount(path)
      _ = try EnvFiles.preflight(target, old: Secret("old-value-0123456789"))
    }
  }

  @Test(.enabled(if: geteuid() == 0)) func aFullDiskIsFoundBeforehand() async throws {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      guard let raw = unsafe dlsym(nil, "unshare") else { return }
      let unshare = unsafe unsafeBitCast(raw, to: (@convention(c) (Int32) -> Int32).self)
      guard unshare(0x20000) == 0, unsafe mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0,
        unsafe mount("tmpfs", scratch.root, "tmpfs", 0, "size=64k") == 0
      else { return }
      defer { unsafe umount(scratch.root) }
      let path = try scratch.write("KEY=old-value-0123456789\n")
      try scratch.write([UInt8](repeating: 0, count: 40_000), to: "fill")
      let error = #expect(throws: EnvFileError.self) {
        try EnvFiles.preflight(EnvTarget(path: path, variable: "KEY"), old: Secret("old-value-0123456789"))
      }
      #expect(error?.kind == .io)
      let names = try scratch.names()
      #expect(names == [".env", "fill"])
    }
  }

  @Test func aLimitOnFileSizesIsFoundBeforeAnythingIsWritten() async {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      let text = String(repeating: "# filler\n", count: 2_000) + "KEY=old-value-0123456789\n"
      let target = EnvTarget(path: try scratch.write(text), variable: "KEY")
      var limit = rlimit(rlim_cur: 10_000, rlim_max: 10_000)
      _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      let error = #expect(throws: EnvFileError.self) {
        try EnvFiles.replace(target, old: Secret("old-value-0123456789"), new: Secret("new-value"), transaction: "t")
      }
      #expect(error?.kind == .io || error?.kind == .tooLarge)
      let left = (try scratch.read(), try scratch.names())
      #expect(left.0 == text && left.1 == [".env"])
    }
  }
}
