// Running a scan from a command: the rules, the progress line, and errors in the program's own shape.

internal import BuiltinRules
internal import Git
internal import Matching
internal import Model
internal import RuleBook
internal import Scanning
internal import Secrets

enum Scans {
  /// Runs a scan with a progress line.
  ///
  /// - Parameter rules: what to look for; nil for the built-in rules.
  static func run(
    _ options: ScanOptions, rules: [Rule]? = nil, _ body: (MatcherProgram, ScanOptions) throws -> ScanReport
  ) throws -> ScanReport {
    var options = options
    let progress = ProgressLine()
    if let progress { options.progress = { progress.show($0) } }
    defer { progress?.clear() }
    do {
      if let known = options.known {
        return try body(known.program(with: rules ?? BuiltinRules.ruleBook.rules), options)
      }
      return try body(try rules.map { MatcherProgram($0) } ?? builtin(), options)
    } catch let error as ScanError {
      throw Failure(.usage, error.reason, hint: error.hint)
    }
  }

  /// The built-in rules, whose tables lie in the program.
  private static func builtin() throws -> MatcherProgram {
    do {
      return try MatcherProgram(packed: BuiltinRules.packed, tables: BuiltinRules.tables)
    } catch {
      throw Failure(.failure, "the rules in this program can't be used: \(error)", hint: "build or install it anew")
    }
  }

  /// A repository's whole history, fingerprinted with the given key.
  static func history(_ path: String, key: FingerprintKey?) throws -> ScanReport {
    var options = ScanOptions()
    options.fingerprintKey = key
    let foreign = try ForeignFiles.load(for: path, environment: GitEnvironment())
    let rules = RuleOptions.chosen(foreign)
    var report = try run(options, rules: rules) { try Scanner.history(path, program: $0, options: $1) }
    foreign.apply(to: &report, rules, path, GitEnvironment())
    return report
  }
}
