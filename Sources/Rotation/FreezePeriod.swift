// Times in which nothing that is merely due is begun: once, or again and again, by the clocks of a named time zone.

internal import Formats
internal import Model
public import Posix

/// A period in which no scheduled rotation begins. What a person asks for, and what has leaked, is not held back.
public struct FreezePeriod: Sendable, Equatable {
  /// When it holds.
  public enum Times: Sendable, Equatable {
    /// From a moment up to another, in milliseconds since 1970.
    case once(fromMs: Int64, toMs: Int64)
    /// On each of some days of the week (Sunday is 0), from a time of day (seconds since midnight) to another, by the clocks
    /// of a zone. Where the end is not later than the beginning, it lies on the next day.
    case weekly(days: Set<Int>, from: Int, to: Int, zone: TimeZoneRules)
  }

  /// Why, for people.
  public var reason: String
  /// When.
  public var times: Times
  /// The environments that it holds for; empty for all.
  public var environments: [String]
  /// The keys that it holds for; empty for all.
  public var keys: [String]

  /// A period that holds again and again, or once.
  public init(reason: String, times: Times, environments: [String] = [], keys: [String] = []) {
    self.reason = reason
    self.times = times
    self.environments = environments
    self.keys = keys
  }

  /// A period that holds once, in milliseconds since 1970.
  public init(reason: String, fromMs: Int64, toMs: Int64, environments: [String] = []) {
    self.init(reason: reason, times: .once(fromMs: fromMs, toMs: toMs), environments: environments)
  }

  /// Whether it holds at a moment for a key.
  public func holds(at timeMs: Int64, key: String, environment: String?) -> Bool {
    concerns(key, environment) && end(at: timeMs) != nil
  }

  /// Whether it is about a key at all.
  public func concerns(_ key: String, _ environment: String?) -> Bool {
    (environments.isEmpty || environment.map(environments.contains) ?? false) && (keys.isEmpty || keys.contains(key))
  }

  /// The first moment after the period that holds at a moment, in milliseconds since 1970; nil where none holds.
  public func end(at timeMs: Int64) -> Int64? {
    switch times {
    case .once(let from, let to): return (from..<to).contains(timeMs) ? to : nil
    case .weekly(let days, let from, let to, let zone):
      let seconds = timeMs >= 0 ? timeMs / 1_000 : (timeMs - 999) / 1_000
      let today = zone.civil(at: seconds)
      let midnight = CivilTime(year: today.year, month: today.month, day: today.day).seconds
      var latest: Int64?
      // One that began yesterday may go on today, and clocks may have been changed meanwhile.
      for day in [-2, -1, 0, 1] {
        let start = CivilTime(seconds: midnight + Int64(day) * 86_400)
        guard days.contains(start.weekday) else { continue }
        let length = Int64(to > from ? to : to + 86_400)
        let begin = zone.moments(showing: CivilTime(seconds: start.seconds + Int64(from))).lowerBound
        let end = zone.moments(showing: CivilTime(seconds: start.seconds + length)).upperBound
        if seconds >= begin, seconds < end { latest = max(latest ?? end, end) }
      }
      return latest.map { $0 * 1_000 }
    }
  }
}

extension FreezePeriod {
  private static let fields = ["reason", "from", "to", "days", "zone", "environments", "keys"]
  private static let weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

  static func read(_ node: Node, _ reader: inout ConfigurationReader) -> FreezePeriod? {
    reader.allow(fields, in: node, of: "[[freeze]]")
    let environments = reader.texts("environments", in: node).map(\.text)
    let keys = reader.texts("keys", in: node).map(\.text)
    let reason = reader.text("reason", in: node) ?? "freeze"
    let zone = zone(node, &reader)
    let isWeekly = node["days"] != nil || node["from"]?.string?.utf8.count == 5
    guard let times = isWeekly ? weekly(node, zone, &reader) : once(node, zone, &reader) else { return nil }
    return FreezePeriod(reason: reason, times: times, environments: environments, keys: keys)
  }

  private static func zone(_ node: Node, _ reader: inout ConfigurationReader) -> TimeZoneRules? {
    guard let value = node["zone"] else { return .utc }
    guard let name = reader.text("zone", in: node) else { return nil }
    if let zone = TimeZoneRules(named: name) { return zone }
    reader.mistake(
      value, "this system knows no time zone '\(ConfigurationReader.shown(name))'",
      hint: "write it as in \"Europe/Berlin\"; the package tzdata holds them")
    return nil
  }

  private static func once(_ node: Node, _ zone: TimeZoneRules?, _ reader: inout ConfigurationReader) -> Times? {
    let from = moment("from", in: node, zone, isEnd: false, &reader)
    let to = moment("to", in: node, zone, isEnd: true, &reader)
    guard let from, let to else { return nil }
    guard from < to else {
      reader.mistake(node["to"] ?? node, "to must be later than from")
      return nil
    }
    return .once(fromMs: from * 1_000, toMs: to * 1_000)
  }

  /// In seconds since 1970. An hour that comes twice counts from its first coming to its second.
  private static func moment(
    _ field: String, in node: Node, _ zone: TimeZoneRules?, isEnd: Bool, _ reader: inout ConfigurationReader
  ) -> Int64? {
    guard let text = reader.requiredText(field, in: node, of: "[[freeze]]"), let zone else { return nil }
    if let civil = CivilTime(text) {
      let moments = zone.moments(showing: civil)
      return isEnd ? moments.upperBound : moments.lowerBound
    }
    if let parsed = Timestamp.parse(text), Timestamp.iso8601(parsed.seconds, zone: parsed.zone) == text {
      guard node["zone"] == nil else {
        reader.mistake(
          node[field] ?? node, "\(field) names an offset, and the freeze a zone", hint: "leave one of them out")
        return nil
      }
      return parsed.seconds
    }
    reader.mistake(
      node[field] ?? node, "\(field) must be a date or a time in quotes",
      hint:
        "such as \"2026-12-20\", \"2026-12-20T18:00\" with zone = \"Europe/Berlin\", or \"2026-12-20T18:00:00+01:00\"")
    return nil
  }

  private static func weekly(_ node: Node, _ zone: TimeZoneRules?, _ reader: inout ConfigurationReader) -> Times? {
    var days: Set<Int> = node["days"] == nil ? Set(0..<7) : []
    for item in reader.texts("days", in: node) {
      if let day = weekdays.firstIndex(of: item.text.lowercased()) {
        days.insert(day)
      } else {
        reader.mistake(
          item.line, "'\(ConfigurationReader.shown(item.text))' is no day of the week",
          hint: "known: \(weekdays.joined(separator: ", "))")
      }
    }
    let from = clock("from", in: node, &reader)
    let to = clock("to", in: node, &reader)
    guard let zone, let from, let to else { return nil }
    if days.isEmpty {
      if node["days"]?.array?.isEmpty == true { reader.mistake(node["days"] ?? node, "days is empty") }
      return nil
    }
    if days.count == 7, from == to {
      reader.mistake(node, "this freeze never ends", hint: "give it days, or from and to")
      return nil
    }
    return .weekly(days: days, from: from, to: to, zone: zone)
  }

  /// `22:00` in seconds since midnight; midnight where the field is missing.
  private static func clock(_ field: String, in node: Node, _ reader: inout ConfigurationReader) -> Int? {
    guard let value = node[field] else { return 0 }
    guard let text = reader.text(field, in: node) else { return nil }
    guard text.utf8.count == 5, let time = CivilTime("2000-01-01T\(text)") else {
      reader.mistake(value, "\(field) must be a time of day in quotes", hint: "such as \"22:00\"")
      return nil
    }
    return time.second
  }
}
