// The one dangerous step: a request that makes a key is sent at most twice, each time only after the journal says so.

internal import Formats
internal import Ledger
internal import Model
internal import Posix
internal import Providers
internal import RuleBook
internal import Secrets
internal import Transport

extension RotationRun {
  /// The longest that a limit is waited for, in seconds; a longer one ends this rotation, and a later one tries again.
  static let patienceSeconds = 90

  /// The first request.
  func beginRequest() throws -> Progress {
    if services.isInterrupted() { return try close("stopped before anything was sent") }
    return try request()
  }

  func request() throws -> Progress {
    guard mayAsk else {
      return try halt(
        "two requests for a new key were made, and neither gave one that can be used",
        hint: "see what the service lists, then run: keywright rotation show \(snapshot.name)")
    }
    if services.isInterrupted() { throw Interrupted() }
    let reference = replay.nextReference()
    var context = snapshot.context(reference: reference)
    let old = try value("old")
    let authority: Secret
    do { authority = try self.authority(old) } catch let error as Unauthorized {
      return pauseFor("nothing was sent: \(error.reason)")
    }
    var facts = Facts()
    facts.set("reference", reference)
    facts.set("request", client.describe(makingRole, context))
    var values: [(label: String, value: Secret)] = []
    if recoverability == .callerChosen {
      // Sealed before anything is sent: whatever becomes of the request, the value is not lost.
      let chosen = try services.ledger.sealedValue("new", of: txid) ?? ChosenValue.make(services.random)
      values = [("new", chosen)]
      context.newSecret = chosen
      if client.has(.read) {
        do throws(ProviderError) { context.carry = try client.read(authorization: authority, context).carry } catch {
          return pauseFor("nothing was sent: \(error.reason)")
        }
      }
    }
    if let obstacle = try tellHosts() { return obstacle }
    do throws(SystemError) { try rescue.reserve() } catch {
      return pauseFor("nothing was sent, because there is no room to keep an answer: \(error)")
    }
    try advance(.requested, facts, attempt: replay.attempt + 1, values: values)
    if recoverability == .manual { return try askPerson() }
    return try send(context, authority, hiding: [old, authority] + values.map(\.value))
  }

  private func send(_ context: CallContext, _ authority: Secret, hiding secrets: [Secret]) throws -> Progress {
    let response: HTTPResponse
    do throws(TransportError) {
      response = try client.perform(makingRole, authorization: authority, context)
    } catch {
      if let partial = error.partial, error.fate == .unknown {
        services.progress("\(snapshot.name): the answer broke off; what came of it is kept")
        return try keep(Answer(partial, isPartial: true, hiding: secrets))
      }
      if error.fate == .unknown {
        try advance(.unknown, Facts(reason: error.reason))
      } else {
        try notExecuted("the request was not sent: \(error.reason)", isFinal: true)
      }
      return .goOn
    }
    return try keep(Answer(response, hiding: secrets))
  }

  /// Reads the sealed answer.
  func parse() throws -> Progress {
    let body = try value("raw-\(replay.attempt)")
    if recoverability == .manual { return try takeGiven(body) }
    if replay.responseIsPartial { return try parsePartial(body) }
    let headers = replay.responseRetryAfter.map { [(name: "retry-after", value: "\($0)")] } ?? []
    switch client.judge(makingRole, status: replay.responseStatus ?? 0, headers: headers, body: body) {
    case .success:
      if recoverability == .callerChosen { return try takeChosen() }
      return try take(body)
    case .refused(let reason):
      // A conflict, or any refusal of a second request, may be the echo of a first one that arrived late.
      if replay.responseStatus == 409 || replay.attempt > 1 {
        try advance(.unknown, Facts(reason: reason))
      } else {
        try notExecuted("the service refused: \(reason)", isFinal: true)
      }
    case .limited(let seconds): try notExecuted("the service limits requests", retryAfter: seconds)
    case .unclear(let reason): try advance(.unknown, Facts(reason: reason))
    }
    return .goOn
  }

  /// An answer that broke off: its status is definite where it refuses, and the new key may stand in what came.
  private func parsePartial(_ body: Secret) throws -> Progress {
    let status = replay.responseStatus ?? 0
    if recoverability != .callerChosen, let new = client.newKey(makingRole, status: status, partialBody: body) {
      return try take(new)
    }
    switch client.judge(makingRole, status: status, headers: [], body: Secret([])) {
    case .refused(let reason) where status != 409 && replay.attempt == 1:
      try notExecuted("the service refused: \(reason)", isFinal: true)
    case .limited(let seconds): try notExecuted("the service limits requests", retryAfter: seconds)
    default:
      try advance(
        .unknown, Facts(reason: "the answer (\(status)) broke off, and the new key can't be read out of what came"))
    }
    return .goOn
  }

  private func take(_ body: Secret) throws -> Progress {
    let new: NewKey
    do throws(ProviderError) {
      new = try client.newKey(makingRole, body: body)
    } catch {
      try advance(.unknown, Facts(reason: error.reason))
      return .goOn
    }
    return try take(new)
  }

  /// Goes on with a new key that the service showed.
  func take(_ new: NewKey) throws -> Progress {
    guard new.value != (try value("old")) else {
      try advance(.unknown, Facts(reason: "the service answered with the old value"))
      return .goOn
    }
    var facts = Facts()
    facts.set("key_id", new.keyID)
    facts.set("fingerprint", services.ledger.install.fingerprints.fingerprint(new.value))
    try advance(.parsed, facts, values: [("new", new.value)])
    return .goOn
  }

  func notExecuted(_ reason: String, isFinal: Bool = false, retryAfter: Int? = nil) throws {
    var facts = Facts(reason: reason)
    facts.set("final", isFinal)
    facts.set("retry_after", retryAfter)
    try advance(.notExecuted, facts)
  }

  /// Another request within the cap, or the end.
  func againOrClose() throws -> Progress {
    let wait = replay.responseRetryAfter ?? 0
    if replay.isFinal || !mayAsk || wait > RotationRun.patienceSeconds {
      return try close(replay.reason ?? "no new key was made")
    }
    if wait > 0 { try self.wait(milliseconds: Int64(max(wait, 1)) * 1_000) }
    return try request()
  }

  func againAfterOrphan() throws -> Progress {
    if mayAsk { return try request() }
    return try close("the answers to both requests were lost")
  }

  /// Ends the rotation without a new key, if the old one still works, and will go on working.
  func close(_ reason: String) throws -> Progress {
    if !replay.orphans.isEmpty && recoverability != .createDelete {
      return try halt(
        "\(reason); the service ends the old key when its grace of \(snapshot.graceSeconds) s is over",
        hint: "put the service right, then run in time: keywright resume \(snapshot.name)")
    }
    if replay.attempt > 0 {
      if recoverability == .callerChosen, let new = try services.ledger.sealedValue("new", of: txid),
        client.probe(new, snapshot.context()).liveness == .live, replay.state.successors.contains(.unknown)
      {
        // It arrived after all.
        try advance(.unknown, Facts(reason: "the chosen value works although the request seemed not to be carried out"))
        return .goOn
      }
      let probe = client.probe(try value("old"), snapshot.context())
      if probe.liveness == .dead {
        return try halt(
          "\(reason), and the old key is refused (\(probe.evidence))",
          hint: "make a new key at the service by hand, put it into the files, then run: "
            + "keywright rotation abort \(snapshot.name)")
      }
    }
    try advance(.closed, Facts(reason: reason), outcome: .notExecuted, purges: true)
    return .stop
  }
}
