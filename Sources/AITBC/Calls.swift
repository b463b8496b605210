// The calls: one request each, sent again only when the service says that it was over the limit.

internal import Dispatch
internal import Formats
internal import Secrets
internal import Synchronization
internal import Transport

extension AITBCClient {
  /// Sends a request and reads its answer.
  func call(_ method: String, _ path: String, _ body: JSONValue? = nil, expecting: Int) async throws -> Node {
    let changes = method != "GET"
    let response = try await patiently(request(method, path, body))
    guard response.status == expecting else { throw refusal(response, changes) }
    if expecting == 204 { return try JSON.parse(Array("{}".utf8), name: "answer") }
    guard let answer = document(response.body), answer.entries != nil else {
      throw ServiceError(reason: "the answer is no JSON object", mayHaveBeenDone: changes)
    }
    return answer
  }

  private func request(_ method: String, _ path: String, _ body: JSONValue?) -> HTTPRequest {
    var request = HTTPRequest(
      method: method, url: baseURL + path,
      headers: [("X-API-Key", SensitiveText(key)), ("Accept", SensitiveText("application/json"))],
      timeoutSeconds: method == "GET" ? 30 : 90)
    if let tenantID { request.headers.append(("X-Tenant-ID", SensitiveText(tenantID))) }
    if let body {
      var writer = JSONWriter(indent: 0)
      body.write(to: &writer)
      request.headers.append(("Content-Type", SensitiveText("application/json")))
      request.body = Secret(writer.bytes)
    }
    return request
  }

  /// Waits as long as the service says while that stays within bounds.
  private func patiently(_ request: HTTPRequest) async throws -> HTTPResponse {
    var waited = 0
    while true {
      let response = try await send(request)
      guard response.status == 429 else { return response }
      let named = response.header("retry-after").flatMap { Int($0) } ?? 60
      let seconds = min(max(named, 1), 86_400)
      guard waited + seconds <= maximumWaitSeconds else { throw RateLimitError(retryAfterSeconds: seconds) }
      try await sleep(seconds)
      waited += seconds
    }
  }

  /// The transport blocks its thread: not one of those that run tasks.
  private func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let transport = transport
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        do throws(TransportError) {
          continuation.resume(returning: try transport.send(request))
        } catch {
          let changes = request.method != "GET"
          continuation.resume(
            throwing: ServiceError(reason: error.reason, mayHaveBeenDone: changes && error.fate == .unknown))
        }
      }
    }
  }

  private func refusal(_ response: HTTPResponse, _ changes: Bool) -> any Error {
    if response.status == 401 { return AuthenticationError() }
    let detail = document(response.body).flatMap { reader.text($0["detail"]) }
    if changes, !(400..<500).contains(response.status) {
      let words = detail.map { ": \($0)" } ?? ""
      return ServiceError(reason: "the service answered \(response.status)\(words)", mayHaveBeenDone: true)
    }
    return APIError(status: response.status, detail: detail)
  }

  private func document(_ body: Secret) -> Node? {
    var bytes = body.copyBytes()
    defer { wipe(&bytes) }
    return try? JSON.parse(bytes, name: "answer", maximumDepth: 64)
  }

  /// Runs an asynchronous call to its end, for programs without tasks. Never call it from within a task: it blocks.
  public static func wait<Result: Sendable>(
    for work: @escaping @Sendable () async throws -> Result
  ) throws -> Result {
    let done = DispatchSemaphore(value: 0)
    let outcome = Outcome<Result>()
    Task.detached {
      do {
        let value = try await work()
        outcome.set(.success(value))
      } catch {
        outcome.set(.failure(error))
      }
      done.signal()
    }
    done.wait()
    return try outcome.get()
  }
}

/// Where a task leaves what became of it.
private final class Outcome<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  func set(_ value: Result<Value, any Error>) { result.withLock { $0 = value } }
  func get() throws -> Value {
    guard let value = result.withLock({ $0 }) else { throw CancellationError() }
    return try value.get()
  }
}

/// Jobs.
public struct Jobs: Sendable {
  let client: AITBCClient

  /// Hands a job to the service.
  public func create(_ job: JSONValue) async throws -> Job {
    let answer = try await client.call("POST", "/v1/jobs", job, expecting: 201)
    guard let id = client.reader.text(answer["job_id"]) else { throw client.missing("job_id", done: true) }
    return Job(id: id)
  }
}

/// The management of keys.
public struct APIKeys: Sendable {
  let client: AITBCClient

  /// All keys that this key may see, ended ones too.
  public func list() async throws -> [APIKey] {
    let answer = try await client.call("GET", "/v1/api-keys", expecting: 200)
    guard let items = answer["api_keys"]?.array else { throw client.missing("api_keys", done: false) }
    return items.compactMap { APIKey($0, client.reader) }
  }

  /// Makes another key.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - scopes: what it may be used for; nil for what this key may.
  ///   - reference: a mark of your own; the service makes at most one key for each.
  public func create(name: String, scopes: [String]? = nil, reference: String? = nil) async throws -> IssuedKey {
    var members: [(name: String, value: JSONValue)] = [("name", .string(name))]
    if let scopes { members.append(("scopes", .array(scopes.map { .string($0) }))) }
    if let reference { members.append(("reference", .string(reference))) }
    return try issued(try await client.call("POST", "/v1/api-keys", .object(members), expecting: 201))
  }

  /// Replaces a key by a new one.
  ///
  /// - Parameters:
  ///   - keyID: the old key's public id.
  ///   - graceSeconds: how long the old key works on.
  ///   - reference: a mark of your own; the service makes at most one key for each.
  public func regenerate(_ keyID: String, graceSeconds: Int = 0, reference: String? = nil) async throws -> IssuedKey {
    var members: [(name: String, value: JSONValue)] = [("grace_seconds", .integer(max(0, graceSeconds)))]
    if let reference { members.append(("reference", .string(reference))) }
    let path = try path(keyID) + "/regenerate"
    return try issued(try await client.call("POST", path, .object(members), expecting: 201))
  }

  /// Ends a key at once.
  public func revoke(_ keyID: String) async throws {
    _ = try await client.call("DELETE", try path(keyID), expecting: 204)
  }

  private func path(_ keyID: String) throws(ConfigurationError) -> String {
    guard !keyID.isEmpty, keyID.utf8.count <= 128, keyID.utf8.allSatisfy(APIKeys.isPlain),
      keyID.contains(where: { $0 != "." })
    else { throw ConfigurationError(reason: "a key's id has letters, digits, and the characters - . _ only") }
    return "/v1/api-keys/\(keyID)"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
    default: false
    }
  }

  private func issued(_ answer: Node) throws(ServiceError) -> IssuedKey {
    guard let value = answer["api_key"]?.secret, value.count > 0 else { throw client.missing("api_key", done: true) }
    guard let keyID = client.reader.text(answer["key_id"]) else { throw client.missing("key_id", done: true) }
    return IssuedKey(
      value: value, keyID: keyID, name: client.reader.text(answer["name"]),
      previousExpiresAt: client.reader.text(answer["previous_expires_at"]))
  }
}
