// Keys whose value we choose: it is sealed before it is set, so an unknown outcome is settled by trying both values, and
// setting it once more does no harm.

internal import Ledger
internal import Model
internal import Posix
internal import Providers
internal import RuleBook
internal import Secrets
internal import Transport

/// Values that we choose.
enum ChosenValue {
  static let characters = 40
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// 40 characters of base64's address-safe alphabet, 239 bits: read alike by every kind of file, and with a letter of
  /// either case, a digit and a sign, as password policies want it. The first is a letter.
  static func make(_ random: any RandomSource) -> Secret {
    while true {
      var bytes = random.bytes(characters)
      defer { wipe(&bytes) }
      for index in bytes.indices { bytes[index] = alphabet[Int(bytes[index] & 63)] }
      let isLetter = bytes[0] & 0xdf >= 0x41 && bytes[0] & 0xdf <= 0x5a
      if isLetter, bytes.contains(where: { (0x41...0x5a).contains($0) }),
        bytes.contains(where: { (0x61...0x7a).contains($0) }), bytes.contains(where: { (0x30...0x39).contains($0) }),
        bytes.contains(where: { $0 == 0x2d || $0 == 0x5f })
      {
        return Secret(bytes)
      }
    }
  }
}

extension RotationRun {
  /// The service took the value.
  func takeChosen() throws -> Progress {
    var facts = Facts()
    facts.set("key_id", snapshot.keyID)
    facts.set("fingerprint", services.ledger.install.fingerprints.fingerprint(try value("new")))
    try advance(.parsed, facts)
    return .goOn
  }

  /// The new value is unfit: the old one is set again, unless it still works by itself.
  func putBack(_ old: Secret) throws -> Progress {
    let new = try value("new")
    var probe = client.probe(old, snapshot.context())
    if probe.liveness == .live, client.has(.revoke) {
      // The two live side by side: the new one goes.
      let ending = end(keyID: snapshot.keyID, value: new, authorization: try authority(old), keeping: old)
      if case .undecided(let reason) = ending {
        return pauseFor(reason)
      }
    } else if probe.liveness == .dead {
      var context = snapshot.context()
      context.newSecret = old
      let authority = try authority(new)
      do throws(TransportError) {
        _ = try client.perform(makingRole, authorization: authority, context)
      } catch {
        return pauseFor("the old value could not be set again: \(error.reason)")
      }
      probe = client.probe(old, snapshot.context())
    }
    switch probe.liveness {
    case .live:
      try advance(.rolledBack, Facts(reason: replay.reason ?? ""), outcome: .rolledBack, purges: true)
      return .stop
    case .dead:
      return try halt(
        "the new value is unfit, and the old one is refused (\(probe.evidence))",
        hint: "set a value at the service by hand and put it into the files, then run: "
          + "keywright rotation abort \(snapshot.name)")
    case .unknown: return pauseFor("the old key could not be tried: \(probe.evidence)")
    }
  }
}

/// Class E: both values are known, so both are tried.
struct ChosenValueReconciler: Reconciler {
  static let pauseMilliseconds: Int64 = 2_000

  func reconcile(_ run: RotationRun) throws -> Reconciliation {
    let old = try run.value("old")
    let new = try run.value("new")
    let context = run.snapshot.context()
    let looks = max(run.snapshot.proofs, 2)
    let pause = max(ChosenValueReconciler.pauseMilliseconds, run.snapshot.settleMs / 2 / Int64(looks))
    var oldIsDead = false
    for look in 1...looks {
      let probe = run.client.probe(new, context)
      switch probe.liveness {
      case .live: return .chosen("the value that we chose works (\(probe.evidence)): the request was carried out")
      case .unknown: return .undecided(probe.evidence)
      case .dead: break
      }
      let before = run.client.probe(old, context)
      if before.liveness == .unknown { return .undecided(before.evidence) }
      oldIsDead = before.liveness == .dead
      if look < looks { try run.wait(milliseconds: pause) }
    }
    if oldIsDead {
      // With an administrator's password the same value could be set once more; but somebody else has set a third one.
      return .lost("neither the old value nor the one that we chose is accepted: somebody else has set another")
    }
    return .notExecuted("the old value still works and the new one does not: the request was not carried out")
  }
}
