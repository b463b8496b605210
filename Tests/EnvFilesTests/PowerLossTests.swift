// The current fails: whatever a disk may have kept of what was written, renamed and made durable up to any moment, the file
// is the old one or the new one, whole. What was done is recorded with strace, and every state that may be left is looked at.

import Foundation
import Secrets
import Testing

@testable import EnvFiles

/// What a disk may have kept of some file operations.
///
/// Names (made, given away, removed) are kept in their order, any number of them since the directory was last made durable.
/// Content is kept for certain once the file was made durable; before that it may be missing, partly there, or zeros of the
/// right length.
struct DiskModel {
  enum Operation: Equatable {
    case create(name: String, file: Int)
    case write(file: Int, count: Int)
    case truncate(file: Int, count: Int)
    case synchronizeFile(Int)
    case rename(from: String, to: String)
    case remove(name: String)
    case synchronizeDirectory
  }

  let operations: [Operation]
  /// The file that has the name at first, and its content.
  let old: [UInt8]
  /// What is written, in order.
  let new: [UInt8]

  /// Every content that `name` may have after a loss of power at any moment; nil where the name may be gone.
  func contents(of name: String) -> Set<[UInt8]?> {
    var found: Set<[UInt8]?> = []
    for moment in 0...operations.count {
      let done = Array(operations[..<moment])
      let names = done.lastIndex(of: .synchronizeDirectory).map { $0 + 1 } ?? 0
      let certain = done[..<names].filter(isName)
      let pending = done[names...].filter(isName)
      for kept in 0...pending.count {
        guard let file = holder(of: name, after: Array(certain) + pending.prefix(kept)) else {
          found.insert(nil)
          continue
        }
        found.formUnion(possible(file, done).map { Optional($0) })
      }
    }
    return found
  }

  private func isName(_ operation: Operation) -> Bool {
    switch operation {
    case .create, .rename, .remove: true
    default: false
    }
  }

  /// 0 is the file that was there at first.
  private func holder(of name: String, after operations: [Operation]) -> Int? {
    var names = [name: 0]
    for operation in operations {
      switch operation {
      case .create(let name, let file): names[name] = file
      case .rename(let from, let to):
        names[to] = names[from]
        names[from] = nil
      case .remove(let name): names[name] = nil
      default: break
      }
    }
    return names[name]
  }

  private func possible(_ file: Int, _ done: [Operation]) -> [[UInt8]] {
    if file == 0 { return [old] }
    var content: [UInt8] = []
    var written = 0
    var durable: [UInt8]? = nil
    for operation in done {
      switch operation {
      case .write(file, let count):
        content = Array(new[..<min(written + count, new.count)])
        written += count
        durable = nil
      case .truncate(file, let count):
        content = Array((content + [UInt8](repeating: 0, count: max(0, count - content.count))).prefix(count))
        durable = nil
      case .synchronizeFile(file): durable = content
      default: break
      }
    }
    if let durable { return [durable] }
    return [[], Array(content.prefix(content.count / 2)), [UInt8](repeating: 0, count: content.count), content]
  }
}

@Suite struct PowerLossTests {
  private static let variable = "KEYWRIGHT_TEST_POWER"
  private static let old = "old-value-0123456789"
  private static let new = "a-new-value-of-another-length-9876543210"

  /// What the process of its own does; nothing in an ordinary run.
  @Test func rewriteWhenAsked() throws {
    guard let path = ProcessInfo.processInfo.environment[PowerLossTests.variable] else { return }
    _ = try EnvFiles.replace(
      EnvTarget(path: path, variable: "KEY"), old: Secret(PowerLossTests.old), new: Secret(PowerLossTests.new),
      transaction: "tx")
  }

  @Test(.enabled(if: Program.find("strace") != nil)) func noLossOfPowerTearsTheFile() throws {
    guard ProcessInfo.processInfo.environment[PowerLossTests.variable] == nil, let strace = Program.find("strace"),
      try Program.run(strace, ["-o", "/dev/null", "/bin/true"]).status == 0
    else { return }
    let scratch = try Scratch(inMemory: true)
    let text = "A=1\nKEY='\(PowerLossTests.old)' # c\n" + String(repeating: "# filler\n", count: 300)
    let path = try scratch.write(text)
    let log = scratch.path("log")
    _ = try Program.run(
      strace,
      [
        "-f", "-y", "-s", "0", "-o", log, "-e",
        "trace=openat,write,pwrite64,writev,ftruncate,fallocate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,link,linkat",
        "-E", "\(PowerLossTests.variable)=\(path)", CommandLine.arguments[0], "--testing-library", "swift-testing",
        "--filter", "PowerLossTests/rewriteWhenAsked",
      ])
    let after = text.replacingOccurrences(of: PowerLossTests.old, with: PowerLossTests.new)
    try #require(try scratch.read() == after)
    let lines = PowerLossTests.joined(try scratch.read("log")).filter { $0.contains(scratch.root) }
    let operations = try PowerLossTests.operations(lines, scratch.root)
    #expect(operations.contains(.rename(from: ".keywright-tx.tmp", to: ".env")), "\(lines)")
    #expect(operations.last == .synchronizeDirectory)
    let model = DiskModel(operations: operations, old: Array(text.utf8), new: Array(after.utf8))
    #expect(model.contents(of: ".env") == [Array(text.utf8), Array(after.utf8)])
  }

  /// The model itself finds what is wrong with a rewrite that forgets to make its content durable, or writes in place.
  @Test func theModelFindsCareless() {
    let (old, new) = (Array("old".utf8), Array("new!".utf8))
    func contents(_ operations: [DiskModel.Operation]) -> Set<[UInt8]?> {
      DiskModel(operations: operations, old: old, new: new).contents(of: "f")
    }
    let careful: [DiskModel.Operation] = [
      .create(name: "t", file: 1), .write(file: 1, count: 4), .synchronizeFile(1), .rename(from: "t", to: "f"),
      .synchronizeDirectory,
    ]
    #expect(contents(careful) == [old, new])
    #expect(contents(careful.filter { $0 != .synchronizeFile(1) }).contains([]))
    #expect(contents([.remove(name: "f")] + careful).contains(nil))
    #expect(
      contents([.create(name: "f", file: 1), .write(file: 1, count: 4), .synchronizeFile(1)]).contains(Array("ne".utf8))
    )
  }

  /// The calls, those in one piece that another thread's call had parted.
  private static func joined(_ log: String) -> [String] {
    var begun: [Substring: String] = [:]
    var lines: [String] = []
    for line in log.split(separator: "\n") {
      let process = line.prefix { $0.isNumber }
      if let cut = line.range(of: " <unfinished ...>") {
        begun[process] = String(line[..<cut.lowerBound])
      } else if let rest = line.range(of: " resumed>"), let head = begun.removeValue(forKey: process) {
        lines.append(head + line[rest.upperBound...])
      } else {
        lines.append(String(line))
      }
    }
    return lines
  }

  private static func operations(_ lines: [String], _ root: String) throws -> [DiskModel.Operation] {
    var files: [String: Int] = [:]
    var found: [DiskModel.Operation] = []
    for line in lines where !line.contains(" = -1 ") {
      let call = String(line.drop { $0.isNumber || $0 == " " })
      let name = String(call.prefix { $0 != "(" })
      /// The last part of the path behind the first descriptor.
      let shown = call.components(separatedBy: "<").dropFirst().first?.components(separatedBy: ">").first ?? ""
      let quoted = call.components(separatedBy: "\"")
      let result = Int(call.components(separatedBy: " = ").last?.prefix { $0.isNumber } ?? "") ?? 0
      switch name {
      case "openat" where call.contains("O_CREAT"):
        let path = call.components(separatedBy: "<").last?.components(separatedBy: ">").first ?? ""
        let last = (path as NSString).lastPathComponent
        files[path] = files.count + 1
        found.append(.create(name: last, file: files.count))
      case "write", "pwrite64", "writev":
        if let file = files[shown] { found.append(.write(file: file, count: result)) }
      case "ftruncate":
        let count = Int(call.components(separatedBy: ", ").dropFirst().first?.prefix { $0.isNumber } ?? "") ?? 0
        if let file = files[shown] { found.append(.truncate(file: file, count: count)) }
      case "fsync", "fdatasync":
        if shown == root {
          found.append(.synchronizeDirectory)
        } else if let file = files[shown] {
          found.append(.synchronizeFile(file))
        }
      case "rename", "renameat", "renameat2":
        try #require(quoted.count >= 4, "\(line)")
        found.append(
          .rename(from: (quoted[1] as NSString).lastPathComponent, to: (quoted[3] as NSString).lastPathComponent))
      case "unlink", "unlinkat":
        try #require(quoted.count >= 2, "\(line)")
        found.append(.remove(name: (quoted[1] as NSString).lastPathComponent))
      case "link", "linkat": Issue.record("unexpected: \(line)")
      default: break
      }
    }
    return found
  }
}
