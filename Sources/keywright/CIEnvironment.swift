// What CI services say of the change that they run for: one table, read by one function. A service is added by a row.

internal import Formats

/// Where a service says something: in a variable, or in the event's JSON, at a pointer (RFC 6901).
enum CISource: Sendable {
  case variable(String)
  case event(String)
  /// The first end of a range, `A..B`, in a variable.
  case rangeBase(String)
}

/// A row of the table. Of several sources the first that says something counts, if nothing else is noted.
struct CIService: Sendable {
  var name: String
  /// Variables that are set in every job, and the value that they must have, if it matters.
  var marks: [(variable: String, value: String?)]
  /// Said only of a change request (a pull or merge request, a merge queue): what is to be merged into a target branch.
  var request: [CISource] = []
  /// The commit to judge: for a change request, its own last commit rather than a trial merge.
  var requestHead: [CISource] = []
  var head: [CISource]
  /// Commits of the target branch. All that are said count.
  var requestBase: [CISource] = []
  /// The branch's commit before the push.
  var base: [CISource] = []
  /// The base and the head in one, `A..B` or `A...B`, or an address that ends in it.
  var range: [CISource] = []
  var target: [CISource] = []
  /// What was pushed: a branch or a tag.
  var branch: [CISource] = []
  var defaultBranch: [CISource] = []
  /// Says "true" if what was pushed is the default branch.
  var isDefault: CISource?
  /// The variable that names the event's JSON file.
  var eventFile: String?
  /// The variable that names a file for Markdown that the service shows.
  var summaryFile: String?
  /// Whether `::error` lines on standard output become annotations.
  var annotates = false
  /// How to check out the whole history.
  var depth: String
}

/// What a service says, in one shape.
struct CIFacts: Sendable {
  var service: CIService?
  var isRequest = false
  var head: String?
  var bases: [String] = []
  /// The service says that there was nothing before: all zeros.
  var isFirstPush = false
  /// The branch was deleted: there is nothing to judge.
  var isDeletion = false
  var target: String?
  var branch: String?
  var defaultBranch: String?
  var isDefault = false
}

enum CIEnvironment {
  /// The service that the variables are of.
  static func service(_ variables: [String: String]) -> CIService? {
    services.first { service in
      service.marks.contains { mark in
        guard let value = variables[mark.variable], !value.isEmpty else { return false }
        return mark.value == nil || mark.value?.lowercased() == value.lowercased()
      }
    }
  }

  /// What the variables and the event say.
  static func facts(_ variables: [String: String], event: Node?) -> CIFacts {
    guard let service = service(variables) else { return CIFacts() }
    let reader = CIReader(variables: variables, event: event)
    var facts = CIFacts(service: service)
    facts.isRequest = reader.first(service.request) != nil
    facts.target = reader.first(service.target).map(branchName)
    facts.branch = reader.first(service.branch).map(branchName)
    facts.defaultBranch = reader.first(service.defaultBranch).map(branchName)
    facts.isDefault = service.isDefault.flatMap { reader.first([$0]) }?.lowercased() == "true"
    facts.head =
      facts.isRequest ? reader.first(service.requestHead) ?? reader.first(service.head) : reader.first(service.head)
    let range = reader.first(service.range).flatMap(parseRange)
    if facts.isRequest {
      facts.bases = reader.all(service.requestBase).filter { !isZero($0) }
    } else if let base = reader.first(service.base) ?? range?.base {
      if isZero(base) { facts.isFirstPush = true } else { facts.bases = [base] }
    }
    if facts.head == nil { facts.head = range?.head }
    facts.isDeletion = facts.head.map(isZero) ?? false
    return facts
  }

  /// A branch's own name.
  static func branchName(_ text: String) -> String {
    for prefix in ["refs/heads/", "refs/tags/", "refs/remotes/origin/", "origin/"] where text.hasPrefix(prefix) {
      return String(text.dropFirst(prefix.utf8.count))
    }
    return text
  }

  /// The two ends of `A..B`, of `A...B`, or of an address that ends so.
  static func parseRange(_ text: String) -> (base: String, head: String)? {
    let last = text.split(separator: "/").last.map(String.init) ?? ""
    guard let dots = last.firstRange(of: "..") else { return nil }
    let base = String(last[..<dots.lowerBound])
    let head = String(last[dots.upperBound...].drop { $0 == "." })
    guard isID(base), isID(head) else { return nil }
    return (base, head)
  }

  private static func isID(_ text: String) -> Bool {
    (7...64).contains(text.utf8.count) && text.allSatisfy { $0.isHexDigit && $0.isASCII }
  }

  static func isZero(_ id: String) -> Bool { !id.isEmpty && id.allSatisfy { $0 == "0" } }
}

/// Reads sources.
private struct CIReader {
  let variables: [String: String]
  let event: Node?

  /// What a source says; "false" says nothing (some services write it where there is no pull request).
  private func value(_ source: CISource) -> String? {
    let text: String?
    switch source {
    case .variable(let name): text = variables[name]
    case .event(let pointer): text = event?.pointer(pointer)?.string
    case .rangeBase(let name): text = variables[name].flatMap(CIEnvironment.parseRange)?.base
    }
    guard let text, !text.isEmpty, text.lowercased() != "false" else { return nil }
    return text
  }

  func first(_ sources: [CISource]) -> String? { sources.lazy.compactMap { value($0) }.first }
  func all(_ sources: [CISource]) -> [String] { sources.compactMap { value($0) } }
}
