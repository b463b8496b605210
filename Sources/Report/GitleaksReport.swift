// Findings in the forms that gitleaks writes, for what reads them already.

internal import Formats
public import Model

/// One leak at one place, in gitleaks' words.
public struct GitleaksEntry: Sendable {
  /// The rule's id among gitleaks' names.
  public var rule: String
  /// The rule's description.
  public var description: String
  /// Counted from 1.
  public var startLine: Int
  /// Counted from 1.
  public var endLine: Int
  /// In bytes, counted from 1.
  public var startColumn: Int
  /// The last byte's column.
  public var endColumn: Int
  /// The whole match, or what may be shown of it.
  public var match: String
  /// The value, or what may be shown of it.
  public var secret: String
  /// The path.
  public var file: String
  /// The commit's id; empty outside the history.
  public var commit: String
  /// Shannon's, in bits per byte.
  public var entropy: Double
  /// The commit that brought it in; nil outside the history.
  public var info: CommitInfo?
  /// The rule's tags.
  public var tags: [String]
  /// The lines that the match stands on, or what may be shown of them.
  public var line = ""
  /// Where a browser shows it; empty where that is not known.
  public var link = ""

  /// An entry as given.
  public init(
    rule: String, description: String, startLine: Int, endLine: Int, startColumn: Int, endColumn: Int, match: String,
    secret: String, file: String, commit: String, entropy: Double, info: CommitInfo?, tags: [String]
  ) {
    self.rule = rule
    self.description = description
    self.startLine = startLine
    self.endLine = endLine
    self.startColumn = startColumn
    self.endColumn = endColumn
    self.match = match
    self.secret = secret
    self.file = file
    self.commit = commit
    self.entropy = entropy
    self.info = info
    self.tags = tags
  }

  /// `commit:file:rule:line`, or without the commit where there is none: what an ignore file names.
  public var fingerprint: String {
    (commit.isEmpty ? "" : "\(commit):") + "\(file):\(rule):\(startLine)"
  }

  var date: String { info.map { Timestamp.iso8601($0.time) } ?? "" }
}

/// gitleaks' own report forms.
public enum GitleaksReport {
  /// A JSON array, with one space of indent.
  public static func json(_ entries: [GitleaksEntry]) -> [UInt8] {
    var writer = JSONWriter(indent: 1)
    writer.array { writer in
      for entry in entries { write(entry, to: &writer) }
    }
    writer.endLine()
    return writer.bytes
  }

  static func write(_ entry: GitleaksEntry, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("RuleID") { $0.string(entry.rule) }
      writer.member("Description") { $0.string(entry.description) }
      writer.member("StartLine") { $0.integer(entry.startLine) }
      writer.member("EndLine") { $0.integer(entry.endLine) }
      writer.member("StartColumn") { $0.integer(entry.startColumn) }
      writer.member("EndColumn") { $0.integer(entry.endColumn) }
      writer.member("Match") { $0.string(entry.match) }
      writer.member("Secret") { $0.string(entry.secret) }
      writer.member("File") { $0.string(entry.file) }
      writer.member("SymlinkFile") { $0.string("") }
      writer.member("Commit") { $0.string(entry.commit) }
      if !entry.link.isEmpty { writer.member("Link") { $0.string(entry.link) } }
      writer.member("Entropy") { $0.double(entry.entropy) }
      writer.member("Author") { $0.string(entry.info?.author ?? "") }
      writer.member("Email") { $0.string(entry.info?.email ?? "") }
      writer.member("Date") { $0.string(entry.date) }
      writer.member("Message") { $0.string(entry.info?.subject ?? "") }
      writer.member("Tags") { writer in
        writer.array { writer in
          for tag in entry.tags { writer.string(tag) }
        }
      }
      writer.member("Fingerprint") { $0.string(entry.fingerprint) }
    }
  }

  /// Comma-separated values with a header; nothing at all where there are no entries, as gitleaks does.
  public static func csv(_ entries: [GitleaksEntry]) -> [UInt8] {
    if entries.isEmpty { return [] }
    var text = "RuleID,Commit,File,SymlinkFile,Secret,Match,StartLine,EndLine,StartColumn,EndColumn,Author,Message,"
    let hasLinks = entries.contains { !$0.link.isEmpty }
    text += "Date,Email,Fingerprint,Tags\(hasLinks ? ",Link" : "")\n"
    for entry in entries {
      let fields: [String] = [
        entry.rule, entry.commit, entry.file, "", entry.secret, entry.match, "\(entry.startLine)", "\(entry.endLine)",
        "\(entry.startColumn)", "\(entry.endColumn)", entry.info?.author ?? "", entry.info?.subject ?? "", entry.date,
        entry.info?.email ?? "", entry.fingerprint, entry.tags.joined(separator: " "),
      ]
      text += (hasLinks ? fields + [entry.link] : fields).map(CSVReport.field).joined(separator: ",") + "\n"
    }
    return Array(text.utf8)
  }
}
