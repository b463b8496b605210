// What the service knows about a key: everything but its value.

public import Secrets

/// What a tenant pays for.
public enum Plan: String, Sendable, CaseIterable, Codable {
  /// 60 requests a minute.
  case free
  /// 600 requests a minute.
  case pro
  /// 6000 requests a minute.
  case enterprise

  /// How many requests a minute the keys of one lineage may make together.
  public var requestsPerMinute: Int {
    switch self {
    case .free: 60
    case .pro: 600
    case .enterprise: 6000
    }
  }
}

/// What a key may do beyond being asked who it is.
public enum Scope: String, Sendable, CaseIterable, Codable {
  /// Submit jobs.
  case jobs
  /// Create keys, and manage all keys of the tenant.
  case keys
}

/// Whether a key opens the door.
public enum KeyStatus: String, Sendable, Codable {
  /// It does.
  case active
  /// It was regenerated, and does until its grace ends.
  case retiring
  /// Its grace has ended.
  case expired
  /// It was revoked.
  case revoked

  /// Whether a request with the key is let in.
  public var isLive: Bool { self == .active || self == .retiring }
}

/// A key without its value. Times are milliseconds since 1970.
public struct KeyRecord: Sendable, Equatable {
  /// The place in the order of creation.
  let number: Int64
  /// The public id, `key_...`.
  public let id: String
  /// The tenant that it belongs to.
  public let tenant: String
  /// What people call it.
  public let name: String
  /// The plan, which sets the rate limit.
  public let plan: Plan
  /// What it may do, in the order of ``Scope/allCases``.
  public let scopes: [Scope]
  /// The id of the first key of the chain of regenerations that this one belongs to.
  public let lineage: String
  /// The caller's own name of the request that made it.
  public let reference: String?
  /// The id of the key that it replaces.
  public let replaces: String?
  /// When it was made.
  public let createdAt: Int64
  /// When it stops working, if that is settled.
  public let expiresAt: Int64?
  /// When it was revoked.
  public let revokedAt: Int64?
  /// When it last opened the door.
  public let lastUsedAt: Int64?
  /// How often it opened the door.
  public let useCount: Int64

  /// The status at a moment.
  public func status(at now: Int64) -> KeyStatus {
    if revokedAt != nil { return .revoked }
    guard let expiresAt else { return .active }
    return now >= expiresAt ? .expired : .retiring
  }

  /// Whether it has the scope.
  public func may(_ scope: Scope) -> Bool { scopes.contains(scope) }
}

/// A key that was just made: the one moment at which its value exists outside its owner's hands.
public struct IssuedKey: Sendable {
  /// The value. It is kept nowhere.
  public let value: Secret
  /// What is kept.
  public let record: KeyRecord
  /// For a regeneration: when the key that was replaced stops working.
  public let previousExpiresAt: Int64?
}

/// What a new key shall be.
public struct KeyRequest: Sendable {
  /// The tenant: 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
  public var tenant: String
  /// What people call it: 1 to 100 characters, no control characters.
  public var name: String
  /// The plan.
  public var plan: Plan
  /// What it may do.
  public var scopes: [Scope]
  /// The caller's own name of this request: 1 to 128 printable ASCII characters.
  public var reference: String?

  /// A request; it is checked when it is carried out.
  public init(tenant: String, name: String, plan: Plan, scopes: [Scope], reference: String? = nil) {
    self.tenant = tenant
    self.name = name
    self.plan = plan
    self.scopes = scopes
    self.reference = reference
  }

  /// What is wrong with it, in words; nil if nothing is.
  var fault: String? {
    if !Rules.isTenant(tenant) { return "the tenant must be 1 to 64 characters of A-Z a-z 0-9 . _ -" }
    if !Rules.isName(name) { return "the name must be 1 to 100 characters without control characters" }
    if let reference, !Rules.isReference(reference) { return Rules.referenceFault }
    return nil
  }
}

/// What texts are allowed in the fields.
enum Rules {
  static let referenceFault = "the reference must be 1 to 128 printable ASCII characters without spaces"
  static let maximumGrace = 7 * 24 * 3600
  static let maximumLiveKeysOfLineage = 20
  static let maximumLiveKeysOfTenant = 1000

  static func isTenant(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "._-".unicodeScalars.contains(scalar))
      }
  }

  static func isName(_ text: String) -> Bool {
    (1...100).contains(text.unicodeScalars.count)
      && text.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        // Bidirectional overrides and other invisible marks could make one name look like another.
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
      }
  }

  static func isReference(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }
}
