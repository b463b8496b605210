// Harmless questions: does this key work, and whose is it?

internal import Formats
public import Model
internal import Posix
internal import RuleBook
public import Secrets
internal import Transport

extension ProviderClient {
  /// The longest that one question may wait, all its retries together, in milliseconds.
  static let patienceMilliseconds: Int64 = 90_000
  static let maximumAttempts = 4

  /// Asks whether a key works; waits and asks again, within bounds, when the provider limits requests.
  ///
  /// - Parameters:
  ///   - secret: the key.
  ///   - context: what the call's placeholders stand for.
  ///   - kind: the rule that found it, which may have a question of its own; nil for the provider's.
  public func verify(_ secret: Secret, _ context: CallContext, kind: RuleID? = nil) -> Verification {
    let start = clock.monotonic()
    var answer = probe(secret, context, kind: kind)
    var attempt = 1
    while let seconds = answer.retryAfterSeconds, attempt < ProviderClient.maximumAttempts {
      let wait = Int64(max(seconds, 1)) * 1_000
      guard clock.monotonic() - start + wait <= ProviderClient.patienceMilliseconds else { break }
      clock.sleep(milliseconds: wait)
      answer = probe(secret, context, kind: kind)
      attempt += 1
    }
    return Verification(
      liveness: answer.liveness, evidence: answer.evidence, host: answer.host, status: answer.status,
      time: answer.timeMs / 1_000,
      identity: answer.identity.flatMap { $0.account ?? $0.name ?? $0.keyID })
  }

  /// Asks once about a key of the provider's own kind.
  public func probe(_ secret: Secret, _ context: CallContext) -> Probe { probe(secret, context, kind: nil) }

  /// Asks once; otherwise as ``verify(_:_:kind:)``.
  public func probe(_ secret: Secret, _ context: CallContext, kind: RuleID?) -> Probe {
    guard let call = question(kind) else {
      return Probe(
        liveness: .unknown, evidence: "\(provider.name) has no harmless call to ask with", timeMs: clock.now())
    }
    let request: HTTPRequest
    do {
      request = try self.request(call, isHarmless: true, secret, context)
    } catch {
      return Probe(liveness: .unknown, evidence: error.reason, timeMs: clock.now())
    }
    let host = WebAddress(request.url)?.authority ?? ""
    let asked = describe(call, context)
    do {
      let response = try send(request, context)
      var probe = self.probe(of: response, call, secret)
      probe.host = host
      probe.evidence = "\(asked): \(probe.evidence)"
      return probe
    } catch {
      return Probe(liveness: .unknown, evidence: "\(asked): \(error.reason)", host: host, timeMs: clock.now())
    }
  }

  private func probe(of response: HTTPResponse, _ call: CallTemplate, _ secret: Secret) -> Probe {
    var probe = Probe(
      liveness: .unknown, evidence: ProviderClient.named(response.status), status: response.status,
      requestID: RequestID.of(response, hiding: [secret]), timeMs: clock.now())
    if call.success.contains(response.status) {
      if call.mustHold == nil && call.fields.isEmpty {
        probe.liveness = .live
        return probe
      }
      let document = try? document(response.body)
      if let pointer = call.mustHold {
        guard let document, ProviderClient.holds(document, pointer) else {
          probe.evidence = "\(response.status) came without \(pointer), so it is not the provider's own answer"
          return probe
        }
      }
      probe.liveness = .live
      probe.identity = document.map { identity($0, call, secret) }
    } else if call.refused.contains(response.status) {
      if let text = call.liveText, Secret(text).isInside(response.body.copyBytes()) {
        // The service knows the key and refuses something else.
        probe.liveness = .live
        probe.evidence += ", which says that the key is known: \(text)"
      } else if call.headers.contains(where: { ProviderClient.signature($0) != nil }),
        !AWSSignature.deniesKey(response.body)
      {
        probe.evidence += ", which may be about the signature: another key's id, or a wrong clock"
      } else {
        probe.liveness = .dead
      }
    } else if response.status == 429 {
      probe.retryAfterSeconds = retryAfter(response.headers) ?? ProviderClient.defaultRetrySeconds
    }
    return probe
  }

  private func identity(_ document: Node, _ call: CallTemplate, _ secret: Secret) -> KeyIdentity {
    func field(_ name: String) -> String? { call.fields[name].flatMap { text(document, $0, hiding: secret) } }
    let scopes = call.fields["scopes"].flatMap { document.pointer($0) }
    var names = scopes?.array?.prefix(256).compactMap { text($0, "", hiding: secret) } ?? []
    if names.isEmpty, let joined = scopes?.string {
      names = joined.split { $0 == " " || $0 == "," }.prefix(256).compactMap { clean(String($0), hiding: secret) }
    }
    return KeyIdentity(
      account: field("identity") ?? field("account"), keyID: field("key_id"), name: field("name"), scopes: names)
  }

  /// Sends a harmless request, and again after the time that the provider names, within bounds.
  func askPatiently(_ request: HTTPRequest, _ context: CallContext) throws(TransportError) -> HTTPResponse {
    let start = clock.monotonic()
    var attempt = 1
    while true {
      let response = try send(request, context)
      guard response.status == 429, attempt < ProviderClient.maximumAttempts else { return response }
      let wait = Int64(max(retryAfter(response.headers) ?? ProviderClient.defaultRetrySeconds, 1)) * 1_000
      guard clock.monotonic() - start + wait <= ProviderClient.patienceMilliseconds else { return response }
      clock.sleep(milliseconds: wait)
      attempt += 1
    }
  }
}
