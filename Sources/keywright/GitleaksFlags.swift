// gitleaks' flags, read the way its own parser does: `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `--flag=false`.

internal import Scanning

/// One of gitleaks' flags.
struct GitleaksFlag {
  enum Kind {
    case value
    case switchedOn
    /// A value that may be left out, and what stands for it then.
    case optional(String)
  }
  var name: String
  var short: Character?
  var kind: Kind
  /// What is said when it is given; nil where it is honoured or changes nothing that matters.
  var remark: String?

  private static func value(_ name: String, _ short: Character? = nil, remark: String? = nil) -> GitleaksFlag {
    GitleaksFlag(name: name, short: short, kind: .value, remark: remark)
  }

  private static func on(_ name: String, _ short: Character? = nil, remark: String? = nil) -> GitleaksFlag {
    GitleaksFlag(name: name, short: short, kind: .switchedOn, remark: remark)
  }

  static let all: [GitleaksFlag] = [
    value("baseline-path", "b"), value("config", "c"), value("enable-rule"), value("exit-code"),
    value("gitleaks-ignore-path", "i"), on("ignore-gitleaks-allow"), value("log-level", "l"),
    value("max-archive-depth"),
    value("max-decode-depth"),
    value("max-target-megabytes"), on("no-banner"), on("no-color"), value("report-format", "f"),
    value("report-path", "r"), value("report-template"),
    value("timeout", remark: "the scan is not cut off by time"), on("verbose", "v"),
    GitleaksFlag(name: "redact", short: nil, kind: .optional("100")), on("help", "h"),
    value("diagnostics", remark: "no diagnostics are written"), value("diagnostics-dir"),
    value("log-opts"), value("platform"), on("pre-commit"), on("staged"),
    on("follow-symlinks", remark: "links are not followed"), value("source", "s"), on("no-git"), on("pipe"),
    on("show-secrets"),
  ]
}

/// What is wrong with the flags; gitleaks ends with 126 then.
struct GitleaksFlagError: Error {
  var reason: String
}

/// The command line of a gitleaks command.
struct GitleaksArguments {
  private var values: [String: [String]] = [:]
  private(set) var paths: [String] = []

  init(_ arguments: [String]) throws(GitleaksFlagError) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        paths += rest
        return
      }
      if argument.hasPrefix("--") {
        try long(String(argument.dropFirst(2)), &rest)
      } else if argument.hasPrefix("-"), argument != "-" {
        try short(argument.dropFirst(), &rest)
      } else {
        paths.append(argument)
      }
    }
  }

  private mutating func long(_ text: String, _ rest: inout ArraySlice<String>) throws(GitleaksFlagError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let flag = GitleaksFlag.all.first(where: { $0.name == parts[0] }) else {
      throw GitleaksFlagError(reason: "unknown flag: --\(parts[0])")
    }
    switch flag.kind {
    case .optional(let usual): values[flag.name, default: []].append(parts.count > 1 ? parts[1] : usual)
    case .switchedOn: values[flag.name] = [parts.count > 1 ? parts[1] : "true"]
    case .value:
      guard let value = parts.count > 1 ? parts[1] : rest.popFirst() else {
        throw GitleaksFlagError(reason: "flag needs an argument: --\(flag.name)")
      }
      values[flag.name, default: []].append(value)
    }
  }

  private mutating func short(_ text: Substring, _ rest: inout ArraySlice<String>) throws(GitleaksFlagError) {
    var text = text
    while let letter = text.popFirst() {
      guard let flag = GitleaksFlag.all.first(where: { $0.short == letter }) else {
        throw GitleaksFlagError(reason: "unknown shorthand flag: -\(letter)")
      }
      guard case .value = flag.kind else {
        values[flag.name] = ["true"]
        continue
      }
      if text.first == "=" { text.removeFirst() }
      guard let value = text.isEmpty ? rest.popFirst() : String(text) else {
        throw GitleaksFlagError(reason: "flag needs an argument: -\(letter)")
      }
      values[flag.name, default: []].append(value)
      return
    }
  }

  subscript(_ name: String) -> String? { values[name]?.last }

  /// All values of a flag that may be repeated, or hold several with commas between.
  func list(_ name: String) -> [String] {
    (values[name] ?? []).flatMap { $0.split(separator: ",").map(String.init) }
  }

  func isOn(_ name: String) -> Bool {
    values[name]?.last.map { ["true", "1", "t", "TRUE", "True", "T"].contains($0) } ?? false
  }

  /// A whole number.
  func number(_ name: String, in range: ClosedRange<Int>) throws(GitleaksFlagError) -> Int? {
    guard let text = self[name] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw GitleaksFlagError(reason: "--\(name) must be \(range.lowerBound) to \(range.upperBound), not '\(text)'")
    }
    return number
  }

  /// What is said about flags that can't be honoured, or not as gitleaks does.
  var remarks: [String] {
    GitleaksFlag.all.compactMap { flag in
      guard let remark = flag.remark, let value = self[flag.name], value != "0" else { return nil }
      return "--\(flag.name): \(remark)"
    }
  }

  /// The commits that `--log-opts` asks for; nil for all. What narrows the log otherwise is told, and more is scanned.
  func logRange(_ remark: (String) -> Void) -> CommitRange? {
    var range = CommitRange(heads: [], excluding: [])
    for word in (self["log-opts"] ?? "").split(whereSeparator: \.isWhitespace).map(String.init) {
      if word == "--all" || word == "--full-history" { continue }
      if word == "--" || word.hasPrefix("-") {
        remark("--log-opts: '\(word)' is not honoured: more is scanned than it says")
        if word == "--" { break }
      } else if word.hasPrefix("^") {
        range.excluding.append(String(word.dropFirst()))
      } else if word.contains(".."), let part = CommitRange(word) {
        range.heads += part.heads
        range.excluding += part.excluding
      } else {
        range.heads.append(word)
      }
    }
    if range.heads.isEmpty && range.excluding.isEmpty { return nil }
    if range.heads.isEmpty { range.heads = ["HEAD"] }
    return range
  }
}
