// The commands round rotation: who holds a key, how keys are kept, what schedulers are told, who is told of failures.

import Foundation
import Glibc
import Testing

@Suite struct UpkeepTests {
  // MARK: Consumers

  @Test func consumersAreFoundAndNothingIsWritten() throws {
    let estate = try Estate()
    try estate.add(1)
    let (root, value) = (estate.sandbox.root + "/srv", estate.keys[0].value)
    try FileManager.default.createDirectory(atPath: root + "/app", withIntermediateDirectories: true)
    let auth = Data("bot:\(value)".utf8).base64EncodedString()
    let files = [
      ("app/.env", "API_KEY='\(value)'\n"), ("app/config.json", "{\"auth\": \"Basic \(auth)\"}\n"),
      ("app/other.json", "{}\n"),
    ]
    for (name, text) in files { try text.write(toFile: root + "/" + name, atomically: false, encoding: .utf8) }
    try FileManager.default.createSymbolicLink(atPath: root + "/listed.env", withDestinationPath: estate.keys[0].file)
    let text = try estate.run("consumers", "key-0", "--root", root, "--root", estate.keys[0].file)
    #expect(text.status == 1, "\(text.errors)")
    #expect(text.output.contains("not listed  \(root)/app/.env:1: API_KEY  dotenv, whole"), "\(text.output)")
    #expect(text.output.contains("\(root)/app/config.json:1: /auth  json, base64"), "\(text.output)")
    #expect(text.output.contains("listed      \(estate.keys[0].file):1: AITBC_API_KEY"), "\(text.output)")
    let json = try estate.run("consumers", "key-0", "--root", root, "--json")
    let found = try #require(try json.json()["consumers"] as? [[String: Any]])
    #expect(found.map { $0["setting"] as? String } == ["API_KEY", "/auth"])
    #expect(found.allSatisfy { $0["listed"] as? Bool == false })
    for (name, text) in files { #expect(try estate.sandbox.read(root + "/" + name) == text) }
    #expect(try estate.run("consumers", "key-0", "--root", estate.keys[0].file).status == 0)
    #expect(try estate.run("consumers", "key-0", "--root", root + "/nowhere").status == 3)
    #expect(try estate.run("consumers", "key-9", "--root", root).status == 2)
    #expect(try estate.run("consumers", "key-0").status == 2)
  }

  // MARK: Audit

  @Test func auditSaysHowKeysAreKept() throws {
    let estate = try Estate()
    try estate.add(3, more: "environment = \"production\"")
    try estate.edit { $0.replacingOccurrences(of: "name = \"key-2\"", with: "name = \"key-2\"\n# staging") }
    #expect(try estate.run("rotate", "--due").status == 0)
    #expect(try estate.run("audit").status == 0)
    // The same value in two environments, a file open to all, a key that only the ledger knows.
    try "AITBC_API_KEY=\(estate.keys[0].value)\n".write(toFile: estate.keys[1].file, atomically: false, encoding: .utf8)
    unsafe chmod(estate.keys[0].file, 0o644)
    try estate.edit {
      let parts = $0.components(separatedBy: "[[key]]")
      return parts[0] + "[[key]]" + parts[1] + "[[key]]"
        + parts[2].replacingOccurrences(of: "\"production\"", with: "\"staging\"")
    }
    let outcome = try estate.run("audit", "--format", "json")
    #expect(outcome.status == 1)
    let remarks = try #require(try outcome.json()["remarks"] as? [[String: Any]])
    let found = Set(remarks.map { "\($0["key"] ?? "") \($0["kind"] ?? "")" })
    #expect(found.isSuperset(of: ["key-1 shared_environments", "key-0 readable", "key-2 unconfigured"]), "\(found)")
  }

  @Test func auditAsksTheService() throws {
    let estate = try Estate()
    try estate.add(2)
    #expect(try estate.run("rotate", "--due").status == 0)
    // The service has a key that no [[key]] names: the one that made the others. One of ours is gone there.
    let gone = try Wire.exchange(
      estate.authority.port,
      "DELETE /v1/api-keys/\(estate.keys[1].id) HTTP/1.1\r\nHost: x\r\nX-API-Key: \(estate.keys[0].value)\r\n"
        + "Connection: close\r\n\r\n")
    try #require(Wire.status(gone) == 204)
    let offline = try estate.run("audit")
    #expect(offline.status == 0, "\(offline.output)")
    let outcome = try estate.run("audit", "--online", "--format", "json")
    #expect(outcome.status == 1, "\(outcome.errors)")
    let remarks = try #require(try outcome.json()["remarks"] as? [[String: Any]])
    #expect(remarks.contains { $0["key"] as? String == "key-1" && $0["kind"] as? String == "unknown_to_provider" })
    #expect(
      remarks.contains { $0["kind"] as? String == "unmanaged" && ($0["text"] as? String)?.contains("(root)") == true })
    #expect(!remarks.contains { $0["key"] as? String == "key-0" })
    try estate.edit { $0.replacingOccurrences(of: estate.authority.base, with: "http://127.0.0.1:1") }
    #expect(try estate.run("audit", "--online").status == 3)
  }

  // MARK: Schedulers

  @Test func schedulersAreToldWhereTheStateAndTheKeyAre() throws {
    let estate = try Estate()
    try estate.add(1)
    let root = (try estate.sandbox.run("/bin/pwd", []).output).trimmingCharacters(in: .whitespacesAndNewlines)
    let key = ["KEYWRIGHT_INSTALL_KEY": "my keys/install 100%.key"]
    func install(_ arguments: String...) throws -> String {
      let outcome = try estate.sandbox.keywright(
        ["schedule", "install"] + arguments + ["--config", "keywright.toml", "--state", "./state here"], extra: key)
      try #require(outcome.status == 0, "\(outcome.errors)")
      return outcome.output
    }
    let cron = try install("--cron")
    #expect(
      cron.contains("--state '\(root)/state here'") && cron.contains("--config \(root)/keywright.toml"), "\(cron)")
    #expect(cron.contains("KEYWRIGHT_INSTALL_KEY='\(root)/my keys/install 100\\%.key' "), "\(cron)")
    let systemd = try install("--systemd")
    #expect(systemd.contains("Environment=\"KEYWRIGHT_INSTALL_KEY=\(root)/my keys/install 100%%.key\"\n"), "\(systemd)")
    #expect(systemd.contains("--state \"\(root)/state here\""), "\(systemd)")
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/crontab")))
  func cronItselfTakesTheLine() throws {
    let estate = try Estate()
    try estate.add(1)
    for every in ["1m", "15m", "6h", "1d"] {
      let line = try estate.run(
        "schedule", "install", "--cron", "--every", every, extra: ["KEYWRIGHT_INSTALL_KEY": "/k 100%"])
      let file = estate.sandbox.root + "/crontab"
      try line.output.write(toFile: file, atomically: false, encoding: .utf8)
      let check = try estate.sandbox.run("/usr/bin/crontab", ["-n", file])
      #expect(check.status == 0, "\(every): \(check.errors)")
    }
  }

  @Test func theCronJobFitsTheSchema() throws {
    let estate = try Estate()
    try estate.add(1)
    let outcome = try estate.run(
      "schedule", "install", "--kubernetes", "--image", "registry.example/keywright:1", "--every", "6h",
      extra: ["KEYWRIGHT_INSTALL_KEY": "/var/lib/keywright/my \"key\""])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let check = try estate.sandbox.run(
      "/usr/bin/env", ["python3", "-c", UpkeepTests.schema], input: Array(outcome.output.utf8))
    // Without the modules there is nothing to check with.
    if check.errors.contains("ModuleNotFoundError") { return }
    #expect(check.status == 0, "\(check.errors)")
    #expect(check.output == "7 */6 * * *\n/var/lib/keywright/my \"key\"\n")
    let broken = outcome.output.replacingOccurrences(of: "concurrencyPolicy: Forbid", with: "concurrencyPolicy: Never")
    let refused = try estate.sandbox.run(
      "/usr/bin/env", ["python3", "-c", UpkeepTests.schema], input: Array(broken.utf8))
    #expect(refused.status != 0)
  }

  /// What the API reference says of a CronJob (batch/v1), as far as a manifest may use it: no other field, every type checked.
  private static let schema = #"""
    import sys, yaml, jsonschema
    def obj(required=(), **properties):
      return {'type': 'object', 'additionalProperties': False, 'required': list(required), 'properties': properties}
    def arr(items): return {'type': 'array', 'minItems': 1, 'items': items}
    text, count, flag = {'type': 'string'}, {'type': 'integer', 'minimum': 0}, {'type': 'boolean'}
    label = {'type': 'string', 'pattern': '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', 'maxLength': 63}
    texts = {'type': 'object', 'additionalProperties': text}
    meta = obj(name=label, namespace=label, labels=texts, annotations=texts)
    container = obj(['name', 'image'], name=label, image=text, command=arr(text), args=arr(text),
      env=arr(obj(['name'], name={'type': 'string', 'pattern': '^[-._a-zA-Z][-._a-zA-Z0-9]*$'}, value=text)),
      securityContext=obj(allowPrivilegeEscalation=flag, readOnlyRootFilesystem=flag, runAsNonRoot=flag,
        capabilities=obj(drop=arr(text), add=arr(text))),
      volumeMounts=arr(obj(['name', 'mountPath'], name=label, mountPath=text, readOnly=flag, subPath=text)))
    pod = obj(['containers', 'restartPolicy'], restartPolicy={'enum': ['OnFailure', 'Never']},
      terminationGracePeriodSeconds=count, automountServiceAccountToken=flag, serviceAccountName=label,
      containers=arr(container), volumes=arr(obj(['name'], name=label,
        persistentVolumeClaim=obj(['claimName'], claimName=label, readOnly=flag), secret=obj(secretName=label))))
    job = obj(['template'], backoffLimit=count, activeDeadlineSeconds=count, template=obj(['spec'], metadata=meta, spec=pod))
    field = r'(\*|[0-9]+(-[0-9]+)?)(/[0-9]+)?'
    schema = obj(['apiVersion', 'kind', 'metadata', 'spec'], apiVersion={'const': 'batch/v1'}, kind={'const': 'CronJob'},
      metadata=meta, spec=obj(['schedule', 'jobTemplate'],
        schedule={'type': 'string', 'pattern': '^' + ' '.join([field] * 5) + '$'}, timeZone=text, suspend=flag,
        concurrencyPolicy={'enum': ['Allow', 'Forbid', 'Replace']}, startingDeadlineSeconds=count,
        successfulJobsHistoryLimit=count, failedJobsHistoryLimit=count, jobTemplate=obj(['spec'], metadata=meta, spec=job)))
    documents = list(yaml.safe_load_all(sys.stdin))
    assert len(documents) == 1
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(documents[0], schema)
    pod = documents[0]['spec']['jobTemplate']['spec']['template']['spec']
    mounts = {m['name'] for c in pod['containers'] for m in c['volumeMounts']}
    assert mounts == {v['name'] for v in pod['volumes']}
    print(documents[0]['spec']['schedule'])
    print([e['value'] for e in pod['containers'][0]['env'] if e['name'] == 'KEYWRIGHT_INSTALL_KEY'][0])
    """#

  // MARK: Leaks

  @Test func whatLiesOpenAtAHeadIsRotatedFirst() throws {
    let estate = try Estate()
    try estate.add(3)
    let repository = try estate.sandbox.repository("leaks")
    // The first in the configuration's order was deleted a commit later; the last still lies there.
    try estate.sandbox.commit("A=\(estate.keys[0].value)\n", to: "old.env", in: repository)
    try estate.sandbox.commit(nil, to: "old.env", in: repository)
    try estate.sandbox.commit("A=\(estate.keys[2].value)\n", to: "now.env", in: repository)
    let report = estate.sandbox.root + "/scan.json"
    #expect(try estate.sandbox.keywright("scan", repository, "--output", report).status == 1)
    let plan = try estate.run("rotate", "--leaked", report, "--plan")
    #expect(plan.status == 0, "\(plan.errors)")
    let names = plan.output.split(separator: "\n").filter { $0.hasPrefix("key-") }.map { $0.prefix(5) }
    #expect(names == ["key-2", "key-0"], "\(plan.output)")
  }

  // MARK: Delivery

  @Test func aValueIsDeliveredWhereTheConfigurationSays() throws {
    let estate = try Estate()
    let place = estate.sandbox.root + "/delivered"
    try estate.add(
      1, more: "deliver = [{ to = \"command\", run = [\"/bin/sh\", \"-c\", \"exec cat > '\(place)'\"] }]")
    let outcome = try estate.run("rotate", "key-0")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let new = try estate.value(0)
    #expect(new != estate.keys[0].value)
    #expect(try estate.sandbox.read(place).trimmingCharacters(in: .newlines) == new)
  }

  // MARK: Failures and metrics

  @Test func aWebhookIsToldOnceAndWithoutValues() throws {
    let hook = try WebhookPeer()
    let estate = try Estate("[hooks]\nwebhook = \"\(hook.base)/alerts\"\n")
    try estate.add(1, more: "reload = [[\"/bin/false\"]]")
    #expect(try estate.run("rotate", "key-0").status == 4)
    #expect(try estate.run("resume").status == 4)
    #expect(hook.bodies.count == 1)
    let body = try #require(hook.bodies.first)
    let notice = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
    #expect(notice["key"] as? String == "key-0" && notice["outcome"] as? String == "unknown")
    #expect((notice["reason"] as? String)?.contains("/bin/false") == true)
    for index in estate.keys.indices {
      #expect(!hook.bodies.contains { $0.contains(estate.keys[index].value) })
      let now = try estate.value(index)
      #expect(!hook.bodies.contains { $0.contains(now) })
    }
  }

  @Test func prometheusReadsTheMetrics() throws {
    let estate = try Estate("[metrics]\nfile = \"metrics/keywright.prom\"\n")
    try FileManager.default.createDirectory(
      atPath: estate.sandbox.root + "/metrics", withIntermediateDirectories: false)
    try estate.add(2, more: "environment = \"pro\\\"d\\\\uction\"")
    #expect(try estate.run("rotate", "key-0").status == 0)
    let script = """
      import sys
      from prometheus_client.parser import text_string_to_metric_families as parse
      for family in parse(open(sys.argv[1]).read()):
        for sample in family.samples:
          print(family.name, family.type, sample.labels.get('key', '-'), sample.labels.get('environment', '-'), sample.value >= 0)
      """
    let check = try estate.sandbox.run(
      "/usr/bin/env", ["python3", "-c", script, estate.sandbox.root + "/metrics/keywright.prom"])
    if check.errors.contains("ModuleNotFoundError") { return }
    #expect(check.status == 0, "\(check.errors)")
    #expect(check.output.contains("keywright_key_max_age_seconds gauge key-1 pro\"d\\uction True\n"), "\(check.output)")
    #expect(check.output.contains("keywright_last_tick_timestamp_seconds gauge - - True\n"))
    #expect(!check.output.contains("False"))
  }

  @Test func twentyMistakesInOneRunAndNothingIsSent() throws {
    let estate = try Estate()
    try estate.add(1)
    let wrong = (0..<20).map {
      "[[key]]\nname = \"bad-\($0)\"\nprovider = \"aitbc\"\nvariable = \"A\(20 - $0)\"\nfiles = []\n"
    }
    try estate.edit { $0 + wrong.joined() }
    let outcome = try estate.run("rotate", "key-0")
    #expect(outcome.status == 2)
    #expect(outcome.errors.components(separatedBy: "files is empty").count == 21, "\(outcome.errors)")
    #expect(outcome.errors.contains("20 mistakes; nothing was sent and nothing written"))
    #expect(try estate.value(0) == estate.keys[0].value)
  }
}

/// Takes POSTs and keeps their bodies.
private final class WebhookPeer: Sendable {
  let port: Int
  private let listener: Int32
  private let box = Box()

  private final class Box: @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [String] = []
    var bodies: [String] { lock.withLock { kept } }
    func keep(_ body: String) { lock.withLock { kept.append(body) } }
  }

  init() throws {
    (listener, port) = try Wire.listen()
    let (listener, box) = (listener, box)
    Thread.detachNewThread {
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { break }
        let message = Wire.readMessage(connection)
        box.keep(message.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n"))
        Wire.write(connection, Wire.answer(204, ""))
        close(connection)
      }
      close(listener)
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  var base: String { "http://127.0.0.1:\(port)" }
  var bodies: [String] { box.bodies }
}
