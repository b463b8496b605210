// Which commits a gate judges, and whose word it takes: from what the CI service says, and from what the clone holds.

internal import Git
internal import Model
internal import Report

/// What a gate judges.
struct GateScope {
  var head: ObjectID
  /// Commits whose history is not the change's.
  var bases: [ObjectID]
  /// The commit whose policy, rules and baseline count; nil where there is none that the change could not have made.
  var tip: ObjectID?
  /// That commit for people.
  var tipName: String
  /// Whether nothing is known of the judged branch before, so that edits of what decides can't be told from what was there.
  var isOwnPast = false
  /// What people should know of how this was found.
  var notes: [String] = []
}

/// The clone lacks commits that have to be looked at.
struct MissingHistory: Error {
  var what: String
  /// A commit to fetch by its id, where one is known to be missing.
  var commit: String?
  var isShallow: Bool
}

/// Finds out the scope.
struct GateResolver {
  let repository: Repository
  let reader: StoreReader
  let facts: CIFacts
  /// The user's own words.
  let base: String?
  let head: String?
  /// Whether what is missing can be fetched, so that there is no need to do without it.
  let mayFetch: Bool

  func resolve() throws -> GateScope {
    let judged = try resolveHead()
    var scope: GateScope
    if let base {
      scope = try explicit(base, judged)
    } else if facts.isRequest || facts.service == nil {
      scope = try request(judged)
    } else {
      scope = try push(judged)
    }
    try refuseCutOffHistory(&scope)
    return scope
  }

  // MARK: The ends of the range

  private func resolveHead() throws -> ObjectID {
    if let head { return try revision(head) }
    guard let named = facts.head, named != "HEAD" else { return try revision("HEAD") }
    guard let id = present(named) else {
      throw MissingHistory(
        what: "the commit to judge, \(printable(named)), is not in this clone", commit: named, isShallow: isShallow)
    }
    return id
  }

  private func explicit(_ base: String, _ judged: ObjectID) throws -> GateScope {
    let id = try revision(base)
    let target = facts.isRequest ? facts.target.flatMap { tracking($0) } : nil
    return GateScope(
      head: judged, bases: [id], tip: target?.id ?? id, tipName: target?.name ?? printable(base))
  }

  private func request(_ judged: ObjectID) throws -> GateScope {
    let target = facts.target ?? defaultBranch
    let known = facts.bases.compactMap { present($0) }
    var notes = absent(facts.bases)
    guard let tip = target.flatMap({ tracking($0) }) else {
      guard let first = known.first else {
        if isShallow || mayFetch {
          throw MissingHistory(what: noTarget(target), commit: facts.bases.first, isShallow: isShallow)
        }
        notes.append("\(noTarget(target)), so the whole history of \(judged.short) is judged, without a policy")
        return GateScope(head: judged, bases: [], tip: nil, tipName: "", notes: notes)
      }
      return GateScope(
        head: judged, bases: known, tip: first, tipName: "\(target ?? "the target branch") at \(first.short)",
        notes: notes)
    }
    if tip.id == judged { notes.append("\(judged.short) is \(tip.name) itself: there is nothing to judge") }
    return GateScope(head: judged, bases: unique(known + [tip.id]), tip: tip.id, tipName: tip.name, notes: notes)
  }

  private func push(_ judged: ObjectID) throws -> GateScope {
    let branch = facts.branch ?? "this branch"
    let main = defaultBranch
    let isDefault = facts.isDefault || (main != nil && facts.branch == main)
    let mainTip = isDefault ? nil : main.flatMap { tracking($0) }
    if let named = facts.bases.first, let known = present(named) {
      // What an earlier push put on a branch that nobody reviewed decides nothing: the default branch does.
      return GateScope(
        head: judged, bases: [known], tip: mainTip?.id ?? known,
        tipName: mainTip?.name ?? "\(printable(branch)) before the push")
    }
    var notes = absent(facts.bases)
    if facts.isFirstPush {
      notes.append("\(facts.service?.name ?? "") names no commit before this one on \(printable(branch))")
    }
    if !facts.bases.isEmpty, isShallow {
      throw MissingHistory(
        what: "the commit before the push, \(printable(facts.bases[0])), is not in this shallow clone",
        commit: facts.bases[0], isShallow: true)
    }
    if let mainTip, mainTip.id != judged {
      notes.append("judged is what \(mainTip.name) lacks")
      return GateScope(head: judged, bases: [mainTip.id], tip: mainTip.id, tipName: mainTip.name, notes: notes)
    }
    notes.append("the whole history of \(judged.short) is judged")
    // A branch that was overwritten has no state that could be trusted; one that has just begun has only its own.
    let isOverwritten = !facts.bases.isEmpty
    return GateScope(
      head: judged, bases: [], tip: isOverwritten ? nil : judged, tipName: isOverwritten ? "" : printable(branch),
      isOwnPast: true, notes: notes)
  }

  /// A range that ends at a shallow clone's boundary instead of at its base is not judged: what lies behind it would be
  /// taken for new, or not be seen.
  private func refuseCutOffHistory(_ scope: inout GateScope) throws {
    guard isShallow else { return }
    let range = RevisionRange(heads: [scope.head], excluding: scope.bases, reader: reader)
    let cut = range.commits.filter { $0.isBoundary && repository.shallowCommits.contains($0.id) }
    guard let first = cut.first else { return }
    throw MissingHistory(
      what: "the change begins before this clone does: it was cut off at \(first.id.short), after "
        + "\(range.commits.count) \(range.commits.count == 1 ? "commit" : "commits")", commit: nil, isShallow: true)
  }

  // MARK: What the clone holds

  private var isShallow: Bool { !repository.shallowCommits.isEmpty }

  private func revision(_ text: String) throws -> ObjectID {
    guard !text.hasPrefix("-") else { throw Failure(.usage, "'\(printable(text))' is no revision") }
    do {
      let id = try repository.revision(text)
      guard reader.contains(id) else {
        throw MissingHistory(what: "\(printable(text)) is not in this clone", commit: text, isShallow: isShallow)
      }
      return id
    } catch let error as GitError {
      if isShallow { throw MissingHistory(what: error.reason, commit: nil, isShallow: true) }
      throw Failure(.usage, error.reason, hint: "name a branch, a tag or a commit with --base and --head")
    }
  }

  /// An id that a service names, if the clone has that commit.
  private func present(_ text: String) -> ObjectID? {
    guard text.allSatisfy({ $0.isASCII && $0.isHexDigit }), let id = try? repository.revision(text),
      (try? reader.commit(id)) != nil
    else { return nil }
    return id
  }

  private func absent(_ ids: [String]) -> [String] {
    ids.filter { present($0) == nil }.map {
      "the base commit \(printable(String($0.prefix(12)))) is not in this clone (after a force push nothing holds it any more)"
    }
  }

  /// A branch as the clone knows it of its remote. A local branch may be the change itself, so it counts only where
  /// no service and no remote is involved.
  private func tracking(_ branch: String) -> (name: String, id: ObjectID)? {
    if let id = repository.resolve("refs/remotes/origin/\(branch)"), reader.contains(id) {
      return ("origin/\(printable(branch))", id)
    }
    guard facts.service == nil, let id = repository.resolve("refs/heads/\(branch)"), reader.contains(id) else {
      return nil
    }
    return (printable(branch), id)
  }

  private var defaultBranch: String? {
    if let named = facts.defaultBranch ?? repository.defaultBranch(of: "origin") { return named }
    return ["main", "master"].first { tracking($0) != nil }
  }

  private func noTarget(_ target: String?) -> String {
    target.map { "the target branch, \(printable($0)), is not in this clone as origin/\(printable($0))" }
      ?? "no target branch is known"
  }

  private func unique(_ ids: [ObjectID]) -> [ObjectID] {
    var seen: Set<ObjectID> = []
    return ids.filter { seen.insert($0).inserted }
  }
}
