// What was known of a key when its rotation began. Kept in the journal, so that a rotation ends as it began, whatever
// has become of the configuration meanwhile.

internal import Formats
internal import Providers

/// The particulars of one rotation.
struct KeySnapshot: Equatable {
  var name: String
  var provider: String
  var recoverability: String
  var base: String?
  var environment: String?
  var tenant: String?
  var account: String?
  var plan: String?
  var keyID: String?
  var variable: String
  var files: [String]
  /// What some of the files say differently, by path.
  var places: [String: FilePlace] = [:]
  /// The places beyond files that hold it.
  var deliveries: [DeliveryTarget] = []
  /// How long the old key is left alone after everything has the new one.
  var soakMs: Int64 = 0
  /// How long nobody may have used the old key before it is ended, and when it is no longer waited for that.
  var quietMs: Int64 = 0
  var quietLimitMs: Int64 = 0
  /// Whether the old key is ended as soon as the new one is proven, before any file has it.
  var revokesFirst = false
  var dialects: [DotenvDialect]
  var format: String?
  var reload: [[String]]
  var reloadTimeoutMs: Int64
  var graceSeconds: Int
  var settleMs: Int64
  var proofs: Int
  var reason: String
  var oldFingerprint: String
  /// Whose key the old one is, as the provider said.
  var identity: KeyIdentity?
  /// Whether a person consented to writing files that git tracks.
  var allowsTracked = false
  /// How it is known that the id belongs to the old value; nil where nothing tells.
  var keyIDProof: String?
  /// The ids that the provider listed before anything was asked; nil where it was not asked to list.
  var listedIDs: [String]?
  /// Of two slots, the one that nobody used.
  var idleID: String?
  /// The variable that holds the key's id.
  var idVariable: String?
  /// What configuration said of the service beyond its address.
  var service: ServiceSettings?

  /// The placeholders of calls about the key with this id.
  func context(keyID: String? = nil, reference: String? = nil) -> CallContext {
    var context = CallContext(
      base: base, keyID: keyID ?? self.keyID, tenant: tenant, reference: reference, graceSeconds: graceSeconds,
      name: identity?.name ?? name, account: account, plan: plan)
    context.admin = service?.admin?.user
    context.idleID = idleID
    context.owner = identity?.account
    return context
  }

  var facts: Facts {
    var facts = Facts()
    facts.set("key", name)
    facts.set("provider", provider)
    facts.set("class", recoverability)
    facts.set("base", base)
    facts.set("environment", environment)
    facts.set("tenant", tenant)
    facts.set("account", account)
    facts.set("plan", plan)
    facts.set("key_id", keyID)
    facts.set("variable", variable)
    facts.set("files", files)
    facts.set("places", places.keys.sorted().compactMap { path in places[path]?.facts(path) })
    facts.set("deliveries", deliveries.map(\.facts))
    facts.set("soak_ms", soakMs)
    facts.set("quiet_ms", quietMs)
    facts.set("quiet_limit_ms", quietLimitMs)
    facts.set("revokes_first", revokesFirst)
    facts.set("dialects", dialects.map(\.rawValue))
    facts.set("format", format)
    facts.set(
      "reload",
      reload.map { command in
        var facts = Facts()
        facts.set("command", command)
        return facts
      })
    facts.set("reload_timeout_ms", reloadTimeoutMs)
    facts.set("grace_seconds", graceSeconds)
    facts.set("settle_ms", settleMs)
    facts.set("proofs", proofs)
    facts.set("reason", reason)
    facts.set("old_fingerprint", oldFingerprint)
    facts.set("allow_tracked", allowsTracked)
    facts.set("key_id_proof", keyIDProof)
    if let listedIDs { facts.set("listed_ids", listedIDs) }
    facts.set("idle_id", idleID)
    facts.set("id_variable", idVariable)
    if let service { facts.set("service", [service.facts]) }
    if let identity {
      facts.set("identity_account", identity.account)
      facts.set("identity_name", identity.name)
      facts.set("identity_scopes", identity.scopes)
    }
    return facts
  }

  /// Nil where the entry lacks what every beginning has.
  init?(_ node: Node) {
    guard let name = node["key"]?.string, let provider = node["provider"]?.string,
      let recoverability = node["class"]?.string, let variable = node["variable"]?.string,
      let grace = node["grace_seconds"]?.integer, let settle = node["settle_ms"]?.integer,
      let proofs = node["proofs"]?.integer, let fingerprint = node["old_fingerprint"]?.string
    else { return nil }
    self.name = name
    self.provider = provider
    self.recoverability = recoverability
    self.variable = variable
    base = node["base"]?.string
    environment = node["environment"]?.string
    tenant = node["tenant"]?.string
    account = node["account"]?.string
    plan = node["plan"]?.string
    keyID = node["key_id"]?.string
    files = node.texts("files")
    for place in node["places"]?.array ?? [] {
      if let path = place["path"]?.string { places[path] = FilePlace(place) }
    }
    deliveries = (node["deliveries"]?.array ?? []).compactMap { DeliveryTarget($0) }
    soakMs = Int64(node["soak_ms"]?.integer ?? 0)
    quietMs = Int64(node["quiet_ms"]?.integer ?? 0)
    quietLimitMs = Int64(node["quiet_limit_ms"]?.integer ?? 0)
    revokesFirst = node["revokes_first"]?.boolean ?? false
    dialects = node.texts("dialects").compactMap(DotenvDialect.init(rawValue:))
    format = node["format"]?.string
    reload = (node["reload"]?.array ?? []).map { $0.texts("command") }.filter { !$0.isEmpty }
    reloadTimeoutMs = Int64(node["reload_timeout_ms"]?.integer ?? 60_000)
    graceSeconds = grace
    settleMs = Int64(settle)
    self.proofs = proofs
    reason = node["reason"]?.string ?? ""
    oldFingerprint = fingerprint
    allowsTracked = node["allow_tracked"]?.boolean ?? false
    keyIDProof = node["key_id_proof"]?.string
    listedIDs = node["listed_ids"].map { _ in node.texts("listed_ids") }
    idleID = node["idle_id"]?.string
    idVariable = node["id_variable"]?.string
    service = node["service"]?.array?.first.map { ServiceSettings($0) }
    if node["identity_scopes"] != nil {
      identity = KeyIdentity(
        account: node["identity_account"]?.string, keyID: node["key_id"]?.string, name: node["identity_name"]?.string,
        scopes: node.texts("identity_scopes"))
    }
  }

  init(
    _ key: ConfiguredKey, recoverability: String, reason: String, oldFingerprint: String, identity: KeyIdentity?,
    keyID: String?, graceMs: Int64
  ) {
    name = key.name
    provider = key.provider
    self.recoverability = recoverability
    base = key.base
    environment = key.environment
    tenant = key.tenant
    account = key.account
    plan = key.plan
    self.keyID = keyID
    variable = key.variable
    files = key.files
    places = key.places
    deliveries = key.deliveries
    // What has leaked is not kept alive for comfort.
    soakMs = reason == "leaked" ? 0 : key.policy.soakMs
    quietMs = reason == "leaked" ? 0 : key.policy.quietMs
    quietLimitMs = key.policy.quietLimitMs
    revokesFirst = reason == "leaked" && key.policy.onLeak == .revokeFirst
    dialects = key.dialects
    format = key.format?.description
    reload = key.reload
    reloadTimeoutMs = key.policy.reloadTimeoutMs
    graceSeconds = Int(graceMs / 1_000)
    settleMs = key.policy.settleMs
    proofs = key.policy.proofs
    self.reason = reason
    self.oldFingerprint = oldFingerprint
    self.identity = identity
    service = key.service
    idVariable = key.idVariable
  }
}
