// Classes B1 and B2: the old key dies the moment a new one is made, so the old key itself is the witness. It is only ever
// asked harmlessly: to rotate again with a key that was already rotated makes some services revoke the newest one.

internal import Model
internal import Providers
internal import RuleBook
internal import Secrets

struct ProbeReconciler: Reconciler {
  static let pauseMilliseconds: Int64 = 2_000

  func reconcile(_ run: RotationRun) throws -> Reconciliation {
    let old = try run.value("old")
    // A service may take a while to forget a key: it must be alive several times in a row, over half the settle time.
    let looks = max(run.snapshot.proofs, 2)
    let pause = max(ProbeReconciler.pauseMilliseconds, run.snapshot.settleMs / 2 / Int64(looks))
    for look in 1...looks {
      let probe = run.client.probe(old, run.snapshot.context())
      switch probe.liveness {
      case .dead:
        if run.recoverability == .replaceReadable { return try readAgain(run) }
        return .lost("the old key is refused (\(probe.evidence)): the request was carried out, its answer is lost")
      case .live: if look < looks { try run.wait(milliseconds: pause) }
      case .unknown: return .undecided(probe.evidence)
      }
    }
    return .notExecuted("the old key still works: the request was not carried out")
  }

  /// Class B1: the service shows the value again to whoever may see it.
  private func readAgain(_ run: RotationRun) throws -> Reconciliation {
    let old = try run.value("old")
    do throws(ProviderError) {
      let authority: Secret
      do { authority = try run.authority(old) } catch {
        return .undecided("the administrator's password can't be read")
      }
      let current = try run.client.read(authorization: authority, run.snapshot.context())
      guard let value = current.value, value != old else {
        return .undecided("the service does not show the new value yet")
      }
      return .read(NewKey(value: value, keyID: current.keyID))
    } catch {
      return .undecided(error.reason)
    }
  }
}
