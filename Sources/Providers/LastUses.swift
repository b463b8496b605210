// When a key was last used, in the many ways in which services say that.

internal import Formats
internal import Model
internal import RuleBook
public import Secrets
internal import Transport

extension ProviderClient {
  /// Whether the provider file has a call for it, or its list of keys says it.
  public var tellsLastUse: Bool { template(.lastUsed) != nil || template(.list)?.fields["last_used"] != nil }

  /// When the context's key was last used: from a call of its own, or from the list of keys.
  public func lastUse(authorization: Secret, _ context: CallContext) throws(ProviderError) -> LastUse {
    guard let call = template(.lastUsed) else {
      guard let own = try list(authorization: authorization, context).first(where: { $0.keyID == context.keyID }) else {
        return LastUse(isThere: false)
      }
      return LastUse(isThere: true, timeMs: try ServiceTime.milliseconds(own.lastUsed), by: own.lastUsedBy)
    }
    let document = try document(
      try ask(call, "it could not be asked when the key was last used", authorization, context).body)
    if let pointer = call.mustHold, !ProviderClient.holds(document, pointer) {
      throw ProviderError(reason: "the answer about a key's last use came without \(pointer)", fate: .unknown)
    }
    func field(_ name: String) -> String? { call.fields[name].flatMap { text(document, $0, hiding: authorization) } }
    return LastUse(
      isThere: true, timeMs: try ServiceTime.milliseconds(field("last_used")), by: field("last_used_by"))
  }
}

/// Moments as services write them.
public enum ServiceTime {
  /// Words of services for a key that nobody has used.
  private static let never: Set<String> = ["", "n/a", "never", "null", "none", "0"]
  /// Above this, a number counts milliseconds: as seconds it would be the year 5138.
  private static let secondsLimit: Int64 = 100_000_000_000

  /// Milliseconds since 1970: from ISO 8601 with or without a part of a second, a day, or a number of seconds or
  /// milliseconds since 1970. Nil where the key was never used.
  ///
  /// - Throws: ``ProviderError`` for what can't be understood: it must not be taken for a key that nobody uses.
  public static func milliseconds(_ text: String?) throws(ProviderError) -> Int64? {
    guard let text = text?.trimmedOfSpaces, !never.contains(text.lowercased()) else { return nil }
    if let number = Int64(text), number > 0 { return number > secondsLimit ? number : number * 1_000 }
    if let milliseconds = iso8601(text) { return milliseconds }
    throw ProviderError(
      reason: "the service says in a form that is not understood when the key was last used", fate: .unknown)
  }

  private static func iso8601(_ text: String) -> Int64? {
    var bytes = Array(text.utf8)
    guard bytes.count >= 10, bytes.count <= 64, bytes[4] == 0x2d, bytes[7] == 0x2d else { return nil }
    // A day counts from its end: the key may have been used at any moment of it.
    if bytes.count == 10 { return Timestamp.parse(text + "T23:59:59Z").map { $0.seconds * 1_000 } }
    guard bytes.count >= 19, bytes[10] == 0x54 || bytes[10] == 0x20 else { return nil }
    bytes[10] = 0x54
    var rest = bytes[19...]
    var thousandths: Int64 = 0
    if rest.first == 0x2e || rest.first == 0x2c {
      let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
      let three = Array((digits + [0x30, 0x30, 0x30]).prefix(3))
      thousandths = three.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
      rest = rest.dropFirst(1 + digits.count)
    }
    var zone = String(decoding: rest, as: UTF8.self).filter { $0 != " " }
    if zone.isEmpty || zone == "UTC" { zone = "Z" }
    if zone.utf8.count == 5 { zone = "\(zone.prefix(3)):\(zone.suffix(2))" }
    guard let time = Timestamp.parse(String(decoding: bytes[..<19], as: UTF8.self) + zone) else { return nil }
    return time.seconds * 1_000 + thousandths
  }
}

extension String {
  fileprivate var trimmedOfSpaces: String {
    var slice = self[...]
    while slice.first?.isWhitespace == true { slice.removeFirst() }
    while slice.last?.isWhitespace == true { slice.removeLast() }
    return String(slice)
  }
}
