// Dates as reports write them: ISO 8601 by plain arithmetic, without a calendar library's tables and start-up cost.

/// Writes and reads the dates of reports.
public enum Timestamp {
  /// `2026-11-24T05:48:12+01:00`, or with `Z` for UTC.
  ///
  /// - Parameters:
  ///   - seconds: seconds since 1970; may be negative. What lies outside the years 0 to 9999 is clamped to them.
  ///   - zone: the offset from UTC in minutes; what lies outside a day is taken as UTC.
  public static func iso8601(_ seconds: Int64, zone: Int = 0) -> String {
    let offset = abs(zone) < 24 * 60 ? zone : 0
    let earliest: Int64 = -62_167_219_200
    let latest: Int64 = 253_402_300_799
    let local = min(max(seconds, earliest + 86_400), latest - 86_400) + Int64(offset) * 60
    let days = Int((local - floorMod(local, 86_400)) / 86_400)
    let second = Int(floorMod(local, 86_400))
    let date = civil(days)
    let time = "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
    let suffix = offset == 0 ? "Z" : "\(offset < 0 ? "-" : "+")\(two(abs(offset) / 60)):\(two(abs(offset) % 60))"
    return "\(four(date.year))-\(two(date.month))-\(two(date.day))T\(time)\(suffix)"
  }

  /// The day alone.
  public static func day(_ seconds: Int64, zone: Int = 0) -> String {
    String(iso8601(seconds, zone: zone).prefix(10))
  }

  /// Reads what ``iso8601(_:zone:)`` writes; nil for anything else.
  public static func parse(_ text: String) -> (seconds: Int64, zone: Int)? {
    let bytes = Array(text.utf8)
    func number(_ from: Int, _ count: Int) -> Int? {
      guard from + count <= bytes.count else { return nil }
      return Int(String(decoding: bytes[from..<from + count], as: UTF8.self))
    }
    guard bytes.count == 20 || bytes.count == 25, let year = number(0, 4), let month = number(5, 2),
      let day = number(8, 2), let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    var zone = 0
    if bytes.count == 25 {
      guard let hours = number(20, 2), let minutes = number(23, 2) else { return nil }
      zone = (hours * 60 + minutes) * (bytes[19] == 0x2d ? -1 : 1)
    }
    let seconds = Int64(daysSince1970(year, month, day)) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    return (seconds - Int64(zone) * 60, zone)
  }

  // Days to dates and back in the proleptic Gregorian calendar, with years that start in March so that the leap day
  // comes last: 400 years are 146,097 days.
  /// The date of a day counted from 1 January 1970.
  public static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func floorMod(_ value: Int64, _ modulus: Int64) -> Int64 {
    let rest = value % modulus
    return rest < 0 ? rest + modulus : rest
  }
  private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
  private static func four(_ value: Int) -> String {
    String(repeating: "0", count: max(0, 4 - "\(value)".count)) + "\(value)"
  }
}
