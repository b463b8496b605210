// TOML and JSON: what is read, where, and what is refused with its line.

import Formats
import Testing

@Suite struct TOMLTests {
  private func parse(_ text: String) throws -> Node { try TOML.parse(Array(text.utf8), name: "f.toml") }

  @Test func theKindsOfValues() throws {
    let root = try parse(
      """
      s = "a\\tb\\u00e9"
      l = 'a\\tb'
      m = \"\"\"
      one
      two\"\"\"
      i = -1_000
      h = 0xff
      f = 1.5e3
      b = true
      d = 2026-01-02T03:04:05Z
      list = [1, 2, # c
        3,]
      t = { a = 1, b.c = "x" }
      [x."y.z"]
      k = 1
      [[many]]
      n = 1
      [[many]]
      n = 2
      """)
    #expect(root["s"]?.string == "a\tbé" && root["l"]?.string == "a\\tb" && root["m"]?.string == "one\ntwo")
    #expect(
      root["i"]?.integer == -1_000 && root["h"]?.integer == 255 && root["f"]?.double == 1_500
        && root["b"]?.boolean == true)
    #expect(root["d"]?.kind == .dateTime && root["list"]?.array?.count == 3)
    #expect(root["t"]?["b"]?["c"]?.string == "x" && root["x"]?["y.z"]?["k"]?.integer == 1)
    #expect(root["many"]?.array?.compactMap { $0["n"]?.integer } == [1, 2])
    #expect(root.pointer("/many/1/n")?.line == 19)
  }

  @Test func mistakesHaveTheirLine() {
    let wrong = [
      ("a = 1\na = 2", 2), ("a = ", 1), ("\n[t\n", 2), ("a = \"x\ny\"", 1), ("[t]\n[t]", 2), ("a = 1 b = 2", 1),
      ("a = 01", 1),
      ("a = 9223372036854775808", 1), ("a = [1\n", 2), ("a = \"\\q\"", 1),
    ]
    for (text, line) in wrong {
      let error = #expect(throws: FormatError.self, "\(text)") { try parse(text) }
      #expect(error?.line == line, "\(text): \(error.map { "\($0)" } ?? "")")
    }
    #expect(throws: FormatError.self) { try TOML.parse([0x61, 0x3d, 0xff], name: "f") }
    #expect(throws: FormatError.self) { try parse("a = " + String(repeating: "[", count: 100_000)) }
  }
}

@Suite struct JSONTests {
  private func parse(_ text: String) throws -> Node { try JSON.parse(Array(text.utf8), name: "f.json") }

  @Test func pointersAndSpans() throws {
    let text = #"{"a": [1, {"b/c": "x\u00e9\ud83d\ude00"}], "n": null, "f": -1.5, "t": true}"#
    let root = try parse(text)
    let node = try #require(root.pointer("/a/1/b~1c"))
    #expect(node.string == "xé😀")
    #expect(String(decoding: Array(text.utf8)[node.span], as: UTF8.self) == #""x\u00e9\ud83d\ude00""#)
    #expect(root["n"]?.kind == .null && root["f"]?.double == -1.5 && root["t"]?.boolean == true)
    #expect(root.pointer("/a/2") == nil && root.pointer("a") == nil && root.pointer("")?.kind == .table)
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,}", "01", "1.", "\"\u{1}\"", "\"\\x\"", "nul", "1 2", "{a:1}", "'a'",
    "[1 2]", "\"abc",
  ])
  func whatTheRFCForbidsIsRefused(_ text: String) {
    #expect(throws: FormatError.self, "\(text)") { try parse(text) }
  }

  @Test func depthIsBounded() throws {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    _ = try parse(nested(500))
    #expect(throws: FormatError.self) { try parse(nested(600)) }
    #expect(throws: FormatError.self) { try parse(String(repeating: "{\"a\":", count: 200_000)) }
  }

  @Test func whatIsWrittenIsReadBack() throws {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("quote\"\n") { $0.string("é\u{1}\\😀") }
      writer.member("list") { list in list.array { inner in inner.integer(-5) } }
      writer.member("none") { $0.null() }
    }
    let root = try JSON.parse(writer.bytes, name: "written")
    #expect(root["quote\"\n"]?.string == "é\u{1}\\😀" && root["none"]?.kind == .null)
    #expect(root.pointer("/list/0")?.integer == -5)
  }
}
