// File systems that fill up, turn read-only or begin at a mount, and access lists: each tried in a process of its own where
// it needs a mount table of its own.

import Foundation
import Posix
import Secrets
import Testing

@testable import EnvFiles

/// A mount table of our own, for the rest of the process.
enum MountTable {
  /// False where this container does not allow it.
  static func leave() -> Bool {
    guard let raw = unsafe dlsym(nil, "unshare") else { return false }
    let unshare = unsafe unsafeBitCast(raw, to: (@convention(c) (Int32) -> Int32).self)
    let newMounts: Int32 = 0x20000
    return unsafe unshare(newMounts) == 0 && mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0
  }

  static func memory(_ path: String, _ options: String) -> Bool {
    unsafe mount("tmpfs", path, "tmpfs", 0, options) == 0
  }

  static func setReadOnly(_ path: String, _ isReadOnly: Bool) -> Bool {
    unsafe mount(nil, path, nil, UInt(MS_REMOUNT) | (isReadOnly ? UInt(MS_RDONLY) : 0), nil) == 0
  }
}

@Suite struct MountTests {
  static let old = Secret("old-value-0123456789")
  static let new = Secret("new-value-9876543210")
  static let text = "A=1\nKEY=old-value-0123456789\n"

  @Test(.enabled(if: geteuid() == 0)) func aFileSystemThatTurnsReadOnly() async throws {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      guard MountTable.leave(), MountTable.memory(scratch.root, "size=1m") else { return }
      defer { unsafe umount(scratch.root) }
      let target = EnvTarget(path: try scratch.write(MountTests.text), variable: "KEY")
      _ = try EnvFiles.preflight(target, old: MountTests.old)
      guard MountTable.setReadOnly(scratch.root, true) else { return }
      let before = #expect(throws: EnvFileError.self) { try EnvFiles.preflight(target, old: MountTests.old) }
      #expect(before?.kind == .notWritable && before?.reason.contains("read-only") == true)
      let during = #expect(throws: EnvFileError.self) {
        try EnvFiles.replace(target, old: MountTests.old, new: MountTests.new, transaction: "t")
      }
      #expect(during?.kind == .notWritable)
      #expect(try EnvFiles.state(of: target, old: MountTests.old, new: MountTests.new) == .holdsOld)
      #expect(MountTable.setReadOnly(scratch.root, false))
      _ = try EnvFiles.replace(target, old: MountTests.old, new: MountTests.new, transaction: "t")
      let now = (try scratch.read(), try scratch.names())
      #expect(now.0 == "A=1\nKEY=new-value-9876543210\n" && now.1 == [".env"])
    }
  }

  /// The disk fills up after everything was tried: the file stays as it is, nothing is left beside it, and once there is
  /// room the same call succeeds.
  @Test(.enabled(if: geteuid() == 0)) func aDiskThatFillsUpMeanwhile() async throws {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      guard MountTable.leave(), MountTable.memory(scratch.root, "size=256k") else { return }
      defer { unsafe umount(scratch.root) }
      let filler = String(repeating: "# filler\n", count: 4_000)
      let target = EnvTarget(path: try scratch.write(filler + MountTests.text), variable: "KEY")
      _ = try EnvFiles.preflight(target, old: MountTests.old)
      var size = 256 << 10
      var number = 0
      while size > 1_024 {
        number += 1
        if (try? scratch.write([UInt8](repeating: 1, count: size), to: "fill-\(number)")) == nil { size /= 2 }
      }
      let error = #expect(throws: EnvFileError.self) {
        try EnvFiles.replace(target, old: MountTests.old, new: MountTests.new, transaction: "t")
      }
      #expect(error?.kind == .io)
      #expect(try scratch.read() == filler + MountTests.text)
      #expect(try !scratch.names().contains { $0.hasPrefix(".keywright") })
      for name in try scratch.names() where name.hasPrefix("fill") {
        try FileManager.default.removeItem(atPath: scratch.path(name))
      }
      _ = try EnvFiles.replace(target, old: MountTests.old, new: MountTests.new, transaction: "t")
      #expect(try scratch.read().hasSuffix("KEY=new-value-9876543210\n"))
    }
  }

  /// A directory that is a mount, reached by a link from another file system: the rename stays inside it.
  @Test(.enabled(if: geteuid() == 0)) func aDirectoryThatIsMounted() async throws {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      try FileManager.default.createDirectory(atPath: scratch.path("mounted"), withIntermediateDirectories: false)
      guard MountTable.leave(), MountTable.memory(scratch.path("mounted"), "size=1m") else { return }
      defer { unsafe umount(scratch.path("mounted")) }
      try scratch.write(MountTests.text, to: "mounted/x.env")
      try FileManager.default.createSymbolicLink(atPath: scratch.path(".env"), withDestinationPath: "mounted/x.env")
      let target = EnvTarget(path: scratch.path(".env"), variable: "KEY")
      _ = try EnvFiles.replace(target, old: MountTests.old, new: MountTests.new, transaction: "t")
      #expect(try scratch.read("mounted/x.env") == "A=1\nKEY=new-value-9876543210\n")
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.path(".env")) == "mounted/x.env")
    }
  }

  @Test func accessListsAndAttributesAreKept() throws {
    let scratch = try Scratch()
    let path = try scratch.write(MountTests.text)
    let script = """
      import os, struct, sys
      path = sys.argv[1]
      acl = struct.pack('<I', 2)
      for tag, perm, who in [(1, 6, -1), (2, 4, 1234), (4, 4, -1), (0x10, 4, -1), (0x20, 0, -1)]:
        acl += struct.pack('<HHi', tag, perm, who)
      if sys.argv[2] == 'set':
        os.setxattr(path, 'system.posix_acl_access', acl)
        os.setxattr(path, 'user.b', b'\\0\\1')
      print(os.getxattr(path, 'system.posix_acl_access') == acl, os.getxattr(path, 'user.b') == b'\\0\\1',
        oct(os.stat(path).st_mode & 0o777))
      """
    // Not every file system has access lists.
    let set = try Program.run("/usr/bin/env", ["python3", "-c", script, path, "set"])
    guard set.status == 0 else { return }
    _ = try EnvFiles.replace(
      EnvTarget(path: path, variable: "KEY"), old: MountTests.old, new: MountTests.new, transaction: "t")
    let kept = try Program.run("/usr/bin/env", ["python3", "-c", script, path, "look"])
    #expect(kept.output == set.output && kept.output.hasPrefix("True True 0o640"), "\(kept.output)")
  }
}
