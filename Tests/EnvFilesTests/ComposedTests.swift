// A key inside something longer: found in every form in which it is written there, and written back in the same form.

import Foundation
import Secrets
import Testing

@testable import EnvFiles
@testable import Formats

@Suite struct ComposedTests {
  private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  private func rewrite(
    _ text: String, _ old: String, _ new: String, variable: String = "KEY", format: SettingFormat? = nil
  ) throws -> String {
    let scratch = try Scratch(inMemory: true)
    let target = EnvTarget(path: try scratch.write(text), variable: variable, format: format)
    let preview = try EnvFiles.preflight(target, old: Secret(old))
    #expect(preview.isPart)
    _ = try EnvFiles.replace(target, old: Secret(old), new: Secret(new), transaction: "t")
    #expect(try EnvFiles.state(of: target, old: Secret(old), new: Secret(new)) == .holdsNew)
    return try scratch.read()
  }

  @Test func aURLKeepsItsPercentSigns() throws {
    let old = "old/key+with=signs"
    #expect(
      try rewrite("KEY=postgres://u:old%2Fkey%2Bwith%3Dsigns@h/d\n", old, "p@ss/word")
        == "KEY=postgres://u:p%40ss%2Fword@h/d\n")
    #expect(
      try rewrite("KEY='amqp://u:old%2fkey%2bwith%3dsigns@h'\n", old, "plain-key") == "KEY='amqp://u:plain-key@h'\n")
  }

  @Test func basicAuthorizationIsDecoded() throws {
    let (old, new) = ("old-key-0123456789", "a-new-key-of-another-length-42")
    for user in ["u", "us", "use", "", "a:b"] {
      #expect(
        try rewrite("KEY='Basic \(base64("\(user):\(old)"))'\n", old, new)
          == "KEY='Basic \(base64("\(user):\(new)"))'\n",
        "\(user)")
    }
    let docker = "{\"auths\": {\"r.example\": {\"auth\": \"§\", \"x\": \"\(old)x\"}}}\n"
    #expect(
      try rewrite(
        docker.replacingOccurrences(of: "§", with: base64("bot:\(old)")), old, new, variable: "/auths/r.example/auth",
        format: .json) == docker.replacingOccurrences(of: "§", with: base64("bot:\(new)")))
    #expect(
      try rewrite("//r/:_auth=\(base64("bot:\(old)"))\n", old, new, variable: "//r/:_auth", format: .npmrc)
        == "//r/:_auth=\(base64("bot:\(new)"))\n")
  }

  @Test func documentsInValuesKeepTheirEscapes() throws {
    let old = "old\"key\\0123456789"
    #expect(
      try rewrite(
        "KEY='[\"a\", \"old\\\"key\\\\0123456789\"]'\n", old, "new\"key\\9", format: .dotenv(.shell))
        == "KEY='[\"a\", \"new\\\"key\\\\9\"]'\n")
    #expect(
      try rewrite(
        "KEY='{\"k\": \"old-key-0123456789\"}'\n", "old-key-0123456789", "a new\"key", format: .dotenv(.shell))
        == "KEY='{\"k\": \"a new\\\"key\"}'\n")
  }

  @Test func aSecretOfKubernetesMayHoldAWholeURL() throws {
    let (old, new) = ("old-key-0123456789", "new/key/of/another/kind")
    func file(_ key: String, _ encoded: String) -> String {
      "kind: Secret\ndata:\n  A: eA==\n  URL: \(base64("redis://:\(encoded)@h:6379/0"))\n"
    }
    #expect(
      try rewrite(file(old, old), old, new, variable: "URL", format: .kubernetesSecret)
        == file(new, "new%2Fkey%2Fof%2Fanother%2Fkind"))
  }

  /// Neighbours of every length, both alphabets, with padding and without: Foundation decodes what was written.
  @Test(arguments: 1...200) func base64OfAnythingRoundIt(_ seed: Int) throws {
    var dice = Dice(UInt64(seed))
    let (old, new) = (dice.key(8...40), dice.key(8...40))
    let isURLSafe = Bool.random(using: &dice)
    let before = dice.text("abc:é?~", 0...9) + [":", "", " "][Int.random(in: 0...2, using: &dice)]
    let after = ["", ":", "\n", "|x"][Int.random(in: 0...3, using: &dice)]
    func encoded(_ key: String) -> String {
      var text = base64(
        before.isEmpty || before.hasSuffix(":") || before.hasSuffix(" ")
          ? before + key + after : before + ":" + key + after)
      if isURLSafe {
        text = text.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        text = text.replacingOccurrences(of: "=", with: "")
      }
      return text
    }
    let (was, now) = (encoded(old), encoded(new))
    let shape = ["KEY='§'\n", "KEY='x §'\n", "KEY='a=§;b'\n"][Int.random(in: 0...2, using: &dice)]
    let result = try rewrite(
      shape.replacingOccurrences(of: "§", with: was), old, new, variable: "KEY")
    // Where the old text tells neither the alphabet nor the padding, the standard ones are written.
    let plain = { (text: String) in
      text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        .replacingOccurrences(of: "=", with: "")
    }
    #expect(plain(result) == plain(shape.replacingOccurrences(of: "§", with: now)), "seed \(seed)")
    if !isURLSafe { #expect(result == shape.replacingOccurrences(of: "§", with: now), "seed \(seed)") }
  }

  @Test func whatOnlyLooksLikeItIsLeftAlone() throws {
    let scratch = try Scratch(inMemory: true)
    let old = "old-key-0123456789"
    let values = [
      base64("xx\(old)xx"), base64("\(old)0"), String(base64("u:\(old)").dropFirst()), "\(old)-more",
      "-_\(base64("u:\(old)"))+/", base64("u:\(old)") + "=",
    ]
    for value in values {
      let target = EnvTarget(path: try scratch.write("KEY='\(value)'\n"), variable: "KEY")
      #expect(try EnvFiles.state(of: target, old: Secret(old), new: nil) == .holdsOther, "\(value)")
    }
  }

  @Test func theFinderFindsWhatFoundationFinds() {
    for seed in 1...2_000 {
      var dice = Dice(UInt64(seed))
      let text = dice.text("abA", 0...40)
      let word = dice.text("abA", 1...4)
      let expected = text.range(of: word).map { text.utf8.distance(from: text.startIndex, to: $0.lowerBound) }
      #expect(Needle.first(Array(word.utf8).span, in: Array(text.utf8).span, from: 0) == expected, "seed \(seed)")
    }
  }
}
