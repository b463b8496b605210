// Files: the new value takes the place of the old one in each, by compare-and-swap. Forward only.

internal import EnvFiles
internal import Formats
internal import Ledger
internal import Posix
internal import Secrets

extension RotationRun {
  static let fileLockMilliseconds: Int64 = 20_000

  func commit() throws -> Progress {
    let old = try value("old")
    let new = try value("new")
    var conflicts: [String] = []
    var obstacles: [String] = []
    for target in targets where !isCommitted(target.path) {
      if services.isInterrupted() { throw Interrupted() }
      let real = (try? Files.realPath(target.path)) ?? target.path
      guard let lock = try services.ledger.lock(file: real, timeoutMilliseconds: RotationRun.fileLockMilliseconds)
      else {
        obstacles.append("\(target.path): another keywright is writing it")
        continue
      }
      defer { withExtendedLifetime(lock) {} }
      try confirmHold()
      switch replace(target, old, new) {
      case .success(let result):
        try advance(.file, fileFacts(target.path, result.lines, result.wasInPlace ? "in_place" : "written"))
      case .failure(let error):
        guard RotationRun.needsPerson(error) else {
          obstacles.append("\(error)")
          continue
        }
        conflicts.append("\(error)")
        var facts = fileFacts(target.path, [], "conflict")
        facts.set("reason", "\(error)")
        try advance(.file, facts)
      }
    }
    try deliver(old, new, &conflicts, &obstacles)
    if let first = obstacles.first {
      return pauseFor("the new key works, but not every file has it yet: \(first); \(oldKeyWords)")
    }
    if !conflicts.isEmpty {
      return try halt(
        "not every file could be given the new value: \(conflicts.joined(separator: "; ")); \(oldKeyWords)",
        hint: "put the old or the new value back in its place, then run: keywright resume \(snapshot.name)")
    }
    return try confirm(old, new)
  }

  /// Replaces the value; an edit elsewhere in the file at the very same moment is answered by trying again.
  private func replace(_ target: EnvTarget, _ old: Secret, _ new: Secret) -> Result<EnvReplacement, EnvFileError> {
    let attempts = 3
    var attempt = 1
    while true {
      do throws(EnvFileError) {
        return .success(
          try EnvFiles.replace(changes(target, old, new), transaction: txid, policy: filePolicy))
      } catch {
        let isStillOld = (try? EnvFiles.state(of: target, old: old, new: new)) == .holdsOld
        if attempt == attempts || error.kind != .conflict || !isStillOld { return .failure(error) }
        attempt += 1
      }
    }
  }

  /// The value, and its id where that stands beside it.
  private func changes(_ target: EnvTarget, _ old: Secret, _ new: Secret) -> [EnvChange] {
    var changes = [EnvChange(target, old: old, new: new)]
    if let variable = snapshot.idVariable, let before = snapshot.keyID, let after = replay.newKeyID {
      var beside = target
      beside.variable = variable
      changes.append(EnvChange(beside, old: Secret(before), new: Secret(after)))
    }
    return changes
  }

  /// Whether the file itself must be put right; whatever else stands in the way may go by itself.
  static func needsPerson(_ error: EnvFileError) -> Bool {
    switch error.kind {
    case .conflict, .missing, .variableMissing, .malformed, .noSafeQuoting: true
    case .unreadable, .notWritable, .unsafePlace, .tooLarge, .busy, .io: false
    }
  }

  func isCommitted(_ path: String) -> Bool {
    replay.files.contains { $0.path == path && $0.how != "conflict" }
  }

  func fileFacts(_ path: String, _ lines: [Int], _ how: String) -> Facts {
    var facts = Facts()
    facts.set("path", path)
    facts.set("lines", lines)
    facts.set("how", how)
    return facts
  }

  /// What has become of the old key so far.
  var oldKeyWords: String {
    replay.containment == nil ? "the old key is left alone" : "the old key was ended at once, because it has leaked"
  }

  private func confirm(_ old: Secret, _ new: Secret) throws -> Progress {
    if let obstacle = try fileWithoutNewValue(old, new) { return obstacle }
    try advance(.committed)
    return .goOn
  }

  /// Reads every file back, always just before the old key's end is begun: nil if all of them have the new value.
  func fileWithoutNewValue(
    _ old: Secret, _ new: Secret, oldKey: String? = nil
  ) throws -> Progress? {
    let oldKey = oldKey ?? oldKeyWords
    for change in targets.flatMap({ changes($0, old, new) }) {
      let target = change.target
      let state: EnvState
      do throws(EnvFileError) {
        state = try EnvFiles.state(of: target, old: change.old, new: change.new)
      } catch {
        return pauseFor("a file could not be read back: \(error); \(oldKey)")
      }
      guard state == .holdsNew else {
        return try halt(
          "\(target.path) was edited after it was given the new value; \(oldKey)",
          hint: "put the new value back (keywright rotation export \(snapshot.name) --value new --to FILE), then run: "
            + "keywright resume \(snapshot.name)")
      }
    }
    return nil
  }
}
