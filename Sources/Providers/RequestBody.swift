// Request bodies: JSON and forms with values put in, in memory that is wiped.

internal import Secrets

/// How values are written into a body.
enum BodyEncoding {
  case json
  case form
  case plain

  /// By the body's declared type, or by its first character where it declares none.
  init(contentType: String?, template: String) {
    let type = contentType?.lowercased() ?? ""
    if type.contains("json") {
      self = .json
    } else if type.contains("x-www-form-urlencoded") {
      self = .form
    } else if type.isEmpty, let first = template.first(where: { !$0.isWhitespace }), first == "{" || first == "[" {
      self = .json
    } else {
      self = .plain
    }
  }
}

/// A body that is being put together. Its bytes are wiped by ``take()``.
struct BodyWriter {
  private var bytes: [UInt8] = []
  private let encoding: BodyEncoding
  // Where the JSON text stands: inside a string a value is escaped, outside it must be a number.
  private var inString = false
  private var afterBackslash = false

  /// Room for everything at once: growing would leave unwiped copies of a value behind.
  init(encoding: BodyEncoding, capacity: Int) {
    self.encoding = encoding
    bytes.reserveCapacity(capacity)
  }

  mutating func literal(_ text: String) {
    for byte in text.utf8 {
      bytes.append(byte)
      if afterBackslash {
        afterBackslash = false
      } else if byte == 0x5c {
        afterBackslash = inString
      } else if byte == 0x22 {
        inString.toggle()
      }
    }
  }

  /// Writes a value; false where it can't stand there.
  mutating func value(_ value: Span<UInt8>) -> Bool {
    switch encoding {
    case .json where !inString:
      // Numbers are the only values without quotes.
      guard (1...18).contains(value.count) else { return false }
      for index in 0..<value.count {
        guard (0x30...0x39).contains(value[index]) else { return false }
        bytes.append(value[index])
      }
    case .json: for index in 0..<value.count { appendEscaped(value[index]) }
    case .form: for index in 0..<value.count { appendPercentEncoded(value[index]) }
    case .plain:
      for index in 0..<value.count {
        guard value[index] >= 0x20, value[index] != 0x7f else { return false }
        bytes.append(value[index])
      }
    }
    return true
  }

  mutating func take() -> Secret {
    defer {
      wipe(&bytes)
      bytes = []
    }
    return Secret(bytes)
  }

  private mutating func appendEscaped(_ byte: UInt8) {
    switch byte {
    case 0x22, 0x5c:
      bytes.append(0x5c)
      bytes.append(byte)
    case 0..<0x20, 0x7f:
      bytes.append(contentsOf: "\\u00".utf8)
      appendHex(byte)
    default: bytes.append(byte)
    }
  }

  private mutating func appendPercentEncoded(_ byte: UInt8) {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: bytes.append(byte)
    default:
      bytes.append(0x25)
      appendHex(byte)
    }
  }

  private mutating func appendHex(_ byte: UInt8) {
    for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 0x30 + digit : 0x37 + digit) }
  }
}

extension Substitution {
  /// A body with its values.
  func body(_ template: String, contentType: String?) throws(ProviderError) -> Secret {
    let pieces = TemplatePiece.cut(template)
    var capacity = template.utf8.count
    for case .placeholder(let name) in pieces {
      switch value(name) {
      case .text(let text): capacity += 6 * text.utf8.count
      case .secret(let secret): capacity += 6 * secret.count
      case nil: throw Substitution.unset(name)
      }
    }
    var writer = BodyWriter(
      encoding: BodyEncoding(contentType: contentType, template: template), capacity: capacity)
    for piece in pieces {
      switch piece {
      case .literal(let text): writer.literal(text)
      case .placeholder(let name):
        let written =
          switch value(name) {
          case .text(let text): writer.value(Array(text.utf8).span)
          case .secret(let secret): secret.withBytes { writer.value($0) }
          case nil: false
          }
        guard written else {
          _ = writer.take()
          throw ProviderError(reason: "{\(name)} holds what can't stand in the body of the call")
        }
      }
    }
    return writer.take()
  }
}
