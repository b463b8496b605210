// What a rewrite keeps: every byte but the value's, and everything the file system knows about the file.

import Formats
import Foundation
import Secrets
import Testing

@testable import EnvFiles

@Suite struct PreservationTests {
  /// `§` stands for the value.
  static let files: [(String, DotenvDialect)] = [
    ("KEY=§\n", .dotenv), ("KEY=§", .dotenv), ("KEY=§\r\nB=1\r\n", .dotenv), ("\u{feff}KEY=§\nB=2\n", .dotenv),
    ("export KEY=\"§\" # rotate me\n", .dotenv), ("  KEY = '§'   # it's mine\nB='x\ny'\n", .dotenv),
    ("# KEY=kept@\nA=1\n\n\nKEY=§ # c\nKEY=§\nZ=\n", .dotenv), ("A=\"x\\ny\"\nKEY=\"§\"", .dotenv),
    ("KEY=§\n", .docker), ("A='literal \" quotes'\nKEY=§\n  B=a #b  \n", .docker),
    ("A: b\nKEY: '§' # c\n", .compose), ("KEY=\"§\"\nB=$$x\nC=${KEY}\n", .compose),
    ("set -a\nexport A=\"$(pwd)/x\"\nexport KEY='§' # c\nPATH_add bin\nif true; then echo \"it's\"; fi\n", .shell),
    ("; comment\nKEY=\"§\"\nB=a \\\n b\n", .systemd), ("KEY=§  \nC='x' \"y\"\n", .systemd),
    ("KEY=\"§\"\n", .node), ("KEY=`§` # c\n", .node), ("KEY='§'\nB=\"\\\"\"\n", .python),
    ("URL=1\nKEY=postgres://u:§@h:5432/d?x=§\n", .dotenv), ("KEY='[\"§\",\"other\"]'\n", .dotenv),
    ("KEY=first,§,last\n", .dotenv), ("KEY=\"Bearer §\"\n", .dotenv),
  ]

  @Test(arguments: PreservationTests.files.indices) func onlyTheValueChanges(_ index: Int) throws {
    let (template, dialect) = PreservationTests.files[index]
    let scratch = try Scratch()
    var dice = Dice(UInt64(index + 1))
    let (old, new) = (dice.key(), dice.key())
    func fill(_ value: String) -> String { template.replacingOccurrences(of: "§", with: value) }
    let path = try scratch.write(fill(old))
    let target = EnvTarget(path: path, variable: "KEY", dialects: [dialect])
    let preview = try EnvFiles.preflight(target, old: Secret(old))
    #expect(try EnvFiles.state(of: target, old: Secret(old), new: Secret(new)) == .holdsOld)
    let done = try EnvFiles.replace(target, old: Secret(old), new: Secret(new), transaction: "t1")
    #expect(try scratch.read() == fill(new))
    #expect(done.lines == preview.lines && !done.wasInPlace)
    #expect(try EnvFiles.state(of: target, old: Secret(old), new: Secret(new)) == .holdsNew)
    #expect(try EnvFiles.replace(target, old: Secret(old), new: Secret(new), transaction: "t1").wasInPlace)
    #expect(try scratch.names() == [".env"])
    _ = try EnvFiles.replace(target, old: Secret(new), new: Secret(old), transaction: "undo")
    #expect(try scratch.read() == fill(old))
  }

  @Test(arguments: 1...300) func randomFilesDifferInTheValueAlone(_ seed: Int) throws {
    var dice = Dice(UInt64(seed))
    let scratch = try Scratch(inMemory: true)
    let (old, new) = (dice.key(8...64), dice.key(8...64))
    let quote = ["", "'", "\""].randomElement(using: &dice) ?? ""
    let end = ["\n", "\r\n"].randomElement(using: &dice) ?? "\n"
    func noise() -> String {
      switch Int.random(in: 0..<6, using: &dice) {
      case 0: "# \(dice.text("abc =\"'$#\\`", 0...20))"
      case 1: ""
      case 2: "N\(dice.text("ABC_", 1...8))=\(dice.text("abc/:.+@%", 0...20))"
      case 3: "N\(dice.text("ABC_", 1...8))='\(dice.text("abc $#\"", 0...20))'"
      case 4: "export N\(dice.text("ABC_", 1...8))=\"\(dice.text("abc #'", 0...20))\"\t# \(dice.text("x'\"", 0...9))"
      default: "N\(dice.text("ABC_", 1...8)) = \(dice.text("abc", 1...9)) # \(dice.text("x\"'", 0...9))"
      }
    }
    let before = (0..<Int.random(in: 0..<8, using: &dice)).map { _ in noise() + end }.joined()
    let after = (0..<Int.random(in: 0..<8, using: &dice)).map { _ in end + noise() }.joined()
    let head = before + ["KEY=", "export KEY=", "  KEY = "][Int.random(in: 0..<3, using: &dice)] + quote
    let tail = quote + ["", " # c", quote.isEmpty ? "  " : "\t"][Int.random(in: 0..<3, using: &dice)] + after
    let target = EnvTarget(path: try scratch.write(head + old + tail), variable: "KEY")
    _ = try EnvFiles.replace(target, old: Secret(old), new: Secret(new), transaction: "t")
    #expect(try scratch.read() == head + new + tail, "seed \(seed)")
  }

  @Test func metadataIsKept() throws {
    let scratch = try Scratch()
    let path = try scratch.write("KEY=oldoldoldold\n")
    try scratch.setMode(0o640)
    let isRoot = try scratch.giveAway(1234, 4321)
    let python = try Program.run(
      "/usr/bin/env", ["python3", "-c", "import os,sys; os.setxattr(sys.argv[1], 'user.note', b'kept')", path])
    _ = try EnvFiles.replace(
      EnvTarget(path: path, variable: "KEY"), old: Secret("oldoldoldold"), new: Secret("new"), transaction: "t")
    let attributes = try scratch.attributes()
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o640)
    if isRoot {
      #expect((attributes[.ownerAccountID] as? NSNumber)?.intValue == 1234)
      #expect((attributes[.groupOwnerAccountID] as? NSNumber)?.intValue == 4321)
    }
    if python.status == 0 {
      let note = try Program.run(
        "/usr/bin/env", ["python3", "-c", "import os,sys; print(os.getxattr(sys.argv[1], 'user.note').decode())", path])
      #expect(note.output == "kept\n")
    }
  }

  @Test func aLinkStaysAndItsTargetIsReplaced() throws {
    let scratch = try Scratch()
    try scratch.write("KEY=oldoldoldold\n", to: "real")
    try FileManager.default.createSymbolicLink(atPath: scratch.path(".env"), withDestinationPath: "real")
    let target = EnvTarget(path: scratch.path(".env"), variable: "KEY")
    let preview = try EnvFiles.preflight(target, old: Secret("oldoldoldold"))
    #expect(preview.path.hasSuffix("/real") && preview.warnings.contains { $0.contains("is a link") })
    _ = try EnvFiles.replace(target, old: Secret("oldoldoldold"), new: Secret("new"), transaction: "t")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.path(".env")) == "real")
    #expect(try scratch.read("real") == "KEY=new\n")
  }

  @Test func aLeftOverOfACrashIsReplacedOrSwept() throws {
    let scratch = try Scratch()
    let target = EnvTarget(path: try scratch.write("KEY=oldoldoldold\n"), variable: "KEY")
    // What a crash between writing and renaming leaves: the original whole, a temporary file beside it.
    try scratch.write("KEY=half", to: ".keywright-tx-9.tmp")
    #expect(try EnvFiles.state(of: target, old: Secret("oldoldoldold"), new: Secret("new")) == .holdsOld)
    #expect(try EnvFiles.sweep(directoryOf: target, transaction: "tx-9"))
    #expect(try EnvFiles.sweep(directoryOf: target, transaction: "tx-9") == false)
    try scratch.write("KEY=half", to: ".keywright-tx-9.tmp")
    _ = try EnvFiles.replace(target, old: Secret("oldoldoldold"), new: Secret("new"), transaction: "tx-9")
    #expect(try scratch.read() == "KEY=new\n")
    #expect(try scratch.names() == [".env"])
  }

  @Test func theTransactionCantNameAnotherFile() throws {
    let scratch = try Scratch()
    let target = EnvTarget(path: try scratch.write("KEY=oldoldoldold\n"), variable: "KEY")
    try scratch.write("precious", to: "x.tmp")
    _ = try EnvFiles.replace(target, old: Secret("oldoldoldold"), new: Secret("new"), transaction: "../x")
    #expect(try EnvFiles.sweep(directoryOf: target, transaction: "../../x") == false)
    #expect(try scratch.names() == [".env", "x.tmp"])
  }
}
