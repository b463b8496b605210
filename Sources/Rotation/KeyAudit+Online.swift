// What only the services know: keys that they no longer have, keys of theirs that nobody manages, keys that nobody uses.
// Only lists are asked for, which change nothing.

public import Ledger
internal import Model
public import Providers
internal import Secrets

/// A service that could not be asked, or not about everything.
public struct UnaskedService: Sendable, Equatable {
  /// The provider and, where configuration names one, its address.
  public var name: String
  /// Why.
  public var reason: String
}

extension KeyAudit {
  /// Keys that share a list.
  private struct Owner: Hashable {
    var provider: String
    var base: String?
    var tenant: String?
    var account: String?
    var plan: String?
  }

  /// Asks each service of the configuration for its keys.
  ///
  /// - Parameters:
  ///   - configuration: the keys.
  ///   - ledger: their ids, as the last rotations left them.
  ///   - nowMs: milliseconds since 1970.
  ///   - unusedMs: how long a key may go unused, in milliseconds; nil does not ask.
  ///   - mustTell: whether a service that does not say when a key was last used counts as not asked.
  ///   - session: opens a session with a provider.
  public static func askServices(
    _ configuration: Configuration, _ ledger: Ledger, nowMs: Int64, unusedMs: Int64?,
    mustTell: Bool = false,
    session: (_ provider: String, _ base: String?, _ service: ServiceSettings?) -> ProviderSession?
  ) throws(LedgerError) -> (remarks: [KeyRemark], unasked: [UnaskedService]) {
    let known = Dictionary(try ledger.inventory().map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    let marks = try ledger.openRotations().map { "keywright-\($0.txid)" }
    var owners: [Owner] = []
    var members: [Owner: [ConfiguredKey]] = [:]
    for key in configuration.keys {
      let owner = Owner(
        provider: key.provider, base: key.base, tenant: key.tenant, account: key.account, plan: key.plan)
      if members[owner] == nil { owners.append(owner) }
      members[owner, default: []].append(key)
    }
    var remarks: [KeyRemark] = []
    var unasked: [UnaskedService] = []
    for owner in owners {
      let keys = members[owner] ?? []
      let name = owner.base.map { "\(owner.provider) at \($0)" } ?? owner.provider
      let session = session(owner.provider, owner.base, keys.first?.service)
      switch list(keys, known, session) {
      case .failure(let reason): unasked.append(UnaskedService(name: name, reason: reason.text))
      case .success((let listed, let asker)):
        let ids = keys.map { known[$0.name]?.keyID ?? $0.keyID }
        for (key, id) in zip(keys, ids) { remarks += compare(key, id, listed, name) }
        if let unusedMs, let client = session?.client {
          let unused = try UnusedKeys(client: client, ledger: ledger, asker: asker, nowMs: nowMs, unusedMs: unusedMs)
            .remarks(Array(zip(keys, ids)), listed.filter { !isEnded($0) })
          remarks += unused.remarks
          let reason =
            unused.reason ?? (mustTell && !client.tellsLastUse ? "it does not say when a key was last used" : nil)
          if let reason { unasked.append(UnaskedService(name: name, reason: reason)) }
        }
        // Where a key of ours has no id, a stranger can't be told from it.
        if ids.contains(nil) {
          unasked.append(UnaskedService(name: name, reason: "not every key of the configuration has a key_id"))
          continue
        }
        for other in listed where !isEnded(other) && !ids.contains(other.keyID) {
          let isOurs = marks.contains { other.reference?.hasPrefix($0) == true || other.name?.hasPrefix($0) == true }
          if !isOurs { remarks.append(unmanaged(other, name)) }
        }
      }
    }
    return (remarks, unasked)
  }

  private struct Reason: Error { var text: String }

  /// The list, authorised by the first of the keys that the service accepts, and which that was.
  private static func list(
    _ keys: [ConfiguredKey], _ known: [String: InventoryRecord], _ session: ProviderSession?
  ) -> Result<(listed: [ListedKey], asker: String), Reason> {
    guard let session else { return .failure(Reason(text: "no provider has that name")) }
    guard session.client.has(.list) else { return .failure(Reason(text: "its provider file has no list call")) }
    var last = "no file of its keys could be read"
    for key in keys {
      guard let value = try? KeyFiles.currentValue(key) else { continue }
      let context = CallContext(
        base: key.base, keyID: known[key.name]?.keyID ?? key.keyID, tenant: key.tenant, account: key.account,
        plan: key.plan)
      do throws(ProviderError) {
        return .success((try session.client.list(authorization: value, context), key.name))
      } catch {
        last = error.reason
      }
    }
    return .failure(Reason(text: last))
  }

  private static func compare(
    _ key: ConfiguredKey, _ id: String?, _ listed: [ListedKey], _ service: String
  ) -> [KeyRemark] {
    guard let id else { return [] }
    guard let own = listed.first(where: { $0.keyID == id }) else {
      return [
        KeyRemark(
          key: key.name, kind: .unknownToProvider,
          text: "\(service) has no key \(id): it was deleted there, or belongs to somebody else")
      ]
    }
    if isEnded(own) {
      return [
        KeyRemark(
          key: key.name, kind: .unknownToProvider,
          text: "\(service) calls the key \(id) \(own.status ?? "ended"): put a new one into its files")
      ]
    }
    return []
  }

  private static func unmanaged(_ other: ListedKey, _ service: String) -> KeyRemark {
    let name = other.name.map { " (\($0))" } ?? ""
    let isLeft = other.reference?.hasPrefix("keywright-") == true
    return KeyRemark(
      key: other.keyID, kind: .unmanaged,
      text: "\(service) has the key \(other.keyID)\(name), which no [[key]] names: "
        + (isLeft
          ? "a rotation made it; revoke it, unless it is in use" : "configure it, or revoke it if nobody needs it"))
  }

  /// Whether it opens no door, or soon will not.
  private static func isEnded(_ key: ListedKey) -> Bool {
    let words = ["revoked", "expired", "inactive", "disabled", "deleted", "retiring", "retired", "blocked"]
    return key.status.map { words.contains($0.lowercased()) } ?? false
  }
}
