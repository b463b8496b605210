// Policy goes from the general to the particular: everything, an environment, a key.

internal import Formats

/// The policy of everything, and what environments say differently.
struct Policies {
  private var general = KeyPolicy()
  private var byEnvironment: [String: KeyPolicy] = [:]

  init(_ root: Node, _ reader: inout ConfigurationReader) {
    if let node = reader.table("policy", in: root) {
      reader.allow(Configuration.policyFields, in: node, of: "[policy]")
      general = Policies.read(node, over: general, &reader)
    }
    for entry in reader.table("environment", in: root)?.entries ?? [] {
      guard entry.value.kind == .table else {
        let name = ConfigurationReader.shown(entry.key)
        reader.mistake(entry.keyLine, "environment.\(name) must be a table", hint: "write [environment.\(name)]")
        continue
      }
      reader.allow(
        Configuration.policyFields, in: entry.value, of: "[environment.\(ConfigurationReader.shown(entry.key))]")
      byEnvironment[entry.key] = Policies.read(entry.value, over: general, &reader)
    }
  }

  func policy(of key: Node, environment: String?, _ reader: inout ConfigurationReader) -> KeyPolicy {
    Policies.read(key, over: environment.flatMap { byEnvironment[$0] } ?? general, &reader)
  }

  private static func read(_ node: Node, over policy: KeyPolicy, _ reader: inout ConfigurationReader) -> KeyPolicy {
    var policy = policy
    let minute: Int64 = 60_000
    if let age = reader.duration("max_age", in: node, minute...DurationText.maximumMilliseconds) {
      policy.maximumAgeMs = age
    }
    if let window = reader.duration("window", in: node, 0...365 * 86_400_000) { policy.windowMs = window }
    if let grace = reader.duration("grace", in: node, 0...7 * 86_400_000) { policy.graceMs = grace }
    if let settle = reader.duration("settle", in: node, 1_000...3_600_000) { policy.settleMs = settle }
    if let timeout = reader.duration("reload_timeout", in: node, 1_000...3_600_000) { policy.reloadTimeoutMs = timeout }
    if let soak = reader.duration("soak", in: node, 0...90 * 86_400_000) { policy.soakMs = soak }
    if let quiet = reader.duration("quiet", in: node, 0...30 * 86_400_000) { policy.quietMs = quiet }
    if let limit = reader.duration("quiet_limit", in: node, minute...90 * 86_400_000) { policy.quietLimitMs = limit }
    if policy.quietMs > policy.quietLimitMs {
      reader.mistake(
        node["quiet"] ?? node["quiet_limit"] ?? node, "quiet must not be longer than quiet_limit",
        hint: "quiet_limit is how long an old key that is still in use is waited for; its default is 24h")
    }
    if let value = node["on_leak"], let text = reader.text("on_leak", in: node) {
      if let response = LeakResponse(rawValue: text) {
        policy.onLeak = response
      } else {
        reader.mistake(
          value, "'\(ConfigurationReader.shown(text))' is nothing that can be done about a leak",
          hint: ConfigurationReader.hint(text, among: LeakResponse.allCases.map(\.rawValue)))
      }
    }
    if let proofs = reader.integer("proofs", in: node, 1...20) { policy.proofs = proofs }
    if let age = policy.maximumAgeMs, policy.windowMs >= age {
      reader.mistake(
        node["window"] ?? node["max_age"] ?? node, "window must be shorter than max_age",
        hint: "it is how long before max_age a key may already be rotated")
    }
    return policy
  }
}
