// Answers that broke off, answers in XML, lists of several pages.

import Foundation
import RuleBook
import Secrets
import Testing
import Transport

@testable import Providers

private func text(_ secret: Secret?) -> String? { secret.map { String(decoding: $0.copyBytes(), as: UTF8.self) } }

@Suite struct BrokenJSONTests {
  @Test(arguments: [
    (#"{"a":"1","b":"2"#, #"{"a":"1"}"#), (#"{"a":"1","b":"2""#, #"{"a":"1","b":"2"}"#),
    (#"{"a":{"b":[1,2,3"#, #"{"a":{"b":[1,2]}}"#), (#"{"a":tru"#, #"{}"#), (#"{"a":true,"#, #"{"a":true}"#),
    (#"{"a":"x\"#, "{}"), (#"{"a":"x\"y"#, "{}"), (#"{"a":"x\\""#, #"{"a":"x\\"}"#), (#"{"key"#, "{}"),
    (#"{"key":"#, "{}"), (#"{"a":"1"}"#, #"{"a":"1"}"#), (#"[{"a":1},{"b":"#, #"[{"a":1},{}]"#),
    (#"{"a":12"#, "{}"), (#"{"a":12 "#, #"{"a":12 }"#), (#"{"a":1,}"#, #"{"a":1,}"#),
  ])
  func completes(_ whole: (begun: String, completed: String)) {
    let completed = text(BrokenJSON.completed(Secret(whole.begun)))
    if whole.begun.hasSuffix(" ") {
      #expect(completed?.replacing(" ", with: "") == whole.completed.replacing(" ", with: ""))
    } else {
      #expect(completed == whole.completed)
    }
  }

  @Test(arguments: ["", "<html>", "}", "]", "\"abc", String(repeating: "[", count: 5_000)])
  func nothingIsMadeUp(_ begun: String) { #expect(BrokenJSON.completed(Secret(begun)) == nil) }

  /// Whatever is cut off where: what comes out holds no value that the whole document does not hold.
  @Test func everyCutOfADocument() throws {
    let whole = #"{"id":"k-1","n":[1,{"x":null}],"api_key":"v\"al\u0041ue","e":{},"t":true}"#
    let bytes = Array(whole.utf8)
    for end in 1...bytes.count {
      guard let completed = BrokenJSON.completed(Secret(Array(bytes[..<end]))) else { continue }
      let object = try #require(
        try? JSONSerialization.jsonObject(with: Data(completed.copyBytes())) as? [String: Any], "cut at \(end)")
      if let key = object["api_key"] as? String { #expect(key == "v\"alAue") }
      if let id = object["id"] as? String { #expect(id == "k-1") }
    }
  }
}

@Suite struct XMLAnswerTests {
  private func json(_ xml: String) -> String? {
    XMLAnswer.json(Array(xml.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func becomesJSON() {
    #expect(
      json(
        "<?xml version=\"1.0\"?>\n<!-- x --><R xmlns=\"u\"><A>1 &amp; &#65;&#x42;</A><L><member><K>a</K></member><member><K>b</K></member></L><E/></R>"
      )
        == #"{"R":{"A":"1 & AB","L":[{"K":"a"},{"K":"b"}],"E":""}}"#)
    #expect(json("<R><A>1</A><A>2</A><B>\"\\</B></R>") == #"{"R":{"A":["1","2"],"B":"\"\\"}}"#)
  }

  @Test(arguments: [
    "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>", "<x>&a;</x>", "<x>", "<x><y></x>", "<x a=\"", "<", "< x>", "</x>",
    "<x>&#0;</x>", "<x>&#xD800;</x>", "<x><![CDATA[y]]></x>",
  ])
  func whatIsNotReadIsRefused(_ xml: String) { #expect(json(xml) == nil) }

  @Test func depthIsBounded() {
    #expect(json(String(repeating: "<a>", count: 100_000)) == nil)
  }
}

@Suite struct ListingTests {
  private func client(_ next: NextPage?, _ answers: [ScriptedTransport.Answer]) throws -> (
    ProviderClient, ScriptedTransport
  ) {
    var provider = try aitbc()
    provider.management?.list?.next = next
    provider.management?.requestsPerMinute = [:]
    let transport = ScriptedTransport(answers)
    return (ProviderClient(provider: provider, transport: transport, clock: TestClock()), transport)
  }
  private let context = CallContext(base: "https://api.example.com")
  private func page(_ id: String, _ more: String = "", _ headers: [(name: String, value: String)] = [])
    -> ScriptedTransport.Answer
  { answer(200, #"{"api_keys":[{"key_id":"\#(id)"}]\#(more)}"#, headers) }

  @Test func pagesAreTurnedByACursor() throws {
    let (client, transport) = try client(
      NextPage(at: "/next", url: "{base}/v1/api-keys?after={cursor}"),
      [page("a", #","next":"c 1""#.replacing(" ", with: "/")), page("b", #","next":2"#), page("c", #","next":null"#)])
    let keys = try client.list(authorization: freshKey().secret, context)
    #expect(keys.map(\.keyID) == ["a", "b", "c"])
    #expect(transport.sent.map(\.url).last == "https://api.example.com/v1/api-keys?after=2")
    #expect(transport.sent[1].url.hasSuffix("after=c%2F1"))
  }

  @Test func pagesAreTurnedByALink() throws {
    let link =
      "<https://api.example.com/v1/api-keys?page=1>; rel=\"prev\", <https://api.example.com/v1/api-keys?page=2>; rel=\"next\""
    let (client, transport) = try client(
      NextPage(at: "header:link"), [page("a", "", [("link", link)]), page("b")])
    #expect(try client.list(authorization: freshKey().secret, context).map(\.keyID) == ["a", "b"])
    #expect(transport.sent.last?.url == "https://api.example.com/v1/api-keys?page=2")
  }

  /// The key is not carried to wherever an answer points.
  @Test(arguments: [
    "https://evil.example/v1/api-keys", "http://api.example.com/v1/api-keys", "https://api.example.com/{secret}",
  ])
  func aLinkElsewhereIsRefused(_ target: String) throws {
    let (client, transport) = try client(
      NextPage(at: "header:link"), [page("a", "", [("link", "<\(target)>; rel=next")])])
    #expect(throws: ProviderError.self) { try client.list(authorization: freshKey().secret, context) }
    #expect(transport.sent.count == 1)
  }

  @Test func aListThatGoesOnIsNotReadInPart() throws {
    let (client, _) = try client(
      nil, [page("a", "", [("link", "<https://api.example.com/v1/api-keys?page=2>; rel=\"next\"")])])
    let error = #expect(throws: ProviderError.self) { try client.list(authorization: freshKey().secret, context) }
    #expect(error?.reason.contains("several pages") == true)
  }

  @Test func aCircleEnds() throws {
    let (client, transport) = try client(
      NextPage(at: "/next", url: "{base}/v1/api-keys?after={cursor}"), [page("a", #","next":"x""#)])
    #expect(throws: ProviderError.self) { try client.list(authorization: freshKey().secret, context) }
    #expect(transport.sent.count == 2)
  }
}

@Suite struct VerifierTests {
  /// The example of RFC 7677: user "user", password "pencil".
  @Test func scramIsThatOfTheRFC() throws {
    let salt = try #require(Data(base64Encoded: "W22ZaJ0SNY7soEsUEjb6gQ=="))
    let verifier = String(decoding: try SCRAM.verifier(Secret("pencil"), salt: Array(salt)), as: UTF8.self)
    #expect(
      verifier
        == "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )
    #expect(throws: (any Error).self) { try SCRAM.verifier(Secret("pässword"), salt: [1]) }
  }

  @Test func sha1IsThatOfTheStandard() {
    func hex(_ text: String) -> String { Secret(text).withBytes { Hex.encode(SHA1.hash($0)) } }
    #expect(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(
      hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
  }
}
