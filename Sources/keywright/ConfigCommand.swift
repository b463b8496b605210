// keywright config: what applies here and why, and whether the files that say so are right.

internal import ArgumentParser
internal import Formats
internal import Posix

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Show the configuration that applies and where each value comes from, or check its files.",
    discussion: """
      Two files. A keywright.toml says which keys are yours, and how you like your scans ([scan]); it is taken from
      --config, $KEYWRIGHT_CONFIG, the current directory (once trusted), $XDG_CONFIG_HOME/keywright, or /etc/keywright: the
      first one counts. A .keywright.toml at the top of a repository says what its gate fails on ([gate]), what is ignored
      there ([ignore]), and the least confidence that is told ([scan]); it can name no command, address or file to write.

      For a scan, flags go before KEYWRIGHT_* variables, those before the repository's file, that before yours.
      """,
    subcommands: [Show.self, Check.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show every effective value, and the file and line, variable or flag that it comes from.",
      discussion: "Give the flags that you would give to a scan, and they are taken into account. Exit status: 0.")

    @Argument(
      help: ArgumentHelp("The repository (default: the current directory).", valueName: "path"), completion: .directory)
    var path: String?
    @Flag(help: "Write JSON.") var json = false
    @OptionGroup var configured: ConfigurationOptions
    @OptionGroup var stateOptions: StateOptions
    @OptionGroup var judgement: JudgementOptions

    func run() throws {
      let effective = try EffectiveConfiguration(
        target: path ?? ".", configured: configured, state: stateOptions, judgement: judgement)
      Console.write(json ? effective.json : Array(effective.text.utf8))
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Report every mistake in configuration files at once, each with file, line, reason and hint.",
      discussion: """
        Without files: the keywright.toml that would be looked at, the repository's .keywright.toml, baseline and
        gitleaks files, and the KEYWRIGHT_* variables. A file's kind is told from its name, or from what is in it:
        keywright.toml, .keywright.toml, .keywright-baseline, .gitleaks.toml, .gitleaksignore, a provider's rule file.

        Examples: keywright config check; keywright config check rules/acme.toml

        Exit status: 0 no mistake, 2 mistakes (or, with --strict, warnings).
        """)

    @Argument(help: ArgumentHelp("Files (default: those that apply here).", valueName: "file"), completion: .file())
    var files: [String] = []
    @Option(
      help: ArgumentHelp("The repository (default: the current directory).", valueName: "path"), completion: .directory)
    var repository: String?
    @Flag(help: "Write JSON.") var json = false
    @Flag(help: "Let warnings count as mistakes.") var strict = false
    @OptionGroup var configured: ConfigurationOptions

    func run() throws {
      let checked =
        try files.isEmpty
        ? ConfigurationCheck.all(repository: repository ?? ".", flag: configured.config)
        : ConfigurationCheck.files(files)
      if json { Console.write(checked.json) } else { Console.write(checked.text) }
      let mistakes = checked.remarks.count { !$0.isWarning }
      let warnings = checked.remarks.count - mistakes
      func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
      Console.note(
        "\(counted(checked.files.count, "file")), \(counted(mistakes, "mistake")), \(counted(warnings, "warning"))")
      if mistakes > 0 || strict && warnings > 0 { throw ExitStatus.usage }
    }
  }
}
