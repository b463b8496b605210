// Scans of whole histories: who brought a value in, who took it out, where it still is.

import Foundation
import Model
import Secrets
import Testing

@testable import Scanning

@Suite struct HistoryTests {
  private var random = Seeded(state: 7)

  @Test mutating func deletedValueHasItsCommits() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    try history.commit("nothing\n", to: "a")
    let added = try history.commit("x\nkey=\(value)\n", to: "conf/b")
    try history.commit("x\nkey=\(value)\nmore\n", to: "conf/b")
    let removed = try history.commit(nil, to: "conf/b")
    let report = try history.scan()
    let finding = try #require(report.finding(value))
    #expect(report.findings.count == 1 && finding.occurrences.count == 1)
    let place = try #require(finding.occurrences.first)
    #expect(place.path == BytePath("conf/b") && place.line == 2 && place.column == 5 && place.offset == 6)
    #expect(place.endLine == 2 && place.endColumn == 33 && place.length == 28)
    #expect(place.commitID == added && place.removedID == removed)
    #expect(!place.atHead && place.reachability == .branch)
    #expect(place.introduced?.author == "Ada" && place.introduced?.subject == "Change" && place.introduced?.zone == 60)
    #expect(place.object == (try history.id("\(added):conf/b")))
    #expect(!report.coverage.isIncomplete && report.coverage.commits == 4 && report.fingerprintKeyIsWeak)
    #expect(Scanner.fingerprintKey(of: history.path, mode: "history")?.id == report.fingerprintKey)
    let secret = try Locator.read(place, in: history.path)
    #expect(secret.copyBytes() == Array(value.utf8))
  }

  @Test mutating func renamesAndCopiesChangeNothing() throws {
    let value = TestRule.value(&random)
    let history = try TestHistory()
    let added = try history.commit("\(value)\n", to: "a")
    try history.git(["mv", "a", "b"])
    try history.commit("other\n", to: "c")
    try history.commit("copy\n\(value)\n", to: "d/e")
    let report = try history.scan()
    let finding = try #require(report.finding(value))
    #expect(finding.occurrences.map(\.path.description) == ["a", "b", "d/e"])
    #expect(finding.occurrences.allSatisfy { $0.commitID == added && $0.removed == nil })
    #expect(finding.occurrences.map(\.atHead) == [false, true, true])
  }

  @Test mutating func anEvilMergeIsTheOneToBlame() throws {
    let (evil, dropped, kept) = (TestRule.value(&random), TestRule.value(&random), TestRule.value(&random))
    let history = try TestHistory()
    try history.commit("\(dropped)\n", to: "dropped")
    try history.git(["checkout", "-q", "-b", "side"])
    let side = try history.commit("\(kept)\n", to: "side")
    try history.git(["checkout", "-q", "main"])
    try history.commit("x\n", to: "main")
    try history.git(["merge", "-q", "--no-commit", "--no-ff", "side"])
    try history.write("\(evil)\n", to: "evil")
    try history.write(nil, to: "dropped")
    let merge = try history.commit("y\n", to: "main")
    let report = try history.scan()
    #expect(report.finding(evil)?.occurrences.first?.commitID == merge)
    #expect(report.finding(kept)?.occurrences.first?.commitID == side)
    // The branch itself still holds it, so nothing has removed it yet.
    #expect(report.finding(dropped)?.occurrences.first?.removed == nil)
    try history.git(["branch", "-D", "side"])
    #expect(try history.scan().finding(dropped)?.occurrences.first?.removedID == merge)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func agreesWithGit(seed: UInt64) throws {
    let history = try TestHistory()
    var maker = RandomHistory(seed)
    try maker.fill(history, commits: 40)
    if seed % 2 == 0 { try history.git(["repack", "-adfq", "--depth=\(seed * 8)", "--window=20"]) }
    let oracle = try AttributionOracle(history)
    let report = try history.scan()
    #expect(!report.coverage.isIncomplete && report.findings.count > 3)
    #expect(
      Set(report.findings.compactMap { $0.secret.map { String(decoding: $0.copyBytes(), as: UTF8.self) } })
        == Set(oracle.places.map(\.value)), "seed \(seed)")
    for finding in report.findings {
      let value = String(decoding: try #require(finding.secret).copyBytes(), as: UTF8.self)
      let wanted = oracle.places.filter { $0.value == value }
      #expect(Set(finding.occurrences.map(\.path.description)) == Set(wanted.map(\.path)), "seed \(seed)")
      let isAtHead = oracle.atHead.contains { $0.value == value }
      for place in finding.occurrences {
        #expect(oracle.introductions[value, default: []].contains(place.commitID ?? ""), "seed \(seed)")
        #expect(place.atHead == oracle.atHead.contains(.init(value: value, path: place.path.description)))
        if isAtHead {
          #expect(place.removed == nil)
        } else if let removals = oracle.removals[value] {
          #expect(removals.contains(place.removedID ?? ""), "seed \(seed)")
        } else {
          #expect(place.removed == nil)
        }
        let blob = try #require(oracle.blobs[place.object?.description ?? ""])
        #expect(blob[place.offset..<place.offset + place.length] == Data(value.utf8))
      }
    }
    let again = try history.scan(threads: 1)
    #expect(again.findings.map(\.occurrences) == report.findings.map(\.occurrences))
    #expect(again.coverage.bytes == report.coverage.bytes)
  }
}
