// The files that a gitleaks command reads: configuration, ignore file, baseline.

internal import BuiltinRules
internal import Model
internal import Posix
internal import RuleBook
internal import Scanning

enum GitleaksFiles {
  static func failure(_ errors: RuleFileErrors) -> Failure {
    Failure(.usage, errors.mistakes.map(\.description).joined(separator: "\nkeywright: "))
  }

  private static func read(_ path: String, _ limit: Int) throws -> [UInt8] {
    do { return try Files.read(path, maximumBytes: limit) } catch { throw Failure(.usage, "\(path): \(error)") }
  }

  /// `--config`, `GITLEAKS_CONFIG` (a path), `GITLEAKS_CONFIG_TOML` (the text), `.gitleaks.toml` in the target, or the
  /// program's own rules.
  static func configuration(_ arguments: GitleaksArguments, target: String) throws -> GitleaksConfiguration {
    let usual = (target == "-" ? "." : target) + "/.gitleaks.toml"
    let limit = GitleaksConfiguration.maximumBytes
    let source: (bytes: [UInt8], name: String)
    if let path = arguments["config"] ?? Surroundings.variable("GITLEAKS_CONFIG") {
      source = (try read(path, limit), path)
    } else if let text = Surroundings.variable("GITLEAKS_CONFIG_TOML") {
      source = (Array(text.utf8), "GITLEAKS_CONFIG_TOML")
    } else if Files.exists(usual) {
      source = (try read(usual, limit), usual)
    } else {
      source = (Array("[extend]\nuseDefault = true\n".utf8), "default")
    }
    do {
      var configuration = try GitleaksConfiguration.parse(
        source.bytes, name: source.name, builtin: BuiltinRules.ruleBook.rules
      ) { path in
        try? Files.read(path, maximumBytes: limit)
      }
      try enable(arguments.list("enable-rule"), &configuration)
      return configuration
    } catch let error as RuleFileErrors {
      throw failure(error)
    }
  }

  private static func enable(_ ids: [String], _ configuration: inout GitleaksConfiguration) throws {
    if ids.isEmpty { return }
    func has(_ rule: Rule, _ id: String) -> Bool { rule.id.rawValue == id || rule.aliases.contains(id) }
    for id in ids
    where !configuration.rules.contains(where: { has($0, id) })
      && !configuration.pathRules.contains(where: { $0.id.rawValue == id })
    {
      throw Failure(.usage, "--enable-rule: there is no rule '\(id)'", hint: "keywright rules list shows them all")
    }
    configuration.rules.removeAll { rule in !ids.contains { has(rule, $0) } }
    configuration.pathRules.removeAll { !ids.contains($0.id.rawValue) }
  }

  /// `--gitleaks-ignore-path` (a file, or a directory that has one), the one in the target, and `--baseline-path`.
  static func ignored(_ arguments: GitleaksArguments, target: String) throws -> GitleaksIgnore {
    var ignored = GitleaksIgnore()
    let given = arguments["gitleaks-ignore-path"] ?? "."
    let isFile = (try? Files.status(given).kind) == .regular
    var paths = [isFile ? given : "\(given)/\(GitleaksIgnore.fileName)"]
    let own = "\(target == "-" ? "." : target)/\(GitleaksIgnore.fileName)"
    if (try? Files.realPath(own)) != (try? Files.realPath(paths[0])) { paths.append(own) }
    for path in paths where Files.exists(path) {
      ignored.add(ignoreFile: try read(path, GitleaksIgnore.maximumBytes), name: path)
    }
    if let path = arguments["baseline-path"] {
      do { try ignored.add(report: try read(path, GitleaksIgnore.maximumBytes), name: path) } catch let error
        as RuleFileErrors
      { throw failure(error) }
    }
    return ignored
  }
}
