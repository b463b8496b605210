// Begins rotations, takes them up again, and says how each stands. The rules that may not bend are in the driver.

internal import EnvFiles
public import Ledger
internal import Model
internal import Posix
internal import Providers
internal import RuleBook
internal import Secrets

/// Rotates keys, one at a time.
public final class Rotator: Sendable {
  let services: RotationServices

  /// A rotator.
  public init(_ services: RotationServices) { self.services = services }

  /// Rotates a key. If it has a rotation that has not ended, that one is taken up instead, and no new one is begun.
  ///
  /// - Parameters:
  ///   - key: the key.
  ///   - reason: why, for the report: `manual`, `due`, `leaked`.
  ///   - graceMs: how long the old value is to live on; nil for what the configuration says.
  /// - Throws: ``RotationRefusal`` or ``LedgerError`` while nothing was changed; what the checkpoint throws.
  public func rotate(_ key: ConfiguredKey, reason: String, graceMs: Int64? = nil) throws -> RotationReport {
    let hold = try KeyHold.take(key.name, services, resumes: false)
    if let open = try services.ledger.openRotations().first(where: { $0.key == key.name }) {
      return try takeUp(open, hold, named: false)
    }
    if services.isInterrupted() { throw RotationRefusal(.interrupted, "interrupted; nothing was changed") }
    services.progress("\(key.name): trying everything that can fail here")
    var preflight = try Preflight(key, services)
    try preflight.askProvider(services)
    try preflight.rehearseDeliveries(services)
    let run = try begin(preflight, reason, graceMs ?? key.policy.grace(because: reason), hold)
    return try finish(run)
  }

  /// Takes up a rotation that has not ended.
  ///
  /// - Parameters:
  ///   - record: the rotation.
  ///   - named: whether a person named it, which lets it go on from where it waits for one.
  public func resume(_ record: RotationRecord, named: Bool = false) throws -> RotationReport {
    try takeUp(record, try KeyHold.take(record.key, services, resumes: true), named: named)
  }

  /// Gives a rotation up: its sealed values are removed, and the key may be rotated anew.
  ///
  /// - Parameters:
  ///   - record: the rotation.
  ///   - discardingValues: consents to losing values that are kept nowhere else.
  public func abort(_ record: RotationRecord, discardingValues: Bool) throws -> RotationReport {
    let hold = try KeyHold.take(record.key, services, resumes: true)
    let replay = try Replay(record.txid, try services.ledger.journal(of: record.txid))
    let labels = try services.ledger.sealedLabels(of: record.txid).filter { $0 != "old" }
    guard labels.isEmpty || discardingValues else {
      throw RotationRefusal(
        .configuration,
        "the rotation \(record.txid) keeps what the service answered, perhaps the only copy of a working key",
        hint: "take it out first: keywright rotation export \(record.key) --value \(labels[0]) --to FILE; "
          + "then abort with --discard-values")
    }
    guard replay.state.successors.contains(.aborted) else {
      throw RotationRefusal(
        .configuration, "the rotation \(record.txid) stands at \(replay.state.rawValue), where it can't be given up",
        hint: "run: keywright resume \(record.key)")
    }
    let run = RotationRun(
      services, try session(replay), replay, fence: try services.ledger.takeUp(record.txid), hold: hold)
    try run.advance(.aborted, Facts(reason: "given up by hand"), outcome: .aborted, purges: true)
    for target in run.targets { KeyFiles.sweep(target, transaction: record.txid) }
    return try report(run)
  }

  /// How a rotation stands, from its journal alone.
  public func report(_ record: RotationRecord) throws -> RotationReport {
    RotationReport(try Replay(record.txid, try services.ledger.journal(of: record.txid)), outcome: nil, obstacle: nil)
  }

  // MARK: -

  private func session(_ replay: Replay) throws -> ProviderSession {
    guard
      let session = services.session(replay.snapshot.provider, replay.snapshot.base, replay.snapshot.service)
    else {
      throw RotationRefusal(
        .configuration, "no provider is named '\(replay.snapshot.provider)'",
        hint: "the rotation \(replay.txid) needs its provider file")
    }
    return session
  }

  private func takeUp(_ record: RotationRecord, _ hold: KeyHold, named: Bool) throws -> RotationReport {
    // Read again under the lock: whoever held it may have ended the rotation.
    guard let record = try services.ledger.rotation(record.txid) else {
      throw RotationRefusal(.failure, "the rotation \(record.txid) is gone")
    }
    let replay = try Replay(record.txid, try services.ledger.journal(of: record.txid))
    guard record.isOpen else { return RotationReport(replay, outcome: nil, obstacle: nil) }
    guard replay.state != .human || named else { return RotationReport(replay, outcome: nil, obstacle: nil) }
    let run = RotationRun(
      services, try session(replay), replay, fence: try services.ledger.takeUp(record.txid), hold: hold)
    if replay.state == .human { try run.advance(.resumed, Facts(reason: "a person said to go on")) }
    if replay.state == .intent, let obstacle = obstacleBeforeAsking(run) {
      try run.advance(.closed, Facts(reason: obstacle), outcome: .notExecuted, purges: true)
      return try report(run)
    }
    return try finish(run)
  }

  /// Nothing was sent yet, and time has gone by: whatever was tried is tried again.
  private func obstacleBeforeAsking(_ run: RotationRun) -> String? {
    do {
      let old = try run.value("old")
      for target in run.targets { _ = try EnvFiles.preflight(target, old: old, policy: run.filePolicy) }
      let probe = run.client.probe(old, run.snapshot.context())
      return probe.liveness == .live ? nil : "the old key could not be tried again: \(probe.evidence)"
    } catch {
      return "what was ready when the rotation began is so no more: \(error)"
    }
  }

  private func begin(_ preflight: Preflight, _ reason: String, _ graceMs: Int64, _ hold: KeyHold) throws -> RotationRun
  {
    let now = services.clock.now()
    let txid = Hex.encode(services.random.bytes(12))
    var snapshot = KeySnapshot(
      preflight.key, recoverability: preflight.recoverability.rawValue, reason: reason,
      oldFingerprint: preflight.fingerprint, identity: preflight.identity, keyID: preflight.keyID, graceMs: graceMs)
    snapshot.allowsTracked = services.files.allowsTracked
    snapshot.keyIDProof = preflight.keyIDProof
    snapshot.listedIDs = preflight.listedIDs
    snapshot.idleID = preflight.idleID
    var known = preflight.known ?? InventoryRecord(key: preflight.key.name, firstSeenMs: now)
    if known.fingerprint != preflight.fingerprint {
      // A value that was put there by other hands: its age is not known to be more than this, and the last rotation's
      // success was another value's.
      if known.fingerprint != nil {
        known.firstSeenMs = now
        known.lastSuccessMs = nil
      }
      known.fingerprint = preflight.fingerprint
    }
    known.keyID = preflight.keyID
    known.lastAttemptMs = now
    let data = snapshot.facts.json
    try services.checkpoint("INTENT:before")
    try services.ledger.begin(
      RotationRecord(
        txid: txid, key: snapshot.name, provider: snapshot.provider, recoverability: snapshot.recoverability,
        state: RotationState.intent.rawValue, createdMs: now, updatedMs: now),
      LedgerStep(
        state: RotationState.intent.rawValue, data: data, timeMs: now, values: [("old", preflight.value)],
        inventory: known),
      actor: services.actor)
    let replay = try Replay(
      txid, [JournalEntry(sequence: 1, state: RotationState.intent.rawValue, timeMs: now, data: data)])
    let run = RotationRun(services, preflight.session, replay, fence: 1, hold: hold)
    try services.checkpoint("INTENT:after")
    return run
  }

  private func finish(_ run: RotationRun) throws -> RotationReport {
    do {
      try run.drive()
    } catch is Interrupted {
      return RotationReport(run.replay, outcome: .interrupted, obstacle: "somebody asked to stop")
    } catch let error as Unauthorized {
      return RotationReport(run.replay, outcome: .unknown, obstacle: error.reason)
    } catch let error as LedgerError {
      // The journal says how far it came; what can't be written now is found out by resume.
      return RotationReport(run.replay, outcome: .unknown, obstacle: error.reason)
    }
    return try report(run)
  }

  private func report(_ run: RotationRun) throws -> RotationReport {
    RotationReport(run.replay, outcome: run.isWaiting ? .waiting : nil, obstacle: run.obstacle)
  }
}
