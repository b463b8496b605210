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

  /// How it is known that the id belongs to the value.
  private(set) var keyIDProof: String?
  /// The ids that the provider listed; nil where it was not asked.
  private(set) var listedIDs: [String]?
  /// Of two slots, the one that nobody uses.
  private(set) var idleID: String?

  /// The part that needs no network.
  init(_ key: ConfiguredKey, _ services: RotationServices) throws {
    let files = services.files
    try self.init(key, services.session, services.ledger, services.person) { key, old throws(RotationRefusal) in
      try KeyFiles.preflight(key, old: old, policy: files)
    }
  }

  /// Likewise, without a ledger where there is none yet, and with another way of looking at the files.
  init(
    _ key: ConfiguredKey, _ session: (String, String?, ServiceSettings?) -> ProviderSession?, _ ledger: Ledger?,
    _ person: (any Person)?, look: (ConfiguredKey, Secret) throws(RotationRefusal) -> [EnvPreview]
  ) throws {
    guard let session = session(key.provider, key.base, key.service) else {
      throw RotationRefusal(
        .configuration, "no provider is named '\(key.provider)'", hint: "see: keywright rules list")
    }
    self.key = key
    self.session = session
    recoverability = try Preflight.check(session, key, person)
    value = try KeyFiles.currentValue(key)
    fingerprint = ledger?.install.fingerprints.fingerprint(value) ?? ""
    previews = try look(key, value)
    known = try ledger?.inventory(key.name)
    let isKnownValue = known != nil && known?.fingerprint == fingerprint
    keyID = try KeyFiles.currentID(key) ?? (isKnownValue ? known?.keyID ?? key.keyID : key.keyID)
    // The service named that id when it made the value for us.
    if isKnownValue, known?.keyID != nil, known?.lastSuccessMs != nil { keyIDProof = "made by keywright" }
  }

  private static func check(
    _ session: ProviderSession, _ key: ConfiguredKey, _ person: (any Person)?
  ) throws -> Recoverability {
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
    var needed: [CallRole] = [.verify]
    if recoverability != .manual { needed.append(KeyMaking.role(recoverability)) }
    if KeyMaking.needsList(recoverability) { needed += [.list, .revoke] }
    if recoverability == .replaceReadable { needed.append(.read) }
    if recoverability == .manual, person == nil {
      throw RotationRefusal(
        .configuration, "keys of \(name) are made by a person, and there is no terminal",
        hint: "run at a terminal: keywright rotate \(key.name)")
    }
    if key.policy.quietMs > 0 { try checkQuiet(session, recoverability) }
    for role in needed where !session.client.has(role) {
      throw RotationRefusal(
        .configuration,
        "the provider file of \(name) has no \(role.rawValue) call, which class \(recoverability.rawValue) needs")
    }
    return recoverability
  }

  /// Whether it can be known, and would matter, that nobody uses the old key any more.
  private static func checkQuiet(_ session: ProviderSession, _ recoverability: Recoverability) throws {
    let name = session.provider.name
    guard session.client.tellsLastUse, KeyMaking.isEndedByID(recoverability) else {
      throw RotationRefusal(
        .configuration, "quiet can't be kept: \(name) does not say when a key was last used",
        hint: "remove quiet; soak leaves the old key alone for a fixed time")
    }
  }

  private static func usesBase(_ management: Management) -> Bool {
    [
      management.verify, management.list, management.create, management.regenerate, management.revoke,
      management.disable, management.read, management.lastUsed,
    ].contains { $0?.url.contains("{base}") == true }
  }

  /// The part that asks the provider, harmlessly, and the ledger's rehearsal.
  mutating func askProvider(_ services: RotationServices) throws {
    try services.ledger.rehearse(key.name)
    var context = CallContext(base: key.base, keyID: keyID, tenant: key.tenant, account: key.account, plan: key.plan)
    context.admin = key.service?.admin?.user
    let probe = try live(services, context)
    identity = probe.identity
    context.owner = identity?.account
    try checkKeyID(probe.identity?.keyID)
    if probe.identity?.keyID != nil { keyIDProof = "told by the service" }
    if session.client.provesKeyID { keyIDProof = "signed with it" }
    if recoverability == .callerChosen { try refuseUnlessValuesCount(services, context) }
    // Reconciliation rests on this call: if it can't be made, an unknown outcome could not be cleared up.
    guard KeyMaking.needsList(recoverability) else { return }
    let listed: [ListedKey]
    do throws(ProviderError) {
      listed = try session.client.list(authorization: value, context)
    } catch {
      throw RotationRefusal(.failure, "\(key.name): \(error.reason); nothing was changed", hint: error.hint)
    }
    try take(listed)
  }

  /// A server that takes any password (trusting the network, or the user of this machine) could never prove a death.
  private func refuseUnlessValuesCount(_ services: RotationServices, _ context: CallContext) throws {
    let probe = session.client.probe(ChosenValue.make(services.random), context)
    guard probe.liveness != .live else {
      throw RotationRefusal(
        .configuration,
        "'\(key.name)': the service accepts any value (\(probe.evidence)), so it could not be proven that the old one is dead",
        hint: "connect in a way for which it asks for the password, such as host = \"127.0.0.1\"")
    }
  }

  private mutating func take(_ listed: [ListedKey]) throws {
    listedIDs = listed.map(\.keyID)
    if keyIDProof == nil {
      switch KeyOwnership.judge(value, keyID: keyID, listed) {
      case .proven(let proof, let id): (keyIDProof, keyID) = (proof, id)
      case .refuted(let reason):
        throw RotationRefusal(
          .configuration, "'\(key.name)': \(reason); nothing was changed",
          hint: "put the right key_id into its [[key]]: it would be revoked at the end")
      case .untold:
        throw RotationRefusal(
          .configuration,
          "'\(key.name)': the service lists several keys and does not tell which of them the value is, so that another one "
            + "might be revoked; nothing was changed",
          hint: "remove the other keys, or rotate it by hand")
      }
    }
    let limit = session.provider.management?.keyLimit
    if recoverability == .createDelete, let limit, listed.count >= limit {
      let others = listed.map(\.keyID).filter { $0 != keyID }
      throw RotationRefusal(
        .failure,
        "'\(key.name)': the service allows \(limit) keys and there are \(listed.count); nothing was changed",
        hint: "end one that nobody uses: \(others.joined(separator: ", "))")
    }
    if recoverability == .twoSlots {
      let idle = listed.map(\.keyID).filter { $0 != keyID }
      guard let slot = idle.first, idle.count == 1 else {
        throw RotationRefusal(
          .failure, "'\(key.name)': the service should show two slots, and shows \(listed.count); nothing was changed")
      }
      idleID = slot
    }
  }

  private func live(_ services: RotationServices, _ context: CallContext) throws -> Probe {
    let attempts = 3
    var probe = session.client.probe(value, context)
    for _ in 1..<attempts where probe.liveness == .unknown {
      // A question may be asked again: one connection that broke is no reason not to begin. An answer is one, though.
      guard let seconds = probe.retryAfterSeconds ?? (probe.status == nil ? 1 : nil),
        seconds <= RotationRun.patienceSeconds
      else { break }
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
      if keyID == nil, key.keyID == nil, KeyMaking.isEndedByID(recoverability) {
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
