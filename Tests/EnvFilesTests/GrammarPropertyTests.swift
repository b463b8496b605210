// For every kind of file, from seeds: a made-up file, a rewrite, and then only the value's bytes differ, and the program that
// really reads such files finds the new value.

import Foundation
import Secrets
import Testing

@testable import EnvFiles
@testable import Formats

@Suite struct GrammarPropertyTests {
  static let seeds = 1...60
  /// Characters that mean something to one reader or another.
  private static let special = Array(" #'\"$\\`;&|*~![]{}()<>=:,%@/+-é")

  private struct Written {
    var seed: Int
    var value: String
    var path: String
    var text: String
  }

  private func value(_ seed: Int, _ dice: inout Dice) -> String {
    if seed % 3 != 0 { return dice.key() }
    return String(
      (0..<Int.random(in: 4...16, using: &dice)).map { _ in
        Bool.random(using: &dice) ? "a" : GrammarPropertyTests.special.randomElement(using: &dice) ?? "a"
      })
  }

  @Test(arguments: Grammar.allCases) func onlyTheValueChangesAndItsReaderAgrees(_ grammar: Grammar) throws {
    let scratch = try Scratch(inMemory: true)
    var written: [Written] = []
    for seed in GrammarPropertyTests.seeds {
      var dice = Dice(UInt64(seed &* 7_919 &+ grammar.rawValue.utf8.reduce(0) { $0 &* 31 &+ Int($1) }))
      let old = dice.key(12...40)
      let file = grammar.make(old, &dice)
      let new = value(seed, &dice)
      let folder = scratch.path("\(seed)")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      let path = try scratch.write(file.text, to: "\(seed)/\(grammar.fileName)")
      let target = EnvTarget(
        path: path, variable: file.variable, dialects: grammar.dialects, format: grammar.format)
      do throws(EnvFileError) {
        _ = try EnvFiles.preflight(target, old: Secret(old))
        let done = try EnvFiles.replace(target, old: Secret(old), new: Secret(new), transaction: "t")
        #expect(done.lines.count == 1, "\(grammar), seed \(seed)")
      } catch {
        #expect(error.kind == .noSafeQuoting && seed % 3 == 0, "\(grammar), seed \(seed): \(error): \(file.text)")
        #expect(try scratch.read("\(seed)/\(grammar.fileName)") == file.text)
        continue
      }
      let now = try scratch.read("\(seed)/\(grammar.fileName)")
      #expect(
        now.hasPrefix(file.head) && now.hasSuffix(file.tail) && now.count >= file.head.count + file.tail.count,
        "\(grammar), seed \(seed): \(file.text.debugDescription) became \(now.debugDescription)")
      #expect(try EnvFiles.state(of: target, old: Secret(old), new: Secret(new)) == .holdsNew)
      written.append(Written(seed: seed, value: new, path: path, text: now))
    }
    #expect(written.count >= 40, "\(grammar): too much is refused: \(written.count)")
    let asked = Array(written.suffix(RealReaders.limit(grammar)))
    for (reader, answers) in try RealReaders.ask(grammar, asked.map(\.path)) {
      for (file, answer) in zip(asked, answers) where answer != file.value && isAsked(file, reader) {
        Issue.record(
          "\(reader) reads \(answer ?? "nothing"), not \(file.value), seed \(file.seed), in \(file.text.debugDescription)"
        )
      }
    }
  }

  /// In environment.d, unlike in an EnvironmentFile, systemd expands variables; those files are left to its manual.
  private func isAsked(_ file: Written, _ reader: String) -> Bool { reader != "systemd" || !file.value.contains("$") }

  /// Two readers that see two values: nothing is written.
  @Test(arguments: [
    ("KEY='oldoldoldold'\n", [DotenvDialect.docker, .dotenv]), ("KEY=\"oldoldoldold\"\n", [.docker, .shell]),
    ("KEY=oldoldoldold # c\n", [.systemd, .dotenv]), ("KEY=oldoldoldold#c\n", [.python, .node]),
    ("export KEY=oldoldoldold\n", [.shell, .systemd]), ("KEY=`oldoldoldold`\n", [.python, .node]),
    ("KEY=\"old\\toldoldold\"\n", [.python, .node]), ("KEY: oldoldoldold\n", [.compose, .dotenv]),
  ])
  func readersThatDisagreeStopTheRewrite(_ text: String, _ dialects: [DotenvDialect]) throws {
    let scratch = try Scratch(inMemory: true)
    let target = EnvTarget(path: try scratch.write(text), variable: "KEY", dialects: dialects)
    let error = #expect(throws: EnvFileError.self) {
      try EnvFiles.replace(target, old: Secret("oldoldoldold"), new: Secret("newnewnewnew"), transaction: "t")
    }
    #expect([.malformed, .conflict].contains(error?.kind), "\(text): \(error.map { "\($0)" } ?? "")")
    #expect(try scratch.read() == text)
  }
}
