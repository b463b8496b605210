// What became of a request whose answer was lost. Each class of provider has its own way of finding out.

internal import Formats
internal import Model
internal import Providers
internal import RuleBook

/// What could be found out.
enum Reconciliation {
  /// The request was not carried out, and now will not be.
  case notExecuted(String)
  /// It made this key, whose value is lost.
  case orphan(keyID: String, String)
  /// The old key is dead, and nothing else can be asked.
  case lost(String)
  /// Not now.
  case undecided(String)
}

/// A class's way of finding out.
protocol Reconciler {
  func reconcile(_ run: RotationRun) throws -> Reconciliation
}

extension RotationRun {
  func reconcile() throws -> Progress {
    let reconciler: any Reconciler
    switch recoverability {
    case .createDelete, .replaceWithGrace: reconciler = ListReconciler()
    case .replaceReadable, .replaceOnce: reconciler = ProbeReconciler()
    case .twoSlots, .callerChosen, .manual:
      return try halt(
        "what became of the request can't be found out by a program for this provider",
        hint: "look at the service, then run: keywright rotation abort \(snapshot.name)")
    }
    switch try reconciler.reconcile(self) {
    case .notExecuted(let evidence): try notExecuted(evidence, isFinal: !mayAsk)
    case .orphan(let id, let evidence):
      var facts = Facts(reason: evidence)
      facts.set("key_id", id)
      try advance(.orphaned, facts)
    case .lost(let evidence): try advance(.lost, Facts(reason: evidence))
    case .undecided(let reason): return pauseFor(reason)
    }
    return .goOn
  }

  /// Revokes the key whose value was lost. Doing so twice does no harm.
  func revokeOrphan() throws -> Progress {
    guard let id = replay.orphans.last else { return try halt("the orphan has no id", hint: "look at the service") }
    let result = end(keyID: id, authorization: try value("old"))
    switch result {
    case .ended(let evidence):
      var facts = evidence.facts
      facts.set("key_id", id)
      try advance(.orphanRevoked, facts)
      return .goOn
    case .refused(let reason):
      return try halt(
        "the key \(id), whose value was lost on the way here, could not be revoked: \(reason)",
        hint: "if it was used by somebody else, revoke it at the service at once")
    case .undecided(let reason): return pauseFor(reason)
    }
  }
}
