// Keys that only a person can make: where, and what for, is shown; the value is read without echo, and from then on all is
// as with other keys.

internal import Ledger
internal import Model
internal import Posix
internal import Providers
internal import RuleBook
internal import Secrets

extension RotationRun {
  var page: String { snapshot.service?.page ?? session.provider.homepage }

  /// Asks for the new key.
  func askPerson() throws -> Progress {
    guard let person = services.person else {
      try notExecuted("there is no terminal at which a person could make the key", isFinal: true)
      return .goOn
    }
    let value = person.value([
      "\(snapshot.name): make a new key of \(session.provider.name) at \(page)",
      "It must belong to the same account and may do the same as the old one. Leave the old one alone for now.",
      "Paste the new key (it is not shown), or nothing to leave things as they are: ",
    ])
    guard let value, value.count > 0 else {
      try notExecuted("no key was given", isFinal: true)
      return .goOn
    }
    return try keep(Answer(status: 200, retryAfter: nil, requestID: nil, body: value))
  }

  /// Takes what a person gave.
  func takeGiven(_ given: Secret) throws -> Progress {
    var bytes = given.copyBytes()
    defer { wipe(&bytes) }
    var range = bytes[...]
    while let last = range.last, last <= 0x20 { range.removeLast() }
    while let first = range.first, first <= 0x20 { range.removeFirst() }
    guard !range.isEmpty, range.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      try notExecuted("what was given is no key: it holds spaces or control characters", isFinal: true)
      return .goOn
    }
    let new = Secret(Array(range))
    guard new != (try value("old")) else {
      try notExecuted("what was given is the old key", isFinal: true)
      return .goOn
    }
    return try take(NewKey(value: new))
  }

  /// Asks the person to end the old key, unless it is dead already.
  func retireByHand(_ old: Secret) throws -> Progress {
    let probe = client.probe(old, snapshot.context())
    if probe.liveness != .dead {
      guard let person = services.person else {
        return pauseFor(
          "every file has the new key; a person must end the old one at \(page), then run keywright resume")
      }
      let isDone = person.consents([
        "\(snapshot.name): every file has the new key, and it works.",
        "End the old key\(snapshot.keyID.map { " (\($0))" } ?? "") at \(page)",
        "Done? [y/N] ",
      ])
      guard isDone else { return pauseFor("every file has the new key; the old one was not ended yet") }
    }
    try advance(
      .oldRevoked, Evidence(text: "a person says that the old key was ended", timeMs: services.clock.now()).facts)
    return .goOn
  }
}

/// Class F: nothing was sent, so nothing can have been lost but what a person has in hand.
struct PersonReconciler: Reconciler {
  func reconcile(_ run: RotationRun) throws -> Reconciliation {
    .notExecuted("keywright was interrupted before a key was given; if one was made, it can be given now")
  }
}
