// Executes the calls of a provider file: one request per call, nothing repeated that could change anything.

public import Model
public import Posix
public import RuleBook
public import Secrets
public import Transport

/// Speaks to one provider in the words of its file.
public final class ProviderClient: KeyService, Sendable {
  let provider: Provider
  let transport: any HTTPTransport
  let clock: any WallClock
  let limiter: RateLimiter

  /// Mutations get more time than questions: cutting one off early makes an unknown outcome.
  static let mutationTimeoutSeconds: Double = 90
  static let questionTimeoutSeconds: Double = 20

  /// A client.
  ///
  /// - Parameters:
  ///   - provider: the provider file.
  ///   - transport: what carries requests.
  ///   - clock: the time, and who waits.
  ///   - limiter: shared by clients that share a request limit.
  public init(
    provider: Provider, transport: any HTTPTransport, clock: any WallClock = SystemClock(),
    limiter: RateLimiter = RateLimiter()
  ) {
    self.provider = provider
    self.transport = transport
    self.clock = clock
    self.limiter = limiter
  }

  /// Whether the provider file knows such a call.
  public func has(_ role: CallRole) -> Bool { template(role) != nil }

  /// `POST https://host/path`, for a plan; placeholders that are not set yet, and all secrets, stay placeholders.
  public func describe(_ role: CallRole, _ context: CallContext) -> String {
    template(role).map { describe($0, context) } ?? "no \(role.rawValue) call"
  }

  /// The harmless question about a credential of that kind, in the same form; nil where there is none.
  public func describeQuestion(_ context: CallContext, kind: RuleID?) -> String? {
    question(kind).map { describe($0, context) }
  }

  /// Whether the question is signed with the key and its id together.
  public var provesKeyID: Bool { needsKeyID(kind: nil) }

  /// Whether the question about a credential of that kind is signed, so that the context must name the key's id.
  public func needsKeyID(kind: RuleID?) -> Bool {
    question(kind)?.headers.contains { ProviderClient.signature($0) != nil } ?? false
  }

  func describe(_ call: CallTemplate, _ context: CallContext) -> String {
    let values = substitution(nil, context)
    var url = ""
    for piece in TemplatePiece.cut(call.url) {
      switch piece {
      case .literal(let text): url += text
      case .placeholder("base"): url += values.base.flatMap { try? Substitution.checkedBase($0) } ?? "{base}"
      case .placeholder(let name):
        if case .text(let text) = values.value(name) {
          url += Substitution.percentEncoded(text)
        } else {
          url += "{\(name)}"
        }
      }
    }
    return "\(call.method) \(url)"
  }

  /// Sends a call, once. Waits its turn under the request limit first.
  ///
  /// - Parameters:
  ///   - role: the call.
  ///   - authorization: the key that authorises it.
  ///   - context: what its placeholders stand for.
  /// - Throws: ``TransportError``; its fate says whether the provider may have acted.
  public func perform(
    _ role: CallRole, authorization: Secret, _ context: CallContext
  ) throws(TransportError) -> HTTPResponse {
    let request: HTTPRequest
    do {
      request = try self.request(role, authorization, context)
    } catch {
      throw TransportError(fate: .notSent, reason: error.reason)
    }
    return try send(request, context)
  }

  // MARK: - Requests

  func template(_ role: CallRole) -> CallTemplate? {
    switch role {
    case .verify: provider.management?.verify
    case .list: provider.management?.list
    case .create: provider.management?.create
    case .regenerate: provider.management?.regenerate
    case .revoke: provider.management?.revoke
    case .disable: provider.management?.disable
    case .read: provider.management?.read
    case .lastUsed: provider.management?.lastUsed
    }
  }

  /// The harmless question about a credential of that kind; with no kind named, the provider's own.
  func question(_ kind: RuleID?) -> CallTemplate? {
    kind.map { provider.verifyCall(for: $0) } ?? provider.management?.verify
  }

  func request(_ role: CallRole, _ secret: Secret, _ context: CallContext) throws(ProviderError) -> HTTPRequest {
    guard let call = template(role) else {
      throw ProviderError(reason: "\(provider.name) has no \(role.rawValue) call in its provider file")
    }
    return try request(call, isHarmless: role.isHarmless, secret, context)
  }

  func request(
    _ call: CallTemplate, isHarmless: Bool, _ secret: Secret, _ context: CallContext
  ) throws(ProviderError) -> HTTPRequest {
    let values = substitution(secret, context)
    var headers: [(name: String, value: SensitiveText)] = []
    for header in call.headers where ProviderClient.signature(header) == nil {
      if let value = try values.header(header.name, header.value) { headers.append((header.name, value)) }
    }
    let type = call.headers.first { $0.name.lowercased() == "content-type" }?.value
    var body: Secret?
    if let template = call.body { body = try values.body(template, contentType: type) }
    var request = HTTPRequest(
      method: call.method, url: try values.url(call.url), headers: headers, body: body,
      timeoutSeconds: isHarmless ? ProviderClient.questionTimeoutSeconds : ProviderClient.mutationTimeoutSeconds)
    if TemplatePiece.cut(call.url).contains(.placeholder("secret")) { request.urlSecret = secret }
    if let signature = call.headers.lazy.compactMap(ProviderClient.signature).first {
      guard let keyID = context.authorizationID ?? context.keyID else { throw Substitution.unset("key_id") }
      try signature.sign(&request, keyID: keyID, secret: secret, at: clock.now() / 1_000)
    }
    return request
  }

  /// The signature that takes a header's place: `Authorization = "{aws-sigv4:SERVICE:REGION}"`.
  static func signature(_ header: HeaderTemplate) -> AWSSignature? {
    guard header.value.hasPrefix("{"), header.value.hasSuffix("}") else { return nil }
    return AWSSignature(placeholder: String(header.value.dropFirst().dropLast()))
  }

  func send(_ request: HTTPRequest, _ context: CallContext) throws(TransportError) -> HTTPResponse {
    if let limit = requestLimit(context), let address = WebAddress(request.url) {
      clock.sleep(milliseconds: limiter.reserve(address.authority, perMinute: limit, now: clock.monotonic()))
    }
    return try transport.send(request)
  }

  private func requestLimit(_ context: CallContext) -> Int? {
    guard let limits = provider.management?.requestsPerMinute else { return nil }
    return context.plan.flatMap { limits[$0] } ?? limits[""]
  }

  private func substitution(_ secret: Secret?, _ context: CallContext) -> Substitution {
    Substitution(secret: secret, context: context, base: context.base ?? provider.management?.base)
  }
}
