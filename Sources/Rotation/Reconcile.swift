// What became of a request whose answer was lost. Each class of provider has its own way of finding out.

internal import Formats
internal import Model
internal import Providers
internal import RuleBook

/// What could be found out.
enum Reconciliation {
  /// The request was not carried out, and now will not be.
  case notExecuted(String)
  /// It made these keys, whose values are lost.
  case orphans([String], String)
  /// It was carried out, and the value is the one that we chose.
  case chosen(String)
  /// It was carried out, and the value could be read again.
  case read(NewKey)
  /// More than one thing may have happened; a program must not guess.
  case ambiguous(String)
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
    case .twoSlots: reconciler = SlotReconciler()
    case .callerChosen: reconciler = ChosenValueReconciler()
    case .manual: reconciler = PersonReconciler()
    }
    switch try reconciler.reconcile(self) {
    case .notExecuted(let evidence): try notExecuted(evidence, isFinal: !mayAsk)
    case .orphans(let ids, let evidence):
      var facts = Facts(reason: evidence)
      facts.set("key_ids", ids)
      try advance(.orphaned, facts)
    case .chosen: return try takeChosen()
    case .read(let key): return try take(key)
    case .ambiguous(let reason):
      return try halt(
        reason, hint: "see what the service lists, end what is not used, then run: keywright resume \(snapshot.name)")
    case .lost(let evidence): try advance(.lost, Facts(reason: evidence))
    case .undecided(let reason): return pauseFor(reason)
    }
    return .goOn
  }

  /// Revokes the key whose value was lost. Doing so twice does no harm.
  func revokeOrphan() throws -> Progress {
    guard !replay.currentOrphans.isEmpty else {
      return try halt("the orphan has no id", hint: "look at the service")
    }
    let authority = try authority(try value("old"))
    var facts = Facts()
    for id in replay.currentOrphans {
      switch end(keyID: id, value: nil, authorization: authority) {
      case .ended(let evidence): facts = evidence.facts
      case .refused(let reason):
        return try halt(
          "the key \(id), whose value was lost on the way here, could not be revoked: \(reason)",
          hint: "if it was used by somebody else, revoke it at the service at once")
      case .undecided(let reason): return pauseFor(reason)
      }
    }
    facts.set("key_ids", replay.currentOrphans)
    try advance(.orphanRevoked, facts)
    return .goOn
  }
}
