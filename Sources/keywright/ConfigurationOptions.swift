// Which configuration applies, found and read under the rules of trust.

internal import ArgumentParser
internal import BuiltinRules
internal import Posix
internal import Rotation
internal import RuleBook

struct ConfigurationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The configuration (default: $KEYWRIGHT_CONFIG, ./keywright.toml if trusted, "
        + "$XDG_CONFIG_HOME/keywright/keywright.toml, /etc/keywright/keywright.toml).",
      valueName: "file"), completion: .file(extensions: ["toml"]))
  var config: String?

  /// The configuration; a failure where there is none, or none that may be used.
  func load() throws -> Configuration {
    guard let place = try ConfigurationPlaces.all(flag: config).first(where: { Files.exists($0.path) }) else {
      throw missing()
    }
    return try ConfigurationOptions.parse(try place.read())
  }

  /// The configuration, or nil where there is none. One that was not named and may not be trusted is passed over.
  func loadIfAny() throws -> Configuration? {
    let places = try ConfigurationPlaces.all(flag: config)
    for place in places where Files.exists(place.path) {
      if place.isNamed { return try ConfigurationOptions.parse(try place.read()) }
      do {
        return try ConfigurationOptions.parse(try place.read())
      } catch let failure as Failure where failure.isAboutTrust {
        Console.note("not used: \(failure.message)")
        if let hint = failure.hint { Console.note("hint: \(hint)") }
      }
    }
    if places.contains(where: \.isNamed) { throw missing() }
    return nil
  }

  private func missing() -> Failure {
    if let config {
      return Failure(.usage, "there is no file \(config)", hint: "name the configuration with --config FILE")
    }
    if let named = Surroundings.variable("KEYWRIGHT_CONFIG") {
      return Failure(
        .usage, "there is no file \(named)", hint: "set KEYWRIGHT_CONFIG to the configuration, or unset it")
    }
    return Failure(
      .usage, "there is no configuration",
      hint:
        "write a keywright.toml with a [[key]] for each key of yours (the README shows one), or name it with --config; "
        + "keywright config show says where it is looked for")
  }

  /// The services that the configuration names.
  func endpoints() throws -> [Endpoint] {
    var seen: Set<String> = []
    return (try loadIfAny()?.keys ?? []).compactMap { key in
      guard seen.insert("\(key.provider)\u{0}\(key.base ?? "")").inserted else { return nil }
      return Endpoint(provider: key.provider, base: key.base)
    }
  }

  static func parse(_ file: TrustedFile) throws -> Configuration {
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
      "The state directory (default: $KEYWRIGHT_STATE, $XDG_STATE_HOME/keywright).", valueName: "directory"),
    completion: .directory)
  var state: String?
}
