// Classes A and C: the service lists keys, and ours carries our reference. The old key may still ask.

internal import Model
internal import Providers

struct ListReconciler: Reconciler {
  /// How often in a row our reference must be missing, and how long apart, before a request counts as not carried out.
  /// (One that arrives later still makes no second key: the next request carries the same reference.)
  static let looks = 3
  static let pauseMilliseconds: Int64 = 2_000

  func reconcile(_ run: RotationRun) throws -> Reconciliation {
    let old = try run.value("old")
    for look in 1...ListReconciler.looks {
      let listed: [ListedKey]
      do throws(ProviderError) {
        listed = try run.client.list(authorization: old, run.snapshot.context())
      } catch {
        return try refusedOrUndecided(run, error)
      }
      if let made = listed.first(where: {
        $0.reference == run.replay.reference && !run.replay.orphans.contains($0.keyID)
      }) {
        return .orphan(
          keyID: made.keyID,
          "the service lists \(made.keyID) under our reference: the request was carried out, its value is lost")
      }
      if look < ListReconciler.looks { try run.wait(milliseconds: ListReconciler.pauseMilliseconds) }
    }
    return .notExecuted("the service lists no key under our reference: the request was not carried out")
  }

  private func refusedOrUndecided(_ run: RotationRun, _ error: ProviderError) throws -> Reconciliation {
    let probe = run.client.probe(try run.value("old"), run.snapshot.context())
    if probe.liveness == .dead {
      return .lost("the old key is refused (\(probe.evidence)) and the new one was not received")
    }
    return .undecided(error.reason)
  }
}
