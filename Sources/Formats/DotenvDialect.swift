// Which program reads an environment file: the same line means different things to each of them.

/// The grammar of an environment file.
public enum DotenvDialect: String, Sendable, Hashable, CaseIterable {
  /// What python-dotenv, Node's `--env-file` and dotenv of npm agree on; where they differ, the value is in doubt.
  case dotenv
  /// python-dotenv.
  case python
  /// Node's `--env-file` and `util.parseEnv`.
  case node
  /// Docker Compose: `.env` and `env_file`.
  case compose
  /// `docker run --env-file`: everything behind `=` is literal, quotes included.
  case docker
  /// A file that a shell sources, direnv's `.envrc` among them. Only plain assignments are read; the rest is in doubt.
  case shell
  /// systemd's `EnvironmentFile=`.
  case systemd

  /// The readers that a file's path suggests; ``dotenv`` where it suggests nothing.
  public static func inferred(from path: String) -> [DotenvDialect] {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    if name == ".envrc" || name.hasSuffix(".sh") || name.hasSuffix(".bash") { return [.shell] }
    if [".bashrc", ".profile", ".bash_profile", ".zshrc", ".zshenv", ".zprofile"].contains(name) { return [.shell] }
    if path.hasPrefix("/etc/default/") || path.hasPrefix("/etc/sysconfig/") { return [.shell, .systemd] }
    return [.dotenv]
  }
}
