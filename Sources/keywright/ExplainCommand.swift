// keywright explain: why a finding is one, piece by piece.

internal import ArgumentParser
internal import BuiltinRules
internal import Git
internal import Model
internal import Report
internal import RuleBook
internal import Scanning

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say why a finding is one: the rule, what it rests on, and for the generic case each piece of evidence.",
    discussion: """
      The finding is named by its fingerprint, or by the beginning of it. The place is read again; nothing is sent.
      A weight is what a piece of evidence adds to (or takes from) the natural logarithm of the odds.

      Example: keywright scan --output scan.json; keywright explain scan.json 5f3a
      """)

  @Argument(
    help: ArgumentHelp("A JSON report of scan or verify.", valueName: "report"), completion: Completions.reports)
  var report: String
  @Argument(help: ArgumentHelp("The finding's fingerprint, or its beginning.", valueName: "fingerprint")) var finding:
    String
  @Option(help: ArgumentHelp("Read from this repository instead of the one the report names.", valueName: "path"))
  var repository: String?

  func run() throws {
    let scanned = try ReportFile.read(report)
    let found = try chosen(scanned)
    Console.write(TextReport(colour: Console.colour).card(found))
    Console.write("  flagged because \(found.confidence.reason)\n")
    let rule = BuiltinRules.ruleBook[found.rule]
    if let rule {
      Console.write("  rule \(rule.id) of \(rule.provider): \(printable(rule.name))\n")
      if !rule.source.isEmpty { Console.write("  documented at \(printable(rule.source))\n") }
      if let checksum = rule.checksum { Console.write("  checked by its \(checksum.rawValue)\n") }
    }
    guard rule?.kind == .detector else { return }
    let reader = OccurrenceReader(
      target: repository ?? scanned.target, rules: BuiltinRules.ruleBook.rules,
      environment: GitEnvironment(Surroundings.all))
    guard let evidence = found.occurrences.lazy.compactMap({ reader.evidence($0) }).first else {
      return Console.note("no more is known: a grammar claims it, or its place can't be read any more")
    }
    Console.write("  evidence (weight, what, how much of it):\n")
    for piece in evidence.prefix(ExplainCommand.maximumPieces) {
      Console.write("    \(weight(piece.score))  \(piece.name) = \(piece.value)\n")
    }
    let rest = evidence.dropFirst(ExplainCommand.maximumPieces)
    if !rest.isEmpty {
      Console.write("    \(weight(rest.reduce(0) { $0 + $1.score }))  \(rest.count) smaller pieces\n")
    }
  }

  private static let maximumPieces = 20

  private func chosen(_ scanned: ScanReport) throws -> Finding {
    let matches = scanned.findings.filter { $0.fingerprint.hasPrefix(finding.lowercased()) }
    guard let first = matches.first else {
      throw Failure(
        .usage, "the report has no finding \(printable(finding))", hint: "the text report shows each fingerprint")
    }
    guard matches.count == 1 else {
      throw Failure(.usage, "\(matches.count) findings begin with \(printable(finding))", hint: "give more digits")
    }
    return first
  }

  /// The score in natural units with two decimals: `+1.25`.
  private func weight(_ score: Int) -> String {
    let hundredths = abs(score) * 100 / 512
    let decimals = hundredths % 100
    return "\(score < 0 ? "-" : "+")\(hundredths / 100).\(decimals < 10 ? "0" : "")\(decimals)"
  }
}
