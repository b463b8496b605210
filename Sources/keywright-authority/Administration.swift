// issue, list and revoke: the administrator's commands, on the database file itself.

public import ArgumentParser
internal import Foundation
public import KeyAuthority
internal import Secrets

extension Plan: ExpressibleByArgument {}
extension Scope: ExpressibleByArgument {}

/// Where the keys are kept.
struct DatabaseOption: ParsableArguments {
  @Option(help: ArgumentHelp("The SQLite file that holds the keys.", valueName: "file"))
  var database: String
}

struct IssueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue", abstract: "Makes a key; its value goes into a file, its description to stdout as JSON.",
    discussion:
      "The file must not exist yet; it is made with mode 0600. The value is shown nowhere else and kept nowhere.")

  @OptionGroup var database: DatabaseOption
  @Option(help: "The tenant that the key belongs to.") var tenant: String
  @Option(help: "free, pro or enterprise: 60, 600 or 6000 requests a minute.") var plan: Plan = .free
  @Option(help: "What people call the key.") var name: String
  @Option(help: "What the key may do: jobs, keys (create and manage all keys of the tenant). May be repeated.")
  var scope: [Scope] = []
  @Option(help: ArgumentHelp("The file that the key's value is written to.", valueName: "file")) var output: String

  func run() async throws {
    // The file first: a key whose value has no place to go should not be made.
    let file = try ValueFile(output)
    do {
      let store = try KeyStore(path: database.database)
      let issued = try await store.issue(KeyRequest(tenant: tenant, name: name, plan: plan, scopes: scope))
      do {
        try file.write(issued.value)
      } catch {
        _ = try await store.revoke(issued.record.id)
        throw Failure("cannot write \(output), so the key was revoked again: \(error.localizedDescription)")
      }
      try await store.close()
      try Terminal.write(json: KeyDescription(issued.record))
    } catch {
      file.removeIfEmpty()
      throw error
    }
  }
}

/// The file that receives a value: new, and its owner's alone.
private struct ValueFile {
  private let path: String
  private let handle: FileHandle

  init(_ path: String) throws {
    self.path = path
    do {
      // O_EXCL, and mode 0600 by the program's umask.
      try Data().write(to: URL(filePath: path), options: .withoutOverwriting)
      handle = try FileHandle(forWritingTo: URL(filePath: path))
    } catch CocoaError.fileWriteFileExists {
      throw Failure("\(path) exists already", hint: "name a new file, or remove this one if its key is not needed")
    } catch {
      throw Failure(
        "cannot make \(path): \(error.localizedDescription)", hint: "name a file in a folder that you may write")
    }
  }

  func write(_ value: Secret) throws {
    var bytes = value.copyBytes() + [0x0a]
    defer { wipe(&bytes) }
    try handle.write(contentsOf: bytes)
    try handle.synchronize()
    try handle.close()
  }

  func removeIfEmpty() {
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    if size == 0 { try? FileManager.default.removeItem(atPath: path) }
  }
}

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Shows all keys of the database, oldest first; never a value.")

  @OptionGroup var database: DatabaseOption
  @Option(help: "Only the keys of this tenant.") var tenant: String?
  @Flag(help: "As JSON, in the form of GET /v1/api-keys.") var json = false

  func run() async throws {
    let store = try KeyStore(path: database.database, create: false)
    let keys = try await store.list(tenant: tenant).map { KeyDescription($0) }
    try await store.close()
    if json { return try Terminal.write(json: ["api_keys": keys]) }
    var rows = [["KEY ID", "STATUS", "TENANT", "PLAN", "SCOPES", "USES", "LAST USED", "REPLACES", "NAME"]]
    for key in keys { rows.append(key.row) }
    let widths = (0..<rows[0].count - 1).map { column in rows.map { $0[column].count }.max() ?? 0 }
    for row in rows {
      let cells = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) } + row.suffix(1)
      Terminal.write(cells.joined(separator: "  ") + "\n")
    }
  }
}

struct RevokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Ends a key at once; a service that runs on the database refuses it from now on.")

  @OptionGroup var database: DatabaseOption
  @Argument(help: "The key's public id, key_...") var keyID: String

  func run() async throws {
    guard !keyID.hasPrefix("aitbc_") else {
      throw Failure(
        "that is a key's value, not its id",
        hint: "it now stands in the shell's history: revoke it by its id, which list shows")
    }
    let store = try KeyStore(path: database.database, create: false)
    let record = try await store.revoke(keyID)
    try await store.close()
    try Terminal.write(json: KeyDescription(record))
  }
}
