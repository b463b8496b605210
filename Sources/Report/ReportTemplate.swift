// Reports in a form of the user's own: templates in the language of Go's text/template, as gitleaks takes them. What such
// templates are seen to use is here; anything else is refused, with its line and column, before anything is written.

internal import Model

/// A template that has been read and checked.
public struct ReportTemplate: Sendable {
  /// A longer one is refused.
  public static let maximumBytes = 4 << 20
  private let file: String
  private let text: String

  /// Reads a template, and checks all that can be checked without findings.
  ///
  /// - Parameters:
  ///   - text: the template.
  ///   - name: what errors call it.
  public init(_ text: String, name: String) throws(ReportTemplateError) {
    file = name
    self.text = text
    _ = try parse()
  }

  private func parse() throws(ReportTemplateError) -> (nodes: [TemplateNode], named: [String: [TemplateNode]]) {
    do throws(TemplateScanner.Mistake) {
      var parser = try TemplateParser(text, functions: TemplateFunctions.names)
      return (try parser.document(), parser.named)
    } catch { throw place(error) }
  }

  private func place(_ mistake: TemplateScanner.Mistake) -> ReportTemplateError {
    let before = text.utf8.prefix(mistake.offset)
    let line = before.count { $0 == 0x0a } + 1
    let column = before.reversed().prefix { $0 != 0x0a }.count + 1
    return ReportTemplateError(file: file, line: line, column: column, reason: mistake.reason)
  }

  /// The report.
  ///
  /// - Parameters:
  ///   - entries: the findings, which the template sees as `.`, with gitleaks' names of fields.
  ///   - now: in seconds since 1970.
  public func render(_ entries: [GitleaksEntry], now: Int64) throws(ReportTemplateError) -> [UInt8] {
    let (nodes, named) = try parse()
    var runner = TemplateRunner(named, now: now)
    do throws(TemplateScanner.Mistake) {
      try runner.run(nodes, on: .list(entries.map { .record($0.record) }))
    } catch { throw place(error) }
    return Array(runner.output.utf8)
  }
}

extension GitleaksEntry {
  /// The entry as a template sees it.
  fileprivate var record: TemplateRecord {
    // gitleaks keeps it in half the precision, and prints the shortest number that is the same in that.
    let shortEntropy = Double("\(Float(entropy))") ?? entropy
    var fields: [TemplateRecord.Field] = []
    func add(_ name: String, _ value: TemplateValue, inJSON: Bool = true) {
      fields.append(TemplateRecord.Field(name: name, value: value, isInJSON: inJSON))
    }
    add("RuleID", .text(rule))
    add("Description", .text(description))
    add("StartLine", .integer(startLine))
    add("EndLine", .integer(endLine))
    add("StartColumn", .integer(startColumn))
    add("EndColumn", .integer(endColumn))
    add("Line", .text(line), inJSON: false)
    add("Match", .text(match))
    add("Secret", .text(secret))
    add("File", .text(file))
    add("SymlinkFile", .text(""))
    add("Commit", .text(commit))
    add("Link", .text(link), inJSON: !link.isEmpty)
    add("Entropy", .float(shortEntropy))
    add("Author", .text(info?.author ?? ""))
    add("Email", .text(info?.email ?? ""))
    add("Date", .text(info.map { Timestamp.iso8601($0.time) } ?? ""))
    add("Message", .text(info?.subject ?? ""))
    add("Tags", .list(tags.map { .text($0) }))
    add("Fingerprint", .text(fingerprint))
    return TemplateRecord(name: "finding", fields: fields)
  }
}
