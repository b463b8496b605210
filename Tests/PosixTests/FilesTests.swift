// Files, directories, locks and clocks against the real file system.

import Foundation
import Testing

@testable import Posix

private final class Scratch {
  let root: String
  init(in parent: String = "/tmp") throws {
    var template = Array("\(parent)/keywright-posix-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
    root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
  deinit { _ = unsafe system("rm -rf \(root)") }
  func path(_ name: String) -> String { "\(root)/\(name)" }
  func names() throws -> [String] { try Directory(root).entries().map { String(decoding: $0.name, as: UTF8.self) } }
}

@Suite struct FilesTests {
  @Test func aReplacementHasItsModeAndLeavesNothingBehind() throws {
    let scratch = try Scratch()
    let path = scratch.path("f")
    for (content, mode) in [
      ([UInt8]("one".utf8), UInt32(0o600)), ([], 0o644), ([UInt8](repeating: 7, count: 300_000), 0o400),
    ] {
      try Files.replaceAtomically(path, content, mode: mode)
      #expect(try Files.read(path, maximumBytes: 1 << 20) == content)
      #expect(try Files.status(path).mode == mode)
    }
    #expect(try scratch.names() == ["f"])
  }

  @Test func aLinkStaysWhenItsTargetIsReplaced() throws {
    let scratch = try Scratch()
    try Files.replaceAtomically(scratch.path("real"), [1], mode: 0o600)
    try FileManager.default.createSymbolicLink(atPath: scratch.path("link"), withDestinationPath: "real")
    try Files.replaceAtomically(scratch.path("link"), [2], mode: 0o600)
    #expect(try Files.read(scratch.path("real"), maximumBytes: 9) == [2])
    #expect(try Files.status(scratch.path("link"), followsLinks: false).kind == .symbolicLink)
  }

  @Test func aDeviceIsWrittenToAndNotReplaced() throws {
    try Files.replaceAtomically("/dev/null", [1, 2, 3], mode: 0o600)
    #expect(try Files.status("/dev/null").kind == .other)
  }

  @Test func failuresSayWhatAndWhy() throws {
    let scratch = try Scratch()
    let missing = #expect(throws: SystemError.self) { try Files.read(scratch.path("none"), maximumBytes: 1) }
    #expect(
      missing?.isMissing == true && missing?.description == "open \(scratch.path("none")): no such file or directory")
    #expect(throws: SystemError.self) { try Files.replaceAtomically(scratch.root, [1], mode: 0o600) }
    #expect(throws: SystemError.self) { try Files.replaceAtomically(scratch.path("no/dir"), [1], mode: 0o600) }
    #expect(throws: SystemError.self) { try Files.read(scratch.root, maximumBytes: 1) }
    #expect(SystemError("open", "a\u{1b}[2Jb", code: 2).description.contains("a?[2Jb"))
    #expect(try scratch.names().isEmpty)
  }

  @Test func readingIsBoundedAndNeverHangs() throws {
    let scratch = try Scratch()
    try Files.replaceAtomically(scratch.path("f"), [1, 2, 3, 4], mode: 0o600)
    #expect(try Files.read(scratch.path("f"), maximumBytes: 4).count == 4)
    let error = #expect(throws: SystemError.self) { try Files.read(scratch.path("f"), maximumBytes: 3) }
    #expect(error?.code == SystemError.tooLarge)
    let made = unsafe mkfifo(scratch.path("pipe"), 0o600)
    try #require(made == 0)
    #expect(throws: SystemError.self) { try Files.read(scratch.path("pipe"), maximumBytes: 3) }
    #expect(throws: SystemError.self) { try Files.read("/dev/zero", maximumBytes: 3) }
    // Says that it is empty, and isn't.
    #expect(try Files.read("/proc/self/mountinfo", maximumBytes: 1 << 24).isEmpty == false)
  }

  @Test func directoriesAreMadeWithTheirParents() throws {
    let scratch = try Scratch()
    try Files.makeDirectory(scratch.path("a/b//c/"), mode: 0o700)
    try Files.makeDirectory(scratch.path("a/b/c"), mode: 0o755)
    #expect(try Files.status(scratch.path("a/b/c")).mode == 0o700)
    try Files.replaceAtomically(scratch.path("f"), [], mode: 0o600)
    #expect(throws: SystemError.self) { try Files.makeDirectory(scratch.path("f"), mode: 0o700) }
    #expect(throws: SystemError.self) { try Files.makeDirectory(scratch.path("f/g"), mode: 0o700) }
  }

  @Test(arguments: [
    ("/a/b", "/a"), ("/a", "/"), ("/", "/"), ("a", "."), ("a/b", "a"), ("a//b//", "a"), ("//a", "/"), ("", "."),
    ("./x", "."),
  ])
  func parents(_ path: String, _ parent: String) {
    #expect(Files.parent(path) == parent, "\(path)")
  }

  @Test func aTakenTemporaryNameIsNotFollowed() throws {
    let scratch = try Scratch()
    try FileManager.default.createSymbolicLink(atPath: scratch.path("t"), withDestinationPath: "victim")
    let directory = try Directory(scratch.root)
    #expect(throws: SystemError.self) { try StagedFile(in: directory, name: Array("t".utf8)) }
    #expect(!Files.exists(scratch.path("victim")))
  }

  @Test func roomThatIsNotUsedIsGivenBack() throws {
    let scratch = try Scratch()
    let staged = try StagedFile(in: Directory(scratch.root), name: Array("t".utf8))
    try staged.reserve(5_000)
    let bytes: [UInt8] = [1, 2]
    try staged.write(bytes.span)
    try staged.write(bytes.span)
    try staged.synchronize()
    try staged.commit(as: Array("f".utf8))
    #expect(try Files.read(scratch.path("f"), maximumBytes: 9) == [1, 2, 1, 2])
  }

  @Test func mountPointsAreKnown() {
    #expect(Mounts.isMountPoint("/proc") && Mounts.isMountPoint("/"))
    #expect(!Mounts.isMountPoint("/tmp/none"))
  }
}

@Suite struct DirectoryTests {
  private func walk(_ root: String) -> (paths: [String], failures: Int) {
    var paths: [String] = []
    var failures = 0
    DirectoryWalk.walk(root) { entry in
      paths.append(String(decoding: entry.path, as: UTF8.self))
      return true
    } failed: { _, _ in
      failures += 1
    }
    return (paths, failures)
  }

  @Test func theWalkIsInOrderAndFollowsNoLink() throws {
    let scratch = try Scratch()
    for name in ["b/x", "b/a", "a", "c/d/e"] {
      try Files.makeDirectory(Files.parent(scratch.path(name)), mode: 0o700)
      try Files.replaceAtomically(scratch.path(name), [1], mode: 0o600)
    }
    try FileManager.default.createSymbolicLink(atPath: scratch.path("b/loop"), withDestinationPath: "..")
    let found = walk(scratch.root)
    #expect(found.paths == ["a", "b", "b/a", "b/loop", "b/x", "c", "c/d", "c/d/e"])
    #expect(found.failures == 0)
  }

  @Test func filesAreReadFromTheWalk() throws {
    let scratch = try Scratch()
    try Files.makeDirectory(scratch.path("d"), mode: 0o700)
    try Files.replaceAtomically(scratch.path("d/f"), [1, 2], mode: 0o600)
    try FileManager.default.createSymbolicLink(atPath: scratch.path("d/l"), withDestinationPath: "f")
    var contents: [[UInt8]] = []
    var targets: [[UInt8]] = []
    DirectoryWalk.walk(scratch.root) { entry in
      if let file = try? entry.directory.open(entry.name), let bytes = try? file.read(maximumBytes: 9) {
        contents.append(bytes)
      }
      if entry.kind == .symbolicLink, let target = try? entry.directory.target(ofLink: entry.name) {
        targets.append(target)
      }
      return true
    } failed: { _, _ in
    }
    #expect(contents == [[1, 2]] && targets == [Array("f".utf8)])
  }

  @Test func aMissingRootIsAFailure() {
    #expect(walk("/tmp/keywright-none").failures == 1)
  }

  @Test func aVeryDeepTreeIsWalkedAndItsOtherBranchesToo() throws {
    // In memory where possible: some disks take their time for each directory.
    let isThere = unsafe access("/dev/shm", W_OK) == 0
    let scratch = try Scratch(in: isThere ? "/dev/shm" : "/tmp")
    let depth = 10_000
    // Deeper than a path can say: made step by step, each from the one before.
    var directory = try Directory(scratch.root)
    for _ in 0..<depth {
      let made = unsafe mkdirat(directory.descriptor.number, "d", 0o700)
      try #require(made == 0)
      close(unsafe openat(directory.descriptor.number, "z", O_WRONLY | O_CREAT, 0o600))
      directory = try Directory(Array("d".utf8), in: directory)
    }
    let found = walk(scratch.root)
    #expect(found.failures == 0)
    #expect(found.paths.count == 2 * depth)
    #expect(found.paths.last == "z")
  }

  @Test func namesAreBytes() throws {
    let scratch = try Scratch()
    let directory = try Directory(scratch.root)
    let staged = try StagedFile(in: directory, name: Array("t".utf8))
    try staged.commit(as: [0x61, 0xff, 0x0a])
    #expect(try directory.entries() == [DirectoryEntry(name: [0x61, 0xff, 0x0a], kind: .regular)])
    #expect(throws: SystemError.self) { try directory.entries(maximum: 0) }
  }
}

@Suite struct LockTests {
  @Test func oneHolderAtATime() throws {
    let scratch = try Scratch()
    let path = scratch.path("lock")
    var held = try FileLock.attempt(path)
    #expect(held != nil)
    #expect(try FileLock.attempt(path) == nil)
    let clock = ManualClock()
    #expect(try FileLock.acquire(path, timeoutMilliseconds: 1_000, clock: clock) == nil)
    #expect(clock.monotonic() == 1_000)
    held = nil
    #expect(try FileLock.acquire(path, timeoutMilliseconds: 0) != nil)
  }

  /// A child on its way to its program holds copies of every descriptor: here a copy made by hand.
  @Test func aCopyOfItsDescriptorDoesNotKeepTheLock() throws {
    let scratch = try Scratch()
    let path = scratch.path("lock")
    var held = try FileLock.attempt(path)
    let numbers = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
    let own = try #require(
      numbers.first { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path })
    let copy = dup(own)
    defer { close(copy) }
    #expect(try held != nil && FileLock.attempt(path) == nil)
    held = nil
    #expect(try FileLock.attempt(path) != nil)
  }

  @Test func aRemovedLockFileLocksNothing() throws {
    let scratch = try Scratch()
    let path = scratch.path("lock")
    let held = try FileLock.attempt(path)
    try Files.remove(path)
    // The name is free again, so another holder is right to get it.
    #expect(try FileLock.attempt(path) != nil)
    withExtendedLifetime(held) {}
  }

  @Test func aLinkIsNoLockFile() throws {
    let scratch = try Scratch()
    try FileManager.default.createSymbolicLink(atPath: scratch.path("lock"), withDestinationPath: "victim")
    #expect(throws: SystemError.self) { try FileLock.attempt(scratch.path("lock")) }
  }
}

@Suite struct ClockTests {
  @Test func theManualClockMovesWhenSomebodySleeps() {
    let clock = ManualClock(now: 1_000)
    clock.sleep(milliseconds: 50)
    clock.advance(milliseconds: 5)
    #expect(clock.now() == 1_055 && clock.monotonic() == 55 && clock.sleeps == [50])
    clock.jump(to: 3)
    #expect(clock.now() == 3 && clock.monotonic() == 55)
    clock.sleep(milliseconds: -1)
    #expect(clock.sleeps == [50])
  }

  @Test func theSystemClockTellsTheTime() {
    let clock = SystemClock()
    #expect(abs(clock.now() - Int64(Date().timeIntervalSince1970 * 1_000)) < 5_000)
    let before = clock.monotonic()
    clock.sleep(milliseconds: 2)
    #expect(clock.monotonic() - before >= 2)
  }
}

@Suite struct ProcessTests {
  @Test func askingToStopIsSeenAndNotDeadly() async {
    await #expect(processExitsWith: .success) {
      SignalWatch.install()
      #expect(!SignalWatch.isInterrupted)
      kill(getpid(), SIGTERM)
      #expect(SignalWatch.wait(milliseconds: 10_000) == false)
      #expect(SignalWatch.signal == SIGTERM && SignalWatch.requests == 1)
    }
  }

  @Test func hardeningForbidsCoreFiles() async {
    await #expect(processExitsWith: .success) {
      ProcessHardening.apply()
      var limit = rlimit()
      #expect(unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 && limit.rlim_max == 0)
      kill(getpid(), SIGPIPE)
    }
  }

  /// A process that can't be dumped owns less of /proc; what is read there must still be readable.
  @Test(.enabled(if: geteuid() == 0)) func hardeningLeavesTheMountTableReadable() async {
    await #expect(processExitsWith: .success) {
      ProcessHardening.apply()
      try #require(setgid(65_534) == 0 && setuid(65_534) == 0)
      ProcessHardening.apply()
      #expect(Mounts.isMountPoint("/proc"))
      try Files.replaceAtomically("/dev/stdout", Array("x\n".utf8), mode: 0o600)
    }
  }
}
