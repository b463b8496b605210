// Programs run for real: what they get, what they give, and how they are ended.

import Glibc
import Synchronization
import Testing

@testable import Posix

@Suite struct SpawnTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func theStreamsAndTheStatusAreCarried() throws {
    let done = try Spawn("/bin/sh", ["-c", "cat; echo oops >&2; exit 7"]).run(input: Array("hello".utf8))
    #expect(
      text(done.output) == "hello" && text(done.errors) == "oops\n" && done.ending == .exited(7) && !done.isSuccess)
    #expect(try Spawn("/bin/true").run().isSuccess)
  }

  @Test func theEnvironmentIsTheOneGiven() throws {
    let done = try Spawn("/usr/bin/env", environment: ["A": "1", "B": "x=y z"], directory: "/").run()
    #expect(text(done.output) == "A=1\nB=x=y z\n")
    #expect(text(try Spawn("/bin/pwd", directory: "/usr").run().output) == "/usr\n")
  }

  @Test func argumentsAreNotInterpreted() throws {
    let done = try Spawn("/usr/bin/printf", ["%s|", "$HOME", "a b", "`id`", "*"]).run()
    #expect(text(done.output) == "$HOME|a b|`id`|*|")
  }

  @Test func muchInBothDirectionsDoesNotBlock() throws {
    let input = [UInt8](repeating: 0x61, count: 3 << 20)
    var spawn = Spawn("/bin/sh", ["-c", "tee /dev/stderr"])
    spawn.maximumOutputBytes = 4 << 20
    let done = try spawn.run(input: input)
    #expect(done.output == input && done.errors == input && !done.isTruncated)
    spawn.maximumOutputBytes = 1_000
    let cut = try spawn.run(input: input)
    #expect(cut.output.count == 1_000 && cut.errors.count == 1_000 && cut.isTruncated && cut.isSuccess)
  }

  @Test func aProgramThatDoesNotReadIsNoTrouble() throws {
    #expect(try Spawn("/bin/true").run(input: [UInt8](repeating: 0, count: 1 << 20)).isSuccess)
  }

  @Test func theDeadlineEndsTheWholeGroup() throws {
    var spawn = Spawn(
      "/bin/sh", ["-c", "trap '' TERM; echo $$; sleep 1000 & echo $!; wait; sleep 1000"], timeoutMilliseconds: 200)
    spawn.environment = ["PATH": "/usr/bin:/bin"]
    spawn.graceMilliseconds = 100
    let done = try spawn.run()
    #expect(done.isOverdue && done.ending == .signalled(SIGKILL))
    let left = text(done.output).split(separator: "\n").compactMap { Int32($0) }
    #expect(left.count == 2)
    let clock = SystemClock()
    let start = clock.monotonic()
    // A killed process stays visible until its new parent has taken notice.
    while left.contains(where: { isRunning($0) }), clock.monotonic() - start < 10_000 { clock.sleep(milliseconds: 5) }
    #expect(!left.contains { isRunning($0) })
  }

  private func isRunning(_ process: Int32) -> Bool {
    guard let status = try? Files.read("/proc/\(process)/stat", maximumBytes: 1 << 16) else { return false }
    return !text(status).contains(") Z ")
  }

  @Test func aRequestToStopEndsIt() throws {
    let asked = Mutex(0)
    let done = try Spawn("/bin/sleep", ["1000"]).run {
      asked.withLock { count in
        count += 1
        return count > 2
      }
    }
    #expect(done.isCancelled && done.ending == .signalled(SIGTERM) && !done.isSuccess)
  }

  @Test func whoStaysBehindDoesNotHoldUs() throws {
    let spawn = Spawn("/bin/sh", ["-c", "sleep 30 & echo $!"], environment: ["PATH": "/usr/bin:/bin"])
    let done = try spawn.run()
    #expect(done.isSuccess && !done.isOverdue)
    let left = try #require(Int32(text(done.output).dropLast()))
    #expect(isRunning(left))
    kill(left, SIGKILL)
  }

  @Test func whatCanNotBeRunIsSaid() throws {
    for program in ["/no/such", "/etc/passwd", "sh", "/bin"] {
      #expect(throws: SystemError.self, "\(program)") { try Spawn(program).run() }
    }
    #expect(throws: SystemError.self) { try Spawn("/bin/echo", ["a\0b"]).run() }
  }

  @Test func signalsAreHeardByTheProgram() async {
    await #expect(processExitsWith: .success) {
      ProcessHardening.apply()
      // `yes` ends by SIGPIPE, which we ignore ourselves.
      let done = try Spawn(
        "/bin/sh", ["-c", "yes | head -1; exit ${PIPESTATUS:-0}"], environment: ["PATH": "/usr/bin:/bin"]
      ).run()
      #expect(done.isSuccess && done.errors.isEmpty)
    }
  }
}
