// Lists of keys that a service accepts at the same time: the new one goes first, the old one goes last.

import Foundation
import Secrets
import Testing

@testable import EnvFiles
@testable import Formats

@Suite struct ListTests {
  private static let old = "old-key-0123456789"
  private static let new = "new-key-9876543210"

  struct Case: Sendable {
    var start: String
    var both: String
    var end: String
  }

  static let cases = [
    Case(start: "KEYS=O\n", both: "KEYS=N,O\n", end: "KEYS=N\n"),
    Case(start: "KEYS=O,x\n", both: "KEYS=N,O,x\n", end: "KEYS=N,x\n"),
    Case(start: "KEYS='x, O'  # c\nB=1", both: "KEYS='N, x, O'  # c\nB=1", end: "KEYS='N, x'  # c\nB=1"),
    Case(start: "KEYS=\"x;O;y\"\n", both: "KEYS=\"N;x;O;y\"\n", end: "KEYS=\"N;x;y\"\n"),
    Case(start: "KEYS='[\"O\"]'\n", both: "KEYS='[\"N\",\"O\"]'\n", end: "KEYS='[\"N\"]'\n"),
    Case(
      start: "KEYS='[ \"x\", \"O\" ]'\n", both: "KEYS='[ \"N\", \"x\", \"O\" ]'\n", end: "KEYS='[ \"N\", \"x\" ]'\n"),
    Case(start: "KEYS=O,\n", both: "KEYS=N,O,\n", end: "KEYS=N,\n"),
    Case(
      start: "export KEYS=\"O\"\r\nA=1\r\n", both: "export KEYS=\"N,O\"\r\nA=1\r\n", end: "export KEYS=\"N\"\r\nA=1\r\n"
    ),
  ]

  private static func fill(_ text: String) -> String {
    text.replacingOccurrences(of: "O", with: old).replacingOccurrences(of: "N", with: new)
  }

  @Test(arguments: ListTests.cases.indices) func theNewKeyComesBeforeTheOldOneGoes(_ index: Int) throws {
    let example = ListTests.cases[index]
    let scratch = try Scratch(inMemory: true)
    let path = try scratch.write(ListTests.fill(example.start))
    let target = EnvTarget(path: path, variable: "KEYS", isList: true)
    let (old, new) = (Secret(ListTests.old), Secret(ListTests.new))
    _ = try EnvFiles.preflight(target, old: old)
    #expect(try EnvFiles.state(of: target, old: old, new: new) == .holdsOld)
    // Nothing may be dropped before the new key is there.
    #expect(throws: EnvFileError.self) { try EnvFiles.drop(target, old: old, new: new, transaction: "t") }
    #expect(try scratch.read() == ListTests.fill(example.start))
    #expect(try !EnvFiles.replace(target, old: old, new: new, transaction: "t").wasInPlace)
    #expect(try scratch.read() == ListTests.fill(example.both))
    #expect(try EnvFiles.state(of: target, old: old, new: new) == .holdsNew)
    #expect(try EnvFiles.replace(target, old: old, new: new, transaction: "t").wasInPlace)
    #expect(try EnvFiles.currentValue(of: target) == new)
    #expect(try !EnvFiles.drop(target, old: old, new: new, transaction: "t").wasInPlace)
    #expect(try scratch.read() == ListTests.fill(example.end))
    #expect(try EnvFiles.drop(target, old: old, new: new, transaction: "t").wasInPlace)
  }

  @Test func theListMayBeEditedWhileItHoldsBoth() throws {
    let scratch = try Scratch(inMemory: true)
    let (old, new) = (Secret(ListTests.old), Secret(ListTests.new))
    let target = EnvTarget(path: try scratch.write(ListTests.fill("KEYS=a,N,b,O,O\n")), variable: "KEYS", isList: true)
    _ = try EnvFiles.drop(target, old: old, new: new, transaction: "t")
    #expect(try scratch.read() == ListTests.fill("KEYS=a,N,b\n"))
    // Without the new key, taking the old one out would lock everybody out.
    try scratch.write(ListTests.fill("KEYS=a,O\n"))
    let error = #expect(throws: EnvFileError.self) { try EnvFiles.drop(target, old: old, new: new, transaction: "t") }
    #expect(error?.kind == .conflict)
    #expect(try scratch.read() == ListTests.fill("KEYS=a,O\n"))
  }

  @Test(arguments: ["KEYS='{\"a\": \"O\"}'\n", "KEYS='[1, \"O\"]'\n", "KEYS='[\"O\"'\n", "KEYS=\n"])
  func whatIsNoListIsRefused(_ text: String) throws {
    let scratch = try Scratch(inMemory: true)
    let target = EnvTarget(path: try scratch.write(ListTests.fill(text)), variable: "KEYS", isList: true)
    let error = #expect(throws: EnvFileError.self) { try EnvFiles.preflight(target, old: Secret(ListTests.old)) }
    #expect(error?.kind == .malformed, "\(text)")
    #expect(try scratch.read() == ListTests.fill(text))
  }

  @Test func aKeyThatHoldsTheSeparatorIsRefused() throws {
    let scratch = try Scratch(inMemory: true)
    let target = EnvTarget(path: try scratch.write(ListTests.fill("KEYS=O,x\n")), variable: "KEYS", isList: true)
    let error = #expect(throws: EnvFileError.self) {
      try EnvFiles.replace(target, old: Secret(ListTests.old), new: Secret("a,b-0123456789"), transaction: "t")
    }
    #expect(error?.kind == .noSafeQuoting)
  }
}
