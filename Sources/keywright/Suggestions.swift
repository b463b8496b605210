// What a mistyped command line probably meant: its commands, flags and values are held against the one table of them.

internal import ArgumentParser

struct Suggestion: Equatable {
  /// What is wrong, where more can be said than the parser does.
  var message: String?
  var hint: String?
  /// How the command is called, for the line "usage".
  var command: String
}

enum Suggestions {
  /// Goes through the words as the parser would, up to the first that can't be right.
  static func find(_ arguments: [String]) -> Suggestion {
    guard let root = CommandTable.load() else { return Suggestion(command: "keywright") }
    var walk = Walk(command: root)
    var index = 0
    while index < arguments.count {
      let word = arguments[index]
      index += 1
      if word == "--" { break }
      if word.hasPrefix("-"), word != "-" {
        let next = index < arguments.count ? arguments[index] : nil
        let outcome = walk.flag(word, next)
        if let found = outcome.found { return found }
        if outcome.takesNext { index += 1 }
      } else if let found = walk.word(word) {
        return found
      }
    }
    return Suggestion(hint: "see: \(walk.command.call) --help", command: walk.command.call)
  }

  private struct Walk {
    var command: CommandEntry
    private var positionals = 0

    init(command: CommandEntry) { self.command = command }

    mutating func word(_ word: String) -> Suggestion? {
      if let next = command.subcommand(word) {
        command = next
        return nil
      }
      let places = command.arguments.filter { $0.kind == .positional && $0.isShown }
      if places.isEmpty, !command.subcommands.isEmpty {
        let names = command.subcommands.filter(\.isShown).compactMap(\.words.last)
        return Suggestion(
          message: "\(command.call) has no command '\(shortened(word))'",
          hint: nearCommand(word, names) ?? "it has: \(names.joined(separator: ", "))", command: command.call)
      }
      defer { positionals += 1 }
      guard let place = positionals < places.count ? places[positionals] : places.last, !place.values.isEmpty,
        !place.values.contains(word)
      else { return nil }
      return Suggestion(hint: valueHint(word, place), command: command.call)
    }

    /// A word that is a command somewhere else in the program is told with its way: `list` may mean `rules list`.
    private func nearCommand(_ word: String, _ names: [String]) -> String? {
      if let hint = Near.hint(word, among: names) { return hint }
      guard let root = CommandTable.load() else { return nil }
      let elsewhere = root.all.filter { $0.isShown && $0.words.last == word }.map(\.call)
      return elsewhere.isEmpty ? nil : "did you mean \(elsewhere.map { "'\($0)'" }.joined(separator: ", "))?"
    }

    mutating func flag(_ word: String, _ next: String?) -> (found: Suggestion?, takesNext: Bool) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let name = parts.first, !["--help", "-h", "--version"].contains(name) else { return (nil, false) }
      guard let argument = command.arguments.first(where: { $0.names.contains(name) }) else {
        let names = command.arguments.filter(\.isShown).flatMap(\.names).filter { $0.hasPrefix("--") }
        let hint = Near.hint(name, among: names) ?? "see: \(command.call) --help"
        return (Suggestion(message: "unknown option '\(shortened(name))'", hint: hint, command: command.call), false)
      }
      guard argument.kind == .option else { return (nil, false) }
      let value = parts.count > 1 ? parts[1] : next
      if let value, !argument.values.isEmpty, !argument.values.contains(value) {
        return (Suggestion(hint: valueHint(value, argument), command: command.call), false)
      }
      return (nil, parts.count == 1)
    }

    private func valueHint(_ word: String, _ argument: ArgumentEntry) -> String {
      Near.hint(word, among: argument.values) ?? "one of: \(argument.values.joined(separator: ", "))"
    }
  }
}
