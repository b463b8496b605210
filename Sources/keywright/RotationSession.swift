// What rotate and resume share: one key after another, what to say about each, and which exit status sums it up.

internal import Ledger
internal import Model
internal import Posix
internal import Rotation

/// The reports and refusals of one run.
struct RotationSession {
  private(set) var reports: [RotationReport] = []
  private(set) var refusals: [(name: String, refusal: RotationRefusal)] = []
  private var wasInterrupted = false

  /// Does one key's work and keeps what comes of it; a damaged or unusable ledger ends everything.
  mutating func work(on name: String, _ body: () throws -> RotationReport) throws {
    if SignalWatch.isInterrupted {
      wasInterrupted = true
      return
    }
    do {
      let report = try body()
      reports.append(report)
    } catch let refusal as RotationRefusal {
      refusals.append((name, refusal))
    } catch let error as LedgerError {
      if error.kind == .locked || error.kind == .fenced {
        refusals.append((name, RotationRefusal(.locked, error.reason, hint: error.hint)))
      } else {
        throw Failure(error)
      }
    }
  }

  /// Writes the report, says what needs saying, and throws the exit status that sums it up.
  func end(format: ListFormat?, output: String?) throws {
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
    for report in reports where report.outcome != .done {
      Console.complain(
        "\(report.name): \(RotationText.words(report.outcome)): \(report.reason ?? "")", hint: report.hint)
    }
    if let status = status() { throw status }
  }

  /// The gravest of what happened; nil when all went well.
  private func status() -> ExitStatus? {
    if wasInterrupted || reports.contains(where: { $0.outcome == .interrupted }) { return .interrupted }
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
        "  new key    \(printed(id)), fingerprint \(fingerprint.prefix(12)), proven \(report.proofs.count) times\n"
    }
    if !report.deaths.isEmpty {
      let status = report.deaths.last?.status.map { ", last with \($0)" } ?? ""
      text += "  old key    \(printed(report.oldKeyID ?? "")), refused \(report.deaths.count) times\(status)\n"
    }
    for orphan in report.orphans {
      text += "  orphan     \(printed(orphan)): its value was lost on the way here, and it was revoked\n"
    }
    return text
  }

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
