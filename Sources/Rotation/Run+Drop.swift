// Lists that held both keys while the rotation lasted lose the old one, now that it is proven dead. Safe to repeat.

internal import EnvFiles
internal import Ledger
internal import Posix
internal import Secrets

extension RotationRun {
  /// Takes the old key out of every list, makes their readers read them anew, and ends the rotation.
  func dropThenFinish() throws -> Progress {
    let lists = targets.filter(\.isList)
    guard !lists.isEmpty else { return try finish() }
    let old = try value("old")
    let new = try value("new")
    for target in lists {
      if services.isInterrupted() { throw Interrupted() }
      let real = (try? Files.realPath(target.path)) ?? target.path
      guard let lock = try services.ledger.lock(file: real, timeoutMilliseconds: RotationRun.fileLockMilliseconds)
      else { return pauseFor("the old key is dead, but \(target.path) is being written by another keywright") }
      defer { withExtendedLifetime(lock) {} }
      do throws(EnvFileError) {
        _ = try EnvFiles.drop(target, old: old, new: new, transaction: txid, policy: services.files)
      } catch {
        guard RotationRun.needsPerson(error) else {
          return pauseFor("the old key is dead, and could not be taken out of a list: \(error)")
        }
        return try halt(
          "the old key is dead, and could not be taken out of a list: \(error)",
          hint: "put the list right, then run: keywright resume \(snapshot.name)")
      }
    }
    // Not journaled: whether they were run since the lists changed is not known after a crash, and they bear repeating.
    for command in services.reloads(snapshot.name) ?? snapshot.reload {
      if let failure = try reload(command, isNoted: false) {
        return pauseFor(
          "the old key is dead and out of the lists, but \(command[0]) did not reload its user: \(failure)")
      }
    }
    return try finish()
  }
}
