// The gate's policy file, and the patterns for paths in it.

import Model
import Testing

@testable import Scanning

@Suite struct PolicyTests {
  @Test func saysWhatItSays() throws {
    let text = """
      [gate]
      fail_on = "leaked-and-not-dead"
      warn_below = "structure/high"
      allow_comments = true
      baseline = false
      consents = ["baseline", "ignore"]
      [ignore]
      paths = ["docs/**/*.md", "vendor/"]
      rules = ["acme-key"]
      """
    let policy = try GatePolicy(Array(text.utf8), name: "p")
    #expect(policy.failOn == .leakedAndNotDead)
    #expect(policy.leastConfidence == .structure)
    #expect(policy.leastSeverity == .high)
    #expect(policy.allowsComments)
    #expect(!policy.usesBaseline)
    #expect(policy.consents == [.baseline, .ignore])
    #expect(policy.ignoredPaths.count == 2)
    #expect(policy.ignoredRules == [RuleID("acme-key")])
    #expect(try GatePolicy([], name: "p") == GatePolicy())
    #expect(try GatePolicy(Array("[gate]\nwarn_below = \"critical\"".utf8), name: "p").leastSeverity == .critical)
  }

  @Test func namesEveryMistakeWithItsLine() {
    let text = """
      gate = 3
      [ignore]
      paths = "x"
      rules = [1, "a"]
      path = []
      """
    do {
      _ = try GatePolicy(Array(text.utf8), name: "p")
      Issue.record("accepted")
    } catch {
      #expect(error.mistakes.map { $0.prefix(4) } == ["p:1:", "p:3:", "p:4:", "p:5:"])
      #expect(error.mistakes.last?.contains("did you mean 'paths'?") == true)
    }
  }

  @Test(arguments: [
    "[gate", "\u{0}", "[gate]\nx = \"\u{1b}[2J\"", "[gate]\n\"\\u001b[2J\" = 1", "[gate]\nfail_on = \"a\\u0007b\"",
  ])
  func hostileFilesAreRefusedInPlainText(_ text: String) {
    #expect(throws: PolicyErrors.self) { try GatePolicy(Array(text.utf8), name: "p") }
    do { _ = try GatePolicy(Array(text.utf8), name: "p") } catch {
      #expect(!error.description.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }
  }

  @Test(arguments: [
    ("*.md", "a/b/c.md", true), ("*.md", "a.mdx", false), ("/*.md", "a/b.md", false), ("/*.md", "b.md", true),
    ("docs/", "docs/a/b", true), ("docs/", "x/docs/a", true), ("docs/", "docsx/a", false), ("docs", "docs", true),
    ("a/b", "a/b/c", true), ("a/b", "x/a/b", false), ("a/**/z", "a/z", true), ("a/**/z", "a/b/c/z", true),
    ("a/**/z", "a/bz", false), ("**/z", "z", true), ("**/z", "a/b/z/y", true), ("a/**", "a/b/c", true),
    ("a/**", "ab", false), ("a/*/c", "a/b/c", true), ("a/*/c", "a/b/d/c", false), ("a?c", "abc", true),
    ("a?c", "a/c", false), ("\\*", "*", true), ("\\*", "a", false), ("**", "anything/at/all", true),
    ("é*", "x/éa", true),
  ])
  func globs(_ pattern: String, _ path: String, _ matches: Bool) throws {
    let glob = try #require(PathGlob(pattern))
    #expect(glob.matches(Array(path.utf8)) == matches)
  }

  @Test func aGlobOfManyStarsIsQuick() throws {
    let glob = try #require(PathGlob(String(repeating: "*a", count: 500)))
    #expect(!glob.matches([UInt8](repeating: 0x61, count: 499) + Array(repeating: 0x62, count: 3_000)))
    for text in ["", "/", "!x", String(repeating: "x", count: 2_000)] { #expect(PathGlob(text) == nil) }
  }
}
