// Replaces one value in one file by another: byte-preserving, atomic, and only if the file still holds what it is
// believed to hold. Every step is safe to repeat.

internal import Formats
internal import Posix
public import Secrets

/// Rewriting of environment files.
public enum EnvFiles {
  /// The largest file that is read, in bytes.
  public static let maximumFileBytes = EnvText.maximumBytes
  /// The longest value that is replaced or written, in bytes.
  public static let maximumValueBytes = EnvText.maximumValueBytes

  /// The value that the target holds now, on which all its readers must agree.
  public static func currentValue(of target: EnvTarget) throws(EnvFileError) -> Secret {
    var content = try EnvPlace(target).read()
    defer { wipe(&content) }
    let text = try EnvText(content, target)
    guard target.isList else { return try text.value() }
    // The first of a list is the newest.
    return try text.members().first ?? Secret([UInt8]())
  }

  /// The keys of a list, the first first.
  public static func members(of target: EnvTarget) throws(EnvFileError) -> [Secret] {
    var content = try EnvPlace(target).read()
    defer { wipe(&content) }
    return try EnvText(content, target).members()
  }

  /// What the target holds now.
  public static func state(of target: EnvTarget, old: Secret, new: Secret?) throws(EnvFileError) -> EnvState {
    var content = try EnvPlace(target).read()
    defer { wipe(&content) }
    return try EnvText(content, target).state(old: Needle(old), new: new.map { Needle($0) })
  }

  /// Tries everything that can fail here before a provider is asked for a new key: reading, the place, room on the
  /// disk, a file with the same owner and attributes beside this one, and writing a value of the same alphabet in a way
  /// that every reader understands. Nothing is changed; with `rehearses` false, no file is tried out either.
  public static func preflight(
    _ target: EnvTarget, old: Secret, policy: EnvPolicy = EnvPolicy(), rehearses: Bool = true
  ) throws(EnvFileError) -> EnvPreview {
    let place = try EnvPlace(target)
    try place.check(policy)
    var content = try place.read()
    defer { wipe(&content) }
    let text = try EnvText(content, target)
    let needle = Needle(old)
    try demand(.holdsOld, try text.state(old: needle, new: nil), target, text)
    let rehearsal = EnvRewrite(step: target.isList ? .add : .exchange, old: needle, new: similar(old))
    let edit = try EnvEdit(content, text, rehearsal)
    if rehearses {
      _ = try place.takePeersLock()
      // A new key may be longer than the old one.
      _ = try place.stage(
        temporaryName("probe-\(UInt64.random(in: 0 ... .max))"), reserving: edit.bytes.count + maximumValueBytes)
    } else if !Files.mayWrite(Files.parent(place.path)) {
      throw EnvFileError(
        .notWritable, place.path, "lies in a directory in which no file can be made",
        hint: "run as the user who may, or change the directory's permissions")
    }
    var warnings = place.warnings(policy)
    let assignments = text.readings.first?.places.count ?? 0
    if assignments > 1 {
      warnings.append("\(target.variable) is assigned \(assignments) times in \(place.path); the last one counts")
    }
    return EnvPreview(
      path: place.path, lines: edit.lines, quoting: edit.quoting, isPart: edit.isPart, readers: target.readers,
      warnings: warnings)
  }

  /// Replaces the old value by the new one wherever the variable holds it. If the new value is there already, nothing
  /// is written and that is a success; if the value is a third one, nothing is written and that is a ``EnvFileError``
  /// of kind `conflict`.
  ///
  /// - Parameters:
  ///   - target: what to rewrite.
  ///   - old: the value that must be there.
  ///   - new: the value to put there; exchanging the two undoes a rewrite.
  ///   - transaction: names the temporary file, `.keywright-<transaction>.tmp`, so that ``sweep(directoryOf:transaction:)``
  ///     finds what a crash left.
  ///   - policy: what may be touched.
  public static func replace(
    _ target: EnvTarget, old: Secret, new: Secret, transaction: String, policy: EnvPolicy = EnvPolicy()
  ) throws(EnvFileError) -> EnvReplacement {
    guard new.count <= maximumValueBytes else {
      throw EnvFileError(.tooLarge, target.path, "the new value is longer than \(maximumValueBytes) bytes")
    }
    return try rewrite(
      target, EnvRewrite(step: target.isList ? .add : .exchange, old: Needle(old), new: new), transaction, policy)
  }

  /// Takes the old key out of a list that holds the new one; the only member is never taken. If it is gone already,
  /// nothing is written and that is a success.
  public static func drop(
    _ target: EnvTarget, old: Secret, new: Secret, transaction: String, policy: EnvPolicy = EnvPolicy()
  ) throws(EnvFileError) -> EnvReplacement {
    try rewrite(target, EnvRewrite(step: .drop, old: Needle(old), new: new), transaction, policy)
  }

  private static func rewrite(
    _ target: EnvTarget, _ rewrite: EnvRewrite, _ transaction: String, _ policy: EnvPolicy
  ) throws(EnvFileError) -> EnvReplacement {
    let place = try EnvPlace(target)
    try place.check(policy)
    let lock = try place.takePeersLock()
    defer { withExtendedLifetime(lock) {} }
    var content = try place.read()
    defer { wipe(&content) }
    let text = try EnvText(content, target)
    let state = try text.state(old: rewrite.old, new: Needle(rewrite.new))
    if rewrite.step == .drop {
      try demand(.holdsNew, state, target, text)
      guard try text.members().contains(rewrite.old.value) else { return EnvReplacement(path: place.path, lines: []) }
    } else {
      let isSame = state == .holdsOld && rewrite.old.value == rewrite.new
      if state == .holdsNew || isSame { return EnvReplacement(path: place.path, lines: []) }
      try demand(.holdsOld, state, target, text)
    }
    let edit = try EnvEdit(content, text, rewrite)
    try write(edit, place, content, transaction)
    return EnvReplacement(path: place.path, lines: edit.lines)
  }

  /// Removes the temporary file that a crash of this transaction left beside the target; true if there was one.
  @discardableResult
  public static func sweep(directoryOf target: EnvTarget, transaction: String) throws(EnvFileError) -> Bool {
    do throws(SystemError) {
      // The target may be gone by now; its directory is enough.
      let path = (try? Files.realPath(target.path)) ?? target.path
      return try remove(temporaryName(transaction), in: Directory(Files.parent(path)))
    } catch {
      throw EnvPlace.failure(error, target.path)
    }
  }

  static func write(
    _ edit: EnvEdit, _ place: EnvPlace, _ content: [UInt8], _ transaction: String
  ) throws(EnvFileError) {
    let name = temporaryName(transaction)
    do throws(SystemError) { _ = try remove(name, in: place.directory) } catch {
      throw EnvPlace.failure(error, place.path)
    }
    let staged = try place.stage(name, reserving: edit.bytes.count)
    do throws(SystemError) {
      let bytes = edit.bytes
      try staged.write(bytes.span)
      try staged.synchronize()
    } catch {
      throw EnvPlace.failure(error, place.path)
    }
    guard place.isUnchanged(content) else {
      throw EnvFileError(
        .conflict, place.path, "changed while it was being rewritten", hint: "nothing was written; run it again")
    }
    do throws(SystemError) { try staged.commit(as: place.name) } catch { throw EnvPlace.failure(error, place.path) }
  }

  private static func remove(_ name: String, in directory: Directory) throws(SystemError) -> Bool {
    try directory.remove(Array(name.utf8))
  }

  /// Only characters that no file system, shell or ignore file takes for anything else.
  private static func temporaryName(_ transaction: String) -> String {
    let safe = transaction.unicodeScalars.filter {
      $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-")
    }
    return ".keywright-\(String(String.UnicodeScalarView(safe.prefix(100)))).tmp"
  }

  static func demand(
    _ wanted: EnvState, _ state: EnvState, _ target: EnvTarget, _ text: EnvText
  ) throws(EnvFileError) {
    if state == wanted { return }
    if state == .absent {
      throw EnvFileError(
        .variableMissing, target.path, "\(target.variable) is not assigned",
        hint: "name the variable that holds the value; none is ever added")
    }
    let reading = text.readings.first
    let line = reading?.places.last.flatMap { reading?.settings[$0].line }
    throw EnvFileError(
      .conflict, target.path, "\(target.variable) holds neither the old value nor the new one",
      hint: "somebody edited it; put the expected value back, or take the file out of the configuration", line: line)
  }

  /// Another value of the same length and the same kinds of characters.
  private static func similar(_ value: Secret) -> Secret {
    var bytes = value.copyBytes()
    defer { wipe(&bytes) }
    for index in bytes.indices {
      switch bytes[index] {
      case 0x30...0x39: bytes[index] = 0x30 + (bytes[index] - 0x30 + 1) % 10
      case 0x41...0x5a: bytes[index] = 0x41 + (bytes[index] - 0x41 + 1) % 26
      case 0x61...0x7a: bytes[index] = 0x61 + (bytes[index] - 0x61 + 1) % 26
      default: continue
      }
    }
    return Secret(bytes)
  }
}
