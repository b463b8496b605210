// The rule that holds after a zone's last written change, in POSIX' notation: `CET-1CEST,M3.5.0,M10.5.0/3`.

struct TimeZoneFooter: Sendable, Equatable {
  /// Seconds east of UTC out of summer time.
  let standard: Int
  private let summer: Summer?

  private struct Summer: Sendable, Equatable {
    var offset: Int
    var begin: Day
    var end: Day
  }

  /// A day of the year and a time, at which clocks are changed.
  private struct Day: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
      /// 1 to 365, the 29th of February never counted.
      case julian(Int)
      /// 0 to 365.
      case ordinal(Int)
      /// A weekday's first to fifth (which is the last) time in a month.
      case weekday(month: Int, week: Int, day: Int)
    }
    var kind: Kind
    /// Seconds since midnight, by the clocks before the change; may be negative, or more than a day.
    var second: Int

    /// On a clock without a zone.
    func seconds(_ year: Int) -> Int64 {
      let start = CivilTime(year: year, month: 1, day: 1).seconds
      let march = CivilTime(year: year, month: 3, day: 1).seconds
      let days: Int64
      switch kind {
      case .ordinal(let day): days = Int64(day)
      case .julian(let day): days = Int64(day - 1) + (day > 59 && march - start == 60 * 86_400 ? 1 : 0)
      case .weekday(let month, let week, let day):
        let first = CivilTime(year: year, month: month, day: 1)
        var date = 1 + (day - first.weekday + 7) % 7 + (week - 1) * 7
        let next =
          month == 12 ? CivilTime(year: year + 1, month: 1, day: 1) : CivilTime(year: year, month: month + 1, day: 1)
        let length = Int((next.seconds - first.seconds) / 86_400)
        while date > length { date -= 7 }
        days = (first.seconds - start) / 86_400 + Int64(date - 1)
      }
      return start + days * 86_400 + Int64(second)
    }
  }

  init?(_ text: String) {
    var parser = FooterParser(text)
    guard parser.name(), let offset = parser.time(limit: 25) else { return nil }
    standard = -offset
    if parser.isAtEnd {
      summer = nil
      return
    }
    guard parser.name() else { return nil }
    var summerOffset = -offset + 3_600
    if parser.peek != 0x2c, !parser.isAtEnd {
      guard let own = parser.time(limit: 25) else { return nil }
      summerOffset = -own
    }
    guard parser.accept(0x2c), let begin = TimeZoneFooter.day(&parser), parser.accept(0x2c),
      let end = TimeZoneFooter.day(&parser), parser.isAtEnd
    else { return nil }
    summer = Summer(offset: summerOffset, begin: begin, end: end)
  }

  func offset(at moment: Int64) -> Int {
    guard let summer else { return standard }
    let year = CivilTime(seconds: moment + Int64(standard)).year
    let begin = summer.begin.seconds(year) - Int64(standard)
    let end = summer.end.seconds(year) - Int64(summer.offset)
    // South of the equator summer goes over the turn of the year.
    let isSummer = begin < end ? moment >= begin && moment < end : moment >= begin || moment < end
    return isSummer ? summer.offset : standard
  }

  private static func day(_ parser: inout FooterParser) -> Day? {
    var kind: Day.Kind
    if parser.accept(0x4d) {
      guard let month = parser.number(1...12), parser.accept(0x2e), let week = parser.number(1...5),
        parser.accept(0x2e), let day = parser.number(0...6)
      else { return nil }
      kind = .weekday(month: month, week: week, day: day)
    } else if parser.accept(0x4a) {
      guard let day = parser.number(1...365) else { return nil }
      kind = .julian(day)
    } else {
      guard let day = parser.number(0...365) else { return nil }
      kind = .ordinal(day)
    }
    var second = 2 * 3_600
    if parser.accept(0x2f) {
      guard let own = parser.time(limit: 167) else { return nil }
      second = own
    }
    return Day(kind: kind, second: second)
  }
}

private struct FooterParser {
  private let bytes: [UInt8]
  private var at = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  var isAtEnd: Bool { at == bytes.count }
  var peek: UInt8 { at < bytes.count ? bytes[at] : 0 }

  mutating func accept(_ byte: UInt8) -> Bool {
    guard peek == byte, !isAtEnd else { return false }
    at += 1
    return true
  }

  /// A zone's abbreviation, which means nothing here.
  mutating func name() -> Bool {
    let start = at
    if accept(0x3c) {
      while !isAtEnd, peek != 0x3e { at += 1 }
      return accept(0x3e)
    }
    while (0x41...0x5a).contains(peek) || (0x61...0x7a).contains(peek) { at += 1 }
    return at - start >= 3
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int? {
    var value = 0
    let start = at
    while (0x30...0x39).contains(peek), at - start < 4 {
      value = value * 10 + Int(peek - 0x30)
      at += 1
    }
    return at > start && range.contains(value) ? value : nil
  }

  /// `[+-]hh[:mm[:ss]]` in seconds.
  mutating func time(limit: Int) -> Int? {
    let isNegative = peek == 0x2d
    if isNegative || peek == 0x2b { at += 1 }
    guard var total = number(0...limit) else { return nil }
    total *= 3_600
    if accept(0x3a) {
      guard let minutes = number(0...59) else { return nil }
      total += minutes * 60
      if accept(0x3a) {
        guard let seconds = number(0...59) else { return nil }
        total += seconds
      }
    }
    return isNegative ? -total : total
  }
}
