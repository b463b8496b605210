// Named time zones: the same offsets as Python finds in the same files, gaps and folds, rules beyond the written changes,
// and files that are none.

import Foundation
import Testing

@testable import Posix

@Suite struct TimeZoneTests {
  private static let isInstalled = FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/Europe/Berlin")

  private func moment(_ text: String) throws -> Int64 { try #require(CivilTime(text)).seconds }

  @Test(.enabled(if: TimeZoneTests.isInstalled)) func clocksAreChangedTwiceAYear() throws {
    let berlin = try #require(TimeZoneRules(named: "Europe/Berlin"))
    #expect(berlin.offset(at: try moment("2026-01-01")) == 3_600)
    #expect(berlin.offset(at: try moment("2026-07-01")) == 7_200)
    // 2:30 is left out on the last Sunday of March, and comes twice on the last of October.
    let gap = try #require(CivilTime("2026-03-29T02:30"))
    #expect(berlin.moments(showing: gap) == (try moment("2026-03-29T01:00"))...(try moment("2026-03-29T01:00")))
    let fold = try #require(CivilTime("2026-10-25T02:30"))
    #expect(berlin.moments(showing: fold) == (try moment("2026-10-25T00:30"))...(try moment("2026-10-25T01:30")))
    let plain = try #require(CivilTime("2026-06-01T12:00"))
    #expect(berlin.moments(showing: plain) == (try moment("2026-06-01T10:00"))...(try moment("2026-06-01T10:00")))
    #expect(berlin.civil(at: try moment("2026-12-31T23:30")) == CivilTime("2027-01-01T00:30"))
  }

  /// Python's zoneinfo reads the same files by other code.
  @Test(.enabled(if: TimeZoneTests.isInstalled)) func pythonFindsTheSameOffsets() throws {
    let zones = [
      "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata",
      "Africa/Casablanca", "Pacific/Apia", "Antarctica/Troll", "America/St_Johns", "Asia/Tehran", "Pacific/Kiritimati",
      "Etc/GMT+7", "Asia/Gaza", "America/Nuuk",
    ]
    var questions: [(zone: String, moment: Int64)] = []
    var state: UInt64 = 11
    for zone in zones {
      for _ in 0..<300 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        questions.append((zone, Int64(state >> 33) % 5_000_000_000 - 700_000_000))
      }
    }
    let script = """
      import sys, zoneinfo, datetime as d
      for line in sys.stdin:
        zone, moment = line.split()
        t = d.datetime(1970, 1, 1, tzinfo=d.timezone.utc) + d.timedelta(seconds=int(moment))
        print(int(t.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset().total_seconds()))
      """
    let input = questions.map { "\($0.zone) \($0.moment)\n" }.joined()
    let done = try Spawn(
      "/usr/bin/env", ["python3", "-c", script], environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"]
    ).run(input: Array(input.utf8))
    guard done.isSuccess else { return }
    let answers = String(decoding: done.output, as: UTF8.self).split(separator: "\n").compactMap { Int($0) }
    try #require(answers.count == questions.count)
    for (question, answer) in zip(questions, answers) {
      let zone = try #require(TimeZoneRules(named: question.zone))
      #expect(zone.offset(at: question.moment) == answer, "\(question.zone) at \(question.moment)")
      let shown = zone.civil(at: question.moment)
      #expect(zone.moments(showing: shown).contains(question.moment), "\(question.zone) at \(question.moment)")
    }
  }

  @Test(arguments: [
    "", "/etc/passwd", "../../../etc/passwd", "Europe/..", "Europe/Nowhere", "Europe", "Europe//Berlin", "a b",
    "zone.tab",
    "\u{0}",
  ])
  func whatIsNoZoneIsNone(_ name: String) { #expect(TimeZoneRules(named: name) == nil) }

  @Test func utcNeedsNoFile() throws {
    #expect(TimeZoneRules(named: "UTC")?.offset(at: 1_000_000_000) == 0)
  }

  @Test(.enabled(if: TimeZoneTests.isInstalled)) func brokenFilesAreNoZonesAndNoTraps() throws {
    let bytes = try Files.read("/usr/share/zoneinfo/Europe/Berlin", maximumBytes: 1 << 20)
    for count in stride(from: 0, to: bytes.count, by: 7) {
      if let zone = TimeZoneRules(name: "x", Array(bytes[..<count])) { _ = zone.offset(at: 4_000_000_000) }
    }
    var state: UInt64 = 5
    for _ in 0..<2_000 {
      var broken = bytes
      for _ in 0..<4 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        broken[Int(state >> 33) % broken.count] = UInt8(truncatingIfNeeded: state >> 25)
      }
      guard let zone = TimeZoneRules(name: "x", broken) else { continue }
      for moment in [Int64.min / 4, -1, 0, 1_800_000_000, 9_000_000_000] { _ = zone.offset(at: moment) }
      _ = zone.moments(showing: CivilTime(year: 2_040, month: 3, day: 31, second: 7_200))
    }
  }

  @Test(arguments: [
    ("CET-1CEST,M3.5.0,M10.5.0/3", 3_600, 7_200), ("EST5EDT,M3.2.0,M11.1.0", -18_000, -14_400),
    ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 39_600, 37_800), ("IST-1GMT0,M10.5.0,M3.5.0/1", 0, 3_600),
    ("<-03>3", -10_800, -10_800), ("AAA3BBB,J60/0,300", -10_800, -7_200),
  ])
  func rulesOfPOSIX(_ text: String, _ january: Int, _ july: Int) throws {
    let rule = try #require(TimeZoneFooter(text))
    #expect(rule.offset(at: try moment("2050-01-15")) == january)
    #expect(rule.offset(at: try moment("2050-07-15")) == july)
  }

  @Test(arguments: [
    "", "CET", "C-1", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0", "CET-99", "CET-1CEST,M3.5.0,M10.5.0/3x",
  ])
  func whatIsNoRuleIsNone(_ text: String) { #expect(TimeZoneFooter(text) == nil) }

  @Test(arguments: ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "2026-01-01T24:00", "2026-01-01 10:00", "x"])
  func whatIsNoTimeIsNone(_ text: String) { #expect(CivilTime(text) == nil) }

  @Test func datesGoThereAndBack() throws {
    for days in stride(from: -200_000, to: 200_000, by: 37) {
      let time = CivilTime(seconds: Int64(days) * 86_400 + 12_345)
      #expect(time.seconds == Int64(days) * 86_400 + 12_345)
    }
    #expect(try #require(CivilTime("2026-11-24")).weekday == 2)
    #expect(try #require(CivilTime("1969-12-28")).weekday == 0)
  }
}
