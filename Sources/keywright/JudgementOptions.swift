// What decides which findings count: the baseline, the repository's own file, comments, the confidence asked for. Shared by
// scan, hook and gate.

internal import ArgumentParser
internal import BuiltinRules
internal import Git
internal import Model
internal import Posix
internal import Report
internal import Scanning

struct JudgementOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Leave out findings below this confidence (default: as configured, else context).", valueName: "level"))
  var minConfidence: ConfidenceLevel?

  @Option(
    name: [.customShort("b"), .long],
    help: ArgumentHelp(
      "Findings in this baseline do not count (default: \(Baseline.fileName) at the top of the repository, if there is one).",
      valueName: "file"), completion: .file())
  var baseline: String?

  @Flag(help: "Use no baseline, even if there is one.")
  var noBaseline = false

  @Flag(help: "Count findings on lines with a comment that allows them, too.")
  var ignoreAllowComments = false

  @Flag(
    help: ArgumentHelp(
      "Hear nothing of what the repository says of itself.",
      discussion:
        "Neither its \(GatePolicy.fileName), nor the baseline at its top, nor comments that allow a line: for a "
        + "repository that is not yours."))
  var noRepositoryConfig = false

  /// The baseline of what is being scanned; nil without one.
  func loadBaseline(for target: String, _ settings: Settings? = nil) throws -> Baseline? {
    if noBaseline { return nil }
    if let path = baseline ?? settings?.text(.baseline) { return try BaselineFile.read(path) }
    guard !isDeaf(settings), let path = BaselineFile.path(for: target) else { return nil }
    return try BaselineFile.read(path)
  }

  /// All that decides about a scan of `target`; nil stands for a stream.
  func judgement(for target: String?, environment: GitEnvironment = GitEnvironment()) throws -> Judgement {
    let settings = try Settings.load(for: target, environment: environment, hearsRepository: !noRepositoryConfig)
    var judgement = Judgement(settings: settings, least: settings.confidence(minConfidence))
    judgement.honoursComments = !ignoreAllowComments && !isDeaf(settings)
    judgement.hearsRepository = !isDeaf(settings)
    guard let target else {
      if let path = baseline, !noBaseline { judgement.baseline = try BaselineFile.read(path) }
      return judgement
    }
    judgement.baseline = try loadBaseline(for: target, settings)
    judgement.below = BaselineFile.below(target, environment: environment)
    return judgement
  }

  /// The least confidence that is told where no repository is heard.
  func leastConfidence() throws -> Confidence {
    try Settings.load(for: nil, hearsRepository: false).confidence(minConfidence)
  }

  private func isDeaf(_ settings: Settings?) -> Bool {
    noRepositoryConfig || settings.map { !$0.flag(.repositoryConfig) } ?? false
  }
}

/// What decides about one scan.
struct Judgement {
  let settings: Settings
  /// Findings below it are left out.
  let least: Confidence
  var baseline: Baseline?
  var honoursComments = true
  /// What is not asked about.
  var excluded = ExcludedPaths()
  /// Whether what the repository says of itself counts.
  var hearsRepository = true
  /// The directory that paths are said from, from the top of its repository, with a slash at its end.
  var below: [UInt8] = []

  /// Leaves out what is too weak, and marks what the baseline knows and what the repository's own file ignores. Says what
  /// was marked, and what is wrong with the baseline.
  func judge(_ report: inout ScanReport) {
    report.findings.removeAll { $0.confidence < least }
    excluded.apply(to: &report, below: below)
    ignore(&report)
    if let use = baseline?.apply(to: &report, today: Timestamp.day(SystemClock().now() / 1_000)) {
      for entry in use.expired {
        Console.note("the baseline's entry \(entry.fingerprint) (\(entry.rule)) has expired")
      }
      for entry in use.hidingLive {
        Console.note("the baseline hides a LIVE key: \(entry.fingerprint) (\(entry.rule))")
      }
    }
    RotatedFindings.mark(&report)
    sayWhatIsSuppressed(report)
  }

  private func ignore(_ report: inout ScanReport) {
    guard let repository = settings.repository else { return }
    for index in report.findings.indices where report.findings[index].isOpen {
      guard repository.policy.ignores(report.findings[index], below: below) else { continue }
      report.findings[index].suppression = Suppression(kind: .ignoreFile, reason: GatePolicy.fileName)
    }
    for mistake in repository.unknownRules(BuiltinRules.ruleBook) {
      Console.note(mistake.description + (mistake.hint.map { "; \($0)" } ?? ""))
    }
  }

  /// A repository may say that nothing need be done, but not in silence.
  private func sayWhatIsSuppressed(_ report: ScanReport) {
    let kinds: [(Suppression.Kind, String)] = [
      (.baseline, "the baseline"), (.ignoreFile, GatePolicy.fileName), (.inline, "comments"),
    ]
    let counts = kinds.compactMap { kind, name -> String? in
      let count = report.findings.count { $0.suppression?.kind == kind }
      return count == 0 ? nil : "\(count) by \(name)"
    }
    let rotated = report.findings.count { $0.suppression?.kind == .dead }
    if rotated > 0 { Console.note("\(rotated) rotated by this install, and proven dead") }
    if counts.isEmpty { return }
    Console.note("suppressed: \(counts.joined(separator: ", ")); --no-repository-config counts them")
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
  static func usualPath(for target: String) -> String? { top(of: target).map { $0 + Baseline.fileName } }

  /// The top of the repository that something lies in, or the directory itself, with a slash at its end; nil for a bare
  /// repository and for a stream.
  static func top(of target: String, environment: GitEnvironment = GitEnvironment()) -> String? {
    if target == "-" { return nil }
    if let repository = try? Repository.open(target, environment: environment) {
      return repository.workTree.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
    }
    let isFile = (try? Files.status(target).kind) == .regular
    return (isFile ? Files.parent(target) : target) + "/"
  }

  /// The way from the top of its repository down to a directory, with a slash at its end; empty at the top.
  static func below(_ target: String, environment: GitEnvironment = GitEnvironment()) -> [UInt8] {
    guard let top = top(of: target, environment: environment), let realTop = try? Files.realPath(top),
      let real = try? Files.realPath(target), real.hasPrefix(realTop + "/")
    else { return [] }
    return Array(real.utf8.dropFirst(realTop.utf8.count + 1)) + [0x2f]
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
