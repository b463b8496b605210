// How each occurrence is reached, and what kind of place holds it.

import Foundation
import Git
import Model
import Secrets
import Testing

@testable import Scanning

@Suite struct LabelTests {
  private var random = Seeded(state: 21)

  private func only(_ report: ScanReport, _ value: String) throws -> Occurrence {
    let finding = try #require(report.finding(value))
    #expect(finding.occurrences.count == 1)
    return try #require(finding.occurrences.first)
  }

  private func isReadAgain(_ place: Occurrence, _ value: String, _ history: TestHistory) throws -> Bool {
    try Locator.read(place, in: history.path).copyBytes() == Array(value.utf8)
  }

  @Test mutating func theThreePartsOfAStash() throws {
    let (staged, changed, untracked) = (TestRule.value(&random), TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try history.commit("base\n", to: "a")
    try history.write("\(staged)\n", to: "staged")
    try "work \(changed)\n".write(toFile: history.path + "/a", atomically: true, encoding: .utf8)
    try "\(untracked)\n".write(toFile: history.path + "/new", atomically: true, encoding: .utf8)
    try history.git(["stash", "-q", "--include-untracked"])
    let report = try history.scan()
    #expect(try only(report, staged).reachability == .stashIndex)
    #expect(try only(report, changed).reachability == .stashWorktree)
    #expect(try only(report, untracked).reachability == .stashUntracked)
    // Several parents make no merge of a stash.
    #expect(report.findings.flatMap(\.occurrences).allSatisfy { !$0.isMergeOnly })
  }

  @Test mutating func belowAStash() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit("base\n", to: "a")
    try history.git(["checkout", "-q", "-b", "gone"])
    try history.commit("\(value)\n", to: "b")
    try history.write("changed\n", to: "a")
    try history.git(["stash", "-q"])
    try history.git(["checkout", "-q", "main"])
    try history.git(["branch", "-q", "-D", "gone"])
    try FileManager.default.removeItem(atPath: history.path + "/.git/logs/HEAD")
    #expect(try only(history.scan(), value).reachability == .stash)
  }

  @Test mutating func mergesAndRemotes() throws {
    let (evil, plain, remote) = (TestRule.value(&random), TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try history.commit("base\n", to: "a")
    try history.git(["checkout", "-q", "-b", "side"])
    try history.commit("\(plain)\n", to: "side")
    try history.git(["checkout", "-q", "main"])
    try history.commit("x\n", to: "main")
    try history.git(["merge", "-q", "--no-commit", "--no-ff", "side"])
    try history.commit("\(evil)\n", to: "evil")
    try history.git(["checkout", "-q", "-b", "elsewhere"])
    try history.commit("\(remote)\n", to: "remote")
    try history.git(["update-ref", "refs/remotes/origin/topic", "HEAD"])
    try history.git(["checkout", "-q", "main"])
    try history.git(["branch", "-q", "-D", "elsewhere"])
    let report = try history.scan()
    let merged = try only(report, evil)
    #expect(merged.isMergeOnly && merged.reachability == .branch && merged.atHead)
    #expect(try !only(report, plain).isMergeOnly)
    let far = try only(report, remote)
    #expect(far.reachability == .remote && far.atHead && !far.isMergeOnly)
  }

  @Test mutating func cruftAndIndexAndWorktrees() throws {
    let (cruft, staged, linked, log) = (
      TestRule.value(&random), TestRule.value(&random), TestRule.value(&random), TestRule.value(&random)
    )
    let history = try TestHistory()
    try history.commit("base\n", to: "a")
    try history.git(["hash-object", "-w", "--stdin"], input: Data(cruft.utf8))
    try history.git(["repack", "--cruft", "-d", "-q"])
    try history.write("\(staged)\n", to: "conf/staged")
    let other = TestHistory(existing: history.path + "-linked")
    try history.git(["worktree", "add", "-q", "--detach", other.path])
    try other.commit("\(log)\n", to: "log")
    try other.git(["reset", "-q", "--hard", "HEAD~1"])
    try other.write("\(linked)\n", to: "only/here")
    let report = try history.scan()
    #expect(try only(report, cruft).reachability == .cruft)
    let inIndex = try only(report, staged)
    #expect(inIndex.reachability == .index && inIndex.path == BytePath("conf/staged"))
    let inOther = try only(report, linked)
    #expect(inOther.reachability == .index && inOther.path == BytePath("only/here"))
    #expect(try only(report, log).reachability == .reflog)
    #expect(
      report.findings.flatMap(\.occurrences).allSatisfy { $0.reachability?.isReached == ($0.reachability != .cruft) })
  }

  @Test mutating func linesOfCommits() throws {
    let (author, committer, subject) = (TestRule.value(&random), TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try history.write("a\n", to: "a")
    try history.git(
      ["commit", "-q", "-m", "use \(subject)\n\nbody"],
      extra: ["GIT_AUTHOR_NAME": "Bot \(author)", "GIT_COMMITTER_EMAIL": "\(committer)@example.org"])
    let report = try history.scan()
    for (value, place) in [(author, Place.author), (committer, .committer), (subject, .commit)] {
      let found = try only(report, value)
      #expect(found.place == place && found.place.isCommitText)
      #expect(try isReadAgain(found, value, history))
      // The report must not tell what it found.
      let info = try #require(found.introduced)
      for text in [info.subject, info.author, info.email] {
        for hidden in [author, committer, subject] { #expect(!text.contains(hidden)) }
      }
      #expect(info.subject.hasPrefix("use ") && info.author.hasPrefix("Bot "))
    }
  }

  @Test mutating func aRangeHidesWhatItsSubjectsSay() throws {
    let (subject, author) = (TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try history.commit("a\n", to: "a")
    try history.write("b\n", to: "b")
    try history.git(["commit", "-q", "-m", "use \(subject)"], extra: ["GIT_AUTHOR_NAME": "Bot \(author)"])
    let range = try #require(CommitRange("HEAD~1..HEAD"))
    let report = try Scanner.range(history.path, range, environment: GitEnvironment(), program: TestRule.program)
    let places = report.findings.flatMap(\.occurrences)
    #expect(Set(places.map(\.place)) == [.commit, .author])
    #expect(places.allSatisfy { !($0.introduced?.subject.contains(subject) ?? true) })
    #expect(places.allSatisfy { !($0.introduced?.author.contains(author) ?? true) })
  }

  @Test func subjectsThatAreCutOffHideTheirBeginning() throws {
    let secret = Secret("kwt_abcdefghijkl")
    let cut = Concealment.replaced(Array("the key kwt_abcd".utf8), [secret])
    #expect(!String(decoding: cut, as: UTF8.self).contains("abcd"))
    #expect(Concealment.replaced(Array("the key kwt".utf8), [secret]) == Array("the key kwt".utf8))
    let twice = Concealment.replaced(Array("kwt_abcdefghijklkwt_abcdefghijkl".utf8), [secret])
    #expect(String(decoding: twice, as: UTF8.self) == secret.redacted + secret.redacted)
  }

  @Test(arguments: [false, true]) mutating func namesOfFilesAndDirectories(isPacked: Bool) throws {
    let (file, directory) = (TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try history.commit("nothing\n", to: "x/a")
    let added = try history.commit("nothing here\n", to: "keys/\(file)")
    try history.commit("nor here\n", to: "d/\(directory)/inner/file")
    let removed = try history.commit(nil, to: "keys/\(file)")
    for number in 0..<10 { try history.commit("change \(number)\n", to: "x/a") }
    if isPacked { try history.git(["repack", "-adfq"]) }
    let report = try history.scan()
    let name = try only(report, file)
    #expect(name.place == .fileName && name.commitID == added && name.removedID == removed && !name.atHead)
    #expect(try isReadAgain(name, file, history))
    let folder = try only(report, directory)
    #expect(folder.place == .fileName && folder.atHead && folder.line == 1 && folder.column == 1)
    #expect(try isReadAgain(folder, directory, history))
    let paths = report.findings.flatMap(\.occurrences).map(\.path.description)
    #expect(Set(paths) == ["keys/\(Secret(file).redacted)", "d/\(Secret(directory).redacted)"])
  }

  @Test mutating func aPathHidesItsSecretForOtherFindings() throws {
    let (directory, content) = (TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try history.commit("\(content)\n", to: "d/\(directory)/file")
    let report = try history.scan()
    #expect(try only(report, content).path == BytePath("d/\(Secret(directory).redacted)/file"))
    #expect(try only(report, directory).place == .fileName)
    #expect(report.coverage.trees == 3 && !report.coverage.isIncomplete)
  }

  @Test mutating func namesOfRefs() throws {
    let (branch, tag) = (TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try history.commit("a\n", to: "a")
    try history.git(["branch", "feature/\(branch)"])
    try history.git(["tag", "v-\(tag)"])
    try history.git(["pack-refs", "--all"])
    let report = try history.scan()
    let first = try only(report, branch)
    let head = try history.id("HEAD")
    #expect(first.place == .refName && first.reachability == .branch && first.object == head)
    #expect(first.path == BytePath("refs/heads/feature/\(Secret(branch).redacted)"))
    #expect(try isReadAgain(first, branch, history))
    let second = try only(report, tag)
    #expect(
      second.place == .refName && second.reachability == .tag && second.path.description.hasPrefix("refs/tags/v-"))
    #expect(try isReadAgain(second, tag, history))
  }

  @Test mutating func targetsOfLinks() throws {
    let (link, file) = (TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try FileManager.default.createSymbolicLink(atPath: history.path + "/link", withDestinationPath: "/\(link)")
    try history.git(["add", "link"])
    try file.write(toFile: history.path + "/file", atomically: true, encoding: .utf8)
    try history.git(["add", "file"])
    try history.git(["commit", "-q", "-m", "x"])
    let report = try history.scan()
    #expect(try only(report, link).place == .symlink)
    #expect(try only(report, file).place == .blob)
  }

  @Test mutating func submodulesOnRequest() throws {
    let (inner, outer, both) = (TestRule.value(&random), TestRule.value(&random), TestRule.value(&random))
    let module = try TestHistory()
    try module.commit("\(inner)\n\(both)\n", to: "in")
    let history = try TestHistory()
    try history.commit("\(outer)\n\(both)\n", to: "out")
    try history.git(["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", module.path, "lib/part"])
    try history.git(["commit", "-q", "-m", "part"])
    #expect(try history.scan().findings.count == 2)
    var options = ScanOptions()
    options.includesSubmodules = true
    let report = try Scanner.history(history.path, program: TestRule.program, options: options)
    #expect(report.findings.count == 3 && !report.coverage.isIncomplete)
    let place = try only(report, inner)
    #expect(place.submodule == "lib/part" && place.path == BytePath("in"))
    #expect(try isReadAgain(place, inner, history))
    #expect(report.finding(both)?.occurrences.map(\.submodule) == [nil, "lib/part"])
    let weak = try history.scan()
    #expect(report.fingerprintKey == weak.fingerprintKey && report.fingerprintKeyIsWeak)
    #expect(report.finding(outer)?.fingerprint == weak.finding(outer)?.fingerprint)
  }
}
