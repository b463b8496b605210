// A file of replacements for `git filter-repo`: the values themselves, so that they can be taken out of a history. The only
// file that keywright writes values to, and only when it is asked for.

internal import Git
internal import Model
internal import Posix
internal import Report
internal import Scanning
internal import Secrets

enum Replacements {
  /// What stands where a value stood.
  private static let mark = "***REMOVED***"
  /// A shorter value stands in too many places that have nothing to do with it.
  private static let minimumBytes = 4

  /// Writes the values of a report's open findings, each as it is stored.
  ///
  /// - Returns: whether something had to be left out.
  static func write(_ report: ScanReport, from repository: String?, to path: String) throws -> Bool {
    let target = repository ?? report.target
    guard (try? Repository.open(target)) != nil else {
      throw Failure(
        .usage, "\(printable(target)) is no repository, and there is no history to rewrite",
        hint: "name the repository that the report is about with --repository")
    }
    var stored: Set<[UInt8]> = []
    var missing = 0
    var short = 0
    let locator = Locator(target: target)
    for finding in report.findings where finding.isOpen {
      guard let secret = finding.secret else {
        missing += 1
        continue
      }
      let values = forms(of: secret, finding, locator)
      if values.contains(where: { $0.count < minimumBytes }) { short += 1 }
      stored.formUnion(values.filter { $0.count >= minimumBytes })
    }
    defer { stored.removeAll() }
    // Of two values one of which holds the other, the longer one goes first.
    let lines = stored.sorted { left, right in
      left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count > right.count
    }.flatMap { line($0) }
    do { try Files.replaceAtomically(path, lines, mode: 0o600) } catch {
      throw Failure("the replacements were not written: \(error)", hint: "name another file")
    }
    warn(path, stored.count, target)
    let suppressed = report.findings.count { !$0.isOpen }
    if suppressed > 0 { Console.note("\(suppressed) suppressed findings are not among them") }
    if missing > 0 { Console.note("the values of \(missing) findings could not be read again, and are not among them") }
    if short > 0 { Console.note("\(short) values of fewer than \(minimumBytes) bytes are left out") }
    tellWhatStays(report, target)
    return missing + short > 0
  }

  private static func warn(_ path: String, _ count: Int, _ target: String) {
    let file = printable(path)
    Console.note("WARNING: \(file) holds \(count) \(count == 1 ? "value" : "values") in the clear (mode 0600)")
    Console.note("  never commit, copy or send it, and delete it when the history is rewritten: shred -u \(file)")
    Console.note("  rewriting does not call back what was fetched: replace the keys first (keywright rotate)")
    Console.note("  in a fresh clone: git filter-repo --replace-text \(file) --replace-message \(file)")
  }

  /// The bytes that stand for a value: the value, and where it is stored encoded, the encoded bytes.
  private static func forms(of secret: Secret, _ finding: Finding, _ locator: Locator) -> Set<[UInt8]> {
    var forms: Set<[UInt8]> = [secret.copyBytes()]
    for occurrence in finding.occurrences where !occurrence.decoders.isEmpty {
      var raw = occurrence
      raw.decoders = []
      guard let decoded = try? locator.read(occurrence), decoded == secret, let bytes = try? locator.read(raw) else {
        continue
      }
      forms.insert(bytes.copyBytes())
    }
    return forms
  }

  /// One line. `git filter-repo` reads lines, so a value of several is written as an expression.
  private static func line(_ value: [UInt8]) -> [UInt8] {
    let end = Array("==>\(mark)\n".utf8)
    guard value.contains(0x0a) else { return Array("literal:".utf8) + value + end }
    let digits = Array("0123456789abcdef".utf8)
    let escaped = value.flatMap { byte -> [UInt8] in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: [byte]
      default: [0x5c, 0x78, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return Array("regex:".utf8) + escaped + end
  }

  /// What `git filter-repo` does not rewrite: contents that git takes for binary, names, and objects that no ref reaches.
  private static func tellWhatStays(_ report: ScanReport, _ target: String) {
    guard let repository = try? Repository.open(target),
      let reader = try? repository.objectStore(GitEnvironment()).makeReader()
    else {
      return
    }
    var binary: [ObjectID] = []
    var names = 0
    var paths = 0
    for place in report.findings.filter(\.isOpen).flatMap(\.occurrences) {
      if place.place == .fileName || place.place == .refName { paths += 1 }
      guard let object = place.object, place.reachability?.isReached != false else { continue }
      if place.place == .blob {
        let isBinary = try? reader.read(object) { _, bytes in (0..<min(bytes.count, 8_192)).contains { bytes[$0] == 0 }
        }
        if isBinary == true, !binary.contains(object) { binary.append(object) }
      } else if place.place == .author || place.place == .committer {
        names += 1
      }
    }
    if !binary.isEmpty {
      Console.note(
        "git filter-repo changes no binary files, and \(binary.count) hold a value; take them out whole with "
          + "--strip-blobs-with-ids, from a file of these ids:")
      for id in binary.prefix(50) { Console.note("  \(id)") }
    }
    if paths > 0 {
      Console.note("\(paths) values stand in the names of files or refs, for which --path-rename is there")
    }
    if names > 0 { Console.note("\(names) values stand in authors' names, for which --mailmap is there") }
  }
}
