// keywright rotation: the journal as people look at it, and the two things that only a person may do.

internal import ArgumentParser
internal import Ledger
internal import Model
internal import Posix
internal import Rotation
internal import Secrets

struct RotationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotation",
    abstract: "List, show, give up or export rotations.",
    subcommands: [
      RotationListCommand.self, RotationShowCommand.self, RotationAbortCommand.self, RotationExportCommand.self,
    ])
}

struct RotationListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List rotations, the newest first.",
    discussion: "A line each: when it began, key, id, state, outcome (open if it has not ended).")

  @Argument(help: ArgumentHelp("Only this key's.", valueName: "name")) var name: String?
  @Flag(help: "Only those that have not ended.") var open = false
  @Option(help: "At most so many.") var limit = 100
  @Option(help: "text or json (default: text).") var format: ListFormat = .text
  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  func validate() throws {
    guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit must be 1 to 1000000") }
  }

  func run() throws {
    let ledger = try Wiring.ledger(stateOptions, try configured.loadIfAny())
    do {
      let records = try ledger.rotations(key: name, limit: limit).filter { !open || $0.isOpen }
      if format == .json {
        let rotator = try Wiring.rotator(ledger, nil, allowsTracked: false) { _ in }
        return Console.write(RotationReport.json(try records.map(rotator.report), version: programVersion))
      }
      for record in records {
        let time = Timestamp.iso8601(record.createdMs / 1_000)
        Console.write("\(time)  \(record.key)  \(record.txid)  \(record.state)  \(record.outcome ?? "open")\n")
      }
      if records.isEmpty { Console.note("no rotation") }
    } catch let error as LedgerError {
      throw Failure(error)
    }
  }
}

struct RotationShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a rotation's steps, files and evidence.")

  @Argument(help: ArgumentHelp("A rotation's id, or a key (its newest rotation).", valueName: "name")) var name: String
  @Option(help: "text or json (default: text).") var format: ListFormat = .text
  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  func run() throws {
    let ledger = try Wiring.ledger(stateOptions, try configured.loadIfAny())
    let record = try RotationChoice.any(name, ledger)
    let rotator = try Wiring.rotator(ledger, nil, allowsTracked: false) { _ in }
    do {
      let report = try rotator.report(record)
      if format == .json { return Console.write(RotationReport.json([report], version: programVersion)) }
      Console.write(RotationText.detail(report))
      let labels = try ledger.sealedLabels(of: record.txid)
      if !labels.isEmpty { Console.write("  sealed     \(labels.joined(separator: ", "))\n") }
    } catch let error as LedgerError {
      throw Failure(error)
    }
  }
}

struct RotationAbortCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "abort", abstract: "Give a rotation up, so that the key may be rotated anew.",
    discussion: """
      Nothing is sent and no file is touched: put the files and the service right first. Where the ledger keeps what the
      service answered, perhaps the only copy of a working key, --discard-values must be given.
      """)

  @Argument(help: ArgumentHelp("A key, or a rotation's id.", valueName: "name")) var name: String
  @Flag(help: "Consent to losing values that are kept nowhere else.") var discardValues = false
  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  func run() throws {
    let ledger = try Wiring.ledger(stateOptions, try configured.loadIfAny())
    let record = try RotationChoice.open(name, ledger)
    let rotator = try Wiring.rotator(ledger, nil, allowsTracked: false) { _ in }
    do {
      let report = try rotator.abort(record, discardingValues: discardValues)
      Console.note("\(report.name): the rotation \(report.txid) is given up")
    } catch let refusal as RotationRefusal {
      throw Failure(refusal)
    } catch let error as LedgerError {
      throw Failure(error)
    }
  }
}

struct RotationExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Take a sealed value out of an open rotation, into a file of mode 0600.",
    discussion:
      "rotation show lists what is sealed: old, new, and raw-1, raw-2 (what the service answered, byte for byte).")

  @Argument(help: ArgumentHelp("A key, or a rotation's id.", valueName: "name")) var name: String
  @Option(help: ArgumentHelp("Which sealed value.", valueName: "label")) var value: String
  @Option(name: [.customLong("to")], help: ArgumentHelp("The file; it must not exist.", valueName: "file")) var file:
    String
  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  func run() throws {
    let ledger = try Wiring.ledger(stateOptions, try configured.loadIfAny())
    let record = try RotationChoice.open(name, ledger)
    do {
      guard let secret = try ledger.sealedValue(value, of: record.txid) else {
        let labels = try ledger.sealedLabels(of: record.txid)
        throw Failure(
          .usage, "nothing is sealed under '\(RotationText.printed(value))'",
          hint: "there is: \(labels.joined(separator: ", "))")
      }
      guard !Files.exists(file) else {
        throw Failure(.usage, "\(file) exists already", hint: "name a file that does not exist")
      }
      var bytes = secret.copyBytes()
      defer { wipe(&bytes) }
      try Files.replaceAtomically(file, bytes, mode: 0o600)
      try ledger.audit(
        "value exported", timeMs: SystemClock().now(), actor: Wiring.actor, key: record.key, txid: record.txid)
      Console.note("the value is in \(file), for you alone to read; remove it when it is where it belongs")
    } catch let error as LedgerError {
      throw Failure(error)
    } catch let error as SystemError {
      throw Failure("\(error)", hint: "name another file with --to")
    }
  }
}
