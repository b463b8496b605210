// keywright resume: finishes or undoes what was interrupted.

internal import ArgumentParser
internal import Ledger
internal import Posix
internal import Rotation

struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Finish or undo every rotation that has not ended.",
    discussion: """
      The journal says where each rotation stands, what it was about, and whom to ask, so the configuration of that time
      holds. A rotation that waits for a person goes on only if it is named.

      Exit status: 0 all ended well, 4 not finished yet, 5 a person is needed, 6 an old key still works, 75 locked.
      """)

  @Argument(help: ArgumentHelp("Only these keys (or rotation ids).", valueName: "name"))
  var names: [String] = []

  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  @Flag(help: "Write to files that git tracks too.")
  var allowTracked = false

  @Option(help: "text or json (default: text).")
  var format: ListFormat?

  @Option(name: [.short, .long], help: ArgumentHelp("Write the JSON report there (mode 0600).", valueName: "file"))
  var output: String?

  func run() throws {
    SignalWatch.install()
    let configuration = try configured.loadIfAny()
    let ledger = try Wiring.ledger(stateOptions, configuration)
    let rotator = try Wiring.rotator(ledger, configuration, allowsTracked: allowTracked) { StatusLine.show($0) }
    defer { StatusLine.clear() }
    let session = RotationSession()
    if names.isEmpty {
      try ResumeCommand.resumeAll(ledger, rotator, session)
    } else {
      let records = try names.map { try RotationChoice.open($0, ledger) }
      try session.work(on: records, name: \.key) { try rotator.resume($0, named: true) }
    }
    StatusLine.clear()
    Hooks.tellFailures(session.reports, configuration, ledger)
    if session.isEmpty { Console.note("no rotation is open") }
    try session.end(format: format, output: output)
  }

  /// Takes up every open rotation, the oldest first.
  static func resumeAll(_ ledger: Ledger, _ rotator: Rotator, _ session: RotationSession) throws {
    let open: [RotationRecord]
    do throws(LedgerError) { open = try ledger.openRotations() } catch { throw Failure(error) }
    try session.work(on: open, name: \.key) { try rotator.resume($0) }
  }
}

/// Finds a rotation by what people call it.
enum RotationChoice {
  /// The open rotation of a key, or of an id.
  static func open(_ name: String, _ ledger: Ledger) throws -> RotationRecord {
    do throws(LedgerError) {
      if let record = try ledger.openRotations().first(where: { $0.key == name || $0.txid == name }) { return record }
    } catch { throw Failure(error) }
    throw Failure(
      .usage, "no open rotation is named '\(RotationText.printed(name))'", hint: "see: keywright rotation list")
  }

  /// The rotation of an id, or the newest of a key.
  static func any(_ name: String, _ ledger: Ledger) throws -> RotationRecord {
    do throws(LedgerError) {
      if let record = try ledger.rotation(name) { return record }
      if let record = try ledger.rotations(key: name, limit: 1).first { return record }
    } catch { throw Failure(error) }
    throw Failure(.usage, "no rotation is named '\(RotationText.printed(name))'", hint: "see: keywright rotation list")
  }
}
