// keywright gate: the step of a CI job that a key may not pass.

internal import ArgumentParser
internal import Formats
internal import Git
internal import Model
internal import Posix
internal import Report
internal import RuleBook
internal import Scanning
internal import Secrets

/// What the command line may say in place of the policy's `fail_on`.
enum FailureChoice: String, ExpressibleByArgument, CaseIterable {
  case any
  case new
  case live
  case leakedAndNotDead = "leaked-and-not-dead"

  var failOn: GatePolicy.FailOn { GatePolicy.FailOn(rawValue: rawValue) ?? .new }
}

struct GateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate",
    abstract: "Stop a change that brings a key: the step for CI.",
    discussion: """
      Finds the change from the CI service's own variables: GitHub, GitLab, Gitea, Azure, Bitbucket, Buildkite, CircleCI,
      Drone, Jenkins, TeamCity, Travis, Woodpecker. Elsewhere, judges what HEAD has and the default branch lacks.

      The policy (\(GatePolicy.fileName)) and the baseline (\(Baseline.fileName)) are read at the target branch's tip, not from
      the change. Edits of them, and comments that allow a line and are added by the change, count as findings unless the
      policy consents. No network is used without --verify, --policy live or leaked-and-not-dead, or --deepen.

      Exit status: 0 passed, 1 findings, 2 usage or a broken policy, 3 the history that is needed is not there.
      """)

  @Argument(help: ArgumentHelp("The repository (default: the current directory).", valueName: "path"))
  var path: String?
  @Option(help: ArgumentHelp("Judge what this commit lacks (default: as the service says).", valueName: "rev"))
  var base: String?
  @Option(help: ArgumentHelp("Judge what this commit has (default: as the service says, or HEAD).", valueName: "rev"))
  var head: String?
  @Option(help: "What fails: any finding, one that is new since the baseline, a live one, or one that is not dead.")
  var policy: FailureChoice?
  @Option(
    help: ArgumentHelp(
      "Leave out findings below this confidence (default: as configured, else context).", valueName: "level"))
  var minConfidence: ConfidenceLevel?
  @Flag(help: "Report, but pass.") var warnOnly = false
  @Flag(help: "Ask the providers which keys are live (uses the network).") var verify = false
  @Flag(help: "Let git fetch the history that is missing (uses the network, and git's configuration).") var deepen =
    false
  @OptionGroup var ruleChoice: RuleOptions
  @OptionGroup var reports: GateReportOptions
  @OptionGroup var configured: ConfigurationOptions

  func run() throws {
    let facts = try CIEnvironment.facts(Surroundings.all, event: readEvent())
    if facts.isDeletion { return Console.note("the branch was deleted: there is nothing to judge") }
    do {
      try judge(facts, mayFetch: deepen)
    } catch let missing as MissingHistory {
      guard deepen else { throw failure(missing, facts) }
      try GateFetch.run(path ?? ".", missing, target: facts.target ?? facts.defaultBranch)
      do { try judge(facts, mayFetch: false) } catch let missing as MissingHistory { throw failure(missing, facts) }
    }
  }

  private static let maximumEventBytes = 64 << 20

  private func readEvent() throws -> Node? {
    guard let service = CIEnvironment.service(Surroundings.all), let name = service.eventFile,
      let file = Surroundings.variable(name)
    else { return nil }
    do {
      return try JSON.parse(try Files.read(file, maximumBytes: GateCommand.maximumEventBytes), name: file)
    } catch {
      // Without it a pull request can look like a push of something else.
      throw Failure(
        .incomplete, "the event that \(name) names can't be read: \(error)",
        hint: "name the change with --base and --head, and unset \(name)")
    }
  }

  private func failure(_ missing: MissingHistory, _ facts: CIFacts) -> Failure {
    let how = facts.service?.depth ?? (missing.isShallow ? "run git fetch --unshallow" : "fetch it: git fetch origin")
    return Failure(
      .incomplete, missing.what, hint: "\(how); or let keywright gate --deepen fetch what is missing")
  }

  private func judge(_ facts: CIFacts, mayFetch: Bool) throws {
    let began = SystemClock().now() / 1_000
    let environment = GitEnvironment(Surroundings.all)
    let repository: Repository
    let reader: StoreReader
    do {
      repository = try Repository.open(path ?? ".", environment: environment)
      reader = try repository.objectStore(environment).makeReader()
    } catch let error as GitError {
      throw Failure(.usage, error.reason, hint: error.hint)
    } catch {
      throw Failure(.incomplete, "\(error)", hint: "run git fsck to see what is damaged")
    }
    let scope = try GateResolver(
      repository: repository, reader: reader, facts: facts, base: base, head: head, mayFetch: mayFetch
    ).resolve()
    var trust = try GateTrust(scope, reader: reader, workTree: repository.workTree)
    if let policy { trust.policy.failOn = policy.failOn }
    try refuseUnaskedNetwork(trust.policy)

    let rules = try ruleChoice.chosen(trust.foreign) {
      try trust.ruleFile($0, workTree: repository.workTree, of: scope)
    }
    var verdict = GateVerdict(try scan(scope, trust, rules, reader, environment))
    verdict.suppress(trust, today: BaselineCommand.today)
    trust.foreign.apply(to: &verdict.report, rules, path ?? ".", environment)
    if trust.policy.failOn.needsVerification || verify { try ask(&verdict) }
    verdict.weigh(trust.policy)
    let edits: [DeciderEdit]
    do { edits = try DeciderEdits.find(scope, reader: reader) } catch {
      throw Failure(
        .incomplete, "what the change edits can't be told: \(error)", hint: "run git fsck to see what is damaged")
    }
    verdict.add(edits, trust.policy, trust.baseline?.key ?? Scanner.fingerprintKey(of: "-", mode: "range"))
    try conclude(verdict, scope, facts, Excerpts(path ?? ".", environment: environment), began)
  }

  /// A repository's own file may not decide that values are sent anywhere.
  private func refuseUnaskedNetwork(_ policy: GatePolicy) throws {
    guard policy.failOn.needsVerification, self.policy == nil, !verify else { return }
    throw Failure(
      .usage, "\(GatePolicy.fileName) says fail_on = \"\(policy.failOn.rawValue)\", for which providers must be asked",
      hint: "say --verify to let the gate use the network, or --policy new to do without")
  }

  private func scan(
    _ scope: GateScope, _ trust: GateTrust, _ rules: [Rule]?, _ reader: StoreReader, _ environment: GitEnvironment
  ) throws -> ScanReport {
    var options = ScanOptions()
    options.fingerprintKey = trust.baseline?.key
    let range = CommitRange(heads: [scope.head.description], excluding: scope.bases.map(\.description))
    var report = try Scans.run(options, rules: rules) {
      try Scanner.range(path ?? ".", range, environment: environment, program: $0, options: $1)
    }
    let least = try Settings.gateConfidence(minConfidence, trust.policy)
    report.findings.removeAll { $0.confidence < least }
    guard let contents = try? CommitContents(scope.head, reader: reader) else { return report }
    for index in report.findings.indices {
      let value = report.findings[index].secret
      report.findings[index].occurrences = report.findings[index].occurrences.map { contents.settle($0, value) }
    }
    return report
  }

  private func ask(_ verdict: inout GateVerdict) throws {
    let verifier = FindingVerifier(endpoints: try configured.endpoints(), findings: verdict.report.findings)
    for index in verdict.report.findings.indices where verdict.report.findings[index].isOpen {
      verdict.report.findings[index].verification = verifier.verify(verdict.report.findings[index])
    }
  }

  private func conclude(
    _ verdict: GateVerdict, _ scope: GateScope, _ facts: CIFacts, _ excerpts: Excerpts?, _ began: Int64
  ) throws {
    let commits = verdict.report.coverage.commits
    let bases = scope.bases.map(\.short).joined(separator: ", ")
    let what = facts.service.map { "\($0.name), \(facts.isRequest ? "a change request" : "a push")" } ?? "no CI service"
    var about = "judged \(commits) \(commits == 1 ? "commit" : "commits") of \(scope.head.short)"
    about += bases.isEmpty ? "" : " that \(bases) lacks"
    about += " (\(what)); " + (scope.tip == nil ? "without a policy" : "policy and baseline of \(scope.tipName)")
    let notes = scope.notes + verdict.notes
    let writer = GateReports(
      options: reports, service: facts.service, warnsOnly: warnOnly, excerpts: excerpts, began: began)
    try writer.write(verdict, about: about, notes: notes)
    Console.note(about)
    for note in notes { Console.note(note) }
    for omission in verdict.report.omissions { Console.note("not scanned: \(omission)") }
    let failing = verdict.failing.findings.count
    let warning = verdict.warnings.findings.count
    if failing + warning > 0 {
      Console.note(
        "\(failing) \(failing == 1 ? "finding counts" : "findings count"), \(warning) only \(warning == 1 ? "warns" : "warn")"
      )
    }
    if failing > 0, !warnOnly {
      Console.complain(
        "this change does not pass",
        hint:
          "a key that was pushed is known: replace it first (keywright rotate NAME), then take it out of the history; "
          + "what is no key belongs into the baseline of \(scope.tip == nil ? "the target branch" : scope.tipName)")
      throw ExitStatus.findings
    }
    if verdict.report.coverage.isIncomplete { throw ExitStatus.incomplete }
  }
}
