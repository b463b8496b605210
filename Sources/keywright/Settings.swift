// The settings that apply to a scan: the command line before the environment, that before the repository's own file, that
// before the user's, that before the system's.

internal import Formats
internal import Git
internal import Model
internal import Posix
internal import Scanning

/// The settings of scans with their origins, and the repository's own file.
struct Settings {
  private var values = SettingValues()
  /// What the repository says of itself; nil where it says nothing, or is not to be heard.
  private(set) var repository: RepositoryConfiguration?

  /// The settings for a scan of `target`; nil stands for a stream, which lies nowhere.
  ///
  /// - Parameter hearsRepository: false leaves out what the repository says of itself, whatever the settings are.
  static func load(
    for target: String?, environment: GitEnvironment = GitEnvironment(), hearsRepository: Bool = true
  ) throws -> Settings {
    var settings = Settings()
    if let place = try ConfigurationPlaces.usable() {
      try settings.take(UserScanTable.read(place.bytes, name: place.path))
    }
    settings.takeEnvironment()
    if let mistake = settings.mistakes.first {
      throw Failure(.usage, settings.mistakes.map(\.reason).joined(separator: "\nkeywright: "), hint: mistake.hint)
    }
    guard hearsRepository, settings.flag(.repositoryConfig), let target,
      let own = try RepositoryConfiguration.find(for: target, environment: environment)
    else { return settings }
    settings.repository = own
    if let level = own.policy.leastReported,
      settings.values[.minConfidence].map({ $0.origin.isBelowRepository }) ?? true
    {
      settings.values[.minConfidence] = Sourced(
        text: level.rawValue, origin: .file(own.path, line: own.line("scan", "min_confidence")))
    }
    return settings
  }

  /// What is wrong with the environment variables.
  private(set) var mistakes: [SettingMistake] = []

  /// Only what files and variables say, right or wrong, for `config check`.
  static func environmentMistakes() -> [SettingMistake] {
    var settings = Settings()
    settings.takeEnvironment()
    return settings.mistakes
  }

  private mutating func take(_ table: UserScanTable) throws {
    guard table.mistakes.isEmpty else {
      throw Failure(
        .usage, table.mistakes.map(\.description).joined(separator: "\nkeywright: "),
        hint: "keywright config check shows all that is wrong")
    }
    values.take(table.values)
  }

  private mutating func takeEnvironment() {
    for setting in ScanSetting.allCases {
      guard let text = Surroundings.variable(setting.variable) else { continue }
      switch setting.check(text) {
      case .success(let value): values[setting] = Sourced(text: value, origin: .variable(setting.variable))
      case .failure(let mistake):
        mistakes.append(SettingMistake(reason: "$\(setting.variable): \(mistake.reason)", hint: mistake.hint))
      }
    }
  }

  /// What a setting is, and why.
  func sourced(_ setting: ScanSetting) -> Sourced {
    values[setting] ?? Sourced(text: setting.standard, origin: .standard)
  }

  /// A setting that somebody made, as text.
  func text(_ setting: ScanSetting) -> String? { values[setting]?.text }

  /// A setting that is a number.
  func number(_ setting: ScanSetting) -> Int? { values[setting].flatMap { Int($0.text) } }

  /// A setting that is yes or no.
  func flag(_ setting: ScanSetting) -> Bool { sourced(setting).text == "true" }

  /// The least confidence that is told, unless the command line names one.
  func confidence(_ flag: ConfidenceLevel?) -> Confidence {
    (flag ?? ConfidenceLevel(rawValue: sourced(.minConfidence).text) ?? .context).confidence
  }

  /// The same for a gate, whose repository file is the one at the target branch's tip.
  static func gateConfidence(_ flag: ConfidenceLevel?, _ policy: GatePolicy) throws -> Confidence {
    if let flag { return flag.confidence }
    let settings = try Settings.load(for: nil)
    if let own = policy.leastReported, settings.sourced(.minConfidence).origin.isBelowRepository { return own }
    return settings.confidence(nil)
  }

  /// The format of reports to stdout.
  var format: ReportFormat? { text(.format).flatMap { ReportFormat(rawValue: $0) } }
}

extension Origin {
  /// Whether a repository's own file goes before it.
  fileprivate var isBelowRepository: Bool {
    switch self {
    case .flag, .variable: false
    case .file, .standard: true
    }
  }
}

/// The table `[scan]` of a user's keywright.toml.
struct UserScanTable {
  private(set) var values = SettingValues()
  private(set) var mistakes: [FileMistake] = []

  static func read(_ bytes: [UInt8], name: String) -> UserScanTable {
    var table = UserScanTable()
    let root: Node
    do { root = try TOML.parse(bytes, name: name) } catch {
      table.mistakes.append(FileMistake(file: name, line: error.line, reason: error.reason))
      return table
    }
    guard let scan = root["scan"] else { return table }
    guard let entries = scan.entries else {
      table.mistakes.append(FileMistake(file: name, line: scan.line, reason: "'scan' must be a table: write [scan]"))
      return table
    }
    for entry in entries { table.take(entry, name) }
    return table
  }

  private mutating func take(_ entry: Entry, _ file: String) {
    guard let setting = ScanSetting(name: entry.key) else {
      let known = ScanSetting.allCases.map(\.name)
      mistakes.append(
        FileMistake(
          file: file, line: entry.keyLine, reason: "unknown key '\(shortened(entry.key))' in [scan]",
          hint: Near.hint(entry.key, among: known) ?? "known: \(known.joined(separator: ", "))"))
      return
    }
    let value = entry.value
    guard let text = value.string ?? value.integer.map({ "\($0)" }) ?? value.boolean.map({ "\($0)" }) else {
      mistakes.append(FileMistake(file: file, line: value.line, reason: "\(setting.name) must be a single value"))
      return
    }
    switch setting.check(text) {
    case .success(let plain): values[setting] = Sourced(text: plain, origin: .file(file, line: value.line))
    case .failure(let mistake):
      mistakes.append(FileMistake(file: file, line: value.line, reason: mistake.reason, hint: mistake.hint))
    }
  }
}

/// What is wrong in a file, where, and what may help.
struct FileMistake: Equatable, CustomStringConvertible {
  var file: String
  /// Counted from 1; 0 where the file as a whole is meant.
  var line: Int
  var reason: String
  var hint: String?
  /// Whether it only may be a mistake.
  var isWarning = false

  var description: String { line > 0 ? "\(file):\(line): \(reason)" : "\(file): \(reason)" }
}
