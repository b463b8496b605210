// Requests per minute, on a clock that only the test moves.

import Foundation
import Testing

@testable import KeyAuthority

@Suite struct LimitTests {
  @Test func theFreePlanAdmitsSixtyAMinute() async throws {
    try await withService { service in
      let key = try await service.issue(plan: .free)
      for number in 1...60 {
        let reply = try await service.send("GET", "/v1/whoami", key: key.value)
        #expect(reply.status == 200)
        #expect(reply["X-RateLimit-Limit"] == "60")
        #expect(reply["X-RateLimit-Remaining"] == String(60 - number))
        #expect(reply["X-RateLimit-Reset"] == "60")
      }
      service.clock.advance(seconds: 20)
      let refused = try await service.send("GET", "/v1/whoami", key: key.value)
      #expect(refused.status == 429)
      #expect(refused.detail == "Rate limit exceeded")
      #expect(refused["Retry-After"] == "40")
      #expect(refused["X-RateLimit-Remaining"] == "0")
      service.clock.advance(seconds: 39)
      #expect(try await service.send("GET", "/v1/whoami", key: key.value).status == 429)
      service.clock.advance(seconds: 1)
      #expect(try await service.send("GET", "/v1/whoami", key: key.value).status == 200, "Retry-After is enough")
      let uses = try await service.store.list().first?.useCount
      #expect(uses == 61, "a refused request is no use")
    }
  }

  @Test func aLineageSharesOneLimitAndStrangersDoNot() async throws {
    try await withService { service in
      let old = try await service.issue(plan: .free)
      let other = try await service.issue(plan: .free)
      let new = try service.held(try await service.regenerate(old, grace: 600))
      for _ in 0..<59 { _ = try await service.send("GET", "/v1/whoami", key: new.value) }
      #expect(try await service.send("GET", "/v1/whoami", key: old.value).status == 429)
      #expect(try await service.send("GET", "/v1/whoami", key: new.value).status == 429)
      #expect(try await service.send("GET", "/v1/whoami", key: other.value).status == 200)
    }
  }

  @Test func wrongKeysAreLimitedPerAddressButRightOnesPass() async throws {
    var options = AuthorityServer.Options(port: 0)
    options.failuresPerMinute = 5
    try await withService(options) { service in
      let key = try await service.issue()
      for _ in 0..<5 { #expect(try await service.send("GET", "/v1/whoami", key: "wrong").status == 401) }
      let refused = try await service.send(
        "GET", "/v1/whoami", key: "wrong", headers: ["X-Forwarded-For": "203.0.113.7"])
      #expect(refused.status == 429 && refused["Retry-After"] == "60")
      #expect(try await service.isLive(key))
      service.clock.advance(seconds: 60)
      #expect(try await service.send("GET", "/v1/whoami", key: "wrong").status == 401)
    }
  }

  @Test func plansHaveTheirRates() {
    #expect(Plan.allCases.map(\.requestsPerMinute) == [60, 600, 6000])
  }

  @Test func theLimiterStaysBounded() {
    let clock = TestClock()
    let limiter = RateLimiter(clock: clock, capacity: 10)
    for number in 0..<1000 { #expect(limiter.take("peer \(number)", limit: 1).isAdmitted) }
    #expect(!limiter.take("peer 999", limit: 1).isAdmitted, "the newest is still known")
  }

  @Test func aClockThatIsSetBackOpensANewWindow() {
    let clock = TestClock()
    let limiter = RateLimiter(clock: clock)
    #expect(limiter.take("a", limit: 1).isAdmitted)
    #expect(!limiter.take("a", limit: 1).isAdmitted)
    clock.advance(seconds: -3600)
    let allowance = limiter.take("a", limit: 1)
    #expect(allowance.isAdmitted && allowance.resetAfter == 60)
  }
}
