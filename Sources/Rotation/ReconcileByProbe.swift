// Classes B1 and B2: the old key dies the moment a new one is made, so the old key itself is the witness. It is only ever
// asked harmlessly: to rotate again with a key that was already rotated makes some services revoke the newest one.

internal import Model
internal import Providers

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
        return .lost("the old key is refused (\(probe.evidence)): the request was carried out, its answer is lost")
      case .live: if look < looks { try run.wait(milliseconds: pause) }
      case .unknown: return .undecided(probe.evidence)
      }
    }
    return .notExecuted("the old key still works: the request was not carried out")
  }
}
