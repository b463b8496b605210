// Puts the parts together: the one place that knows which implementation stands behind a protocol.

internal import BuiltinRules
internal import EnvFiles
internal import Git
internal import Glibc
internal import Ledger
internal import Posix
internal import Providers
internal import Rotation
internal import RuleBook
internal import Secrets
internal import Transport

enum Wiring {
  /// HTTP as the configuration allows it: what it names as a base may lie inside.
  static func transport(internalBases: [String], certificates: String? = nil) -> CurlTransport {
    CurlTransport(
      policy: EgressPolicy(
        internalBases: internalBases, environment: Surroundings.all,
        certificateBundle: certificates ?? Surroundings.variable("SSL_CERT_FILE")))
  }

  /// The ledger of this install.
  static func ledger(_ options: StateOptions, _ configuration: Configuration?) throws -> Ledger {
    do {
      return try Ledger(
        directory: try Surroundings.stateDirectory(options.state),
        keyPath: Surroundings.variable("KEYWRIGHT_INSTALL_KEY") ?? configuration?.installKeyPath)
    } catch let error as LedgerError {
      throw Failure(error)
    }
  }

  /// The ledger of this install if there is one; nothing is made.
  static func existingLedger(_ options: StateOptions, _ configuration: Configuration?) throws -> Ledger? {
    let directory = try Surroundings.stateDirectory(options.state)
    return Files.exists(directory + "/ledger.sqlite") ? try ledger(options, configuration) : nil
  }

  /// Opens sessions with the providers of the built-in files.
  static func sessions()
    -> @Sendable (_ provider: String, _ base: String?, _ service: ServiceSettings?) ->
    ProviderSession?
  {
    let limiter = RateLimiter()
    return { id, base, service in
      guard let provider = BuiltinRules.ruleBook.providers.first(where: { $0.id == id }) else { return nil }
      let opened = KeyServices.open(
        provider, service,
        KeyServiceTools(
          transport: transport(internalBases: base.map { [$0] } ?? [], certificates: service?.certificates),
          limiter: limiter, run: Hooks.run))
      return ProviderSession(provider: opened.provider, client: opened.service)
    }
  }

  /// Plans rotations, without making anything.
  static func planner(_ ledger: Ledger?, allowsTracked: Bool) -> RotationPlanner {
    RotationPlanner(
      ledger: ledger, session: sessions(),
      files: EnvPolicy(allowsTracked: allowsTracked, isTracked: TrackedFiles.isTracked), person: TerminalPerson())
  }

  /// A rotator over the ledger. Signals become questions from here on.
  static func rotator(
    _ ledger: Ledger, _ configuration: Configuration?, allowsTracked: Bool,
    progress: @escaping @Sendable (String) -> Void
  ) throws
    -> Rotator
  {
    Rotator(
      RotationServices(
        ledger: ledger, leases: leases(configuration), session: sessions(),
        actor: actor, files: EnvPolicy(allowsTracked: allowsTracked, isTracked: TrackedFiles.isTracked),
        runHook: Hooks.run,
        reloads: { name in configuration?.key(named: name)?.reload }, deliver: deliver, person: TerminalPerson(),
        checkpoint: try Fault.checkpoint(), isInterrupted: { SignalWatch.isInterrupted }, progress: progress))
  }

  /// The leases of the hosts that share a configuration's database; nil where it names none.
  private static func leases(_ configuration: Configuration?) -> LeaseTable? {
    guard let configuration, let settings = configuration.lease else { return nil }
    let kernel = (try? Files.read("/proc/sys/kernel/hostname", maximumBytes: 4_096)) ?? []
    let name = String(decoding: kernel.prefix { $0 > 0x20 }, as: UTF8.self)
    return LeaseTable(settings, host: configuration.leaseNode ?? (name.isEmpty ? "unknown" : name)) {
      () throws(LeaseRefusal) in
      do throws(EnvFileError) {
        return try EnvFiles.currentValue(of: EnvTarget(path: settings.file, variable: settings.variable))
      } catch { throw .unreachable("the password of the leases' database could not be read: \(error)") }
    }
  }

  /// Brings a value to a place beyond files. Only trusted configuration names such places.
  @Sendable private static func deliver(_ delivery: Delivery) -> DeliveryEnd {
    Deliveries.deliver(
      delivery,
      DeliveryServices(
        transport: { transport(internalBases: [$0], certificates: $1) }, clock: SystemClock(),
        run: { command, variables, input in Hooks.run(command, variables, input, timeoutMs: 60_000) }))
  }

  /// Who: the user, and the CI job that runs us.
  static var actor: String {
    let user = Surroundings.variable("USER") ?? Surroundings.variable("LOGNAME") ?? "uid \(getuid())"
    if let url = Surroundings.variable("CI_JOB_URL") { return "\(user), \(url)" }
    if let server = Surroundings.variable("GITHUB_SERVER_URL"), let name = Surroundings.variable("GITHUB_REPOSITORY"),
      let run = Surroundings.variable("GITHUB_RUN_ID")
    {
      return "\(user), \(server)/\(name)/actions/runs/\(run)"
    }
    return user
  }
}

/// Programs that trusted configuration names.
enum Hooks {
  private static let maximumOutputBytes = 64 << 10

  /// Runs one to its end. It gets our environment, and nothing on its standard input.
  @Sendable static func run(_ command: [String], _ variables: [String: String], _ timeoutMs: Int64) -> HookEnd {
    run(command, variables, Secret([UInt8]()), timeoutMs: timeoutMs)
  }

  /// The same, with a secret on its standard input.
  static func run(
    _ command: [String], _ variables: [String: String], _ input: Secret, timeoutMs: Int64
  ) -> HookEnd {
    guard let program = command.first else { return HookEnd(failure: "no program is named") }
    var spawn = Spawn(
      program, Array(command.dropFirst()), environment: Surroundings.all.merging(variables) { $1 },
      timeoutMilliseconds: timeoutMs)
    spawn.maximumOutputBytes = maximumOutputBytes
    do throws(SystemError) {
      let completion = try input.withBytes { (bytes) throws(SystemError) in
        try spawn.run(input: bytes, isCancelled: { SignalWatch.isInterrupted })
      }
      if completion.isSuccess { return HookEnd() }
      let output = completion.output + completion.errors
      if completion.isCancelled { return HookEnd(failure: "it was interrupted", output: output, wasCancelled: true) }
      if completion.isOverdue {
        return HookEnd(failure: "it took longer than \(DurationText.text(milliseconds: timeoutMs))", output: output)
      }
      switch completion.ending {
      case .exited(let status): return HookEnd(failure: "it ended with status \(status)", output: output)
      case .signalled(let number): return HookEnd(failure: "signal \(number) ended it", output: output)
      }
    } catch {
      return HookEnd(failure: error.reason)
    }
  }

  /// Runs one that is given a value on its standard input and may give one on its output.
  @Sendable static func run(
    _ command: [String], _ variables: [String: String], _ timeoutMs: Int64, input: Secret
  ) throws(SystemError) -> Completion {
    var spawn = Spawn(
      command.first ?? "", Array(command.dropFirst()), environment: Surroundings.all.merging(variables) { $1 },
      timeoutMilliseconds: timeoutMs)
    spawn.maximumOutputBytes = maximumOutputBytes
    // Not ended by a signal to us: what it has begun would have an unknown outcome.
    return try input.withBytes { (bytes) throws(SystemError) in try spawn.run(input: bytes) }
  }

  /// Tells the configured program about each rotation that did not end well, once for each state that it stands in.
  static func tellFailures(_ reports: [RotationReport], _ configuration: Configuration?, _ ledger: Ledger) {
    guard let configuration, !configuration.onFailure.isEmpty || configuration.webhook != nil else { return }
    let command = configuration.onFailure
    for report in reports where ![.done, .aborted, .waiting].contains(report.outcome) {
      guard (try? ledger.isFirst("told \(report.txid) \(report.state.rawValue) \(report.outcome.rawValue)")) == true
      else { continue }
      if let webhook = configuration.webhook {
        let failure = FailureNotice.send(
          report, to: webhook, transport: Wiring.transport(internalBases: [webhook]), clock: SystemClock(),
          version: programVersion)
        if let failure { Console.note("the webhook could not be told about \(report.name): \(failure)") }
      }
      if command.isEmpty { continue }
      let end = run(
        command,
        [
          "KEYWRIGHT_KEY": report.name, "KEYWRIGHT_ENVIRONMENT": report.environment ?? "",
          "KEYWRIGHT_ROTATION": report.txid, "KEYWRIGHT_OUTCOME": report.outcome.rawValue,
          "KEYWRIGHT_REASON": report.reason ?? "",
        ], 60_000)
      if let failure = end.failure { Console.note("\(command[0]) could not be told about \(report.name): \(failure)") }
    }
  }
}

/// The person at the terminal of this process.
struct TerminalPerson: Person {
  /// Nil without a terminal.
  init?() {
    guard Terminal() != nil else { return nil }
  }

  func value(_ lines: [String]) -> Secret? {
    guard let terminal = Terminal() else { return nil }
    terminal.write(lines.map(RotationText.printed).joined(separator: "\n"))
    guard var typed = terminal.line(echoes: false, isCancelled: { SignalWatch.isInterrupted }) else { return nil }
    defer { wipe(&typed) }
    return typed.isEmpty ? nil : Secret(typed)
  }

  func consents(_ lines: [String]) -> Bool {
    guard let terminal = Terminal() else { return false }
    terminal.write(lines.map(RotationText.printed).joined(separator: "\n"))
    let typed = terminal.line(echoes: true, isCancelled: { SignalWatch.isInterrupted }) ?? []
    return [Array("y".utf8), Array("yes".utf8)].contains(typed.map { $0 | 0x20 })
  }
}

/// Whether git tracks a file: its next commit would then publish the new value.
enum TrackedFiles {
  @Sendable static func isTracked(_ path: String) -> Bool {
    guard let top = TrustedFile.enclosingRepository(path), let gitDirectory = gitDirectory(top + "/.git") else {
      return false
    }
    let index = gitDirectory + "/index"
    guard Files.exists(index) else { return false }
    let name = Array(path.utf8.dropFirst(top == "/" ? 1 : top.utf8.count + 1))
    for idCount in [20, 32] {
      if let file = try? IndexFile(path: index, sharedDirectory: gitDirectory, idCount: idCount) {
        return file.entries.contains { $0.path == name }
      }
    }
    // An index that can't be read says nothing, so the worse is assumed.
    return true
  }

  /// The repository's own directory; `.git` may be a file that names it.
  private static func gitDirectory(_ path: String) -> String? {
    guard let status = try? Files.status(path) else { return nil }
    if status.kind == .directory { return path }
    guard let bytes = try? Files.read(path, maximumBytes: 8_192) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
    guard text.hasPrefix("gitdir: ") else { return nil }
    let named = String(text.dropFirst(8))
    return named.hasPrefix("/") ? named : Files.parent(path) + "/" + named
  }
}

/// A testing aid: `KEYWRIGHT_FAULT=kill@STATE:before` (or `:after`) ends the process by SIGKILL at that journal entry. It
/// can do nothing else.
enum Fault {
  static func checkpoint() throws -> @Sendable (String) -> Void {
    guard let fault = Surroundings.variable("KEYWRIGHT_FAULT") else { return { _ in } }
    let names = RotationState.allCases.flatMap { ["kill@\($0.rawValue):before", "kill@\($0.rawValue):after"] }
    guard names.contains(fault) else {
      throw Failure(
        .usage, "KEYWRIGHT_FAULT is '\(fault)', which is no fault",
        hint: "for example: KEYWRIGHT_FAULT=kill@RECEIVED:before")
    }
    let place = String(fault.dropFirst(5))
    return { name in if name == place { kill(getpid(), SIGKILL) } }
  }
}

extension Failure {
  init(_ error: LedgerError) {
    let status: ExitStatus =
      switch error.kind {
      case .locked, .fenced: .locked
      case .keyLost, .damaged: .humanNeeded
      case .alreadyOpen: .outcomeUnknown
      case .unusable, .tooNew, .missing: .failure
      }
    self.init(status, error.reason, hint: error.hint)
  }

  init(_ refusal: RotationRefusal) {
    let status: ExitStatus =
      switch refusal.kind {
      case .configuration: .usage
      case .failure: .failure
      case .locked: .locked
      case .interrupted: .interrupted
      }
    self.init(status, refusal.reason, hint: refusal.hint)
  }

  /// Whether the file is refused only for where it lies.
  var isAboutTrust: Bool { hint?.contains("keywright trust") == true }
}
