// Keys that nobody uses any more, by their services' own account. A key that asks about itself is used by that: what was
// ours alone does not count.

internal import Ledger
internal import Providers
internal import Secrets

/// Looks at the last uses of one service's keys.
struct UnusedKeys {
  /// How far apart our clock, the service's, and the service's bookkeeping may be, in milliseconds.
  private static let tolerance: Int64 = 5 * 60_000
  let client: any KeyService
  let ledger: Ledger
  /// The key that authorised the list.
  let asker: String
  let nowMs: Int64
  let unusedMs: Int64

  /// The keys that nobody has used for so long, and why the service could not tell of all of them.
  func remarks(
    _ keys: [(key: ConfiguredKey, id: String?)], _ listed: [ListedKey]
  ) throws(LedgerError) -> (remarks: [KeyRemark], reason: String?) {
    guard client.tellsLastUse else { return ([], nil) }
    var remarks: [KeyRemark] = []
    var reason: String?
    for (key, id) in keys {
      guard let own = listed.first(where: { $0.keyID == id }) else { continue }
      let use: LastUse
      let made: Int64?
      do throws(ProviderError) {
        use = try lastUse(key, own)
        made = try ServiceTime.milliseconds(own.created)
      } catch {
        reason = error.reason
        continue
      }
      let used = try byOthers(key, own.keyID, use.timeMs)
      // A key that nobody has used at all has gone unused since it was made.
      guard let since = used ?? made, nowMs - since > unusedMs else { continue }
      let age = DurationText.text(milliseconds: nowMs - since)
      let words = used == nil ? "it was made \(age) ago and never used" : "it was last used \(age) ago"
      remarks.append(KeyRemark(key: key.name, kind: .unused, text: "\(words): if nobody needs it, revoke it"))
    }
    return (remarks, reason)
  }

  private func lastUse(_ key: ConfiguredKey, _ own: ListedKey) throws(ProviderError) -> LastUse {
    guard client.has(.lastUsed) else {
      return LastUse(isThere: true, timeMs: try ServiceTime.milliseconds(own.lastUsed), by: own.lastUsedBy)
    }
    let value: Secret
    do throws(RotationRefusal) { value = try KeyFiles.currentValue(key) } catch {
      throw ProviderError(reason: error.reason)
    }
    return try client.lastUse(
      authorization: value,
      CallContext(base: key.base, keyID: own.keyID, tenant: key.tenant, account: key.account, plan: key.plan))
  }

  /// When the key was last used otherwise than by an audit of ours. What may be somebody else's counts as theirs.
  private func byOthers(_ key: ConfiguredKey, _ id: String, _ usedMs: Int64?) throws(LedgerError) -> Int64? {
    let name = "use \(key.name) \(id)"
    let words = try ledger.note(name)?.split(separator: " ").compactMap { Int64($0) } ?? []
    let before = words.count == 2 ? (asked: words[0], others: words[1]) : nil
    let isOurs =
      before.map { before in usedMs.map { abs($0 - before.asked) <= UnusedKeys.tolerance } ?? false } ?? false
    let others = isOurs ? before.flatMap { $0.others > 0 ? $0.others : nil } : usedMs
    if key.name == asker || client.has(.lastUsed) {
      try ledger.setNote(name, "\(nowMs) \(others ?? 0)")
    }
    return others
  }
}
