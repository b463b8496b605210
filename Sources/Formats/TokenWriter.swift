// Values written for files other than environment files.

struct TokenWriter: ~Escapable {
  let bytes: Span<UInt8>

  @_lifetime(copy bytes)
  init(bytes: Span<UInt8>) { self.bytes = bytes }

  func tokens(_ format: SettingFormat, _ setting: Setting) -> [[UInt8]] {
    switch format {
    case .json: return isText ? [escaped(setting.quoting, json: true)] : []
    case .toml:
      guard isText else { return [] }
      let plain = setting.quoting == .single && !has(0x27) ? [quoted(0x27)] : []
      return plain + [escaped(.double, json: true)]
    case .yaml: return yaml(setting)
    case .kubernetesSecret:
      guard setting.decoding.isBase64 else { return yaml(setting) }
      return [quotes(setting.quoting, Base64.encode(bytes))]
    case .properties: return isText ? [properties()] : []
    case .systemdUnit: return [doubled { byte, _ in byte == 0x25 }]
    case .tfvars: return isText ? [template()] : []
    case .npmrc: return setting.quoting == .double ? [quoted(0x22)] : [raw]
    default: return [raw]
    }
  }

  /// Whether it is UTF-8, which these formats can hold alone.
  private var isText: Bool { String(validating: raw, as: UTF8.self) != nil }

  private var raw: [UInt8] {
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for index in bytes.indices { copy.append(bytes[index]) }
    return copy
  }

  private func has(_ byte: UInt8) -> Bool { bytes.indices.contains { bytes[$0] == byte } }

  private func quoted(_ quote: UInt8) -> [UInt8] { [quote] + raw + [quote] }

  private func quotes(_ quoting: SettingQuoting, _ text: [UInt8]) -> [UInt8] {
    switch quoting {
    case .single: [0x27] + text + [0x27]
    case .double: [0x22] + text + [0x22]
    default: text
    }
  }

  /// `"…"` with the escapes that JSON, TOML and YAML share.
  private func escaped(_ quoting: SettingQuoting, json: Bool) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    var token: [UInt8] = [0x22]
    token.reserveCapacity(bytes.count * 6 + 2)
    for index in bytes.indices {
      switch bytes[index] {
      case 0x22, 0x5c: token += [0x5c, bytes[index]]
      case 0x0a: token += [0x5c, 0x6e]
      case 0x0d: token += [0x5c, 0x72]
      case 0x09: token += [0x5c, 0x74]
      case let byte where byte < 0x20 || byte == 0x7f:
        token += [0x5c, 0x75, 0x30, 0x30, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      case let byte: token.append(byte)
      }
    }
    return token + [0x22]
  }

  /// The bytes, those that `isSpecial` says twice; it is told the byte behind each, too.
  private func doubled(_ isSpecial: (UInt8, UInt8) -> Bool) -> [UInt8] {
    var token: [UInt8] = []
    token.reserveCapacity(bytes.count * 2)
    for index in bytes.indices {
      let next = index + 1 < bytes.count ? bytes[index + 1] : 0
      if isSpecial(bytes[index], next) { token.append(bytes[index]) }
      token.append(bytes[index])
    }
    return token
  }

  private func template() -> [UInt8] {
    var token: [UInt8] = [0x22]
    for byte in doubled({ ($0 == 0x24 || $0 == 0x25) && $1 == 0x7b }) {
      switch byte {
      case 0x22, 0x5c: token += [0x5c, byte]
      case 0x0a: token += [0x5c, 0x6e]
      case 0x0d: token += [0x5c, 0x72]
      case 0x09: token += [0x5c, 0x74]
      default: token.append(byte)
      }
    }
    return token + [0x22]
  }

  private func yaml(_ setting: Setting) -> [[UInt8]] {
    guard isText else { return [] }
    var tokens: [[UInt8]] = []
    if setting.quoting == .none && YAMLScalar.isPlainText(bytes) { tokens.append(raw) }
    if setting.quoting == .single && !hasControl {
      var token: [UInt8] = [0x27]
      for index in bytes.indices { token += bytes[index] == 0x27 ? [0x27, 0x27] : [bytes[index]] }
      tokens.append(token + [0x27])
    }
    return tokens + [escaped(.double, json: false)]
  }

  private var hasControl: Bool { bytes.indices.contains { bytes[$0] < 0x20 || bytes[$0] == 0x7f } }

  private func properties() -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    var token: [UInt8] = []
    for (index, unit) in String(decoding: raw, as: UTF8.self).utf16.enumerated() {
      switch unit {
      case 0x5c: token += [0x5c, 0x5c]
      case 0x0a: token += [0x5c, 0x6e]
      case 0x0d: token += [0x5c, 0x72]
      case 0x09: token += [0x5c, 0x74]
      case 0x20 where index == 0: token += [0x5c, 0x20]
      case 0x20...0x7e: token.append(UInt8(truncatingIfNeeded: unit))
      default:
        token += [0x5c, 0x75]
        for shift in [12, 8, 4, 0] { token.append(digits[Int(unit >> UInt16(shift)) & 15]) }
      }
    }
    return token
  }
}
