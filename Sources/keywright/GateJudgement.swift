// What a gate makes of a scan: what counts, what only warns, what somebody entitled to it has allowed.

internal import Git
internal import Model
internal import Posix
internal import Report
internal import Scanning
internal import Secrets

/// What the trusted tip says.
struct GateTrust {
  var policy = GatePolicy()
  /// Whether the tip has a policy file.
  private(set) var hasPolicyFile = false
  var baseline: Baseline?
  /// Other scanners' files of the tip.
  private(set) var foreign = ForeignFiles.none
  /// The tip's files, to see what was allowed there already.
  var contents: CommitContents?

  /// Reads the policy and the baseline of a commit; what is wrong in either stops the gate.
  ///
  /// - Parameter workTree: the work tree, whose files do not count.
  init(_ scope: GateScope, reader: StoreReader, workTree: String?) throws {
    guard let tip = scope.tip else { return }
    let contents: CommitContents
    do {
      contents = try CommitContents(tip, reader: reader)
      self.contents = contents
      if let bytes = try contents.file(GatePolicy.fileName, maximumBytes: GatePolicy.maximumBytes) {
        hasPolicyFile = true
        policy = try GatePolicy(bytes, name: "\(scope.tipName):\(GatePolicy.fileName)")
      }
      if policy.usesBaseline, let bytes = try contents.file(Baseline.fileName, maximumBytes: Baseline.maximumBytes) {
        baseline = try Baseline(bytes, name: "\(scope.tipName):\(Baseline.fileName)")
      }
      foreign = try ForeignFiles(contents, name: scope.tipName, workTree: workTree)
    } catch let error as PolicyErrors {
      throw Failure(.usage, error.mistakes.joined(separator: "\nkeywright: "), hint: "mend it on \(scope.tipName)")
    } catch let error as BaselineErrors {
      throw Failure(.usage, error.mistakes.joined(separator: "\nkeywright: "), hint: "mend it on \(scope.tipName)")
    } catch let error as ObjectFailure {
      throw Failure(
        .incomplete, "what \(scope.tipName) says can't be read: \(error)", hint: "fetch it, or see: git fsck")
    }
  }

  /// A rule file that the command line names. One that lies in the work tree may be the change's own, so the tip's is
  /// taken in its place; where the tip has none, it is said and left out.
  func ruleFile(_ path: String, workTree: String?, of scope: GateScope) throws -> [UInt8]? {
    guard let top = try workTree.map({ try Files.realPath($0) }), let folder = try? Files.realPath(Files.parent(path)),
      (folder + "/").hasPrefix(top + "/")
    else { return try RuleOptions.fromDisk(path) }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let inside = (folder + "/" + name).dropFirst(top.utf8.count + 1)
    let limit = RulesCheckCommand.maximumFileBytes
    if let bytes = try contents?.file(String(inside), maximumBytes: limit) { return bytes }
    Console.note(
      "\(scope.tip == nil ? "there is no trusted commit that has" : "\(scope.tipName) lacks") \(inside): its rules are not used"
    )
    return nil
  }
}

/// The verdict.
struct GateVerdict {
  /// All findings; those that count or warn are open, the others suppressed.
  var report: ScanReport
  /// Fingerprints of findings that only warn.
  private(set) var warning: Set<String> = []
  private(set) var notes: [String] = []

  /// The findings that fail the gate.
  var failing: ScanReport { filtered { !warning.contains($0.fingerprint) } }
  /// The findings that only warn.
  var warnings: ScanReport {
    var report = filtered { warning.contains($0.fingerprint) }
    report.coverage = Coverage()
    return report
  }

  private func filtered(_ isWanted: (Finding) -> Bool) -> ScanReport {
    var report = report
    report.findings.removeAll { !$0.isOpen || !isWanted($0) }
    return report
  }

  init(_ report: ScanReport) { self.report = report }

  /// Suppresses what the policy ignores, what comments allow that were there before (or that the policy consents to), and
  /// what the baseline knows.
  mutating func suppress(_ trust: GateTrust, today: String) {
    for index in report.findings.indices {
      let finding = report.findings[index]
      report.findings[index].suppression =
        trust.policy.ignores(finding)
        ? Suppression(kind: .ignoreFile, reason: GatePolicy.fileName) : allowance(finding, trust)
    }
    guard trust.policy.failOn != .any, let use = trust.baseline?.apply(to: &report, today: today) else { return }
    let seen = Set(report.findings.map(\.fingerprint))
    for entry in use.expired where seen.contains(entry.fingerprint) {
      notes.append("the baseline's entry \(entry.fingerprint) (\(entry.rule)) expired on \(entry.expires ?? "")")
    }
  }

  /// What comments say of a finding, as far as they count here: all its places must have one, and one that the change
  /// itself adds counts only where the policy consents.
  private mutating func allowance(_ finding: Finding, _ trust: GateTrust) -> Suppression? {
    let commented = finding.occurrences.filter { $0.comment != nil }
    let added = commented.filter { !wasAllowed($0, finding, trust) }
    if let first = added.first {
      let place = "\(first.path.shown):\(first.line)"
      guard trust.policy.allowsComments else {
        notes.append("the change itself adds the comment that allows \(place), so the finding counts")
        return nil
      }
      notes.append("the change adds a comment that allows \(place), as the policy lets it")
    }
    return commented.count == finding.occurrences.count ? commented.first?.comment : nil
  }

  private func wasAllowed(_ place: Occurrence, _ finding: Finding, _ trust: GateTrust) -> Bool {
    guard place.comment != nil, let value = finding.secret, let contents = trust.contents else { return false }
    return contents.allows(value, at: place.path)
  }

  /// Sorts what is open into what fails and what warns.
  mutating func weigh(_ policy: GatePolicy) {
    for index in report.findings.indices where report.findings[index].isOpen {
      let finding = report.findings[index]
      let liveness = finding.verification?.liveness
      if policy.failOn == .leakedAndNotDead, liveness == .dead {
        report.findings[index].suppression = Suppression(kind: .dead, reason: finding.verification?.evidence)
        continue
      }
      let counts = policy.failOn == .live ? liveness == .live : true
      if !counts || !policy.isAboveThreshold(finding) { warning.insert(finding.fingerprint) }
    }
  }

  /// Adds the change's edits of what decides.
  mutating func add(_ edits: [DeciderEdit], _ policy: GatePolicy, _ key: FingerprintKey?) {
    for edit in edits {
      if policy.consents.contains(edit.decider) {
        notes.append("\(edit.text), as the policy lets it; what stands there now counts once it is merged")
      } else if let key {
        report.findings.append(edit.finding(key))
      }
    }
    report.findings.sort { ($0.rule, $0.fingerprint) < ($1.rule, $1.fingerprint) }
  }
}

extension BytePath {
  /// The path for people, control characters made visible.
  var shown: String { bytes.isEmpty ? "what a tag names" : printable(description) }
}
