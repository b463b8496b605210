// What other scanners' files in a repository (`.gitleaks.toml`, `.betterleaks.toml`, `.gitleaksignore`) say to keywright's
// own commands: rules of theirs are added, and what they do not want is marked and counted. Nothing that they say takes a
// rule of ours away, so nothing goes unseen.

internal import BuiltinRules
internal import Git
internal import Matching
internal import Model
internal import Posix
internal import Report
internal import RuleBook
internal import Scanning

/// The other scanners' files that count for one scan.
struct ForeignFiles {
  /// Where the files are read.
  private struct Source {
    /// A file of the repository; nil where it has none of that name.
    var read: (String, Int) throws -> [UInt8]?
    /// What a file of the repository is called in messages.
    var name: (String) -> String
  }

  private static let configurations = GatePolicy.Decider.rules.files
  private static let ignoreFiles = GatePolicy.Decider.ignore.files

  private(set) var configuration: GitleaksConfiguration?
  private var filter: AllowlistFilter?
  private var ignored = GitleaksIgnore()
  /// The files that were found.
  private(set) var names: [String] = []
  private(set) var notes: [String] = []

  /// None.
  static var none: ForeignFiles { ForeignFiles() }
  private init() {}

  /// Whether there are none.
  var isEmpty: Bool { names.isEmpty }

  /// Those of a work tree or a directory; for a bare repository those of its head.
  ///
  /// - Parameters:
  ///   - target: what is scanned; nil for a stream, for which only the environment speaks.
  ///   - isDirectory: whether it is scanned as a directory, whatever repository it lies in.
  ///   - hearsRepository: whether the repository's own files count; the environment's always do.
  static func load(
    for target: String?, isDirectory: Bool = false, environment: GitEnvironment, hearsRepository: Bool = true
  ) throws -> ForeignFiles {
    guard let target, hearsRepository else { return try ForeignFiles(Source(read: { _, _ in nil }, name: { $0 })) }
    if !isDirectory, let repository = try? Repository.open(target, environment: environment), repository.workTree == nil
    {
      guard let head = repository.head(), let reader = try? repository.objectStore(environment).makeReader(),
        let contents = try? CommitContents(head, reader: reader)
      else { return .none }
      return try ForeignFiles(contents, name: "HEAD", workTree: nil)
    }
    let top = (isDirectory ? nil : BaselineFile.top(of: target)) ?? target + "/"
    return try ForeignFiles(
      Source(
        read: { name, limit in
          let path = top + name
          guard let status = try? Files.status(path, followsLinks: false) else { return nil }
          // Where a link leads is not the repository's to say.
          guard status.kind == .regular else { throw Failure(.usage, "\(path) is no regular file") }
          guard let real = try? Files.realPath(path), let base = try? Files.realPath(top),
            real.hasPrefix(base.hasSuffix("/") ? base : base + "/")
          else { throw Failure(.usage, "\(path) lies behind a link that leads out of the repository") }
          return try Files.read(path, maximumBytes: limit)
        }, name: { top + $0 }))
  }

  /// Those of a commit, whatever the work tree holds: a change can't speak for itself.
  ///
  /// - Parameters:
  ///   - name: what to call the commit.
  ///   - workTree: the work tree, if there is one: `GITLEAKS_CONFIG` may name a file in it.
  init(_ contents: CommitContents, name: String, workTree: String?) throws {
    try self.init(
      Source(
        read: { path, limit in
          do { return try contents.file(path, maximumBytes: limit) } catch {
            throw Failure(.incomplete, "\(name):\(path) can't be read: \(error)", hint: "fetch it, or see: git fsck")
          }
        }, name: { "\(name):\($0)" }), workTree: workTree)
  }

  private init(_ source: Source, workTree: String? = nil) throws {
    if let (bytes, name) = try ForeignFiles.configuration(source, workTree) {
      names.append(name)
      try read(bytes, name, source)
    }
    for file in ForeignFiles.ignoreFiles {
      guard let bytes = try source.read(file, GitleaksIgnore.maximumBytes) else { continue }
      names.append(source.name(file))
      ignored.add(ignoreFile: bytes, name: source.name(file))
    }
    notes += (configuration?.notes ?? []).map(\.description) + ignored.notes.map(\.description)
  }

  /// `GITLEAKS_CONFIG` (a path), `GITLEAKS_CONFIG_TOML` (the text), or the first of the usual files.
  private static func configuration(_ source: Source, _ workTree: String?) throws -> (bytes: [UInt8], name: String)? {
    let limit = GitleaksConfiguration.maximumBytes
    if let path = Surroundings.variable("GITLEAKS_CONFIG") {
      // What the environment names inside of the change's own work tree is read where it can be trusted.
      if let workTree, let inside = below(workTree, path) {
        guard let bytes = try source.read(inside, limit) else {
          throw Failure(
            .usage, "GITLEAKS_CONFIG names \(printable(path)), and there is no \(source.name(inside))",
            hint: "a change's own configuration does not count until it is merged")
        }
        return (bytes, source.name(inside))
      }
      do { return (try Files.read(path, maximumBytes: limit), path) } catch {
        throw Failure(.usage, "GITLEAKS_CONFIG: \(error)", hint: "mend or unset the variable")
      }
    }
    if let text = Surroundings.variable("GITLEAKS_CONFIG_TOML") { return (Array(text.utf8), "GITLEAKS_CONFIG_TOML") }
    for file in configurations {
      if let bytes = try source.read(file, limit) { return (bytes, source.name(file)) }
    }
    return nil
  }

  /// The path of a file from the top of a work tree that it lies in; nil for one that lies elsewhere.
  private static func below(_ workTree: String, _ path: String) -> String? {
    guard let top = try? Files.realPath(workTree) else { return nil }
    // The change may not have the file, or have something else in its place: its directory decides.
    guard let folder = try? Files.realPath(Files.parent(path)) else {
      return path.hasPrefix("/") ? nil : path
    }
    let real = (folder == "/" ? "" : folder) + "/" + Files.lastPart(path)
    let prefix = top.hasSuffix("/") ? top : top + "/"
    return real.hasPrefix(prefix) ? String(real.dropFirst(prefix.count)) : nil
  }

  private mutating func read(_ bytes: [UInt8], _ name: String, _ source: Source) throws {
    do {
      let parsed = try GitleaksConfiguration.parse(
        bytes, name: name, builtin: BuiltinRules.ruleBook.rules, keepsBuiltin: true
      ) { path in
        // A repository's file builds on the repository's own files alone.
        let parts = path.split(separator: "/")
        if path.hasPrefix("/") || parts.contains("..") { return nil }
        let plain = parts.filter { $0 != "." }.joined(separator: "/")
        return (try? source.read(plain, GitleaksConfiguration.maximumBytes)).flatMap { $0 }
      }
      filter = try AllowlistFilter(parsed, marksPaths: true)
      configuration = parsed
    } catch {
      let failure = GitleaksFiles.failure(error)
      throw Failure(.usage, failure.message, hint: "mend \(name)")
    }
    for rule in configuration?.pathRules ?? [] {
      notes.append(
        "\(rule.file):\(rule.line): \(rule.id): a rule of a path alone names no value; keywright git and dir honour it")
    }
  }

  /// The rules that the files add to ours.
  var rules: [Rule] { (configuration?.rules ?? []).filter { $0.content != nil } }

  /// Marks what the files do not want, and says how much that is.
  ///
  /// - Parameters:
  ///   - rules: the rules that were scanned with; nil for the built-in ones.
  ///   - target: what was scanned.
  ///   - stream: the bytes, where standard input was scanned.
  func apply(
    to report: inout ScanReport, _ rules: [Rule]?, _ target: String, _ environment: GitEnvironment,
    stream: [UInt8]? = nil
  ) {
    for note in notes { Console.note(note) }
    if isEmpty || !report.findings.contains(where: \.isOpen) { return }
    let rules = rules ?? BuiltinRules.ruleBook.rules
    let reader = OccurrenceReader(target: target, rules: rules, environment: environment, stream: stream)
    let count =
      (filter?.apply(to: &report, reader) ?? 0) + ignored.apply(to: &report, rules: rules, reader)
    if count > 0 {
      Console.note(
        "\(names.joined(separator: ", ")) \(count == 1 ? "excuses 1 place" : "excuse \(count) places") of what was found"
      )
    }
  }
}
