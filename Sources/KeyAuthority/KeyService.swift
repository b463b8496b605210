// From a request to an answer: route, key, limit, tenant, and then what was asked for.

internal import FlyingFox
internal import Foundation
internal import Secrets

/// One line of the access log: nothing in it was chosen by the caller but a method and a key id of known shape.
public struct AccessLogEntry: Sendable {
  /// The method, or `?`.
  public let method: String
  /// The path's template with the key id put in, or `?` for a path that the service does not have.
  public let path: String
  /// The status of the answer.
  public let status: Int
  /// The public id of the key that asked, if it was let in.
  public let keyID: String?
  /// How long it took.
  public let milliseconds: Double
  /// What went wrong inside, if something did: for whoever runs the service.
  public let fault: String?
}

/// The handler of all requests.
struct KeyService: HTTPHandler {
  let store: KeyStore
  let clock: any AuthorityClock
  let limits: RateLimiter
  let failures: RateLimiter
  let failuresPerMinute: Int
  let attendance = Attendance()
  let patience: Patience
  let log: @Sendable (AccessLogEntry) -> Void

  init(
    store: KeyStore, failuresPerMinute: Int, patience: Patience, log: @escaping @Sendable (AccessLogEntry) -> Void
  ) {
    self.store = store
    self.clock = store.clock
    self.limits = RateLimiter(clock: store.clock)
    self.failures = RateLimiter(clock: store.clock)
    self.failuresPerMinute = failuresPerMinute
    self.patience = patience
    self.log = log
  }

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    let started = ContinuousClock.now
    let mark = Attendance.Mark(attendance)
    patience.renew(request.remoteAddress)
    let match = RouteMatch(method: request.method.rawValue, path: request.target.path())
    var account = Account()
    var answer: Answer
    // The body is read whatever the answer will be: what is left of it would be taken for the next request.
    switch try await RequestBody.read(request) {
    case .complete(let body): answer = await respond(to: request, match, body, &account)
    case .tooLarge:
      answer = .refusal(413, "the body is larger than \(RequestBody.limit) bytes")
      answer.endsConnection = true
    }
    if let allowance = account.allowance {
      answer.headers.append((name: "X-RateLimit-Limit", value: String(allowance.limit)))
      answer.headers.append((name: "X-RateLimit-Remaining", value: String(allowance.remaining)))
      answer.headers.append((name: "X-RateLimit-Reset", value: String(allowance.resetAfter)))
    }
    let elapsed = (ContinuousClock.now - started) / .milliseconds(1)
    log(
      AccessLogEntry(
        method: KeyService.loggable(method: request.method.rawValue), path: match.loggable, status: answer.status,
        keyID: account.caller?.id, milliseconds: elapsed, fault: account.fault))
    return answer.response(mark)
  }

  /// What is found out about a request on the way.
  struct Account {
    var caller: KeyRecord?
    var allowance: Allowance?
    var fault: String?
  }

  private func respond(
    to request: HTTPRequest, _ match: RouteMatch, _ body: Data, _ account: inout Account
  ) async -> Answer {
    switch match {
    case .unknownPath: return .refusal(404, "Not found")
    case .wrongMethod(_, let allowed):
      var answer = Answer.refusal(405, "Method not allowed; allowed are \(allowed.joined(separator: ", "))")
      answer.headers.append((name: "Allow", value: allowed.joined(separator: ", ")))
      return answer
    case .found(let route, let keyID):
      do {
        guard route.operation.needsKey else { return try await health() }
        if let refusal = try await admit(request, &account) { return refusal }
        guard let caller = account.caller else { return .refusal(401, "Invalid API key") }
        let call = Call(caller: caller, keyID: keyID, body: body, contentType: request.headers[.contentType])
        return try await perform(route.operation, call)
      } catch let fault as StrictObject.Fault {
        return .refusal(fault.status, fault.detail)
      } catch let error as AuthorityError {
        if case .storage(let reason) = error { account.fault = reason }
        return Answer(error)
      } catch {
        account.fault = "\(type(of: error))"
        return .refusal(500, "Internal error")
      }
    }
  }

  /// Lets the caller in, or says why not.
  private func admit(_ request: HTTPRequest, _ account: inout Account) async throws -> Answer? {
    let presented = request.headers.values(for: HTTPHeader("X-API-Key"))
    guard let text = presented.first, presented.count == 1, let caller = try await store.admit(Secret(text)) else {
      return refuseKey(of: request)
    }
    let allowance = limits.take(caller.lineage, limit: caller.plan.requestsPerMinute)
    account.caller = caller
    account.allowance = allowance
    guard allowance.isAdmitted else { return KeyService.tooMany(retryAfter: allowance.resetAfter) }
    // An empty header makes no claim: clients whose tenant is not configured send one.
    if let tenant = request.headers[HTTPHeader("X-Tenant-ID")], !tenant.isEmpty, tenant != caller.tenant {
      return .refusal(403, "The key does not belong to this tenant")
    }
    try await store.count(useOf: caller)
    return nil
  }

  /// A wrong key, or, when an address brings too many of them, the word to wait. Right keys from that address still pass:
  /// many users may share it.
  private func refuseKey(of request: HTTPRequest) -> Answer {
    // The connection's address, not X-Forwarded-For, which the caller writes himself.
    let peer =
      switch request.remoteAddress {
      case .ip4(let address, _), .ip6(let address, _): address
      case .unix, nil: "local"
      }
    let allowance = failures.take(peer, limit: failuresPerMinute)
    return allowance.isAdmitted
      ? .refusal(401, "Invalid API key") : KeyService.tooMany(retryAfter: allowance.resetAfter)
  }

  private static func tooMany(retryAfter: Int) -> Answer {
    var answer = Answer.refusal(429, "Rate limit exceeded")
    answer.headers.append((name: "Retry-After", value: String(retryAfter)))
    return answer
  }

  private static func loggable(method: String) -> String {
    ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"].contains(method) ? method : "?"
  }
}

extension RouteMatch {
  /// The path for the log. People paste keys into URLs; only what has the shape of a public id is shown.
  fileprivate var loggable: String {
    switch self {
    case .found(let route, let keyID):
      KeyValue.isKeyID(keyID) ? route.template.replacingOccurrences(of: "{key_id}", with: keyID) : route.template
    case .wrongMethod(let template, _): template
    case .unknownPath: "?"
    }
  }
}
