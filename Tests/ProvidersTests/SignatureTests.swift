// Amazon's signatures, against the examples that Amazon publishes.

import Model
import Posix
import RuleBook
import Secrets
import Testing
import Transport

@testable import Providers

/// The secret of Amazon's examples, which is no key, but has a key's shape.
private let exampleSecret = Secret(["wJalrXUtnFEMI", "K7MDENG+bPxRfiCYEXAMPLEKEY"].joined(separator: "/"))
private let exampleTime: Int64 = 1_440_938_160

@Suite struct SignatureTests {
  private func signature(_ service: String, _ request: HTTPRequest) throws -> String {
    var request = request
    try #require(AWSSignature(placeholder: "aws-sigv4:\(service):us-east-1")).sign(
      &request, keyID: "AKIDEXAMPLE", secret: exampleSecret, at: exampleTime)
    let value = try #require(request.sentHeader("Authorization"))
    #expect(value.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/\(service)/aws4_request, "))
    #expect(request.sentHeader("X-Amz-Date") == "20150830T123600Z")
    return String(value.suffix(64))
  }

  @Test func theDocumentedExamples() throws {
    let list = HTTPRequest(
      method: "GET", url: "https://iam.amazonaws.com/?Version=2010-05-08&Action=ListUsers",
      headers: [("Content-Type", SensitiveText("application/x-www-form-urlencoded; charset=utf-8"))])
    #expect(try signature("iam", list) == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")
    let vanilla = HTTPRequest(method: "GET", url: "https://example.amazonaws.com/")
    #expect(try signature("service", vanilla) == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
    let post = HTTPRequest(method: "POST", url: "https://example.amazonaws.com")
    #expect(try signature("service", post) == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")
  }

  @Test(
    arguments: [
      (0, "19700101T000000Z"), (951_782_399, "20000228T235959Z"), (951_782_400, "20000229T000000Z"),
      (951_868_800, "20000301T000000Z"), (1_709_164_800, "20240229T000000Z"), (4_107_542_400, "21000301T000000Z"),
      (1_798_761_599, "20261231T235959Z"), (-5, "19700101T000000Z"), (.max, "99991231T235959Z"),
    ] as [(Int64, String)]) func moments(seconds: Int64, text: String)
  {
    #expect(CalendarTime(seconds: seconds).basic == text)
  }

  @Test func authenticationCodes() {
    // RFC 4231, test cases 1, 2 and 6.
    func code(_ key: [UInt8], _ text: String) -> String { Hex.encode(HMAC.sha256(key: key, Array(text.utf8))) }
    #expect(
      code([UInt8](repeating: 0x0b, count: 20), "Hi There")
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      code(Array("Jefe".utf8), "what do ya want for nothing?")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      code([UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First")
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  @Test(arguments: ["aws-sigv4", "aws-sigv4:sts", "aws-sigv4:sts:", "aws-sigv4:s/s:us", "aws-sigv4:sts:us:x", "basic"])
  func otherPlaceholdersAreNoSignature(placeholder: String) {
    #expect(AWSSignature(placeholder: placeholder) == nil)
  }

  private func provider() -> Provider {
    let call = CallTemplate(
      method: "POST", url: "https://sts.example/",
      headers: [
        HeaderTemplate(name: "Authorization", value: "{aws-sigv4:sts:us-east-1}"),
        HeaderTemplate(name: "Content-Type", value: "application/x-www-form-urlencoded"),
      ], body: "Action=GetCallerIdentity&Version=2011-06-15", refused: [403], mustHold: "/Account",
      fields: ["identity": "/Account"])
    return Provider(
      id: "aws", name: "AWS", homepage: "", rules: [],
      management: Management(recoverability: .createDelete, verify: call))
  }

  private func probe(_ context: CallContext, _ answer: ScriptedTransport.Answer...) -> (Probe, ScriptedTransport) {
    let transport = ScriptedTransport(answer[0])
    let client = ProviderClient(provider: provider(), transport: transport, clock: TestClock())
    return (client.probe(exampleSecret, context), transport)
  }

  @Test func aSignedQuestionDoesNotCarryTheSecret() throws {
    let (probe, transport) = probe(CallContext(keyID: "AKIDEXAMPLE"), answer(200, #"{"Account":"123"}"#))
    #expect(probe.liveness == .live && probe.identity?.account == "123")
    let sent = try #require(transport.sent.first)
    #expect(sent.headers.map(\.name) == ["Content-Type", "X-Amz-Date", "Authorization"])
    let said = sent.headers.map { "\(sent.sentHeader($0.name) ?? "")" }.joined() + (sent.sentBody ?? "") + sent.url
    #expect(!exampleSecret.isInside(Array(said.utf8)))
    #expect(sent.sentHeader("Authorization")?.contains("SignedHeaders=content-type;host;x-amz-date") == true)
  }

  @Test func theAWSFileAsksWithASignature() throws {
    let provider = try providerFile("aws")
    let client = ProviderClient(provider: provider, transport: ScriptedTransport(answer(500)), clock: TestClock())
    for kind in ["aws-secret-access-key", "aws-secret-beside-id"] { #expect(client.needsKeyID(kind: RuleID(kind))) }
    #expect(!client.needsKeyID(kind: RuleID("aws-access-key-id")))
    #expect(
      client.describeQuestion(CallContext(), kind: RuleID("aws-secret-access-key"))
        == "POST https://sts.us-east-1.amazonaws.com/")
  }

  @Test func onlyAnUnknownIDProvesADeath() {
    let context = CallContext(keyID: "AKIDEXAMPLE")
    #expect(probe(context, answer(403, "<Code>InvalidClientTokenId</Code>")).0.liveness == .dead)
    let other = probe(context, answer(403, "<Code>SignatureDoesNotMatch</Code>")).0
    #expect(other.liveness == .unknown && other.evidence.contains("wrong clock"))
  }

  @Test(arguments: [nil, "", "ASIAEXAMPLE", "AKID/..", "AKID\r\n"] as [String?])
  func withoutAUsableIDNothingIsSent(id: String?) {
    let (probe, transport) = probe(CallContext(keyID: id), answer(200))
    #expect(probe.liveness == .unknown)
    #expect(transport.sent.isEmpty)
  }

  @Test func theIDOfTheAuthorisingKeyComesFirst() throws {
    let (_, transport) = probe(CallContext(keyID: "AKIDTARGET", authorizationID: "AKIDOWN"), answer(200))
    #expect(try #require(transport.sent.first).sentHeader("Authorization")?.contains("Credential=AKIDOWN/") == true)
  }
}
