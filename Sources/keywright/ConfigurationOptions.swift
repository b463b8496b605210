// Which configuration applies, found and read under the rules of trust.

internal import ArgumentParser
internal import BuiltinRules
internal import Posix
internal import Rotation
internal import RuleBook

struct ConfigurationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The configuration (default: $KEYWRIGHT_CONFIG, ./keywright.toml, $XDG_CONFIG_HOME/keywright/keywright.toml).",
      valueName: "file"))
  var config: String?

  /// The configuration; a failure where there is none, or none that may be used.
  func load() throws -> Configuration {
    guard let path = try candidates().first(where: Files.exists) else {
      throw Failure(
        .usage, "there is no configuration",
        hint:
          "write a keywright.toml with a [[key]] for each key of yours (the README shows one), or name it with --config"
      )
    }
    return try read(path)
  }

  /// The configuration, or nil where there is none. One that was not named and may not be trusted is passed over.
  func loadIfAny() throws -> Configuration? {
    for path in try candidates() where Files.exists(path) {
      if isNamed { return try read(path) }
      do {
        return try read(path)
      } catch let failure as Failure where failure.isAboutTrust {
        Console.note("not used: \(failure.message)")
        if let hint = failure.hint { Console.note("hint: \(hint)") }
      }
    }
    if let config {
      throw Failure(.usage, "there is no file \(config)", hint: "name the configuration with --config FILE")
    }
    return nil
  }

  /// The services that the configuration names.
  func endpoints() throws -> [Endpoint] {
    var seen: Set<String> = []
    return (try loadIfAny()?.keys ?? []).compactMap { key in
      guard seen.insert("\(key.provider)\u{0}\(key.base ?? "")").inserted else { return nil }
      return Endpoint(provider: key.provider, base: key.base)
    }
  }

  private var isNamed: Bool { config != nil || Surroundings.variable("KEYWRIGHT_CONFIG") != nil }

  private func candidates() throws -> [String] {
    if let config { return [config] }
    if let named = Surroundings.variable("KEYWRIGHT_CONFIG") { return [named] }
    return ["keywright.toml", try Surroundings.configurationDirectory() + "/keywright.toml"]
  }

  private func read(_ path: String) throws -> Configuration {
    let file = try TrustedFile(path)
    do {
      return try Configuration.parse(file.bytes, file.path, providers: BuiltinRules.ruleBook.providers.map(\.id))
    } catch {
      throw Failure(
        .usage, error.mistakes.map(\.description).joined(separator: "\nkeywright: "),
        hint: error.mistakes.count == 1 ? nil : "\(error.mistakes.count) mistakes; nothing was sent and nothing written"
      )
    }
  }
}

/// Where the ledger lies.
struct StateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The state directory (default: $KEYWRIGHT_STATE, $XDG_STATE_HOME/keywright).", valueName: "directory"))
  var state: String?
}
