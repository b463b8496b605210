// What a server makes of a push: judged like a change at the gate, by what its default branch says before the push.

internal import Git
internal import Model
internal import RuleBook
internal import Scanning

enum PushJudgement {
  /// The findings that refuse the push; the rest is said.
  static func judge(
    _ pushed: PushedRefs, _ judgement: JudgementOptions, choice: RuleOptions, _ options: ScanOptions,
    _ environment: GitEnvironment
  ) throws -> ScanReport {
    let repository: Repository
    let reader: StoreReader
    do {
      repository = try Repository.open(".", environment: environment)
      reader = try repository.objectStore(environment).makeReader()
    } catch let error as GitError {
      throw Failure(.usage, error.reason, hint: error.hint)
    } catch {
      throw Failure(.incomplete, "\(error)", hint: "run git fsck to see what is damaged")
    }
    // Refs are not moved before the hook has agreed, so this is the default branch without the push.
    let tip = repository.head()
    guard let head = pushed.range.heads.first.flatMap({ ObjectID(hex: $0) }) else {
      throw Failure(.usage, "standard input names no object that could be judged")
    }
    var scope = GateScope(head: head, bases: [], tip: tip, tipName: "the default branch")
    var trust = try GateTrust(scope, reader: reader, workTree: repository.workTree)
    if judgement.noBaseline || judgement.baseline != nil { trust.baseline = try judgement.loadBaseline(for: ".") }
    // A hook asks nobody.
    if trust.policy.failOn.needsVerification { trust.policy.failOn = .new }

    var options = options
    options.fingerprintKey = trust.baseline?.key
    options.honoursComments = !judgement.ignoreAllowComments
    let rules = try choice.chosen(trust.foreign)
    var report = try Scans.run(options, rules: rules) {
      try Scanner.range(".", pushed.range, environment: environment, program: $0, options: $1)
    }
    let least = try judgement.minConfidence?.confidence ?? trust.policy.leastReported ?? judgement.leastConfidence()
    report.findings.removeAll { $0.confidence < least }
    var verdict = GateVerdict(report)
    verdict.suppress(trust, today: BaselineCommand.today)
    trust.foreign.apply(to: &verdict.report, rules, ".", environment)
    verdict.weigh(trust.policy)
    // Edits of what decides matter once they are on the default branch. Where nobody has written a policy yet, there is
    // none that could consent, and the first one must be able to come in.
    if trust.hasPolicyFile, let update = pushed.updates.first(where: { $0.name == repository.headBranch }),
      let head = ObjectID(hex: update.id), !head.isZero
    {
      // Against the branch itself: the edit may have come in on another one before.
      scope.head = head
      scope.bases = tip.map { [$0] } ?? []
      let key = trust.baseline?.key ?? Scanner.fingerprintKey(of: "-", mode: "range")
      do { verdict.add(try DeciderEdits.find(scope, reader: reader), trust.policy, key) } catch {
        throw Failure(.incomplete, "what the push edits can't be told: \(error)")
      }
    }
    for note in verdict.notes { Console.note(note) }
    let warnings = verdict.warnings.findings.count
    if warnings > 0 {
      Console.note("\(warnings) \(warnings == 1 ? "finding" : "findings") below the policy's warn_below")
    }
    return verdict.failing
  }
}
