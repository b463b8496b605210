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
      var text = document(key, shows ? value : nil)
      Console.write(text)
      wipe(&text)
    } else if shows {
      Console.write(value)
      Console.write([0x0a])
    }
    if shows, output == nil, let lost = Console.lost {
      throw Failure(
        .humanNeeded, "\(key.keyID) was made, but its value could not be written: \(lost)",
        hint: "the value is lost: revoke \(key.keyID), or regenerate it")
    }
    Console.note("\(key.keyID) was made" + (output.map { "; its value is in \($0)" } ?? ""))
    if let end = key.previousExpiresAt { Console.note("the key that it replaces works until \(end)") }
  }

  /// What the service said. The value is put in last, into a buffer that does not grow: no copy of it stays behind.
  private func document(_ key: IssuedKey, _ value: [UInt8]?) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("key_id") { $0.string(key.keyID) }
      writer.member("name") { $0.string(key.name) }
      writer.member("previous_expires_at") { $0.string(key.previousExpiresAt) }
    }
    writer.endLine()
    guard let value else { return writer.bytes }
    let end = Array("\n}\n".utf8)
    let member = Array(",\n  \"api_key\": \"".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(writer.bytes.count + member.count + 6 * value.count + 1)
    text.append(contentsOf: writer.bytes.dropLast(end.count))
    text.append(contentsOf: member)
    let digits = Array("0123456789abcdef".utf8)
    for byte in value {
      switch byte {
      case 0x22, 0x5c:
        text.append(0x5c)
        text.append(byte)
      case 0..<0x20, 0x7f:
        for byte in [0x5c, 0x75, 0x30, 0x30, digits[Int(byte >> 4)], digits[Int(byte & 15)]] { text.append(byte) }
      default: text.append(byte)
      }
    }
    text.append(0x22)
    text.append(contentsOf: end)
    return text
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
