// The table of routes: what the service answers, in one place. The contract (openapi.yaml) is tested against it.

/// What a route does.
enum Operation: Sendable {
  case health, whoami, listKeys, createKey, regenerateKey, revokeKey, createJob

  /// Whether the request needs a key.
  var needsKey: Bool { self != .health }
}

/// One method on one path.
struct Route: Sendable {
  /// `GET`, `POST` or `DELETE`.
  let method: String
  /// The path, with `{key_id}` where a key's public id stands.
  let template: String
  let operation: Operation

  static let all = [
    Route(method: "GET", template: "/healthz", operation: .health),
    Route(method: "GET", template: "/v1/whoami", operation: .whoami),
    Route(method: "GET", template: "/v1/api-keys", operation: .listKeys),
    Route(method: "POST", template: "/v1/api-keys", operation: .createKey),
    Route(method: "POST", template: "/v1/api-keys/{key_id}/regenerate", operation: .regenerateKey),
    Route(method: "DELETE", template: "/v1/api-keys/{key_id}", operation: .revokeKey),
    Route(method: "POST", template: "/v1/jobs", operation: .createJob),
  ]
}

/// What the table says to a method and a path.
enum RouteMatch {
  case found(Route, keyID: String)
  /// The path exists, for these methods.
  case wrongMethod(template: String, allowed: [String])
  case unknownPath

  /// Looks up a path as it was sent, percent signs and all: no path of ours needs one.
  init(method: String, path: String) {
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    var candidates: [(route: Route, keyID: String)] = []
    for route in Route.all {
      if let keyID = RouteMatch.fit(route.template, segments) { candidates.append((route, keyID)) }
    }
    if let exact = candidates.first(where: { $0.route.method == method }) {
      self = .found(exact.route, keyID: exact.keyID)
    } else if let first = candidates.first {
      self = .wrongMethod(template: first.route.template, allowed: candidates.map(\.route.method).sorted())
    } else {
      self = .unknownPath
    }
  }

  /// The key id in the path (empty if the template has none), or nil if the path does not fit.
  private static func fit(_ template: String, _ segments: [Substring]) -> String? {
    let parts = template.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == segments.count else { return nil }
    var keyID = ""
    for (part, segment) in zip(parts, segments) {
      if part == "{key_id}" {
        guard (1...64).contains(segment.utf8.count) else { return nil }
        keyID = String(segment)
      } else if part != segment {
        return nil
      }
    }
    return keyID
  }
}

/// The methods and path templates that the service answers, as `GET /healthz`, in the order of the contract.
public var servedRoutes: [String] { Route.all.map { "\($0.method) \($0.template)" } }
