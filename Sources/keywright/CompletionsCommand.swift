// keywright completions: what a shell needs to finish a word. And the lists that it then asks for.

internal import ArgumentParser
internal import BuiltinRules
internal import Model
internal import Posix
internal import Rotation
internal import RuleBook

/// Shells whose completions can be written.
enum ShellName: String, ExpressibleByArgument, CaseIterable {
  case bash
  case zsh
  case fish
}

struct CompletionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completions",
    abstract: "Write the completions of a shell: commands, flags, formats, rule ids, names of keys.",
    discussion: """
      bash: keywright completions bash > ~/.local/share/bash-completion/completions/keywright

      zsh: keywright completions zsh > DIRECTORY/_keywright, in a directory of $fpath

      fish: keywright completions fish > ~/.config/fish/completions/keywright.fish
      """)

  @Argument(help: "bash, zsh or fish.") var shell: ShellName

  func run() throws {
    guard let shell = CompletionShell(rawValue: shell.rawValue) else { return }
    Console.write(Keywright.completionScript(for: shell) + "\n")
  }
}

/// Lists that are made when a word is to be finished.
enum Completions {
  /// Ids of rules, and of providers.
  static var rules: CompletionKind {
    .custom { _, _, _ in BuiltinRules.ruleBook.rules.map(\.id.rawValue) + BuiltinRules.ruleBook.providers.map(\.id) }
  }

  /// Ids of providers.
  static var providers: CompletionKind { .custom { _, _, _ in BuiltinRules.ruleBook.providers.map(\.id) } }

  /// Names of keys of the configuration that applies. What is wrong with it is no answer to a tabulator.
  static var keys: CompletionKind {
    .custom { _, _, _ in
      for place in (try? ConfigurationPlaces.all(flag: nil)) ?? [] where Files.exists(place.path) {
        guard let file = try? place.read(), let configuration = try? ConfigurationOptions.parse(file) else { return [] }
        return configuration.keys.map(\.name)
      }
      return []
    }
  }

  /// Names of commands, for `manual`.
  static var commands: CompletionKind {
    .custom { _, _, _ in CommandTable.load()?.subcommands.filter(\.isShown).compactMap(\.words.last) ?? [] }
  }

  static let reports = CompletionKind.file(extensions: ["json"])
}
