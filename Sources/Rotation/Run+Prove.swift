// Proof: the new key acts as the same identity, often enough in a row, before anything is touched.

internal import Formats
internal import Ledger
internal import Model
internal import Posix
internal import Providers
internal import RuleBook
internal import Secrets

extension RotationRun {
  static let proofPauseMilliseconds: Int64 = 1_000
  private static let longestPauseMilliseconds: Int64 = 15_000

  /// Asks about a value until the wanted answer came often enough in a row, or the settle time is over.
  ///
  /// - Parameters:
  ///   - stop: looks at each answer; what it returns ends the asking.
  func ask(
    _ value: Secret, keyID: String?, until wanted: Liveness, stop: (Probe) -> String? = { _ in nil }
  ) throws -> (streak: [Evidence], last: Probe, fault: String?) {
    let context = snapshot.context(keyID: keyID)
    let start = services.clock.monotonic()
    var streak: [Evidence] = []
    var pause = RotationRun.proofPauseMilliseconds
    while true {
      let probe = client.probe(value, context)
      if let fault = stop(probe) { return (streak, probe, fault) }
      if probe.liveness == wanted {
        streak.append(
          Evidence(text: probe.evidence, status: probe.status, requestID: probe.requestID, timeMs: probe.timeMs))
        if streak.count >= snapshot.proofs { return (streak, probe, nil) }
        pause = RotationRun.proofPauseMilliseconds
      } else {
        streak = []
      }
      let wait = max(pause, Int64(min(probe.retryAfterSeconds ?? 0, RotationRun.patienceSeconds)) * 1_000)
      let over = services.clock.monotonic() - start + wait > snapshot.settleMs
      // Evidence that is coming in is not cut off by the clock: it takes a few seconds at most.
      if over && streak.isEmpty { return (streak, probe, nil) }
      try self.wait(milliseconds: wait)
      if streak.isEmpty { pause = min(pause * 3 / 2, RotationRun.longestPauseMilliseconds) }
    }
  }

  func proveNew() throws -> Progress {
    let new = try value("new")
    let result = try ask(new, keyID: replay.newKeyID, until: .live) { probe in
      probe.liveness == .live ? self.mismatch(probe.identity) : nil
    }
    if let fault = result.fault { return try unfit(fault) }
    guard result.streak.count >= snapshot.proofs else {
      if result.last.liveness == .dead {
        return try unfit("the new key is refused (\(result.last.evidence))")
      }
      return pauseFor("the new key could not be tried: \(result.last.evidence)")
    }
    var facts = Facts()
    facts.set("account", result.last.identity?.account)
    facts.set("scopes", result.last.identity?.scopes ?? [])
    if replay.newKeyID == nil { facts.set("key_id", result.last.identity?.keyID) }
    // Where a service tells nothing of either key, nothing was compared.
    facts.set(
      "identity_compared", snapshot.identity?.isTelling == true && result.last.identity?.isTelling == true)
    facts.set("proofs", result.streak.map(\.facts))
    try advance(.verifiedNew, facts)
    return .goOn
  }

  /// How the new key's identity differs from the old one's; nil if it does not.
  private func mismatch(_ identity: KeyIdentity?) -> String? {
    if let made = replay.newKeyID, let told = identity?.keyID, made != told {
      return "the new key should be \(made) and says that it is \(told)"
    }
    guard let old = snapshot.identity else { return nil }
    if old.account != nil || !old.scopes.isEmpty, identity == nil { return "the new key does not say whose it is" }
    if old.account != identity?.account {
      return "the new key belongs to \(identity?.account ?? "nobody"), the old one to \(old.account ?? "nobody")"
    }
    let scopes = identity?.scopes ?? []
    if old.scopes != scopes {
      let less = old.scopes.filter { !scopes.contains($0) }
      let more = scopes.filter { !old.scopes.contains($0) }
      return "the new key may do other things than the old one:"
        + (less.isEmpty ? "" : " it lacks \(less.joined(separator: ", "))")
        + (more.isEmpty ? "" : " it adds \(more.joined(separator: ", "))")
    }
    return nil
  }

  private func unfit(_ reason: String) throws -> Progress {
    if recoverability == .createDelete || recoverability == .callerChosen {
      try advance(.rollingBack, Facts(reason: reason))
      return .goOn
    }
    return try halt(
      "\(reason); no file was changed, and the new value is kept, sealed",
      hint:
        "look at the service, then run: keywright resume \(snapshot.name), or: keywright rotation abort \(snapshot.name)"
    )
  }

  /// Takes the new key back: only where the old one lives on by itself.
  func rollBack() throws -> Progress {
    let old = try value("old")
    if recoverability == .callerChosen { return try putBack(old) }
    guard let id = replay.newKeyID else {
      return try halt(
        "the new key is unfit, and the service did not say which id it has, so it could not be revoked",
        hint: "revoke it at the service by hand (it is marked \(replay.reference ?? "with our reference")), then run: "
          + "keywright rotation abort \(snapshot.name)")
    }
    guard id != snapshot.keyID else {
      return try halt(
        "the new key is unfit, and the service gives it the old one's id \(id), so nothing was revoked",
        hint: "look at the service by hand, then run: keywright rotation abort \(snapshot.name)")
    }
    switch end(keyID: id, value: nil, authorization: try authority(old)) {
    case .ended: break
    case .refused(let reason):
      return try halt(
        "the new key \(id) is unfit and could not be revoked: \(reason)", hint: "revoke it at the service by hand")
    case .undecided(let reason): return pauseFor(reason)
    }
    let probe = client.probe(old, snapshot.context())
    switch probe.liveness {
    case .live:
      try advance(.rolledBack, Facts(reason: replay.reason ?? ""), outcome: .rolledBack, purges: true)
      return .stop
    case .dead:
      return try halt(
        "the new key was unfit, and the old one is refused (\(probe.evidence))", hint: "make a new key by hand")
    case .unknown: return pauseFor("the old key could not be tried: \(probe.evidence)")
    }
  }
}
