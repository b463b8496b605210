// A key that has leaked, and is to be ended first: as soon as the new one is proven, before any file has it. Only forward
// from there; what uses the old key is refused until its file has the new one.

internal import Ledger
internal import Posix
internal import Providers
internal import RuleBook
internal import Secrets

extension RotationRun {
  /// Ends the old key where the policy wants that first, then writes the files. Where it can't be ended now, the files
  /// get the new key all the same, and the old one's end follows in its ordinary place.
  func containThenCommit() throws -> Progress {
    guard snapshot.revokesFirst else { return try commit() }
    let old = try value("old")
    if recoverability == .manual, !client.has(.revoke) {
      guard let evidence = containByHand() else { return try commit() }
      try advance(.contained, evidence.facts)
      return .goOn
    }
    // Whether an id that nothing vouches for is the old key's is asked later, by the step that ends it otherwise.
    let isOurs = !KeyMaking.isEndedByID(recoverability) || snapshot.keyIDProof != nil || client.provesKeyID
    guard isEndedByRequest, isOurs else { return try commit() }
    switch try endOld(old, try value("new")) {
    case .ended(let evidence):
      try advance(.contained, evidence.facts)
      return .goOn
    case .refused(let reason), .undecided(let reason):
      services.progress("\(snapshot.name): the old key could not be ended first: \(reason)")
      try services.ledger.audit(
        "containment failed", timeMs: services.clock.now(), actor: services.actor, key: snapshot.name, txid: txid,
        data: Facts(reason: reason).json)
      return try commit()
    }
  }

  /// Asks the person who has just made the new key to end the old one.
  private func containByHand() -> Evidence? {
    let isDone = services.person?.consents([
      "\(snapshot.name): the old key has leaked, and the new one works.",
      "End the old key\(snapshot.keyID.map { " (\($0))" } ?? "") at \(page) now; then its files get the new one.",
      "Done? [y/N] ",
    ])
    guard isDone == true else { return nil }
    return Evidence(text: "a person says that the old key was ended", timeMs: services.clock.now())
  }
}
