// Running a scan from a command: the rules, the progress line, and errors in the program's own shape.

internal import Git
internal import Matching
internal import Model
internal import Scanning
internal import Secrets

enum Scans {
  /// Runs a scan with the built-in rules, those that other scanners' files add, and a progress line.
  static func run(
    _ options: ScanOptions, _ foreign: ForeignFiles = .none, _ body: (MatcherProgram, ScanOptions) throws -> ScanReport
  ) throws -> ScanReport {
    var options = options
    let progress = ProgressLine()
    if let progress { options.progress = { progress.show($0) } }
    defer { progress?.clear() }
    do {
      let rules = foreign.rules
      return try body(options.known?.program(with: rules) ?? MatcherProgram(rules), options)
    } catch let error as ScanError {
      throw Failure(.usage, error.reason, hint: error.hint)
    }
  }

  /// A repository's whole history, fingerprinted with the given key.
  static func history(_ path: String, key: FingerprintKey?) throws -> ScanReport {
    var options = ScanOptions()
    options.fingerprintKey = key
    let foreign = try ForeignFiles.load(for: path, environment: GitEnvironment())
    var report = try run(options, foreign) { try Scanner.history(path, program: $0, options: $1) }
    foreign.apply(to: &report, path, GitEnvironment())
    return report
  }
}
