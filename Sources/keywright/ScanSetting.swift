// The settings of scans: one table for files, environment variables, flags, `config show`, the manual and the completions.

internal import Model
internal import Posix

/// Where a value came from.
enum Origin: Equatable {
  /// The command line.
  case flag(String)
  /// An environment variable.
  case variable(String)
  /// A line of a file; the line is counted from 1.
  case file(String, line: Int)
  /// Nobody said anything.
  case standard

  /// For people.
  var text: String {
    switch self {
    case .flag(let name): name
    case .variable(let name): "$\(name)"
    case .file(let path, let line): "\(path):\(line)"
    case .standard: "default"
    }
  }
}

/// A value for each setting that somebody made. (No dictionary: its type would be looked up at the start of every hook.)
struct SettingValues {
  private var values = [Sourced?](repeating: nil, count: ScanSetting.allCases.count)

  subscript(_ setting: ScanSetting) -> Sourced? {
    get { values[setting.rawValue] }
    set { values[setting.rawValue] = newValue }
  }

  /// Takes over what another one has.
  mutating func take(_ other: SettingValues) {
    for index in values.indices { values[index] = other.values[index] ?? values[index] }
  }
}

/// A value as text, and where it came from.
struct Sourced: Equatable {
  var text: String
  var origin: Origin
}

/// A setting of scans.
enum ScanSetting: Int, CaseIterable {
  case minConfidence
  case format
  case threads
  case maxBytes
  case baseline
  case cache
  case repositoryConfig

  /// Its name in the table `[scan]`.
  var name: String {
    switch self {
    case .minConfidence: "min_confidence"
    case .format: "format"
    case .threads: "threads"
    case .maxBytes: "max_bytes"
    case .baseline: "baseline"
    case .cache: "cache"
    case .repositoryConfig: "repository_config"
    }
  }

  init?(name: String) {
    guard let found = ScanSetting.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  /// The environment variable that sets it.
  var variable: String { "KEYWRIGHT_" + name.uppercased() }

  /// The flag that overrides it.
  var flag: String {
    switch self {
    case .cache: "--no-cache"
    case .repositoryConfig: "--no-repository-config"
    default: "--" + name.replacing("_", with: "-")
    }
  }

  /// What holds where nobody says anything.
  var standard: String {
    switch self {
    case .minConfidence: ConfidenceLevel.context.rawValue
    case .format: ReportFormat.text.rawValue
    case .threads: "one a processor"
    case .maxBytes: "\(ScanCommand.defaultMaximumBytes)"
    case .baseline: ".keywright-baseline at the top of the repository"
    case .cache, .repositoryConfig: "true"
    }
  }

  /// What it decides.
  var about: String {
    switch self {
    case .minConfidence: "Findings below this confidence are left out."
    case .format: "How a report is written to stdout."
    case .threads: "Worker threads of a scan."
    case .maxBytes: "Content larger than this many bytes is skipped."
    case .baseline: "The baseline: findings in it do not count."
    case .cache: "Whether the report of an unchanged history is kept and used again."
    case .repositoryConfig: "Whether what a repository says of itself (.keywright.toml, baseline, comments) counts."
    }
  }

  /// Whether a repository may set it in its own file: only what changes which findings are told, and is told itself.
  var isForRepositories: Bool { self == .minConfidence }

  /// The values that it may have, where they can be listed.
  var choices: [String]? {
    switch self {
    case .minConfidence: ConfidenceLevel.allCases.map(\.rawValue)
    case .format: ReportFormat.allCases.map(\.rawValue)
    case .cache, .repositoryConfig: ["true", "false"]
    case .threads, .maxBytes, .baseline: nil
    }
  }

  /// The value in its plain form, or what is wrong with it.
  func check(_ text: String) -> Result<String, SettingMistake> {
    if let choices {
      let value = self == .cache || self == .repositoryConfig ? ScanSetting.boolean(text) : text
      if choices.contains(value) { return .success(value) }
      return .failure(
        SettingMistake(
          reason: "\(name) is '\(shortened(text))', but must be one of \(choices.joined(separator: ", "))",
          hint: Near.hint(text, among: choices)))
    }
    switch self {
    case .threads: return whole(text, 1...1_024)
    case .maxBytes: return whole(text, 1...Int.max)
    default: return text.isEmpty ? .failure(SettingMistake(reason: "\(name) is empty")) : .success(text)
    }
  }

  private func whole(_ text: String, _ range: ClosedRange<Int>) -> Result<String, SettingMistake> {
    if let number = Int(text), range.contains(number) { return .success("\(number)") }
    let most = range.upperBound == .max ? "a whole number above 0" : "a whole number from 1 to \(range.upperBound)"
    return .failure(SettingMistake(reason: "\(name) is '\(shortened(text))', but must be \(most)"))
  }

  /// `1`, `yes` and `on` are what people write into environment variables.
  private static func boolean(_ text: String) -> String {
    switch text.lowercased() {
    case "1", "yes", "on", "true": "true"
    case "0", "no", "off", "false": "false"
    default: text
    }
  }
}

/// What is wrong with a setting, and what may help.
struct SettingMistake: Error, Equatable {
  var reason: String
  var hint: String?
}

/// A piece of what somebody wrote, as an error may show it.
func shortened(_ text: String) -> String {
  String(
    String.UnicodeScalarView(
      text.unicodeScalars.prefix(64).map { $0.properties.generalCategory == .control ? "?" : $0 }))
}
