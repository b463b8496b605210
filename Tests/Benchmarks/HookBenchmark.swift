// Measures a hook as a person waits for it: a repository of its own in which ten new files are staged, and runs of
// `keywright scan --staged` and `git diff --cached --stat` in turn.
//
//   benchmarks --hook KEYWRIGHT [--runs N] [--files N] [--bytes N]

import Foundation

/// One command's runs.
private struct Runs {
  var walls: [Double] = []
  var processors: [Double] = []
  var peakKiB = 0

  func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  var line: String {
    String(
      format: "median %.1f ms wall, %.1f ms cpu, best %.1f ms wall, peak %.1f MB resident", median(walls),
      median(processors), walls.min() ?? 0, Double(peakKiB) / 1_024)
  }
}

enum HookBenchmark {
  /// Runs the benchmark and prints what it measured.
  static func run(_ arguments: [String]) throws {
    var (runs, files, bytes) = (30, 10, 20_000)
    var rest = arguments.dropFirst()
    while let option = rest.popFirst(), let value = rest.popFirst().flatMap({ Int($0) }), value > 0 {
      switch option {
      case "--runs": runs = value
      case "--files": files = value
      case "--bytes": bytes = value
      default: break
      }
    }
    guard let given = arguments.first else { return print("usage: benchmarks --hook KEYWRIGHT") }
    let program = URL(filePath: given).path
    let folder = FileManager.default.temporaryDirectory.appending(path: "keywright-hook-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let before = FileManager.default.currentDirectoryPath
    defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
    guard FileManager.default.changeCurrentDirectoryPath(folder.path) else { throw CocoaError(.fileNoSuchFile) }
    _ = try measured(["git", "init", "-q"])
    for number in 0..<files {
      let text = JavaText(seed: UInt64(number)).text(bytes)
      try text.write(to: folder.appending(path: "Service\(number).java"), atomically: false, encoding: .utf8)
    }
    _ = try measured(["git", "add", "."])
    let commands = [[program, "scan", "--staged"], ["git", "diff", "--cached", "--stat"], [program, "--version"]]
    var results = commands.map { _ in Runs() }
    for _ in 0..<runs {
      for (index, command) in commands.enumerated() {
        let (wall, processor, peak) = try measured(command)
        results[index].walls.append(wall)
        results[index].processors.append(processor)
        results[index].peakKiB = max(results[index].peakKiB, peak)
      }
    }
    print("\(files) new files of \(bytes) bytes, \(runs) runs in turn")
    for (command, result) in zip(commands, results) {
      print("  \(command.joined(separator: " ").suffix(60))\n    \(result.line)")
    }
    let ratio = results[0].median(results[0].walls) / results[1].median(results[1].walls)
    print(String(format: "  the scan takes %.1f times as long as git's diff", ratio))
  }

  /// Runs a command to its end: milliseconds on the clock and of the processor, and the most memory it held, in KiB.
  private static func measured(_ command: [String]) throws -> (Double, Double, Int) {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    [Int32(1), 2].forEach { descriptor in
      unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
    }
    var texts: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) }
    unsafe texts.append(nil)
    defer { unsafe texts.forEach { unsafe free($0) } }
    let began = DispatchTime.now().uptimeNanoseconds
    var process: pid_t = 0
    guard unsafe posix_spawnp(&process, command[0], &actions, nil, texts, environ) == 0 else {
      throw CocoaError(.fileNoSuchFile)
    }
    var status: Int32 = 0
    var usage = rusage()
    _ = unsafe wait4(process, &status, 0, &usage)
    let wall = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e6
    func milliseconds(_ time: timeval) -> Double { Double(time.tv_sec) * 1e3 + Double(time.tv_usec) / 1e3 }
    return (wall, milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime), usage.ru_maxrss)
  }
}

/// Text that reads like a class of a web service, the same for the same seed.
private struct JavaText {
  private var state: UInt64
  private static let words = [
    "order", "customer", "invoice", "token", "session", "request", "response", "handler", "cache", "entry", "account",
    "payment", "key", "value", "index", "buffer", "stream", "filter", "config", "client", "message", "event", "state",
  ]

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  private mutating func next(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 33) % bound
  }

  private mutating func word() -> String { JavaText.words[next(JavaText.words.count)] }
  private mutating func type() -> String { word().capitalized + word().capitalized }

  func text(_ bytes: Int) -> String {
    var copy = self
    var text = "package org.example.\(copy.word());\n\nimport java.util.List;\n\npublic final class \(copy.type()) {\n"
    while text.utf8.count < bytes {
      let (name, type, field) = (copy.type(), copy.type(), copy.word())
      text += """

          /** Returns the \(field) of the given \(type), or null when there is no such \(copy.word()). */
          private static final String \(field.uppercased())_NAME = "\(field).\(copy.word())-\(copy.next(1_000))";

          public \(type) get\(name)(final \(type) \(field), int \(copy.word())Count) {
            if (\(field) == null || \(copy.word())Count > \(copy.next(5_000))) {
              throw new IllegalArgumentException("\(field) must not be empty: " + \(field));
            }
            return this.\(copy.word())s.get(\(field).\(copy.word())()).with\(copy.type())("\(copy.word())", \(copy.next(64)));
          }

        """
    }
    return text + "}\n"
  }
}
