// Lists of keys, all their pages, and what can be read again of one key.

internal import Formats
internal import Posix
internal import RuleBook
public import Secrets
internal import Transport

extension ProviderClient {
  static let maximumPages = 1_000
  static let maximumListedKeys = 100_000

  /// The provider's keys: every page of the list, or an error. A list that is read in part would call a key that stands
  /// on the next page missing.
  public func list(authorization: Secret, _ context: CallContext) throws(ProviderError) -> [ListedKey] {
    guard let first = template(.list) else { throw noCall(.list) }
    var call = first
    var context = context
    var keys: [ListedKey] = []
    var seen: Set<String> = []
    for _ in 0..<ProviderClient.maximumPages {
      let response = try ask(call, "the keys could not be listed", authorization, context)
      let document = try document(response.body)
      keys += try listed(document, first, authorization)
      guard keys.count <= ProviderClient.maximumListedKeys else {
        throw ProviderError(
          reason: "the service lists more than \(ProviderClient.maximumListedKeys) keys", fate: .unknown)
      }
      guard let next = first.next else {
        guard ProviderClient.link(response) == nil else {
          throw ProviderError(
            reason: "the service lists keys on several pages, and the provider file does not say how to turn them",
            hint: "add next to [manage.list] of the provider file", fate: .unknown)
        }
        return keys
      }
      guard let cursor = try cursor(next, response, document, first, context) else { return keys }
      // A service that sends us round in a circle is not followed.
      guard seen.insert(cursor).inserted else {
        throw ProviderError(reason: "the service's list of keys leads back to a page that was read", fate: .unknown)
      }
      context.cursor = cursor
      call = first
      call.url = next.at == "header:link" ? cursor : next.url ?? first.url
      call.body = next.body ?? first.body
    }
    throw ProviderError(
      reason: "the service lists keys on more than \(ProviderClient.maximumPages) pages", fate: .unknown)
  }

  /// What the service says about the key as it is now.
  public func read(authorization: Secret, _ context: CallContext) throws(ProviderError) -> CurrentKey {
    guard let call = template(.read) else { throw noCall(.read) }
    let response = try ask(call, "the key could not be read again", authorization, context)
    let document = try document(response.body)
    let value = call.fields["secret"].flatMap { document.pointer($0)?.secret }
    if let value, !value.withBytes({ ProviderClient.isPrintable($0) }) || value.count == 0 {
      throw ProviderError(
        reason: "what stands at \(call.fields["secret"] ?? "") is no key", hint: "correct the provider file",
        fate: .unknown)
    }
    let hidden = value ?? authorization
    return CurrentKey(
      value: value, keyID: call.fields["key_id"].flatMap { text(document, $0, hiding: hidden) },
      carry: call.fields["carry"].flatMap { carried(document.pointer($0), hiding: hidden) })
  }

  // MARK: -

  private func noCall(_ role: CallRole) -> ProviderError {
    ProviderError(reason: "\(provider.name) has no \(role.rawValue) call in its provider file")
  }

  func ask(
    _ call: CallTemplate, _ failure: String, _ authorization: Secret, _ context: CallContext
  ) throws(ProviderError) -> HTTPResponse {
    let request = try request(call, isHarmless: true, authorization, context)
    let response = try askAgain(request, failure, context)
    guard call.success.contains(response.status) else {
      throw ProviderError(
        reason: "\(failure): \(ProviderClient.named(response.status))",
        hint: response.status == 401 ? "the key that authorises the call is not accepted" : nil, fate: .unknown)
    }
    return response
  }

  /// Asks once more where the connection broke: the question changes nothing.
  private func askAgain(
    _ request: HTTPRequest, _ failure: String, _ context: CallContext
  ) throws(ProviderError) -> HTTPResponse {
    var last: TransportError?
    for _ in 0..<2 {
      do throws(TransportError) { return try askPatiently(request, context) } catch {
        last = error
        // What could not be sent will hardly be sent a moment later; what broke on the way may go through.
        if error.fate == .notSent { break }
        clock.sleep(milliseconds: 500)
      }
    }
    throw ProviderError(reason: "\(failure): \(last?.reason ?? "no answer")", fate: last?.fate ?? .unknown)
  }

  private func listed(
    _ document: Node, _ call: CallTemplate, _ authorization: Secret
  ) throws(ProviderError) -> [ListedKey] {
    let list = document.pointer(call.fields["list"] ?? "")
    // An empty list in XML is an element without anything.
    guard let items = list?.array ?? (list?.string?.allSatisfy(\.isWhitespace) == true ? [] : nil) else {
      throw ProviderError(reason: "the response holds no list at \(call.fields["list"] ?? "its root")", fate: .unknown)
    }
    return items.compactMap { item in
      func field(_ name: String) -> String? { call.fields[name].flatMap { text(item, $0, hiding: authorization) } }
      guard let id = field("key_id") else { return nil }
      var listed = ListedKey(
        keyID: id, name: field("name"), status: field("status"), reference: field("reference"),
        replaces: field("replaces"), prefix: field("prefix"), suffix: field("suffix"), created: field("created"))
      listed.lastUsed = field("last_used")
      listed.lastUsedBy = field("last_used_by")
      return listed
    }
  }

  /// Where the list goes on; nil at its end.
  private func cursor(
    _ next: NextPage, _ response: HTTPResponse, _ document: Node, _ call: CallTemplate, _ context: CallContext
  ) throws(ProviderError) -> String? {
    if next.at == "header:link" {
      guard let address = ProviderClient.link(response) else { return nil }
      // Elsewhere the key would be sent to whomever the answer names.
      let values = Substitution(secret: nil, context: context, base: context.base ?? provider.management?.base)
      guard !address.contains("{"),
        let origin = WebAddress(try values.url(call.url.replacing("{secret}", with: "")))?.origin,
        WebAddress(address)?.origin == origin
      else {
        throw ProviderError(reason: "the next page of the list lies at another service", fate: .unknown)
      }
      return address
    }
    let text: String?
    if next.at.hasPrefix("header:") {
      text = response.header(next.at.dropFirst(7).lowercased())
    } else {
      let node = document.pointer(next.at)
      text = node?.string ?? node?.integer.map { "\($0)" }
    }
    guard let text, !text.isEmpty else { return nil }
    guard text.utf8.count <= 4_096, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw ProviderError(reason: "the service's list of keys goes on at what is no cursor", fate: .unknown)
    }
    return text
  }

  /// The address of the next page in a `Link` header (RFC 8288).
  static func link(_ response: HTTPResponse) -> String? {
    for (name, value) in response.headers where name == "link" {
      for part in value.split(separator: ",") {
        let pieces = part.split(separator: ";").map { $0.drop { $0 == " " } }
        guard let target = pieces.first, target.hasPrefix("<"), let end = target.firstIndex(of: ">") else { continue }
        let parameters = pieces.dropFirst().map { $0.filter { $0 != "\"" && $0 != " " }.lowercased() }
        if parameters.contains("rel=next") { return String(target[target.index(after: target.startIndex)..<end]) }
      }
    }
    return nil
  }

  private func carried(_ node: Node?, hiding secret: Secret) -> String? {
    guard let node else { return nil }
    if let list = node.array {
      return list.prefix(256).compactMap { text($0, "", hiding: secret) }.joined(separator: ",")
    }
    return text(node, "", hiding: secret)
  }
}

extension KeyService {
  /// The new key out of the beginning of a JSON document, if it stands there whole; nil if it does not.
  public func newKey(_ role: CallRole, status: Int, partialBody body: Secret) -> NewKey? {
    guard let whole = BrokenJSON.completed(body), judge(role, status: status, headers: [], body: whole) == .success
    else {
      return nil
    }
    return try? newKey(role, body: whole)
  }
}
