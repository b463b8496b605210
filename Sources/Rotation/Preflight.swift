// Everything that can fail before a new key is asked for is tried here: the provider file, the ledger, every file, and
// whether the old key works. Nothing is changed, and nothing is sent but harmless questions.

internal import EnvFiles
internal import Ledger
internal import Model
internal import Posix
internal import Providers
internal import RuleBook
internal import Secrets

/// A key that passed.
struct Preflight {
  let key: ConfiguredKey
  let session: ProviderSession
  let recoverability: Recoverability
  let value: Secret
  let fingerprint: String
  let previews: [EnvPreview]
  /// What the ledger knew of the key before.
  let known: InventoryRecord?
  /// Whose key it is; nil before the provider was asked.
  private(set) var identity: KeyIdentity?
  /// The provider's id of the current value.
  private(set) var keyID: String?

  static let classes: Set<Recoverability> = [.createDelete, .replaceReadable, .replaceOnce, .replaceWithGrace]

  /// The part that needs no network.
  init(_ key: ConfiguredKey, _ services: RotationServices) throws {
    guard let session = services.session(key.provider, key.base) else {
      throw RotationRefusal(
        .configuration, "no provider is named '\(key.provider)'", hint: "see: keywright rules list")
    }
    self.key = key
    self.session = session
    recoverability = try Preflight.check(session, key)
    value = try KeyFiles.currentValue(key)
    fingerprint = services.ledger.install.fingerprints.fingerprint(value)
    previews = try KeyFiles.preflight(key, old: value, policy: services.files)
    known = try services.ledger.inventory(key.name)
    let isKnownValue = known?.fingerprint == fingerprint
    keyID = isKnownValue ? known?.keyID ?? key.keyID : key.keyID
  }

  private static func check(_ session: ProviderSession, _ key: ConfiguredKey) throws -> Recoverability {
    let name = session.provider.name
    guard let management = session.provider.management else {
      throw RotationRefusal(
        .configuration, "the provider file of \(name) does not say how its keys are replaced",
        hint: "rotate it by hand; keywright verify proves the old one dead")
    }
    guard key.base != nil || management.base != nil || !usesBase(management) else {
      throw RotationRefusal(
        .configuration, "the key '\(key.name)' has no base, and \(name) has no address of its own",
        hint: "add base = \"https://…\" to its [[key]]")
    }
    let recoverability = management.recoverability
    guard classes.contains(recoverability) else {
      throw RotationRefusal(
        .configuration, "keys of \(name) (class \(recoverability.rawValue)) can't be replaced by keywright yet",
        hint: "rotate it by hand; keywright verify proves the old one dead")
    }
    var needed: [CallRole] = [.verify, KeyMaking.role(recoverability)]
    if recoverability == .createDelete || recoverability == .replaceWithGrace { needed += [.list, .revoke] }
    for role in needed where !session.client.has(role) {
      throw RotationRefusal(
        .configuration,
        "the provider file of \(name) has no \(role.rawValue) call, which class \(recoverability.rawValue) needs")
    }
    return recoverability
  }

  private static func usesBase(_ management: Management) -> Bool {
    [management.verify, management.list, management.create, management.regenerate, management.revoke]
      .contains { $0?.url.contains("{base}") == true }
  }

  /// The part that asks the provider, harmlessly, and the ledger's rehearsal.
  mutating func askProvider(_ services: RotationServices) throws {
    try services.ledger.rehearse(key.name)
    let context = CallContext(base: key.base, keyID: keyID, tenant: key.tenant, account: key.account, plan: key.plan)
    let probe = try live(services, context)
    identity = probe.identity
    try checkKeyID(probe.identity?.keyID)
    // Reconciliation rests on this call: if it can't be made, an unknown outcome could not be cleared up.
    if recoverability == .createDelete || recoverability == .replaceWithGrace {
      do throws(ProviderError) {
        _ = try session.client.list(authorization: value, context)
      } catch {
        throw RotationRefusal(.failure, "\(key.name): \(error.reason); nothing was changed", hint: error.hint)
      }
    }
  }

  private func live(_ services: RotationServices, _ context: CallContext) throws -> Probe {
    let attempts = 3
    var probe = session.client.probe(value, context)
    for _ in 1..<attempts {
      guard let seconds = probe.retryAfterSeconds, seconds <= RotationRun.patienceSeconds else { break }
      services.clock.sleep(milliseconds: Int64(max(seconds, 1)) * 1_000)
      if services.isInterrupted() { throw RotationRefusal(.interrupted, "interrupted; nothing was changed") }
      probe = session.client.probe(value, context)
    }
    switch probe.liveness {
    case .live: return probe
    case .dead:
      throw RotationRefusal(
        .failure,
        "the value of '\(key.name)' in \(key.files.first ?? "its file") is refused by the service (\(probe.evidence)); "
          + "nothing was changed",
        hint: "a dead key can't ask for its successor: make a new one at the service and put it into the files")
    case .unknown:
      throw RotationRefusal(
        .failure, "'\(key.name)' could not be tried: \(probe.evidence); nothing was changed", hint: "try again later")
    }
  }

  /// The provider knows best which key the value is; what the configuration says must not contradict it, unless the
  /// ledger saw it change.
  private mutating func checkKeyID(_ told: String?) throws {
    guard let told else {
      if keyID == nil, key.keyID == nil, recoverability == .createDelete || recoverability == .replaceWithGrace {
        throw RotationRefusal(
          .configuration, "the key '\(key.name)' has no key_id, and the service does not tell it",
          hint: "add key_id; keywright keys list shows it")
      }
      return
    }
    if let configured = key.keyID, configured != told, known?.fingerprint != fingerprint {
      throw RotationRefusal(
        .configuration,
        "the value in \(key.files.first ?? "the file") is the key \(told), but the configuration of '\(key.name)' says \(configured)",
        hint: "put the right value into the file, or the right key_id into the configuration")
    }
    keyID = told
  }
}
