// What a scan reports: findings, each with the places it was seen.

public import Secrets

/// A commit's name, and who made it when.
public struct CommitInfo: Sendable, Hashable {
  /// The commit's id.
  public var id: ObjectID
  /// The author's name; ill-formed UTF-8 is replaced.
  public var author: String
  /// The author's address.
  public var email: String
  /// Author date: seconds since 1970 (may be negative).
  public var time: Int64
  /// The author's offset from UTC in minutes.
  public var zone: Int
  /// The message's first line.
  public var subject: String
  /// Whether a parent was not available, so that the true commit may lie further back.
  public var isBoundary: Bool

  /// A commit as given.
  public init(
    id: ObjectID, author: String, email: String, time: Int64, zone: Int, subject: String, isBoundary: Bool = false
  ) {
    self.id = id
    self.author = author
    self.email = email
    self.time = time
    self.zone = zone
    self.subject = subject
    self.isBoundary = isBoundary
  }
}

/// What kind of place holds the bytes.
public enum Place: String, Sendable, CaseIterable {
  /// A file's content in the history.
  case blob
  /// A symbolic link's target.
  case symlink
  /// A file's or directory's name; the object is the tree that holds it.
  case fileName = "file-name"
  /// A commit's message (or one of its rarer header lines).
  case commit
  /// A commit's author line.
  case author
  /// A commit's committer line.
  case committer
  /// An annotated tag's message or tagger line.
  case tag
  /// A ref's name; the path is the name, and the object what the ref names.
  case refName = "ref-name"
  /// A file in a directory scan, or standard input.
  case file
  /// A file's content in the index.
  case staged

  /// Whether it is a part of a commit's own text.
  public var isCommitText: Bool { self == .commit || self == .author || self == .committer }
}

/// How an object is reached, from the best-known way to the least.
public enum Reachability: String, Sendable, CaseIterable, Comparable {
  /// From a local branch, or from the HEAD of a work tree.
  case branch
  /// From a remote's branch only.
  case remote
  /// From a tag only.
  case tag
  /// From another ref: pull requests, anything under refs/.
  case ref
  /// From notes (refs/notes/).
  case notes
  /// From the commit that a stash was made on.
  case stash
  /// From what a stash keeps of the index.
  case stashIndex = "stash-index"
  /// From what a stash keeps of files that were not tracked.
  case stashUntracked = "stash-untracked"
  /// From what a stash keeps of the work tree.
  case stashWorktree = "stash-worktree"
  /// From an index: it is staged and not committed.
  case index
  /// From a reflog only (or from one of the heads that merges and fetches leave behind).
  case reflog
  /// From nothing, and kept in a cruft pack until git drops it.
  case cruft
  /// From nothing: a dangling object.
  case dangling

  /// Whether a branch, local or remote, holds it.
  public var isBranch: Bool { self == .branch || self == .remote }
  /// Whether anything leads to it at all. What nothing leads to is handed on by no push and no clone.
  public var isReached: Bool { self != .dangling && self != .cruft }

  private var rank: Int { Reachability.allCases.firstIndex(of: self) ?? 0 }
  /// Best known first.
  public static func < (left: Reachability, right: Reachability) -> Bool { left.rank < right.rank }
}

/// One place where a secret was seen. It holds no value, yet says exactly where the value lies.
public struct Occurrence: Sendable, Hashable {
  /// What kind of place.
  public var place: Place
  /// The file's path; empty for an object that no path leads to.
  public var path: BytePath
  /// The first line, counted from 1, of the bytes as stored.
  public var line: Int
  /// The last line.
  public var endLine: Int
  /// The first byte's column, in bytes, counted from 1.
  public var column: Int
  /// The column just after the last byte, on `endLine`.
  public var endColumn: Int
  /// The object that holds it; nil outside a repository.
  public var object: ObjectID?
  /// The first byte in the stored object or file.
  public var offset: Int
  /// The number of stored bytes (before decoding).
  public var length: Int
  /// How the stored bytes were decoded, outermost first.
  public var decoders: [Decoder]
  /// The commit that introduced the secret here.
  public var introduced: CommitInfo?
  /// The commit that removed it, where one did.
  public var removed: CommitInfo?
  /// Whether a branch head (or HEAD) still holds the value at this path.
  public var atHead: Bool
  /// Whether a merge commit brought the value in: none of its parents has it.
  public var isMergeOnly: Bool
  /// The submodule whose own repository holds it, as it is named below `modules/`; nil for the repository itself.
  public var submodule: String?
  /// How the object is reached.
  public var reachability: Reachability?
  /// The path within the file, where that is an archive and this lies in a member of it: ``path`` then ends in `!` and
  /// this, and lines and offsets are the member's.
  public var member: BytePath?
  /// What a comment beside it says; not part of a report, where the finding as a whole is suppressed or not.
  public var comment: Suppression?

  /// An occurrence as given; what is left out is unknown.
  public init(
    place: Place, path: BytePath, line: Int, endLine: Int, column: Int, endColumn: Int, object: ObjectID? = nil,
    offset: Int, length: Int, decoders: [Decoder] = [], introduced: CommitInfo? = nil, removed: CommitInfo? = nil,
    atHead: Bool = false, reachability: Reachability? = nil, comment: Suppression? = nil, isMergeOnly: Bool = false,
    submodule: String? = nil, member: BytePath? = nil
  ) {
    self.place = place
    self.path = path
    self.line = line
    self.endLine = endLine
    self.column = column
    self.endColumn = endColumn
    self.object = object
    self.offset = offset
    self.length = length
    self.decoders = decoders
    self.introduced = introduced
    self.removed = removed
    self.atHead = atHead
    self.reachability = reachability
    self.comment = comment
    self.isMergeOnly = isMergeOnly
    self.submodule = submodule
    self.member = member
  }
}

/// What the provider answered when asked about a finding's value, without the value.
public struct Verification: Sendable, Hashable {
  /// The verdict.
  public var liveness: Liveness
  /// One sentence for people: what was asked, what came back, or why nothing could be asked.
  public var evidence: String
  /// The host that was asked; nil if none was.
  public var host: String?
  /// The HTTP status; nil if none came.
  public var status: Int?
  /// When, in seconds since 1970.
  public var time: Int64
  /// Whose key it is, in the provider's own words (an account, a tenant), never the key.
  public var identity: String?

  /// A verification as given.
  public init(
    liveness: Liveness, evidence: String, host: String? = nil, status: Int? = nil, time: Int64,
    identity: String? = nil
  ) {
    self.liveness = liveness
    self.evidence = evidence
    self.host = host
    self.status = status
    self.time = time
    self.identity = identity
  }
}

/// Somebody's word that a finding needs no action: it stays in the report, but does not fail a run.
public struct Suppression: Sendable, Hashable {
  /// Where the word was given.
  public enum Kind: String, Sendable, CaseIterable {
    /// A comment on the line itself.
    case inline
    /// An entry of the baseline.
    case baseline
    /// An entry of another tool's ignore file.
    case ignoreFile = "ignore-file"
    /// The program's own knowledge: the key was rotated and proven dead.
    case dead
  }
  /// Where the word was given.
  public var kind: Kind
  /// Why, in the words of whoever gave it.
  public var reason: String?
  /// Who answers for it.
  public var owner: String?
  /// The last day on which it holds, as `2027-01-31`.
  public var expires: String?

  /// A suppression as given.
  public init(kind: Kind, reason: String? = nil, owner: String? = nil, expires: String? = nil) {
    self.kind = kind
    self.reason = reason
    self.owner = owner
    self.expires = expires
  }
}

/// A finding that belongs together with another: an id and its secret.
public struct FindingPartner: Sendable, Hashable {
  /// The rule that claims it.
  public var rule: RuleID
  /// The rule's name for people.
  public var title: String
  /// Its fingerprint, by which its own finding is known.
  public var fingerprint: String
  /// Its value as people may see it.
  public var redacted: String
  /// The least number of lines between the two, in one content.
  public var lines: Int

  /// A partner as given.
  public init(rule: RuleID, title: String, fingerprint: String, redacted: String, lines: Int) {
    self.rule = rule
    self.title = title
    self.fingerprint = fingerprint
    self.redacted = redacted
    self.lines = lines
  }
}

/// One secret, found by one rule, with every place it was seen.
public struct Finding: Sendable {
  /// The rule that claims it.
  public var rule: RuleID
  /// The rule's name for people.
  public var title: String
  /// The provider file's id.
  public var provider: String
  /// What it can do.
  public var severity: Severity
  /// What the claim rests on.
  public var confidence: Confidence
  /// HMAC of the value under the report's key, in hex: the same value has the same fingerprint in one repository.
  public var fingerprint: String
  /// The value as people may see it.
  public var redacted: String
  /// The value itself, while the process lives; a report read from a file has none.
  public var secret: Secret?
  /// Where it was seen, sorted; never empty.
  public var occurrences: [Occurrence]
  /// What the provider said, once asked.
  public var verification: Verification?
  /// Whose word it is that nothing need be done; nil where nobody gave it.
  public var suppression: Suppression?
  /// What belongs together with it and makes one leak of both, the nearest first.
  public var partners: [FindingPartner] = []

  /// A finding as given.
  public init(
    rule: RuleID, title: String, provider: String, severity: Severity, confidence: Confidence, fingerprint: String,
    redacted: String, secret: Secret?, occurrences: [Occurrence], verification: Verification? = nil,
    suppression: Suppression? = nil
  ) {
    self.rule = rule
    self.title = title
    self.provider = provider
    self.severity = severity
    self.confidence = confidence
    self.fingerprint = fingerprint
    self.redacted = redacted
    self.secret = secret
    self.occurrences = occurrences
    self.verification = verification
    self.suppression = suppression
  }

  /// Whether it counts: nobody has said that nothing need be done.
  public var isOpen: Bool { suppression == nil }

  /// Whether any branch head still holds it.
  public var atHead: Bool { occurrences.contains { $0.atHead } }
}
