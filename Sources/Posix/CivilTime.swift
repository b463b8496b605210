// Days and times of day by plain arithmetic, in the proleptic Gregorian calendar: what time zones and schedules reckon with.

/// A date and a time of day, in no zone.
public struct CivilTime: Sendable, Equatable {
  /// The year.
  public var year: Int
  /// 1 to 12.
  public var month: Int
  /// 1 to 31.
  public var day: Int
  /// Seconds since midnight.
  public var second: Int

  /// A time as given.
  public init(year: Int, month: Int, day: Int, second: Int = 0) {
    self.year = year
    self.month = month
    self.day = day
    self.second = second
  }

  /// The time that a clock without a zone shows so many seconds after the beginning of 1970.
  public init(seconds: Int64) {
    let days = CivilTime.floorDivide(seconds, 86_400)
    // Years that start in March have the leap day last; 400 years are 146,097 days.
    let shifted = days + 719_468
    let era = CivilTime.floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let part = (5 * dayOfYear + 2) / 153
    month = Int(part < 10 ? part + 3 : part - 9)
    day = Int(dayOfYear - (153 * part + 2) / 5 + 1)
    year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    second = Int(seconds - days * 86_400)
  }

  /// Seconds since the beginning of 1970 on a clock without a zone.
  public var seconds: Int64 {
    let shifted = Int64(month <= 2 ? year - 1 : year)
    let era = CivilTime.floorDivide(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * Int64(month > 2 ? month - 3 : month + 9) + 2) / 5 + Int64(day) - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    return days * 86_400 + Int64(second)
  }

  /// The day of the week, Sunday is 0.
  public var weekday: Int {
    let days = CivilTime.floorDivide(seconds, 86_400)
    return Int(((days + 4) % 7 + 7) % 7)
  }

  /// Reads `2026-12-20`, `2026-12-20T18:00` and `2026-12-20T18:00:00`; nil for anything else, and for days that are none.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    func number(_ from: Int, _ count: Int) -> Int? {
      var value = 0
      for offset in from..<from + count {
        guard (0x30...0x39).contains(bytes[offset]) else { return nil }
        value = value * 10 + Int(bytes[offset] - 0x30)
      }
      return value
    }
    guard [10, 16, 19].contains(bytes.count), bytes[4] == 0x2d, bytes[7] == 0x2d, let year = number(0, 4),
      let month = number(5, 2), let day = number(8, 2)
    else { return nil }
    self.init(year: year, month: month, day: day)
    if bytes.count > 10 {
      guard bytes[10] == 0x54, bytes[13] == 0x3a, let hour = number(11, 2), let minute = number(14, 2), hour < 24,
        minute < 60
      else { return nil }
      second = hour * 3_600 + minute * 60
      if bytes.count == 19 {
        guard bytes[16] == 0x3a, let rest = number(17, 2), rest < 60 else { return nil }
        second += rest
      }
    }
    guard CivilTime(seconds: seconds) == self else { return nil }
  }

  static func floorDivide(_ value: Int64, _ by: Int64) -> Int64 {
    value / by - (value % by < 0 ? 1 : 0)
  }
}
