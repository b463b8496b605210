// Commands that are recognised without their options being parsed: they are what parsing would have made of them.

import ArgumentParser
import Foundation
import Testing

@testable import keywright

@Suite struct DirectCommandTests {
  /// Everything that a command holds, in words: an option that was not set would show its definition.
  private func words(_ value: Any, _ depth: Int = 0) -> [String] {
    let children = Mirror(reflecting: value).children
    if children.isEmpty || depth > 8 { return ["\(value)"] }
    return children.flatMap { child in
      // Where an option came from is not what it holds.
      child.label == "_visibility" || child.label == "_hiddenFromHelp"
        ? [] : words(child.value, depth + 1).map { "\(child.label ?? "").\($0)" }
    }
  }

  @Test(arguments: [
    ["scan", "--staged"], ["hook", "run", "pre-commit"],
    ["hook", "run", "pre-push", "origin", "https://host.example/x"],
    ["hook", "run", "pre-receive"],
  ]) func isWhatParsingMakesOfIt(_ arguments: [String]) throws {
    let direct = try #require(DirectCommands.command(arguments))
    let parsed = try Program.parsed(arguments)
    #expect(type(of: direct) == type(of: parsed))
    #expect(words(direct) == words(parsed))
  }

  @Test(arguments: [
    [], ["scan"], ["scan", "--staged", "-v"], ["scan", "--staged", "--stdin"], ["hook", "run"], ["hook", "run", "x"],
    ["hook", "run", "pre-commit", "--no-baseline"], ["hook", "install", "pre-commit"], ["--staged", "scan"],
  ]) func anythingElseIsParsed(_ arguments: [String]) {
    #expect(DirectCommands.command(arguments) == nil)
  }
}
