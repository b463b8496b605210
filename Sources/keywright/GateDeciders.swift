// Edits of what decides about findings (policy, baseline, rules, ignore files) that the judged change itself makes.

internal import Git
internal import Model
internal import Scanning
internal import Secrets

/// One such edit.
struct DeciderEdit {
  var decider: GatePolicy.Decider
  var path: String
  /// The file's content at the change's head; nil where it is removed.
  var blob: ObjectID?
  var commit: CommitInfo?

  /// For people.
  var text: String {
    let commit = commit.map { " (commit \($0.id.short))" } ?? ""
    return "the change \(blob == nil ? "removes" : "edits") \(path)\(commit)"
  }

  /// The edit as a finding, so that every report shows it.
  func finding(_ key: FingerprintKey) -> Finding {
    let identity = Secret("\(path)\u{0}\(blob?.description ?? "removed")")
    return Finding(
      rule: RuleID("keywright-gate-\(decider.rawValue)"), title: "Edit of \(path), which decides what this gate finds",
      provider: "keywright", severity: .high, confidence: .checksum, fingerprint: key.fingerprint(identity),
      redacted: blob == nil ? "removed" : "edited", secret: nil,
      occurrences: [
        Occurrence(
          place: .blob, path: BytePath(path), line: 1, endLine: 1, column: 1, endColumn: 1, object: blob, offset: 0,
          length: 0, introduced: commit, atHead: blob != nil, reachability: .branch)
      ])
  }
}

enum DeciderEdits {
  /// What the scope's commits edit, and the trusted tip has not.
  static func find(_ scope: GateScope, reader: StoreReader) throws(ObjectFailure) -> [DeciderEdit] {
    guard !scope.isOwnPast else { return [] }
    let files = GatePolicy.Decider.allCases.flatMap { decider in decider.files.map { (decider, $0) } }
    let names = files.map { Array($0.1.utf8) }
    let idCount = scope.head.count
    func held(by commit: ObjectID?) throws(ObjectFailure) -> [ObjectID?] {
      guard let commit, let header = try reader.commit(commit) else { return names.map { _ in nil } }
      return try reader.blobs(named: names, in: header.tree, idCount: idCount)
    }
    let now = try held(by: scope.head)
    let trusted = try held(by: scope.tip)
    guard now != trusted else { return [] }
    let range = RevisionRange(heads: [scope.head], excluding: scope.bases, reader: reader)
    var editors: [Int: ObjectID] = [:]
    for commit in range.commits {
      let mine = try reader.blobs(named: names, in: commit.tree, idCount: idCount)
      var before: [[ObjectID?]] = []
      for tree in commit.parentTrees { before.append(try reader.blobs(named: names, in: tree, idCount: idCount)) }
      for number in files.indices where now[number] != trusted[number] {
        let isNew = before.isEmpty ? mine[number] != nil : !before.contains { $0[number] == mine[number] }
        // Of several the one that made what stands there now is named.
        if isNew, editors[number] == nil || mine[number] == now[number] { editors[number] = commit.id }
      }
    }
    return files.indices.compactMap { number in
      guard let editor = editors[number] else { return nil }
      let info = try? reader.read(editor) { _, bytes in CommitInfo(bytes, id: editor) }
      return DeciderEdit(decider: files[number].0, path: files[number].1, blob: now[number], commit: info)
    }
  }
}
