// The programs themselves read what was written: bash, python-dotenv and Node, where they are installed.

import Formats
import Foundation
import Secrets
import Testing

@testable import EnvFiles

@Suite struct RealReaderTests {
  static let values = [
    "plainvalue_0123-456", "with/slash+plus=eq:at@pc%25,comma.dot", "a b", "a#b", "a #b", "a$b", "a${HOME}b", "a\"b",
    "a'b",
    "a\\b", "a\\nb", "`id`", "$(id)", "a;b&c|d", "~root", "*", "[\"k1\",\"k2\"]", "ends\\", " space ", "!x", "é€😀",
    "x\ty",
  ]
  static let templates = ["KEY=@\n", "KEY='@'\n", "KEY=\"@\"\n", "export KEY=\"@\" # c\nNEXT=1\n", "A=1\nKEY=@"]
  static let separator = "\u{1e}"

  /// What the program takes KEY for in each of the files; nil where it is not installed.
  private func ask(_ dialect: DotenvDialect, _ paths: [String]) throws -> [String]? {
    let output: String
    switch dialect {
    case .shell:
      // A subshell for each file, so that none sees another's variables.
      let script = "for f; do (unset KEY; . \"$f\"; printf '%s\\036' \"$KEY\"); done 2>/dev/null"
      output = try Program.run("/bin/bash", ["-c", script, "bash"] + paths).output
    case .python:
      guard let python = Program.pythonWithDotenv else { return nil }
      let script = """
        import dotenv,logging,sys
        logging.disable()
        for f in sys.argv[1:]: sys.stdout.write(str(dotenv.dotenv_values(f).get('KEY'))+'\\x1e')
        """
      output = try Program.run(python, ["-c", script] + paths).output
    case .node:
      guard let node = Program.node else { return nil }
      let script = """
        const fs = require('fs'), {parseEnv} = require('util');
        for (const f of process.argv.slice(1)) process.stdout.write(parseEnv(fs.readFileSync(f, 'utf8')).KEY + '\\x1e')
        """
      output = try Program.run(node, ["node", "-e", script] + paths).output
    default: return nil
    }
    let answers = output.components(separatedBy: RealReaderTests.separator).dropLast()
    try #require(answers.count == paths.count)
    return Array(answers)
  }

  /// Every value written over every template, in a folder of its own; refusals must be for want of a quoting.
  private func write(_ dialects: [DotenvDialect], _ scratch: Scratch) throws -> [(value: String, path: String)] {
    var written: [(String, String)] = []
    for (row, template) in RealReaderTests.templates.enumerated() {
      for (column, value) in RealReaderTests.values.enumerated() {
        let text = template.replacingOccurrences(of: "@", with: "oldoldoldoldold")
        let path = try scratch.write(text, to: "\(row)-\(column)")
        let target = EnvTarget(path: path, variable: "KEY", dialects: dialects)
        do throws(EnvFileError) {
          _ = try EnvFiles.replace(target, old: Secret("oldoldoldoldold"), new: Secret(value), transaction: "t")
          written.append((value, path))
        } catch {
          #expect(error.kind == .noSafeQuoting)
        }
      }
    }
    return written
  }

  /// Whatever is accepted must be read back by the program itself; what the program could not read must be refused.
  @Test(arguments: [[DotenvDialect.shell], [.python], [.node], [.dotenv], [.dotenv, .shell]])
  func theProgramReadsTheNewValue(_ dialects: [DotenvDialect]) throws {
    let scratch = try Scratch(inMemory: true)
    let written = try write(dialects, scratch)
    let enough = RealReaderTests.templates.count * (RealReaderTests.values.count - 5)
    #expect(written.count >= enough, "too much is refused: \(written.count)")
    let readers = dialects.flatMap { $0 == .dotenv ? [.python, .node] : [$0] }
    for reader in readers {
      guard let read = try ask(reader, written.map(\.path)) else { continue }
      for (answer, (value, path)) in zip(read, written) where answer != value {
        Issue.record(
          "\(reader) reads \(answer), not \(value), in: \(try String(contentsOfFile: path, encoding: .utf8))")
      }
    }
  }

  /// The other way round: where our reader is certain of a value, the program must agree.
  @Test(arguments: [DotenvDialect.shell, .python, .node, .dotenv])
  func theReaderAgreesWithTheProgram(_ dialect: DotenvDialect) throws {
    let scratch = try Scratch(inMemory: true)
    var certain: [(text: String, value: String, path: String)] = []
    for seed in 1...600 {
      var dice = Dice(UInt64(seed))
      let alphabet = seed % 2 == 0 ? "ab#'\"\\$` \t=\n" : "ab#'\" n\\"
      let middle = ["", "'", "\""].randomElement(using: &dice) ?? ""
      let text =
        "A=\(dice.text("ab#'\"\\ ", 0...5))\nKEY=\(middle)\(dice.text(alphabet, 0...9))\(middle)\nZ=\(dice.text("ab'\"", 0...3))\n"
      guard let settings = try? Dotenv.parse(Array(text.utf8), name: "x", dialect: dialect),
        let value = settings.last(where: { $0.key == "KEY" })?.value
      else { continue }
      let path = try scratch.write(text, to: "\(seed)")
      certain.append((text, String(decoding: value.copyBytes(), as: UTF8.self), path))
    }
    #expect(certain.count > 40)
    for reader in dialect == .dotenv ? [.python, .node] : [dialect] {
      guard let read = try ask(reader, certain.map(\.path)) else { continue }
      for (answer, (text, value, _)) in zip(read, certain) where answer != value {
        Issue.record(
          "\(reader) reads \(answer.debugDescription), not \(value.debugDescription), in \(text.debugDescription)")
      }
    }
  }
}
