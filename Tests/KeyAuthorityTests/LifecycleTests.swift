// The life of keys, over HTTP.

import Foundation
import Testing

@testable import KeyAuthority

@Suite struct LifecycleTests {
  @Test func aKeyKnowsWhoseItIs() async throws {
    try await withService { service in
      let key = try await service.issue("staging", plan: .free)
      let reply = try await service.send("GET", "/v1/whoami", key: key.value, headers: ["X-Tenant-ID": "demo"])
      #expect(reply.status == 200)
      let object = try reply.object
      #expect(object["key_id"] as? String == key.id)
      #expect(object["tenant"] as? String == "demo")
      #expect(object["name"] as? String == "staging")
      #expect(object["plan"] as? String == "free")
      #expect(object["scopes"] as? [String] == ["jobs"])
      #expect(object.count == 5)
      #expect(reply["Cache-Control"] == "no-store")
    }
  }

  @Test func regenerationEndsTheOldKeyAtOnceByDefault() async throws {
    try await withService { service in
      let old = try await service.issue()
      let reply = try await service.send("POST", "/v1/api-keys/\(old.id)/regenerate", key: old.value)
      #expect(reply.status == 201)
      let new = try service.held(reply)
      #expect(new.id != old.id && new.value != old.value)
      #expect(isWellFormed(new.value))
      #expect(try reply.object["replaces"] as? String == old.id)
      #expect(try await service.isLive(new))
      #expect(try await !service.isLive(old))
      #expect(try await service.send("POST", "/v1/jobs", key: new.value, json: "{\"image\":\"x\"}").status == 201)
    }
  }

  @Test func theOldKeyLivesUntilItsGraceEnds() async throws {
    try await withService { service in
      let old = try await service.issue()
      let reply = try await service.regenerate(old, grace: 60, reference: "r-1")
      let new = try service.held(reply)
      #expect(try reply.object["previous_expires_at"] as? String == "2027-01-15T08:01:00Z")
      service.clock.advance(seconds: 59)
      #expect(try await service.isLive(old))
      service.clock.advance(seconds: 1)
      #expect(try await !service.isLive(old))
      #expect(try await service.isLive(new))
    }
  }

  @Test func aSecondRegenerationDoesNotProlongTheGrace() async throws {
    try await withService { service in
      let old = try await service.issue()
      #expect(try await service.regenerate(old, grace: 60, reference: "r-1").status == 201)
      #expect(try await service.regenerate(old, grace: 6000, reference: "r-2").status == 201)
      service.clock.advance(seconds: 60)
      #expect(try await !service.isLive(old))
    }
  }

  @Test func theSuccessorEndsItsPredecessor() async throws {
    try await withService { service in
      let old = try await service.issue()
      let new = try service.held(try await service.regenerate(old, grace: 600))
      let path = "/v1/api-keys/\(old.id)"
      #expect(try await service.send("DELETE", path, key: new.value).status == 204)
      #expect(try await !service.isLive(old))
      #expect(try await service.send("DELETE", path, key: new.value).status == 204, "ending it twice is no error")
    }
  }

  @Test func oneReferenceMakesOneKey() async throws {
    try await withService { service in
      let old = try await service.issue()
      let first = try await service.regenerate(old, grace: 600, reference: "r-1")
      let second = try await service.regenerate(old, grace: 600, reference: "r-1")
      #expect(second.status == 409)
      #expect(second.keyID == first.keyID)
      #expect(second.detail != nil)
      #expect(try second.object["api_key"] == nil)
    }
  }

  @Test func fiftyAtOnceWithOneReferenceMakeOneKey() async throws {
    try await withService { service in
      let old = try await service.issue()
      let replies = try await withThrowingTaskGroup(of: Reply.self) { group in
        for _ in 0..<50 { group.addTask { try await service.regenerate(old, grace: 600, reference: "same") } }
        return try await group.reduce(into: [Reply]()) { $0.append($1) }
      }
      #expect(replies.filter { $0.status == 201 }.count == 1)
      #expect(replies.filter { $0.status == 409 }.count == 49)
      #expect(Set(replies.map(\.keyID)).count == 1)
      #expect(try await service.store.list().count == 2)
    }
  }

  @Test func anAnswerThatWasLostIsCleanedUpWithTheOldKey() async throws {
    try await withService { service in
      let old = try await service.issue()
      let lost = try #require(try await service.regenerate(old, grace: 600, reference: "r-1").keyID)
      let list = try await service.send("GET", "/v1/api-keys", key: old.value).object["api_keys"] as? [[String: Any]]
      let orphan = try #require(list?.first { $0["reference"] as? String == "r-1" })
      #expect(orphan["key_id"] as? String == lost)
      #expect(orphan["replaces"] as? String == old.id)
      #expect(try await service.send("DELETE", "/v1/api-keys/\(lost)", key: old.value).status == 204)
      let new = try service.held(try await service.regenerate(old, grace: 600, reference: "r-2"))
      #expect(try await service.isLive(new))
    }
  }

  /// Whoever finds a leaked key in its grace must not get a key of his own out of it, nor lock the owner out.
  @Test func aKeyWhoseSuccessorIsInUseManagesNothing() async throws {
    try await withService { service in
      let leaked = try await service.issue(scopes: [.jobs, .keys])
      let new = try service.held(try await service.regenerate(leaked, grace: 600))
      #expect(try await service.isLive(new))
      #expect(try await service.regenerate(leaked, grace: 600).status == 403)
      #expect(try await service.send("DELETE", "/v1/api-keys/\(new.id)", key: leaked.value).status == 403)
      #expect(
        try await service.send("POST", "/v1/api-keys", key: leaked.value, json: "{\"name\":\"mine\"}").status == 403)
      #expect(try await service.send("POST", "/v1/jobs", key: leaked.value).status == 201, "its users may change over")
      #expect(try await service.send("DELETE", "/v1/api-keys/\(leaked.id)", key: leaked.value).status == 204)
      #expect(try await service.isLive(new))
    }
  }

  @Test func revokingTheSuccessorGivesThePredecessorItsRightsBack() async throws {
    try await withService { service in
      let old = try await service.issue()
      let new = try service.held(try await service.regenerate(old, grace: 600))
      #expect(try await service.isLive(new))
      #expect(try await service.send("DELETE", "/v1/api-keys/\(new.id)", key: new.value).status == 204)
      #expect(try await service.regenerate(old, grace: 600).status == 201)
    }
  }

  @Test func anEndedKeyIsNotRegenerated() async throws {
    try await withService { service in
      let admin = try await service.issue("admin", scopes: [.keys])
      let old = try await service.issue()
      _ = try await service.store.revoke(old.id)
      let reply = try await service.regenerate(old, by: admin)
      #expect(reply.status == 409)
      #expect(reply.detail == "the key is revoked")
    }
  }

  @Test func aLineageCanNotGrowWithoutEnd() async throws {
    try await withService { service in
      let key = try await service.issue()
      for number in 1..<20 {
        #expect(try await service.regenerate(key, grace: 600, reference: "r\(number)").status == 201)
      }
      let reply = try await service.regenerate(key, grace: 600, reference: "r20")
      #expect(reply.status == 409)
      #expect(reply.keyID == nil)
    }
  }

  @Test func keysAreCreatedWithinTheCallersScopes() async throws {
    try await withService { service in
      let admin = try await service.issue("admin", plan: .enterprise, scopes: [.keys])
      let body = "{\"name\":\"worker\",\"reference\":\"c-1\",\"scopes\":[]}"
      let made = try await service.send("POST", "/v1/api-keys", key: admin.value, json: body)
      #expect(made.status == 201)
      #expect(try made.object["plan"] as? String == "enterprise")
      #expect(try await service.isLive(try service.held(made)))
      let again = try await service.send("POST", "/v1/api-keys", key: admin.value, json: body)
      #expect(again.status == 409 && again.keyID == made.keyID)
      let more = try await service.send(
        "POST", "/v1/api-keys", key: admin.value, json: "{\"name\":\"worker\",\"scopes\":[\"jobs\"]}")
      #expect(more.status == 403)
      let plain = try await service.issue()
      #expect(try await service.send("POST", "/v1/api-keys", key: plain.value, json: "{\"name\":\"x\"}").status == 403)
    }
  }

  @Test func useIsCounted() async throws {
    try await withService { service in
      let key = try await service.issue()
      for _ in 0..<3 { _ = try await service.send("POST", "/v1/jobs", key: key.value) }
      let list = try await service.send("GET", "/v1/api-keys", key: key.value).object["api_keys"] as? [[String: Any]]
      let shown = try #require(list?.first)
      #expect(shown["use_count"] as? Int == 4)
      #expect(shown["last_used_at"] as? String == "2027-01-15T08:00:00Z")
      #expect(
        Set(shown.keys) == [
          "key_id", "name", "status", "tenant", "plan", "scopes", "created_at", "last_used_at", "use_count",
          "reference",
          "replaces", "expires_at", "revoked_at",
        ])
    }
  }
}
