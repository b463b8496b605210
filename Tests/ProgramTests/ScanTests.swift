// keywright scan as its user runs it, on repositories that git made.

import Foundation
import Testing

@Suite struct ScanTests {
  let sandbox: Sandbox
  let key: String

  init() throws {
    sandbox = try Sandbox()
    key = sandbox.keep(SampleKey.aitbc())
  }

  private func findings(_ report: [String: Any]) throws -> [[String: Any]] {
    try #require(report["findings"] as? [[String: Any]])
  }

  @Test func findsWhatWasDeletedAndSaysWhoAndWhen() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("nothing\n", to: "a.txt", in: repository)
    let added = try sandbox.commit("x = 1\nAITBC_API_KEY=\(key)\n", to: "conf/prod.env", in: repository)
    let removed = try sandbox.commit(nil, to: "conf/prod.env", in: repository)
    let outcome = try sandbox.keywright("scan", repository, "--format", "json")
    #expect(outcome.status == 1, "\(outcome.errors)")
    let found = try findings(outcome.json())
    #expect(found.count == 1)
    let finding = try #require(found.first)
    #expect(finding["rule"] as? String == "aitbc-api-key")
    #expect(finding["confidence"] as? String == "checksum")
    #expect(finding["at_head"] as? Bool == false)
    #expect(finding["secret"] == nil)
    let place = try #require((finding["occurrences"] as? [[String: Any]])?.first)
    #expect(place["path"] as? String == "conf/prod.env")
    #expect(place["line"] as? Int == 2)
    #expect(place["column"] as? Int == 15)
    #expect(place["offset"] as? Int == 20)
    #expect(place["length"] as? Int == 46)
    #expect(place["commit"] as? String == added)
    #expect((place["removed"] as? [String: Any])?["commit"] as? String == removed)
    #expect(place["author"] as? String == "Ada")
    #expect(place["date"] as? String == "2026-01-02T03:04:05+01:00")
    #expect(place["blob"] as? String == (try sandbox.git("rev-parse", "\(added):conf/prod.env", in: repository)))
  }

  @Test func excludedPathsAreLeftOutAndOthersAreNot() throws {
    let repository = try sandbox.repository()
    let other = sandbox.keep(SampleKey.aitbc())
    try sandbox.commit("k=\(key)\n", to: "vendor/lib/a", in: repository)
    try sandbox.commit("k=\(other)\n", to: "vendor/b", in: repository)
    try sandbox.commit("k=\(other)\n", to: "src/b", in: repository)
    let all = try sandbox.keywright("scan", repository, "--format", "json")
    #expect(try findings(all.json()).count == 2)
    let some = try sandbox.keywright("scan", repository, "--exclude", "vendor/**", "--format", "json")
    let places = try findings(some.json()).flatMap { try #require($0["occurrences"] as? [[String: Any]]) }
    #expect(places.map { $0["path"] as? String } == ["src/b"])
    #expect(some.status == 1 && some.errors.contains("left out by --exclude: 1"))
    let none = try sandbox.keywright("scan", repository, "--exclude", "vendor", "--exclude", "/src/")
    #expect(none.status == 0 && none.output.isEmpty)
    #expect(try sandbox.keywright("scan", repository, "--exclude", "!a").status == 2)
  }

  @Test func aCleanRepositoryIsClean() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("AITBC_API_KEY=${AITBC_API_KEY}\n", to: ".env.example", in: repository)
    // One wrong character: the checksum says that this was never a key.
    let last = key.last == "0" ? "1" : "0"
    try sandbox.commit("\(key.dropLast())\(last)\n", to: "dummy", in: repository)
    let outcome = try sandbox.keywright("scan", repository)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.isEmpty)
  }

  @Test func twoScansGiveTheSameBytesWhichFitTheSchema() throws {
    let repository = try sandbox.repository()
    for number in 0..<20 {
      try sandbox.commit("k=\(sandbox.keep(SampleKey.aitbc()))\n", to: "f\(number % 7)", in: repository)
    }
    try sandbox.git("tag", "-a", "-m", "release \(key)", "v1", in: repository)
    let first = try sandbox.keywright("scan", repository, "--format", "json", "--threads", "1")
    let second = try sandbox.keywright("scan", repository, "--format", "json", "--threads", "4")
    #expect(first.status == 1)
    #expect(first.output == second.output)
    #expect(try findings(first.json()).count == 21)
    try validate(first.output)
  }

  private func validate(_ report: String) throws {
    let schema = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/Report/report.schema.json").path
    let script = """
      import json, sys, jsonschema
      jsonschema.Draft202012Validator(json.load(open(sys.argv[1]))).validate(json.load(sys.stdin))
      """
    let outcome = try sandbox.run("/usr/bin/python3", ["-c", script, schema], input: Array(report.utf8))
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func scansADirectoryAndStandardInput() throws {
    try FileManager.default.createDirectory(atPath: sandbox.root + "/d/e", withIntermediateDirectories: true)
    try "\n\n  key: \(key)\n".write(toFile: sandbox.root + "/d/e/f.yml", atomically: false, encoding: .utf8)
    let directory = try sandbox.keywright("scan", "--dir", sandbox.root + "/d", "--format", "json")
    #expect(directory.status == 1, "\(directory.errors)")
    let place = try #require((try findings(directory.json()).first?["occurrences"] as? [[String: Any]])?.first)
    #expect(place["path"] as? String == "e/f.yml")
    #expect(place["line"] as? Int == 3)
    try validate(directory.output)
    let stream = try sandbox.keywright("scan", "--stdin", "--format", "json", input: Array("a \(key) b".utf8))
    #expect(stream.status == 1)
    try validate(stream.output)
    #expect(try sandbox.keywright("scan", "--stdin", input: Array("nothing".utf8)).status == 0)
  }

  @Test func valuesAreShownOnlyOnRequestAndFilesArePrivate() throws {
    let report = sandbox.root + "/report.json"
    let outcome = try sandbox.keywright(
      "scan", "--stdin", "--show-secrets", "--output", report, input: Array("a \(key) b".utf8))
    #expect(outcome.status == 1)
    #expect(try findings(sandbox.json(report)).first?["secret"] as? String == key)
    let mode = try FileManager.default.attributesOfItem(atPath: report)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try sandbox.keywright("scan", "--stdin", "--exit-code", "9", input: Array(key.utf8)).status == 9)
  }

  @Test(arguments: [
    ["scan", "--nonsense"], ["scan", "--dir", "/", "--stdin"], ["nonsense"], ["scan", "--threads", "0"],
  ])
  func wrongUsageIsStatusTwo(_ arguments: [String]) throws {
    let outcome = try sandbox.keywright(arguments)
    #expect(outcome.status == 2)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("keywright: "))
  }

  @Test func whatIsNoRepositoryIsSaid() throws {
    let outcome = try sandbox.keywright("scan", sandbox.root)
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("--dir"))
  }

  @Test(.enabled(if: geteuid() == 0))
  func anotherUsersRepositoryIsRefusedWithGitsRemedy() throws {
    let repository = try sandbox.repository("foreign")
    try sandbox.commit("k=\(key)\n", to: "a", in: repository)
    let owned = try sandbox.run("/usr/bin/env", ["chown", "-R", "65534", repository])
    try #require(owned.status == 0)
    let refused = try sandbox.keywright("scan", repository)
    #expect(refused.status == 2)
    #expect(refused.errors.contains("dubious ownership"))
    #expect(refused.errors.contains("git config --global --add safe.directory \(repository)"))
    try "[safe]\n\tdirectory = \(repository)\n".write(
      toFile: sandbox.root + "/.gitconfig", atomically: false, encoding: .utf8)
    #expect(try sandbox.keywright("scan", repository).status == 1)
  }

  @Test func controlCharactersInNamesDoNotReachTheTerminal() throws {
    let repository = try sandbox.repository()
    try sandbox.commit("\(key)\n", to: "a\u{1b}[2Jb\nc", in: repository)
    let outcome = try sandbox.keywright("scan", repository)
    #expect(outcome.status == 1)
    #expect(!outcome.output.contains("\u{1b}"))
  }
}
