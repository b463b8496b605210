// The files of a configured key: what value they hold now, and whether all of them can be rewritten.

internal import EnvFiles
internal import Posix
internal import Providers
public import Secrets

/// The files of a configured key.
public enum KeyFiles {
  /// The value that the key's files hold: read from the first, and the same in all of them.
  ///
  /// - Throws: ``RotationRefusal`` where a file can't be read, lacks the variable, or holds another value.
  public static func currentValue(_ key: ConfiguredKey) throws(RotationRefusal) -> Secret {
    // A list alone can't tell which of its members is ours.
    guard let first = key.targets.first(where: { !$0.isList }) ?? key.targets.first else {
      throw RotationRefusal(.configuration, "the key '\(key.name)' has no files")
    }
    var value = try read(first)
    // A database's password often stands inside the address of a connection.
    if key.service?.user != nil, let password = ConnectionAddress.password(in: value) { value = password }
    guard value.count > 0 else {
      throw RotationRefusal(
        .configuration, "\(first.path): \(first.variable) is empty", hint: "put the key's value there first")
    }
    for target in key.targets where target != first {
      let state: EnvState
      do throws(EnvFileError) { state = try EnvFiles.state(of: target, old: value, new: nil) } catch {
        throw refusal(error)
      }
      switch state {
      case .holdsOld, .holdsNew: continue
      case .absent:
        throw RotationRefusal(
          .configuration, "\(target.path) does not set \(target.variable)",
          hint: "put the key's value there, or take the file out of the configuration of '\(key.name)'")
      case .holdsOther:
        throw RotationRefusal(
          .configuration,
          target.isList
            ? "the list \(target.variable) in \(target.path) does not hold the value of \(first.variable) in \(first.path)"
            : "\(first.path) and \(target.path) hold different values of \(target.variable)",
          hint: "make them the same, or configure two keys")
      }
    }
    return value
  }

  /// The id that stands beside the value, the same in all files; nil where configuration names no variable for it.
  static func currentID(_ key: ConfiguredKey) throws(RotationRefusal) -> String? {
    var id: Secret?
    for target in key.idTargets {
      let found = try read(target)
      if let id, id != found {
        throw RotationRefusal(
          .configuration, "the files of '\(key.name)' hold different values of \(target.variable)",
          hint: "make them the same, or configure two keys")
      }
      id = found
    }
    return id.map { String(decoding: $0.copyBytes(), as: UTF8.self) }
  }

  private static func read(_ target: EnvTarget) throws(RotationRefusal) -> Secret {
    do throws(EnvFileError) { return try EnvFiles.currentValue(of: target) } catch { throw refusal(error) }
  }

  /// Tries everything about the files that can fail here; without a rehearsal nothing is written beside them.
  static func preflight(
    _ key: ConfiguredKey, old: Secret, policy: EnvPolicy, rehearses: Bool = true
  ) throws(RotationRefusal) -> [EnvPreview] {
    var previews: [EnvPreview] = []
    for target in key.targets {
      let preview: EnvPreview
      do throws(EnvFileError) {
        preview = try EnvFiles.preflight(target, old: old, policy: policy, rehearses: rehearses)
      } catch {
        throw refusal(error)
      }
      guard !previews.contains(where: { $0.path == preview.path }) else {
        throw RotationRefusal(
          .configuration, "two of the files of '\(key.name)' are the same file, \(preview.path)", hint: "list it once")
      }
      previews.append(preview)
    }
    return previews
  }

  /// Removes what rehearsals of crashed processes left beside a file: empty files, old enough to be nobody's any more.
  static func sweepRehearsals(_ target: EnvTarget, nowMs: Int64) {
    guard let real = try? Files.realPath(target.path), let directory = try? Directory(Files.parent(real)),
      let entries = try? directory.entries()
    else { return }
    for entry in entries where entry.kind == .regular {
      let name = String(decoding: entry.name, as: UTF8.self)
      guard name.hasPrefix(".keywright-probe-"), name.hasSuffix(".tmp"),
        let status = try? directory.status(of: entry.name),
        nowMs / 1_000 - Int64(status.modifiedSeconds) > staleSeconds
      else { continue }
      _ = try? directory.remove(entry.name)
    }
  }

  private static let staleSeconds: Int64 = 600

  /// Removes what a crash may have left beside a file. Whatever stands in the way is no reason to stop.
  static func sweep(_ target: EnvTarget, transaction: String) {
    _ = try? EnvFiles.sweep(directoryOf: target, transaction: transaction)
  }

  static func refusal(_ error: EnvFileError) -> RotationRefusal {
    let kind: RotationRefusal.Kind =
      switch error.kind {
      case .busy, .io: .failure
      default: .configuration
      }
    return RotationRefusal(kind, "\(error)", hint: error.hint)
  }
}

/// The address of a connection: `scheme://user:password@host/…`.
enum ConnectionAddress {
  /// Its password, decoded; nil where the value is no such address, or has none.
  static func password(in value: Secret) -> Secret? {
    var bytes = value.copyBytes()
    defer { wipe(&bytes) }
    guard let scheme = bytes.indices.first(where: { bytes[$0...].starts(with: "://".utf8) }) else { return nil }
    let rest = bytes[(scheme + 3)...]
    let authority = rest[..<(rest.firstIndex { $0 == 0x2f || $0 == 0x3f || $0 == 0x23 } ?? rest.endIndex)]
    guard let at = authority.lastIndex(of: 0x40), let colon = authority[..<at].firstIndex(of: 0x3a) else { return nil }
    var password: [UInt8] = []
    password.reserveCapacity(at - colon)
    defer { wipe(&password) }
    var index = colon + 1
    while index < at {
      if bytes[index] == 0x25, index + 2 < at, let byte = Hex.decode(Array(bytes[index + 1...index + 2]))?.first {
        password.append(byte)
        index += 3
      } else {
        password.append(bytes[index])
        index += 1
      }
    }
    return password.isEmpty ? nil : Secret(password)
  }
}

extension ConfiguredKey {
  var idTargets: [EnvTarget] {
    guard let idVariable else { return [] }
    return files.map { EnvTarget(path: $0, variable: idVariable, dialects: dialects, format: format) }
  }
}
