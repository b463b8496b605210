// `scan --stats`: what the scan cost, for people, on stderr.

internal import Matching
internal import Scanning

enum StatisticsText {
  private static let maximumRules = 20

  /// One line for each stage, the matcher's figures, the rules whose literals were met most.
  static func lines(_ statistics: ScanStatistics) -> [String] {
    var lines = statistics.stages.map { stage in
      var line = "stage \(stage.name): \(seconds(stage.processorMilliseconds)) s of processor time, "
      line += "\(seconds(stage.milliseconds)) s, \(stage.anonymousBytes >> 20) MiB of memory at its end"
      if stage.bytes > 0 {
        line += ", \(stage.bytes / 1_000_000) MB, \(stage.bytes / 1_000 / max(1, stage.milliseconds)) MB/s"
      }
      return line
    }
    guard let matching = statistics.matching else { return lines }
    let share = Int(statistics.touchedShare * 1_000)
    lines.append(
      "searched for literals: \(matching.searchedBytes / 1_000_000) MB of \(statistics.contentBytes / 1_000_000) MB; "
        + "\(matching.windows) windows of \(matching.windowBytes / 1_000_000) MB; touched in all: \(share / 10).\(share % 10)%"
    )
    lines.append(
      "taken over from deltas' bases: \(matching.inheritedHits) literals, \(matching.inheritedOutcomes) of them with "
        + "what they led to")
    let hits = zip(statistics.ruleNames, matching.hits).filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }
    for (rule, count) in hits.prefix(maximumRules) { lines.append("literals of \(rule): \(count)") }
    return lines
  }

  private static func seconds(_ milliseconds: Int64) -> String {
    let hundredths = milliseconds / 10
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }
}
