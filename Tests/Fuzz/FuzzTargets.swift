// All targets, and the inputs that are kept for them.

import Foundation

let fuzzTargets: [any FuzzTarget.Type] = [
  IndexTarget.self, DeltaTarget.self, TreeTarget.self, CommitTarget.self, InflateTarget.self, PackTarget.self,
  MultiIndexTarget.self, LooseTarget.self, RefTarget.self, SettingTarget.self, RewriteTarget.self, RuleFileTarget.self,
  GitleaksTarget.self, PatternTarget.self, TemplateTarget.self, ConfigurationTarget.self, RecordTarget.self,
  ArchiveTarget.self,
]

/// The kept inputs of a target, a line of hex digits each.
func corpusInputs(_ name: String) throws -> [[UInt8]] {
  let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")
  let text = try String(contentsOf: directory.appending(path: name + ".txt"), encoding: .utf8)
  return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
    let digits = Array(line.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
  }
}
