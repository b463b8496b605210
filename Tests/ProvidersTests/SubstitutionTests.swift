// Values stay values, whatever is in them.

import Foundation
import RuleBook
import Secrets
import Testing
import Transport

@testable import Providers

private func substitution(_ context: CallContext, _ secret: String = "s3cret") -> Substitution {
  Substitution(secret: Secret(secret), context: context, base: context.base)
}

private func text(_ secret: Secret) -> String { String(decoding: secret.copyBytes(), as: UTF8.self) }

@Suite struct SubstitutionTests {
  @Test(arguments: [
    ("key_1", "key_1"), ("a/b", "a%2Fb"), ("../../admin", "..%2F..%2Fadmin"), ("a?x=1#f", "a%3Fx%3D1%23f"),
    ("a b", "a%20b"), ("é", "%C3%A9"), ("a%2fb", "a%252fb"), ("a\r\nb", "a%0D%0Ab"), ("@evil.com", "%40evil.com"),
  ]) func valuesInAddressesStayInTheirPlace(value: String, encoded: String) throws {
    let url = try substitution(CallContext(base: "https://h.example/api//", keyID: value)).url(
      "{base}/v1/keys/{key_id}/regenerate")
    #expect(url == "https://h.example/api/v1/keys/\(encoded)/regenerate")
  }

  @Test(arguments: [".", "..", ""]) func valuesThatWouldChangeThePathAreRefused(value: String) {
    #expect(throws: ProviderError.self) {
      try substitution(CallContext(base: "https://h.example", keyID: value)).url("{base}/v1/keys/{key_id}")
    }
  }

  @Test(arguments: [
    "h.example", "ftp://h", "https://user:pw@h", "https://h?x", "https://h#x", "https://h\r\nX: y", "https://",
    "https://h /",
    "javascript:alert(1)",
  ]) func basesAreChecked(base: String) {
    #expect(throws: ProviderError.self) { try substitution(CallContext(base: base)).url("{base}/v1/whoami") }
  }

  @Test func aSecretInAnAddressIsLeftToTheTransport() throws {
    let call = CallTemplate(method: "GET", url: "https://h.example/bot{secret}/me?k={key_id}")
    let provider = Provider(
      id: "p", name: "P", homepage: "", rules: [], management: Management(recoverability: .manual, verify: call))
    let client = ProviderClient(provider: provider, transport: ScriptedTransport(), clock: TestClock())
    let request = try client.request(.verify, Secret("hush"), CallContext(keyID: "{secret}"))
    #expect(request.url == "https://h.example/bot{secret}/me?k=%7Bsecret%7D")
    #expect(request.urlSecret == Secret("hush"))
    #expect(client.describe(.verify, CallContext()) == "GET https://h.example/bot{secret}/me?k={key_id}")
    let other = CallTemplate(method: "GET", url: "https://h.example/{basic}")
    #expect(throws: ProviderError.self) {
      try client.request(other, isHarmless: true, Secret("hush"), CallContext())
    }
  }

  @Test(arguments: [
    ("{basic}", "abc", "YWJjOg=="), ("{basic:api}", "abc", "YXBpOmFiYw=="), ("{basic:account}", "s", "QUM3OnM="),
    ("{basic}", "ab", "YWI6"), ("{basic}", "a", "YTo="), ("{basic:u}", "\u{ff}\u{ff}", "dTrDv8O/"),
  ]) func basicAuthorisation(template: String, secret: String, expected: String) throws {
    let value = try substitution(CallContext(account: "AC7"), secret).header("Authorization", "Basic \(template)")
    var text = ""
    for piece in try #require(value).pieces {
      switch piece {
      case .text(let part): text += part
      case .secret(let part): text += String(decoding: part.copyBytes(), as: UTF8.self)
      }
    }
    #expect(text == "Basic \(expected)")
  }

  @Test func basicAuthorisationNeedsItsUser() {
    #expect(throws: ProviderError.self) {
      try substitution(CallContext()).header("Authorization", "Basic {basic:account}")
    }
    #expect(throws: ProviderError.self) { try substitution(CallContext(account: "a:b")).header("A", "{basic:account}") }
  }

  @Test func whatIsNotSetIsNamed() throws {
    let error = try #require(throws: ProviderError.self) {
      try substitution(CallContext(base: "https://h.example")).url("{base}/v1/keys/{key_id}")
    }
    #expect(error.reason == "the call needs {key_id}, which is not set")
    #expect(error.hint?.isEmpty == false)
    #expect(error.fate == .notSent)
  }

  @Test func anOptionalHeaderVanishesAndAnotherDoesNot() throws {
    let values = substitution(CallContext())
    #expect(try values.header("X-Tenant-ID", "{tenant}") == nil)
    #expect(throws: ProviderError.self) { try values.header("X-Ref", "{reference}") }
    #expect(try values.header("X-Fixed", "1") != nil)
    #expect(throws: ProviderError.self) { try values.header("X-Both", "{tenant}{secret}") }
  }

  @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "a\0", "\u{7f}"]) func valuesDoNotEndAHeader(value: String) {
    #expect(throws: ProviderError.self) {
      try substitution(CallContext(tenant: value)).header("X-Tenant-ID", "{tenant}")
    }
    #expect(throws: ProviderError.self) { try substitution(CallContext(), value).header("X-Key", "Bearer {secret}") }
  }

  @Test func errorsDoNotHoldTheSecret() throws {
    let error = try #require(throws: ProviderError.self) {
      try substitution(CallContext(), "hush-hush\n").header("X-Key", "{secret}")
    }
    #expect(!"\(error) \(error.hint ?? "")".contains("hush"))
  }

  @Test(arguments: ["plain", "q\"uote", "back\\slash", "new\nline", "\u{1}\u{7f}", "ünï", "\",\"admin\":true,\"x\":\""])
  func valuesInJSONStayStrings(value: String) throws {
    let template = #"{"grace_seconds":{grace_seconds},"reference":"{reference}","k":"{secret}","{unknown}":{}}"#
    let body = try substitution(CallContext(reference: value, graceSeconds: 60), value).body(
      template, contentType: "application/json")
    let object = try #require(JSONSerialization.jsonObject(with: Data(body.copyBytes())) as? [String: Any])
    #expect(object.count == 4)
    #expect(object["reference"] as? String == value)
    #expect(object["k"] as? String == value)
    #expect(object["grace_seconds"] as? Int == 60)
  }

  @Test(arguments: ["1,\"admin\":true", "true", "\"x\"", "-1", "1e9", "9999999999999999999", ""])
  func outsideQuotesOnlyNumbersStand(value: String) {
    #expect(throws: ProviderError.self) {
      try substitution(CallContext(keyID: value)).body(#"{"id":{key_id}}"#, contentType: nil)
    }
  }

  @Test func anEscapedQuoteDoesNotEndAString() throws {
    let body = try substitution(CallContext(name: "n\"")).body(#"{"a":"\"{name}"}"#, contentType: nil)
    #expect(text(body) == #"{"a":"\"n\""}"#)
  }

  @Test func valuesInFormsStayFields() throws {
    let body = try substitution(CallContext(name: "a&admin=1 +é%"), "x=y").body(
      "name={name}&token={secret}", contentType: "application/x-www-form-urlencoded")
    #expect(text(body) == "name=a%26admin%3D1%20%2B%C3%A9%25&token=x%3Dy")
  }

  @Test func valuesInPlainTextHoldNoLines() throws {
    #expect(text(try substitution(CallContext(name: "n")).body("n={name}", contentType: "text/plain")) == "n=n")
    #expect(throws: ProviderError.self) {
      try substitution(CallContext(name: "n\nrevoke all")).body("n={name}", contentType: "text/plain")
    }
  }

  @Test func templatesAreCutAtPlaceholdersOnly() {
    #expect(TemplatePiece.cut("") == [])
    #expect(TemplatePiece.cut("{") == [.literal("{")])
    #expect(TemplatePiece.cut("{base}") == [.placeholder("base")])
    #expect(TemplatePiece.cut("{{base}}") == [.literal("{"), .placeholder("base"), .literal("}")])
    #expect(TemplatePiece.cut("{a}{tenant") == [.literal("{a}{tenant")])
  }
}
