// Durations as people write them: `90d`, `15m`, `1h30m`.

/// Reads and writes durations.
public enum DurationText {
  private static let units: [(letter: Character, milliseconds: Int64)] = [
    ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000),
  ]

  /// Milliseconds; nil for anything but whole numbers with a unit each, the largest unit first, or `0`.
  public static func milliseconds(_ text: String) -> Int64? {
    if text == "0" { return 0 }
    var total: Int64 = 0
    var rest = text[...]
    var next = 0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      guard (1...9).contains(digits.count), let number = Int64(digits), let letter = rest.popFirst(),
        let unit = units[next...].firstIndex(where: { $0.letter == letter })
      else { return nil }
      total += number * units[unit].milliseconds
      next = unit + 1
    }
    return text.isEmpty || total > maximumMilliseconds ? nil : total
  }

  /// A hundred years: dates reckoned with it stay far from overflowing.
  static let maximumMilliseconds: Int64 = 100 * 366 * 86_400_000

  /// `90d`, `1h30m`, `0s`; parts of a second are left out.
  public static func text(milliseconds: Int64) -> String {
    var rest = max(milliseconds, 0)
    var text = ""
    for unit in units where rest >= unit.milliseconds && unit.letter != "w" {
      text += "\(rest / unit.milliseconds)\(unit.letter)"
      rest %= unit.milliseconds
    }
    return text.isEmpty ? "0s" : text
  }
}
