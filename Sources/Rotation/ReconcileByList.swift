// Classes A and C: the service lists keys, and ours carries our reference, or is new. The old key may still ask.

internal import Model
internal import Providers
internal import Secrets

struct ListReconciler: Reconciler {
  /// How often in a row our key must be missing, and how long apart, before a request counts as not carried out. (One that
  /// arrives later still makes no second key where the next request carries the same reference.)
  static let looks = 3
  static let pauseMilliseconds: Int64 = 2_000

  func reconcile(_ run: RotationRun) throws -> Reconciliation {
    let old = try run.value("old")
    for look in 1...ListReconciler.looks {
      let listed: [ListedKey]
      do throws(ProviderError) {
        listed = try run.client.list(authorization: try authority(run, old), run.snapshot.context())
      } catch {
        return try refusedOrUndecided(run, error)
      }
      let made = ListReconciler.made(
        listed, reference: run.replay.reference, known: run.snapshot.listedIDs, orphans: run.replay.orphans,
        old: run.snapshot.keyID)
      switch made {
      case .none: break
      case .some(let keys) where keys.count > run.replay.attempt:
        return .ambiguous(
          "the service lists \(keys.count) keys that may be ours (\(keys.map(\.keyID).joined(separator: ", "))), and only "
            + "\(run.replay.attempt) were asked for")
      case .some(let keys):
        if let strange = keys.first(where: { $0.replaces.map { $0 != run.snapshot.keyID } ?? false }) {
          return .ambiguous("the key \(strange.keyID) bears our reference, but stands in for another key than ours")
        }
        let ids = keys.map(\.keyID)
        return .orphans(
          ids,
          "the service lists \(ids.joined(separator: ", ")) as ours: the request was carried out, its value is lost")
      }
      if look < ListReconciler.looks { try run.wait(milliseconds: ListReconciler.pauseMilliseconds) }
    }
    return .notExecuted("the service lists no key of ours: the request was not carried out")
  }

  /// The keys that our requests have made: those with our reference, or, where the service shows none, those that were not
  /// there before. Nil for none.
  static func made(
    _ listed: [ListedKey], reference: String?, known: [String]?, orphans: [String], old: String?
  ) -> [ListedKey]? {
    let others = listed.filter { $0.keyID != old && !orphans.contains($0.keyID) }
    var made: [ListedKey] = []
    if let reference { made = others.filter { $0.reference == reference } }
    if made.isEmpty, listed.allSatisfy({ $0.reference == nil }), let known {
      made = others.filter { !known.contains($0.keyID) }
    }
    return made.isEmpty ? nil : made
  }

  private func authority(_ run: RotationRun, _ old: Secret) throws(ProviderError) -> Secret {
    do { return try run.authority(old) } catch {
      throw ProviderError(reason: (error as? Unauthorized)?.reason ?? "the administrator's password can't be read")
    }
  }

  private func refusedOrUndecided(_ run: RotationRun, _ error: ProviderError) throws -> Reconciliation {
    let probe = run.client.probe(try run.value("old"), run.snapshot.context())
    if probe.liveness == .dead {
      return .lost("the old key is refused (\(probe.evidence)) and the new one was not received")
    }
    return .undecided(error.reason)
  }
}

/// Class D: our users hold the other slot, so the idle one is simply renewed again.
struct SlotReconciler: Reconciler {
  func reconcile(_ run: RotationRun) throws -> Reconciliation {
    let probe = run.client.probe(try run.value("old"), run.snapshot.context())
    switch probe.liveness {
    case .live: return .notExecuted("the slot in use is untouched; the idle one can be renewed again")
    case .dead: return .lost("the old key is refused (\(probe.evidence)) although the other slot was to be renewed")
    case .unknown: return .undecided(probe.evidence)
    }
  }
}
