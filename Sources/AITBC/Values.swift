// What the AITBC service speaks of: keys, identities, jobs.

internal import Formats
public import Secrets

/// A key as the service lists it; never its value.
public struct APIKey: Sendable, Equatable {
  /// The public id.
  public var keyID: String
  /// Its name.
  public var name: String
  /// `active`, `retiring` (in its grace), `expired` or `revoked`.
  public var status: String
  /// The tenant that it belongs to.
  public var tenant: String?
  /// `free`, `pro` or `enterprise`.
  public var plan: String?
  /// What it may be used for.
  public var scopes: [String]
  /// When it was made; like all times in the service's own form (RFC 3339).
  public var createdAt: String?
  /// When it was used last; nil if never.
  public var lastUsedAt: String?
  /// How often it was used.
  public var useCount: Int?
  /// The caller's mark, given when it was made.
  public var reference: String?
  /// The id of the key that it took the place of.
  public var replaces: String?
  /// When it stops working; nil if never.
  public var expiresAt: String?
  /// When it was revoked; nil if it was not.
  public var revokedAt: String?

  init?(_ node: Node, _ read: FieldReader) {
    func text(_ name: String) -> String? { read.text(node[name]) }
    guard let keyID = text("key_id") else { return nil }
    self.keyID = keyID
    name = text("name") ?? ""
    status = text("status") ?? "unknown"
    (tenant, plan) = (text("tenant"), text("plan"))
    scopes = node["scopes"]?.array?.compactMap(read.text) ?? []
    (createdAt, lastUsedAt, useCount) = (text("created_at"), text("last_used_at"), node["use_count"]?.integer)
    (reference, replaces) = (text("reference"), text("replaces"))
    (expiresAt, revokedAt) = (text("expires_at"), text("revoked_at"))
  }
}

/// A key that was just made. Its value is shown this once.
public struct IssuedKey: Sendable {
  /// The value.
  public var value: Secret
  /// The public id.
  public var keyID: String
  /// Its name.
  public var name: String?
  /// When the key that it replaces stops working; nil for a key that replaces none.
  public var previousExpiresAt: String?
}

/// Whose key it is.
public struct Identity: Sendable, Equatable {
  /// The key's public id.
  public var keyID: String
  /// The tenant that it belongs to.
  public var tenant: String?
  /// The key's name.
  public var name: String?
  /// `free`, `pro` or `enterprise`.
  public var plan: String?
  /// What the key may be used for.
  public var scopes: [String]
}

/// A job that the service took.
public struct Job: Sendable, Equatable {
  /// The service's id of it.
  public var id: String
}

/// A JSON value, for what a job consists of: `["model": "llama", "tokens": 100]`.
public enum JSONValue: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// Text.
  case string(String)
  /// A whole number.
  case integer(Int)
  /// A number.
  case number(Double)
  /// True or false.
  case boolean(Bool)
  /// Nothing.
  case null
  /// A list.
  case array([JSONValue])
  /// Members in order.
  case object([(name: String, value: JSONValue)])

  /// Text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// True or false.
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  /// Nothing.
  public init(nilLiteral: ()) { self = .null }
  /// A list.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// Members.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { (name: $0.0, value: $0.1) })
  }

  /// Whether both hold the same; the order of members counts.
  public static func == (left: JSONValue, right: JSONValue) -> Bool {
    switch (left, right) {
    case (.string(let a), .string(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.boolean(let a), .boolean(let b)): a == b
    case (.null, .null): true
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a.elementsEqual(b) { $0.name == $1.name && $0.value == $1.value }
    default: false
    }
  }

  func write(to writer: inout JSONWriter) {
    switch self {
    case .string(let value): writer.string(value)
    case .integer(let value): writer.integer(value)
    case .number(let value): writer.double(value)
    case .boolean(let value): writer.boolean(value)
    case .null: writer.null()
    case .array(let values): writer.array { for value in values { value.write(to: &$0) } }
    case .object(let members):
      writer.object { for member in members { $0.member(member.name, member.value.write) } }
    }
  }
}

/// Reads fields of answers as single lines of text that don't hold the key.
struct FieldReader: Sendable {
  let key: Secret

  func text(_ node: Node?) -> String? {
    guard let text = node?.string, !text.isEmpty, text.utf8.count <= 1_024, !holdsKey(Array(text.utf8)) else {
      return nil
    }
    let scalars = text.unicodeScalars.filter { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
      default: true
      }
    }
    return String(String(String.UnicodeScalarView(scalars)).prefix(256))
  }

  private func holdsKey(_ bytes: [UInt8]) -> Bool {
    guard key.count > 0, bytes.count >= key.count else { return false }
    let span = bytes.span
    return (0...(bytes.count - key.count)).contains { key.matches(span.extracting($0..<$0 + key.count)) }
  }
}
