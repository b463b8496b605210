// keywright rotate: new key, new files, old key proven dead.

internal import ArgumentParser
internal import Ledger
internal import Model
internal import Posix
internal import Rotation
internal import Secrets
internal import Synchronization

struct RotateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Replace keys at their services and in their files, and prove the old ones dead.",
    discussion: """
      Name configured keys, or take what is due (--due), or what a report of scan says has leaked (--leaked).
      --plan says what would be sent and written, and does nothing. What was interrupted is finished by resume, which
      --due does first.

      Exit status: 0 done or nothing due, 2 configuration, 4 not finished (run resume), 5 a person is needed, 6 the old
      key still works, 75 locked by another run, 130 interrupted.
      """)

  @Argument(help: ArgumentHelp("Names of configured keys.", valueName: "name"), completion: Completions.keys)
  var names: [String] = []

  @Flag(help: "Rotate what is older than its max_age. Safe to call at any time.")
  var due = false

  @Option(
    help: ArgumentHelp("Rotate the configured keys whose values a report of scan or verify holds.", valueName: "report")
  )
  var leaked: String?

  @Option(
    help: ArgumentHelp(
      "With --leaked: read the values from this repository instead of the report's.", valueName: "path"))
  var repository: String?

  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  @Flag(help: "Say what would be sent and written, and do nothing.")
  var plan = false

  @Option(
    help: ArgumentHelp("How long the service is to keep the old value alive, such as 15m.", valueName: "duration"))
  var grace: String?

  @Flag(help: "Write to files that git tracks too: the next commit would then publish the new value.")
  var allowTracked = false

  @Option(help: "text or json (default: text).")
  var format: ListFormat?

  @Option(name: [.short, .long], help: ArgumentHelp("Write the JSON report there (mode 0600).", valueName: "file"))
  var output: String?

  func validate() throws {
    guard [!names.isEmpty, due, leaked != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("give names of keys, or --due, or --leaked REPORT")
    }
    guard repository == nil || leaked != nil else { throw ValidationError("--repository goes with --leaked") }
    if let grace {
      guard let milliseconds = DurationText.milliseconds(grace), milliseconds <= 7 * 86_400_000 else {
        throw ValidationError("--grace must be a duration up to 7d, such as 15m")
      }
    }
  }

  func run() throws {
    SignalWatch.install()
    let configuration = try configured.load()
    if plan { return try showPlans(configuration) }
    let ledger = try Wiring.ledger(stateOptions, configuration)
    let rotator = try Wiring.rotator(ledger, configuration, allowsTracked: allowTracked) { StatusLine.show($0) }
    defer { StatusLine.clear() }
    let session = RotationSession()
    if due { try ResumeCommand.resumeAll(ledger, rotator, session) }
    let chosen = try choose(configuration, ledger)
    let resumed = Set(session.reports.map(\.name))
    let (cause, graceMs) = (cause, grace.flatMap(DurationText.milliseconds))
    try session.work(on: chosen.keys.filter { !resumed.contains($0.name) }, name: \.name) { key in
      try rotator.rotate(key, reason: cause, graceMs: graceMs)
    }
    StatusLine.clear()
    writeMetrics(configuration, ledger)
    Hooks.tellFailures(session.reports, configuration, ledger)
    if chosen.keys.isEmpty && session.reports.isEmpty {
      Console.note(due ? "nothing is due" : "no configured key is among the findings")
    }
    try session.end(format: format, output: output)
    if chosen.isIncomplete { throw ExitStatus.incomplete }
  }

  private var cause: String { due ? "due" : leaked != nil ? "leaked" : "manual" }

  private func choose(
    _ configuration: Configuration, _ ledger: Ledger?
  ) throws -> (keys: [ConfiguredKey], isIncomplete: Bool) {
    if let leaked { return try LeakedKeys.choose(leaked, repository, configuration) }
    if due {
      // Without a ledger no key was ever seen, and ages count from when one is.
      guard let ledger else { return ([], false) }
      do throws(LedgerError) {
        let now = SystemClock().now()
        if !plan { try Due.takeStock(configuration, ledger, nowMs: now) }
        let choice = try Due.choose(configuration, ledger, nowMs: now)
        for held in choice.waiting { Console.note("\(held.name) is due, but waits: \(held.reason)") }
        return (choice.keys, false)
      } catch {
        throw Failure(error)
      }
    }
    let keys = try names.map { name in
      guard let key = configuration.key(named: name) else {
        let known = configuration.keys.map(\.name)
        throw Failure(
          .usage, "no key is named '\(RotationText.printed(name))' in \(configuration.path)",
          hint: known.isEmpty
            ? "it has no [[key]] at all"
            : Near.hint(name, among: known) ?? "it has: \(known.prefix(20).joined(separator: ", "))")
      }
      return key
    }
    var seen: Set<String> = []
    return (keys.filter { seen.insert($0.name).inserted }, false)
  }

  private func showPlans(_ configuration: Configuration) throws {
    let ledger = try Wiring.existingLedger(stateOptions, configuration)
    let planner = Wiring.planner(ledger, allowsTracked: allowTracked)
    let keys = try choose(configuration, ledger).keys
    if keys.isEmpty { Console.note("nothing would be done") }
    for key in keys {
      do {
        for line in try planner.plan(key, reason: cause, graceMs: grace.flatMap(DurationText.milliseconds)).lines {
          Console.write(RotationText.printed(line) + "\n")
        }
      } catch let refusal as RotationRefusal {
        throw Failure(refusal)
      } catch let error as LedgerError {
        throw Failure(error)
      }
    }
    Console.note("a plan: nothing was sent, and nothing was written")
  }

  private func writeMetrics(_ configuration: Configuration, _ ledger: Ledger) {
    do {
      try RotationMetrics.write(configuration, ledger, nowMs: SystemClock().now())
    } catch {
      Console.note("the metrics were not written: \(error)")
    }
  }
}

/// The configured keys among a report's findings.
enum LeakedKeys {
  static func choose(
    _ path: String, _ repository: String?, _ configuration: Configuration
  ) throws -> (keys: [ConfiguredKey], isIncomplete: Bool) {
    var report = try ReportFile.read(path, repository: repository)
    ReportFile.recoverValues(&report, from: repository)
    let unread = report.findings.count { $0.secret == nil }
    if unread > 0 { Console.note("the values of \(unread) findings could not be read again") }
    var chosen: [(key: ConfiguredKey, exposure: Int)] = []
    var matched: Set<String> = []
    var isIncomplete = unread > 0
    for key in configuration.keys {
      let value: Secret
      do throws(RotationRefusal) { value = try KeyFiles.currentValue(key) } catch {
        Console.complain("\(key.name) could not be compared with the findings: \(error.reason)", hint: error.hint)
        isIncomplete = true
        continue
      }
      let mine = report.findings.filter { $0.secret == value }
      guard !mine.isEmpty else { continue }
      matched.formUnion(mine.map(\.fingerprint))
      chosen.append((key, mine.map(exposure).max() ?? 0))
    }
    let others = report.findings.count { $0.verification?.liveness == .live && !matched.contains($0.fingerprint) }
    if others > 0 { Console.note("\(others) live findings belong to no configured key: rotate those by hand") }
    return (chosen.sorted { ($1.exposure, $0.key.name) < ($0.exposure, $1.key.name) }.map(\.key), isIncomplete)
  }

  /// What is known to work, lies open at a head, and can do much, goes first.
  private static func exposure(_ finding: Finding) -> Int {
    (finding.verification?.liveness == .live ? 8 : 0) + (finding.atHead ? 4 : 0)
      + (finding.severity >= .high ? 2 : 0) + (finding.occurrences.count > 1 ? 1 : 0)
  }
}

/// The key at work and what is being done with it, and how many are done of how many, on the terminal only.
enum StatusLine {
  private static let count = Mutex((done: 0, all: 0))

  static func show(_ text: String) {
    guard StandardStream.error.isTerminal else { return }
    let (done, all) = count.withLock { $0 }
    let head = all > 1 ? "\(done) of \(all) done; " : ""
    StandardStream.error.write(Array("\r\u{1b}[2K\(head)\(text)".utf8))
  }

  /// So many keys more are to be worked on.
  static func expect(_ more: Int) { count.withLock { $0.all += more } }

  /// One more is done.
  static func advance() { count.withLock { $0.done += 1 } }

  static func clear() {
    guard StandardStream.error.isTerminal else { return }
    StandardStream.error.write(Array("\r\u{1b}[2K".utf8))
  }
}
