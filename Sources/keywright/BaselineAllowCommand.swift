// keywright baseline allow: one finding of what is staged is no key. For files that can hold no comment.

internal import ArgumentParser
internal import Git
internal import Model
internal import Posix
internal import Report
internal import Rotation
internal import Scanning
internal import Secrets

struct BaselineAllowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "allow",
    abstract: "Add one finding to the baseline, and say why: a staged one, or one of a report.",
    discussion: """
      The finding is named by its fingerprint, or by the beginning of it, as the hook or the report shows it. A baseline
      that is not there yet is begun. Commit it with what it allows.

      Example: keywright baseline allow 5f3a9c1e2b40 --reason 'the key of the documentation'
      """)

  @Argument(help: ArgumentHelp("The finding's fingerprint, or its beginning.", valueName: "fingerprint"))
  var finding: String
  @Option(help: "Why it needs no action.") var reason: String
  @Option(help: "Who answers for it.") var owner: String?
  @Option(help: ArgumentHelp("The last day on which the entry holds.", valueName: "YYYY-MM-DD")) var expires: String?
  @Option(
    help: ArgumentHelp("Take it from this JSON report instead of what is staged.", valueName: "report"),
    completion: Completions.reports)
  var report: String?
  @Option(
    name: [.customShort("b"), .long],
    help: ArgumentHelp("The baseline (default: \(Baseline.fileName) at the top).", valueName: "file"),
    completion: .file())
  var baseline: String?

  func validate() throws {
    guard expires.map(Baseline.isDay) ?? true else {
      throw ValidationError("--expires wants a day such as 2027-01-31")
    }
    guard reason.contains(where: { !$0.isWhitespace }) else { throw ValidationError("--reason says nothing") }
    guard reason != "<reason>" else { throw ValidationError("--reason wants yours in place of <reason>") }
    guard finding.utf8.count >= 6 else { throw ValidationError("give at least six digits of the fingerprint") }
  }

  func run() throws {
    let environment = GitEnvironment(Surroundings.all)
    guard let top = BaselineFile.top(of: ".", environment: environment) ?? baseline.map({ _ in "" }) else {
      throw Failure(.usage, "a bare repository has no place for a baseline", hint: "name one with --baseline FILE")
    }
    let file = baseline ?? top + Baseline.fileName
    var known = Files.exists(file) ? try BaselineFile.read(file) : Baseline()
    let (found, value) = try chosen(known.key, environment)
    let entry = BaselineEntry(
      fingerprint: known.key.fingerprint(value), rule: found.rule, reason: reason, owner: owner, expires: expires)
    if known.entries.contains(where: { $0.fingerprint == entry.fingerprint && $0.rule == entry.rule }) {
      throw Failure(.usage, "the baseline has it already", hint: "edit its line in \(file)")
    }
    known.add(entry)
    try BaselineCommand.write(known, to: file)
    Console.note("added to \(file); commit that with it: git add \(file)")
  }

  /// The one finding that is meant, and its value.
  private func chosen(_ key: FingerprintKey, _ environment: GitEnvironment) throws -> (Finding, Secret) {
    var scanned: ScanReport
    if let report {
      scanned = try ReportFile.read(report)
      ReportFile.recoverValues(&scanned, from: nil)
    } else {
      var options = ScanOptions()
      // With the same key as the hook: its baseline's, or the one from public facts.
      if Files.exists(baseline ?? (BaselineFile.top(of: ".", environment: environment) ?? "") + Baseline.fileName) {
        options.fingerprintKey = key
      }
      scanned = try Scans.run(options) {
        try Scanner.staged(".", environment: environment, program: $0, options: $1)
      }
    }
    let wanted = finding.lowercased()
    let matches = scanned.findings.filter { $0.fingerprint.hasPrefix(wanted) }
    guard let first = matches.first else {
      throw Failure(
        .usage, "no finding \(report == nil ? "of what is staged" : "of the report") begins with \(shortened(finding))",
        hint: report == nil ? "stage the file again, and see: keywright scan --staged" : nil)
    }
    guard matches.count == 1 else {
      throw Failure(.usage, "\(matches.count) findings begin with \(shortened(finding))", hint: "give more digits")
    }
    guard let value = first.secret else {
      throw Failure(.incomplete, "its value can't be read again", hint: "scan again: the repository has changed")
    }
    return (first, value)
  }
}

/// The configured keys among findings: what a hook can name for `keywright rotate`.
enum ConfiguredNames {
  /// Names by fingerprint. Whatever is wrong with the configuration or its files, it is no answer to a hook.
  static func of(_ findings: [Finding]) -> [String: String] {
    guard let file = try? ConfigurationPlaces.usable(), let configuration = try? ConfigurationOptions.parse(file) else {
      return [:]
    }
    var names: [String: String] = [:]
    for key in configuration.keys.prefix(1_000) {
      guard let value = try? KeyFiles.currentValue(key) else { continue }
      for finding in findings where finding.secret == value { names[finding.fingerprint] = key.name }
    }
    return names
  }
}
