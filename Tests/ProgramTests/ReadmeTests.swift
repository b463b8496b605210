// The README is tried as it stands: its configurations are right, its commands and flags exist.

import Foundation
import Testing

@Suite struct ReadmeTests {
  let sandbox: Sandbox
  let readme: [String]

  init() throws {
    sandbox = try Sandbox()
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8).components(separatedBy: "\n")
  }

  /// Indented blocks, without their indent.
  private var blocks: [[String]] {
    var blocks: [[String]] = []
    var isOpen = false
    for line in readme {
      if line.hasPrefix("    ") {
        if !isOpen { blocks.append([]) }
        blocks[blocks.count - 1].append(String(line.dropFirst(4)))
        isOpen = true
      } else if !line.isEmpty || !isOpen {
        isOpen = false
      }
    }
    return blocks
  }

  @Test func itsConfigurationsAreRight() throws {
    let tables = blocks.map { block in
      // A block of commands may follow the table after a blank line.
      Array(block.prefix { !$0.hasPrefix("keywright ") })
    }.filter { $0.first?.hasPrefix("[") == true }
    #expect(tables.count >= 3)
    for (number, table) in tables.enumerated() {
      let isPolicy = table.contains { $0.hasPrefix("[gate]") || $0.hasPrefix("[ignore]") }
      let folder = sandbox.root + "/\(number)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let file = folder + (isPolicy ? "/.keywright.toml" : "/keywright.toml")
      try (table.joined(separator: "\n") + "\n").write(toFile: file, atomically: false, encoding: .utf8)
      let checked = try sandbox.keywright("config", "check", "--strict", file)
      #expect(checked.status == 0, "\(checked.output)")
    }
  }

  @Test func itsCommandsAndFlagsExist() throws {
    let dump = try sandbox.keywright("--experimental-dump-help").json()
    let root = try #require(dump["command"] as? [String: Any])
    let calls = blocks.flatMap { $0 }.filter { $0.hasPrefix("keywright ") }
      .map { $0.components(separatedBy: "  #")[0].components(separatedBy: " | ")[0] }
    #expect(calls.count > 20)
    for call in calls {
      var command = root
      for word in call.split(separator: " ").dropFirst().map(String.init) {
        if word.hasPrefix("--") {
          let names = (command["arguments"] as? [[String: Any]] ?? []).flatMap {
            ($0["names"] as? [[String: Any]] ?? []).map { $0["name"] as? String ?? "" }
          }
          #expect(names.contains(String(word.dropFirst(2))), "\(call): \(word)")
        } else if let next = (command["subcommands"] as? [[String: Any]])?.first(where: {
          $0["commandName"] as? String == word
        }) {
          command = next
        }
      }
      #expect(command["commandName"] as? String != "keywright", "\(call) names no command")
    }
  }
}
