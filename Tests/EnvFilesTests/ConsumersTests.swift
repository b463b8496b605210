// Who holds a key: every form in every kind of file, and nothing that is none.

import Formats
import Foundation
import Secrets
import Testing

@testable import EnvFiles

@Suite struct ConsumersTests {
  private let key = "old/key-0123456789"
  private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  @Test func everyFormInEveryKindOfFile() throws {
    let scratch = try Scratch(inMemory: true)
    let percent = "old%2Fkey-0123456789"
    let files: [(name: String, text: String, found: [String])] = [
      ("a/.env", "A=1\nKEY='\(key)'\n", ["2 KEY whole dotenv"]),
      ("a/app.env", "URL=redis://:\(percent)@h\nKEY=\(key)\n", ["1 URL percent dotenv", "2 KEY whole dotenv"]),
      ("b/secret.yaml", "kind: Secret\ndata:\n  K: \(base64(key))\n", ["3 K whole kubernetes-secret"]),
      ("b/values.yml", "db:\n  auth: \"\(base64("u:\(key)"))\"\n", ["2 /db/auth base64 yaml"]),
      (
        "b/compose.yaml", "services:\n  w:\n    environment:\n      - KEY=\(key)\n",
        ["4 /services/w/environment/0 part yaml"]
      ),
      ("c/settings.json", "{\"keys\": [\"x\",\n\"\(key)\"]}", ["2 /keys/1 whole json"]),
      ("c/app.toml", "[a]\nk = \"Bearer \(key)\"\n", ["2 /a/k part toml"]),
      ("c/.npmrc", "//r/:_authToken=\(key)\n", ["1 //r/:_authToken whole npmrc"]),
      ("c/.netrc", "machine h login u password \(key)\n", ["1 h/password whole netrc"]),
      ("c/x.service", "[Service]\nEnvironment=\"KEY=\(key)\"\n", ["2 KEY whole systemd-unit"]),
      ("d/deploy.sh", "#!/bin/sh\ncurl -H 'X-Key: \(key)' \\\n  -u x\n", ["2  part text"]),
      ("d/main.py", "# c\nk = \"\(key)\"\n", ["2  part text"]),
      ("d/broken.json", "{\"k\": \"\(key)\",}", ["1  part text"]),
      ("e/other", "old/key-01234567890 xold/key-0123456789\n", []),
      (".git/config", "[x]\n\turl = https://u:\(percent)@h\n", []),
    ]
    for file in files {
      try FileManager.default.createDirectory(
        atPath: (scratch.path(file.name) as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try scratch.write(file.text, to: file.name)
    }
    try FileManager.default.createSymbolicLink(atPath: scratch.path("e/link"), withDestinationPath: "../a/.env")
    try FileManager.default.createSymbolicLink(atPath: scratch.path("e/loop"), withDestinationPath: "..")
    try scratch.makePipe("e/pipe")
    let search = Consumers.find(Secret(key), under: [scratch.root, scratch.path("a"), scratch.path("a/.env")])
    let root = (scratch.root as NSString).resolvingSymlinksInPath
    for file in files {
      let found = search.places.filter { $0.path == scratch.path(file.name) || $0.path == root + "/" + file.name }.map {
        "\($0.line) \($0.key ?? "") \($0.form.rawValue) \($0.format?.description ?? "text")"
      }
      #expect(found == file.found, "\(file.name)")
      #expect(try scratch.read(file.name) == file.text)
    }
    #expect(search.places.count == files.reduce(0) { $0 + $1.found.count })
    #expect(search.unread.isEmpty && search.files == files.count - 1)
  }

  @Test func whatCantBeReadIsNamed() throws {
    let scratch = try Scratch(inMemory: true)
    try scratch.write([UInt8](repeating: 0x61, count: EnvFiles.maximumFileBytes + 1), to: "huge")
    let search = Consumers.find(Secret(key), under: [scratch.root, scratch.path("nowhere")])
    #expect(search.unread.map { ($0.path as NSString).lastPathComponent }.sorted() == ["huge", "nowhere"])
    #expect(Consumers.find(Secret(key), under: [scratch.root]) { true }.isStopped)
  }

  @Test func aShortKeyIsFoundOnlyAsAWholeSetting() throws {
    let scratch = try Scratch(inMemory: true)
    try scratch.write("A=short\nB=a,short\n")
    try scratch.write("short", to: "text.txt")
    #expect(Consumers.find(Secret("short"), under: [scratch.root]).places.map(\.key) == ["A"])
  }
}
