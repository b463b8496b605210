// A service of its own for each test: a database in a folder that goes away, a free port, a clock that only the test moves.

import Foundation
import FoundationNetworking
import Secrets
import Synchronization
import Testing

@testable import KeyAuthority

/// Time that stands still until it is told to move.
final class TestClock: AuthorityClock {
  private let time = Mutex<Int64>(1_800_000_000_000)

  func now() -> Int64 { time.withLock { $0 } }

  func advance(seconds: Int64) { time.withLock { $0 += seconds * 1000 } }
}

/// Bytes from a seed, so that a failure can be repeated.
final class SeededRandom: RandomSource {
  private let state: Mutex<UInt64>

  init(_ seed: UInt64) { state = Mutex(seed) }

  func bytes(_ count: Int) -> [UInt8] {
    state.withLock { state in
      (0..<count).map { _ in
        // SplitMix64.
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return UInt8(truncatingIfNeeded: z ^ (z >> 31))
      }
    }
  }
}

/// What came back.
struct Reply: Sendable {
  let status: Int
  let headers: [String: String]
  let body: Data

  var object: [String: Any] {
    get throws {
      try #require(
        JSONSerialization.jsonObject(with: body) as? [String: Any],
        "no object: \(String(decoding: body, as: UTF8.self))")
    }
  }

  var detail: String? { (try? object)?["detail"] as? String }
  var keyID: String? { (try? object)?["key_id"] as? String }

  func value() throws -> String { try #require(object["api_key"] as? String) }

  subscript(header: String) -> String? { headers[header.lowercased()] }
}

/// A key as a test holds it.
struct HeldKey: Sendable {
  let id: String
  let value: String
}

final class Service: Sendable {
  let directory: URL
  let clock = TestClock()
  let store: KeyStore
  let server: AuthorityServer
  let port: UInt16
  let log = Log()
  private let session: URLSession

  final class Log: Sendable {
    let entries = Mutex<[AccessLogEntry]>([])
  }

  var database: String { directory.appending(path: "keys.sqlite").path }

  init(options: AuthorityServer.Options = .init(port: 0), in existing: URL? = nil) async throws {
    directory =
      existing ?? FileManager.default.temporaryDirectory.appending(path: "key-authority-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    store = try KeyStore(path: directory.appending(path: "keys.sqlite").path, clock: clock)
    server = AuthorityServer(
      store: store, options: options, log: { [log] entry in log.entries.withLock { $0.append(entry) } })
    port = try await server.start()
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = 16
    session = URLSession(configuration: configuration)
  }

  /// Ends the service; with `keeping`, its database stays.
  func end(keeping: Bool = false) async throws {
    session.invalidateAndCancel()
    await server.stop()
    try await store.close()
    if !keeping { try FileManager.default.removeItem(at: directory) }
  }

  func issue(
    _ name: String = "production", tenant: String = "demo", plan: Plan = .pro, scopes: [Scope] = [.jobs]
  ) async throws -> HeldKey {
    let issued = try await store.issue(KeyRequest(tenant: tenant, name: name, plan: plan, scopes: scopes))
    return HeldKey(id: issued.record.id, value: String(decoding: issued.value.copyBytes(), as: UTF8.self))
  }

  /// One request. `json` is the body as text; `key` a value.
  func send(
    _ method: String, _ path: String, key: String? = nil, json: String? = nil, body: Data? = nil,
    headers: [String: String] = [:]
  ) async throws -> Reply {
    var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")), timeoutInterval: 30)
    request.httpMethod = method
    if let key { request.setValue(key, forHTTPHeaderField: "X-API-Key") }
    if let json {
      request.httpBody = Data(json.utf8)
      request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    }
    if let body { request.httpBody = body }
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    let (data, response) = try await session.data(for: request)
    let answer = try #require(response as? HTTPURLResponse)
    var fields: [String: String] = [:]
    for (name, value) in answer.allHeaderFields { fields["\(name)".lowercased()] = "\(value)" }
    return Reply(status: answer.statusCode, headers: fields, body: data)
  }

  func regenerate(_ key: HeldKey, by caller: HeldKey? = nil, grace: Int = 0, reference: String? = nil) async throws
    -> Reply
  {
    let name = reference.map { ",\"reference\":\"\($0)\"" } ?? ""
    return try await send(
      "POST", "/v1/api-keys/\(key.id)/regenerate", key: (caller ?? key).value,
      json: "{\"grace_seconds\":\(grace)\(name)}")
  }

  func held(_ reply: Reply) throws -> HeldKey { HeldKey(id: try #require(reply.keyID), value: try reply.value()) }

  func isLive(_ key: HeldKey) async throws -> Bool {
    let reply = try await send("GET", "/v1/whoami", key: key.value)
    switch reply.status {
    case 200: return true
    case 401: return false
    default:
      Issue.record("status \(reply.status)")
      return false
    }
  }
}

/// Runs a test with a service, and ends the service whatever happens.
func withService(
  _ options: AuthorityServer.Options = .init(port: 0), _ body: (Service) async throws -> Void
) async throws {
  let service = try await Service(options: options)
  do {
    try await body(service)
  } catch {
    try await service.end()
    throw error
  }
  try await service.end()
}

func isWellFormed(_ text: String) -> Bool {
  let bytes = Array(text.utf8)
  return KeyValue.isWellFormed(bytes.span)
}
