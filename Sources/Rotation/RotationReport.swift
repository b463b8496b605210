// What a rotation did, derived from its journal: never a value, only fingerprints, places, times and evidence.

internal import Formats
internal import Model

/// How one rotation stands, for people and programs.
public struct RotationReport: Sendable {
  /// One answer of the provider.
  public struct Proof: Sendable, Equatable {
    /// What was asked, and what came back.
    public var text: String
    /// The HTTP status; nil if none came.
    public var status: Int?
    /// The provider's id of the request.
    public var requestID: String?
    /// Milliseconds since 1970.
    public var timeMs: Int64
  }
  /// One step of the journal.
  public struct Step: Sendable, Equatable {
    /// The state that was reached.
    public var state: RotationState
    /// Milliseconds since 1970.
    public var timeMs: Int64
  }
  /// One file's part, or that of a place beyond files.
  public struct File: Sendable, Equatable {
    /// As the configuration names it; a place beyond files by its kind, address and name.
    public var path: String
    /// The lines that were changed, counted from 1.
    public var lines: [Int]
    /// `written`, `in_place`, `conflict` or `pending`.
    public var state: String
  }

  /// The configured key's name.
  public var name: String
  /// The provider file's id.
  public var provider: String
  /// The environment.
  public var environment: String?
  /// The rotation's id.
  public var txid: String
  /// Why it was begun.
  public var cause: String
  /// The recoverability class's letter.
  public var recoverability: String
  /// How it stands.
  public var outcome: RotationOutcome
  /// The state that the journal ends with.
  public var state: RotationState
  /// Why it stands so; nil where all went well.
  public var reason: String?
  /// What to do about it.
  public var hint: String?
  /// Key-making requests that were begun.
  public var attempts: Int
  /// The journal's steps.
  public var steps: [Step]
  /// The files, in the configuration's order.
  public var files: [File]
  /// The old value under the install's key.
  public var oldFingerprint: String
  /// The provider's id of the old key.
  public var oldKeyID: String?
  /// The new value under the install's key.
  public var newFingerprint: String?
  /// The provider's id of the new key.
  public var newKeyID: String?
  /// Keys whose value was lost on the way, revoked.
  public var orphans: [String]
  /// The new key acted as the same identity.
  public var proofs: [Proof]
  /// Whether the service said of both keys whose they are, so that they could be compared; nil before that.
  public var identityCompared: Bool?
  /// The provider agreed to end the old key.
  public var revocation: Proof?
  /// The old key was refused.
  public var deaths: [Proof]

  init(_ replay: Replay, outcome: RotationOutcome?, obstacle: String?) {
    func proof(_ evidence: Evidence) -> Proof {
      Proof(text: evidence.text, status: evidence.status, requestID: evidence.requestID, timeMs: evidence.timeMs)
    }
    name = replay.snapshot.name
    provider = replay.snapshot.provider
    environment = replay.snapshot.environment
    txid = replay.txid
    cause = replay.snapshot.reason
    recoverability = replay.snapshot.recoverability
    self.outcome = outcome ?? replay.outcome
    state = replay.state
    reason = self.outcome == .done ? nil : obstacle ?? replay.reason
    hint = replay.hint
    if hint == nil, [.unknown, .interrupted].contains(self.outcome) { hint = "run: keywright resume" }
    attempts = replay.attempt
    steps = replay.steps.map { Step(state: $0.state, timeMs: $0.timeMs) }
    files = (replay.snapshot.files + replay.snapshot.deliveries.map(\.label)).map { path in
      let fact = replay.files.first { $0.path == path }
      return File(path: path, lines: fact?.lines ?? [], state: fact?.how ?? "pending")
    }
    oldFingerprint = replay.snapshot.oldFingerprint
    oldKeyID = replay.snapshot.keyID
    newFingerprint = replay.newFingerprint
    newKeyID = replay.newKeyID
    orphans = replay.orphans
    proofs = replay.proofs.map(proof)
    identityCompared = replay.identityCompared
    revocation = replay.revocation.map(proof)
    deaths = replay.deaths.map(proof)
  }

  /// Milliseconds between the first and the last step.
  public var durationMs: Int64 {
    guard let first = steps.first, let last = steps.last else { return 0 }
    return max(0, last.timeMs - first.timeMs)
  }

  /// Milliseconds between the request that made the new key and the old one's proven death; nil before that.
  public var exposureMs: Int64? {
    guard let from = steps.last(where: { $0.state == .requested }),
      let to = steps.last(where: { $0.state == .oldProvenDead })
    else { return nil }
    return max(0, to.timeMs - from.timeMs)
  }
}

extension RotationReport {
  /// The JSON document of several reports; `refusals` are keys whose rotation was not begun.
  public static func json(
    _ reports: [RotationReport], refusals: [(name: String, refusal: RotationRefusal)] = [], version: String
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { root in
      root.member("schema") { $0.integer(1) }
      root.member("tool") { $0.string("keywright \(version)") }
      root.member("rotations") { list in
        list.array { list in
          for report in reports { report.write(to: &list) }
          for (name, refusal) in refusals {
            list.object { item in
              item.member("name") { $0.string(name) }
              item.member("outcome") { $0.string("not_begun") }
              item.member("reason") { $0.string(refusal.reason) }
              item.member("hint") { $0.string(refusal.hint) }
            }
          }
        }
      }
    }
    writer.endLine()
    return writer.bytes
  }

  private func write(to writer: inout JSONWriter) {
    writer.object { item in
      item.member("name") { $0.string(name) }
      item.member("outcome") { $0.string(outcome.rawValue) }
      item.member("state") { $0.string(state.rawValue) }
      item.member("reason") { $0.string(reason) }
      item.member("hint") { $0.string(hint) }
      item.member("cause") { $0.string(cause) }
      item.member("provider") { $0.string(provider) }
      item.member("environment") { $0.string(environment) }
      item.member("class") { $0.string(recoverability) }
      item.member("txid") { $0.string(txid) }
      item.member("attempts") { $0.integer(attempts) }
      item.member("duration_ms") { $0.integer(Int(durationMs)) }
      item.member("requested_to_dead_ms") { $0.integer(exposureMs.map(Int.init)) }
      item.member("old") { RotationReport.key(oldFingerprint, oldKeyID, to: &$0) }
      item.member("new") { RotationReport.key(newFingerprint, newKeyID, to: &$0) }
      item.member("orphans") { list in list.array { list in for id in orphans { list.string(id) } } }
      item.member("files") { list in list.array { list in for file in files { RotationReport.write(file, to: &list) } }
      }
      item.member("new_key_proven") { RotationReport.write(proofs, to: &$0) }
      item.member("identity_compared") { writer in
        if let identityCompared { writer.boolean(identityCompared) } else { writer.null() }
      }
      item.member("revocation") { writer in
        if let revocation { RotationReport.write(revocation, to: &writer) } else { writer.null() }
      }
      item.member("old_key_dead") { RotationReport.write(deaths, to: &$0) }
      item.member("steps") { list in
        list.array { list in
          for step in steps {
            list.object { entry in
              entry.member("state") { $0.string(step.state.rawValue) }
              entry.member("time") { $0.string(RotationReport.time(step.timeMs)) }
              entry.member("time_ms") { $0.integer(Int(step.timeMs)) }
            }
          }
        }
      }
    }
  }

  private static func key(_ fingerprint: String?, _ id: String?, to writer: inout JSONWriter) {
    writer.object { key in
      key.member("fingerprint") { $0.string(fingerprint) }
      key.member("key_id") { $0.string(id) }
    }
  }

  private static func write(_ file: File, to writer: inout JSONWriter) {
    writer.object { entry in
      entry.member("path") { $0.string(file.path) }
      entry.member("lines") { list in list.array { list in for line in file.lines { list.integer(line) } } }
      entry.member("state") { $0.string(file.state) }
    }
  }

  private static func write(_ proofs: [Proof], to writer: inout JSONWriter) {
    writer.array { list in for proof in proofs { write(proof, to: &list) } }
  }

  private static func write(_ proof: Proof, to writer: inout JSONWriter) {
    writer.object { entry in
      entry.member("evidence") { $0.string(proof.text) }
      entry.member("status") { $0.integer(proof.status) }
      entry.member("request_id") { $0.string(proof.requestID) }
      entry.member("time") { $0.string(time(proof.timeMs)) }
    }
  }

  private static func time(_ milliseconds: Int64) -> String {
    Timestamp.iso8601((milliseconds - (milliseconds % 1_000 + 1_000) % 1_000) / 1_000)
  }
}
