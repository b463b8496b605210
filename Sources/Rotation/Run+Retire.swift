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
  ///
  /// - Parameters:
  ///   - keyID: its id; nil where the service knows it by its value.
  ///   - value: its value, where that is at hand.
  ///   - authorization: what authorises it.
  ///   - keeping: the value that is to live on, where both belong to one user; nil for the newest.
  func end(keyID: String?, value: Secret?, authorization: Secret, keeping: Secret? = nil) -> Ending {
    var context = snapshot.context(keyID: keyID)
    context.newSecret = keeping
    context.endedSecret = value
    context.authorizationID = keyID == replay.newKeyID ? snapshot.keyID : replay.newKeyID ?? snapshot.keyID
    let asked = client.describe(.revoke, context)
    if client.has(.disable), case .some(let obstacle) = disable(context, authorization) { return obstacle }
    do throws(TransportError) {
      let response = try client.perform(.revoke, authorization: authorization, context)
      let evidence = Evidence(
        text: "\(asked): \(response.status)", status: response.status,
        requestID: RequestID.of(response, hiding: [authorization, value].compactMap { $0 }),
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

  /// First a way that can be undone, where the service has one: nil if the way is free.
  private func disable(_ context: CallContext, _ authorization: Secret) -> Ending? {
    let asked = client.describe(.disable, context)
    do throws(TransportError) {
      let response = try client.perform(.disable, authorization: authorization, context)
      if [404, 410].contains(response.status) { return nil }
      switch client.judge(.disable, status: response.status, headers: response.headers, body: response.body) {
      case .success: return nil
      case .refused(let reason): return .refused("\(asked): \(reason)")
      case .limited(let seconds): return .undecided("\(asked): the service asks to wait \(seconds) s")
      case .unclear(let reason): return .undecided("\(asked): \(reason)")
      }
    } catch {
      return .undecided("\(asked): \(error.reason)")
    }
  }

  /// Whether a request ends the old key. Services of the other classes ended it when they made the new one. Many of
  /// them keep the id, or end whatever key authorises the call: a request would end the key that every file has just
  /// been given.
  var isEndedByRequest: Bool {
    guard KeyMaking.isEndedByRequest(recoverability, client), client.has(.revoke) else { return false }
    return !KeyMaking.isEndedByID(recoverability) || snapshot.keyID != nil && snapshot.keyID != replay.newKeyID
  }

  /// Nil where it is known that the id which is to be ended is the old value's.
  private func strangersKey(_ old: Secret) throws -> Progress? {
    guard KeyMaking.isEndedByID(recoverability), snapshot.keyIDProof == nil, !client.provesKeyID,
      let keyID = snapshot.keyID
    else { return nil }
    let probe = client.probe(old, snapshot.context())
    if probe.identity?.keyID == keyID || probe.liveness == .dead { return nil }
    if probe.liveness == .unknown { return pauseFor("the old key could not be tried: \(probe.evidence)") }
    return try halt(
      "nothing tells that the id \(keyID) is the old key's, so it is not revoked: it may be another key that works",
      hint: "revoke the old key at the service by hand, then run: keywright resume \(snapshot.name)")
  }

  func retire() throws -> Progress {
    let old = try value("old")
    if let containment = replay.containment {
      try advance(.oldRevoked, containment.facts)
      return .goOn
    }
    if recoverability == .manual, !client.has(.revoke) { return try retireByHand(old) }
    guard isEndedByRequest else {
      let evidence = Evidence(
        text: "nothing is asked: the service ends the old key by itself when it makes the new one",
        timeMs: services.clock.now())
      try advance(.oldRevoked, evidence.facts)
      return .goOn
    }
    // Days may have gone by since the files were written.
    let new = try value("new")
    if let obstacle = try fileWithoutNewValue(old, new) { return obstacle }
    if let obstacle = try strangersKey(old) { return obstacle }
    if let obstacle = try stillUsed(new) { return obstacle }
    switch try endOld(old, new) {
    case .ended(let evidence):
      try advance(.oldRevoked, evidence.facts)
      return .goOn
    case .refused(let reason), .undecided(let reason):
      // What can't be asked of the service by this key may still be done by the person who made the new one.
      if recoverability == .manual { return try retireByHand(old) }
      return pauseFor("every file has the new key, but the old one could not be revoked: \(reason)")
    }
  }

  /// Ends the old key, asking again where the service hesitates.
  func endOld(_ old: Secret, _ new: Secret) throws -> Ending {
    var reason = ""
    for attempt in 1...RotationRun.revocationAttempts {
      try confirmHold()
      switch end(keyID: snapshot.keyID, value: old, authorization: try authority(new)) {
      case .ended(let evidence): return .ended(evidence)
      case .refused(let why), .undecided(let why): reason = why
      }
      let probe = client.probe(old, snapshot.context())
      if probe.liveness == .dead {
        return .ended(Evidence(text: probe.evidence, status: probe.status, timeMs: probe.timeMs))
      }
      if attempt < RotationRun.revocationAttempts { try wait(milliseconds: Int64(attempt) * 2_000) }
    }
    return .undecided(reason)
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
    // The sealed values go at the end: every file must have the new one before that, not just one of them.
    if let obstacle = try fileWithoutNewValue(
      old, new, oldKey: "the old key is dead, and the new value is kept, sealed")
    {
      return obstacle
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
