// What is refused, with which kind of error, and that nothing is written then.

import Formats
import Foundation
import Posix
import Secrets
import Testing

@testable import EnvFiles

@Suite struct RefusalTests {
  static let old = Secret("old-value-0123456789")
  static let new = Secret("new-value-9876543210")

  /// The error of a rewrite; the file must be as it was, with nothing beside it.
  private func refusal(
    _ scratch: Scratch, _ content: [UInt8]?, dialects: [DotenvDialect] = [], new: Secret = RefusalTests.new,
    policy: EnvPolicy = EnvPolicy()
  ) throws -> EnvFileError {
    if let content { try scratch.write(content, to: ".env") }
    let target = EnvTarget(path: scratch.path(".env"), variable: "KEY", dialects: dialects)
    let error = try #require(throws: EnvFileError.self) {
      try EnvFiles.replace(target, old: RefusalTests.old, new: new, transaction: "t", policy: policy)
    }
    if let content { #expect(try Array(Data(contentsOf: URL(filePath: target.path))) == content) }
    #expect(try !scratch.names().contains { $0.hasPrefix(".keywright") })
    #expect(!"\(error) \(error.hint ?? "")".contains("old-value"))
    return error
  }

  @Test func anEditedValueIsAConflict() throws {
    let error = try refusal(try Scratch(), Array("A=1\nKEY=somebody-elses\n".utf8))
    #expect(error.kind == .conflict && error.line == 2)
  }

  @Test func anEarlierCopyDoesNotCount() throws {
    let error = try refusal(try Scratch(), Array("KEY=old-value-0123456789\nKEY=other\n".utf8))
    #expect(error.kind == .conflict)
  }

  @Test func aLaterOldCopyIsFinished() throws {
    // A crash can't leave this, but a merge can: the last one counts, and it is old.
    let scratch = try Scratch()
    let path = try scratch.write("KEY=new-value-9876543210\nKEY='old-value-0123456789'\nKEY=old-value-0123456789")
    let target = EnvTarget(path: path, variable: "KEY")
    _ = try EnvFiles.replace(target, old: RefusalTests.old, new: RefusalTests.new, transaction: "t")
    #expect(try scratch.read() == "KEY=new-value-9876543210\nKEY='new-value-9876543210'\nKEY=new-value-9876543210")
  }

  @Test func aMissingFileOrVariableIsNamed() throws {
    #expect(try refusal(try Scratch(), nil).kind == .missing)
    #expect(try refusal(try Scratch(), Array("OTHER=old-value-0123456789\n".utf8)).kind == .variableMissing)
    #expect(try refusal(try Scratch(), Array("#KEY=old-value-0123456789\n".utf8)).kind == .variableMissing)
    #expect(try refusal(try Scratch(), []).kind == .variableMissing)
  }

  @Test func aPipeADirectoryAndADeviceAreRefused() throws {
    let pipe = try Scratch()
    try pipe.makePipe()
    #expect(try refusal(pipe, nil).kind == .unsafePlace)
    let directory = try Scratch()
    try FileManager.default.createDirectory(atPath: directory.path(".env"), withIntermediateDirectories: false)
    #expect(try refusal(directory, nil).kind == .unsafePlace)
    let device = try Scratch()
    try FileManager.default.createSymbolicLink(atPath: device.path(".env"), withDestinationPath: "/dev/null")
    #expect(try refusal(device, nil).kind == .unsafePlace)
  }

  @Test func twoNamesOfOneFileAreRefused() throws {
    let scratch = try Scratch()
    try scratch.write("KEY=old-value-0123456789\n")
    try FileManager.default.linkItem(atPath: scratch.path(".env"), toPath: scratch.path("other"))
    #expect(try refusal(scratch, nil).kind == .unsafePlace)
    #expect(try scratch.read("other") == "KEY=old-value-0123456789\n")
  }

  @Test func aTrackedFileIsRefusedUnlessAllowed() throws {
    let content = Array("KEY=old-value-0123456789\n".utf8)
    let scratch = try Scratch()
    let tracked = EnvPolicy { $0.hasSuffix("/.env") }
    #expect(try refusal(scratch, content, policy: tracked).kind == .unsafePlace)
    let allowed = EnvPolicy(allowsTracked: true) { _ in true }
    let target = EnvTarget(path: scratch.path(".env"), variable: "KEY")
    _ = try EnvFiles.replace(target, old: RefusalTests.old, new: RefusalTests.new, transaction: "t", policy: allowed)
  }

  @Test func aDirectoryOpenToAllIsRefused() throws {
    let scratch = try Scratch()
    try scratch.write("KEY=old-value-0123456789\n")
    try scratch.setMode(0o777, of: "")
    #expect(try refusal(scratch, nil).kind == .unsafePlace)
    try scratch.setMode(0o1777, of: "")
    let target = EnvTarget(path: scratch.path(".env"), variable: "KEY")
    _ = try EnvFiles.preflight(target, old: RefusalTests.old)
  }

  @Test func anImmutableFileIsRefused() throws {
    let scratch = try Scratch()
    let path = try scratch.write("KEY=old-value-0123456789\n")
    guard let chattr = Program.find("chattr"), try Program.run(chattr, ["+i", path]).status == 0 else { return }
    defer { _ = try? Program.run(chattr, ["-i", path]) }
    #expect(try refusal(scratch, nil).kind == .unsafePlace)
  }

  @Test func aVolumeOfKubernetesIsRefused() throws {
    let scratch = try Scratch()
    try FileManager.default.createDirectory(atPath: scratch.path("..2026_01_01"), withIntermediateDirectories: false)
    try scratch.write("KEY=old-value-0123456789\n", to: "..2026_01_01/.env")
    try FileManager.default.createSymbolicLink(atPath: scratch.path("..data"), withDestinationPath: "..2026_01_01")
    try FileManager.default.createSymbolicLink(atPath: scratch.path(".env"), withDestinationPath: "..data/.env")
    #expect(try refusal(scratch, nil).kind == .unsafePlace)
  }

  @Test func aLockOfAPeerIsHonoured() throws {
    let scratch = try Scratch()
    let path = try scratch.write("KEY=old-value-0123456789\n")
    try scratch.write("", to: ".env.lock")
    var held = try FileLock.attempt(path + ".lock")
    #expect(held != nil)
    #expect(try refusal(scratch, nil).kind == .busy)
    held = nil
    let target = EnvTarget(path: path, variable: "KEY")
    _ = try EnvFiles.replace(target, old: RefusalTests.old, new: RefusalTests.new, transaction: "t")
  }

  @Test(arguments: [
    "KEY='old-value-0123456789\n", "KEY=\"old-value-0123456789", "KEY=\"old-value-0123456789\" x\n",
    "KEY=`old-value-0123456789`\n", "KEY=\"old-value-0123456789\\\"\"\n", "A=\"\\\"\nKEY=old-value-0123456789\nB=\"\n",
    "KEY=old-value-0123456789#c\n", "KEY=${A}old-value-0123456789\n", "KEY=\0old-value-0123456789\n",
    "KEY=old-value-0123456789\u{1}\n",
  ])
  func uncertainLinesAreRefused(_ text: String) throws {
    #expect(try refusal(try Scratch(), Array(text.utf8)).kind == .malformed, "\(text)")
  }

  @Test func wideTextIsNamed() throws {
    var bytes: [UInt8] = [0xff, 0xfe]
    for byte in "KEY=old-value-0123456789\n".utf8 { bytes += [byte, 0] }
    let error = try refusal(try Scratch(), bytes)
    #expect(error.kind == .malformed && error.reason.contains("UTF-16"))
  }

  @Test(arguments: [
    ("export KEY=$(cat x)\n", DotenvDialect.shell), ("KEY=old-value-0123456789; echo\n", .shell),
    ("KEY='old-value'-0123456789\n", .shell), ("cat <<E\nKEY=old-value-0123456789\nE\n", .shell),
    ("KEY=old-value-0123456789\r\n", .shell), ("A=it's\nKEY=old-value-0123456789\n", .shell),
    ("export KEY=old-value-0123456789\n", .docker), ("KEY=\"old-value-0123456789\" # c\n", .systemd),
    ("KEY='old-value-0123456789\n", .systemd), ("KEY=$old-value-0123456789\n", .compose), ("KEY=\"a\n", .compose),
  ])
  func readersOfOtherKindsRefuseToo(_ text: String, _ dialect: DotenvDialect) throws {
    #expect(try refusal(try Scratch(), Array(text.utf8), dialects: [dialect]).kind == .malformed, "\(text)")
  }

  @Test func aReaderThatSeesNothingStopsTheRewrite() throws {
    let text = Array("export KEY=old-value-0123456789\n".utf8)
    #expect(try refusal(try Scratch(), text, dialects: [.dotenv, .systemd]).kind == .malformed)
  }

  @Test func aValueThatNoQuotingCarriesIsRefused() throws {
    let text = Array("KEY=old-value-0123456789\n".utf8)
    let hard = Secret("it's \"$HOME`\\ #")
    #expect(try refusal(try Scratch(), text, dialects: [.dotenv, .shell], new: hard).kind == .noSafeQuoting)
    #expect(try refusal(try Scratch(), text, dialects: [.docker, .shell], new: Secret("a b")).kind == .noSafeQuoting)
    #expect(try refusal(try Scratch(), text, dialects: [.docker], new: Secret("a\nb")).kind == .noSafeQuoting)
    #expect(try refusal(try Scratch(), text, new: Secret("a\0b")).kind == .noSafeQuoting)
    let list = Array("KEY=x,old-value-0123456789\n".utf8)
    #expect(try refusal(try Scratch(), list, new: Secret("a,b")).kind == .noSafeQuoting)
  }

  @Test func limitsAreNamed() throws {
    let long = [UInt8](repeating: 0x61, count: EnvFiles.maximumFileBytes + 1)
    #expect(try refusal(try Scratch(), long).kind == .tooLarge)
    let value = Array("KEY=".utf8) + [UInt8](repeating: 0x61, count: EnvFiles.maximumValueBytes + 1)
    #expect(try refusal(try Scratch(), value).kind == .tooLarge)
    let text = Array("KEY=old-value-0123456789\n".utf8)
    let huge = Secret([UInt8](repeating: 0x61, count: EnvFiles.maximumValueBytes + 1))
    #expect(try refusal(try Scratch(), text, new: huge).kind == .tooLarge)
  }

  @Test func aFileOfOneHugeLineIsStillRewritten() throws {
    let scratch = try Scratch()
    let line = "A=" + String(repeating: "x", count: 2 << 20)
    let path = try scratch.write(line + "\nKEY=old-value-0123456789\n")
    let target = EnvTarget(path: path, variable: "KEY", dialects: [.dotenv, .systemd])
    _ = try EnvFiles.replace(target, old: RefusalTests.old, new: RefusalTests.new, transaction: "t")
    #expect(try scratch.read() == line + "\nKEY=new-value-9876543210\n")
  }

  @Test func aShortKeyIsNoPartOfAnything() throws {
    let scratch = try Scratch()
    let target = EnvTarget(path: try scratch.write("KEY=a,short,b\n"), variable: "KEY")
    #expect(try EnvFiles.state(of: target, old: Secret("short"), new: nil) == .holdsOther)
    try scratch.write("KEY=Xold-value-0123456789\n")
    #expect(try EnvFiles.state(of: target, old: RefusalTests.old, new: nil) == .holdsOther)
  }

  @Test func aReplacementDuringTheRewriteIsNoticed() throws {
    let scratch = try Scratch()
    let target = EnvTarget(path: try scratch.write("KEY=old-value-0123456789\n"), variable: "KEY")
    // The tracking question is asked after the file was opened: the moment for somebody else to write it.
    let policy = EnvPolicy { path in
      try? Data("KEY=old-value-0123456789\nNEW=1\n".utf8).write(to: URL(filePath: path), options: .atomic)
      return false
    }
    let error = try #require(throws: EnvFileError.self) {
      try EnvFiles.replace(target, old: RefusalTests.old, new: RefusalTests.new, transaction: "t", policy: policy)
    }
    #expect(error.kind == .conflict)
    #expect(try scratch.read() == "KEY=old-value-0123456789\nNEW=1\n")
    #expect(try scratch.names() == [".env"])
  }

  @Test func preflightWarns() throws {
    let scratch = try Scratch()
    let path = try scratch.write("KEY=x\nKEY=old-value-0123456789\n")
    try scratch.setMode(0o644)
    try scratch.write("", to: "..env.swp")
    try scratch.write("", to: ".env~")
    let preview = try EnvFiles.preflight(EnvTarget(path: path, variable: "KEY"), old: RefusalTests.old)
    #expect(preview.lines == [2] && !preview.isPart && preview.quoting == .none)
    #expect(preview.warnings.count == 4)
  }

  @Test func theCurrentValueIsTheOneThatAllReadersSee() throws {
    let scratch = try Scratch()
    func current(_ text: String, _ dialects: [DotenvDialect] = []) throws -> String {
      let path = try scratch.write(text)
      let target = EnvTarget(path: path, variable: "KEY", dialects: dialects)
      return String(decoding: try EnvFiles.currentValue(of: target).copyBytes(), as: UTF8.self)
    }
    #expect(try current("KEY=a\nKEY='b c' # d\n") == "b c")
    for (text, kind) in [
      ("KEY='a'\n", EnvFileError.Kind.malformed), ("KEY=a$b\n", .malformed), ("OTHER=1\n", .variableMissing),
    ] {
      let error = #expect(throws: EnvFileError.self) { try current(text, [.compose, .docker]) }
      #expect(error?.kind == kind)
    }
  }
}
