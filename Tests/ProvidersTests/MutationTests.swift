// Calls that change things: what is sent, once, and what the response proves.

import Model
import RuleBook
import Secrets
import Testing
import Transport

@testable import Providers

private let full = CallContext(
  base: "https://api.example.com", keyID: "key_1", tenant: "acme", reference: "keywright-7", graceSeconds: 300,
  name: "CI")

@Suite struct MutationTests {
  private func client(_ answers: ScriptedTransport.Answer...) throws -> (ProviderClient, ScriptedTransport, TestClock) {
    let transport = ScriptedTransport(answers.first ?? answer(200))
    let clock = TestClock()
    return (ProviderClient(provider: try aitbc(), transport: transport, clock: clock), transport, clock)
  }

  @Test func regenerateIsSentAsTheProviderFileSays() throws {
    let (client, transport, _) = try client(answer(201, #"{"api_key":"new-value","key_id":"key_2"}"#))
    let (secret, text) = freshKey()
    let response = try client.perform(.regenerate, authorization: secret, full)
    let sent = try #require(transport.sent.first)
    #expect(sent.method == "POST")
    #expect(sent.url == "https://api.example.com/v1/api-keys/key_1/regenerate")
    #expect(sent.sentHeader("X-API-Key") == text)
    #expect(sent.sentHeader("Content-Type") == "application/json")
    #expect(sent.sentBody == #"{"grace_seconds":300,"reference":"keywright-7"}"#)
    #expect(sent.timeoutSeconds >= 60, "cutting a mutation off early makes an unknown outcome")
    #expect(
      client.judge(.regenerate, status: response.status, headers: response.headers, body: response.body) == .success)
    let key = try client.newKey(.regenerate, body: response.body)
    #expect(key.value == Secret("new-value") && key.keyID == "key_2")
  }

  @Test(arguments: [429, 500, 502, 503])
  func aMutationIsNeverSentTwice(status: Int) throws {
    let (client, transport, clock) = try client(answer(status, "", [("retry-after", "1")]))
    #expect(try client.perform(.regenerate, authorization: freshKey().secret, full).status == status)
    #expect(transport.sent.count == 1 && clock.slept.isEmpty)
  }

  @Test(arguments: [TransportError.Fate.notSent, .unknown])
  func aBrokenLineIsToldAsItIs(fate: TransportError.Fate) throws {
    let (client, transport, _) = try client(breakdown(fate))
    let error = try #require(throws: TransportError.self) {
      try client.perform(.regenerate, authorization: freshKey().secret, full)
    }
    #expect(error.fate == fate)
    #expect(transport.sent.count == 1)
  }

  @Test func whatCanNotBeFilledInIsNotSent() throws {
    let (client, transport, _) = try client()
    let error = try #require(throws: TransportError.self) {
      try client.perform(.regenerate, authorization: freshKey().secret, CallContext(base: "https://h.example"))
    }
    #expect(error.fate == .notSent)
    #expect(transport.sent.isEmpty)
  }

  @Test func verdicts() throws {
    let (client, _, _) = try client()
    func verdict(_ status: Int, _ body: String = "", _ headers: [(name: String, value: String)] = []) -> Verdict {
      client.judge(.regenerate, status: status, headers: headers, body: Secret(body))
    }
    #expect(verdict(201, #"{"api_key":"x"}"#) == .success)
    for status in [400, 401, 403, 404, 405, 409, 410, 413, 422] {
      guard case .refused(let why) = verdict(status) else {
        Issue.record("\(status) is a definite refusal")
        continue
      }
      #expect(why.contains("\(status)"))
    }
    #expect(verdict(429, "", [("Retry-After", "9")]) == .limited(retryAfterSeconds: 9))
    #expect(verdict(429) == .limited(retryAfterSeconds: 60))
    for (status, body) in [
      (201, "{}"), (201, ""), (201, #"{"api_key":"#), (201, #"{"api_key":""}"#), (200, #"{"api_key":"x"}"#),
      (202, "{}"),
      (301, ""), (303, ""), (307, ""), (408, ""), (425, ""), (500, ""), (502, ""), (503, ""), (504, ""), (100, ""),
      (409, #"{"detail":"this reference has made a key","key_id":"key_9"}"#),
    ] {
      guard case .unclear = verdict(status, body) else {
        Issue.record("\(status) with \(body) proves nothing")
        continue
      }
    }
    #expect(client.judge(.revoke, status: 204, headers: [], body: Secret("")) == .success)
  }

  @Test(arguments: [
    "", "nonsense", "{}", #"{"api_key":5}"#, #"{"api_key":null}"#, #"{"api_key":""}"#, #"{"api_key":["x"]}"#,
    #"{"api_key":"two words"}"#, #"{"api_key":"line\nbreak"}"#, #"{"api_key":"x"#, "[]",
  ]) func aResponseWithoutAKeyIsAnErrorThatShowsNothing(body: String) throws {
    let (client, _, _) = try client()
    let error = try #require(throws: ProviderError.self) { try client.newKey(.regenerate, body: Secret(body)) }
    #expect(error.fate == .unknown)
    #expect(!error.reason.contains("two words"))
  }

  @Test func deeplyNestedResponsesEndInAnError() throws {
    let (client, _, _) = try client()
    let body = Secret(String(repeating: "[", count: 500_000))
    #expect(throws: ProviderError.self) { try client.newKey(.regenerate, body: body) }
    guard case .unclear = client.judge(.regenerate, status: 201, headers: [], body: body) else {
      Issue.record("no key, no success")
      return
    }
  }

  @Test func theListIsReadWithWhatLinksKeys() throws {
    let (client, transport, _) = try client(
      answer(
        200,
        #"{"api_keys":[{"key_id":"key_1","name":"CI","status":"retiring"},{"key_id":7,"status":true,"reference":"keywright-7","replaces":"key_1"},{"name":"no id"},5]}"#
      ))
    let keys = try client.list(authorization: freshKey().secret, full)
    #expect(
      keys == [
        ListedKey(keyID: "key_1", name: "CI", status: "retiring"),
        ListedKey(keyID: "7", status: "true", reference: "keywright-7", replaces: "key_1"),
      ])
    #expect(transport.sent.first?.method == "GET")
  }

  @Test(arguments: [(401, "{}"), (500, ""), (200, "{}"), (200, "x"), (200, #"{"api_keys":{}}"#)])
  func aListThatCanNotBeReadIsAnError(status: Int, body: String) throws {
    let (client, _, _) = try client(answer(status, body))
    #expect(throws: ProviderError.self) { try client.list(authorization: freshKey().secret, full) }
  }

  @Test func aPlanNamesTheRequestWithoutSecrets() throws {
    let (client, _, _) = try client()
    #expect(client.describe(.regenerate, full) == "POST https://api.example.com/v1/api-keys/key_1/regenerate")
    #expect(client.describe(.revoke, CallContext()) == "DELETE {base}/v1/api-keys/{key_id}")
    #expect(client.has(.regenerate) && client.has(.list))
    let bare = Provider(id: "bare", name: "Bare", homepage: "https://bare.example", rules: [])
    let other = ProviderClient(provider: bare, transport: ScriptedTransport(), clock: TestClock())
    #expect(CallRole.allCases.allSatisfy { !other.has($0) })
    #expect(other.probe(freshKey().secret, full).liveness == .unknown)
    #expect(throws: TransportError.self) { try other.perform(.revoke, authorization: freshKey().secret, full) }
    #expect(throws: ProviderError.self) { try other.list(authorization: freshKey().secret, full) }
  }
}
