// What the places that speak HTTP share: a token from a file, requests whose errors show no body, JSON with secrets in it.

internal import Formats
internal import Posix
internal import Secrets
internal import Transport

/// A conversation with one place.
struct DeliveryHTTP {
  let delivery: Delivery
  let services: DeliveryServices
  let base: String

  private static let timeoutSeconds = 30.0
  private static let maximumTokenBytes = 64 << 10

  init(_ delivery: Delivery, _ services: DeliveryServices) throws(DeliveryFault) {
    guard let base = delivery.target.address else { throw .conflict("it has no address") }
    self.delivery = delivery
    self.services = services
    self.base = base
  }

  var target: DeliveryTarget { delivery.target }

  /// The token, without white space round it.
  func token() throws(DeliveryFault) -> Secret {
    let path = target["token_file"]
    do throws(SystemError) {
      if try Files.status(path).mode & 0o007 != 0 {
        throw DeliveryFaultError.readable
      }
      var bytes = try Files.read(path, maximumBytes: DeliveryHTTP.maximumTokenBytes)
      defer { wipe(&bytes) }
      let start = bytes.firstIndex { $0 > 0x20 } ?? bytes.endIndex
      let end = (bytes.lastIndex { $0 > 0x20 } ?? -1) + 1
      guard start < end, bytes[start..<end].allSatisfy({ (0x21...0x7e).contains($0) }) else {
        throw DeliveryFaultError.empty
      }
      return Secret(copying: bytes.span.extracting(start..<end))
    } catch {
      throw .obstacle("its token can't be used: \(error)")
    }
  }

  /// Sends a request and returns the answer, whatever its status.
  func send(
    _ method: String, _ path: String, _ headers: [(name: String, value: SensitiveText)], body: Secret? = nil,
    type: String = "application/json"
  ) throws(DeliveryFault) -> HTTPResponse {
    var request = HTTPRequest(
      method: method, url: base + path, headers: headers + [("Accept", SensitiveText("application/json"))], body: body,
      timeoutSeconds: DeliveryHTTP.timeoutSeconds, maximumResponseBytes: 4 << 20)
    if body != nil { request.headers.append(("Content-Type", SensitiveText(type))) }
    return try send(request)
  }

  func send(_ request: HTTPRequest) throws(DeliveryFault) -> HTTPResponse {
    do throws(TransportError) {
      return try services.transport(base, target.settings["certificates"]).send(request)
    } catch {
      // Whether it was carried out is found out by looking: every delivery begins with that.
      throw .obstacle(error.reason)
    }
  }

  func json(_ response: HTTPResponse) throws(DeliveryFault) -> Node {
    var bytes = response.body.copyBytes()
    defer { wipe(&bytes) }
    do throws(FormatError) { return try JSON.parse(bytes, name: "answer") } catch {
      throw .obstacle("it answered \(response.status) with something that is not JSON")
    }
  }

  /// The answer's status alone: bodies of refusals may repeat what was sent.
  static func refusal(_ asked: String, _ response: HTTPResponse) -> DeliveryFault {
    .obstacle("\(asked) was answered with \(response.status)")
  }

  /// What the place's value means: nil to write, or the end.
  func judge(_ found: Secret?) -> DeliveryEnd? {
    guard let found else { return delivery.new == nil ? .delivered : nil }
    if let new = delivery.new, found == new { return .inPlace }
    guard found == delivery.old else { return .conflict("it holds neither the old value nor the new one") }
    return delivery.new == nil ? .delivered : nil
  }

  /// Percent-encodes a part of a path.
  static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: result.append(Character(Unicode.Scalar(byte)))
      default: result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return result
  }
}

/// Refusals of token files, in the form of system errors.
private enum DeliveryFaultError {
  static let readable = SystemError("read", "", code: 1, explanation: "everybody on this machine can read its file")
  static let empty = SystemError("read", "", code: 22, explanation: "its file holds no token")
}

/// JSON text that may hold secrets; wiped when it is dropped.
struct SecretJSON: ~Copyable {
  private var bytes: [UInt8] = []

  init(reserving count: Int) { bytes.reserveCapacity(count) }

  deinit {
    var copy = bytes
    wipe(&copy)
  }

  /// Text that is JSON already.
  mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// Bytes that are JSON already.
  mutating func raw(_ text: Span<UInt8>) { for index in text.indices { bytes.append(text[index]) } }

  /// A string.
  mutating func string(_ text: String) {
    var writer = JSONWriter(indent: 0)
    writer.string(text)
    bytes += writer.bytes
  }

  /// A string that is a secret's text.
  mutating func string(_ secret: Secret) {
    let digits = Array("0123456789abcdef".utf8)
    bytes.append(0x22)
    secret.withBytes { text in
      for index in text.indices {
        switch text[index] {
        case 0x22, 0x5c: bytes += [0x5c, text[index]]
        case let byte where byte < 0x20 || byte == 0x7f:
          bytes += [0x5c, 0x75, 0x30, 0x30, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        case let byte: bytes.append(byte)
        }
      }
    }
    bytes.append(0x22)
  }

  var secret: Secret { Secret(bytes) }

  /// The JSON text of a table with one member's value exchanged, every other byte as it was; the member is added where it
  /// is missing.
  static func replacing(_ field: String, in table: Node, of document: Secret, with value: Secret) -> Secret {
    var result = SecretJSON(reserving: document.count + value.count * 6 + field.utf8.count + 16)
    document.withBytes { bytes in
      if let old = table[field] {
        result.raw(bytes.extracting(table.span.lowerBound..<old.span.lowerBound))
        result.string(value)
        result.raw(bytes.extracting(old.span.upperBound..<table.span.upperBound))
      } else {
        result.raw(bytes.extracting(table.span.lowerBound..<table.span.upperBound - 1))
        if table.entries?.isEmpty == false { result.raw(",") }
        result.string(field)
        result.raw(":")
        result.string(value)
        result.raw("}")
      }
    }
    return result.secret
  }
}
