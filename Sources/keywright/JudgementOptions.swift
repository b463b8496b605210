// What decides which findings count: the baseline, comments, the confidence asked for. Shared by scan, hook and gate.

internal import ArgumentParser
internal import Git
internal import Model
internal import Posix
internal import Report
internal import Scanning

struct JudgementOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Leave out findings below this confidence.", valueName: "level"))
  var minConfidence: ConfidenceLevel = .context

  @Option(
    name: [.customShort("b"), .long],
    help: ArgumentHelp(
      "Findings in this baseline do not count (default: \(Baseline.fileName) at the top of the repository, if there is one).",
      valueName: "file"))
  var baseline: String?

  @Flag(help: "Use no baseline, even if there is one.")
  var noBaseline = false

  @Flag(help: "Count findings on lines with a comment that allows them, too.")
  var ignoreAllowComments = false

  /// The baseline of what is being scanned; nil without one.
  func loadBaseline(for target: String) throws -> Baseline? {
    if noBaseline { return nil }
    guard let path = baseline ?? BaselineFile.path(for: target) else { return nil }
    return try BaselineFile.read(path)
  }

  /// Leaves out what is too weak, and marks what the baseline knows. Says what is wrong with the baseline.
  func judge(_ report: inout ScanReport, _ baseline: Baseline?) {
    report.findings.removeAll { $0.confidence < minConfidence.confidence }
    guard let use = baseline?.apply(to: &report, today: Timestamp.day(SystemClock().now() / 1_000)) else { return }
    for entry in use.expired { Console.note("the baseline's entry \(entry.fingerprint) (\(entry.rule)) has expired") }
    for entry in use.hidingLive { Console.note("the baseline hides a LIVE key: \(entry.fingerprint) (\(entry.rule))") }
  }
}

/// The baseline on disk.
enum BaselineFile {
  /// The usual place, where a file is there.
  static func path(for target: String) -> String? {
    guard let place = usualPath(for: target), Files.exists(place) else { return nil }
    return place
  }

  /// Where the baseline of a repository (or directory) belongs; nil for a bare repository and for a stream.
  static func usualPath(for target: String) -> String? {
    if target == "-" { return nil }
    if let repository = try? Repository.open(target, environment: GitEnvironment()) {
      guard let top = repository.workTree else { return nil }
      return (top.hasSuffix("/") ? top : top + "/") + Baseline.fileName
    }
    return target + "/" + Baseline.fileName
  }

  static func read(_ path: String) throws -> Baseline {
    do {
      return try Baseline(try Files.read(path, maximumBytes: Baseline.maximumBytes), name: path)
    } catch let error as BaselineErrors {
      throw Failure(
        .usage, error.mistakes.joined(separator: "\nkeywright: "), hint: "keywright baseline create writes a new one")
    } catch {
      throw Failure(.usage, "\(error)", hint: "write one with: keywright baseline create")
    }
  }
}
