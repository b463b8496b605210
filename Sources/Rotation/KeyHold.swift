// Who may work on a key: one process of this machine, and one of the hosts that share a table of leases.

internal import Ledger
internal import Posix
internal import Providers
internal import RuleBook

/// The right to work on a key, for as long as the value lives.
struct KeyHold {
  let lock: KeyLock
  /// Nil where this is the only host, or where a rotation of its own goes on while the table can't be reached.
  let lease: KeyLease?

  /// Takes it.
  ///
  /// - Parameters:
  ///   - name: the key.
  ///   - services: ledger and leases.
  ///   - resumes: whether a rotation that is open here is to go on: no other host may have begun one, so it may go on without
  ///     the table of leases.
  static func take(_ name: String, _ services: RotationServices, resumes: Bool) throws -> KeyHold {
    guard let lock = try services.ledger.lock(key: name) else {
      throw RotationRefusal(
        .locked, "another keywright is rotating '\(name)'", hint: "wait for it to end; nothing was done here")
    }
    guard let leases = services.leases else { return KeyHold(lock: lock, lease: nil) }
    let open = try services.ledger.openRotations().first { $0.key == name }?.txid
    do throws(LeaseRefusal) {
      let lease = try leases.take(name, mine: open)
      // What an earlier crash of ours left noted is no longer so.
      if open == nil { _ = try lease.note(rotation: nil) }
      return KeyHold(lock: lock, lease: lease)
    } catch {
      if resumes || open != nil, case .unreachable = error { return KeyHold(lock: lock, lease: nil) }
      throw refusal(error, name)
    }
  }

  private static func refusal(_ error: LeaseRefusal, _ name: String) -> RotationRefusal {
    switch error {
    case .held(let host):
      RotationRefusal(
        .locked, "the host \(host) is rotating '\(name)'", hint: "wait for it to end; nothing was done here")
    case .open(let host, let rotation):
      RotationRefusal(
        .locked, "the host \(host) has a rotation of '\(name)' that has not ended (\(rotation))",
        hint: "run there: keywright resume \(name)")
    case .unreachable(let reason):
      RotationRefusal(
        .failure, "'\(name)': the leases of the hosts can't be reached: \(reason); nothing was changed",
        hint: "see [lease] in the configuration; open rotations go on without it")
    }
  }

  /// Prolongs the lease where it is time.
  func keepAlive() { lease?.keepAlive() }
}

extension RotationRun {
  /// Asked before anything that can't be undone: whether this process and this host may still work on the key.
  ///
  /// - Throws: ``LedgerError`` of kind `fenced` where another has taken over.
  func confirmHold() throws(LedgerError) {
    try services.ledger.confirm(txid, fence: fence)
    guard let lease = hold.lease else { return }
    // A table that can't be reached now stops nothing: it says that our rotation is open, and others keep away.
    if (try? lease.confirm()) == false {
      throw LedgerError(.fenced, "another host has taken the key '\(snapshot.name)' over")
    }
  }

  /// Tells the other hosts that this rotation is open, before its first request: nil once they know.
  func tellHosts() throws -> Progress? {
    guard services.leases != nil else { return nil }
    guard let lease = hold.lease else {
      return pauseFor("nothing was sent, because the leases of the hosts can't be reached")
    }
    do throws(LeaseRefusal) {
      if try lease.note(rotation: txid) { return nil }
    } catch {
      return pauseFor("nothing was sent, because the leases of the hosts can't be reached: \(error)")
    }
    throw LedgerError(.fenced, "another host has taken the key '\(snapshot.name)' over")
  }
}
