// Several values of one file replaced by one rename: a key that has an id beside it is never seen with another key's id.

internal import Formats
internal import Posix
public import Secrets

/// One value to be replaced.
public struct EnvChange: Sendable {
  /// Where it stands.
  public var target: EnvTarget
  /// What must be there.
  public var old: Secret
  /// What is to be there.
  public var new: Secret

  /// A change as given.
  public init(_ target: EnvTarget, old: Secret, new: Secret) {
    self.target = target
    self.old = old
    self.new = new
  }
}

extension EnvFiles {
  /// Replaces several values of one file at once, all of them or none; otherwise as
  /// ``replace(_:old:new:transaction:policy:)``.
  ///
  /// - Parameter changes: at least one, all of the same path.
  public static func replace(
    _ changes: [EnvChange], transaction: String, policy: EnvPolicy = EnvPolicy()
  ) throws(EnvFileError) -> EnvReplacement {
    guard let first = changes.first, changes.allSatisfy({ $0.target.path == first.target.path }) else {
      throw EnvFileError(.malformed, changes.first?.target.path ?? "", "changes of several files can't be made at once")
    }
    guard changes.allSatisfy({ $0.new.count <= maximumValueBytes }) else {
      throw EnvFileError(.tooLarge, first.target.path, "a new value is longer than \(maximumValueBytes) bytes")
    }
    let place = try EnvPlace(first.target)
    try place.check(policy)
    let lock = try place.takePeersLock()
    defer { withExtendedLifetime(lock) {} }
    var before = try place.read()
    var now = before
    defer {
      wipe(&before)
      wipe(&now)
    }
    var last: EnvEdit?
    var lines: Set<Int> = []
    for change in changes {
      let text = try EnvText(now, change.target)
      let needle = Needle(change.old)
      let state = try text.state(old: needle, new: Needle(change.new))
      if state == .holdsNew || (state == .holdsOld && change.old == change.new) { continue }
      try demand(.holdsOld, state, change.target, text)
      let step = change.target.isList ? EnvStep.add : .exchange
      let edit = try EnvEdit(now, text, EnvRewrite(step: step, old: needle, new: change.new))
      wipe(&now)
      now = edit.bytes
      lines.formUnion(edit.lines)
      last = edit
    }
    guard let last else { return EnvReplacement(path: place.path, lines: []) }
    try write(last, place, before, transaction)
    return EnvReplacement(path: place.path, lines: lines.sorted())
  }
}
