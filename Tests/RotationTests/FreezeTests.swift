// Freezes by the clocks of a named zone, the budget, and a forecast in which every key has its turn.

import Foundation
import Ledger
import Testing

@testable import Posix
@testable import Rotation

private let hour: Int64 = 3_600_000
private let day: Int64 = 86_400_000

private func ms(_ utc: String) throws -> Int64 { try #require(CivilTime(utc)).seconds * 1_000 }

private func freezes(_ text: String) throws -> [FreezePeriod] {
  let key =
    "[[key]]\nname = \"a\"\nprovider = \"x\"\nvariable = \"A\"\nfiles = [\"/a\"]\nenvironment = \"production\"\n"
  return try Configuration.parse(Array((text + "\n" + key).utf8), "/etc/keywright/keywright.toml").freezes
}

@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/Europe/Berlin")))
struct FreezeTests {
  /// The first and the first later moment, to the second, at which a freeze holds, looked for by asking each minute.
  private func held(_ freeze: FreezePeriod, from: String, to: String) throws -> [ClosedRange<Int64>] {
    var found: [ClosedRange<Int64>] = []
    for time in stride(from: try ms(from), through: try ms(to), by: 60_000) where freeze.end(at: time) != nil {
      if let last = found.last, last.upperBound == time - 60_000 {
        found[found.count - 1] = last.lowerBound...time
      } else {
        found.append(time...time)
      }
    }
    return found
  }

  @Test func aDateInAZoneBeginsAtItsMidnight() throws {
    let freeze = try freezes(
      "[[freeze]]\nreason = \"year's end\"\nfrom = \"2026-12-20\"\nto = \"2027-01-02T12:00\"\nzone = \"Europe/Berlin\"")[
        0]
    #expect(freeze.times == .once(fromMs: try ms("2026-12-19T23:00"), toMs: try ms("2027-01-02T11:00")))
    #expect(
      try freezes("[[freeze]]\nfrom = \"2026-12-20\"\nto = \"2026-12-21\"")[0].times
        == .once(fromMs: try ms("2026-12-20"), toMs: try ms("2026-12-21")))
  }

  @Test func nightsAreLongerAndShorterWhenClocksAreChanged() throws {
    let freeze = try freezes("[[freeze]]\nfrom = \"22:00\"\nto = \"06:00\"\nzone = \"Europe/Berlin\"")[0]
    func length(_ from: String, _ to: String) throws -> [Int64] {
      try held(freeze, from: from, to: to).map { ($0.upperBound - $0.lowerBound + 60_000) / hour }
    }
    #expect(try length("2026-06-01T12:00", "2026-06-02T12:00") == [8])
    #expect(try length("2026-03-28T12:00", "2026-03-29T12:00") == [7])
    #expect(try length("2026-10-24T12:00", "2026-10-25T12:00") == [9])
    #expect(freeze.end(at: try ms("2026-10-24T21:00")) == (try ms("2026-10-25T05:00")))
  }

  @Test func anHourThatComesTwiceOrNever() throws {
    let zone = "zone = \"Europe/Berlin\""
    let once = try freezes("[[freeze]]\nfrom = \"2026-10-25T02:30\"\nto = \"2026-10-25T02:45\"\n\(zone)")[0]
    // From the first coming of the one to the second of the other.
    #expect(once.times == .once(fromMs: try ms("2026-10-25T00:30"), toMs: try ms("2026-10-25T01:45")))
    let daily = try freezes("[[freeze]]\nfrom = \"02:15\"\nto = \"02:45\"\n\(zone)")[0]
    #expect(try held(daily, from: "2026-03-29T00:00", to: "2026-03-29T12:00").isEmpty)
    #expect(try held(daily, from: "2026-03-30T00:00", to: "2026-03-30T12:00").count == 1)
  }

  @Test func daysOfTheWeek() throws {
    let weekend = try freezes("[[freeze]]\ndays = [\"sat\", \"sun\"]\nzone = \"America/New_York\"")[0]
    let found = try held(weekend, from: "2026-11-20T00:00", to: "2026-11-24T12:00")
    #expect(found == [(try ms("2026-11-21T05:00"))...(try ms("2026-11-23T04:59"))])
    // Over midnight into a day that is not named.
    let friday = try freezes("[[freeze]]\ndays = [\"fri\"]\nfrom = \"18:00\"\nto = \"09:00\"")[0]
    #expect(
      try held(friday, from: "2026-11-18T00:00", to: "2026-11-24T00:00")
        == [(try ms("2026-11-20T18:00"))...(try ms("2026-11-21T08:59"))])
  }

  @Test func itHoldsForTheNamedKeysAndEnvironments() throws {
    let freeze = try freezes("[[freeze]]\nfrom = \"2026-12-20\"\nto = \"2026-12-21\"\nkeys = [\"a\"]")[0]
    let time = try ms("2026-12-20T10:00")
    #expect(freeze.holds(at: time, key: "a", environment: nil))
    #expect(!freeze.holds(at: time, key: "b", environment: nil))
  }

  @Test(arguments: [
    ("from = \"2026-12-20\"\nto = \"2026-12-19\"", "to must be later than from"),
    ("from = \"2026-12-20\"\nto = \"2026-12-21\"\nzone = \"Europe/Berlinn\"", "knows no time zone 'Europe/Berlinn'"),
    ("from = \"2026-12-20T10:00:00Z\"\nto = \"2026-12-21\"\nzone = \"Europe/Berlin\"", "names an offset"),
    ("days = [\"someday\"]", "is no day of the week"), ("from = \"22:00\"\nto = \"22:00\"", "never ends"),
    ("from = \"25:00\"\nto = \"06:00\"", "must be a time of day"), ("to = \"2026-12-21\"", "has no from"),
    ("from = \"2026-12-20\"\nto = \"2026-12-21\"\nenvironments = [\"prodution\"]", "no key is in the environment"),
  ])
  func mistakesAreNamed(_ fields: String, _ reason: String) throws {
    let errors = #expect(throws: ConfigurationErrors.self) { try freezes("[[freeze]]\n\(fields)") }
    #expect(errors?.mistakes.contains { $0.reason.contains(reason) } == true, "\(errors?.description ?? "")")
  }
}

@Suite struct BudgetTests {
  private let start: Int64 = 1_780_000_000_000

  private func keys(_ count: Int, maximumAge: Int64 = 90 * 86_400_000, provider: String = "x") -> [ConfiguredKey] {
    (0..<count).map { index in
      var policy = KeyPolicy()
      policy.maximumAgeMs = maximumAge
      return ConfiguredKey(
        name: "\(provider)\(1_000 + index)", provider: provider, environment: "production", variable: "K\(index)",
        files: ["/f"], policy: policy)
    }
  }

  @Test func theLongestOverdueGoFirstAndNobodyStarves() throws {
    let world = try World()
    let ledger = try world.ledger()
    let keys = keys(5)
    let configuration = Configuration(path: "/c", keys: keys, budget: RotationBudget(perRun: 2))
    for (index, key) in keys.enumerated() {
      try ledger.setInventory(InventoryRecord(key: key.name, firstSeenMs: start - Int64(200 - index) * day))
    }
    var now = start
    var turns: [String] = []
    // Every attempt fails: each key has its turn before any has its second.
    for _ in 0..<5 {
      let choice = try Due.choose(configuration, ledger, nowMs: now)
      #expect(choice.keys.count == 2 && choice.waiting.count == 3)
      for key in choice.keys {
        turns.append(key.name)
        var known = try #require(try ledger.inventory(key.name))
        known.lastAttemptMs = now + Int64(turns.count)
        try ledger.setInventory(known)
      }
      now += hour
    }
    #expect(Set(turns.prefix(5)).count == 5)
    #expect(Array(turns.prefix(5)) == keys.map(\.name))
    #expect(turns.suffix(5) == turns.prefix(5))
  }

  @Test func theHourlyBudgetOfOneProviderHoldsUpNoOther() throws {
    let world = try World()
    let ledger = try world.ledger()
    let all = keys(4, provider: "a") + keys(4, provider: "b")
    for key in all { try ledger.setInventory(InventoryRecord(key: key.name, firstSeenMs: start - 100 * day)) }
    let configuration = Configuration(
      path: "/c", keys: all, budget: RotationBudget(perProviderHour: 1, providers: ["b": 3]))
    let choice = try Due.choose(configuration, ledger, nowMs: start)
    #expect(choice.keys.map(\.provider) == ["a", "b", "b", "b"])
    #expect(choice.waiting.allSatisfy { $0.reason.contains("an hour at") })
    // What was begun within the hour counts, whatever became of it.
    let rotated = try world.rotator().rotate(world.key, reason: "manual")
    #expect(rotated.outcome == .done)
    var key = world.key
    key.policy.maximumAgeMs = 60_000
    let again = Configuration(path: "/c", keys: [key], budget: RotationBudget(perProviderHour: 1))
    world.clock.advance(milliseconds: 20 * 60_000)
    #expect(try Due.choose(again, ledger, nowMs: world.clock.now()).keys.isEmpty)
    world.clock.advance(milliseconds: 60 * 60_000)
    #expect(try Due.choose(again, ledger, nowMs: world.clock.now()).keys.count == 1)
  }

  @Test func theForecastCutsAllKeysOffAlike() throws {
    let ledger = try World().ledger()
    let keys = keys(10, maximumAge: 60_000)
    let configuration = Configuration(path: "/c", keys: keys)
    let forecast = try Due.forecast(configuration, ledger, nowMs: start, untilMs: start + day, maximum: 55)
    #expect(forecast.rotations.count == 55)
    let counts = Dictionary(grouping: forecast.rotations, by: \.name).mapValues(\.count)
    #expect(counts.count == 10 && counts.values.allSatisfy { (5...6).contains($0) })
    #expect(forecast.cutOffMs == start + 6 * 60_000)
    #expect(forecast.rotations.map(\.timeMs) == forecast.rotations.map(\.timeMs).sorted())
    #expect(try Due.forecast(configuration, ledger, nowMs: start, untilMs: start + 300_000).cutOffMs == nil)
  }

  @Test func theForecastKeepsTheBudget() throws {
    let ledger = try World().ledger()
    let configuration = Configuration(
      path: "/c", keys: keys(5, maximumAge: day), budget: RotationBudget(perProviderHour: 2))
    let forecast = try Due.forecast(configuration, ledger, nowMs: start, untilMs: start + day + 12 * hour)
    #expect(forecast.rotations.map { ($0.timeMs - start - day) / hour } == [0, 0, 1, 1, 2])
    #expect(forecast.rotations.map(\.delayedBy) == [nil, nil, "budget", "budget", "budget"])
  }

  @Test func aHundredThousandKeysAreForetoldAtOnce() throws {
    let ledger = try World().ledger()
    let configuration = Configuration(path: "/c", keys: keys(20_000, maximumAge: 30 * day))
    let forecast = try Due.forecast(configuration, ledger, nowMs: start, untilMs: start + 90 * day)
    #expect(forecast.rotations.count == 40_000)
  }
}
