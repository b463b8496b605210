// What rotate and resume share: one key after another, what to say about each, and which exit status sums it up.

internal import Ledger
internal import Model
internal import Posix
internal import Rotation
internal import Synchronization

/// The reports and refusals of one run. Several keys are worked on at once: most of the time goes by waiting.
final class RotationSession: Sendable {
  private struct Results {
    var reports: [(place: Int, report: RotationReport)] = []
    var refusals: [(place: Int, name: String, refusal: RotationRefusal)] = []
    var wasInterrupted = false
    var failure: Failure?
    var next = 0
    var done = 0
  }
  private let results = Mutex(Results())
  static let maximumThreads = 16

  /// The reports so far, in the order in which the work was given.
  var reports: [RotationReport] {
    results.withLock { $0.reports.sorted { $0.place < $1.place }.map(\.report) }
  }

  /// Whether there was nothing to do.
  var isEmpty: Bool { results.withLock { $0.done == 0 && !$0.wasInterrupted } }

  private var refusals: [(name: String, refusal: RotationRefusal)] {
    results.withLock { $0.refusals.sorted { $0.place < $1.place }.map { ($0.name, $0.refusal) } }
  }

  /// Does the work of every item and keeps what comes of it; a damaged or unusable ledger ends everything.
  func work<Item: Sendable>(
    on items: [Item], name: @escaping @Sendable (Item) -> String,
    _ body: @escaping @Sendable (Item) throws -> RotationReport
  ) throws {
    results.withLock { $0.next = 0 }
    StatusLine.expect(items.count)
    let offset = results.withLock { $0.reports.count + $0.refusals.count }
    WorkerThreads.run(min(items.count, RotationSession.maximumThreads)) { _ in
      while let index = self.take(items.count) {
        self.keep(offset + index, name(items[index])) { try body(items[index]) }
      }
    }
    if let failure = results.withLock(\.failure) { throw failure }
  }

  private func take(_ count: Int) -> Int? {
    results.withLock { results in
      guard results.next < count, results.failure == nil else { return nil }
      if SignalWatch.isInterrupted {
        results.wasInterrupted = true
        return nil
      }
      defer { results.next += 1 }
      return results.next
    }
  }

  private func keep(_ place: Int, _ name: String, _ body: () throws -> RotationReport) {
    let outcome = Result { try body() }
    StatusLine.advance()
    results.withLock { results in
      results.done += 1
      switch outcome {
      case .success(let report): results.reports.append((place, report))
      case .failure(let refusal as RotationRefusal): results.refusals.append((place, name, refusal))
      case .failure(let error as LedgerError) where error.kind == .locked || error.kind == .fenced:
        results.refusals.append((place, name, RotationRefusal(.locked, error.reason, hint: error.hint)))
      case .failure(let error as LedgerError): results.failure = results.failure ?? Failure(error)
      case .failure(let error as Failure): results.failure = results.failure ?? error
      case .failure(let error): results.failure = results.failure ?? Failure("\(name): \(error)")
      }
    }
  }

  /// Writes the report, says what needs saying, and throws the exit status that sums it up.
  func end(format: ListFormat?, output: String?) throws {
    let (reports, refusals) = (reports, refusals)
    let json = RotationReport.json(reports, refusals: refusals, version: programVersion)
    if let output {
      try ReportFile.write(json, to: output)
      for report in reports { Console.write(RotationText.summary(report)) }
    } else if format == .json {
      Console.write(json)
    } else {
      for report in reports { Console.write(RotationText.summary(report)) }
    }
    for (name, refusal) in refusals {
      Console.complain("\(name): not begun: \(refusal.reason)", hint: refusal.hint)
    }
    for report in reports where report.outcome == .waiting {
      Console.note("\(report.name): \(RotationText.words(.waiting)): \(report.reason ?? "")")
    }
    for report in reports where report.outcome != .done && report.outcome != .waiting {
      Console.complain(
        "\(report.name): \(RotationText.words(report.outcome)): \(report.reason ?? "")", hint: report.hint)
    }
    if let status = status() { throw status }
  }

  /// The gravest of what happened; nil when all went well.
  private func status() -> ExitStatus? {
    if results.withLock(\.wasInterrupted) || reports.contains(where: { $0.outcome == .interrupted }) {
      return .interrupted
    }
    let outcomes = Set(reports.map(\.outcome))
    if outcomes.contains(.human) { return .humanNeeded }
    if outcomes.contains(.unknown) { return .outcomeUnknown }
    if outcomes.contains(.oldAlive) { return .oldKeyAlive }
    if let refusal = refusals.first(where: { $0.refusal.kind != .locked }) { return Failure(refusal.refusal).status }
    if !refusals.isEmpty { return .locked }
    if outcomes.contains(.notExecuted) || outcomes.contains(.rolledBack) { return .failure }
    return nil
  }
}

/// Rotations in words.
enum RotationText {
  static func words(_ outcome: RotationOutcome) -> String {
    switch outcome {
    case .done: "done"
    case .rolledBack: "undone; the old key works"
    case .notExecuted: "no new key was made; the old one works"
    case .unknown: "not finished"
    case .waiting: "waiting"
    case .human: "a person is needed"
    case .oldAlive: "the old key still works"
    case .interrupted: "interrupted"
    case .aborted: "given up"
    }
  }

  static func summary(_ report: RotationReport) -> String {
    var text = "\(report.name): \(words(report.outcome))\n"
    for file in report.files {
      let lines = file.lines.isEmpty ? "" : ":" + file.lines.map { "\($0)" }.joined(separator: ",")
      text += "  \(place(file.state))  \(printed(file.path))\(lines)\n"
    }
    if let id = report.newKeyID, let fingerprint = report.newFingerprint {
      text +=
        "  new key    \(printed(id)), fingerprint \(fingerprint.prefix(12)), proven \(times(report.proofs.count))\n"
    }
    if report.identityCompared == false {
      text += "  note       the service does not say whose the keys are, so that could not be compared\n"
    }
    if !report.deaths.isEmpty {
      let status = report.deaths.last?.status.map { ", last with \($0)" } ?? ""
      text += "  old key    \(printed(report.oldKeyID ?? "")), refused \(times(report.deaths.count))\(status)\n"
    }
    for orphan in report.orphans {
      text += "  orphan     \(printed(orphan)): its value was lost on the way here, and it was revoked\n"
    }
    return text
  }

  private static func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }

  /// Every step with its time.
  static func detail(_ report: RotationReport) -> String {
    var text = summary(report)
    text +=
      "  rotation   \(report.txid), \(report.provider) class \(report.recoverability), begun because: \(printed(report.cause))\n"
    if let reason = report.reason { text += "  reason     \(printed(reason))\n" }
    if let hint = report.hint { text += "  hint       \(printed(hint))\n" }
    for step in report.steps { text += "  \(Timestamp.iso8601(step.timeMs / 1_000))  \(step.state.rawValue)\n" }
    for proof in report.deaths {
      text += "  dead       \(Timestamp.iso8601(proof.timeMs / 1_000))  \(printed(proof.text))"
      text += proof.requestID.map { ", request \(printed($0))" } ?? ""
      text += "\n"
    }
    return text
  }

  private static func place(_ state: String) -> String {
    switch state {
    case "written": "written  "
    case "in_place": "in place "
    case "conflict": "conflict "
    default: "untouched"
    }
  }

  static func printed(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}
