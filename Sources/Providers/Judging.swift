// What a response proves about a mutation, and what it holds.

internal import Formats
internal import RuleBook
public import Secrets
internal import Transport

extension ProviderClient {
  /// What the response to a mutation proves.
  ///
  /// A refusal in the 400s is definite. A 5xx, a redirect, or a success without what it must hold proves nothing: the
  /// provider, or something before it, may have acted.
  public func judge(
    _ role: CallRole, status: Int, headers: [(name: String, value: String)], body: Secret
  ) -> Verdict {
    guard let call = template(role) else { return .unclear("\(provider.name) has no \(role.rawValue) call") }
    if call.success.contains(status) {
      guard let pointer = call.mustHold else { return .success }
      guard let document = try? document(body), ProviderClient.holds(document, pointer) else {
        return .unclear("\(status) came without \(pointer)")
      }
      return .success
    }
    switch status {
    case 429: return .limited(retryAfterSeconds: retryAfter(headers) ?? ProviderClient.defaultRetrySeconds)
    // A conflict that names a key says that what was asked for has been done before: perhaps by us.
    case 409 where names(call, body): return .unclear(ProviderClient.named(status) + ", and it names a key")
    // A server that gave up waiting, or that was told to expect more, may have begun.
    case 408, 425: return .unclear(ProviderClient.named(status))
    case _ where call.refused.contains(status): return .refused(ProviderClient.named(status))
    case 400..<500: return .refused(ProviderClient.named(status))
    default: return .unclear(ProviderClient.named(status))
    }
  }

  /// The key in the raw body of a successful response.
  public func newKey(_ role: CallRole, body: Secret) throws(ProviderError) -> NewKey {
    guard let pointer = template(role)?.fields["secret"] else {
      throw ProviderError(
        reason: "the provider file does not say where \(role.rawValue) puts the new key", fate: .unknown)
    }
    let document = try document(body)
    guard let value = document.pointer(pointer)?.secret, value.count > 0 else {
      throw ProviderError(
        reason: "the response holds no text at \(pointer), where the new key should be",
        hint: "the raw response is kept: see what it holds, and correct the provider file", fate: .unknown)
    }
    guard value.withBytes({ ProviderClient.isPrintable($0) }) else {
      throw ProviderError(
        reason: "what stands at \(pointer) is no key: it holds spaces, control characters or more than 16,384 bytes",
        hint: "the raw response is kept: see what it holds, and correct the provider file", fate: .unknown)
    }
    return NewKey(
      value: value, keyID: template(role)?.fields["key_id"].flatMap { text(document, $0, hiding: value) })
  }

  private func names(_ call: CallTemplate, _ body: Secret) -> Bool {
    guard let pointer = call.fields["key_id"], let document = try? document(body) else { return false }
    return ProviderClient.holds(document, pointer)
  }

  // MARK: - Reading responses

  static let defaultRetrySeconds = 60

  func document(_ body: Secret) throws(ProviderError) -> Node {
    var bytes = body.copyBytes()
    defer { wipe(&bytes) }
    if bytes.first(where: { $0 > 0x20 }) == 0x3c, var converted = XMLAnswer.json(bytes) {
      wipe(&bytes)
      swap(&bytes, &converted)
    }
    do {
      return try JSON.parse(bytes, name: "response", maximumDepth: 64)
    } catch {
      throw ProviderError(reason: "the response is not JSON (line \(error.line): \(error.reason))", fate: .unknown)
    }
  }

  static func holds(_ document: Node, _ pointer: String) -> Bool {
    guard let node = document.pointer(pointer) else { return false }
    switch node.kind {
    case .string: return node.string?.isEmpty == false
    case .null: return false
    default: return true
    }
  }

  /// A field as one line of text of at most 256 characters. What holds the secret itself is not text for people.
  func text(_ document: Node, _ pointer: String, hiding secret: Secret) -> String? {
    guard let node = document.pointer(pointer) else { return nil }
    switch node.kind {
    case .integer: return node.integer.map { "\($0)" }
    case .boolean: return node.boolean.map { $0 ? "true" : "false" }
    case .string: return node.string.flatMap { clean($0, hiding: secret) }
    default: return nil
    }
  }

  func clean(_ text: String, hiding secret: Secret) -> String? {
    guard !text.isEmpty, text.utf8.count <= 1_024, !secret.isInside(Array(text.utf8)) else { return nil }
    let scalars = text.unicodeScalars.filter { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
      default: true
      }
    }
    return String(String(String.UnicodeScalarView(scalars)).prefix(256))
  }

  /// Seconds to wait, from `Retry-After`; a date there is not a number of seconds, so it counts as unset.
  func retryAfter(_ headers: [(name: String, value: String)]) -> Int? {
    guard let value = headers.first(where: { $0.name.lowercased() == "retry-after" })?.value else { return nil }
    guard let seconds = Int(value), seconds >= 0 else { return nil }
    return min(seconds, 86_400)
  }

  static func isPrintable(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count <= 16_384 else { return false }
    for index in 0..<bytes.count where !(0x21...0x7e).contains(bytes[index]) { return false }
    return true
  }

  /// A status with its name, for people.
  static func named(_ status: Int) -> String {
    let name =
      switch status {
      case 400: " (bad request)"
      case 401: " (not authorised)"
      case 403: " (forbidden)"
      case 404: " (not found)"
      case 409: " (conflict)"
      case 422: " (not acceptable as it is)"
      case 429: " (too many requests)"
      case 300..<400: " (a redirect, which is not followed)"
      case 500..<600: " (an error of the server)"
      default: ""
      }
    return "the answer was \(status)\(name)"
  }
}

extension Secret {
  /// Whether the bytes hold this secret.
  public func isInside(_ bytes: [UInt8]) -> Bool {
    guard count > 0, bytes.count >= count else { return false }
    return withBytes { secret in
      for start in 0...(bytes.count - secret.count) {
        var index = 0
        while index < secret.count, bytes[start + index] == secret[index] { index += 1 }
        if index == secret.count { return true }
      }
      return false
    }
  }
}
