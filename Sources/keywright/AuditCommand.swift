// keywright audit: how the configured keys are kept, and whether the audit log is whole.

internal import ArgumentParser
internal import Formats
internal import Ledger
internal import Model
internal import Posix
internal import Rotation
internal import Secrets

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Look at how keys are kept; check or show the audit log.",
    subcommands: [AuditKeysCommand.self, AuditLogCommand.self, AuditVerifyLogCommand.self],
    defaultSubcommand: AuditKeysCommand.self)
}

struct AuditKeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Say what is wrong with how the configured keys are kept.",
    discussion: """
      Keys past their age, one value for two keys or in two environments, files that others can read or that git tracks,
      files that don't hold their key, rotations that have not ended, keys that only the ledger knows. Nothing is sent,
      unless --online lets it ask each service for its list of keys: for those it no longer knows, those that nobody
      manages, and those that nobody uses. Exit status: 0 all is well, 1 something is not, 3 a service could not be asked.
      """)

  @Flag(help: "Ask the services for their lists of keys.") var online = false
  @Option(
    help: ArgumentHelp(
      "With --online: how long a key may go unused (default: 90d). If it is given, a service that does not say when its "
        + "keys were last used counts as not asked.", valueName: "duration"))
  var unused: String?
  @Option(help: "text or json (default: text).") var format: ListFormat = .text
  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  func validate() throws {
    guard online || unused == nil else { throw ValidationError("--unused goes with --online") }
    guard unused.map({ DurationText.milliseconds($0) != nil }) ?? true else {
      throw ValidationError("--unused must be a duration such as 90d")
    }
  }

  func run() throws {
    let configuration = try configured.load()
    let ledger = try Wiring.ledger(stateOptions, configuration)
    var remarks: [KeyRemark]
    var unasked: [UnaskedService] = []
    do throws(LedgerError) {
      remarks = try KeyAudit.remarks(
        configuration, ledger, nowMs: SystemClock().now(), isTracked: TrackedFiles.isTracked)
      if online {
        SignalWatch.install()
        let answer = try KeyAudit.askServices(
          configuration, ledger, nowMs: SystemClock().now(), unusedMs: DurationText.milliseconds(unused ?? "90d"),
          mustTell: unused != nil,
          session: Wiring.sessions())
        remarks += answer.remarks
        unasked = answer.unasked
      }
    } catch { throw Failure(error) }
    if format == .json {
      Console.write(json(remarks))
    } else {
      for remark in remarks { Console.write(RotationText.printed("\(remark.key): \(remark.text)") + "\n") }
    }
    Console.note(
      remarks.isEmpty ? "nothing is wrong with \(configuration.keys.count) keys" : "\(remarks.count) remarks")
    for service in unasked {
      Console.complain(RotationText.printed("\(service.name) could not be asked: \(service.reason)"), hint: nil)
    }
    if !unasked.isEmpty { throw ExitStatus.incomplete }
    if !remarks.isEmpty { throw ExitStatus.findings }
  }

  private func json(_ remarks: [KeyRemark]) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { root in
      root.member("schema") { $0.integer(1) }
      root.member("remarks") { list in
        list.array { list in
          for remark in remarks {
            list.object { item in
              item.member("key") { $0.string(remark.key) }
              item.member("kind") { $0.string(remark.kind.rawValue) }
              item.member("text") { $0.string(remark.text) }
            }
          }
        }
      }
    }
    writer.endLine()
    return writer.bytes
  }
}

struct AuditVerifyLogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify-log", abstract: "Check that no entry of the audit log was changed, removed or inserted.",
    discussion: """
      Every entry carries a hash over itself and the hash before it. Keep the head that this prints somewhere else: given
      back with --head, it also proves that nothing was cut off at the end.
      """)

  @Option(help: ArgumentHelp("A head that was printed earlier and must still be in the chain.", valueName: "hash"))
  var head: String?
  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  func run() throws {
    let ledger = try Wiring.ledger(stateOptions, try configured.loadIfAny())
    var isFound = false
    do {
      let result = try ledger.verifyAudit { if $0.hash == head { isFound = true } }
      if let head, !isFound {
        throw Failure(
          .humanNeeded,
          "the head \(RotationText.printed(head)) is not in the audit log: entries were cut off, or rewritten")
      }
      Console.write("\(result.count) entries, head \(result.head)\n")
    } catch let error as LedgerError {
      throw Failure(error)
    }
  }
}

struct AuditLogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Print the audit log, a JSON object a line, oldest first.")

  @Option(help: ArgumentHelp("Only this key's entries.", valueName: "name")) var key: String?
  @OptionGroup var configured: ConfigurationOptions
  @OptionGroup var stateOptions: StateOptions

  func run() throws {
    let ledger = try Wiring.ledger(stateOptions, try configured.loadIfAny())
    do throws(LedgerError) {
      try ledger.verifyAudit { entry in
        guard key == nil || entry.key == key else { return }
        var writer = JSONWriter(indent: 0)
        writer.object { item in
          item.member("seq") { $0.integer(entry.sequence) }
          item.member("time") { $0.string(Timestamp.iso8601(entry.timeMs / 1_000)) }
          item.member("actor") { $0.string(entry.actor) }
          item.member("event") { $0.string(entry.event) }
          item.member("key") { $0.string(entry.key) }
          item.member("rotation") { $0.string(entry.txid) }
          item.member("data") { $0.string(entry.data) }
          item.member("hash") { $0.string(entry.hash) }
        }
        writer.endLine()
        Console.write(writer.bytes)
      }
    } catch {
      throw Failure(error)
    }
  }
}
