// What the service refuses, and in which words.

import Foundation
import Secrets
import Testing

@testable import KeyAuthority

@Suite struct RefusalTests {
  @Test func everythingButHealthNeedsAKey() async throws {
    try await withService { service in
      #expect(try await service.send("GET", "/healthz").status == 200)
      let stranger = String(decoding: KeyValue.make(random: SeededRandom(7)).copyBytes(), as: UTF8.self)
      for route in Route.all where route.operation.needsKey {
        let path = route.template.replacingOccurrences(of: "{key_id}", with: "key_x")
        for key in [nil, "", "nonsense", stranger] {
          let reply = try await service.send(route.method, path, key: key)
          #expect(reply.status == 401, "\(route.method) \(path)")
          #expect(reply.detail == "Invalid API key")
          #expect(reply["X-RateLimit-Limit"] == nil)
        }
      }
    }
  }

  @Test func tenantsDoNotSeeEachOther() async throws {
    try await withService { service in
      let ours = try await service.issue("ours", tenant: "a", scopes: [.jobs, .keys])
      let theirs = try await service.issue("theirs", tenant: "b", scopes: [.jobs, .keys])
      let reply = try await service.send("GET", "/v1/whoami", key: ours.value, headers: ["X-Tenant-ID": "b"])
      #expect(reply.status == 403 && reply.detail != nil)
      #expect(reply["X-RateLimit-Limit"] == "600")
      let unknown = HeldKey(id: "key_00000000000000000000", value: "")
      for target in [theirs, unknown] {
        let revoked = try await service.send("DELETE", "/v1/api-keys/\(target.id)", key: ours.value)
        let regenerated = try await service.regenerate(target, by: ours)
        #expect(revoked.status == 404 && revoked.detail == "No such key")
        #expect(regenerated.status == 404 && regenerated.detail == "No such key")
      }
      let list = try await service.send("GET", "/v1/api-keys", key: ours.value).object["api_keys"] as? [[String: Any]]
      #expect(list?.map { $0["key_id"] as? String } == [ours.id])
      #expect(try await service.isLive(theirs))
    }
  }

  @Test func aKeyWithoutScopeManagesOnlyItsLineage() async throws {
    try await withService { service in
      let one = try await service.issue("one")
      let two = try await service.issue("two", scopes: [])
      #expect(try await service.send("DELETE", "/v1/api-keys/\(two.id)", key: one.value).status == 403)
      #expect(try await service.regenerate(two, by: one).status == 403)
      let list = try await service.send("GET", "/v1/api-keys", key: one.value).object["api_keys"] as? [[String: Any]]
      #expect(list?.count == 1)
      let job = try await service.send("POST", "/v1/jobs", key: two.value)
      #expect(job.status == 403)
      let admin = try await service.issue("admin", scopes: [.keys])
      #expect(try await service.send("DELETE", "/v1/api-keys/\(two.id)", key: admin.value).status == 204)
    }
  }

  @Test func unknownPathsAndWrongMethods() async throws {
    try await withService { service in
      for path in [
        "/", "/v1", "/v1/", "/v1/whoami/", "/v1/api-keys/a/b", "/v1/api-keys//regenerate", "/v2/whoami", "//healthz",
      ] {
        #expect(try await service.send("GET", path).status == 404, "\(path)")
      }
      let wrong = try await service.send("PUT", "/v1/api-keys")
      #expect(wrong.status == 405 && wrong["Allow"] == "GET, POST" && wrong.detail != nil)
      let one = try await service.send("GET", "/v1/api-keys/key_x")
      #expect(one.status == 405 && one["Allow"] == "DELETE")
    }
  }

  @Test(arguments: [
    ("{\"grace_seconds\":", 400), ("[]", 400), ("7", 400), ("\"x\"", 400), ("null", 400), ("{\"grace_second\":1}", 400),
    ("{\"grace_seconds\":true}", 400), ("{\"grace_seconds\":\"1\"}", 400), ("{\"grace_seconds\":1.5}", 400),
    ("{\"grace_seconds\":-1}", 400), ("{\"grace_seconds\":604801}", 400),
    ("{\"grace_seconds\":99999999999999999999}", 400),
    ("{\"reference\":\"\"}", 400), ("{\"reference\":\"a b\"}", 400), ("{\"reference\":7}", 400),
    ("{\"reference\":\"\\n\"}", 400),
    ("{\"grace_seconds\":604800,\"reference\":null}", 201),
  ])
  func bodiesOfRegenerate(_ body: String, _ status: Int) async throws {
    try await withService { service in
      let key = try await service.issue()
      let reply = try await service.send("POST", "/v1/api-keys/\(key.id)/regenerate", key: key.value, json: body)
      #expect(reply.status == status, "\(body)")
      if status != 201 {
        #expect(reply.detail != nil)
        #expect(try await service.isLive(key), "a refused request changes nothing")
        #expect(try await service.store.list().count == 1)
      }
    }
  }

  @Test(arguments: [
    "{}", "{\"name\":\"\"}", "{\"name\":7}", "{\"name\":\"a\\u0000b\"}", "{\"name\":\"a\\u202eb\"}",
    "{\"name\":\"x\",\"scopes\":\"jobs\"}",
    "{\"name\":\"x\",\"scopes\":[\"root\"]}", "{\"name\":\"x\",\"plan\":\"enterprise\"}",
    "{\"name\":\"x\",\"tenant\":\"b\"}",
  ])
  func bodiesOfCreate(_ body: String) async throws {
    try await withService { service in
      let key = try await service.issue(scopes: [.jobs, .keys])
      let reply = try await service.send("POST", "/v1/api-keys", key: key.value, json: body)
      #expect(reply.status == 400 && reply.detail != nil, "\(body)")
      #expect(try await service.store.list().count == 1)
    }
  }

  @Test func otherMediaTypesAreRefused() async throws {
    try await withService { service in
      let key = try await service.issue()
      for type in ["text/plain", "application/x-www-form-urlencoded", "application/json-patch+json"] {
        let reply = try await service.send(
          "POST", "/v1/jobs", key: key.value, body: Data("{}".utf8), headers: ["Content-Type": type])
        #expect(reply.status == 415 && reply.detail != nil)
      }
      let parameter = try await service.send(
        "POST", "/v1/jobs", key: key.value, body: Data("{}".utf8),
        headers: ["Content-Type": "Application/JSON; charset=utf-8"])
      #expect(parameter.status == 201)
    }
  }

  @Test func deeplyNestedJSONIsRefusedNotFollowed() async throws {
    try await withService { service in
      let key = try await service.issue()
      let body = "{\"a\":" + String(repeating: "[", count: 30_000) + String(repeating: "]", count: 30_000) + "}"
      #expect(try await service.send("POST", "/v1/jobs", key: key.value, json: body).status == 400)
      #expect(try await service.isLive(key))
    }
  }

  @Test func largeBodiesAreRefused() async throws {
    try await withService { service in
      let key = try await service.issue()
      let limit = "{\"a\":\"" + String(repeating: "x", count: 65_536 - 8) + "\"}"
      #expect(limit.utf8.count == 65_536)
      #expect(try await service.send("POST", "/v1/jobs", key: key.value, json: limit).status == 201)
      let reply = try await service.send("POST", "/v1/jobs", key: key.value, json: limit + " ")
      #expect(reply.status == 413 && reply.detail != nil)
      #expect(try await service.isLive(key))
    }
  }
}
