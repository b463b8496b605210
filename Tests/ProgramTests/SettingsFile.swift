// Files of settings as templates, and the random values that stand in them while a test runs.

import Foundation

/// A file of settings of some program. `«!class»` in its text is a secret that must be found, `«?class»` one that may be,
/// `«class»` something that must not.
struct SettingsFile: Sendable {
  let path: String
  let template: String

  init(_ path: String, _ template: String) {
    self.path = path
    self.template = template
  }

  /// The text, and what of it is secret, in bytes.
  func filled(_ values: inout SettingsValues) -> (text: String, secrets: [Range<Int>], optional: [Range<Int>]) {
    var text = ""
    var secrets: [Range<Int>] = []
    var optional: [Range<Int>] = []
    var rest = template[...]
    while let open = rest.firstIndex(of: "«"), let close = rest[open...].firstIndex(of: "»") {
      text += rest[..<open]
      var field = rest[rest.index(after: open)..<close]
      let mark = field.first
      if mark == "!" || mark == "?" { field.removeFirst() }
      let start = text.utf8.count
      text += values.make(String(field))
      if mark == "!" { secrets.append(start..<text.utf8.count) }
      if mark == "?" { optional.append(start..<text.utf8.count) }
      rest = rest[rest.index(after: close)...]
    }
    return (text + rest, secrets, optional)
  }
}

/// Values of the shapes that programs use, from a seed.
struct SettingsValues {
  private var state: UInt64
  private static let lower = "abcdefghijklmnopqrstuvwxyz"
  private static let digits = "0123456789"
  private static let base62 = digits + lower.uppercased() + lower
  private static let base64 = base62 + "+/"
  private static let crypt = "./" + base62

  init(seed: UInt64) { state = seed }

  private mutating func next(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }

  private mutating func text(_ alphabet: String, _ count: Int) -> String {
    let letters = Array(alphabet)
    return String((0..<count).map { _ in letters[next(letters.count)] })
  }

  private mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(next(256)) } }

  private mutating func word() -> String {
    (0...next(2) + 1).map { _ in text("bcdfghklmnprstvz", 1) + text("aeiou", 1) + text("lnrs", next(2)) }.joined()
  }

  /// As people choose them: words and a number, with a sign, or random.
  private mutating func password() -> String {
    switch next(5) {
    case 0: text(SettingsValues.base62, 11) + "7k"
    case 1: word().capitalized + text(SettingsValues.digits, 3) + text("!_-", 1)
    case 2: word() + "k" + text(SettingsValues.digits, 4)
    case 3: word().capitalized + word().capitalized + text(SettingsValues.digits, 2)
    default:
      text(SettingsValues.lower, 4) + text(SettingsValues.digits, 2) + text("!*+^~", 1) + text(SettingsValues.base62, 6)
    }
  }

  /// Random, as machines make them.
  private mutating func strong() -> String {
    text(SettingsValues.lower, 3) + text(SettingsValues.digits, 2) + text(SettingsValues.lower.uppercased(), 3)
      + text(SettingsValues.digits, 2) + text(SettingsValues.base62, 4) + "7"
  }

  private static func wrapped(_ bytes: [UInt8], _ width: Int = 64) -> String {
    let text = Array(Data(bytes).base64EncodedString())
    return stride(from: 0, to: text.count, by: width).map { String(text[$0..<min($0 + width, text.count)]) }
      .joined(separator: "\n")
  }

  private static func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  private static func der(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let count = content.count
    let length: [UInt8] =
      count < 128
      ? [UInt8(count)] : count < 256 ? [0x81, UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(count & 255)]
    return [tag] + length + content
  }

  private mutating func integer(_ count: Int) -> [UInt8] {
    SettingsValues.der(2, [0, 0x80 | UInt8(next(128))] + bytes(count - 1))
  }

  /// A private key's structure with random numbers in it.
  private mutating func pem(_ label: String) -> String {
    var body: [UInt8] = [2, 1, 0] + integer(256) + [2, 3, 1, 0, 1] + integer(256)
    for _ in 0..<5 { body += integer(128) }
    var key = SettingsValues.der(0x30, body)
    if label == "PRIVATE KEY" {
      let algorithm: [UInt8] = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0]
      key = SettingsValues.der(0x30, [2, 1, 0] + algorithm + SettingsValues.der(4, key))
    }
    return "-----BEGIN \(label)-----\n\(SettingsValues.wrapped(key))\n-----END \(label)-----"
  }

  private mutating func openSSH() -> String {
    func field(_ bytes: [UInt8]) -> [UInt8] { [0, 0, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes }
    let none = field(Array("none".utf8))
    let key = field(field(Array("ssh-ed25519".utf8)) + field(bytes(32)))
    let body = Array("openssh-key-v1\0".utf8) + none + none + field([]) + [0, 0, 0, 1] + key + field(bytes(152))
    return "-----BEGIN OPENSSH PRIVATE KEY-----\n\(SettingsValues.wrapped(body, 70))\n-----END OPENSSH PRIVATE KEY-----"
  }

  private mutating func uuid() -> String {
    let hex = Array(text("0123456789abcdef", 32))
    func part(_ range: Range<Int>) -> String { String(hex[range]) }
    return "\(part(0..<8))-\(part(8..<12))-4\(part(13..<16))-a\(part(17..<20))-\(part(20..<32))"
  }

  /// A value of a class, with a length or a label behind a colon.
  mutating func make(_ field: String) -> String {
    let parts = field.split(separator: ":", maxSplits: 1).map(String.init)
    let label = parts.count > 1 ? parts[1] : ""
    let count = Int(label) ?? 0
    switch parts[0] {
    case "password": return password()
    case "strong": return strong()
    case "user": return word()
    case "host": return word() + "." + word() + ".internal"
    case "uuid": return uuid()
    case "hex": return text("0123456789abcdef", count)
    case "HEX": return text("0123456789ABCDEF", count)
    case "base62": return text(SettingsValues.base62, count)
    case "alnum": return text(SettingsValues.lower + SettingsValues.digits, count)
    case "upper": return text(SettingsValues.lower.uppercased(), count)
    case "base64url": return text(SettingsValues.base62 + "-_", count)
    case "base64":
      guard count % 4 == 0, count != 40 else { return text(SettingsValues.base64, count) }
      return Data(bytes(count / 4 * 3 - 1)).base64EncodedString()
    case "wide": return text(SettingsValues.base62 + "!@#%^&*(-_=+)[]}|;:,.>~?/", count)
    case "id": return label + text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)
    case "gs": return "GOOG" + text(SettingsValues.lower.uppercased(), 20)
    case "pem": return pem(label)
    case "pem64": return SettingsValues.encoded(pem(label) + "\n")
    case "openssh": return openSSH()
    default: return makeStored(parts[0], count)
    }
  }

  /// What programs keep of passwords, and files of several lines.
  private mutating func makeStored(_ kind: String, _ count: Int) -> String {
    func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
    switch kind {
    case "grub":
      return "grub.pbkdf2.sha512.10000." + text("0123456789ABCDEF", 128) + "." + text("0123456789ABCDEF", 128)
    case "znc": return "sha256#" + text("0123456789abcdef", 64) + "#" + text(SettingsValues.base62, 20) + "#"
    case "bytes":
      return bytes(count).map { "0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ", ")
    case "pemline": return pem("PRIVATE KEY").replacing("\n", with: "\\n")
    case "crypt1": return "$1$" + text(SettingsValues.crypt, 8) + "$" + text(SettingsValues.crypt, 22)
    case "crypt5": return "$5$" + text(SettingsValues.crypt, 16) + "$" + text(SettingsValues.crypt, 43)
    case "crypt6": return "$6$" + text(SettingsValues.crypt, 16) + "$" + text(SettingsValues.crypt, 86)
    case "apr1": return "$apr1$" + text(SettingsValues.crypt, 8) + "$" + text(SettingsValues.crypt, 22)
    case "bcrypt": return "$2y$10$" + text(SettingsValues.crypt, 53)
    case "yescrypt": return "$y$j9T$" + text(SettingsValues.crypt, 22) + "$" + text(SettingsValues.crypt, 43)
    case "descrypt": return text(SettingsValues.crypt, 13)
    case "mosquitto": return "$6$" + base64(bytes(12)) + "$" + base64(bytes(64))
    case "sha": return "{SHA}" + base64(bytes(20))
    case "ssha": return "{SSHA}" + base64(bytes(28))
    case "mysql": return "*" + text("0123456789ABCDEF", 40)
    case "md5": return "md5" + text("0123456789abcdef", 32)
    case "laravel": return "base64:" + base64(bytes(32))
    case "jenkins": return "{" + base64(bytes(64)) + "}"
    case "atlas": return text(SettingsValues.base62, 14) + ".atlasv1." + text(SettingsValues.base62, 67)
    case "login64": return SettingsValues.encoded(word() + ":" + password())
    case "password64": return SettingsValues.encoded(password())
    case "token64": return SettingsValues.encoded(text(SettingsValues.base62, 32))
    case "wireguard": return base64(bytes(32))
    case "docker64":
      let login = SettingsValues.encoded(word() + ":" + password())
      return SettingsValues.encoded("{\"auths\": {\"registry.corp.internal\": {\"auth\": \"\(login)\"}}}")
    case "der64":
      let head: [UInt8] = [0x30, 0x42, 4, 16, 0xf8] + [UInt8](repeating: 0, count: 14) + [1]
      let cipher: [UInt8] = [0x30, 20, 6, 8, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 3, 7, 4, 8]
      return base64(head + cipher + bytes(8) + [4, 24] + bytes(24))
    case "cert64":
      let body = SettingsValues.wrapped(SettingsValues.der(0x30, bytes(600)))
      return SettingsValues.encoded("-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----\n")
    case "lines64": return SettingsValues.wrapped(bytes(48 * count - 10))
    case "hexlines": return (0..<count).map { _ in text("0123456789abcdef", 32) }.joined(separator: "\n")
    case "static":
      let body = makeStored("hexlines", 16)
      return "-----BEGIN OpenVPN Static key V1-----\n\(body)\n-----END OpenVPN Static key V1-----"
    case "putty":
      let (pub, key) = (makeStored("lines64", 6), makeStored("lines64", 8))
      return """
        PuTTY-User-Key-File-2: ssh-rsa
        Encryption: none
        Comment: rsa-key-20200101
        Public-Lines: 6
        \(pub)
        Private-Lines: 8
        \(key)
        Private-MAC: \(text("0123456789abcdef", 40))
        """
    default: return "unknown class \(kind)"
    }
  }
}
