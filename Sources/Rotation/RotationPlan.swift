// What a rotation would do, in plain words, without doing any of it.

public import EnvFiles
internal import Formats
public import Ledger
public import Providers
internal import RuleBook

/// A rotation that is only talked about.
public struct RotationPlan: Sendable {
  /// The plan, a line each.
  public var lines: [String]
}

/// Plans rotations. Nothing is sent and nothing written: not even a ledger is made where there is none.
public struct RotationPlanner: Sendable {
  let session: @Sendable (_ provider: String, _ base: String?, _ service: ServiceSettings?) -> ProviderSession?
  let ledger: Ledger?
  let files: EnvPolicy
  let person: (any Person)?

  /// A planner.
  ///
  /// - Parameters:
  ///   - ledger: what is known already; nil where there is no ledger yet.
  ///   - session: opens a session with a provider, as for a rotation.
  ///   - files: which files may be written.
  ///   - person: the person at the terminal, if there is one.
  public init(
    ledger: Ledger?,
    session: @escaping @Sendable (_ provider: String, _ base: String?, _ service: ServiceSettings?) -> ProviderSession?,
    files: EnvPolicy = EnvPolicy(), person: (any Person)? = nil
  ) {
    self.ledger = ledger
    self.session = session
    self.files = files
    self.person = person
  }

  /// The plan for a key.
  ///
  /// - Throws: ``RotationRefusal`` for whatever would stop the rotation before its first request, as far as it can be seen
  ///   without writing.
  public func plan(_ key: ConfiguredKey, reason: String = "manual", graceMs: Int64? = nil) throws -> RotationPlan {
    if let open = try ledger?.openRotations().first(where: { $0.key == key.name }) {
      return RotationPlan(lines: [
        "\(key.name): has a rotation that has not ended (\(open.txid), at \(open.state)).",
        "  It would be taken up; no new one is begun before it ends. See: keywright rotation show \(key.name)",
      ])
    }
    let preflight = try Preflight(key, session, ledger, person) { key, old throws(RotationRefusal) in
      try KeyFiles.preflight(key, old: old, policy: files, rehearses: false)
    }
    let grace = graceMs ?? key.policy.grace(because: reason)
    let words = ClassWords(preflight.recoverability, graceMs: grace)
    let tested = preflight.session.provider.management?.tested ?? .contract
    let place = key.environment.map { " (\($0))" } ?? ""
    var lines = [
      "\(key.name)\(place): \(preflight.session.provider.name), class \(preflight.recoverability.rawValue): \(words.meaning)"
    ]
    lines.append("  worst case: \(words.worstCase)")
    lines.append("  tested = \(tested.rawValue): \(TestedWords.text(tested))")
    lines.append("  would send:")
    lines += requests(preflight, grace).map { "    \($0)" }
    lines.append("  would write, only where the old value stands:")
    for (target, preview) in zip(key.targets, preflight.previews) {
      let at = preview.lines.map { "\($0)" }.joined(separator: ", ")
      let quoting = preview.quoting == .none ? "unquoted" : "in \(preview.quoting.rawValue) quotes"
      let readers = preview.readers.map(\.description).joined(separator: ", ")
      let part = preview.isPart ? ", as a part of a longer value" : ""
      let list = target.isList ? ", a list: the new key first, the old one out of it at the end" : part
      lines.append("    \(preview.path):\(at): \(target.variable), \(quoting)\(list), as \(readers) reads it")
      lines += preview.warnings.map { "      note: \($0)" }
    }
    if !key.deliveries.isEmpty {
      lines.append("  would deliver to, after a look whether the old value is there:")
      lines += key.deliveries.map { "    \($0.label)" }
    }
    lines += endOfTheOldKey(key, preflight, reason)
    if reason != "leaked", key.policy.soakMs > 0 {
      let soak = DurationText.text(milliseconds: key.policy.soakMs)
      lines.append("  would then leave the old key alone for \(soak)")
    }
    if !key.reload.isEmpty {
      lines.append("  would run, before the old key is ended:")
      lines += key.reload.map { "    \($0.joined(separator: " "))" }
    }
    lines.append(
      "  the new key must act as the same identity \(times(key.policy.proofs)) before a file is written; the old one must be "
        + "refused \(times(key.policy.proofs)) before it counts as dead")
    return RotationPlan(lines: lines)
  }

  /// When the old key is ended, where that is not when everything has the new one.
  private func endOfTheOldKey(_ key: ConfiguredKey, _ preflight: Preflight, _ reason: String) -> [String] {
    guard KeyMaking.isEndedByRequest(preflight.recoverability, preflight.session.client) else { return [] }
    if reason == "leaked" {
      guard key.policy.onLeak == .revokeFirst else { return [] }
      return [
        "  it has leaked: the old key would be ended as soon as the new one is proven, before a file is written; whatever "
          + "uses it is refused until its file has the new one"
      ]
    }
    guard key.policy.quietMs > 0 else { return [] }
    let quiet = DurationText.text(milliseconds: key.policy.quietMs)
    let limit = DurationText.text(milliseconds: key.policy.quietLimitMs)
    return ["  would then wait until nobody has used the old key for \(quiet), and tell a person after \(limit)"]
  }

  private func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times in a row" }

  private func requests(_ preflight: Preflight, _ graceMs: Int64) -> [String] {
    let client = preflight.session.client
    let key = preflight.key
    var context = CallContext(
      base: key.base, keyID: preflight.keyID, tenant: key.tenant, reference: "keywright-…",
      graceSeconds: Int(graceMs / 1_000), account: key.account, plan: key.plan)
    context.admin = key.service?.admin?.user
    var calls: [(CallRole, String)] = [(.verify, "does the old key work, and whose is it?")]
    if client.has(.list), KeyMaking.needsList(preflight.recoverability) {
      calls.append((.list, "can an unknown outcome be cleared up?"))
    }
    if preflight.recoverability == .manual {
      return ["\(client.describe(.verify, context))  # tries both keys; a person makes the new one"]
    }
    let making = preflight.recoverability == .callerChosen ? "set the value that we choose" : "make the new key"
    calls.append((KeyMaking.role(preflight.recoverability), "\(making) (at most twice)"))
    calls.append((.verify, "prove the new key, later the old one's death"))
    if client.has(.revoke), KeyMaking.isEndedByRequest(preflight.recoverability, client) {
      if client.has(.disable) { calls.append((.disable, "first in a way that can be undone")) }
      calls.append((.revoke, "end the old key, once every file has the new one"))
    }
    return calls.map { "\(client.describe($0.0, context))  # \($0.1)" }
  }
}

/// Against what a provider file was tried, in words.
enum TestedWords {
  static func text(_ tested: TestedAgainst) -> String {
    switch tested {
    case .real: "tried against the service itself"
    case .emulator: "tried against a program that imitates the service"
    case .contract: "written after the service's documentation, never tried against it"
    }
  }
}

/// What a recoverability class means, and the worst that can happen, in a sentence each.
struct ClassWords {
  let meaning: String
  let worstCase: String

  init(_ recoverability: Recoverability, graceMs: Int64) {
    let grace = DurationText.text(milliseconds: graceMs)
    switch recoverability {
    case .createDelete:
      meaning = "a second key is made, and the old one deleted at the end"
      worstCase = "an answer is lost; its key is found by our reference and deleted. The old key works all the time."
    case .replaceReadable:
      meaning = "the old key dies at once, and the new one can be read again"
      worstCase =
        "whatever uses the key is refused until its file has the new one: seconds, or until `resume` after a crash."
    case .replaceOnce:
      meaning = "the old key dies at once, and the new one is shown once"
      worstCase = "the one answer is lost: the key is then gone for good, and a person must make another by hand."
    case .replaceWithGrace:
      meaning = "the key is replaced, and the old value lives on for \(grace)"
      worstCase =
        "an answer is lost; its key is found by our reference and revoked, and another is made. If that can't be cleared up "
        + "within \(grace), the old key is dead and a person must make another by hand."
    case .twoSlots:
      meaning = "two slots, of which the idle one is renewed"
      worstCase =
        "an answer is lost; the idle slot is renewed once more. Whatever else uses that slot is refused from then on."
    case .callerChosen:
      meaning = "we choose the new value"
      worstCase =
        "an answer is lost; both values are tried, and the same one is set again if need be. Where the service keeps one value "
        + "only, its users are refused until their file has the new one: seconds, or until `resume` after a crash."
    case .manual:
      meaning = "no programming interface"
      worstCase = "a person forgets the second half."
    }
  }
}
