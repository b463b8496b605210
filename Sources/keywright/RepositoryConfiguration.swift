// What a repository says of itself in `.keywright.toml` at its top: which findings it wants to be told of. It names no
// command, no address and no file to write, so nobody has to consent to it; what it hides is counted, and
// `--no-repository-config` does without it.

internal import Formats
internal import Git
internal import Model
internal import Posix
internal import RuleBook
internal import Scanning

struct RepositoryConfiguration {
  /// The file.
  let path: String
  let policy: GatePolicy
  private let root: Node?

  /// The file at the top of what is scanned; nil where there is none.
  static func find(for target: String, environment: GitEnvironment = GitEnvironment()) throws
    -> RepositoryConfiguration?
  {
    guard let top = BaselineFile.top(of: target, environment: environment) else { return nil }
    let path = top + GatePolicy.fileName
    return Files.exists(path) ? try read(path) : nil
  }

  static func read(_ path: String) throws -> RepositoryConfiguration {
    let bytes: [UInt8]
    do { bytes = try Files.read(path, maximumBytes: GatePolicy.maximumBytes) } catch {
      throw Failure(.usage, "\(error)", hint: "--no-repository-config does without it")
    }
    do {
      return RepositoryConfiguration(
        path: path, policy: try GatePolicy(bytes, name: path), root: try? TOML.parse(bytes, name: path))
    } catch {
      throw Failure(
        .usage, error.mistakes.joined(separator: "\nkeywright: "),
        hint: "mend it (keywright config check), or do without it: --no-repository-config")
    }
  }

  /// The line of a key in a table; 1 where it is not there.
  func line(_ table: String, _ key: String) -> Int { root?[table]?[key]?.line ?? 1 }

  /// Whether it says anything of a key.
  func has(_ table: String, _ key: String) -> Bool { root?[table]?[key] != nil }

  /// A list of texts as it is written there.
  func texts(_ table: String, _ key: String) -> [String] { root?[table]?[key]?.array?.compactMap(\.string) ?? [] }

  /// Rules that it ignores and nobody knows, each with its line.
  func unknownRules(_ book: RuleBook) -> [FileMistake] {
    (root?["ignore"]?["rules"]?.array ?? []).compactMap { node in
      guard let id = node.string, book[RuleID(id)] == nil, !id.hasPrefix("keywright-gate-") else { return nil }
      return FileMistake(
        file: path, line: node.line, reason: "no rule has the id '\(shortened(id))'",
        hint: RulesCommand.nearRules(id, book) ?? "see: keywright rules list", isWarning: true)
    }
  }
}
