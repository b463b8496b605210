// A key service in memory, of the AITBC contract and of other classes, that can fail in every way a network can.

import Foundation
import Posix
import Secrets
import Synchronization
import Transport

/// How a request goes wrong.
enum Fault: String, CaseIterable, Sendable {
  /// Nothing left this machine.
  case notSent
  /// The connection broke, and nothing was done.
  case dropBefore
  /// The connection broke after the work was done.
  case dropAfter
  /// A gateway answered 502, and nothing was done.
  case gatewayBefore
  /// A gateway answered 502 after the work was done.
  case gatewayAfter
  /// 401, nothing done.
  case unauthorized
  /// 429 with a short Retry-After.
  case limited
  /// 429 with a Retry-After beyond anybody's patience.
  case limitedForLong
  /// The work was done, and the answer is no JSON.
  case garbage
  /// The work was done, and the answer lacks the key.
  case empty
  /// The key that is made belongs to somebody else.
  case wrongTenant
  /// The key that is made may do less.
  case fewerScopes
  /// The answer says that it was done, and it was not.
  case lies
  /// The work was done, and the answer breaks off behind the key.
  case breaksOffLate
  /// The work was done, and the answer breaks off in the middle of the key.
  case breaksOffEarly
}

final class FakeService: HTTPTransport, Sendable {
  struct Key {
    var id: String
    var value: String
    var tenant: String
    var scopes: [String]
    var reference: String?
    var replaces: String?
    var expiresAt: Int64?
    var isRevoked = false
    var isUsed = false
    /// When it was last used, by the service's clock; nil for never.
    var usedAt: Int64?
    /// When it begins to be known everywhere.
    var knownFrom: Int64 = 0
  }

  enum Style: String, CaseIterable, Sendable {
    /// Replaces; the old key lives for a grace.
    case grace
    /// Creates and deletes independent keys.
    case create
    /// Replaces; the old key dies at once, and rotating with a dead key ends everything.
    case replace
    /// Replaces; the old key dies at once, and an administrator can read the new one again.
    case readable
    /// Two slots; whoever renews one ends its value.
    case slots
    /// We choose the value; the old one dies at once.
    case chosen
    /// We choose the value; it is added, and the old one is taken away by a request.
    case chosenBeside
  }

  struct State {
    var keys: [Key] = []
    /// Faults to come, by kind of request.
    var faults: [String: [Fault]] = [:]
    var requests: [String] = []
    /// Key-making requests that were carried out.
    var mutations = 0
    var propagationMs: Int64 = 0
    /// How many keys a page of the list holds; nil for all.
    var pageSize: Int?
    var requestID = "req-1"
    /// Whether each key that is made gets a twin.
    var isCopied = false
    var number = 0
  }

  let style: Style
  let clock: ManualClock
  let state = Mutex(State())
  /// Done while a key is being made.
  let whenMaking = Mutex<(@Sendable () -> Void)?>(nil)

  init(style: Style, clock: ManualClock) {
    self.style = style
    self.clock = clock
  }

  /// What an administrator says instead of a key.
  static let adminToken = "root-of-this-service"

  /// Adds a key of `demo` and returns its id and value.
  func issue(tenant: String = "demo") -> (id: String, value: String) {
    state.withLock { state in
      let key = FakeService.make(&state, tenant: tenant, scopes: ["jobs", "keys"])
      if style == .slots { _ = FakeService.make(&state, tenant: tenant, scopes: ["jobs", "keys"]) }
      return (key.id, key.value)
    }
  }

  func plan(_ kind: String, _ faults: [Fault]) { state.withLock { $0.faults[kind, default: []] += faults } }
  func clearFaults() { state.withLock { $0.faults = [:] } }
  var mutations: Int { state.withLock(\.mutations) }
  var requests: [String] { state.withLock(\.requests) }

  /// Whether a value opens the door now.
  func isLive(_ value: String) -> Bool {
    state.withLock { state in state.keys.contains { $0.value == value && isLive($0) } }
  }

  /// The ids of all live keys.
  var liveKeys: [Key] { state.withLock { state in state.keys.filter { isLive($0) } } }
  var values: [String] { state.withLock { $0.keys.map(\.value) } }

  func revoke(_ id: String) {
    state.withLock { state in
      for index in state.keys.indices where state.keys[index].id == id { state.keys[index].isRevoked = true }
    }
  }

  private func isLive(_ key: Key) -> Bool {
    !key.isRevoked && key.expiresAt.map { clock.now() < $0 } ?? true
  }

  private static func make(
    _ state: inout State, tenant: String, scopes: [String], reference: String? = nil, replaces: String? = nil
  ) -> Key {
    state.number += 1
    let noise = (0..<24).map { _ in String("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789".randomElement() ?? "a") }
      .joined()
    let key = Key(
      id: "key_\(state.number)", value: "fake_\(state.number)_\(noise)", tenant: tenant, scopes: scopes,
      reference: reference, replaces: replaces)
    state.keys.append(key)
    return key
  }

  // MARK: HTTP

  func send(_ request: HTTPRequest) throws(TransportError) -> HTTPResponse {
    let path = request.url.replacingOccurrences(of: "http://service.test", with: "")
    let kind = FakeService.kind(request.method, path)
    let secret = request.headers.first { $0.name == "X-API-Key" }.map { FakeService.text($0.value) } ?? ""
    let body = request.body.map { Data($0.copyBytes()) }.flatMap {
      try? JSONSerialization.jsonObject(with: $0) as? [String: Any]
    }
    if kind == "make" { whenMaking.withLock { $0 }?() }
    let result = state.withLock { state -> Result<HTTPResponse, TransportError> in
      state.requests.append(kind)
      let fault = state.faults[kind]?.isEmpty == false ? state.faults[kind]?.removeFirst() : nil
      return answer(&state, kind, path, secret, body ?? [:], fault).map { response in
        var response = response
        response.headers.append(("x-request-id", state.requestID))
        return response
      }
    }
    return try result.get()
  }

  private func answer(
    _ state: inout State, _ kind: String, _ path: String, _ secret: String, _ body: [String: Any], _ fault: Fault?
  ) -> Result<HTTPResponse, TransportError> {
    switch fault {
    case .notSent: return .failure(TransportError(fate: .notSent, reason: "could not connect"))
    case .dropBefore: return .failure(TransportError(fate: .unknown, reason: "the connection was closed"))
    case .gatewayBefore: return .success(reply(502, "<html>bad gateway</html>"))
    case .unauthorized: return .success(reply(401, #"{"detail":"Invalid API key"}"#))
    case .limited: return .success(reply(429, #"{"detail":"slow"}"#, [("retry-after", "3")]))
    case .limitedForLong: return .success(reply(429, #"{"detail":"slow"}"#, [("retry-after", "4000")]))
    default: break
    }
    let response = perform(&state, kind, path, secret, body, fault)
    switch fault {
    case .dropAfter: return .failure(TransportError(fate: .unknown, reason: "the connection was closed"))
    case .gatewayAfter: return .success(reply(502, "<html>bad gateway</html>"))
    case .garbage: return .success(reply(response.status, "<html>welcome</html>"))
    case .breaksOffLate, .breaksOffEarly:
      let whole = String(decoding: response.body.copyBytes(), as: UTF8.self)
      var end = whole.isEmpty ? whole.endIndex : whole.index(before: whole.endIndex)
      if fault == .breaksOffEarly, let value = state.keys.last?.value, let range = whole.range(of: value) {
        end = whole.index(range.lowerBound, offsetBy: 7)
      }
      var partial = response
      partial.body = Secret(String(whole[..<end]))
      return .failure(TransportError(fate: .unknown, reason: "the answer broke off", partial: partial))
    case .empty: return .success(reply(response.status, "{}"))
    default: return .success(response)
    }
  }

  private func perform(
    _ state: inout State, _ kind: String, _ path: String, _ secret: String, _ body: [String: Any], _ fault: Fault?
  ) -> HTTPResponse {
    let isAdmin = secret == FakeService.adminToken && [.readable, .chosen, .chosenBeside].contains(style)
    guard
      let caller = isAdmin
        ? state.keys.indices.first : state.keys.firstIndex(where: { $0.value == secret && isLive($0) }),
      isAdmin || isLive(state.keys[caller]), clock.now() >= state.keys[caller].knownFrom
    else {
      if style == .replace, kind == "make", state.keys.contains(where: { $0.value == secret && $0.isRevoked }) {
        // Reuse detection: a dead key that rotates again ends its successors.
        for index in state.keys.indices { state.keys[index].isRevoked = true }
      }
      return reply(401, #"{"detail":"Invalid API key"}"#)
    }
    state.keys[caller].isUsed = true
    state.keys[caller].usedAt = clock.now()
    let key = state.keys[caller]
    switch kind {
    case "whoami":
      return json(200, ["tenant": key.tenant, "key_id": key.id, "name": "demo key", "scopes": key.scopes])
    case "list":
      let keys = state.keys.filter { $0.tenant == key.tenant && (style != .slots || isLive($0)) }.map { item in
        [
          "key_id": item.id, "name": "demo key", "status": isLive(item) ? "active" : "revoked",
          "reference": item.reference as Any, "replaces": item.replaces as Any,
          "last_used_at": item.usedAt.map { FakeService.time($0) } as Any,
          "prefix": String(item.value.prefix(9)), "suffix": String(item.value.suffix(4)),
        ] as [String: Any]
      }
      guard let size = state.pageSize else { return json(200, ["api_keys": keys]) }
      let start = path.components(separatedBy: "after=").dropFirst().first.flatMap { Int($0) } ?? 0
      let page: [String: Any] = ["api_keys": Array(keys.dropFirst(start).prefix(size))]
      return json(200, start + size < keys.count ? page.merging(["next": "\(start + size)"]) { $1 } : page)
    case "make" where style == .chosen || style == .chosenBeside: return set(&state, body, fault)
    case "make" where style == .slots: return renew(&state, path, fault)
    case "make": return make(&state, caller, path, body, fault)
    case "read":
      let id = path.split(separator: "/").last.map(String.init) ?? ""
      guard isAdmin, let shown = state.keys.last(where: { $0.id == id && !$0.isRevoked }) else {
        return reply(403, "{}")
      }
      return json(200, ["api_key": shown.value, "key_id": shown.id])
    case "revoke" where style == .chosenBeside:
      let ended = body["value"] as? String
      for index in state.keys.indices where state.keys[index].value == ended && fault != .lies {
        state.keys[index].isRevoked = true
      }
      return reply(204, "")
    case "revoke" where style == .slots:
      if fault == .lies { return reply(204, "") }
      _ = renew(&state, path, nil)
      state.mutations -= 1
      return reply(204, "")
    case "revoke":
      let id = path.split(separator: "/").last.map(String.init) ?? ""
      guard let target = state.keys.firstIndex(where: { $0.id == id && $0.tenant == key.tenant }) else {
        return reply(404, "{}")
      }
      if fault != .lies { state.keys[target].isRevoked = true }
      return reply(204, "")
    default: return reply(404, "{}")
    }
  }

  /// Sets the value that is given, for the one user that there is.
  private func set(_ state: inout State, _ body: [String: Any], _ fault: Fault?) -> HTTPResponse {
    guard let value = body["value"] as? String, value.count >= 16, let user = state.keys.first else {
      return reply(400, "{}")
    }
    state.mutations += 1
    if fault == .lies { return reply(200, "{}") }
    if style == .chosen {
      for index in state.keys.indices where state.keys[index].value != value { state.keys[index].isRevoked = true }
    }
    if let same = state.keys.firstIndex(where: { $0.value == value }) {
      state.keys[same].isRevoked = false
    } else {
      var key = user
      (key.value, key.isRevoked, key.knownFrom) = (value, false, clock.now() + state.propagationMs)
      state.keys.append(key)
    }
    return reply(200, "{}")
  }

  /// Gives a slot a new value.
  private func renew(_ state: inout State, _ path: String, _ fault: Fault?) -> HTTPResponse {
    let id = path.split(separator: "/").last.map(String.init) ?? ""
    guard let slot = state.keys.last(where: { $0.id == id && !$0.isRevoked }) else { return reply(404, "{}") }
    state.mutations += 1
    for index in state.keys.indices where state.keys[index].id == id { state.keys[index].isRevoked = true }
    var made = FakeService.make(
      &state, tenant: fault == .wrongTenant ? "other" : slot.tenant,
      scopes: fault == .fewerScopes ? ["jobs"] : slot.scopes)
    made.id = id
    made.knownFrom = clock.now() + state.propagationMs
    state.keys[state.keys.count - 1] = made
    return json(201, ["api_key": made.value, "key_id": id])
  }

  private func make(
    _ state: inout State, _ caller: Int, _ path: String, _ body: [String: Any], _ fault: Fault?
  ) -> HTTPResponse {
    let key = state.keys[caller]
    let reference = body["reference"] as? String
    let replaced = style == .create ? nil : String(path.split(separator: "/").dropLast().last ?? "")
    if let reference, state.keys.contains(where: { $0.reference == reference && $0.replaces == replaced }) {
      return reply(409, #"{"detail":"this reference has already made a key"}"#)
    }
    state.mutations += 1
    var made = FakeService.make(
      &state, tenant: fault == .wrongTenant ? "other" : key.tenant,
      scopes: fault == .fewerScopes ? ["jobs"] : key.scopes,
      reference: reference, replaces: replaced)
    if style == .readable, let replaced {
      // The key keeps its id; only its value changes.
      made.id = replaced
      for index in state.keys.indices.dropLast() where state.keys[index].id == replaced {
        state.keys[index].isRevoked = true
      }
      state.keys[state.keys.count - 1] = made
    }
    state.keys[state.keys.count - 1].knownFrom = clock.now() + state.propagationMs
    if state.isCopied, var twin = state.keys.last {
      (twin.id, twin.value) = (twin.id + "-copy", twin.value + "-copy")
      state.keys.append(twin)
    }
    if style != .readable, let target = state.keys.firstIndex(where: { $0.id == replaced }) {
      if style == .replace {
        state.keys[target].isRevoked = true
      } else {
        let grace = Int64(body["grace_seconds"] as? Int ?? 0) * 1_000
        state.keys[target].expiresAt = min(state.keys[target].expiresAt ?? .max, clock.now() + grace)
      }
    }
    return json(201, ["api_key": made.value, "key_id": made.id])
  }

  /// A moment with its thousandths, as many services write it.
  static func time(_ milliseconds: Int64) -> String {
    let seconds = Date(timeIntervalSince1970: Double(milliseconds / 1_000)).ISO8601Format().dropLast()
    return "\(seconds).\(String(1_000 + milliseconds % 1_000).dropFirst())Z"
  }

  /// Somebody uses a key.
  func use(_ value: String) {
    state.withLock { state in
      for index in state.keys.indices where state.keys[index].value == value { state.keys[index].usedAt = clock.now() }
    }
  }

  private static func kind(_ method: String, _ path: String) -> String {
    switch (method, path) {
    case ("GET", "/v1/whoami"): "whoami"
    case ("GET", _) where path.hasPrefix("/v1/api-keys") && !path.hasPrefix("/v1/api-keys/"): "list"
    case ("POST", _), ("PUT", _): "make"
    case ("GET", _) where path.hasPrefix("/v1/api-keys/"): "read"
    case ("DELETE", _): "revoke"
    default: "other"
    }
  }

  private static func text(_ value: SensitiveText) -> String {
    value.pieces.map { piece in
      switch piece {
      case .text(let text): text
      case .secret(let secret): String(decoding: secret.copyBytes(), as: UTF8.self)
      }
    }.joined()
  }

  private func json(_ status: Int, _ body: [String: Any]) -> HTTPResponse {
    let data = (try? JSONSerialization.data(withJSONObject: body)) ?? Data()
    return reply(status, String(decoding: data, as: UTF8.self))
  }

  private func reply(_ status: Int, _ body: String, _ headers: [(name: String, value: String)] = []) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers, body: Secret(body))
  }
}
