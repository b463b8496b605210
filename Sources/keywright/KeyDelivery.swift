// Where a new key goes: a file that only its owner can read, or a terminal. And lists of keys, as a table and as JSON.

internal import AITBC
internal import ArgumentParser
internal import Formats
internal import Posix
internal import Secrets

/// Where a new key goes. Whether it can go there is tried before the service is asked: its value is shown once.
struct KeyDelivery: ParsableArguments {
  @Option(name: [.short, .long], help: ArgumentHelp("Write the new key there (mode 0600).", valueName: "file"))
  var output: String?

  @Flag(help: "Replace the file of --output if there is one.") var force = false

  @Flag(help: "Write the new key to stdout though that is no terminal.") var printSecret = false

  @Flag(help: "Write what the service says as JSON; the value is in it only with --print-secret.") var json = false

  /// Fails where the key could not be delivered.
  func prepare(keyFile: String?) throws {
    guard let output else {
      guard printSecret || !json && StandardStream.output.isTerminal else {
        throw Failure(
          .usage, "there is nowhere to put the new key",
          hint: "name a file with --output FILE, or pass --print-secret to write it to stdout")
      }
      return
    }
    if !force, Files.exists(output), output != keyFile {
      throw Failure(.usage, "\(output) exists already", hint: "name another file, or pass --force to replace it")
    }
    do {
      // A name that is nobody's: what has it would be replaced and removed.
      let trial = "\(output).keywright-\(String(UInt64.random(in: 0 ... .max), radix: 16))"
      try Files.replaceAtomically(trial, [], mode: 0o600)
      _ = try Files.remove(trial)
    } catch {
      throw Failure(
        .usage, "\(output) can't be written: \(error)", hint: "nothing was asked for yet; name another file")
    }
  }

  /// Writes the key and says what it is.
  func deliver(_ key: IssuedKey) throws {
    var value = key.value.copyBytes()
    defer { wipe(&value) }
    let shows = printSecret || output == nil
    if let output {
      var line: [UInt8] = []
      line.reserveCapacity(value.count + 1)
      line.append(contentsOf: value)
      line.append(0x0a)
      defer { wipe(&line) }
      do {
        try Files.replaceAtomically(output, line, mode: 0o600)
      } catch {
        throw Failure(
          .humanNeeded, "\(key.keyID) was made, but its value could not be written: \(error)",
          hint: "the value is lost: revoke \(key.keyID), or regenerate it")
      }
    }
    if json {
      Console.write(document(key, shows: shows))
    } else if shows {
      value.append(0x0a)
      Console.write(value)
    }
    if shows, output == nil, let lost = Console.lost {
      throw Failure(
        .humanNeeded, "\(key.keyID) was made, but its value could not be written: \(lost)",
        hint: "the value is lost: revoke \(key.keyID), or regenerate it")
    }
    Console.note("\(key.keyID) was made" + (output.map { "; its value is in \($0)" } ?? ""))
    if let end = key.previousExpiresAt { Console.note("the key that it replaces works until \(end)") }
  }

  private func document(_ key: IssuedKey, shows: Bool) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("key_id") { $0.string(key.keyID) }
      writer.member("name") { $0.string(key.name) }
      writer.member("previous_expires_at") { $0.string(key.previousExpiresAt) }
      if shows { writer.member("api_key") { $0.string(utf8: key.value.copyBytes()) } }
    }
    writer.endLine()
    return writer.bytes
  }
}

/// Lists of keys.
enum KeyTable {
  static func text(_ keys: [APIKey]) -> String {
    let head = ["KEY ID", "NAME", "STATUS", "PLAN", "SCOPES", "CREATED", "LAST USED", "USES"]
    let rows = keys.map { key in
      [
        key.keyID, key.name, key.status, key.plan ?? "", key.scopes.joined(separator: ","), key.createdAt ?? "",
        key.lastUsedAt ?? "never", key.useCount.map { "\($0)" } ?? "",
      ]
    }
    if rows.isEmpty { return "" }
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    return ([head] + rows).map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      let line = cells.joined(separator: "  ")
      return String(line[..<(line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.endIndex)]) + "\n"
    }.joined()
  }

  static func json(_ keys: [APIKey]) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("api_keys") { writer in
        writer.array { writer in for key in keys { write(key, to: &writer) } }
      }
    }
    writer.endLine()
    return writer.bytes
  }

  private static func write(_ key: APIKey, to writer: inout JSONWriter) {
    writer.object { writer in
      let texts = [
        ("key_id", key.keyID), ("name", key.name), ("status", key.status), ("tenant", key.tenant), ("plan", key.plan),
        ("created_at", key.createdAt), ("last_used_at", key.lastUsedAt), ("reference", key.reference),
        ("replaces", key.replaces), ("expires_at", key.expiresAt), ("revoked_at", key.revokedAt),
      ]
      for (name, value) in texts { writer.member(name) { $0.string(value) } }
      writer.member("scopes") { writer in writer.array { for scope in key.scopes { $0.string(scope) } } }
      writer.member("use_count") { $0.integer(key.useCount) }
    }
  }
}
