// Questions about keys: what counts as live, dead and unknown, and how long we wait for an answer.

import Model
import Posix
import RuleBook
import Secrets
import Testing
import Transport

@testable import Providers

private let whoami = #"{"tenant":"acme","key_id":"key_1","name":"CI","scopes":["write","read"]}"#
private let context = CallContext(base: "https://api.example.com/")

@Suite struct ProbeTests {
  @Test func aKeyThatIsAcceptedIsLiveAndNamesItsOwner() throws {
    let transport = ScriptedTransport(answer(200, whoami, [("x-request-id", "req-7")]))
    let clock = TestClock()
    let client = ProviderClient(provider: try aitbc(), transport: transport, clock: clock)
    let (secret, text) = freshKey()
    let probe = client.probe(secret, CallContext(base: "https://api.example.com:8443", tenant: "acme"))
    #expect(probe.liveness == .live)
    #expect(probe.status == 200)
    #expect(probe.host == "api.example.com:8443")
    #expect(probe.requestID == "req-7")
    #expect(probe.timeMs == clock.now())
    #expect(probe.identity == KeyIdentity(account: "acme", keyID: "key_1", name: "CI", scopes: ["read", "write"]))
    #expect(probe.evidence == "GET https://api.example.com:8443/v1/whoami: the answer was 200")
    let sent = try #require(transport.sent.first)
    #expect(sent.method == "GET" && sent.url == "https://api.example.com:8443/v1/whoami")
    #expect(sent.sentHeader("X-API-Key") == text)
    #expect(sent.sentHeader("X-Tenant-ID") == "acme")
    #expect(sent.body == nil)
  }

  @Test func verifyGivesTheSameInTheReportsWords() throws {
    let clock = TestClock()
    let client = ProviderClient(provider: try aitbc(), transport: ScriptedTransport(answer(200, whoami)), clock: clock)
    let verification = client.verify(freshKey().secret, context)
    #expect(verification.liveness == .live)
    #expect(verification.identity == "acme")
    #expect(verification.time == clock.now() / 1_000)
  }

  @Test func aRefusedKeyIsDead() throws {
    let client = ProviderClient(
      provider: try aitbc(), transport: ScriptedTransport(answer(401, #"{"detail":"Invalid API key"}"#)),
      clock: TestClock())
    let probe = client.probe(freshKey().secret, context)
    #expect(probe.liveness == .dead)
    #expect(probe.status == 401)
    #expect(probe.identity == nil)
  }

  @Test(arguments: [
    (200, "<html>Please log in</html>"), (200, "{}"), (200, #"{"key_id":null}"#), (200, #"{"key_id":""}"#), (200, ""),
    (200, "[1"), (302, ""), (403, "{}"), (404, "{}"), (500, whoami), (502, ""), (503, ""), (201, whoami),
  ]) func answersThatProveNothing(status: Int, body: String) throws {
    let client = ProviderClient(
      provider: try aitbc(), transport: ScriptedTransport(answer(status, body)), clock: TestClock())
    let probe = client.probe(freshKey().secret, context)
    #expect(probe.liveness == .unknown)
    #expect(probe.status == status)
  }

  @Test func aDeadLineProvesNothing() throws {
    let client = ProviderClient(
      provider: try aitbc(), transport: ScriptedTransport(breakdown(.notSent)), clock: TestClock())
    let probe = client.probe(freshKey().secret, context)
    #expect(probe.liveness == .unknown)
    #expect(probe.status == nil)
    #expect(probe.evidence.contains("the line is down"))
  }

  @Test func withoutAnAddressNothingIsSent() throws {
    let transport = ScriptedTransport(answer(200, whoami))
    let client = ProviderClient(provider: try aitbc(), transport: transport, clock: TestClock())
    let probe = client.probe(freshKey().secret, CallContext())
    #expect(probe.liveness == .unknown && probe.evidence.contains("{base}") && probe.host == nil)
    #expect(transport.sent.isEmpty)
  }

  @Test func aServerThatEchoesTheKeyDoesNotGetItIntoTheReport() throws {
    let (secret, text) = freshKey()
    let body =
      #"{"tenant":"acme \#(text)","key_id":"\#(text)","name":"a\u001b[31mred\u202e","scopes":["\#(text)","ok"]}"#
    let client = ProviderClient(
      provider: try aitbc(), transport: ScriptedTransport(answer(200, body, [("x-request-id", text)])),
      clock: TestClock())
    let probe = client.probe(secret, context)
    #expect(probe.liveness == .live)
    #expect(probe.identity == KeyIdentity(name: "a[31mred", scopes: ["ok"]))
    #expect(!"\(probe)".contains(text))
  }

  @Test func aLimitIsWaitedForWithinBounds() throws {
    let transport = ScriptedTransport(
      answer(429, "", [("retry-after", "7")]), answer(429, "", [("retry-after", "0")]), answer(200, whoami))
    let clock = TestClock()
    let client = ProviderClient(provider: try aitbc(), transport: transport, clock: clock)
    #expect(client.verify(freshKey().secret, context).liveness == .live)
    #expect(clock.slept == [7_000, 1_000])
  }

  @Test(arguments: ["3600", "91", "99999999999999999999", "-5", "Wed, 21 Oct 2026 07:28:00 GMT", ""])
  func aLimitWithoutEndIsNotWaitedFor(retryAfter: String) throws {
    let clock = TestClock()
    let transport = ScriptedTransport(answer(429, "", [("Retry-After", retryAfter)]))
    let client = ProviderClient(provider: try aitbc(), transport: transport, clock: clock)
    let verification = client.verify(freshKey().secret, context)
    #expect(verification.liveness == .unknown && verification.status == 429)
    #expect(clock.slept.reduce(0, +) <= ProviderClient.patienceMilliseconds)
    #expect(transport.sent.count <= ProviderClient.maximumAttempts)
  }

  @Test func aProbeIsAskedOnceAndSaysHowLongToWait() throws {
    let transport = ScriptedTransport(answer(429, "", [("retry-after", "12")]))
    let clock = TestClock()
    let client = ProviderClient(provider: try aitbc(), transport: transport, clock: clock)
    #expect(client.probe(freshKey().secret, context).retryAfterSeconds == 12)
    #expect(transport.sent.count == 1 && clock.slept.isEmpty)
  }

  @Test func theDefaultPlansLimitIsKept() throws {
    let transport = ScriptedTransport(answer(200, whoami))
    let clock = TestClock()
    let client = ProviderClient(provider: try aitbc(), transport: transport, clock: clock)
    for _ in 0..<60 { _ = client.probe(freshKey().secret, context) }
    #expect(clock.slept.isEmpty, "sixty a minute are free to go")
    _ = client.probe(freshKey().secret, context)
    #expect(clock.slept == [RateLimiter.windowMilliseconds])
  }

  @Test func aBiggerPlanHasABiggerLimit() throws {
    let clock = TestClock()
    let client = ProviderClient(provider: try aitbc(), transport: ScriptedTransport(answer(200, whoami)), clock: clock)
    let plan = CallContext(base: "https://api.example.com", plan: "pro")
    for _ in 0..<600 { _ = client.probe(freshKey().secret, plan) }
    #expect(clock.slept.isEmpty)
  }
}

@Suite struct KindTests {
  private func provider() -> Provider {
    let own = CallTemplate(method: "GET", url: "https://h.example/own")
    let rules = ["p-one", "p-two", "p-three"].map { id in
      Rule(
        id: RuleID(id), provider: "p", name: id, severity: .high, confidence: .structure, literals: [id], pattern: id,
        width: 10, source: "")
    }
    var provider = Provider(id: "p", name: "P", homepage: "", rules: rules)
    provider.rules[0].verify = own
    provider.management = Management(
      recoverability: .manual, kinds: [RuleID("p-two")],
      verify: CallTemplate(method: "GET", url: "https://h.example/general"))
    return provider
  }

  @Test func eachKindIsAskedItsOwnQuestion() {
    let transport = ScriptedTransport(answer(200))
    let client = ProviderClient(provider: provider(), transport: transport, clock: TestClock())
    #expect(client.probe(freshKey().secret, CallContext(), kind: RuleID("p-one")).liveness == .live)
    #expect(client.verify(freshKey().secret, CallContext(), kind: RuleID("p-two")).liveness == .live)
    #expect(client.probe(freshKey().secret, CallContext()).liveness == .live)
    #expect(transport.sent.map(\.url) == ["own", "general", "general"].map { "https://h.example/\($0)" })
    let third = client.verify(freshKey().secret, CallContext(), kind: RuleID("p-three"))
    #expect(third.liveness == .unknown && third.evidence == "P has no harmless call to ask with")
    #expect(transport.sent.count == 3)
    #expect(client.describeQuestion(CallContext(), kind: RuleID("p-one")) == "GET https://h.example/own")
    #expect(client.describeQuestion(CallContext(), kind: RuleID("p-three")) == nil)
  }
}

@Suite struct RateLimiterTests {
  @Test func noMinuteHoldsMoreThanTheLimit() {
    var generator = SystemRandomNumberGenerator()
    let limiter = RateLimiter()
    var now: Int64 = 5
    var moments: [Int64] = []
    for _ in 0..<2_000 {
      now += Int64.random(in: 0...3_000, using: &generator)
      moments.append(now + limiter.reserve("host", perMinute: 17, now: now))
    }
    #expect(moments == moments.sorted())
    for (first, last) in zip(moments, moments.dropFirst(17)) { #expect(last - first > 60_000) }
  }

  @Test func hostsDoNotShareALimitAndAChangedLimitHoldsAtOnce() {
    let limiter = RateLimiter()
    #expect(limiter.reserve("a", perMinute: 1, now: 0) == 0)
    #expect(limiter.reserve("b", perMinute: 1, now: 0) == 0)
    #expect(limiter.reserve("a", perMinute: 3, now: 0) == 0)
    #expect(limiter.reserve("a", perMinute: 3, now: 1) == 0)
    #expect(limiter.reserve("a", perMinute: 3, now: 2) == 60_248)
    #expect(limiter.reserve("a", perMinute: 2, now: 3) > 60_000)
    #expect(limiter.reserve("a", perMinute: 0, now: 3) == 0)
  }
}
