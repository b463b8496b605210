// The one table of commands and flags: what the parser itself says of them. Manual pages, suggestions and checks are made of it.

internal import ArgumentParser
internal import Formats

/// A command with its arguments.
struct CommandEntry {
  /// The words that call it, `keywright` first.
  var words: [String]
  var abstract: String
  var discussion: String
  var isShown: Bool
  var arguments: [ArgumentEntry]
  var subcommands: [CommandEntry]

  /// As it is typed.
  var call: String { words.joined(separator: " ") }
  /// The name of its manual page.
  var page: String { words.joined(separator: "-") }
  /// It, and all below.
  var all: [CommandEntry] { [self] + subcommands.flatMap(\.all) }

  /// The subcommand of that name.
  func subcommand(_ name: String) -> CommandEntry? { subcommands.first { $0.words.last == name } }
}

/// A positional argument, an option or a flag.
struct ArgumentEntry {
  enum Kind: String {
    case positional
    case option
    case flag
  }

  var kind: Kind
  /// With their dashes; empty for a positional.
  var names: [String]
  var valueName: String
  var abstract: String
  var discussion: String
  var defaultValue: String
  /// The values that it may have, where they can be listed.
  var values: [String]
  var isOptional: Bool
  var isRepeating: Bool
  var isShown: Bool
}

enum CommandTable {
  /// The program with all its commands; nil if the parser says something that can't be read, which a test would notice.
  static func load() -> CommandEntry? {
    guard let root = try? JSON.parse(Array(Keywright._dumpHelp().utf8), name: "help"), let command = root["command"]
    else { return nil }
    return entry(command, below: [])
  }

  private static func entry(_ node: Node, below words: [String]) -> CommandEntry {
    let words = words + [node["commandName"]?.string ?? ""]
    return CommandEntry(
      words: words, abstract: node["abstract"]?.string ?? "", discussion: node["discussion"]?.string ?? "",
      isShown: node["shouldDisplay"]?.boolean ?? true,
      arguments: (node["arguments"]?.array ?? []).compactMap(argument),
      // `help` is the parser's own, and says what --help says.
      subcommands: (node["subcommands"]?.array ?? []).filter { $0["commandName"]?.string != "help" }
        .map { entry($0, below: words) })
  }

  private static func argument(_ node: Node) -> ArgumentEntry? {
    guard let kind = node["kind"]?.string.flatMap({ ArgumentEntry.Kind(rawValue: $0) }) else { return nil }
    let names = (node["names"]?.array ?? []).compactMap { name -> String? in
      guard let text = name["name"]?.string else { return nil }
      return (name["kind"]?.string == "long" ? "--" : "-") + text
    }
    return ArgumentEntry(
      kind: kind, names: names.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) },
      valueName: node["valueName"]?.string ?? "", abstract: node["abstract"]?.string ?? "",
      discussion: node["discussion"]?.string ?? "", defaultValue: node["defaultValue"]?.string ?? "",
      values: (node["allValues"]?.array ?? []).compactMap(\.string), isOptional: node["isOptional"]?.boolean ?? true,
      isRepeating: node["isRepeating"]?.boolean ?? false, isShown: node["shouldDisplay"]?.boolean ?? true)
  }
}
