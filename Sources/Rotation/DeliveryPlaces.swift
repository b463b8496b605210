// Stores of secrets that can be read: Vault's key-value store, Kubernetes, GitLab. Each lets us compare and swap.

internal import Formats
internal import Secrets
internal import Transport

/// Vault's key-value store, version 2. Its `cas` refuses a write over a version that we have not seen.
struct VaultPlace {
  private let http: DeliveryHTTP

  init(_ delivery: Delivery, _ services: DeliveryServices) throws(DeliveryFault) {
    http = try DeliveryHTTP(delivery, services)
  }

  func deliver() throws(DeliveryFault) -> DeliveryEnd {
    let target = http.target
    let field = target["field"]
    var headers = [("X-Vault-Token", SensitiveText(try http.token()))]
    if let namespace = target.settings["namespace"] {
      headers.append(("X-Vault-Namespace", SensitiveText(namespace)))
    }
    let path = "/v1/\(target.settings["mount"] ?? "secret")/data/\(target["path"])"
    let answer = try http.send("GET", path, headers)
    var version = 0
    var document: (table: Node, text: Secret)?
    if answer.status == 200 {
      let node = try http.json(answer)
      version = node.pointer("/data/metadata/version")?.integer ?? 0
      if let table = node.pointer("/data/data"), table.entries != nil { document = (table, answer.body) }
    } else if answer.status == 404 {
      // Deleted versions answer 404 too, and tell the version that a write must name.
      version = (try? http.json(answer))?.pointer("/data/metadata/version")?.integer ?? 0
    } else {
      throw DeliveryHTTP.refusal("reading", answer)
    }
    if let end = http.judge(document?.table[field]?.secret) { return end }
    guard let new = http.delivery.new else { return .delivered }
    var body = SecretJSON(reserving: 256 + answer.body.count + new.count * 6)
    body.raw("{\"options\":{\"cas\":\(version)},\"data\":")
    if let document {
      SecretJSON.replacing(field, in: document.table, of: document.text, with: new).withBytes { body.raw($0) }
    } else {
      body.raw("{")
      body.string(field)
      body.raw(":")
      body.string(new)
      body.raw("}")
    }
    body.raw("}")
    let written = try http.send("POST", path, headers, body: body.secret)
    guard [200, 204].contains(written.status) else {
      if written.status == 400 { return .obstacle("somebody else wrote it at the same time") }
      throw DeliveryHTTP.refusal("writing", written)
    }
    return .delivered
  }
}

/// A Secret of Kubernetes. The version that was read goes with the patch, and the server compares.
struct KubernetesPlace {
  private let http: DeliveryHTTP

  init(_ delivery: Delivery, _ services: DeliveryServices) throws(DeliveryFault) {
    http = try DeliveryHTTP(delivery, services)
  }

  func deliver() throws(DeliveryFault) -> DeliveryEnd {
    let target = http.target
    let token = try http.token()
    let headers = [("Authorization", SensitiveText(pieces: [.text("Bearer "), .secret(token)]))]
    let path =
      "/api/v1/namespaces/\(DeliveryHTTP.encoded(target["namespace"]))/secrets/\(DeliveryHTTP.encoded(target["secret"]))"
    let answer = try http.send("GET", path, headers)
    if answer.status == 404 { return .conflict("there is no such Secret") }
    guard answer.status == 200 else { throw DeliveryHTTP.refusal("reading", answer) }
    let node = try http.json(answer)
    if node["immutable"]?.boolean == true { return .conflict("the Secret is immutable") }
    guard let version = node.pointer("/metadata/resourceVersion")?.string else {
      return .obstacle("the answer has no resourceVersion")
    }
    var found: Secret?
    if let text = node["data"]?[target["field"]]?.secret {
      var digits = text.copyBytes()
      defer { wipe(&digits) }
      guard var bytes = Base64.decode(digits) else { return .conflict("what it holds is not base64") }
      found = Secret(bytes)
      wipe(&bytes)
    }
    if let end = http.judge(found) { return end }
    guard let new = http.delivery.new else { return .delivered }
    var text = new.withBytes { Base64.encode($0) }
    defer { wipe(&text) }
    var body = SecretJSON(reserving: 256 + text.count + target["field"].utf8.count * 6)
    body.raw("{\"metadata\":{\"resourceVersion\":")
    body.string(version)
    body.raw("},\"data\":{")
    body.string(target["field"])
    body.raw(":")
    body.string(Secret(text))
    body.raw("}}")
    let written = try http.send("PATCH", path, headers, body: body.secret, type: "application/merge-patch+json")
    if written.status == 409 { return .obstacle("somebody else wrote it at the same time") }
    guard written.status == 200 else { throw DeliveryHTTP.refusal("writing", written) }
    return .delivered
  }
}

/// A variable of GitLab CI. Only its value is sent, so that its flags stay as they are.
struct GitLabPlace {
  private let http: DeliveryHTTP

  init(_ delivery: Delivery, _ services: DeliveryServices) throws(DeliveryFault) {
    http = try DeliveryHTTP(delivery, services)
  }

  func deliver() throws(DeliveryFault) -> DeliveryEnd {
    let target = http.target
    let headers = [("PRIVATE-TOKEN", SensitiveText(try http.token()))]
    let scope = target.settings["scope"] ?? "*"
    let path =
      "/api/v4/projects/\(DeliveryHTTP.encoded(target["project"]))/variables/\(DeliveryHTTP.encoded(target["name"]))"
      + "?filter%5Benvironment_scope%5D=\(DeliveryHTTP.encoded(scope))"
    let answer = try http.send("GET", path, headers)
    if answer.status == 404 { return .conflict("there is no such variable: create it first, masked and protected") }
    guard answer.status == 200 else { throw DeliveryHTTP.refusal("reading", answer) }
    let node = try http.json(answer)
    // A hidden variable can be written and not read.
    let isHidden = node["hidden"]?.boolean == true
    if let end = http.judge(isHidden ? nil : node["value"]?.secret) { return end }
    guard let new = http.delivery.new else { return .delivered }
    var body = SecretJSON(reserving: 64 + new.count * 6)
    body.raw("{\"value\":")
    body.string(new)
    body.raw("}")
    let written = try http.send("PUT", path, headers, body: body.secret)
    guard written.status == 200 else { throw DeliveryHTTP.refusal("writing", written) }
    return .delivered
  }
}
