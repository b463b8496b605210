// Environment files in their dialects: what is read, where it lies, and what is in doubt.

import Formats
import Secrets
import Testing

@Suite struct DotenvTests {
  private func parse(_ text: String, _ dialect: DotenvDialect) throws -> [Setting] {
    try Dotenv.parse(Array(text.utf8), name: "file", dialect: dialect)
  }

  private func text(_ setting: Setting?) -> String? {
    setting?.value.map { String(decoding: $0.copyBytes(), as: UTF8.self) }
  }

  private static let doubt = "(in doubt)"

  /// What each dialect makes of `K=…`.
  static let meanings: [(String, [DotenvDialect: String])] = [
    (
      "plain",
      [
        .dotenv: "plain", .python: "plain", .node: "plain", .compose: "plain", .docker: "plain", .shell: "plain",
        .systemd: "plain",
      ]
    ),
    (
      "'a b'",
      [.dotenv: "a b", .python: "a b", .node: "a b", .compose: "a b", .docker: "'a b'", .shell: "a b", .systemd: "a b"]
    ),
    (
      "\"a b\"",
      [
        .dotenv: "a b", .python: "a b", .node: "a b", .compose: "a b", .docker: "\"a b\"", .shell: "a b",
        .systemd: "a b",
      ]
    ),
    (
      "v # c",
      [.dotenv: "v", .python: "v", .node: "v", .compose: "v", .docker: "v # c", .shell: "v", .systemd: "v # c"]
    ),
    (
      "a#b",
      [
        .dotenv: doubt, .python: "a#b", .node: "a", .compose: "a#b", .docker: "a#b", .shell: "a#b",
        .systemd: "a#b",
      ]
    ),
    (
      "a$b",
      [
        .dotenv: "a$b", .python: "a$b", .node: "a$b", .compose: doubt, .docker: "a$b", .shell: doubt,
        .systemd: "a$b",
      ]
    ),
    ("\"a$b\"", [.dotenv: "a$b", .compose: doubt, .shell: doubt, .systemd: "a$b"]),
    ("'a$b'", [.dotenv: "a$b", .compose: "a$b", .shell: "a$b", .systemd: "a$b"]),
    ("a${b}", [.dotenv: doubt, .python: doubt, .node: "a${b}"]),
    (
      "\"x\\ny\"",
      [.dotenv: "x\ny", .python: "x\ny", .node: "x\ny", .compose: "x\ny", .shell: "x\\ny", .systemd: "x\\ny"]
    ),
    ("\"x\\ty\"", [.dotenv: doubt, .python: "x\ty", .node: "x\\ty", .compose: "x\ty"]),
    ("\"x\\\"y\"", [.dotenv: doubt, .python: "x\"y", .compose: "x\"y", .shell: "x\"y", .systemd: "x\"y"]),
    ("x\\y", [.dotenv: "x\\y", .compose: doubt, .docker: "x\\y", .shell: doubt, .systemd: "xy"]),
    ("  padded  ", [.dotenv: "padded", .compose: "padded", .docker: "  padded  ", .systemd: "padded"]),
    ("'a'b", [.dotenv: doubt, .python: doubt, .node: "a", .shell: doubt, .systemd: doubt]),
    ("`a`", [.dotenv: doubt, .python: "`a`", .node: "a", .shell: doubt, .docker: "`a`"]),
    ("", [.dotenv: "", .python: "", .node: "", .compose: "", .docker: "", .shell: "", .systemd: ""]),
    ("\"line\nnext\"", [.dotenv: "line\nnext", .compose: "line\nnext", .shell: "line\nnext", .systemd: "line\nnext"]),
    ("a \\\n b", [.systemd: "a  b"]),
    ("a=b==", [.dotenv: "a=b==", .docker: "a=b==", .shell: "a=b==", .systemd: "a=b=="]),
  ]

  @Test(arguments: DotenvTests.meanings.indices) func eachReaderHasItsOwnMeaning(_ index: Int) throws {
    let (token, expected) = DotenvTests.meanings[index]
    for (dialect, meaning) in expected {
      let setting = try parse("A=1\nK=\(token)\n", dialect).last { $0.key == "K" }
      #expect(text(setting) ?? DotenvTests.doubt == meaning, "\(dialect): \(token)")
      #expect(setting?.line == 2, "\(dialect): \(token)")
    }
  }

  @Test func spansLieOnTheToken() throws {
    let file = "\u{feff}# c\r\nexport  KEY = \"va lue\"  # KEY=x\r\nB=1"
    let settings = try parse(file, .dotenv)
    let bytes = Array(file.utf8)
    let key = try #require(settings.first)
    #expect(String(decoding: bytes[key.span], as: UTF8.self) == "\"va lue\"")
    #expect(String(decoding: bytes[key.inner], as: UTF8.self) == "va lue")
    #expect(String(decoding: bytes[key.keySpan], as: UTF8.self) == "KEY")
    #expect(key.quoting == .double && key.isExported && key.line == 2)
    #expect(key.token.copyBytes() == Array("\"va lue\"".utf8) && key.innerBytes.copyBytes() == Array("va lue".utf8))
    #expect(settings.map(\.key) == ["KEY", "B"])
  }

  @Test func aFileThatTheReaderWouldRefuseIsRefused() throws {
    let refused: [(String, DotenvDialect, Int)] = [
      ("A=1\nK=\"open", .compose, 2), ("export A=1", .docker, 1), ("=x", .docker, 1), ("A=\u{0}", .dotenv, 1),
      ("\u{feff}A=1", .systemd, 1), ("A=1\nB='x", .shell, 2), ("cat <<X\n", .shell, 1),
    ]
    for (file, dialect, line) in refused {
      let error = #expect(throws: FormatError.self, "\(dialect): \(file)") { try parse(file, dialect) }
      #expect(error?.line == line)
    }
    for dialect in [DotenvDialect.docker, .python] {
      #expect(throws: FormatError.self) { try Dotenv.parse([0x41, 0x3d, 0xff], name: "f", dialect: dialect) }
    }
  }

  @Test func whatMayBeSwallowedIsInDoubt() throws {
    let settings = try parse("A=\"x\\\"\nB=1\nC=\"\n", .dotenv)
    #expect(settings.count >= 2 && settings.allSatisfy { $0.doubt != nil && $0.value == nil })
    let systemd = try parse("A='x' \"\nB=1\n", .systemd)
    #expect(systemd.allSatisfy { $0.doubt != nil })
  }

  @Test func codeIsPassedOverAndItsAssignmentsAreInDoubt() throws {
    let file = """
      #!/bin/sh
      source_up
      f() { A=1; }
      export B=2 C=3
      if [ "$X" = 'D=4' ]; then E+=5; fi
      echo "F=6" # G=7
      H='it''s'
      I=8 # fine
      """
    let settings = try parse(file, .shell)
    #expect(Set(settings.filter { $0.doubt != nil }.map(\.key)) == ["A", "B", "C", "E", "H"])
    #expect(settings.filter { $0.doubt == nil }.map(\.key) == ["I"])
  }

  @Test(arguments: DotenvDialect.allCases) func noInputTraps(_ dialect: DotenvDialect) {
    let pieces: [[UInt8]] = [
      Array("A=".utf8), [0x22], [0x27], [0x60], [0x5c], [0x0a], [0x0d], [0x23], [0x3d], [0x20], [0x24], [0xff],
      [0xef, 0xbb, 0xbf],
      Array("export ".utf8), Array("<<".utf8), [0x3b], [0x09],
    ]
    var state: UInt64 = 88_172_645_463_325_252
    for _ in 0..<3_000 {
      var bytes: [UInt8] = []
      for _ in 0..<Int(state % 14) {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        bytes += pieces[Int(state % UInt64(pieces.count))]
      }
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      guard let settings = try? Dotenv.parse(bytes, name: "f", dialect: dialect) else { continue }
      for setting in settings {
        #expect(setting.span.upperBound <= bytes.count && setting.inner.lowerBound >= setting.span.lowerBound)
        _ = setting.value
      }
    }
  }

  @Test func theReadersFollowFromTheName() {
    #expect(DotenvDialect.inferred(from: "/srv/app/.env.production") == [.dotenv])
    #expect(DotenvDialect.inferred(from: "/srv/app/.envrc") == [.shell])
    #expect(DotenvDialect.inferred(from: "/etc/default/app") == [.shell, .systemd])
  }

  @Test func thePortableAlphabet() {
    func isPortable(_ text: String) -> Bool {
      let bytes = Array(text.utf8)
      return Dotenv.isPortable(bytes.span)
    }
    #expect(isPortable("aZ9_./+=:@%,-"))
    for text in ["", "a b", "a#", "$", "'", "é"] { #expect(!isPortable(text)) }
  }

  @Test func manyLinesTakeLinearTime() throws {
    let bytes = Array(String(repeating: "A=\"x\\\"\n", count: 40_000).utf8)
    for dialect in DotenvDialect.allCases { _ = try? Dotenv.parse(bytes, name: "f", dialect: dialect) }
  }
}
