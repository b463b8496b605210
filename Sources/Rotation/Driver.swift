// Drives a rotation from wherever it stands to where it can't go on: an end, a person, or an obstacle.

internal import Ledger
internal import Providers
internal import RuleBook
internal import Secrets

extension RotationRun {
  /// Goes on until the rotation ends or has to stop.
  func drive() throws {
    while !replay.state.isEnd && replay.state != .human {
      services.progress("\(snapshot.name): \(Self.words(for: replay.state))")
      guard case .goOn = try step() else { return }
    }
  }

  private func step() throws -> Progress {
    switch replay.state {
    case .intent: try beginRequest()
    case .requested: try suspect()
    case .received: try parse()
    case .unknown: try reconcile()
    case .notExecuted: try againOrClose()
    case .orphaned: try revokeOrphan()
    case .orphanRevoked: try againAfterOrphan()
    case .lost:
      try haltLost()
    case .parsed: try proveNew()
    case .rollingBack: try rollBack()
    case .verifiedNew: try containThenCommit()
    case .contained, .file: try commit()
    case .committed, .reloaded: try reloadThenRetire()
    case .oldRevoked: try proveDeath()
    case .oldAlive: try retireAgain()
    case .oldProvenDead: try dropThenFinish()
    case .human, .resumed, .done, .rolledBack, .closed, .aborted: .stop
    }
  }

  private func haltLost() throws -> Progress {
    if let new = try keptKey() { return try take(new) }
    let byHand =
      "make a new key at the service by hand, put it into the files, then run: keywright rotation abort \(snapshot.name)"
    // Whatever was received is kept: the key may stand in it, in a form that the provider file does not foresee.
    let kept = try services.ledger.sealedLabels(of: txid).filter { $0 != "old" }
    let hint =
      kept.last.map {
        "see what the service answered: keywright rotation export \(snapshot.name) --value \($0) --to FILE; if the key "
          + "is not in it, " + byHand + " --discard-values"
      } ?? byHand
    return try halt("the service replaced the key and the answer was lost; the old key no longer works", hint: hint)
  }

  /// The new key out of an answer that was kept and could not be read then: the provider file may have been put right.
  private func keptKey() throws -> NewKey? {
    guard recoverability != .callerChosen, recoverability != .manual else { return nil }
    let old = try value("old")
    for attempt in stride(from: replay.attempt, to: 0, by: -1) {
      guard let body = try services.ledger.sealedValue("raw-\(attempt)", of: txid),
        let new = try? client.newKey(makingRole, body: body), new.value != old
      else { continue }
      return new
    }
    return nil
  }

  /// A request was about to be sent when the process ended: nobody knows whether it was.
  private func suspect() throws -> Progress {
    if let answer = rescue.take() { return try keep(answer) }
    try advance(.unknown, Facts(reason: "keywright was interrupted between the request and its answer"))
    return .goOn
  }

  static func words(for state: RotationState) -> String {
    switch state {
    case .intent, .orphanRevoked, .notExecuted: "asking for a new key"
    case .requested, .unknown: "finding out whether the request was carried out"
    case .received: "reading the answer"
    case .orphaned: "revoking the key whose value was lost"
    case .parsed: "proving the new key"
    case .rollingBack: "taking the new key back"
    case .verifiedNew, .contained, .file: "writing the files"
    case .committed: "making its users read it anew"
    case .reloaded, .oldAlive: "ending the old key"
    case .oldRevoked: "proving that the old key is dead"
    case .oldProvenDead: "finishing"
    case .lost, .human, .resumed, .done, .rolledBack, .closed, .aborted: state.rawValue.lowercased()
    }
  }
}
