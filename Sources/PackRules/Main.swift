// The build step that turns Rules/*.toml into a Swift file. A file with a mistake stops the build and says where it is.

import Foundation
import Matching
import RuleBook

@main
enum Program {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard let output = arguments.first else { fail(["usage: PackRules OUTPUT FILE... | PackRules --advise FILE..."]) }
    var providers: [Provider] = []
    var mistakes: [String] = []
    for path in arguments.dropFirst() {
      do {
        guard let data = FileManager.default.contents(atPath: path) else { throw CocoaError(.fileReadUnknown) }
        providers.append(try ProviderFile.parse(Array(data), name: path))
      } catch {
        mistakes.append("\(error)")
      }
    }
    mistakes += RuleBook.duplicates(in: providers).map { "two rules have the id \($0)" }
    if mistakes.isEmpty {
      mistakes = RuleChecker.check(RuleBook(providers), seeds: 2).filter(\.isError).map(\.description)
    }
    guard mistakes.isEmpty else { fail(mistakes) }
    if output == "--advise" { fail(RuleAdvice.check(RuleBook(providers)).map(\.description)) }
    guard let book = PackedBook(packing: providers) else { fail(["a rule file has a control character in a text"]) }
    let tables = MatcherProgram(RuleBook(providers).rules).packedTables(digest: book.digest)
    do {
      try Data(source(book, tables).utf8).write(to: URL(filePath: output))
    } catch {
      fail(["\(output): \(error)"])
    }
  }

  private static func source(_ book: PackedBook, _ tables: String) -> String {
    """
    // Made of Rules/ by PackRules.
    import RuleBook

    let packedBook = PackedBook(
      rules: packedRules, examples: packedExamples, management: packedManagement, facts: packedFacts,
      digest: packedDigest)
    private let packedRules = \(literal(book.rules))
    private let packedExamples = \(literal(book.examples))
    private let packedManagement = \(literal(book.management))
    private let packedFacts = \(literal(book.facts))
    private let packedDigest = \(literal(book.digest))
    let packedTables = \(literal(tables))

    """
  }

  private static func literal(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f: result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private static func fail(_ mistakes: [String]) -> Never {
    FileHandle.standardError.write(Data(mistakes.map { "error: \($0)\n" }.joined().utf8))
    exit(1)
  }
}
