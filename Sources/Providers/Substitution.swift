// Puts values in the place of a call's placeholders in such a way that no value can become anything but a value: not
// another path, not another header, not another JSON member.

internal import Secrets
internal import Transport

/// A template, cut at its placeholders.
enum TemplatePiece: Equatable {
  case literal(String)
  case placeholder(String)

  static let names: Set<String> = [
    "secret", "base", "key_id", "tenant", "reference", "grace_seconds", "name", "account", "new_secret",
    "carry", "cursor", "admin", "idle", "ended_secret",
  ]
  /// A header may do without these.
  static let optional: Set<String> = ["tenant", "account"]

  private static func isName(_ word: Substring) -> Bool {
    names.contains(String(word)) || word == "basic" || word.hasPrefix("basic:")
  }

  /// Cuts a template. What stands in braces and is no placeholder's name is literal: JSON has braces of its own.
  static func cut(_ template: String) -> [TemplatePiece] {
    var pieces: [TemplatePiece] = []
    var literal = ""
    var rest = template[...]
    while let open = rest.firstIndex(of: "{") {
      literal += rest[..<open]
      let inside = rest[rest.index(after: open)...]
      if let close = inside.firstIndex(of: "}"), isName(inside[..<close]) {
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        literal = ""
        pieces.append(.placeholder(String(inside[..<close])))
        rest = inside[inside.index(after: close)...]
      } else {
        literal += "{"
        rest = inside
      }
    }
    literal += rest
    if !literal.isEmpty { pieces.append(.literal(literal)) }
    return pieces
  }
}

/// What the placeholders of one call stand for.
struct Substitution {
  enum Value {
    case text(String)
    case secret(Secret)
  }

  let secret: Secret?
  let context: CallContext
  let base: String?

  func value(_ name: String) -> Value? {
    func text(_ value: String?) -> Value? { value.flatMap { $0.isEmpty ? nil : .text($0) } }
    return switch name {
    case "secret": secret.flatMap { $0.count == 0 ? nil : .secret($0) }
    case "base": text(base)
    case "key_id": text(context.keyID)
    case "tenant": text(context.tenant)
    case "reference": text(context.reference)
    case "grace_seconds": context.graceSeconds.map { .text("\(max(0, $0))") }
    case "name": text(context.name)
    case "account": text(context.account)
    case "new_secret": context.newSecret.flatMap { $0.count == 0 ? nil : .secret($0) }
    // What a service does not say is carried over as nothing.
    case "carry": .text(context.carry ?? "")
    case "cursor": text(context.cursor)
    case "admin": text(context.admin)
    case "idle": text(context.idleID)
    case "ended_secret": context.endedSecret.flatMap { $0.count == 0 ? nil : .secret($0) }
    case "basic": basic(user: nil)
    default: name.hasPrefix("basic:") ? basic(user: String(name.dropFirst(6))) : nil
    }
  }

  /// What stands behind `Basic` in `Authorization`: base64 of `secret:`, or of `user:secret`. The user may be another
  /// placeholder's name.
  private func basic(user: String?) -> Value? {
    guard let secret, secret.count > 0 else { return nil }
    var name = user
    if let user, TemplatePiece.names.contains(user), user != "secret" {
      guard case .text(let text) = value(user) else { return nil }
      name = text
    }
    // A user's name ends at the first colon.
    if let name, name.contains(":") { return nil }
    return .secret(
      Base64.encode(prefix: name.map { Array($0.utf8) + [0x3a] } ?? [], secret, suffix: name == nil ? [0x3a] : []))
  }

  private func required(_ name: String) throws(ProviderError) -> Value {
    guard let value = value(name) else { throw Substitution.unset(name) }
    return value
  }

  static func unset(_ name: String) -> ProviderError {
    let hint =
      switch name {
      case "base": "name the service's address with base = \"https://…\" in the configuration of the key"
      case "key_id": "name the key's id in the configuration of the key"
      default: "set \(name) in the configuration of the key"
      }
    return ProviderError(reason: "the call needs {\(name)}, which is not set", hint: hint)
  }

  // MARK: - Addresses

  /// The address of a call. A secret is left to the transport as `{secret}`: no text ever holds it.
  func url(_ template: String) throws(ProviderError) -> String {
    var url = ""
    for (index, piece) in TemplatePiece.cut(template).enumerated() {
      switch piece {
      case .literal(let text): url += text
      case .placeholder("base"):
        guard index == 0, case .text(let base) = try required("base") else {
          throw ProviderError(reason: "{base} must stand at the beginning of an address")
        }
        url += try Substitution.checkedBase(base)
      case .placeholder("secret"):
        _ = try required("secret")
        url += "{secret}"
      case .placeholder(let name):
        guard case .text(let text) = try required(name) else {
          throw ProviderError(reason: "{\(name)} can't be sent in an address")
        }
        // Clients and servers resolve dot segments, even encoded ones.
        guard text != ".", text != ".." else { throw ProviderError(reason: "{\(name)} can't be '\(text)'") }
        url += Substitution.percentEncoded(text)
      }
    }
    guard WebAddress(url) != nil else {
      throw ProviderError(reason: "the call's address is not a plain http or https address")
    }
    return url
  }

  /// A base as it stands before a path: no query, no slash at its end.
  static func checkedBase(_ base: String) throws(ProviderError) -> String {
    guard let address = WebAddress(base), !address.path.contains("?") else {
      throw ProviderError(
        reason: "the base address is not a plain http or https address",
        hint: "write it as https://host or https://host:port/path, without user, query and fragment")
    }
    var path = address.path
    while path.hasSuffix("/") { path.removeLast() }
    return address.origin + path
  }

  static func percentEncoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 { result += String(decoding: percentEncoded(byte), as: UTF8.self) }
    return result
  }

  private static func percentEncoded(_ byte: UInt8) -> [UInt8] {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: [byte]
    default: [0x25] + Array(Hex.encode([byte]).uppercased().utf8)
    }
  }

  // MARK: - Headers

  /// A header's value; nil where the header is to be left out.
  func header(_ name: String, _ template: String) throws(ProviderError) -> SensitiveText? {
    guard !name.isEmpty, name.utf8.allSatisfy(Substitution.isToken) else {
      throw ProviderError(reason: "'\(name)' is no header's name")
    }
    let pieces = TemplatePiece.cut(template)
    let names = pieces.compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
    if !names.isEmpty, names.allSatisfy({ TemplatePiece.optional.contains($0) && value($0) == nil }) { return nil }
    var result: [SensitiveText.Piece] = []
    for piece in pieces {
      switch piece {
      case .literal(let text): result.append(.text(text))
      case .placeholder(let placeholder):
        switch try required(placeholder) {
        case .text(let text): result.append(.text(text))
        case .secret(let secret): result.append(.secret(secret))
        }
      }
    }
    for case .text(let text) in result where !Array(text.utf8).allSatisfy(Substitution.isFieldByte) {
      throw ProviderError(reason: "the header \(name) would hold a control character")
    }
    for case .secret(let secret) in result where !secret.withBytes({ Substitution.allFieldBytes($0) }) {
      throw ProviderError(reason: "the key holds a control character, so it can't be sent in the header \(name)")
    }
    return SensitiveText(pieces: result)
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  private static func isFieldByte(_ byte: UInt8) -> Bool { byte == 0x09 || byte >= 0x20 && byte != 0x7f }

  private static func allFieldBytes(_ bytes: Span<UInt8>) -> Bool {
    for index in 0..<bytes.count where !isFieldByte(bytes[index]) { return false }
    return true
  }
}
