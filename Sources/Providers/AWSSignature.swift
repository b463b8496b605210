// Amazon's signature of requests, version 4, as its documentation describes it ("Create a signed AWS API request"). The
// secret itself is never sent.

internal import Secrets
internal import Transport

/// Signs requests to one service in one region.
struct AWSSignature: Equatable {
  let service: String
  let region: String

  /// From the placeholder `aws-sigv4:SERVICE:REGION`; nil for anything else.
  init?(placeholder: String) {
    let parts = placeholder.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, parts[0] == "aws-sigv4" else { return nil }
    guard parts[1...].allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(AWSSignature.isNameByte) }) else { return nil }
    (service, region) = (parts[1], parts[2])
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2d
  }

  /// Puts `X-Amz-Date` and `Authorization` into the request, whose body and other headers must be final.
  ///
  /// - Parameters:
  ///   - request: the request.
  ///   - keyID: the access key's id.
  ///   - secret: the secret access key.
  ///   - seconds: the time, in seconds since 1970.
  func sign(_ request: inout HTTPRequest, keyID: String, secret: Secret, at seconds: Int64) throws(ProviderError) {
    guard !keyID.isEmpty, keyID.utf8.allSatisfy({ byte in Self.isKeyIDByte(byte) }) else {
      throw ProviderError(reason: "the access key's id holds what no id holds")
    }
    if keyID.hasPrefix("ASIA") {
      throw ProviderError(reason: "a temporary access key can't be used without its session token")
    }
    let (path, query) = try target(request.url)
    guard let host = WebAddress(request.url)?.authority else {
      throw ProviderError(reason: "the call's address is not a plain http or https address")
    }
    let time = CalendarTime(seconds: seconds)
    var headers = [("host", host), ("x-amz-date", time.basic)]
    for (name, value) in request.headers {
      let name = name.lowercased()
      guard name == "content-type" || name.hasPrefix("x-amz-"), case .text(let text)? = value.pieces.first,
        value.pieces.count == 1
      else { continue }
      headers.append((name, text))
    }
    headers.sort { $0.0 < $1.0 }
    let names = headers.map(\.0).joined(separator: ";")
    let bodyHash = request.body.map { $0.withBytes { SHA256.hash($0) } } ?? SHA256.hash([UInt8]())
    let canonical =
      [request.method, path, query].joined(separator: "\n") + "\n"
      + headers.map { "\($0.0):\($0.1)\n" }.joined() + "\n" + names + "\n" + Hex.encode(bodyHash)
    let scope = "\(time.day)/\(region)/\(service)/aws4_request"
    let text = "AWS4-HMAC-SHA256\n\(time.basic)\n\(scope)\n" + Hex.encode(SHA256.hash(Array(canonical.utf8)))
    let signature = Hex.encode(signature(of: text, secret, day: time.day))
    request.headers.append(("X-Amz-Date", SensitiveText(time.basic)))
    request.headers.append(
      (
        "Authorization",
        SensitiveText("AWS4-HMAC-SHA256 Credential=\(keyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)")
      ))
  }

  private static func isKeyIDByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }

  /// Path and query in canonical form. Paths that need encoding are not needed by any service that is called here.
  private func target(_ url: String) throws(ProviderError) -> (String, String) {
    let whole = WebAddress(url)?.path ?? ""
    let cut = whole.firstIndex(of: "?") ?? whole.endIndex
    let path = whole[..<cut].isEmpty ? "/" : String(whole[..<cut])
    guard path.utf8.allSatisfy({ Self.isKeyIDByte($0) || [0x2f, 0x2d, 0x2e, 0x5f, 0x7e].contains($0) }) else {
      throw ProviderError(reason: "the path of a signed call may hold letters, digits, and / - . _ ~ only")
    }
    let query = whole[cut...].dropFirst().split(separator: "&").map { $0.contains("=") ? String($0) : $0 + "=" }
    return (path, query.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: "&"))
  }

  private func signature(of text: String, _ secret: Secret, day: String) -> [UInt8] {
    var key: [UInt8] = []
    key.reserveCapacity(secret.count + 4)
    key.append(contentsOf: "AWS4".utf8)
    secret.withBytes { for index in 0..<$0.count { key.append($0[index]) } }
    for part in [day, region, service, "aws4_request", text] {
      let next = HMAC.sha256(key: key, Array(part.utf8))
      wipe(&key)
      key = next
    }
    return key
  }

  /// Whether the answer says that the service knows no such key. Only that proves a death: a signature that does not
  /// match may come of a wrong pair of id and secret, or of a wrong clock.
  static func deniesKey(_ body: Secret) -> Bool {
    ["InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException"].contains { code in
      let code = Secret(code)
      return code.isInside(body.copyBytes())
    }
  }
}

/// HMAC-SHA256 (RFC 2104) with keys of any length.
enum HMAC {
  /// The 32-byte code.
  static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var block = key.count > 64 ? SHA256.hash(key) : key
    var inner = [UInt8](repeating: 0x36, count: 64)
    var outer = [UInt8](repeating: 0x5c, count: 64)
    for (index, byte) in block.enumerated() {
      inner[index] ^= byte
      outer[index] ^= byte
    }
    defer {
      wipe(&block)
      wipe(&inner)
      wipe(&outer)
    }
    inner.reserveCapacity(64 + message.count)
    return SHA256.hash(outer + SHA256.hash(inner + message))
  }
}

/// A moment in UTC, in the form that signatures want.
struct CalendarTime {
  /// `20150830`.
  let day: String
  /// `20150830T123600Z`.
  let basic: String

  /// The moment so many seconds after the beginning of 1970.
  init(seconds: Int64) {
    let clamped = min(max(seconds, 0), 253_402_300_799)
    let days = clamped / 86_400
    let rest = clamped % 86_400
    // Days to a date by counting from a first of March, so that leap days come last.
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let year = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
    let month = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
    let calendarMonth = month < 10 ? month + 3 : month - 9
    func padded(_ value: Int64, _ width: Int) -> String {
      let text = "\(value)"
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    day = padded(year + era * 400 + (calendarMonth <= 2 ? 1 : 0), 4) + padded(calendarMonth, 2) + padded(dayOfMonth, 2)
    basic = day + "T" + padded(rest / 3_600, 2) + padded(rest / 60 % 60, 2) + padded(rest % 60, 2) + "Z"
  }
}
