// Whether somebody still uses the old key, by the service's own account: then it is left alone, and after a while a person
// is told who it is.

internal import Ledger
internal import Model
internal import Posix
internal import Providers
internal import RuleBook
internal import Secrets

extension RotationRun {
  /// Nil where the old key may be ended.
  func stillUsed(_ new: Secret) throws -> Progress? {
    guard snapshot.quietMs > 0 else { return nil }
    let use: LastUse
    do throws(ProviderError) {
      use = try client.lastUse(authorization: try authority(new: new), snapshot.context())
    } catch {
      return pauseFor("every file has the new key; \(error.reason), so the old one is left alone")
    }
    // Whoever ended it has done what we are about to do.
    guard use.isThere else { return nil }
    let now = services.clock.now()
    let committed = replay.steps.last { [.committed, .reloaded].contains($0.state) }?.timeMs ?? now
    // A clock of theirs that is ahead of ours must not make it for ever.
    let last = min(max(use.timeMs ?? 0, committed), now)
    let left = last + snapshot.quietMs - now
    guard left > 0 else { return nil }
    // Nobody has used it since, so it only has to be waited for that long.
    let isUsed = (use.timeMs ?? 0) > committed
    let words = usedWords(use, isUsed)
    guard isUsed, now - committed >= snapshot.quietLimitMs else {
      isWaiting = replay.state != .oldAlive
      return pauseFor(
        "every file has the new key; \(words), and it is left alone until nobody has used it for "
          + DurationText.text(milliseconds: snapshot.quietMs))
    }
    triedAgain = true
    var facts = Facts(reason: "every file has the new key, and somebody still uses the old one: \(words)")
    facts.set(
      "hint",
      "find who holds it (keywright consumers \(snapshot.name) --root DIR) and give it the new key; resume ends the old "
        + "one once it is quiet; to end it now: remove quiet from the configuration and revoke it at the service")
    try advance(.oldAlive, facts)
    return .stop
  }

  private func usedWords(_ use: LastUse, _ isUsed: Bool) -> String {
    guard let time = use.timeMs else { return "the old one was never used" }
    let by = use.by.map { " (\($0))" } ?? ""
    return "the old one was last used \(isUsed ? "after that, " : "")at \(Timestamp.iso8601(time / 1_000))\(by)"
  }

  private func authority(new: Secret) throws(ProviderError) -> Secret {
    do { return try authority(new) } catch {
      throw ProviderError(reason: (error as? Unauthorized)?.reason ?? "the administrator's password can't be read")
    }
  }
}
