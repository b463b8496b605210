// Rules of the user's own, beside the built-in ones or in their place, and what is left out.

import Foundation
import Testing

struct RuleOptionsTests {
  private static let provider = """
    name = "Acme"
    homepage = "https://acme.example"

    [[rule]]
    id = "acme-token"
    name = "Acme token"
    severity = "high"
    confidence = "structure"
    literals = ["acmetok_"]
    pattern = '''acmetok_[0-9a-z]{20}'''
    width = 40
    matches = ["acmetok_{base36:20}", "x acmetok_{base36:20}"]
    rejects = ["acmetok_short"]
    source = "https://acme.example/tokens"

    """

  private static func token() -> String {
    "acmetok_" + String((0..<20).map { _ in "0123456789abcdefghijklmnopqrstuvwxyz".randomElement() ?? "x" })
  }

  /// A repository that holds one such token, and the rule file beside it.
  private static func world() throws -> (sandbox: Sandbox, shop: String, rules: String) {
    let sandbox = try Sandbox()
    let shop = try sandbox.repository()
    try sandbox.commit("see \(sandbox.keep(token()))\n", to: "notes.txt", in: shop)
    return (sandbox, shop, try write(provider, "acme.toml", sandbox))
  }

  private static func write(_ text: String, _ name: String, _ sandbox: Sandbox) throws -> String {
    let path = sandbox.root + "/" + name
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    return path
  }

  @Test func aRuleFileOfOnesOwnFindsWhatNoBuiltInRuleKnows() throws {
    let (sandbox, shop, rules) = try Self.world()
    #expect(try sandbox.keywright("scan", shop).status == 0)
    let found = try sandbox.keywright("scan", "--rules", rules, shop)
    #expect(found.status == 1)
    #expect(found.output.contains("acme-token"))
    // Neither answer comes out of the cache of the other.
    #expect(try sandbox.keywright("scan", shop).status == 0)
    #expect(try sandbox.keywright("scan", "--rules", rules, shop).status == 1)
    #expect(try sandbox.keywright("scan", "--rules", rules, "--disable-rule", "acme", shop).status == 0)
    #expect(try sandbox.keywright("scan", "--enable-rule", "github", "--rules", rules, shop).status == 0)
  }

  @Test func everyMistakeIsToldAtOnceAndNothingIsScanned() throws {
    let (sandbox, shop, _) = try Self.world()
    let first = try Self.write(Self.provider.replacing("width = 40", with: "widths = 40"), "first.toml", sandbox)
    let second = try Self.write(
      Self.provider.replacing("{20}'", with: "{20}('").replacing("acme-", with: "b-"), "second.toml", sandbox)
    let outcome = try sandbox.keywright("scan", "--rules", first, "--rules", second, shop)
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("first.toml:11: unknown field 'widths'; did you mean 'width'?"))
    #expect(outcome.errors.contains("second.toml: b-token: the pattern does not compile"))
    #expect(outcome.output.isEmpty)
    let missing = try sandbox.keywright("scan", "--rules", "none.toml", shop)
    #expect(missing.status == 2)
    #expect(missing.errors.contains("none.toml"))
    let typo = try sandbox.keywright("scan", "--disable-rule", "githb", shop)
    #expect(typo.status == 2)
    #expect(typo.errors.contains("did you mean 'github'"))
  }

  @Test func aGateTakesTheTargetsRuleFileAndNotTheChanges() throws {
    let (sandbox, shop, _) = try Self.world()
    try sandbox.commit(Self.provider, to: "rules/acme.toml", in: shop)
    try sandbox.git("checkout", "-qb", "change", in: shop)
    try sandbox.commit("and \(sandbox.keep(Self.token()))\n", to: "more.txt", in: shop)
    try sandbox.commit(Self.provider.replacing("acmetok_[", with: "never_["), to: "rules/acme.toml", in: shop)
    let judged = try sandbox.keywright(
      "gate", "--base", "main", "--head", "change", "--rules", "rules/acme.toml", in: shop)
    #expect(judged.status == 1, "\(judged.errors)")
    let lacking = try sandbox.keywright(
      "gate", "--base", "main~1", "--head", "change", "--rules", "rules/acme.toml", in: shop)
    #expect(lacking.errors.contains("lacks rules/acme.toml"))
  }
}
