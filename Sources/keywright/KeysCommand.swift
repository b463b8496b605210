// keywright keys: the management of keys at an AITBC service, as `aitbc api-keys` was meant to be.

internal import AITBC
internal import ArgumentParser
internal import Formats
internal import Posix
internal import Secrets

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "List, create, regenerate and revoke keys at an AITBC service.",
    discussion: """
      The key that authorises this is read from AITBC_API_KEY or from a file, never from the command line. A new key is
      written to a file that only you can read, or shown on a terminal; this command neither rewrites environment files
      nor keeps a journal: that is what rotate is for.
      """,
    subcommands: [
      KeysListCommand.self, KeysCreateCommand.self, KeysRegenerateCommand.self, KeysRevokeCommand.self,
    ])
}

/// Which service, and with which key.
struct ServiceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The service's address (default: $AITBC_BASE_URL, \(AITBCClient.defaultBaseURL)).", valueName: "url"))
  var base: String?

  @Option(help: ArgumentHelp("Sent as X-Tenant-ID (default: $AITBC_TENANT_ID).", valueName: "id"))
  var tenant: String?

  @Option(
    help: ArgumentHelp(
      "Read the key that authorises this from there, '-' for stdin (default: $AITBC_API_KEY).", valueName: "file"))
  var keyFile: String?

  func client() throws -> AITBCClient {
    let address = base ?? Surroundings.variable("AITBC_BASE_URL") ?? AITBCClient.defaultBaseURL
    do {
      return try AITBCClient(
        apiKey: try key(), tenantID: tenant ?? Surroundings.variable("AITBC_TENANT_ID"), baseURL: address,
        transport: Wiring.transport(internalBases: [address]))
    } catch let error as ConfigurationError {
      throw Failure(.usage, error.reason, hint: "see keywright keys --help")
    }
  }

  private func key() throws -> Secret {
    guard let keyFile else {
      if let value = Surroundings.variable("AITBC_API_KEY") { return Secret(value) }
      throw Failure(.usage, "no key authorises this", hint: "set AITBC_API_KEY, or name a file with --key-file FILE")
    }
    var bytes = try read(keyFile)
    defer { wipe(&bytes) }
    let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
    let end = (bytes.lastIndex { !isSpace($0) } ?? -1) + 1
    let start = bytes.firstIndex { !isSpace($0) } ?? end
    return Secret(copying: bytes.span.extracting(start..<end))
  }

  private func read(_ path: String) throws -> [UInt8] {
    let limit = 16_384
    if path == "-" {
      guard let bytes = StandardInput.readAll(maximumBytes: limit) else {
        throw Failure(.usage, "what came from stdin is no key: it can't be read, or is longer than \(limit) bytes")
      }
      return bytes
    }
    do {
      if try Files.status(path).mode & 0o077 != 0 {
        Console.note("\(path) can be read by others; run: chmod 600 \(path)")
      }
      return try Files.read(path, maximumBytes: limit)
    } catch {
      throw Failure(.usage, "\(error)", hint: "name a file that holds the key alone with --key-file FILE")
    }
  }
}

struct KeysListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys, never their values.")

  @OptionGroup var service: ServiceOptions
  @Flag(help: "Write JSON.") var json = false

  func run() throws {
    let client = try service.client()
    let keys = try KeyService.ask { try await client.apiKeys.list() }
    if json { return Console.write(KeyTable.json(keys)) }
    Console.write(KeyTable.text(keys))
    Console.note("\(keys.count) key\(keys.count == 1 ? "" : "s")")
  }
}

struct KeysCreateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "create", abstract: "Make another key.")

  @Argument(help: "The new key's name.") var name: String
  @Option(help: ArgumentHelp("What it may be used for; may be repeated (default: what yours may).", valueName: "scope"))
  var scope: [String] = []
  @Option(help: "A mark of your own; the service makes at most one key for each.") var reference: String?
  @OptionGroup var service: ServiceOptions
  @OptionGroup var delivery: KeyDelivery

  func run() throws {
    let client = try service.client()
    try delivery.prepare(keyFile: service.keyFile)
    let (name, scopes, reference) = (name, scope.isEmpty ? nil : scope, reference)
    let key = try KeyService.ask {
      try await client.apiKeys.create(name: name, scopes: scopes, reference: reference)
    }
    try delivery.deliver(key)
  }
}

struct KeysRegenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "regenerate",
    abstract: "Replace a key by a new one.",
    discussion: "Whoever uses the old key must get the new one before the grace is over: rotate does that too.")

  @Argument(help: "The key's public id.") var keyID: String
  @Option(help: ArgumentHelp("How long the old key works on.", valueName: "seconds")) var grace = 0
  @Option(help: "A mark of your own; the service makes at most one key for each.") var reference: String?
  @OptionGroup var service: ServiceOptions
  @OptionGroup var delivery: KeyDelivery

  func validate() throws {
    guard (0...604_800).contains(grace) else {
      throw ValidationError("--grace must be 0 to 604800 seconds, seven days")
    }
  }

  func run() throws {
    let client = try service.client()
    try delivery.prepare(keyFile: service.keyFile)
    let (keyID, grace, reference) = (keyID, grace, reference)
    let key = try KeyService.ask {
      try await client.apiKeys.regenerate(keyID, graceSeconds: grace, reference: reference)
    }
    try delivery.deliver(key)
  }
}

struct KeysRevokeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "revoke", abstract: "End a key at once.")

  @Argument(help: "The key's public id.") var keyID: String
  @OptionGroup var service: ServiceOptions

  func run() throws {
    let client = try service.client()
    let keyID = keyID
    try KeyService.ask { try await client.apiKeys.revoke(keyID) }
    Console.note("\(keyID) is revoked")
  }
}

/// Asks, waits, and puts errors into the program's own shape.
enum KeyService {
  static func ask<Result: Sendable>(_ question: @escaping @Sendable () async throws -> Result) throws -> Result {
    do {
      return try AITBCClient.wait(for: question)
    } catch let error as AuthenticationError {
      throw Failure(
        "\(error)", hint: "the key that authorises this is wrong, revoked or expired, or of another service")
    } catch let error as APIError {
      let hint: String? =
        switch error.status {
        case 403: "the key that authorises this may not do it; one with the scope 'keys' may manage its tenant's keys"
        case 404: "keywright keys list shows the ids; the key that authorises this must be of the same tenant"
        case 409: "keywright keys list shows what there is"
        default: nil
        }
      throw Failure(error.description, hint: hint)
    } catch let error as RateLimitError {
      throw Failure("\(error)", hint: "nothing was done")
    } catch let error as ConfigurationError {
      throw Failure(.usage, "\(error)")
    } catch let error as ServiceError {
      throw error.mayHaveBeenDone
        ? Failure(.outcomeUnknown, error.description, hint: "see with: keywright keys list")
        : Failure(error.description, hint: "check the address (--base, AITBC_BASE_URL) and that the service is up")
    }
  }
}
