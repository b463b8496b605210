// A configuration of gitleaks (`.gitleaks.toml`, version 8) as rules and allowlists of ours.
//
// What would keep gitleaks from starting is a mistake, and all of them are told at once. What it would accept but can't be
// honoured here is a note, by file and line; nothing is dropped in silence.

internal import Formats
public import Model

/// Findings that a configuration does not want.
public struct Allowlist: Sendable, Equatable {
  /// What the expressions are tried on.
  public enum Target: String, Sendable, CaseIterable {
    /// The secret.
    case secret
    /// The whole match of the rule.
    case match
    /// The lines on which the match stands.
    case line
  }

  /// The file that holds it.
  public var file = ""
  /// Its line, counted from 1.
  public var line = 0
  /// Its purpose, in the words of the file.
  public var purpose = ""
  /// The rules it is about; nil for all.
  public var rules: Set<RuleID>?
  /// Whether every kind of check that it has must hold, and not just one.
  public var requiresAll = false
  /// Commits, as 40 or 64 lower-case hex digits.
  public var commits: [String] = []
  /// PCRE2 over a path's bytes.
  public var paths: [String] = []
  /// PCRE2 over the bytes of ``target``.
  public var expressions: [String] = []
  /// What ``expressions`` are tried on.
  public var target = Target.secret
  /// Lower-case texts that a secret holds.
  public var stopWords: [String] = []

  /// An empty one.
  public init() {}

  /// Whether it has no check at all.
  public var isEmpty: Bool { commits.isEmpty && paths.isEmpty && expressions.isEmpty && stopWords.isEmpty }
}

/// A rule of a path alone: a file that should not be there at all, whatever it holds.
public struct PathRule: Sendable, Equatable {
  /// Its id in the configuration.
  public var id: RuleID
  /// Its description.
  public var name: String
  /// PCRE2 over a path's bytes.
  public var pattern: String
  /// The file that holds it.
  public var file: String
  /// Its line, counted from 1.
  public var line: Int
}

/// What a configuration says against one of the program's own rules, where it may not take that rule away.
public struct RuleRestraint: Sendable, Equatable {
  /// What is not wanted of the rule.
  public enum Limit: Sendable, Equatable {
    /// Anything.
    case disabled
    /// Values whose entropy, in bits per byte, is not above this.
    case entropy(Double)
    /// Anything in files whose path does not match (PCRE2 over bytes).
    case path(String)
  }
  /// The rules it is about.
  public var rules: Set<RuleID>
  /// What is not wanted.
  public var limit: Limit
  /// The file that says so.
  public var file: String
  /// Its line, counted from 1.
  public var line: Int
}

/// What a configuration of gitleaks asks for.
public struct GitleaksConfiguration: Sendable {
  /// A longer file is refused.
  public static let maximumBytes = 4 << 20
  /// The provider of its rules.
  public static let provider = "custom"

  /// The rules to scan with, the program's own among them where the configuration extends the default.
  public var rules: [Rule] = []
  /// What is not wanted.
  public var allowlists: [Allowlist] = []
  /// Rules that count only in files whose path matches (PCRE2 over bytes).
  public var paths: [RuleID: String] = [:]
  /// Rules of a path alone.
  public var pathRules: [PathRule] = []
  /// What is said against the program's own rules; only where those stay (see ``parse(_:name:builtin:keepsBuiltin:load:)``).
  public var restraints: [RuleRestraint] = []
  /// The rules' tags.
  public var tags: [RuleID: [String]] = [:]
  /// What could not be honoured, or not quite.
  public var notes: [RuleMistake] = []

  /// Reads a configuration.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - name: its name, for messages.
  ///   - builtin: the program's own rules, which stand for gitleaks' default; their aliases are gitleaks' ids.
  ///   - keepsBuiltin: whether the program's own rules stay as they are, whatever the file says: what it says against them
  ///     becomes ``restraints``, so that nothing a file does goes unseen.
  ///   - load: reads the file that `extend.path` names; nil if it can't.
  public static func parse(
    _ bytes: [UInt8], name: String, builtin: [Rule], keepsBuiltin: Bool = false, load: (String) -> [UInt8]?
  ) throws(RuleFileErrors) -> GitleaksConfiguration {
    var reader = GitleaksReader(file: name)
    let file = reader.read(bytes, depth: 0, load: load)
    if keepsBuiltin && !file.usesDefault {
      reader.note(0, "the program's own rules count beside its rules, though it does not say extend.useDefault")
    }
    var assembly = GitleaksAssembly(
      builtin: file.usesDefault || keepsBuiltin ? builtin : [], keepsBuiltin: keepsBuiltin, reader)
    assembly.add(file)
    guard assembly.mistakes.isEmpty else {
      throw RuleFileErrors(mistakes: assembly.mistakes.sorted { ($0.file, $0.line) < ($1.file, $1.line) })
    }
    var configuration = assembly.configuration
    var seen: Set<String> = []
    configuration.notes = assembly.notes.sorted { ($0.file, $0.line) < ($1.file, $1.line) }
      .filter { seen.insert($0.description).inserted }
    return configuration
  }
}

/// A file of gitleaks' as it is written, before rules meet those of the same id.
struct GitleaksFile {
  /// Where something is written.
  struct Origin {
    var file: String
    var line: Int
  }

  struct Required {
    var id: String
    var line: Int
    var withinLines: Int?
    var withinColumns: Int?
  }

  struct RuleText {
    var file: String
    var line: Int
    var id: String
    var description: String?
    var regex: String?
    var regexOrigin: Origin?
    var path: String?
    var pathOrigin: Origin?
    var secretGroup = 0
    var secretGroupOrigin: Origin?
    var entropy: Double?
    var keywords: [String] = []
    var tags: [String] = []
    var isReported = true
    var allowlists: [AllowlistText] = []
    var required: [Required] = []

    /// This rule over one of the same id in the file that is extended: what it says counts, lists grow.
    func extending(_ base: RuleText) -> RuleText {
      var rule = self
      rule.description = description ?? base.description
      rule.regex = regex ?? base.regex
      rule.regexOrigin = regex == nil ? base.regexOrigin : regexOrigin
      rule.path = path ?? base.path
      rule.pathOrigin = path == nil ? base.pathOrigin : pathOrigin
      rule.secretGroup = secretGroup == 0 ? base.secretGroup : secretGroup
      rule.secretGroupOrigin = secretGroup == 0 ? base.secretGroupOrigin : secretGroupOrigin
      rule.entropy = entropy ?? base.entropy
      rule.keywords = base.keywords + keywords
      rule.tags = base.tags + tags
      rule.isReported = isReported && base.isReported
      rule.allowlists = base.allowlists + allowlists
      rule.required = base.required + required
      return rule
    }
  }

  /// An allowlist whose expressions have been translated.
  struct AllowlistText {
    var allowlist: Allowlist
    var targetRules: [String]
  }

  var usesDefault = false
  /// Whether it builds on other rules, so that a rule without a pattern may be meant for one of those.
  var extends = false
  var disabled: [(id: String, file: String, line: Int)] = []
  var rules: [RuleText] = []
  var allowlists: [AllowlistText] = []
}
