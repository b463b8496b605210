// keywright manual: the manual pages, written from the one table of commands and flags.

internal import ArgumentParser
internal import Posix

struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual",
    abstract: "Write the manual pages of the program and its commands.",
    discussion: """
      Writes the page of a command to stdout, or with --directory the pages of all commands into files.

      Examples: keywright manual scan | man -l -; keywright manual --directory /usr/local/share/man/man1
      """)

  @Argument(
    help: ArgumentHelp("Whose page, such as: rules list (default: the program's).", valueName: "command"),
    completion: Completions.commands)
  var command: [String] = []
  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write every page there, such as keywright-scan.1.", valueName: "directory"),
    completion: .directory)
  var directory: String?

  func validate() throws {
    guard directory == nil || command.isEmpty else { throw ValidationError("give a command or --directory") }
  }

  func run() throws {
    guard let root = CommandTable.load() else { throw Failure("the table of commands can't be read") }
    guard let directory else {
      var entry = root
      for word in command where word != "keywright" {
        guard let next = entry.subcommand(word) else {
          let names = entry.subcommands.compactMap(\.words.last)
          throw Failure(
            .usage, "\(entry.call) has no command '\(shortened(word))'",
            hint: Near.hint(word, among: names) ?? "it has: \(names.joined(separator: ", "))")
        }
        entry = next
      }
      return Console.write(ManualPage(entry, root: root).text)
    }
    let entries = root.all.filter(\.isShown)
    do {
      try Files.makeDirectory(directory, mode: 0o755)
      for entry in entries {
        let path = "\(directory)/\(entry.page).1"
        try Files.replaceAtomically(path, Array(ManualPage(entry, root: root).text.utf8), mode: 0o644)
      }
    } catch {
      throw Failure("\(error)", hint: "name another place with --directory")
    }
    Console.note("wrote \(entries.count) pages to \(directory)")
  }
}

/// A manual page in the man macros, which groff and mandoc both read.
struct ManualPage {
  private let entry: CommandEntry
  private let root: CommandEntry

  init(_ entry: CommandEntry, root: CommandEntry) {
    self.entry = entry
    self.root = root
  }

  private var isMain: Bool { entry.words.count == 1 }

  var text: String {
    let title = Roff.escape(entry.page.uppercased())
    var page = ".\\\" Written by keywright manual from its table of commands.\n"
    page += ".TH \(title) 1 \"\" \"keywright \(Roff.escape(programVersion))\" \"keywright manual\"\n"
    // Names of flags and files are not to be broken at a line's end.
    page += ".nh\n"
    page += ".SH NAME\n\(Roff.escape(entry.page)) \\- \(Roff.escape(withoutPeriod(entry.abstract)))\n"
    page += ".SH SYNOPSIS\n" + synopsis
    page += body
    page += commands + options
    if isMain { page += exitStatus + environment + files }
    return page + seeAlso
  }

  private func withoutPeriod(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }

  private var synopsis: String {
    var parts = ["\\fB\(Roff.escape(entry.call))\\fR"]
    if !entry.subcommands.isEmpty { parts.append("\\fIcommand\\fR") }
    if entry.arguments.contains(where: { $0.kind != .positional }) { parts.append("[\\fIoptions\\fR]") }
    for argument in entry.arguments where argument.kind == .positional && argument.isShown {
      let name = "\\fI\(Roff.escape(argument.valueName))\\fR" + (argument.isRepeating ? " ..." : "")
      parts.append(argument.isOptional ? "[\(name)]" : name)
    }
    return parts.joined(separator: " ") + "\n"
  }

  /// The discussion, whose paragraphs on examples and exit status get sections of their own.
  private var body: String {
    var description = ".SH DESCRIPTION\n\(Roff.escape(entry.abstract))\n"
    var examples = ""
    var status = ""
    for paragraph in Roff.paragraphs(entry.discussion) {
      if let rest = after(["Examples: ", "Example: "], paragraph) {
        for line in rest.split(separator: ";") {
          examples += (examples.isEmpty ? "" : ".PP\n") + ".EX\n\(Roff.line(trimmed(line)))\n.EE\n"
        }
      } else if let rest = after(["Exit status: "], paragraph) {
        status = ".SH EXIT STATUS\n\(Roff.line(rest))\n"
      } else {
        description += ".PP\n\(Roff.line(paragraph))\n"
      }
    }
    if isMain { status = "" }
    return description + status + (examples.isEmpty ? "" : ".SH EXAMPLES\n" + examples)
  }

  private func after(_ beginnings: [String], _ text: String) -> String? {
    beginnings.first { text.hasPrefix($0) }.map { String(text.dropFirst($0.count)) }
  }

  private func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }

  private var commands: String {
    let shown = entry.subcommands.filter(\.isShown)
    if shown.isEmpty { return "" }
    return ".SH COMMANDS\n"
      + shown.map { ".TP\n\\fB\(Roff.escape($0.page))\\fR(1)\n\(Roff.line($0.abstract))\n" }.joined()
  }

  private var options: String {
    let shown = entry.arguments.filter(\.isShown)
    if shown.isEmpty { return "" }
    return ".SH OPTIONS\n" + shown.filter { $0.kind == .positional }.map(option).joined()
      + shown.filter { $0.kind != .positional }.map(option).joined()
  }

  private func option(_ argument: ArgumentEntry) -> String {
    var head = argument.names.map { "\\fB\(Roff.escape($0))\\fR" }.joined(separator: ", ")
    if argument.kind != .flag {
      head += (head.isEmpty ? "" : " ") + "\\fI\(Roff.escape(argument.valueName))\\fR"
    }
    var text = argument.abstract
    if !argument.discussion.isEmpty { text += " \(argument.discussion)" }
    if !argument.values.isEmpty, argument.kind == .option {
      text += " One of: \(argument.values.joined(separator: ", "))."
    }
    if !argument.defaultValue.isEmpty, argument.kind != .flag, !text.contains("default:") {
      text += " Default: \(argument.defaultValue)."
    }
    return ".TP\n\(head)\n\(text.isEmpty ? "\\&" : Roff.line(text))\n"
  }

  private var exitStatus: String {
    ".SH EXIT STATUS\n" + ExitStatus.meanings.map { ".TP\n\\fB\($0.code)\\fR\n\(Roff.line($0.text))\n" }.joined()
      + ".PP\nAnything else is a failure.\n"
  }

  private var environment: String {
    let rows = Variables.all + Variables.foreign
    return ".SH ENVIRONMENT\n" + rows.map { ".TP\n\\fB\(Roff.escape($0.name))\\fR\n\(Roff.line($0.about))\n" }.joined()
  }

  private var files: String {
    let rows: [(String, String)] = [
      (".keywright.toml", "At the top of a repository: what its gate fails on, and what is ignored there."),
      (".keywright-baseline", "At the top of a repository: findings that are known and judged."),
      ("$XDG_CONFIG_HOME/keywright/keywright.toml", "Which keys are yours, and how you like your scans."),
      ("/etc/keywright/keywright.toml", "The same for everybody on the machine."),
      ("$XDG_CONFIG_HOME/keywright/trusted", "The content that keywright trust consented to."),
      ("$XDG_STATE_HOME/keywright/", "The ledger of rotations, and the install's key."),
      ("$XDG_CACHE_HOME/keywright/", "The last report of each repository, without values."),
    ]
    return ".SH FILES\n" + rows.map { ".TP\n\\fI\(Roff.escape($0.0))\\fR\n\(Roff.line($0.1))\n" }.joined()
  }

  private var seeAlso: String {
    var pages: [String] = []
    if !isMain { pages.append(root.page) }
    if let parent = root.all.first(where: { $0.words == entry.words.dropLast() }) {
      if parent.page != root.page { pages.append(parent.page) }
      if !isMain, parent.words.count > 1 {
        pages += parent.subcommands.filter { $0.isShown && $0.page != entry.page }.map(\.page)
      }
    }
    pages += isMain ? entry.subcommands.filter(\.isShown).map(\.page) : []
    if pages.isEmpty { return "" }
    return ".SH SEE ALSO\n" + pages.map { ".BR \(Roff.escape($0)) (1)" }.joined(separator: " ,\n") + "\n"
  }
}

/// Text for the man macros.
enum Roff {
  /// Paragraphs of a text that is broken into lines for the terminal.
  static func paragraphs(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .split { $0.allSatisfy { $0 == " " } }
      .map { $0.map { String($0.drop { $0 == " " }) }.joined(separator: " ") }
  }

  /// A text line: escaped, and never taken for a request.
  static func line(_ text: String) -> String {
    let escaped = escape(text)
    return escaped.hasPrefix(".") || escaped.hasPrefix("\\(aq") ? "\\&" + escaped : escaped
  }

  /// Every character as itself: groff would make typographic ones of some, and needs names for others.
  static func escape(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "'": result += "\\(aq"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case "\"": result += "\\(dq"
      case "\n", "\r", "\t": result += " "
      case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\[u\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)]"
      }
    }
    return result
  }
}
