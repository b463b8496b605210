// What a person sees when a hook stops them: the finding, the line with the value masked, and the three ways on, each as a
// command or a line that can be used as it stands.

internal import Model
internal import Report
internal import Scanning

struct HookAdvice {
  let hook: HookKind
  let colour: Bool
  let excerpts: Excerpts?
  /// Whether there is no commit yet, which `git restore` wants.
  var isFirstCommit = false
  /// Whether git was called in a directory below the top: paths are then said from the top.
  var isBelowTop = false
  /// Places of what was found and does not count: too weak to stop anybody, but not to be shown either.
  var alsoMasked: [Occurrence] = []
  /// The configured keys whose values were found, by fingerprint.
  var configured: [String: String] = [:]
  private static let maximumShown = 20
  private static let maximumListed = 5

  func text(_ report: ScanReport) -> String {
    let open = report.findings.filter(\.isOpen)
    let places = report.findings.flatMap(\.occurrences) + alsoMasked
    var text = "\n"
    for finding in open.prefix(HookAdvice.maximumShown) {
      text += TextReport(colour: colour).card(finding)
      if let place = finding.occurrences.first, let line = excerpts?.line(of: place, masking: places) {
        text += "  \(place.line) | \(printable(line))\n"
      }
      text += "  flagged because \(finding.confidence.reason)\n\n"
    }
    if open.count > HookAdvice.maximumShown { text += "… and \(open.count - HookAdvice.maximumShown) more\n\n" }
    let count = open.count == 1 ? "a key" : "\(open.count) keys"
    switch hook {
    case .preCommit:
      text += "keywright: this commit would add \(count). Three ways on:\n"
      return text + takeOut(open) + replace(open) + allow(open)
    case .prePush:
      text += "keywright: this push would publish \(count). Three ways on:\n"
      text += "  1. take it out:   \(takingOut(open))\n"
      return text + replace(open) + allow(open)
    case .preReceive:
      text += "keywright: this push brings \(count), and is refused.\n"
      text += "  1. take it out:   \(takingOut(open))\n"
      // What the pushed commits themselves say excuses nothing here, unless the server's policy lets it.
      return text + replace(open)
        + "  3. it is no key:  an entry in the baseline of the default branch, which whoever may push there adds first\n"
    }
  }

  // MARK: The ways

  private static let indent = String(repeating: " ", count: 20)

  private func takeOut(_ open: [Finding]) -> String {
    var paths: [String] = []
    for place in open.flatMap(\.occurrences) where !paths.contains(place.path.description) {
      paths.append(place.path.description)
    }
    let listed = paths.prefix(HookAdvice.maximumListed).map { quoted(isBelowTop ? ":/" + $0 : $0) }
    let command = isFirstCommit ? "git rm --cached" : "git restore --staged"
    let more = paths.count > HookAdvice.maximumListed ? " …" : ""
    return "  1. take it out:   \(command) -- \(listed.joined(separator: " "))\(more)\n"
      + "\(HookAdvice.indent)then let the program read it from its environment, and git add the file again\n"
  }

  private func replace(_ open: [Finding]) -> String {
    let names = Set(open.compactMap { configured[$0.fingerprint] }).sorted()
    if names.isEmpty {
      return
        "  2. it was shared: keywright rotate NAME   replaces a key that your keywright.toml names, at its provider and in\n"
        + "\(HookAdvice.indent)your files; any other: make a new one at its provider, and revoke this one\n"
    }
    return "  2. it was shared: keywright rotate \(names.map { quoted($0) }.joined(separator: " "))\n"
      + "\(HookAdvice.indent)replaces it at its provider and in your files; then take the old one out all the same\n"
  }

  /// A comment where the file's language has one, and the baseline in any case.
  private func allow(_ open: [Finding]) -> String {
    var text = "  3. it is no key:  say why, at the end of its line, in a comment:  keywright:allow <reason>\n"
    for finding in open.prefix(HookAdvice.maximumListed) {
      guard let place = finding.occurrences.first, let comment = CommentSyntax.comment(in: place.path.description)
      else {
        continue
      }
      text += "\(HookAdvice.indent)\(printable(place.path.description)):\(place.line)  \(comment)\n"
    }
    let command = hook == .preCommit ? "keywright baseline allow" : "keywright baseline update --reason '<reason>'"
    guard hook == .preCommit else { return text + "\(HookAdvice.indent)or in the baseline:  \(command)\n" }
    for finding in open.prefix(HookAdvice.maximumListed) {
      text +=
        "\(HookAdvice.indent)or in the baseline:  \(command) \(finding.fingerprint.prefix(12)) --reason '<reason>'\n"
    }
    return text
  }

  /// How to take out what a commit, or a tag without one, brings.
  private func takingOut(_ open: [Finding]) -> String {
    let places = open.flatMap(\.occurrences)
    let byTag = places.count { $0.place == .tag || $0.reachability == .tag }
    let commit = "git rebase -i \(base(open)), and edit the commit that is named above"
    let tag = "git tag -d NAME, and make the tag anew"
    return byTag == 0 ? commit : byTag == places.count ? tag : "\(commit); of a tag: \(tag)"
  }

  /// The commit to rebase onto: the parent of the one that brought the key, where a single one did.
  private func base(_ open: [Finding]) -> String {
    let commits = Set(open.flatMap(\.occurrences).compactMap { $0.introduced?.id })
    guard commits.count == 1, let only = commits.first else { return "COMMIT^" }
    return "\(only.short)^"
  }

  private func quoted(_ path: String) -> String {
    let plain = path.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isAlphabetic && scalar.isASCII || ("0"..."9").contains(scalar)
        || "._/-+@%,=".unicodeScalars.contains(scalar)
    }
    return plain ? path : "'" + printable(path).replacing("'", with: "'\\''") + "'"
  }
}

/// How a comment at the end of a line is written, by a file's name. Formats in which such a comment would become part of a
/// value (environment files, properties), or that have none (JSON), are left out.
enum CommentSyntax {
  private static let endings: [(open: String, close: String, names: Set<String>)] = [
    (
      "#", "",
      [
        "py", "rb", "sh", "bash", "zsh", "fish", "yml", "yaml", "toml", "tf", "hcl", "r", "pl", "pm", "ps1", "nix",
        "ex",
        "exs", "jl", "cmake", "mk", "coffee", "awk", "nim", "cr",
      ]
    ),
    (
      "//", "",
      [
        "c", "h", "cc", "cpp", "cxx", "hpp", "cs", "fs", "go", "java", "js", "jsx", "mjs", "cjs", "ts", "tsx", "swift",
        "kt", "kts", "rs", "scala", "groovy", "gradle", "dart", "php", "m", "mm", "proto", "zig", "jsonc", "json5",
        "scss", "less", "sol", "v",
      ]
    ),
    ("--", "", ["sql", "lua", "hs", "elm", "adb", "ads"]), (";;", "", ["el", "lisp", "clj", "cljs", "scm"]),
    ("%", "", ["tex", "erl", "hrl"]), ("<!--", " -->", ["html", "htm", "xhtml", "xml", "svg", "md", "vue", "plist"]),
    ("/*", " */", ["css"]),
  ]
  private static let names: [String: String] = ["makefile": "#", "gemfile": "#", "rakefile": "#", "jenkinsfile": "//"]

  /// The comment that allows a line, with a place for the reason; nil where the line can hold none.
  static func comment(in path: String) -> String? {
    let name = (path.split(separator: "/").last.map(String.init) ?? path).lowercased()
    if let open = names[name] { return "\(open) keywright:allow <reason>" }
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
    let ending = String(name[name.index(after: dot)...])
    return endings.first { $0.names.contains(ending) }.map { "\($0.open) keywright:allow <reason>\($0.close)" }
  }
}
