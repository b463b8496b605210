// keywright hook: git's hooks, installed beside whatever is there already, and run by it.

internal import ArgumentParser
internal import Git
internal import Model
internal import Posix
internal import Report
internal import Scanning

enum HookKind: String, ExpressibleByArgument, CaseIterable {
  case preCommit = "pre-commit"
  case prePush = "pre-push"
  case preReceive = "pre-receive"
}

struct HookCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hook",
    abstract: "Stop a key before it is committed, pushed or received.",
    discussion: """
      Examples: keywright hook install; keywright hook install pre-commit pre-push; keywright hook install --global
      """,
    subcommands: [Install.self, Uninstall.self, Run.self])

  struct Install: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Install a hook; one that is there already goes on running first.",
      discussion: """
        Respects core.hooksPath. With --global, installs into git's template directory for new repositories. pre-receive
        belongs into the bare repository on the server: keywright hook install pre-receive --repository /srv/git/shop.git
        """
    )

    @Argument(help: "pre-commit, pre-push or pre-receive (default: pre-commit).") var hooks: [HookKind] = [.preCommit]
    @Option(help: ArgumentHelp("The repository (default: the current directory).", valueName: "path")) var repository:
      String?
    @Flag(name: .customLong("global"), help: "For every repository that is made or cloned from now on.") var isGlobal =
      false

    func run() throws {
      let folder = try HookFolder(repository: repository, isGlobal: isGlobal)
      for hook in hooks { try folder.install(hook) }
    }
  }

  struct Uninstall: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a hook out, and put back the one that was there before.")

    @Argument(help: "Which hooks (default: all).") var hooks: [HookKind] = HookKind.allCases
    @Option(help: ArgumentHelp("The repository (default: the current directory).", valueName: "path")) var repository:
      String?
    @Flag(name: .customLong("global"), help: "From git's template directory.") var isGlobal = false

    func run() throws {
      let folder = try HookFolder(repository: repository, isGlobal: isGlobal)
      for hook in hooks { try folder.uninstall(hook) }
    }
  }

  struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Do a hook's work: what git calls.",
      discussion: "Exit status: 0 nothing found, 1 findings (git stops), 3 something could not be read.")

    @Argument(help: "pre-commit, pre-push or pre-receive.") var hook: HookKind
    @Argument(parsing: .allUnrecognized, help: ArgumentHelp("What git passes to the hook.", visibility: .hidden))
    var arguments: [String] = []
    @OptionGroup var ruleChoice: RuleOptions
    @OptionGroup var judgement: JudgementOptions

    func run() throws {
      let environment = GitEnvironment(Surroundings.all)
      guard let (report, weaker) = try judged(environment) else { return }
      for omission in report.omissions { Console.note("not scanned: \(omission)") }
      if report.fails {
        StandardStream.error.write(
          Array(
            HookAdvice(
              hook: hook, colour: Console.errorColour, excerpts: Excerpts(".", environment: environment),
              isFirstCommit: (try? Repository.open(".", environment: environment))?.head() == nil,
              isBelowTop: Surroundings.variable("GIT_PREFIX") != nil, alsoMasked: weaker,
              configured: hook == .preReceive ? [:] : ConfiguredNames.of(report.findings)
            ).text(report).utf8))
        throw ExitStatus.findings
      }
      if report.coverage.isIncomplete { throw ExitStatus.incomplete }
    }

    /// What the hook finds, and where there is something that does not count; nil where nothing is brought.
    private func judged(_ environment: GitEnvironment) throws -> (ScanReport, weaker: [Occurrence])? {
      var options = ScanOptions()
      options.threads = 1
      if hook == .preReceive {
        let pushed = try PushedRefs.read(hook, remote: nil, environment)
        if pushed.range.heads.isEmpty { return nil }
        return (
          try PushJudgement.judge(
            pushed, judgement, choice: ruleChoice, options, environment), []
        )
      }
      let judging = try judgement.judgement(for: ".", environment: environment)
      options.fingerprintKey = judging.baseline?.key
      options.honoursComments = judging.honoursComments
      if let limit = judging.settings.number(.maxBytes) { options.maximumBlobBytes = limit }
      let foreign = try ForeignFiles.load(
        for: ".", environment: environment, hearsRepository: judging.hearsRepository)
      let rules = try ruleChoice.chosen(foreign)
      var report: ScanReport
      if hook == .preCommit {
        report = try Scans.run(options, rules: rules) {
          try Scanner.staged(".", environment: environment, program: $0, options: $1)
        }
      } else {
        let pushed = try PushedRefs.read(hook, remote: arguments.first, environment)
        guard !pushed.range.heads.isEmpty else { return nil }
        report = try Scans.run(options, rules: rules) {
          try Scanner.range(".", pushed.range, environment: environment, program: $0, options: $1)
        }
      }
      let weaker = report.findings.filter { $0.confidence < judging.least }.flatMap(\.occurrences)
      judging.judge(&report)
      foreign.apply(to: &report, rules, ".", environment)
      return (report, weaker)
    }
  }
}

/// The refs that a push updates, as git tells them on standard input.
struct PushedRefs {
  /// The commits that the other side lacks.
  var range: CommitRange
  /// The other side's full ref names, each with the id that it is to have.
  var updates: [(name: String, id: String)]

  private static let maximumBytes = 64 << 20

  static func read(_ hook: HookKind, remote: String?, _ environment: GitEnvironment) throws -> PushedRefs {
    guard let bytes = StandardInput.readAll(maximumBytes: maximumBytes) else {
      throw Failure(.incomplete, "the list of refs on standard input can't be read")
    }
    var heads: [String] = []
    var known: [String] = []
    var updates: [(name: String, id: String)] = []
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      // pre-push: local ref, local id, remote ref, remote id. pre-receive: old id, new id, ref.
      guard words.count == (hook == .prePush ? 4 : 3) else {
        throw Failure(.usage, "standard input is not what git passes to \(hook.rawValue)")
      }
      let (new, old) = hook == .prePush ? (words[1], words[3]) : (words[1], words[0])
      if !isZero(new) { heads.append(new) }
      if !isZero(old) { known.append(old) }
      updates.append((words[2], new))
    }
    let repository: Repository
    do { repository = try Repository.open(".", environment: environment) } catch {
      throw Failure(.usage, error.reason, hint: error.hint)
    }
    let reader = try? repository.objectStore(environment).makeReader()
    // What the remote is known to have: its tracking refs; on the server, all refs as they were before the push.
    let prefix = hook == .prePush ? "refs/remotes/\(remote ?? "origin")/" : "refs/"
    for reference in (try? repository.references()) ?? [] where reference.name.hasPrefix(prefix) {
      known.append(reference.target.description)
    }
    // An id that the remote has and we do not says nothing about what it lacks.
    let bases = known.filter { ObjectID(hex: $0).map { reader?.contains($0) ?? false } ?? false }
    return PushedRefs(
      range: CommitRange(heads: heads, excluding: Array(Set(bases)).sorted()), updates: updates)
  }

  private static func isZero(_ id: String) -> Bool { id.allSatisfy { $0 == "0" } }
}
