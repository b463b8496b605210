// What a person sees when a hook stops them: the finding, the line with the value masked, and the three ways on.

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
  private static let maximumShown = 20

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
    case .preCommit: text += "keywright: this commit would add \(count). Three ways on:\n" + commitWays(open)
    case .prePush:
      text += "keywright: this push would publish \(count). Three ways on:\n" + historyWays(open)
    case .preReceive: text += "keywright: this push brings \(count), and is refused.\n" + serverWays(open)
    }
    return text
  }

  private func commitWays(_ open: [Finding]) -> String {
    let places = open.flatMap(\.occurrences)
    var paths: [String] = []
    for place in places where !paths.contains(place.path.description) { paths.append(place.path.description) }
    let listed = paths.prefix(5).map { quoted(isBelowTop ? ":/" + $0 : $0) }.joined(separator: " ")
    let command = isFirstCommit ? "git rm --cached" : "git restore --staged"
    let more = paths.count > 5 ? " …" : ""
    return """
        1. take it out:   \(command) -- \(listed)\(more)   then read it from the environment instead
        2. it was shared: keywright rotate NAME   replaces it at its provider and in your .env files
        3. it is no key:  add at the end of the line, as a comment:  keywright:allow <reason>

      """
  }

  /// How to take out what a commit, or a tag without one, brings.
  private func takingOut(_ open: [Finding]) -> String {
    let places = open.flatMap(\.occurrences)
    let byTag = places.count { $0.place == .tag || $0.reachability == .tag }
    let commit = "git rebase -i, and edit the commit that is named above"
    let tag = "git tag -d NAME, and make the tag anew"
    return byTag == 0 ? commit : byTag == places.count ? tag : "\(commit); of a tag: \(tag)"
  }

  private func historyWays(_ open: [Finding]) -> String {
    """
      1. take it out:   \(takingOut(open))
      2. it was shared: keywright rotate NAME   replaces it at its provider and in your .env files
      3. it is no key:  a comment on its line:  keywright:allow <reason>   or an entry: keywright baseline update

    """
  }

  /// What the pushed commits themselves say excuses nothing here, unless the server's policy lets it.
  private func serverWays(_ open: [Finding]) -> String {
    """
      1. take it out:   \(takingOut(open))
      2. it was shared: keywright rotate NAME   replaces it at its provider and in your .env files
      3. it is no key:  an entry in the baseline of the default branch, which whoever may push there adds first

    """
  }

  private func quoted(_ path: String) -> String {
    let plain = path.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isAlphabetic && scalar.isASCII || ("0"..."9").contains(scalar)
        || "._/-+@%,=".unicodeScalars.contains(scalar)
    }
    return plain ? path : "'" + printable(path).replacing("'", with: "'\\''") + "'"
  }
}
