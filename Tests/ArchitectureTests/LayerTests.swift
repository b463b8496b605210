// The arrows between targets, and what each layer may touch, checked on the source text itself.

import Foundation
import Testing

/// What each target may import of ours, and of C. A target that is not here, or an arrow that is not here, fails.
private let arrows: [String: Set<String>] = [
  "Posix": [],
  "Secrets": ["Csodium"],
  "Model": ["Secrets"],
  "Formats": ["Model", "Secrets"],
  "RuleBook": ["Model", "Formats"],
  "Git": ["Model", "Posix", "Clibgit2", "Clibdeflate"],
  "Matching": ["Model", "RuleBook", "Cpcre2"],
  "Scanning": ["Model", "Git", "Matching", "RuleBook", "Formats", "Posix", "Secrets"],
  "Transport": ["Secrets", "Ccurl"],
  "Databases": ["Secrets", "Transport"],
  "Providers": ["Model", "RuleBook", "Formats", "Transport", "Databases", "Secrets", "Posix"],
  "EnvFiles": ["Model", "Formats", "Posix", "Secrets"],
  "Ledger": ["Model", "Secrets", "Posix", "GRDB"],
  "Rotation": ["Model", "Secrets", "Formats", "RuleBook", "Transport", "Providers", "EnvFiles", "Ledger", "Posix"],
  "Report": ["Model", "Formats", "Secrets"],
  "PackRules": ["RuleBook", "Matching", "Model"],
  "BuiltinRules": ["RuleBook"],
  "AITBC": ["Secrets", "Transport", "Formats"],
  "KeyAuthority": ["Secrets", "GRDB", "FlyingFox", "FlyingSocks"],
  "keywright": [
    "Model", "Secrets", "Posix", "Formats", "RuleBook", "BuiltinRules", "Git", "Matching", "Scanning", "Transport",
    "Providers", "EnvFiles", "Ledger", "Rotation", "Report", "AITBC", "ArgumentParser",
  ],
  "keywright-authority": ["KeyAuthority", "Secrets", "ArgumentParser"],
]

/// Modules of the toolchain that any target may use.
private let toolchain: Set<String> = ["Synchronization", "Glibc"]

/// Modules of the toolchain that only the named targets may use.
private let restricted: [String: Set<String>] = [
  "Foundation": ["KeyAuthority", "keywright-authority", "PackRulesPlugin", "PackRules"],
  "FoundationEssentials": ["KeyAuthority", "keywright-authority", "AITBC", "PackRules"],
  "Dispatch": ["KeyAuthority", "keywright-authority", "AITBC"],
]

private let unsafeTargets: Set<String> = ["Posix", "Secrets", "Git", "Matching", "Transport", "Databases"]
private let programs: Set<String> = ["keywright", "keywright-authority", "PackRules"]

private struct SourceFile {
  let target: String
  let name: String
  let lines: [Substring]

  /// The modules that the file imports.
  var imports: [String] {
    lines.compactMap { line in
      let words = line.split(separator: " ")
      guard let at = words.firstIndex(of: "import"), at <= 2, at + 1 < words.count, !line.hasPrefix("//") else {
        return nil
      }
      let kinds: Set<Substring> = ["struct", "class", "enum", "func", "protocol", "typealias"]
      let name = kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
      return String(name.split(separator: ".")[0])
    }
  }

  /// Lines of code: comments, and what stands in string literals, left out.
  var code: [String] {
    lines.map { line in
      var text = String(line)
      if let comment = text.range(of: "//") { text = String(text[..<comment.lowerBound]) }
      let pieces = text.components(separatedBy: "\"")
      return stride(from: 0, to: pieces.count, by: 2).map { pieces[$0] }.joined(separator: "\"\"")
    }
  }
}

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

private func sourceFiles() throws -> [SourceFile] {
  let sources = root.appending(path: "Sources")
  let found = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
  return try found.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map { url in
    let relative = url.path.dropFirst(sources.path.count + 1)
    let text = try String(contentsOf: url, encoding: .utf8)
    return SourceFile(
      target: String(relative.split(separator: "/")[0]), name: String(relative),
      lines: text.split(separator: "\n", omittingEmptySubsequences: false))
  }
}

@Suite struct LayerTests {
  @Test func everyArrowIsDrawn() throws {
    for file in try sourceFiles() where file.target != "PackRulesPlugin" {
      let allowed = try #require(arrows[file.target], "\(file.target) is not in the table of arrows")
      for module in file.imports where !toolchain.contains(module) {
        if let holders = restricted[module] {
          #expect(holders.contains(file.target), "\(file.name) imports \(module)")
        } else {
          #expect(allowed.contains(module), "\(file.name) imports \(module)")
        }
      }
    }
  }

  @Test func theWingsMeetOnlyInTheProgram() {
    let scanning: Set<String> = ["Git", "Matching", "Scanning"]
    let rotation: Set<String> = ["Transport", "Databases", "Providers", "EnvFiles", "Ledger", "Rotation"]
    for target in scanning { #expect(arrows[target, default: []].isDisjoint(with: rotation)) }
    for target in rotation { #expect(arrows[target, default: []].isDisjoint(with: scanning)) }
  }

  @Test func theArrowsHaveNoCycle() {
    var settled: Set<String> = []
    var left = Set(arrows.keys)
    while !left.isEmpty {
      let free = left.filter { arrows[$0, default: []].intersection(Set(arrows.keys)).isSubset(of: settled) }
      #expect(!free.isEmpty, "a cycle among \(left.sorted())")
      if free.isEmpty { return }
      settled.formUnion(free)
      left.subtract(free)
    }
  }

  @Test func eachCLibraryHasOneOwner() {
    for library in ["Clibgit2", "Cpcre2", "Clibdeflate", "Csodium", "Ccurl"] {
      #expect(arrows.values.filter { $0.contains(library) }.count <= 1, "\(library)")
    }
  }

  @Test func onlyTheWrappersAreUnsafe() throws {
    for file in try sourceFiles() where !unsafeTargets.contains(file.target) {
      for (number, line) in file.code.enumerated() {
        let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        #expect(!words.contains("unsafe"), "\(file.name):\(number + 1)")
      }
    }
  }

  @Test func onlyTheProgramsExitPrintOrReadTheEnvironment() throws {
    let banned = ["print(", "exit(", "getenv(", "ProcessInfo", "CommandLine.", "FileHandle.standard", "fputs("]
    for file in try sourceFiles() where !programs.contains(file.target) && file.target != "Posix" {
      for (number, line) in file.code.enumerated() {
        for word in banned where line.contains(word) {
          // A method of the same ending (`.print(`, `debugPrint(`) is another thing.
          let before = line.range(of: word).flatMap {
            $0.lowerBound == line.startIndex ? nil : line[line.index(before: $0.lowerBound)]
          }
          let partOfLongerName = before.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." } ?? false
          #expect(partOfLongerName, "\(file.name):\(number + 1) uses \(word)")
        }
      }
    }
  }

  @Test func everyFileOpensWithWhatItOwns() throws {
    for file in try sourceFiles() where !programs.contains(file.target) && file.target != "PackRulesPlugin" {
      #expect(file.lines.first?.hasPrefix("//") == true, "\(file.name) does not open with a comment")
    }
  }

  @Test func noFunctionIsLongerThanAScreen() throws {
    let limit = 70
    for file in try sourceFiles() {
      var start: (line: Int, indent: Int)?
      for (number, line) in file.lines.enumerated() {
        let indent = line.prefix { $0 == " " }.count
        let words = line.split(separator: " ")
        if start == nil, words.contains(where: { $0 == "func" || $0.hasPrefix("init(") }), line.hasSuffix("{") {
          start = (number, indent)
        } else if let open = start, indent == open.indent, line.hasSuffix("}"), words.count == 1 {
          #expect(number - open.line <= limit, "\(file.name):\(open.line + 1) is \(number - open.line) lines long")
          start = nil
        }
      }
    }
  }
}
