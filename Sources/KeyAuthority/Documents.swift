// The JSON documents of the contract. Absent values are written as null, so that a reader sees every field there is.

internal import Secrets

/// A key as the list shows it; never its value, never its digest.
struct KeyDocument: Encodable {
  let record: KeyRecord
  let now: Int64

  enum Field: String, CodingKey {
    case keyID = "key_id"
    case name, status, tenant, plan, scopes, reference, replaces
    case createdAt = "created_at"
    case lastUsedAt = "last_used_at"
    case useCount = "use_count"
    case expiresAt = "expires_at"
    case revokedAt = "revoked_at"
    case apiKey = "api_key"
    case previousExpiresAt = "previous_expires_at"
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try write(into: &fields)
  }

  func write(into fields: inout KeyedEncodingContainer<Field>) throws {
    try fields.encode(record.id, forKey: .keyID)
    try fields.encode(record.name, forKey: .name)
    try fields.encode(record.status(at: now), forKey: .status)
    try fields.encode(record.tenant, forKey: .tenant)
    try fields.encode(record.plan, forKey: .plan)
    try fields.encode(record.scopes, forKey: .scopes)
    try fields.encode(record.reference, forKey: .reference)
    try fields.encode(record.replaces, forKey: .replaces)
    try fields.encode(Timestamp.text(record.createdAt), forKey: .createdAt)
    try fields.encode(record.lastUsedAt.map(Timestamp.text), forKey: .lastUsedAt)
    try fields.encode(record.useCount, forKey: .useCount)
    try fields.encode(record.expiresAt.map(Timestamp.text), forKey: .expiresAt)
    try fields.encode(record.revokedAt.map(Timestamp.text), forKey: .revokedAt)
  }
}

/// A key that was just made: the one document with a value in it.
struct IssuedKeyDocument: Encodable {
  let issued: IssuedKey
  let now: Int64

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: KeyDocument.Field.self)
    try KeyDocument(record: issued.record, now: now).write(into: &fields)
    try fields.encode(String(decoding: issued.value.copyBytes(), as: UTF8.self), forKey: .apiKey)
    try fields.encode(issued.previousExpiresAt.map(Timestamp.text), forKey: .previousExpiresAt)
  }
}

/// All keys that the caller may see.
struct KeyListDocument: Encodable {
  let keys: [KeyDocument]

  enum CodingKeys: String, CodingKey {
    case keys = "api_keys"
  }
}

/// Who the caller is.
struct IdentityDocument: Encodable {
  let record: KeyRecord

  enum Field: String, CodingKey {
    case keyID = "key_id"
    case tenant, name, plan, scopes
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(record.id, forKey: .keyID)
    try fields.encode(record.tenant, forKey: .tenant)
    try fields.encode(record.name, forKey: .name)
    try fields.encode(record.plan, forKey: .plan)
    try fields.encode(record.scopes, forKey: .scopes)
  }
}

/// A key as the program's own output describes it: the form of the list.
public struct KeyDescription: Encodable, Sendable {
  private let record: KeyRecord
  private let now: Int64

  /// The description at this moment.
  public init(_ record: KeyRecord, clock: some AuthorityClock = SystemClock()) {
    self.record = record
    now = clock.now()
  }

  /// Writes the fields of `GET /v1/api-keys`.
  public func encode(to encoder: any Encoder) throws {
    try KeyDocument(record: record, now: now).encode(to: encoder)
  }

  /// Cells of a table: id, status, tenant, plan, scopes, uses, last use, predecessor, name.
  public var row: [String] {
    [
      record.id, record.status(at: now).rawValue, record.tenant, record.plan.rawValue,
      record.scopes.isEmpty ? "-" : record.scopes.map(\.rawValue).joined(separator: ","), String(record.useCount),
      record.lastUsedAt.map(Timestamp.text) ?? "-", record.replaces ?? "-", record.name,
    ]
  }
}
