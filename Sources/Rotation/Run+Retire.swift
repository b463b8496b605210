// The old key's end: told to the provider once every file has the new one, then proven by refusals.

internal import EnvFiles
internal import Formats
internal import Ledger
internal import Model
internal import Posix
internal import Providers
internal import RuleBook
internal import Secrets
internal import Transport

/// What came of ending a key.
enum Ending {
  case ended(Evidence)
  case refused(String)
  case undecided(String)
}

extension RotationRun {
  private static let revocationAttempts = 3

  /// Ends a key by its id. Ending one that has ended is no error, so this may be repeated.
  func end(keyID: String, authorization: Secret) -> Ending {
    let context = snapshot.context(keyID: keyID)
    let asked = client.describe(.revoke, context)
    do throws(TransportError) {
      let response = try client.perform(.revoke, authorization: authorization, context)
      let evidence = Evidence(
        text: "\(asked): \(response.status)", status: response.status, requestID: response.header("x-request-id"),
        timeMs: services.clock.now())
      if [404, 410].contains(response.status) { return .ended(evidence) }
      switch client.judge(.revoke, status: response.status, headers: response.headers, body: response.body) {
      case .success: return .ended(evidence)
      case .refused(let reason): return .refused("\(asked): \(reason)")
      case .limited(let seconds): return .undecided("\(asked): the service asks to wait \(seconds) s")
      case .unclear(let reason): return .undecided("\(asked): \(reason)")
      }
    } catch {
      return .undecided("\(asked): \(error.reason)")
    }
  }

  /// The id under which a request may end the old key; nil where it ends by itself.
  ///
  /// Services of the other classes ended it when they made the new one. Many of them keep the id, or end whatever key
  /// authorises the call: a request would end the key that every file has just been given.
  private var revocableID: String? {
    guard KeyMaking.isEndedByRequest(recoverability), client.has(.revoke), snapshot.keyID != replay.newKeyID else {
      return nil
    }
    return snapshot.keyID
  }

  func retire() throws -> Progress {
    let old = try value("old")
    guard let keyID = revocableID else {
      let evidence = Evidence(
        text: "nothing is asked: the service ends the old key by itself when it makes the new one",
        timeMs: services.clock.now())
      try advance(.oldRevoked, evidence.facts)
      return .goOn
    }
    // Days may have gone by since the files were written.
    let new = try value("new")
    if let obstacle = try fileWithoutNewValue(old, new) { return obstacle }
    var reason = ""
    for attempt in 1...RotationRun.revocationAttempts {
      switch end(keyID: keyID, authorization: new) {
      case .ended(let evidence):
        try advance(.oldRevoked, evidence.facts)
        return .goOn
      case .refused(let why), .undecided(let why): reason = why
      }
      let probe = client.probe(old, snapshot.context())
      if probe.liveness == .dead {
        try advance(.oldRevoked, Evidence(text: probe.evidence, status: probe.status, timeMs: probe.timeMs).facts)
        return .goOn
      }
      if attempt < RotationRun.revocationAttempts { try wait(milliseconds: Int64(attempt) * 2_000) }
    }
    return pauseFor("every file has the new key, but the old one could not be revoked: \(reason)")
  }

  /// Once more in each run: what keeps the old key alive may have gone.
  func retireAgain() throws -> Progress {
    if triedAgain { return .stop }
    triedAgain = true
    return try retire()
  }

  func proveDeath() throws -> Progress {
    let result = try ask(try value("old"), keyID: nil, until: .dead)
    guard result.streak.count >= snapshot.proofs else {
      if result.last.liveness == .live {
        triedAgain = true
        var facts = Evidence(
          text: result.last.evidence, status: result.last.status, requestID: result.last.requestID,
          timeMs: result.last.timeMs
        ).facts
        facts.set("reason", "the old key still works although the service said that it ended it")
        facts.set(
          "hint", "run later: keywright resume; if it stays so, revoke \(snapshot.keyID ?? "it") at the service by hand"
        )
        try advance(.oldAlive, facts)
        return .stop
      }
      return pauseFor("the old key's death is not proven yet: \(result.last.evidence)")
    }
    var facts = Facts()
    facts.set("proofs", result.streak.map(\.facts))
    try advance(.oldProvenDead, facts)
    return .goOn
  }

  /// The end: the sealed values go, and the inventory knows the new key.
  func finish() throws -> Progress {
    let old = try value("old")
    let new = try value("new")
    let holders = targets.filter { (try? EnvFiles.state(of: $0, old: old, new: new)) == .holdsNew }
    guard !holders.isEmpty else {
      return try halt(
        "no file holds the new value any more, so it is kept, sealed",
        hint:
          "keywright rotation export \(snapshot.name) writes it to a file; then run: keywright resume \(snapshot.name)")
    }
    for target in targets {
      KeyFiles.sweep(target, transaction: txid)
      KeyFiles.sweepRehearsals(target, nowMs: services.clock.now())
    }
    let now = services.clock.now()
    var record =
      try services.ledger.inventory(snapshot.name)
      ?? InventoryRecord(key: snapshot.name, firstSeenMs: now, lastAttemptMs: now)
    record.fingerprint = replay.newFingerprint
    record.keyID = replay.newKeyID ?? record.keyID
    record.firstSeenMs = now
    record.lastSuccessMs = now
    try advance(.done, outcome: .done, purges: true, inventory: record)
    return .stop
  }
}
