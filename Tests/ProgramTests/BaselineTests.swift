// keywright baseline as a team uses it: made, added to on two branches at once, checked, outlived.

import Foundation
import Testing

@Suite struct BaselineTests {
  let sandbox: Sandbox

  init() throws { sandbox = try Sandbox() }

  private func newKey() -> String { sandbox.keep(SampleKey.aitbc()) }

  @Test func whatIsKnownDoesNotFailAndWhatIsNewDoes() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("\(newKey())\n", to: "a", in: repository)
    let created = try sandbox.keywright(
      "baseline", "create", "--reason", "revoked in \"2025\"", "--owner", "ada", in: repository)
    #expect(created.status == 0, "\(created.errors)")
    let file = repository + "/.keywright-baseline"
    #expect(try sandbox.read(file).contains("reason=\"revoked in \\\"2025\\\"\" owner=\"ada\""))
    #expect(try sandbox.keywright("scan", in: repository).status == 0)
    #expect(try sandbox.keywright("scan", "--no-baseline", in: repository).status == 1)
    // One that is there is not overwritten by chance.
    #expect(try sandbox.keywright("baseline", "create", in: repository).status == 2)

    try sandbox.commit("\n\n\(newKey())\n", to: "b", in: repository)
    #expect(try sandbox.keywright("scan", in: repository).status == 1)
    #expect(try sandbox.keywright("baseline", "update", in: repository).status == 0)
    #expect(try sandbox.keywright("scan", in: repository).status == 0)
    let text = try sandbox.read(file)
    #expect(text.contains("owner=\"ada\""), "the words of known entries stay")
    #expect(try sandbox.keywright("baseline", "update", in: repository).status == 0)
    #expect(try sandbox.read(file) == text)
    #expect(try sandbox.keywright("baseline", "check", in: repository).status == 0)
  }

  @Test func theBaselineItselfHoldsNothingThatIsFound() throws {
    let repository = try sandbox.repository()
    for number in 0..<20 { try sandbox.commit("\(newKey())\n", to: "\(number)", in: repository) }
    for _ in 0..<3 {
      #expect(try sandbox.keywright("baseline", "create", "--force", in: repository).status == 0)
      let bytes = Array(try sandbox.read(repository + "/.keywright-baseline").utf8)
      let outcome = try sandbox.keywright("scan", "--stdin", "--min-confidence", "guess", input: bytes)
      #expect(outcome.status == 0, "\(outcome.output)")
    }
  }

  @Test func anEntryFollowsTheValueThroughAMoveAndARewrite() throws {
    let repository = try sandbox.repository()
    let key = newKey()
    try sandbox.commit("x\n\(key)\n", to: "a", in: repository)
    #expect(try sandbox.keywright("baseline", "create", in: repository).status == 0)
    try sandbox.git("add", ".", in: repository)
    try sandbox.git("mv", "a", "b", in: repository)
    try sandbox.commit("1\n2\n3\nkey: \(key)\n", to: "b", in: repository)
    try sandbox.git("checkout", "-q", "--orphan", "fresh", in: repository)
    try sandbox.git("commit", "-q", "-m", "squashed", in: repository)
    let scanned = try sandbox.keywright("scan", in: repository)
    #expect(scanned.status == 0, "\(scanned.output)")
  }

  @Test func checkNamesWhatHasOutlivedItsUse() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("\(newKey())\n", to: "a", in: repository)
    #expect(try sandbox.keywright("baseline", "create", "--expires", "2020-02-30x", in: repository).status == 2)
    #expect(try sandbox.keywright("baseline", "create", "--expires", "2020-02-29", in: repository).status == 0)
    let scanned = try sandbox.keywright("scan", in: repository)
    #expect(scanned.status == 1)
    #expect(scanned.errors.contains("has expired"))
    let checked = try sandbox.keywright("baseline", "check", in: repository)
    #expect(checked.status == 1)
    #expect(checked.output.contains("has expired: "), "\(checked.output)")
    // An entry that matches nothing any more.
    let other = try sandbox.repository("other")
    try sandbox.commit("nothing\n", to: "a", in: other)
    let file = repository + "/.keywright-baseline"
    let stale = try sandbox.keywright("baseline", "check", other, "--baseline", file)
    #expect(stale.status == 1)
    #expect(stale.output.contains("matches nothing: "), "\(stale.output)")
    #expect(try sandbox.keywright("baseline", "update", other, "--baseline", file, "--prune").status == 0)
    #expect(try sandbox.keywright("baseline", "check", other, "--baseline", file).status == 0)
  }

  /// The fingerprints of a baseline.
  private func entries(_ repository: String) throws -> Set<Substring> {
    let lines = try sandbox.read(repository + "/.keywright-baseline").split(separator: "\n")
    return Set(lines.filter { $0.contains(" aitbc-api-key") }.map { $0.prefix(32) })
  }

  @Test func twoBranchesThatEachAddAnEntryMerge() throws {
    let left = try sandbox.repository()
    try sandbox.commit("\(newKey())\n", to: "a", in: left)
    #expect(try sandbox.keywright("baseline", "create", in: left).status == 0)
    try sandbox.git("add", ".", in: left)
    try sandbox.git("commit", "-q", "-m", "baseline", in: left)
    let known = try entries(left)
    let right = sandbox.root + "/right"
    try sandbox.git("clone", "-q", left, right, in: sandbox.root)

    try sandbox.commit("\(newKey())\n", to: "left", in: left)
    #expect(try sandbox.keywright("baseline", "update", in: left).status == 0)
    let group = try #require(entries(left).subtracting(known).first).prefix(2)
    try sandbox.git("add", ".", in: left)
    try sandbox.git("commit", "-q", "-m", "left", in: left)
    // Entries whose first two digits are the same lie side by side: one in 256, for which merge=union is there.
    for _ in 0..<8 {
      try sandbox.git("reset", "-q", "--hard", "origin/main", in: right)
      try sandbox.git("reflog", "expire", "--expire=now", "--all", in: right)
      try sandbox.git("prune", in: right)
      try sandbox.commit("\(newKey())\n", to: "right", in: right)
      #expect(try sandbox.keywright("baseline", "update", in: right).status == 0)
      if try entries(right).subtracting(known).allSatisfy({ $0.prefix(2) != group }) { break }
    }
    try sandbox.git("add", ".", in: right)
    try sandbox.git("commit", "-q", "-m", "right", in: right)
    try sandbox.git("fetch", "-q", right, "main:right", in: left)
    let merged = try sandbox.run("/usr/bin/env", ["git", "merge", "-q", "-m", "both", "right"], in: left)
    #expect(merged.status == 0, "\(merged.output)\(merged.errors)")
    #expect(try entries(left).count == 3)
    #expect(try sandbox.keywright("scan", in: left).status == 0)
    #expect(try sandbox.keywright("baseline", "check", in: left).status == 0)
  }

  @Test func everyMistakeInABaselineIsNamed() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("nothing\n", to: "a", in: repository)
    let text = """
      keywright-baseline 1
      key \(String(repeating: "0a", count: 32))
      zz aitbc-api-key
      \(String(repeating: "ab", count: 16)) aitbc-api-key expires=2027-13-01
      \(String(repeating: "ab", count: 16)) aitbc-api-key because=x

      """
    try text.write(toFile: repository + "/.keywright-baseline", atomically: false, encoding: .utf8)
    let outcome = try sandbox.keywright("scan", in: repository)
    #expect(outcome.status == 2)
    for line in [3, 4, 5] { #expect(outcome.errors.contains(".keywright-baseline:\(line): "), "\(outcome.errors)") }
  }
}
