// The AITBC client against prepared answers.

import Foundation
import Secrets
import Synchronization
import Testing
import Transport

@testable import AITBC

/// Answers in turn; the last answer stays.
private final class Service: HTTPTransport {
  private let state: Mutex<(answers: [HTTPResponse], sent: [HTTPRequest])>

  init(_ answers: (Int, String, [String: String])...) {
    state = Mutex(
      (
        answers.map { status, body, headers in
          HTTPResponse(status: status, headers: headers.map { ($0.key, $0.value) }, body: Secret(body))
        }, []
      ))
  }

  var sent: [HTTPRequest] { state.withLock { $0.sent } }

  func send(_ request: HTTPRequest) throws(TransportError) -> HTTPResponse {
    let answer = state.withLock { state in
      state.sent.append(request)
      return state.answers.count > 1 ? state.answers.removeFirst() : state.answers.first
    }
    guard let answer else { throw TransportError(fate: .unknown, reason: "the line is down") }
    return answer
  }
}

private func header(_ request: HTTPRequest, _ name: String) -> String? {
  request.headers.first { $0.name == name }.map { header in
    header.value.pieces.map { piece in
      switch piece {
      case .text(let text): text
      case .secret(let secret): String(decoding: secret.copyBytes(), as: UTF8.self)
      }
    }.joined()
  }
}

private func body(_ request: HTTPRequest) -> String? {
  request.body.map { String(decoding: $0.copyBytes(), as: UTF8.self) }
}

private let issued =
  #"{"api_key":"the-new-value","key_id":"key_2","name":"CI","previous_expires_at":"2026-12-01T00:00:00Z"}"#

@Suite struct AITBCClientTests {
  private let key = "aitbc-test-\(UInt64.random(in: 0 ... .max))"

  private func client(_ service: Service, tenant: String? = nil, wait: Int = 90) throws -> AITBCClient {
    let waits = Waits()
    return try AITBCClient(
      apiKey: Secret(key), tenantID: tenant, baseURL: "https://aitbc.example/api/", maximumWaitSeconds: wait,
      transport: service, sleep: { waits.add($0) })
  }

  private final class Waits: Sendable {
    let seconds = Mutex<[Int]>([])
    func add(_ value: Int) { seconds.withLock { $0.append(value) } }
  }

  @Test func aJobIsCreatedWithKeyAndTenant() async throws {
    let service = Service((201, #"{"job_id":"job_1"}"#, [:]))
    let job = try await client(service, tenant: "test-tenant").jobs.create([
      "model": "llama", "n": 2, "f": 0.5, "ok": true, "none": nil, "list": [1, "\"x\""],
    ])
    #expect(job.id == "job_1")
    let sent = try #require(service.sent.first)
    #expect(sent.method == "POST" && sent.url == "https://aitbc.example/api/v1/jobs")
    #expect(header(sent, "X-API-Key") == key)
    #expect(header(sent, "X-Tenant-ID") == "test-tenant")
    #expect(header(sent, "Content-Type") == "application/json")
    #expect(body(sent) == #"{"model":"llama","n":2,"f":0.5,"ok":true,"none":null,"list":[1,"\"x\""]}"#)
  }

  @Test func withoutATenantNoHeaderIsSent() async throws {
    let service = Service((200, #"{"key_id":"key_1","tenant":"acme","name":"CI","plan":"pro","scopes":["jobs"]}"#, [:]))
    let identity = try await client(service).whoami()
    #expect(identity == Identity(keyID: "key_1", tenant: "acme", name: "CI", plan: "pro", scopes: ["jobs"]))
    #expect(header(try #require(service.sent.first), "X-Tenant-ID") == nil)
  }

  @Test func aRefusedKeyIsAnAuthenticationError() async throws {
    let service = Service((401, #"{"detail":"Invalid API key"}"#, [:]))
    let error = try await #require(throws: AuthenticationError.self) { try await client(service).jobs.create([:]) }
    #expect("\(error)" == "Invalid API key")
    #expect(service.sent.count == 1)
  }

  @Test func keysAreListed() async throws {
    let service = Service(
      (
        200,
        #"{"api_keys":[{"key_id":"key_1","name":"CI","status":"active","use_count":3,"scopes":["jobs","keys"],"last_used_at":null},{"name":"nameless"}]}"#,
        [:]
      ))
    let keys = try await client(service).apiKeys.list()
    #expect(keys.map(\.keyID) == ["key_1"])
    #expect(keys.first?.useCount == 3 && keys.first?.lastUsedAt == nil && keys.first?.scopes == ["jobs", "keys"])
  }

  @Test func keysAreCreatedRegeneratedAndRevoked() async throws {
    let service = Service((201, issued, [:]), (201, issued, [:]), (204, "", [:]))
    let keys = try client(service).apiKeys
    #expect(try await keys.create(name: "C\"I", scopes: ["jobs"], reference: "r-1").value == Secret("the-new-value"))
    let new = try await keys.regenerate("key_1", graceSeconds: 60, reference: "r-2")
    #expect(new.keyID == "key_2" && new.previousExpiresAt == "2026-12-01T00:00:00Z")
    try await keys.revoke("key_1")
    #expect(
      service.sent.map { "\($0.method) \($0.url)" } == [
        "POST https://aitbc.example/api/v1/api-keys", "POST https://aitbc.example/api/v1/api-keys/key_1/regenerate",
        "DELETE https://aitbc.example/api/v1/api-keys/key_1",
      ])
    #expect(
      service.sent.map(body) == [
        #"{"name":"C\"I","scopes":["jobs"],"reference":"r-1"}"#, #"{"grace_seconds":60,"reference":"r-2"}"#, nil,
      ])
  }

  @Test(arguments: ["", ".", "..", "a/b", "a?b", "a%2fb", "k\r\n", "é"]) func idsCanNotLeaveTheirPlace(id: String)
    async throws
  {
    let service = Service((204, "", [:]))
    await #expect(throws: ConfigurationError.self) { try await client(service).apiKeys.revoke(id) }
    #expect(service.sent.isEmpty)
  }

  @Test func aLimitIsWaitedForAsLongAsItSays() async throws {
    let waits = Waits()
    let service = Service((429, "", ["retry-after": "7"]), (429, "", ["retry-after": "0"]), (201, issued, [:]))
    let client = try AITBCClient(
      apiKey: Secret(key), tenantID: nil, baseURL: "https://aitbc.example", maximumWaitSeconds: 8, transport: service,
      sleep: { waits.add($0) })
    #expect(try await client.apiKeys.regenerate("key_1").keyID == "key_2")
    #expect(waits.seconds.withLock { $0 } == [7, 1])
  }

  @Test func aLimitBeyondTheBoundIsAnError() async throws {
    for (header, expected) in [("91", 91), ("nonsense", 60), ("-1", 1), ("99999999999999999999", 60)] {
      let service = Service((429, "", ["retry-after": header]))
      let error = try await #require(throws: RateLimitError.self) {
        try await client(service, wait: header == "-1" || header == "nonsense" || header.count > 10 ? 0 : 90).whoami()
      }
      #expect(error.retryAfterSeconds == expected)
    }
  }

  @Test func errorsSayWhetherItMayHaveBeenDone() async throws {
    let server = Service((502, #"{"detail":"bad \#(key) gateway"}"#, [:]))
    let change = try await #require(throws: ServiceError.self) { try await client(server).apiKeys.regenerate("key_1") }
    #expect(change.mayHaveBeenDone)
    #expect(!"\(change)".contains(key))
    let question = try await #require(throws: APIError.self) { try await client(server).whoami() }
    #expect(question.status == 502)
    let down = try await #require(throws: ServiceError.self) { try await client(Service()).apiKeys.revoke("key_1") }
    #expect(down.mayHaveBeenDone && down.description.contains("may have been done"))
    let asked = try await #require(throws: ServiceError.self) { try await client(Service()).whoami() }
    #expect(!asked.mayHaveBeenDone)
    #expect(server.sent.count == 2, "nothing is sent again")
  }

  @Test func refusalsCarryTheServicesWords() async throws {
    let service = Service((409, #"{"detail":"this reference has made a key"}"#, [:]))
    let error = try await #require(throws: APIError.self) { try await client(service).apiKeys.create(name: "x") }
    #expect(error == APIError(status: 409, detail: "this reference has made a key"))
  }

  @Test(arguments: ["", "[]", "{", "{}", #"{"api_key":5,"key_id":"k"}"#, #"{"api_key":"","key_id":"k"}"#])
  func garbageIsAnError(garbage: String) async throws {
    let error = try await #require(throws: ServiceError.self) {
      try await client(Service((201, garbage, [:]))).apiKeys.regenerate("key_1")
    }
    #expect(error.mayHaveBeenDone)
  }

  @Test func theEnvironmentSetsTheClientUp() throws {
    let client = try AITBCClient(environment: [
      "AITBC_API_KEY": key, "AITBC_BASE_URL": "https://aitbc.example/", "AITBC_TENANT_ID": "acme",
    ])
    #expect(client.baseURL == "https://aitbc.example" && client.tenantID == "acme")
    #expect(try AITBCClient(environment: ["AITBC_API_KEY": key]).baseURL == AITBCClient.defaultBaseURL)
    let error = try #require(throws: ConfigurationError.self) { try AITBCClient(environment: ["AITBC_API_KEY": ""]) }
    #expect(error.reason == "AITBC_API_KEY is not set")
  }

  @Test func badSettingsAreRefused() {
    for key in ["", "a b", "a\n", "é"] { #expect(throws: ConfigurationError.self) { try AITBCClient(apiKey: key) } }
    for base in ["", "aitbc.example", "https://u:p@aitbc.example", "https://aitbc.example?x"] {
      #expect(throws: ConfigurationError.self) { try AITBCClient(apiKey: "k", baseURL: base) }
    }
    #expect(throws: ConfigurationError.self) { try AITBCClient(apiKey: "k", tenantID: "a\r\nb") }
  }

  @Test func aProgramWithoutTasksCanWait() async throws {
    let service = Service((200, #"{"key_id":"key_1"}"#, [:]))
    let client = try client(service)
    let id = try await Thread.run { try AITBCClient.wait { try await client.whoami().keyID } }
    #expect(id == "key_1")
  }
}

extension Thread {
  /// Runs `body` on a thread of its own, and waits for it without blocking one of those that run tasks.
  fileprivate static func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
      detachNewThread { continuation.resume(with: Result { try body() }) }
    }
  }
}
