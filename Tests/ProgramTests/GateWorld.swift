// A repository with a target branch and a change, as the checkouts of CI services have them.

import Foundation
import Testing

/// `main` has two commits, of which the second brings a key; `topic` adds two more commits, the last with a key of its own;
/// the clone stands at a trial merge of the two. The first commit of `main` has a key that is nobody's news.
struct GateWorld {
  let sandbox: Sandbox
  /// The bare repository that the clone comes from.
  let origin: String
  let clone: String
  let oldKey: String
  let mainKey: String
  let topicKey: String
  /// Commits by the names that the tables of the tests use.
  let names: [String: String]

  init() throws {
    sandbox = try Sandbox()
    origin = try sandbox.repository("origin.git", "--bare")
    clone = sandbox.root + "/clone"
    oldKey = sandbox.keep(SampleKey.aitbc())
    mainKey = sandbox.keep(SampleKey.aitbc())
    topicKey = sandbox.keep(SampleKey.aitbc())
    try sandbox.git("clone", "-q", origin, clone, in: sandbox.root)
    let before = try sandbox.commit("\(oldKey)\n", to: "old.txt", in: clone)
    let main = try sandbox.commit("\(mainKey)\n", to: "main.txt", in: clone)
    try sandbox.git("push", "-q", "origin", "main", in: clone)
    try sandbox.git("remote", "set-head", "origin", "main", in: clone)
    try sandbox.git("checkout", "-q", "-b", "topic", in: clone)
    try sandbox.commit("fine\n", to: "fine.txt", in: clone)
    let head = try sandbox.commit("a = 1\nkey = \(topicKey)\n", to: "src/topic.txt", in: clone)
    try sandbox.git("push", "-q", "origin", "topic", in: clone)
    try sandbox.git("checkout", "-q", "--detach", "origin/main", in: clone)
    try sandbox.git("merge", "-q", "--no-ff", "-m", "trial", "topic", in: clone)
    names = [
      "before": before, "main": main, "head": head, "merge": try sandbox.git("rev-parse", "HEAD", in: clone),
      "zero": String(repeating: "0", count: 40), "gone": String(repeating: "17", count: 20),
    ]
  }

  /// A text with `{name}` replaced by the commit of that name.
  func filled(_ text: String) -> String {
    names.reduce(text) { $0.replacingOccurrences(of: "{\($1.key)}", with: $1.value) }
  }

  /// Runs the gate in the clone as a service would.
  func gate(_ variables: [String: String], event: String? = nil, _ arguments: String...) throws -> Outcome {
    var extra = variables.mapValues(filled)
    if let event {
      extra["GITHUB_EVENT_PATH"] = sandbox.root + "/event.json"
      try filled(event).write(toFile: sandbox.root + "/event.json", atomically: false, encoding: .utf8)
    }
    return try sandbox.keywright(["gate"] + arguments, in: clone, extra: extra)
  }

  /// The paths that a JSON report of the gate names, sorted.
  func paths(_ outcome: Outcome) throws -> [String] {
    let findings = try #require(try outcome.json()["findings"] as? [[String: Any]])
    return findings.filter { !($0["suppression"] is [String: Any]) }.flatMap { finding in
      (finding["occurrences"] as? [[String: Any]] ?? []).compactMap { $0["path"] as? String }
    }.sorted()
  }
}
