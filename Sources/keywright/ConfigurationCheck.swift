// What is wrong in configuration files: all of it at once, each mistake with its file, line, reason and hint.

internal import BuiltinRules
internal import Formats
internal import Model
internal import Posix
internal import Rotation
internal import RuleBook
internal import Scanning

/// The kinds of files that can be checked.
enum ConfigurationKind: String {
  case configuration = "keywright.toml"
  case policy = ".keywright.toml"
  case baseline
  case gitleaks
  case ignore = "gitleaksignore"
  case rules = "provider rules"

  /// The kind, by the file's name or else by what is in it.
  init(path: String, bytes: [UInt8]) {
    let name = Files.lastPart(path)
    switch name {
    case ConfigurationPlaces.fileName: self = .configuration
    case GatePolicy.fileName: self = .policy
    case Baseline.fileName: self = .baseline
    case ".gitleaks.toml", "gitleaks.toml", ".betterleaks.toml", "betterleaks.toml": self = .gitleaks
    case GitleaksIgnore.fileName, ".betterleaksignore": self = .ignore
    default: self = ConfigurationKind.guess(name, bytes)
    }
  }

  private static func guess(_ name: String, _ bytes: [UInt8]) -> ConfigurationKind {
    if bytes.starts(with: Array("keywright-baseline".utf8)) { return .baseline }
    if name.hasSuffix("ignore") { return .ignore }
    guard let keys = try? TOML.parse(bytes, name: name).entries?.map(\.key) else { return .configuration }
    let owners: [(ConfigurationKind, Set<String>)] = [
      (.gitleaks, ["rules", "extend", "allowlist", "allowlists", "title"]),
      (.rules, ["rule", "manage", "homepage"]), (.policy, ["gate", "ignore"]),
    ]
    return owners.first { !$0.1.isDisjoint(with: keys) }?.0 ?? .configuration
  }
}

/// What was checked, and what was found.
struct ConfigurationCheck {
  private(set) var files: [(path: String, kind: ConfigurationKind)] = []
  private(set) var remarks: [FileMistake] = []

  private static let maximumBytes = 64 << 20
  private static let maximumSyntaxErrors = 50

  /// Whether nothing is wrong with a file.
  static func isRight(_ path: String) -> Bool {
    var check = ConfigurationCheck()
    check.take(path)
    return check.remarks.allSatisfy(\.isWarning)
  }

  /// The named files.
  static func files(_ paths: [String]) -> ConfigurationCheck {
    var check = ConfigurationCheck()
    for path in paths { check.take(path) }
    return check
  }

  /// All that applies to a repository: its own files, the user's, and the environment.
  static func all(repository: String, flag: String?) throws -> ConfigurationCheck {
    var check = ConfigurationCheck()
    for place in try ConfigurationPlaces.all(flag: flag) {
      guard Files.exists(place.path) else {
        if place.isNamed {
          check.remarks.append(
            FileMistake(
              file: place.path, line: 0, reason: "there is no such file", hint: "named by \(place.role.rawValue)"))
        }
        continue
      }
      check.take(place.path)
      do { _ = try place.read() } catch let failure as Failure where failure.isAboutTrust {
        check.remarks.append(
          FileMistake(file: place.path, line: 0, reason: failure.message, hint: failure.hint, isWarning: true))
      } catch {}
    }
    if let top = BaselineFile.top(of: repository) {
      for name in GatePolicy.Decider.allCases.flatMap(\.files) where Files.exists(top + name) {
        check.take(top == "./" ? name : top + name)
      }
    }
    check.takeEnvironment()
    return check
  }

  private mutating func takeEnvironment() {
    for mistake in Settings.environmentMistakes() {
      remarks.append(FileMistake(file: "environment", line: 0, reason: mistake.reason, hint: mistake.hint))
    }
    for name in Surroundings.ownNames where !Variables.isKnown(name) {
      remarks.append(
        FileMistake(
          file: "environment", line: 0, reason: "$\(shortened(name)) is no variable that keywright looks at",
          hint: Near.hint(name, among: Variables.all.map(\.name)), isWarning: true))
    }
  }

  private mutating func take(_ path: String) {
    let bytes: [UInt8]
    do { bytes = try Files.read(path, maximumBytes: ConfigurationCheck.maximumBytes) } catch {
      remarks.append(FileMistake(file: path, line: 0, reason: error.reason))
      return
    }
    let kind = ConfigurationKind(path: path, bytes: bytes)
    files.append((path, kind))
    if kind != .baseline && kind != .ignore {
      let broken = ConfigurationCheck.syntaxErrors(bytes, path)
      guard broken.isEmpty else {
        remarks += broken
        return
      }
    }
    check(kind, path, bytes)
  }

  private mutating func check(_ kind: ConfigurationKind, _ path: String, _ bytes: [UInt8]) {
    switch kind {
    case .configuration: checkConfiguration(path, bytes)
    case .policy:
      do { _ = try GatePolicy(bytes, name: path) } catch { take(error.mistakes, path) }
      remarks += (try? RepositoryConfiguration.read(path))?.unknownRules(BuiltinRules.ruleBook) ?? []
    case .baseline:
      do { _ = try Baseline(bytes, name: path) } catch { take(error.mistakes, path) }
    case .gitleaks:
      do throws(RuleFileErrors) {
        let parsed = try GitleaksConfiguration.parse(bytes, name: path, builtin: BuiltinRules.ruleBook.rules) {
          try? Files.read($0, maximumBytes: GitleaksConfiguration.maximumBytes)
        }
        take(parsed.notes, isWarning: true)
      } catch { take(error.mistakes) }
    case .ignore:
      var ignored = GitleaksIgnore()
      ignored.add(ignoreFile: bytes, name: path)
      take(ignored.notes, isWarning: true)
    case .rules:
      do { _ = try ProviderFile.parse(bytes, name: path) } catch { take(error.mistakes) }
    }
  }

  private mutating func checkConfiguration(_ path: String, _ bytes: [UInt8]) {
    var found: [FileMistake] = []
    do {
      _ = try Configuration.parse(bytes, path, providers: BuiltinRules.ruleBook.providers.map(\.id))
    } catch {
      found += error.mistakes.map { mistake in
        mistake.hint.map { FileMistake(file: mistake.file, line: mistake.line, reason: mistake.reason, hint: $0) }
          ?? ConfigurationCheck.mistake(mistake.file, mistake.line, mistake.reason)
      }
    }
    found += UserScanTable.read(bytes, name: path).mistakes
    remarks += found.sorted { $0.line < $1.line }
  }

  private mutating func take(_ mistakes: [RuleMistake], isWarning: Bool = false) {
    for mistake in mistakes {
      var remark = ConfigurationCheck.mistake(mistake.file, mistake.line, mistake.reason)
      remark.isWarning = isWarning
      remarks.append(remark)
    }
  }

  /// Mistakes as lines of `name:line: reason`.
  private mutating func take(_ mistakes: [String], _ path: String) {
    for text in mistakes {
      guard text.hasPrefix(path + ":") else {
        remarks.append(FileMistake(file: path, line: 0, reason: text))
        continue
      }
      var rest = text.dropFirst(path.count + 1)
      var line = 0
      // A line, and from a parser a column.
      for place in 0..<2 {
        guard let colon = rest.firstIndex(of: ":"), let number = Int(rest[..<colon]) else { break }
        if place == 0 { line = number }
        rest = rest[rest.index(after: colon)...]
      }
      remarks.append(ConfigurationCheck.mistake(path, line, String(rest.drop { $0 == " " })))
    }
  }

  /// A mistake whose hint is told apart from its reason.
  private static func mistake(_ file: String, _ line: Int, _ reason: String) -> FileMistake {
    for mark in ["; did you mean ", "; known: ", "; see: ", ": use "] {
      guard let cut = reason.firstRange(of: mark) else { continue }
      let hint = reason[reason.index(cut.lowerBound, offsetBy: 2)...]
      return FileMistake(file: file, line: line, reason: String(reason[..<cut.lowerBound]), hint: String(hint))
    }
    if reason.hasSuffix(")"), let cut = reason.firstRange(of: " (known: ") {
      let hint = reason[cut.upperBound...].dropLast()
      return FileMistake(file: file, line: line, reason: String(reason[..<cut.lowerBound]), hint: "known: \(hint)")
    }
    return FileMistake(file: file, line: line, reason: reason)
  }

  /// Every line that is no TOML. The parser stops at the first; it is asked again without that line.
  private static func syntaxErrors(_ bytes: [UInt8], _ path: String) -> [FileMistake] {
    var found: [FileMistake] = []
    var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).map(Array.init)
    while found.count < maximumSyntaxErrors {
      do {
        _ = try TOML.parse(Array(lines.joined(separator: [0x0a])), name: path)
        return found
      } catch {
        // What an earlier mistake leads to is not a mistake of its own.
        if let last = found.last, error.line <= last.line { return found }
        found.append(FileMistake(file: path, line: error.line, reason: error.reason))
        guard error.line >= 1, error.line <= lines.count else { return found }
        lines[error.line - 1] = []
      }
    }
    return found
  }
}
