// Matching what a pack stores finds what matching every blob as a whole finds, whatever the pack's deltas are like.

import Foundation
import Matching
import Model
import RuleBook
import Secrets
import Testing

@testable import Scanning

@Suite struct DeltaTests {
  /// A history of one directory's files over many versions; all blobs, as git unpacks them.
  private func fill(_ history: TestHistory, _ seed: UInt64) throws -> [ObjectID: Data] {
    var content = RandomContent(random: Seeded(state: seed))
    var files = (0..<4).map { _ in content.fresh(60) }
    var stream = ""
    for commit in 1...30 {
      for file in files.indices where commit == 1 || Bool.random(using: &content.random) {
        files[file] =
          Int.random(in: 0..<12, using: &content.random) == 0
          ? content.fresh(40) : content.edited(files[file])
      }
      stream +=
        "commit refs/heads/main\nmark :\(commit)\ncommitter A <a@example.org> \(1_000 + commit) +0000\ndata 1\nm\n"
      if commit > 1 { stream += "from :\(commit - 1)\n" }
      for (file, text) in files.enumerated() {
        stream += "M 100644 inline f\(file)\ndata \(text.utf8.count)\n\(text)\n"
      }
    }
    try history.git(["fast-import", "--quiet", "--force"], input: Data(stream.utf8))
    var blobs: [ObjectID: Data] = [:]
    let lines = try history.text("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)")
    for line in lines.split(separator: "\n") where line.hasSuffix(" blob") {
      let name = String(line.prefix { $0 != " " })
      let id = try #require(ObjectID(hex: name))
      blobs[id] = try history.git(["cat-file", "blob", name])
    }
    return blobs
  }

  private func places(_ report: ScanReport) -> [ObjectID: Set<[Int]>] {
    var found: [ObjectID: Set<[Int]>] = [:]
    for finding in report.findings {
      let rule = OracleRules.rules.firstIndex { $0.id == finding.rule } ?? -1
      for place in finding.occurrences {
        guard let object = place.object else { continue }
        found[object, default: []].insert([rule, place.offset, place.length])
      }
    }
    return found
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func everyWayToPackGivesTheSame(seed: UInt64) throws {
    let history = try TestHistory()
    let blobs = try fill(history, seed)
    var values: Set<Data> = []
    for blob in blobs.values {
      for place in OracleRules.places(blob) { values.insert(blob[place[1]..<place[1] + place[2]]) }
    }
    #expect(values.count > 30)
    let heads = Set(
      try history.text("ls-tree", "-r", "--format=%(objectname)", "HEAD").split(separator: "\n").map(String.init))
    var first: ScanReport?
    for (depth, window) in [(50, 10), (1, 5), (200, 40), (4_000, 2), (0, 0)] {
      try history.git(["repack", "-adfq", "--depth=\(depth)", "--window=\(window)"])
      for isFull in [false, true] {
        var options = ScanOptions()
        options.threads = 2
        options.isFull = isFull
        let report = try Scanner.history(history.path, program: OracleRules.program, options: options)
        let found = Set(report.findings.compactMap { $0.secret.map { Data($0.copyBytes()) } })
        #expect(found == values, "seed \(seed), depth \(depth), window \(window), full \(isFull)")
        // The places that a report names are places of the oracle's.
        for (object, own) in places(report) {
          let blob = try #require(blobs[object])
          // At a head a value counts wherever it stands.
          let others = own.subtracting(OracleRules.places(blob)).filter { place in
            !heads.contains("\(object)") || !values.contains(blob[place[1]..<place[1] + place[2]])
          }
          #expect(others.isEmpty, "seed \(seed), object \(object)")
        }
        if let first {
          #expect(report.findings.map(\.fingerprint) == first.findings.map(\.fingerprint))
          #expect(report.findings.map(\.occurrences) == first.findings.map(\.occurrences))
        }
        first = first ?? report
      }
    }
  }

  @Test(arguments: [11, 12, 13, 14] as [UInt64]) func everyEditGivesTheSame(seed: UInt64) throws {
    var content = RandomContent(random: Seeded(state: seed))
    let matcher = Matcher(OracleRules.program)
    var inherited = 0
    for round in 0..<150 {
      let parent = Array(content.fresh(Int.random(in: 0...40, using: &content.random)).utf8)
      var child: [UInt8] = []
      var copies: [CopyRun] = []
      // Any pieces in any order, some of them next to each other, some overlapping in the parent.
      for _ in 0..<Int.random(in: 0...8, using: &content.random) {
        if Bool.random(using: &content.random) { child += Array(content.fragment().utf8) }
        if parent.isEmpty { continue }
        let start = [0, Int.random(in: 0..<parent.count, using: &content.random)].randomElement() ?? 0
        let end = [parent.count, Int.random(in: start...parent.count, using: &content.random)].randomElement() ?? start
        if start == end { continue }
        copies.append(CopyRun(baseOffset: start, offset: child.count, count: end - start))
        child += parent[start..<end]
      }
      let whole = matcher.scan(child.span)
      let before = matcher.statistics.inheritedOutcomes
      let pieced = matcher.scan(child.span, copies: copies, parent: matcher.scan(parent.span))
      inherited += matcher.statistics.inheritedOutcomes - before
      #expect(pieced.candidates == whole.candidates, "seed \(seed), round \(round)")
      for (index, origin) in pieced.origins.enumerated() where origin >= 0 {
        let original = matcher.scan(parent.span).candidates[Int(origin)]
        #expect(original.rule == pieced.candidates[index].rule)
      }
      let naive = OracleRules.places(Data(child))
      let found = Set(
        Matcher.distinct(whole.candidates, rules: OracleRules.program.rules).map { number in
          let candidate = whole.candidates[number]
          return [candidate.rule, candidate.secret.lowerBound, candidate.secret.count]
        })
      #expect(found == naive, "seed \(seed), round \(round)")
    }
    #expect(inherited > 100)
  }

  @Test func aFileOfOneKeywordEnds() {
    let matcher = Matcher(OracleRules.program)
    let bytes = Array(String(repeating: "_mmk", count: 200_000).utf8)
    let matches = matcher.scan(bytes.span)
    #expect(matches.candidates.isEmpty && !matches.isComplete)
    // The same as a child that takes over all of it.
    let copies = [CopyRun(baseOffset: 0, offset: 0, count: bytes.count)]
    let again = matcher.scan(bytes.span, copies: copies, parent: matches)
    #expect(again.stopped.map(\.offset) == matches.stopped.map(\.offset))
  }

  @Test func copiesThatLieAreNotTrusted() {
    let matcher = Matcher(OracleRules.program)
    let bytes = Array("x tok_qxkdmzvb2345 y".utf8)
    let parent = matcher.scan(Array("nothing".utf8).span)
    for copies in [
      [CopyRun(baseOffset: 0, offset: 0, count: 20)], [CopyRun(baseOffset: -1, offset: 0, count: 5)],
      [CopyRun(baseOffset: 0, offset: 18, count: 5)], [CopyRun(baseOffset: 2, offset: 0, count: 6)],
    ] {
      #expect(matcher.scan(bytes.span, copies: copies, parent: parent).candidates.count == 1)
    }
  }
}
