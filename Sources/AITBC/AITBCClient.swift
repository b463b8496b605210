// The client of the AITBC service's interface for keys and jobs.

internal import Formats
public import Secrets
public import Transport

/// Speaks to an AITBC service with one API key.
///
///     let client = try AITBCClient(apiKey: key, baseURL: "https://aitbc.example")
///     let job = try await client.jobs.create(["model": "llama"])
///
/// Every method throws ``AuthenticationError`` when the service refuses the key, ``RateLimitError`` when its limit is
/// reached for longer than ``maximumWaitSeconds``, ``APIError`` for other refusals, and ``ServiceError`` when no usable
/// answer comes. A request is sent again only after the service has said that it did not take it (429).
public final class AITBCClient: Sendable {
  /// Where the embedded key service listens unless it is told otherwise.
  public static let defaultBaseURL = "http://127.0.0.1:8787"

  /// The service's address, without a slash at its end.
  public let baseURL: String
  /// Sent as `X-Tenant-ID`; nil sends none.
  public let tenantID: String?
  /// The longest that one call waits for the limit of requests to open again, in seconds.
  public let maximumWaitSeconds: Int
  let key: Secret
  let transport: any HTTPTransport
  let sleep: @Sendable (Int) async throws -> Void

  /// Jobs.
  public var jobs: Jobs { Jobs(client: self) }
  /// The management of keys.
  public var apiKeys: APIKeys { APIKeys(client: self) }

  /// A client.
  ///
  /// - Parameters:
  ///   - apiKey: the key.
  ///   - tenantID: sent as `X-Tenant-ID`.
  ///   - baseURL: the service's address; `http` only for loopback and private networks.
  ///   - maximumWaitSeconds: the longest that one call waits for the limit of requests.
  ///   - transport: what carries requests; nil for libcurl.
  /// - Throws: ``ConfigurationError``.
  public convenience init(
    apiKey: Secret, tenantID: String? = nil, baseURL: String = AITBCClient.defaultBaseURL, maximumWaitSeconds: Int = 90,
    transport: (any HTTPTransport)? = nil
  ) throws(ConfigurationError) {
    try self.init(
      apiKey: apiKey, tenantID: tenantID, baseURL: baseURL, maximumWaitSeconds: maximumWaitSeconds,
      transport: transport ?? CurlTransport(policy: EgressPolicy(internalBases: [baseURL])),
      sleep: { try await Task.sleep(for: .seconds($0)) })
  }

  /// A client whose key comes as text. The text can't be wiped from memory: hand over a `Secret` where you have one.
  public convenience init(
    apiKey: String, tenantID: String? = nil, baseURL: String = AITBCClient.defaultBaseURL, maximumWaitSeconds: Int = 90,
    transport: (any HTTPTransport)? = nil
  ) throws(ConfigurationError) {
    try self.init(
      apiKey: Secret(apiKey), tenantID: tenantID, baseURL: baseURL, maximumWaitSeconds: maximumWaitSeconds,
      transport: transport)
  }

  /// A client set up by environment variables: `AITBC_API_KEY`, `AITBC_BASE_URL` (optional), `AITBC_TENANT_ID` (optional),
  /// and the usual ones for proxies.
  public convenience init(
    environment: [String: String], transport: (any HTTPTransport)? = nil
  ) throws(ConfigurationError) {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    guard let apiKey = value("AITBC_API_KEY") else { throw ConfigurationError(reason: "AITBC_API_KEY is not set") }
    let baseURL = value("AITBC_BASE_URL") ?? AITBCClient.defaultBaseURL
    let policy = EgressPolicy(internalBases: [baseURL], environment: environment)
    try self.init(
      apiKey: Secret(apiKey), tenantID: value("AITBC_TENANT_ID"), baseURL: baseURL,
      transport: transport ?? CurlTransport(policy: policy))
  }

  init(
    apiKey: Secret, tenantID: String?, baseURL: String, maximumWaitSeconds: Int, transport: any HTTPTransport,
    sleep: @escaping @Sendable (Int) async throws -> Void
  ) throws(ConfigurationError) {
    guard let address = WebAddress(baseURL), !address.path.contains("?") else {
      throw ConfigurationError(reason: "the base address is not a plain http or https address")
    }
    let isUsable = apiKey.withBytes { bytes in
      for index in 0..<bytes.count where !(0x21...0x7e).contains(bytes[index]) { return false }
      return bytes.count > 0
    }
    guard isUsable else {
      throw ConfigurationError(reason: "the API key is empty, or holds spaces or control characters")
    }
    if let tenantID, tenantID.isEmpty || !tenantID.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) {
      throw ConfigurationError(reason: "the tenant's id is empty, or holds spaces or control characters")
    }
    var path = address.path
    while path.hasSuffix("/") { path.removeLast() }
    self.baseURL = address.origin + path
    self.tenantID = tenantID
    self.maximumWaitSeconds = max(0, maximumWaitSeconds)
    self.transport = transport
    self.sleep = sleep
    key = apiKey
  }

  /// Whose key this is.
  public func whoami() async throws -> Identity {
    let answer = try await call("GET", "/v1/whoami", expecting: 200)
    guard let keyID = reader.text(answer["key_id"]) else { throw missing("key_id", done: false) }
    return Identity(
      keyID: keyID, tenant: reader.text(answer["tenant"]), name: reader.text(answer["name"]),
      plan: reader.text(answer["plan"]), scopes: answer["scopes"]?.array?.compactMap(reader.text) ?? [])
  }

  var reader: FieldReader { FieldReader(key: key) }

  func missing(_ field: String, done: Bool) -> ServiceError {
    ServiceError(reason: "the answer has no \(field)", mayHaveBeenDone: done)
  }
}
