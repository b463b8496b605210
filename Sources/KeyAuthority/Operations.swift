// What each route does for a caller who has been let in.

internal import Foundation

/// A request of a caller who has been let in.
struct Call: Sendable {
  let caller: KeyRecord
  /// The key named in the path; empty where the path names none.
  let keyID: String
  let body: Data
  let contentType: String?
}

extension KeyService {
  func perform(_ operation: Operation, _ call: Call) async throws -> Answer {
    switch operation {
    case .health: try await health()
    case .whoami: .json(200, IdentityDocument(record: call.caller))
    case .listKeys: try await listKeys(call)
    case .createKey: try await createKey(call)
    case .regenerateKey: try await regenerateKey(call)
    case .revokeKey: try await revokeKey(call)
    case .createJob: try createJob(call)
    }
  }

  /// Whether the database answers.
  func health() async throws -> Answer {
    try await store.ping()
    return .json(200, ["status": "ok"])
  }

  private func listKeys(_ call: Call) async throws -> Answer {
    let now = clock.now()
    let records = try await store.list(for: call.caller)
    return .json(200, KeyListDocument(keys: records.map { KeyDocument(record: $0, now: now) }))
  }

  private func createKey(_ call: Call) async throws -> Answer {
    let object = try StrictObject(call.body, contentType: call.contentType, known: ["name", "reference", "scopes"])
    guard let name = try object.text("name") else {
      throw StrictObject.Fault(status: 400, detail: "name is missing")
    }
    let scopes = try object.texts("scopes")?.map { text in
      guard let scope = Scope(rawValue: text) else {
        let known = Scope.allCases.map(\.rawValue).joined(separator: ", ")
        throw StrictObject.Fault(status: 400, detail: "unknown scope; known are \(known)")
      }
      return scope
    }
    let issued = try await store.create(
      name, scopes: scopes, reference: object.text("reference"), by: call.caller)
    return .json(201, IssuedKeyDocument(issued: issued, now: clock.now()))
  }

  private func regenerateKey(_ call: Call) async throws -> Answer {
    let object = try StrictObject(call.body, contentType: call.contentType, known: ["grace_seconds", "reference"])
    let issued = try await store.regenerate(
      call.keyID, grace: object.integer("grace_seconds") ?? 0,
      reference: object.text("reference"), by: call.caller)
    return .json(201, IssuedKeyDocument(issued: issued, now: clock.now()))
  }

  private func revokeKey(_ call: Call) async throws -> Answer {
    try await store.revoke(call.keyID, by: call.caller)
    return .noContent
  }

  /// The endpoint that a key protects. It takes any JSON object for a job and answers with a new id.
  private func createJob(_ call: Call) throws -> Answer {
    guard call.caller.may(.jobs) else { return .refusal(403, "scope jobs is needed to submit jobs") }
    _ = try StrictObject(call.body, contentType: call.contentType, known: nil)
    return .json(201, ["job_id": KeyValue.identifier("job_", random: store.random)])
  }
}
