// GitHub Actions, whose secrets can be written and never read, and AWS Secrets Manager, whose writes carry a token that makes
// a repetition harmless.

internal import Formats
internal import Posix
internal import Providers
internal import Secrets
internal import Transport

/// A secret of GitHub Actions: sealed to the repository's key before it leaves this machine.
struct GitHubPlace {
  private let http: DeliveryHTTP

  init(_ delivery: Delivery, _ services: DeliveryServices) throws(DeliveryFault) {
    http = try DeliveryHTTP(delivery, services)
  }

  func deliver() throws(DeliveryFault) -> DeliveryEnd {
    let target = http.target
    let headers = [
      ("Authorization", SensitiveText(pieces: [.text("Bearer "), .secret(try http.token())])),
      ("X-GitHub-Api-Version", SensitiveText("2022-11-28")),
    ]
    let repository = target["repository"]
    let place = target.settings["environment"].map { "environments/\(DeliveryHTTP.encoded($0))/secrets" }
    let path = "/repos/\(repository)/\(place ?? "actions/secrets")"
    let answer = try http.send("GET", path + "/public-key", headers)
    if answer.status == 404 {
      return .conflict("there is no such repository or environment, or the token may not see it")
    }
    guard answer.status == 200 else { throw DeliveryHTTP.refusal("asking for the repository's key", answer) }
    let node = try http.json(answer)
    guard let id = node["key_id"]?.string, let text = node["key"]?.string, let bytes = Base64.decode(Array(text.utf8)),
      let key = try? SealingPublicKey(bytes)
    else { return .obstacle("the repository's key is none") }
    guard let new = http.delivery.new else { return .delivered }
    guard let box = try? key.seal(new) else { return .obstacle("the value could not be sealed") }
    var body = SecretJSON(reserving: box.count * 2 + 256)
    body.raw("{\"encrypted_value\":")
    body.string(String(decoding: Base64.encode(box.span), as: UTF8.self))
    body.raw(",\"key_id\":")
    body.string(id)
    body.raw("}")
    let written = try http.send("PUT", path + "/\(DeliveryHTTP.encoded(target["name"]))", headers, body: body.secret)
    guard [201, 204].contains(written.status) else { throw DeliveryHTTP.refusal("writing", written) }
    return .delivered
  }
}

/// AWS Secrets Manager.
struct SecretsManagerPlace {
  private let http: DeliveryHTTP
  private let keyID: String
  private let secretKey: Secret

  init(_ delivery: Delivery, _ services: DeliveryServices) throws(DeliveryFault) {
    http = try DeliveryHTTP(delivery, services)
    (keyID, secretKey) = try SecretsManagerPlace.credentials(delivery.target)
  }

  func deliver() throws(DeliveryFault) -> DeliveryEnd {
    let target = http.target
    let answer = try call("GetSecretValue") { body in
      body.raw("{\"SecretId\":")
      body.string(target["secret"])
      body.raw("}")
    }
    guard answer.status == 200 else {
      if [400, 404].contains(answer.status),
        (try? http.json(answer))?["__type"]?.string?.hasSuffix("ResourceNotFoundException") == true
      {
        return .conflict("there is no such secret: create it first")
      }
      throw DeliveryHTTP.refusal("reading", answer)
    }
    guard let text = try http.json(answer)["SecretString"]?.secret else {
      return .conflict("what it holds is binary, not text")
    }
    var whole: (table: Node, text: Secret)?
    if target.settings["field"] != nil {
      var bytes = text.copyBytes()
      defer { wipe(&bytes) }
      guard let table = try? JSON.parse(bytes, name: "secret"), table.entries != nil else {
        return .conflict("what it holds is no JSON object, so it has no fields")
      }
      whole = (table, text)
    }
    if let end = http.judge(whole == nil ? text : whole?.table[target["field"]]?.secret) { return end }
    guard let new = http.delivery.new else { return .delivered }
    let value = whole.map { SecretJSON.replacing(target["field"], in: $0.table, of: $0.text, with: new) } ?? new
    let written = try call("PutSecretValue") { body in
      body.raw("{\"SecretId\":")
      body.string(target["secret"])
      body.raw(",\"ClientRequestToken\":")
      body.string(requestToken)
      body.raw(",\"SecretString\":")
      body.string(value)
      body.raw("}")
    }
    guard written.status == 200 else { throw DeliveryHTTP.refusal("writing", written) }
    return .delivered
  }

  /// 32 to 64 characters; the same for the same rotation and place.
  private var requestToken: String {
    Hex.encode(SHA256.hash(Array("keywright \(http.delivery.txid) \(http.target.label)".utf8)))
  }

  private func call(_ action: String, _ write: (inout SecretJSON) -> Void) throws(DeliveryFault) -> HTTPResponse {
    var body = SecretJSON(reserving: 256 << 10)
    write(&body)
    var request = HTTPRequest(
      method: "POST", url: http.base + "/",
      headers: [
        ("Content-Type", SensitiveText("application/x-amz-json-1.1")),
        ("X-Amz-Target", SensitiveText("secretsmanager.\(action)")),
      ], body: body.secret)
    do throws(ProviderError) {
      try AWSSigning.sign(
        &request, service: "secretsmanager", region: http.target["region"], keyID: keyID, secret: secretKey,
        at: http.services.clock.now() / 1_000)
    } catch {
      throw .conflict(error.reason)
    }
    return try http.send(request)
  }

  /// From a credentials file as Amazon's own tools keep it.
  private static func credentials(_ target: DeliveryTarget) throws(DeliveryFault) -> (String, Secret) {
    let path = target["credentials_file"]
    let profile = target.settings["profile"] ?? "default"
    var bytes: [UInt8]
    do throws(SystemError) { bytes = try Files.read(path, maximumBytes: 1 << 20) } catch {
      throw .obstacle("its credentials can't be read: \(error)")
    }
    defer { wipe(&bytes) }
    let settings: [Setting]
    do throws(FormatError) { settings = try SettingFormat.ini.parse(bytes, name: path) } catch {
      throw .conflict("its credentials can't be read: \(error.reason)")
    }
    func value(_ name: String) -> Secret? { settings.last { $0.key == "\(profile)/\(name)" }?.value }
    guard let id = value("aws_access_key_id"), let secret = value("aws_secret_access_key") else {
      throw .conflict("\(path) has no access key in the profile \(profile)")
    }
    return (String(decoding: id.copyBytes(), as: UTF8.self), secret)
  }
}
