// Who may name endpoints, commands and write targets: files that the user has named or put into their own configuration
// folder, outside any repository, and files whose exact content the user has consented to. A cloned repository's own
// keywright.toml gets nothing until then, nor does one that merely lies in the current directory: so does an archive's.

internal import ArgumentParser
internal import Posix
internal import Report
internal import Rotation
internal import Secrets

/// The list of consented files: `SHA-256  path`, a line each.
struct TrustStore {
  private let path: String

  init() throws { path = try Surroundings.configurationDirectory() + "/trusted" }

  /// Whether exactly this content was consented to under exactly this (resolved) path.
  func holds(_ path: String, _ content: [UInt8]) throws -> Bool {
    try entries().contains(line(path, content))
  }

  /// Consents to this content, in place of any earlier content of the same path.
  func add(_ path: String, _ content: [UInt8]) throws {
    // The list has a line for each file: a name with a line break could pass for another file's consent.
    guard !path.utf8.contains(where: { $0 == 0x0a || $0 == 0x0d }) else {
      throw Failure(.usage, "a path with a line break can't be trusted", hint: "give the file another name")
    }
    let kept = try entries().filter { !$0.hasSuffix("  \(path)") }
    let text = (kept + [line(path, content)]).sorted().joined(separator: "\n") + "\n"
    try Files.makeDirectory(Files.parent(self.path), mode: 0o700)
    try Files.replaceAtomically(self.path, Array(text.utf8), mode: 0o600)
  }

  /// A list that can't be read is no empty list: adding to it would drop every consent.
  private func entries() throws -> [String] {
    guard Files.exists(path) else { return [] }
    let bytes = try Files.read(path, maximumBytes: 1 << 20)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func line(_ path: String, _ content: [UInt8]) -> String { "\(Hex.encode(SHA256.hash(content)))  \(path)" }
}

/// A configuration file that may name endpoints and write targets.
struct TrustedFile {
  /// The resolved path.
  let path: String
  /// Its content, read once: what was checked is what is used.
  let bytes: [UInt8]

  static let maximumBytes = 1 << 20

  /// Reads the file if it may be trusted, and says why not and what to do otherwise.
  ///
  /// - Parameter isChosen: whether the user named the file, or it lies where only their own files do.
  init(_ given: String, isChosen: Bool) throws {
    (path, bytes) = try TrustedFile.read(given)
    guard let objection = try TrustedFile.objection(to: given, path, isChosen: isChosen) else { return }
    guard try TrustStore().holds(path, bytes) else {
      let naming = objection.isAnswerable ? ", or name it: --config \(given)" : ""
      throw Failure(
        .usage, "\(path) \(objection.text) and is not trusted, so it may name no endpoint and no file",
        hint: "read it, then run: keywright trust \(path)\(naming)")
    }
  }

  /// Why the file needs the user's consent, and whether naming it would be enough; nil where it is the user's own.
  private static func objection(
    to given: String, _ path: String, isChosen: Bool
  ) throws -> (text: String, isAnswerable: Bool)? {
    if let repository = try repository(of: given, path) { return ("lies in the repository \(repository)", false) }
    let status = try Files.status(path)
    guard status.owner == Identity.user || status.owner == 0 else { return ("belongs to another user", false) }
    guard status.mode & 0o022 == 0 else {
      throw Failure(
        .usage, "\(path) can be written by others, so it is not trusted", hint: "run: chmod go-w \(path)")
    }
    return isChosen ? nil : ("lies in the current directory, was not named,", true)
  }

  /// Reads a file that is only to be looked at.
  static func read(_ given: String) throws -> (path: String, bytes: [UInt8]) {
    do {
      let path = try Files.realPath(given)
      return (path, try Files.read(path, maximumBytes: maximumBytes))
    } catch {
      throw Failure(.usage, "\(error)", hint: "name the configuration with --config FILE")
    }
  }

  /// The repository that the file lies in, or that holds the link that leads to it: a clone may bring a link to anywhere.
  private static func repository(of given: String, _ resolved: String) throws -> String? {
    if let repository = enclosingRepository(resolved) { return repository }
    return enclosingRepository(try Files.realPath(Files.parent(given)) + "/" + Files.lastPart(given))
  }

  /// The nearest directory above that holds a `.git`.
  static func enclosingRepository(_ path: String) -> String? {
    var directory = Files.parent(path)
    while true {
      if Files.exists(directory == "/" ? "/.git" : directory + "/.git") { return directory }
      if directory == "/" || directory.isEmpty { return nil }
      directory = Files.parent(directory)
    }
  }
}

struct TrustCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust",
    abstract: "Consent to a configuration file that lies inside a repository, or in the current directory.",
    discussion: """
      A file inside a repository, of another user, or that merely lies in the current directory may name endpoints and
      files to write only after you have consented to its exact content. When the content changes, the consent is void.
      What the file names is shown first.

      Example: keywright trust ./keywright.toml
      """)

  @Argument(help: "The configuration file.", completion: .file(extensions: ["toml"])) var file: String
  @Flag(help: "Consent without being asked.") var yes = false

  func run() throws {
    let (path, bytes) = try TrustedFile.read(file)
    let configuration = try Configuration.parse(bytes, path)
    Console.note("\(printable(path)) names:")
    if let file = configuration.metricsPath { Console.note("  metrics: writes \(printable(file))") }
    if let file = configuration.installKeyPath {
      Console.note("  the install's key: reads or makes \(printable(file))")
    }
    for key in configuration.keys {
      Console.note("  key \(printable(key.name)): \(printable(key.base ?? "the provider's own address"))")
      for target in key.files { Console.note("    writes \(printable(target))") }
      for command in key.reload { Console.note("    runs \(printable(command.joined(separator: " ")))") }
    }
    if !configuration.onFailure.isEmpty {
      Console.note("  on failure: runs \(printable(configuration.onFailure.joined(separator: " ")))")
    }
    if !yes {
      guard let answer = Console.confirm("Trust it?") else {
        throw Failure(.usage, "there is no terminal to ask on", hint: "pass --yes once you have read the file")
      }
      guard answer else { throw Failure(.usage, "not trusted") }
    }
    try TrustStore().add(path, bytes)
    Console.note("trusted until it changes")
  }
}
