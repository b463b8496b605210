// Issuing, regenerating, revoking, listing: each change is one transaction that checks everything it relies on.

internal import Foundation
internal import GRDB
internal import Secrets

extension KeyStore {
  /// Makes a key, no questions asked but whether the fields are sound: for the administrator at the machine.
  public func issue(_ request: KeyRequest) async throws(AuthorityError) -> IssuedKey {
    if let fault = request.fault { throw .invalid(reason: fault) }
    let draft = Draft(self)
    return try await write { database in
      try draft.insert(request, lineage: nil, replaces: nil, in: database)
    }
  }

  /// Makes a key of the caller's tenant and plan. The reference, if there is one, makes at most one key of the tenant.
  func create(
    _ name: String, scopes: [Scope]?, reference: String?, by caller: KeyRecord
  ) async throws(AuthorityError) -> IssuedKey {
    let request = KeyRequest(
      tenant: caller.tenant, name: name, plan: caller.plan, scopes: scopes ?? caller.scopes, reference: reference)
    if let fault = request.fault { throw .invalid(reason: fault) }
    guard caller.may(.keys) else { throw .forbidden(reason: "scope keys is needed to create keys") }
    guard request.scopes.allSatisfy(caller.may) else {
      throw .forbidden(reason: "a key can hand on only scopes that it has itself")
    }
    let draft = Draft(self)
    return try await write { database in
      if let reference {
        let earlier = try String.fetchOne(
          database, sql: "SELECT id FROM api_key WHERE tenant = ? AND reference = ? AND replaces IS NULL",
          arguments: [caller.tenant, reference])
        if let earlier { throw AuthorityError.duplicateReference(keyID: earlier) }
      }
      try Authorization.insistInForce(caller, in: database, now: draft.now)
      try Authorization.insistNotSuperseded(caller, in: database)
      let live = try KeyRecord.countLive(database, "tenant", caller.tenant, now: draft.now)
      guard live < Rules.maximumLiveKeysOfTenant else {
        throw AuthorityError.conflict(reason: "the tenant has \(live) live keys, which is the limit; revoke some")
      }
      return try draft.insert(request, lineage: nil, replaces: nil, in: database)
    }
  }

  /// Makes the successor of a key. The old key lives on for `grace` seconds, or for what is left of an earlier grace.
  ///
  /// A second call with the same reference for the same key makes nothing and throws `duplicateReference`.
  func regenerate(
    _ id: String, grace: Int, reference: String?, by caller: KeyRecord
  ) async throws(AuthorityError) -> IssuedKey {
    guard (0...Rules.maximumGrace).contains(grace) else {
      throw .invalid(reason: "grace_seconds must be 0 to \(Rules.maximumGrace), which is seven days")
    }
    if let reference, !Rules.isReference(reference) { throw .invalid(reason: Rules.referenceFault) }
    let draft = Draft(self)
    return try await write { database in
      let target = try Authorization.target(id, of: caller, in: database)
      if let reference {
        let earlier = try String.fetchOne(
          database, sql: "SELECT id FROM api_key WHERE replaces = ? AND reference = ?", arguments: [id, reference])
        if let earlier { throw AuthorityError.duplicateReference(keyID: earlier) }
      }
      try Authorization.insistInForce(caller, in: database, now: draft.now)
      try Authorization.insistNotSuperseded(caller, in: database)
      let status = target.status(at: draft.now)
      guard status.isLive else { throw AuthorityError.conflict(reason: "the key is \(status.rawValue)") }
      let live = try KeyRecord.countLive(database, "lineage", target.lineage, now: draft.now)
      guard live < Rules.maximumLiveKeysOfLineage else {
        throw AuthorityError.conflict(reason: "the key has \(live) live predecessors and successors; revoke some")
      }
      let end = min(target.expiresAt ?? .max, draft.now + Int64(grace) * 1000)
      let request = KeyRequest(
        tenant: target.tenant, name: target.name, plan: target.plan, scopes: target.scopes, reference: reference)
      let issued = try draft.insert(request, lineage: target.lineage, replaces: target.id, in: database)
      try database.execute(sql: "UPDATE api_key SET expires_at = ? WHERE id = ?", arguments: [end, target.id])
      return IssuedKey(value: issued.value, record: issued.record, previousExpiresAt: end)
    }
  }

  /// Ends a key at once. Ending one that has already ended is no error.
  func revoke(_ id: String, by caller: KeyRecord) async throws(AuthorityError) {
    let now = clock.now()
    try await write { database in
      let target = try Authorization.target(id, of: caller, in: database)
      if target.id != caller.id {
        try Authorization.insistInForce(caller, in: database, now: now)
        try Authorization.insistNotSuperseded(caller, in: database)
      }
      try KeyStore.end(target, at: now, in: database)
    }
  }

  /// Ends any key at once: for the administrator at the machine. Returns it as it is now.
  public func revoke(_ id: String) async throws(AuthorityError) -> KeyRecord {
    let now = clock.now()
    return try await write { database in
      guard let target = try KeyRecord.find(id, in: database) else { throw AuthorityError.unknownKey }
      try KeyStore.end(target, at: now, in: database)
      guard let after = try KeyRecord.find(id, in: database) else { throw AuthorityError.unknownKey }
      return after
    }
  }

  private static func end(_ target: KeyRecord, at now: Int64, in database: Database) throws {
    try database.execute(
      sql: "UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", arguments: [now, target.id])
  }

  /// The keys that the caller may see: those of its tenant with scope `keys`, else those of its own lineage.
  func list(for caller: KeyRecord) async throws(AuthorityError) -> [KeyRecord] {
    try await flushUsage()
    return try await read { database in
      if caller.may(.keys) { return try KeyRecord.all(database, "WHERE tenant = ?", [caller.tenant]) }
      return try KeyRecord.all(database, "WHERE lineage = ?", [caller.lineage])
    }
  }

  /// All keys, or those of a tenant, oldest first: for the administrator at the machine.
  public func list(tenant: String? = nil) async throws(AuthorityError) -> [KeyRecord] {
    try await flushUsage()
    return try await read { database in
      if let tenant { return try KeyRecord.all(database, "WHERE tenant = ?", [tenant]) }
      return try KeyRecord.all(database, "", [])
    }
  }
}

/// What a new key is made of, drawn before the transaction begins.
private struct Draft: Sendable {
  let value: Secret
  let digest: Data
  let id: String
  let now: Int64

  init(_ store: KeyStore) {
    value = KeyValue.make(random: store.random)
    digest = store.digest(value)
    id = KeyValue.identifier("key_", random: store.random)
    now = store.clock.now()
  }

  func insert(
    _ request: KeyRequest, lineage: String?, replaces: String?, in database: Database
  ) throws -> IssuedKey {
    let scopes = Scope.allCases.filter(request.scopes.contains).map(\.rawValue).joined(separator: " ")
    try database.execute(
      sql: """
        INSERT INTO api_key (id, digest, tenant, name, plan, scopes, lineage, reference, replaces, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, digest, request.tenant, request.name, request.plan.rawValue, scopes, lineage ?? id, request.reference,
        replaces, now,
      ])
    guard let record = try KeyRecord.find(id, in: database) else { throw AuthorityError.unknownKey }
    return IssuedKey(value: value, record: record, previousExpiresAt: nil)
  }
}
