// What becomes of a run whose stdout can't be written.

import Foundation
import Testing

@Suite struct OutputTests {
  let sandbox: Sandbox

  init() throws { sandbox = try Sandbox() }

  private func shell(_ script: String, _ arguments: String...) throws -> Outcome {
    try sandbox.run("/bin/bash", ["-c", script, "bash", Sandbox.products + "/keywright"] + arguments)
  }

  @Test func aFullDeviceIsAnError() throws {
    for command in ["--version", "rules list", "scan --stdin --format json"] {
      let outcome = try shell("\"$1\" \(command) >/dev/full </dev/null")
      #expect(outcome.status == 70, "\(command)")
      #expect(outcome.errors.contains("write standard output: no space left on device"), "\(outcome.errors)")
      #expect(outcome.errors.contains("hint: "), "\(outcome.errors)")
    }
  }

  /// A status that already says no goes on to say so.
  @Test func findingsStayFindings() throws {
    let key = sandbox.keep(SampleKey.aitbc())
    let outcome = try shell("echo \"token = $2\" | \"$1\" scan --stdin >/dev/full", key)
    #expect(outcome.status == 1 && outcome.errors.contains("no space left on device"), "\(outcome.errors)")
  }

  @Test func aClosedStdoutIsAnError() throws {
    let outcome = try shell("\"$1\" rules list >&-")
    #expect(outcome.status == 70 && outcome.errors.contains("write standard output"), "\(outcome.errors)")
  }

  /// What a command opens first must not stand where its output goes.
  @Test func nothingIsWrittenIntoAFileThatTookTheStreamsPlace() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("token = \(sandbox.keep(SampleKey.aitbc()))\n", to: "a.txt", in: repository)
    let before = try sandbox.git("fsck", "--strict", in: repository)
    let outcome = try shell("cd \"$2\"; \"$1\" scan >&- 2>&-", repository)
    #expect(outcome.status == 1)
    #expect(try sandbox.git("fsck", "--strict", in: repository) == before)
    #expect(try sandbox.git("status", "--porcelain", in: repository).isEmpty)
    #expect(try shell("cd \"$2\"; \"$1\" scan --format json >&-", repository).errors.contains("write standard output"))
  }

  /// `keywright rules list | head`: whoever reads has seen enough.
  @Test func aReaderWhoHasGoneIsNone() throws {
    let outcome = try shell("{ \"$1\" rules list; echo \"status $?\" >&2; } | true; exit 0")
    #expect(outcome.errors.contains("status 0") && !outcome.errors.contains("standard output"), "\(outcome.errors)")
  }
}
