// The written contract against the table of routes, and the service's answers against the written contract.

import Foundation
import Testing

@testable import KeyAuthority

@Suite struct ContractTests {
  private static let contract = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources/KeyAuthority/openapi.yaml")

  /// Runs Python with the contract as `d`; what it prints comes back as lines.
  private func python(_ script: String, _ arguments: [String] = []) throws -> [String] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["python3", "-c", "import sys, json, yaml\nd = yaml.safe_load(open(sys.argv[1]))\n" + script, Self.contract.path]
      + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(text)")
    return text.split(separator: "\n").map(String.init)
  }

  @Test func theContractListsExactlyTheRoutes() throws {
    let methods = "('get','put','post','delete','options','head','patch','trace')"
    let listed = try python(
      "for p, item in d['paths'].items():\n  for m in item:\n    if m in \(methods): print(m.upper(), p)")
    #expect(listed.sorted() == servedRoutes.sorted())
    #expect(listed.count == Set(listed).count)
    #expect(try python("print(d['openapi'])") == ["3.1.0"])
  }

  @Test func everyReferenceInTheContractLeadsSomewhere() throws {
    let count = try python(
      """
      def walk(x):
        if isinstance(x, dict):
          if '$ref' in x:
            at = d
            for part in x['$ref'][2:].split('/'): at = at[part]
            yield 1
          for v in x.values(): yield from walk(v)
        elif isinstance(x, list):
          for v in x: yield from walk(v)
      print(sum(walk(d)))
      """)
    #expect(try #require(Int(count[0])) > 50)
  }

  /// Every answer that a walk through the service brings has a status that the contract names, and a body of its schema.
  @Test func answersKeepTheContract() async throws {
    try await withService { service in
      let admin = try await service.issue("admin", plan: .free, scopes: [.jobs, .keys])
      var answers: [[String: String]] = []
      func note(_ method: String, _ template: String, _ reply: Reply) {
        answers.append([
          "method": method.lowercased(), "path": template, "status": String(reply.status),
          "body": String(decoding: reply.body, as: UTF8.self),
        ])
      }
      let made = try await service.send(
        "POST", "/v1/api-keys", key: admin.value, json: "{\"name\":\"w\",\"reference\":\"c\"}")
      note("POST", "/v1/api-keys", made)
      let worker = try service.held(made)
      for (method, template, json) in [
        ("GET", "/healthz", nil), ("GET", "/v1/whoami", nil), ("POST", "/v1/jobs", "{}"), ("POST", "/v1/jobs", "[]"),
        ("POST", "/v1/api-keys", "{\"name\":\"w\",\"reference\":\"c\"}"), ("POST", "/v1/api-keys", "{}"),
        ("POST", "/v1/api-keys/{key_id}/regenerate", "{\"grace_seconds\":60,\"reference\":\"r\"}"),
        ("POST", "/v1/api-keys/{key_id}/regenerate", "{\"grace_seconds\":60,\"reference\":\"r\"}"),
        ("GET", "/v1/api-keys", nil), ("DELETE", "/v1/api-keys/{key_id}", nil), ("GET", "/v1/api-keys", nil),
        ("PATCH", "/v1/api-keys/{key_id}", nil),
      ] as [(String, String, String?)] {
        let path = template.replacingOccurrences(of: "{key_id}", with: worker.id)
        let reply = try await service.send(method, path, key: admin.value, json: json)
        if method != "PATCH" { note(method, template, reply) }
        if method != "GET", template != "/healthz" {
          note(
            method == "PATCH" ? "DELETE" : method, template, try await service.send(method, path, key: nil, json: json))
        }
      }
      for _ in 0..<60 { _ = try await service.send("GET", "/v1/whoami", key: admin.value) }
      note("GET", "/v1/whoami", try await service.send("GET", "/v1/whoami", key: admin.value))
      let document = String(decoding: try JSONSerialization.data(withJSONObject: answers), as: UTF8.self)
      let faults = try python(
        """
        import jsonschema
        for a in json.loads(sys.argv[2]):
          where = (a['method'], a['path'], a['status'])
          answer = d['paths'][a['path']][a['method']]['responses'].get(a['status'])
          if answer is None: print('not in the contract', where); continue
          if '$ref' in answer: answer = d['components']['responses'][answer['$ref'].split('/')[-1]]
          if 'content' not in answer:
            if a['body']: print('a body', where)
            continue
          schema = dict(answer['content']['application/json']['schema'], components=d['components'])
          for e in jsonschema.Draft202012Validator(schema).iter_errors(json.loads(a['body'])): print(where, e.message)
        """, [document])
      #expect(faults == [])
      #expect(
        Set(answers.map { $0["status"] ?? "" }).isSuperset(of: ["200", "201", "204", "400", "401", "405", "409", "429"])
      )
    }
  }
}
