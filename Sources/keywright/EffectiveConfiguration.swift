// What `config show` shows: every file that was looked for, and every value with its origin.

internal import Formats
internal import Git
internal import Model
internal import Posix
internal import Rotation
internal import Scanning

struct EffectiveConfiguration {
  struct File {
    var path: String
    var role: String
    /// `used`, `absent`, `not trusted`, `not used`, `wrong`.
    var state: String
    var reason: String?
  }

  private(set) var files: [File] = []
  private(set) var values: [(name: String, value: Sourced)] = []

  init(
    target: String, configured: ConfigurationOptions, state: StateOptions, judgement: JudgementOptions
  ) throws {
    let configuration = try takeUserFiles(configured)
    takeRepository(target, judgement)
    takeScan(target, judgement)
    takePlaces(state, configuration)
    if let configuration { takeKeys(configuration) }
  }

  // MARK: Files

  private typealias Read = (configuration: Configuration, root: Node?)

  private mutating func takeUserFiles(_ configured: ConfigurationOptions) throws -> Read? {
    var found: Read?
    for place in try ConfigurationPlaces.all(flag: configured.config) {
      var file = File(path: place.path, role: place.role.rawValue, state: "absent")
      if Files.exists(place.path) {
        if found != nil {
          (file.state, file.reason) = ("not used", "one that goes before it is")
        } else {
          do {
            let trusted = try place.read()
            found = (try ConfigurationOptions.parse(trusted), try? TOML.parse(trusted.bytes, name: trusted.path))
            file.state = "used"
          } catch let failure as Failure {
            file.state = failure.isAboutTrust ? "not trusted" : "wrong"
            file.reason = failure.isAboutTrust ? failure.hint : "see: keywright config check"
          }
        }
      }
      files.append(file)
    }
    return found
  }

  private mutating func takeRepository(_ target: String, _ judgement: JudgementOptions) {
    guard let top = BaselineFile.top(of: target) else { return }
    for name in [GatePolicy.fileName, Baseline.fileName] {
      let path = top + name
      var file = File(path: path, role: "repository", state: Files.exists(path) ? "used" : "absent")
      if file.state == "used" {
        if judgement.noRepositoryConfig || (try? Settings.load(for: nil))?.flag(.repositoryConfig) == false {
          (file.state, file.reason) = ("not used", "--no-repository-config, or repository_config = false")
        } else if name == Baseline.fileName, judgement.noBaseline || judgement.baseline != nil {
          (file.state, file.reason) = ("not used", judgement.noBaseline ? "--no-baseline" : "--baseline names another")
        } else if !ConfigurationCheck.isRight(path) {
          (file.state, file.reason) = ("wrong", "see: keywright config check")
        }
      }
      files.append(file)
    }
  }

  // MARK: Values

  private mutating func add(_ name: String, _ text: String, _ origin: Origin) {
    values.append((name, Sourced(text: text, origin: origin)))
  }

  private mutating func takeScan(_ target: String, _ judgement: JudgementOptions) {
    // What is wrong is told with the files; the rest is shown all the same.
    let loaded =
      (try? Settings.load(for: target, hearsRepository: !judgement.noRepositoryConfig))
      ?? (try? Settings.load(for: nil)) ?? Settings()
    for setting in ScanSetting.allCases {
      var value = loaded.sourced(setting)
      switch setting {
      case .minConfidence:
        if let flag = judgement.minConfidence { value = Sourced(text: flag.rawValue, origin: .flag(setting.flag)) }
      case .baseline:
        if let flag = judgement.baseline { value = Sourced(text: flag, origin: .flag(setting.flag)) }
        if judgement.noBaseline { value = Sourced(text: "none", origin: .flag("--no-baseline")) }
      case .repositoryConfig:
        if judgement.noRepositoryConfig { value = Sourced(text: "false", origin: .flag(setting.flag)) }
      default: break
      }
      values.append(("scan.\(setting.name)", value))
    }
    takePolicy(loaded.repository)
  }

  private mutating func takePolicy(_ repository: RepositoryConfiguration?) {
    let policy = repository?.policy ?? GatePolicy()
    func origin(_ table: String, _ key: String) -> Origin {
      guard let repository, repository.has(table, key) else { return .standard }
      return .file(repository.path, line: repository.line(table, key))
    }
    add("gate.fail_on", policy.failOn.rawValue, origin("gate", "fail_on"))
    add(
      "gate.warn_below", "\(policy.leastConfidence.rawValue)/\(policy.leastSeverity.rawValue)",
      origin("gate", "warn_below"))
    add("gate.allow_comments", "\(policy.allowsComments)", origin("gate", "allow_comments"))
    add("gate.baseline", "\(policy.usesBaseline)", origin("gate", "baseline"))
    add(
      "gate.consents", policy.consents.map(\.rawValue).sorted().joined(separator: ", "), origin("gate", "consents"))
    add("ignore.paths", repository?.texts("ignore", "paths").joined(separator: ", ") ?? "", origin("ignore", "paths"))
    add("ignore.rules", repository?.texts("ignore", "rules").joined(separator: ", ") ?? "", origin("ignore", "rules"))
  }

  private mutating func takePlaces(_ state: StateOptions, _ read: Read?) {
    func folder(_ variable: String) -> Origin {
      Surroundings.variable(variable)?.hasPrefix("/") == true ? .variable(variable) : .standard
    }
    if let path = try? Surroundings.stateDirectory(state.state) {
      let named: Origin =
        Surroundings.variable("KEYWRIGHT_STATE") == nil ? folder("XDG_STATE_HOME") : .variable("KEYWRIGHT_STATE")
      add("state", path, state.state == nil ? named : .flag("--state"))
      let key = "\(path)/install.key"
      if let named = Surroundings.variable("KEYWRIGHT_INSTALL_KEY") {
        add("state.key_file", named, .variable("KEYWRIGHT_INSTALL_KEY"))
      } else {
        add("state.key_file", read?.configuration.installKeyPath ?? key, origin(read, ["state", "key_file"]))
      }
    }
    if let path = try? Surroundings.configurationDirectory() {
      add("configuration_directory", path, folder("XDG_CONFIG_HOME"))
    }
    if let path = try? Surroundings.cacheDirectory() { add("cache_directory", path, folder("XDG_CACHE_HOME")) }
    if let path = read?.configuration.metricsPath { add("metrics.file", path, origin(read, ["metrics", "file"])) }
    if let command = read?.configuration.onFailure, !command.isEmpty {
      add("hooks.on_failure", command.joined(separator: " "), origin(read, ["hooks", "on_failure"]))
    }
  }

  /// Where a value of the user's file stands, by the names that lead to it.
  private func origin(_ read: Read?, _ names: [String]) -> Origin {
    var node = read?.root
    for name in names { node = node?[name] }
    guard let node, let read else { return .standard }
    return .file(read.configuration.path, line: node.line)
  }

  private mutating func takeKeys(_ read: Read) {
    let path = read.configuration.path
    let nodes = read.root?["key"]?.array ?? []
    for (index, key) in read.configuration.keys.enumerated() {
      let node = index < nodes.count ? nodes[index] : nil
      let fields: [(String, String?)] = [
        ("provider", key.provider), ("base", key.base), ("key_id", key.keyID), ("environment", key.environment),
        ("tenant", key.tenant), ("account", key.account), ("plan", key.plan), ("variable", key.variable),
        ("files", key.files.joined(separator: ", ")), ("format", key.format.map { "\($0)" }),
        ("dialects", key.dialects.isEmpty ? nil : key.dialects.map(\.rawValue).joined(separator: ", ")),
        ("reload", key.reload.isEmpty ? nil : key.reload.map { $0.joined(separator: " ") }.joined(separator: "; ")),
      ]
      for (name, text) in fields {
        guard let text, let value = node?[name] else { continue }
        add("key.\(key.name).\(name)", text, .file(path, line: value.line))
      }
      let policy = key.policy
      let durations: [(String, String)] = [
        ("max_age", policy.maximumAgeMs.map { DurationText.text(milliseconds: $0) } ?? "never"),
        ("window", DurationText.text(milliseconds: policy.windowMs)),
        ("grace", DurationText.text(milliseconds: policy.graceMs)),
        ("settle", DurationText.text(milliseconds: policy.settleMs)), ("proofs", "\(policy.proofs)"),
        ("reload_timeout", DurationText.text(milliseconds: policy.reloadTimeoutMs)),
      ]
      for (name, text) in durations {
        // From the particular to the general, as the policy is read.
        let places = [node?[name], key.environment.flatMap { read.root?["environment"]?[$0]?[name] }]
        let place = places.lazy.compactMap { $0 }.first ?? read.root?["policy"]?[name]
        add("key.\(key.name).\(name)", text, place.map { .file(path, line: $0.line) } ?? .standard)
      }
    }
  }
}
